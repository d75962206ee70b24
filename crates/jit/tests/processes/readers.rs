//! Readers beside writers, and readers where nothing may be written.
//!
//! Owns the laws of reading: never half a transaction, and never a write.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::program::{Answer, git};
use crate::support::repo::{Repo, eventually, words};
use crate::support::strace;
use crate::support::tree::Untouched;

const N_READERS: usize = 3;
const N_WRITES: usize = 40;

/// How long the slow writer holds the lock, well below what others wait for it.
const PAUSE: Duration = Duration::from_secs(3);

#[test]
fn a_list_never_shows_half_a_transaction() {
    let repo = Repo::new();
    let pair = [repo.create("left"), repo.create("right")];
    let is_over = AtomicBool::new(false);
    let seen: Vec<BTreeSet<u64>> = thread::scope(|scope| {
        let readers: Vec<_> = (0..N_READERS)
            .map(|_| scope.spawn(|| watch(&repo, &pair, &is_over)))
            .collect();
        let both = pair.join(",");
        for number in 0..N_WRITES {
            repo.ok(&[
                "issue",
                "update",
                &both,
                "--label",
                &format!("l{number:02}"),
            ]);
        }
        is_over.store(true, Ordering::SeqCst);
        readers
            .into_iter()
            .map(|reader| reader.join().expect("a reader ends"))
            .collect()
    });
    for revs in seen {
        assert!(revs.len() > 3, "a reader saw the pair at work: {revs:?}");
    }
    assert_eq!(repo.show(&pair[0])["rev"], 1 + N_WRITES);
}

/// Lists the pair until the writer is done, and returns the revisions that were seen.
fn watch(repo: &Repo, pair: &[String; 2], is_over: &AtomicBool) -> BTreeSet<u64> {
    let mut revs = BTreeSet::new();
    while !is_over.load(Ordering::SeqCst) {
        let list = repo.json(&["issue", "list"]);
        let [left, right] = pair.each_ref().map(|id| {
            let issues = list.as_array().expect("a list is an array");
            issues
                .iter()
                .find(|issue| issue["id"] == id.as_str())
                .expect("the issue is listed")
        });
        for field in ["rev", "labels"] {
            assert_eq!(left[field], right[field], "{field} of one transaction");
        }
        let rev = left["rev"].as_u64().expect("a revision is a number");
        assert!(
            revs.last().is_none_or(|last| *last <= rev),
            "a reader never goes back"
        );
        revs.insert(rev);
    }
    revs
}

/// A writer pauses between its lock and its commit; whoever reads meanwhile is answered, and whoever writes has its turn.
#[test]
fn a_reader_never_waits_for_a_writer() {
    if !strace::is_available("reading beside a slow writer") {
        return;
    }
    let repo = Repo::new();
    let id = repo.create("task");
    let command = words(&["issue", "update", &id, "--label", "slow"]);
    let mut writer = strace::pause_before("fdatasync", PAUSE, repo.root(), &command);
    let lock = File::open(repo.root().join(".jit")).expect("the directory can be opened");
    eventually("the writer has the lock", || is_held(&lock));
    for _ in 0..5 {
        assert_eq!(repo.json(&["issue", "list"])[0]["id"], id.as_str());
        assert_eq!(repo.show(&id)["title"], "task");
    }
    assert!(
        writer.try_wait().expect("a child can be asked").is_none(),
        "the readers were answered during the pause"
    );
    repo.ok(&["issue", "update", &id, "--label", "patient"]);
    let slow: Answer = writer.wait_with_output().expect("the writer ends").into();
    assert_eq!(slow.code, Some(0), "{slow:?}");
    assert_eq!(repo.show(&id)["labels"], json!(["patient", "slow"]));
}

/// Asks for the writer's lock and gives it back at once.
fn is_held(lock: &File) -> bool {
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(error)) => panic!("the lock cannot be asked for: {error}"),
        Ok(()) => {
            lock.unlock().expect("a held lock can be given back");
            false
        }
    }
}

/// A repository with something of everything, and all that can be asked of it.
fn furnished() -> (Repo, Vec<Vec<String>>) {
    let repo = Repo::new();
    let (parser, test) = (repo.create("parser"), repo.create("test"));
    repo.ok(&["dep", "add", &test, &parser]);
    repo.ok(&["gate", "define", "review", "--title", "Review"]);
    repo.ok(&["gate", "add", &test, "review"]);
    repo.ok(&["issue", "claim", &parser, "agent:a", "--ttl", "1h"]);
    git(repo.root(), &["add", "-A"]);
    git(repo.root(), &["commit", "-q", "-m", "state"]);
    let parser = parser.as_str();
    let commands: Vec<Vec<&str>> = vec![
        vec!["where"],
        vec!["status"],
        vec!["validate"],
        vec!["issue", "list"],
        vec!["issue", "show", parser],
        vec!["query", "ready"],
        vec!["query", "blocked"],
        vec!["query", "assignee", "agent:a"],
        vec!["query", "state", "open"],
        vec!["query", "priority", "normal"],
        vec!["why", &test],
        vec!["graph", "show", &test],
        vec!["graph", "downstream", parser],
        vec!["graph", "roots"],
        vec!["graph", "export", "--format", "dot"],
        vec!["graph", "export", "--format", "mermaid"],
        vec!["events", "tail"],
        vec!["events", "query"],
        vec!["gate", "list"],
        vec!["gate", "show", "review"],
        vec!["lease", "list"],
    ];
    let commands = commands.iter().map(|command| words(command)).collect();
    (repo, commands)
}

#[test]
fn reading_leaves_every_file_alone() {
    let (repo, commands) = furnished();
    let before = Untouched::of(repo.root());
    for command in commands {
        for form in [&[][..], &["--json"]] {
            let arguments: Vec<&str> = command
                .iter()
                .map(String::as_str)
                .chain(form.iter().copied())
                .collect();
            repo.ok(&arguments);
            assert!(
                Untouched::of(repo.root()) == before,
                "jit {arguments:?} touched the repository"
            );
        }
    }
    assert_eq!(git(repo.root(), &["status", "--porcelain"]), "");
}

/// Calls that change what they name, whatever their arguments.
const CHANGES: [&str; 16] = [
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "truncate",
    "ftruncate",
    "utimensat",
    "fchmod",
    "fchmodat",
];

/// Root may write where the mode forbids it, and not every machine lets a test mount something read-only; but what would
/// fail there is a short list of calls, and a command that makes none of them works there.
#[test]
fn reading_asks_for_nothing_that_a_read_only_file_system_refuses() {
    if !strace::is_available("reading on a read-only file system") {
        return;
    }
    let (repo, commands) = furnished();
    for command in commands {
        let trace = strace::trace(repo.root(), &command);
        assert_eq!(
            trace.answer.code,
            Some(0),
            "{command:?}: {:?}",
            trace.answer
        );
        let refused: Vec<&str> = trace.lines().filter(|line| is_refused(line)).collect();
        assert!(refused.is_empty(), "jit {command:?}: {refused:#?}");
    }
    let writer = strace::trace(repo.root(), &words(&["issue", "create", "-t", "written"]));
    assert!(
        writer.lines().any(is_refused),
        "a writing command is recognised"
    );
}

fn is_refused(line: &str) -> bool {
    let Some((name, arguments)) = line.split_once('(') else {
        return false;
    };
    let opens_for_writing = name.starts_with("open")
        && ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"]
            .iter()
            .any(|flag| arguments.contains(flag))
        && !arguments.contains("\"/dev/");
    opens_for_writing || CHANGES.contains(&name)
}

#[test]
fn what_git_takes_away_is_gone_and_comes_back() {
    let (repo, _) = furnished();
    let id = repo.create("later");
    git(repo.root(), &["stash", "-q", "-u"]);
    let listed: Value = repo.json(&["issue", "list"]);
    assert!(
        listed
            .as_array()
            .unwrap()
            .iter()
            .all(|issue| issue["id"] != id.as_str()),
        "files are the truth"
    );
    git(repo.root(), &["stash", "pop", "-q"]);
    assert_eq!(repo.show(&id)["title"], "later");
}
