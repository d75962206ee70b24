//! System calls that fail.
//!
//! Owns the law of exit codes under failing calls: 0 means complete, 11 means unknown, everything else means unchanged; and no
//! failure is a panic.

use std::fs;
use std::sync::Mutex;
use std::thread;

use serde_json::json;

use crate::kills::{Ground, Oracle, Outcome, writing_commands};
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

/// Every error number that matters for files.
const ERRORS: [&str; 7] = [
    "EIO", "ENOSPC", "EROFS", "EACCES", "EMFILE", "EDQUOT", "ESTALE",
];

/// Calls by which records are found and read.
const READS: [&str; 6] = [
    "openat",
    "openat2",
    "fstat",
    "newfstatat",
    "statx",
    "getdents64",
];

/// Of all combinations of a call, an error and how long it lasts, a quick run takes one in so many; not a factor of how many
/// there are for each call, so that each call is tried.
const STRIDE: usize = 101;

/// As many as the smallest supported machine has cores.
const N_WORKERS: usize = 2;

/// What was tried on one command.
#[derive(Default)]
struct Tally {
    calls: usize,
    failures: usize,
    bad: Vec<String>,
}

#[test]
fn a_failing_call_is_told_as_it_is() {
    if !strace::is_available("failing system calls") {
        return;
    }
    let waiting = Mutex::new(writing_commands());
    let sum = Mutex::new(Tally::default());
    thread::scope(|scope| {
        for _ in 0..N_WORKERS {
            scope.spawn(|| {
                while let Some((name, ground)) = {
                    let next = waiting.lock().expect("no worker panicked").pop();
                    next.map(|scenario| (scenario.name, scenario.ground()))
                } {
                    let tally = fail_everywhere(name, &ground);
                    let mut sum = sum.lock().expect("no worker panicked");
                    sum.calls += tally.calls;
                    sum.failures += tally.failures;
                    sum.bad.extend(tally.bad);
                }
            });
        }
    });
    let sum = sum.into_inner().expect("no worker panicked");
    figures::record(
        "failing calls of every command",
        &json!({
            "commands": writing_commands().len(),
            "calls": sum.calls,
            "failures": sum.failures,
            "bad": sum.bad.len(),
            "thorough": figures::is_thorough(),
        }),
    );
    assert!(sum.failures > 300, "only {} failures", sum.failures);
    assert!(sum.bad.is_empty(), "{}", sum.bad.join("\n"));
}

/// Lets the calls of a command fail in every way, or in some of them.
fn fail_everywhere(name: &str, ground: &Ground) -> Tally {
    let root = ground.repo.root();
    let oracle = Oracle::learn(&ground.repo, || {
        Answer::of(&mut jit(root, &ground.command)).succeeded(name);
    });
    ground.start.restore(root);
    let points: Vec<Point> = strace::trace(root, &ground.command)
        .points_from_store(root)
        .into_iter()
        .filter(|point| FALLIBLE.contains(&point.name.as_str()))
        .collect();
    assert!(
        points.len() > 20,
        "{name} makes calls that can fail: {points:?}"
    );
    let ways = ERRORS.iter().flat_map(|errno| {
        [Persistence::Once, Persistence::Forever].map(|persistence| (*errno, persistence))
    });
    let ways: Vec<_> = ways.collect();
    let seed = name.bytes().map(usize::from).sum::<usize>();
    let all = points
        .iter()
        .flat_map(|point| ways.iter().map(move |way| (point, *way)));
    let chosen = all
        .enumerate()
        .filter(|(place, _)| figures::is_thorough() || (place + seed).is_multiple_of(STRIDE));
    let mut tally = Tally {
        calls: points.len(),
        ..Tally::default()
    };
    for (_, (point, (errno, persistence))) in chosen {
        // A permission that is missing is damage of one record, which hides neither the others nor stops them: what is
        // decided without it has other events, and is right. The corpus of damage holds that case.
        if errno == "EACCES" && READS.contains(&&*point.name) {
            continue;
        }
        ground.start.restore(root);
        let answer = strace::fail_at(point, errno, persistence, root, &ground.command);
        tally.failures += 1;
        if let Err(why) = judge(&oracle, ground, &answer) {
            tally.bad.push(format!(
                "{name}: {errno} {persistence:?} at {} {}: {why}",
                point.name, point.nth
            ));
        }
    }
    tally
}

/// Judges a store after a command whose calls failed: 0 means complete, 11 unknown, everything else unchanged.
pub(crate) fn judge(oracle: &Oracle, ground: &Ground, answer: &Answer) -> Result<(), String> {
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
