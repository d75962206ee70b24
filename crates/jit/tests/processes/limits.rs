//! Full disks, files that may not grow, and memory that runs out.
//!
//! Owns the law that a limit of the machine changes nothing but the answer: done and complete, or not done and unchanged; and
//! that a limit of ours is told as one.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use crate::errors::judge;
use crate::kills::{Oracle, ground_of_done};
use crate::support::figures;
use crate::support::program::{Answer, JIT, git, jit, program};
use crate::support::repo::Repo;

/// Runs a program under limits of the shell; a write behind the limit of a file fails instead of killing.
const LIMITED: &str = r#"trap '' XFSZ; ulimit "$0" "$1" && shift && exec "$@""#;

/// The same, and the write kills.
const LIMITED_TO_DEATH: &str = r#"ulimit "$0" "$1" && shift && exec "$@""#;

/// Blocks of 512 bytes that a file may have, up to more than any file of the store needs here.
const MOST_BLOCKS: usize = 160;

fn limited(script: &str, limit: [&str; 2], dir: &Path, command: &[String]) -> Command {
    let mut sh = program("sh", dir);
    sh.args(["-c", script]).args(limit).arg(JIT).args(command);
    sh
}

#[test]
fn a_file_that_may_not_grow_is_told_as_it_is() {
    let ground = ground_of_done();
    let root = ground.repo.root();
    let oracle = Oracle::learn(&ground.repo, || {
        Answer::of(&mut jit(root, &ground.command)).succeeded("done");
    });
    let (mut n_tried, mut n_refused, mut bad) = (0, 0, Vec::new());
    for script in [LIMITED, LIMITED_TO_DEATH] {
        for blocks in (0..MOST_BLOCKS).step_by(if figures::is_thorough() { 1 } else { 5 }) {
            ground.start.restore(root);
            let limit = blocks.to_string();
            let answer = Answer::of(&mut limited(script, ["-f", &limit], root, &ground.command));
            n_tried += 1;
            n_refused += usize::from(answer.code != Some(0));
            let verdict = if script == LIMITED {
                judge(&oracle, &ground, &answer)
            } else {
                oracle.judge(&ground.repo, &answer).map(|_| ())
            };
            if let Err(why) = verdict {
                bad.push(format!("files of at most {blocks} blocks: {why}"));
            }
        }
    }
    figures::record(
        "files that may not grow",
        &json!({ "tried": n_tried, "refused": n_refused, "bad": bad.len() }),
    );
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert!(
        n_refused > 4 && n_refused < n_tried,
        "the limits were met {n_refused} times of {n_tried}"
    );
}

/// A file system in memory with a size.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn new() -> Option<Self> {
        let place = TempDir::new().expect("a temporary directory can be made");
        let mut mount = program("mount", place.path());
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]);
        let mounted = mount.arg(place.path()).output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then(|| Self(place))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Answer::of(program("umount", Path::new("/")).arg(self.0.path()));
        assert!(
            unmounted.code == Some(0) || std::thread::panicking(),
            "{unmounted:?}"
        );
    }
}

/// Creates issues until the disk is full, and returns the ids that were acknowledged.
fn fill(root: &Path, size: usize) -> Vec<String> {
    let text = "x".repeat(size);
    let mut acked = Vec::new();
    for number in 0..2_000 {
        let title = format!("issue {number}");
        let answer = Answer::of(&mut jit(
            root,
            &["issue", "create", "-t", &title, "--desc", &text],
        ));
        match answer.code {
            Some(0) => acked.push(answer.stdout.trim().to_owned()),
            Some(8 | 10 | 11) => return acked,
            _ => panic!("a full disk is no bug of the program: {answer:?}"),
        }
    }
    panic!("the disk is never full")
}

#[test]
fn a_full_disk_loses_nothing_and_recovers_when_there_is_room() {
    for size in [0, 900, 6_000] {
        let Some(disk) = SmallDisk::new() else {
            figures::leave_out("no root: full disks");
            return;
        };
        let root = disk.0.path().join("repo");
        std::fs::create_dir(&root).expect("a directory can be made");
        git(&root, &["init", "-q", "-b", "main", "--template="]);
        Answer::of(&mut jit(&root, &["init"])).succeeded("init");
        let space = disk.0.path().join("room");
        std::fs::write(&space, vec![1; 128 << 10]).expect("there is room at first");
        let acked = fill(&root, size);
        assert!(acked.len() > 10, "only {} issues fit", acked.len());
        let ids = |what: &str| {
            let text = Answer::of(&mut jit(&root, &["issue", "list", "--all", "-o", "id"]))
                .succeeded(what);
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let full = ids("reading a full disk");
        assert!(
            acked.iter().all(|id| full.contains(id)),
            "a full disk hides issues"
        );
        Answer::of(&mut jit(&root, &["validate"])).succeeded("validating a full disk");
        std::fs::remove_file(&space).expect("room can be made");
        let next = Answer::of(&mut jit(&root, &["issue", "create", "-t", "after"]));
        next.succeeded("a write when there is room again");
        let after = ids("reading afterwards");
        assert!(
            full.iter().all(|id| after.contains(id)),
            "{full:?} {after:?}"
        );
        // What was not acknowledged may be there, whole; at most the one that the full disk refused.
        assert!(
            after.len() <= acked.len() + 2,
            "{} of {}",
            after.len(),
            acked.len()
        );
        Answer::of(&mut jit(&root, &["validate"])).succeeded("validating afterwards");
        figures::record(
            &format!("a full disk, texts of {size} bytes"),
            &json!({ "acknowledged": acked.len(), "lost": 0, "bad": 0 }),
        );
    }
}

/// A beads log whose issues together have about so many bytes.
fn large_import(repo: &Repo, n_bytes: usize) {
    let text = "y".repeat(50_000);
    let mut log = String::new();
    for number in 0..n_bytes / text.len() {
        let line = json!({
            "id": format!("b-{number}"), "title": "Large", "status": "open", "priority": 1,
            "issue_type": "task", "created_at": "2025-01-01T00:00:00Z", "description": text,
        });
        log.push_str(&line.to_string());
        log.push('\n');
    }
    std::fs::write(repo.root().join("large.jsonl"), log).expect("a file can be written");
}

#[test]
fn memory_that_runs_out_leaves_all_or_nothing() {
    let repo = Repo::in_memory();
    large_import(&repo, 3 << 20);
    let command = ["import", "beads", "large.jsonl", "--json"].map(str::to_owned);
    let start = crate::support::tree::Tree::of(repo.root());
    let oracle = Oracle::learn(&repo, || {
        Answer::of(&mut jit(repo.root(), &command)).succeeded("import");
    });
    let mut n_refused = 0;
    // From what is too little to start to what is enough, in KiB.
    let limits = [
        4_000, 8_000, 12_000, 16_000, 20_000, 25_000, 30_000, 40_000, 60_000, 400_000,
    ];
    for limit in limits {
        start.restore(repo.root());
        let shown = limit.to_string();
        let answer = Answer::of(&mut limited(LIMITED, ["-v", &shown], repo.root(), &command));
        n_refused += usize::from(answer.code != Some(0));
        // Without memory the program may be aborted; it may never answer for what is not there.
        let verdict = oracle.judge(&repo, &answer);
        assert!(verdict.is_ok(), "{limit} KiB: {answer:?}: {verdict:?}");
    }
    figures::record(
        "memory that runs out",
        &json!({ "tried": limits.len(), "refused": n_refused, "bad": 0 }),
    );
    assert!(
        n_refused > 2 && n_refused < limits.len(),
        "the limits were met {n_refused} times"
    );
}

#[test]
fn what_is_too_large_is_refused_by_name() {
    let repo = Repo::in_memory();
    let id = repo.create("small");
    let large = "z".repeat((256 << 10) + 1);
    let file = repo.root().join("large.txt");
    std::fs::write(&file, &large).expect("a file can be written");
    let before = repo.show(&id);
    let title = "t".repeat(513);
    let rows: [(&[&str], &str); 4] = [
        (&["issue", "create", "-t", &title], "512"),
        (
            &["issue", "create", "-t", "x", "--desc", "@large.txt"],
            "bytes",
        ),
        (&["issue", "update", &id, "--desc", "@large.txt"], "262144"),
        (&["issue", "comment", &id, "@large.txt"], "bytes"),
    ];
    for (command, limit) in rows {
        let answer = repo.jit(command);
        assert!(
            matches!(answer.code, Some(2 | 4)) && answer.stderr.contains(limit),
            "{command:.60?}: {answer:?}"
        );
    }
    assert_eq!(repo.show(&id), before, "a refusal changes nothing");
    repo.ok(&["validate"]);
}
