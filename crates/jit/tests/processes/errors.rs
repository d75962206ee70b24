//! System calls that fail.
//!
//! Owns the law of exit codes under failing calls: 0 means complete, 11 means unknown, everything else means unchanged; and no
//! failure is a panic.

use std::fs;

use serde_json::json;

use crate::kills::{Ground, Oracle, Outcome, ground_of_done};
use crate::support::figures;
use crate::support::program::{Answer, jit};
use crate::support::repo::Repo;
use crate::support::strace::{self, Persistence, Point};

/// Calls that can fail because of the disk or the permissions.
const FALLIBLE: [&str; 29] = [
    "openat",
    "openat2",
    "read",
    "pread64",
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "lseek",
    "fsync",
    "fdatasync",
    "syncfs",
    "rename",
    "renameat",
    "renameat2",
    "ftruncate",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "link",
    "linkat",
    "flock",
    "getdents64",
    "statx",
    "newfstatat",
    "fstat",
    "lstat",
    "fstatfs",
];

/// The errors of a failing disk, a full one, and a file system that turned read-only.
const ERRORS: [&str; 3] = ["EIO", "ENOSPC", "EROFS"];

#[test]
fn a_failing_call_is_told_as_it_is() {
    if !strace::is_available("failing system calls") {
        return;
    }
    let ground = ground_of_done();
    let root = ground.repo.root();
    let oracle = Oracle::learn(&ground.repo, || {
        Answer::of(&mut jit(root, &ground.command)).succeeded("done");
    });
    let points: Vec<Point> = strace::trace(root, &ground.command)
        .points_from_store(root)
        .into_iter()
        .filter(|point| FALLIBLE.contains(&point.name.as_str()))
        .collect();
    let mut n_failures = 0;
    let mut bad = Vec::new();
    for point in &points {
        for errno in ERRORS {
            for persistence in [Persistence::Once, Persistence::Forever] {
                ground.start.restore(root);
                let answer = strace::fail_at(point, errno, persistence, root, &ground.command);
                n_failures += 1;
                if let Err(why) = judge(&oracle, &ground, &answer) {
                    bad.push(format!(
                        "{errno} {persistence:?} at {} {}: {why}",
                        point.name, point.nth
                    ));
                }
            }
        }
    }
    figures::record(
        "failing calls of done",
        &json!({ "calls": points.len(), "failures": n_failures, "bad": bad.len() }),
    );
    assert!(
        points.len() > 20,
        "the command makes calls that can fail: {points:?}"
    );
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

fn judge(oracle: &Oracle, ground: &Ground, answer: &Answer) -> Result<(), String> {
    let Some(code) = answer.code else {
        return Err(format!("ended by a signal: {answer:?}"));
    };
    if matches!(code, 1 | 101) || answer.stderr.contains("panicked") {
        return Err(format!(
            "a failing call is no bug of the program: {answer:?}"
        ));
    }
    if code == 11 {
        release_brake(&ground.repo)?;
    }
    let outcome = match code {
        // Whether the answer could be written is another matter than whether it is true.
        0 | 11 => oracle.judge(&ground.repo, answer)?,
        _ => oracle.judge(
            &ground.repo,
            &Answer {
                stdout: String::new(),
                ..answer.clone()
            },
        )?,
    };
    match (code, outcome) {
        (0, Outcome::Old) => Err(format!("exit 0, and nothing happened: {answer:?}")),
        (1..=10, Outcome::New) => Err(format!("not done, and yet it is: {answer:?}")),
        _ => Ok(()),
    }
}

/// When the disk takes a commit back neither way, the store refuses every further write until somebody has looked.
fn release_brake(repo: &Repo) -> Result<(), String> {
    let brake = repo.root().join(".git/jit/read_only_io_error");
    if !brake.exists() {
        return Ok(());
    }
    let refused = repo.jit(&["issue", "create", "-t", "too early", "--json"]);
    if refused.code != Some(10) || !refused.stderr.contains(&*brake.to_string_lossy()) {
        return Err(format!(
            "a write goes on, or does not name the brake: {refused:?}"
        ));
    }
    fs::remove_file(&brake).map_err(|error| format!("the brake cannot be removed: {error}"))
}
