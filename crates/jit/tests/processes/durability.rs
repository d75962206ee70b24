//! How often a command waits for the disk.
//!
//! Owns the counts that each `durability` promises. Refuses to cut the power: `power` shows what the waiting is good for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::support::figures;
use crate::support::repo::{Repo, words};
use crate::support::strace;

/// Calls that wait for the disk.
const WAITING: [&str; 6] = [
    "fdatasync",
    "fsync",
    "msync",
    "sync",
    "sync_file_range",
    "syncfs",
];

/// Flags of `open` that make each write wait.
const WAITING_FLAGS: [&str; 2] = ["O_SYNC", "O_DSYNC"];

/// More issues than these are seldom written at once.
const MOST_ISSUES: usize = 20;

/// So many writes at most make the store empty its log.
const MOST_FRAMES: usize = 70;

/// A store with issues, under one setting.
struct Store {
    repo: Repo,
    ids: Vec<String>,
    n_writes: usize,
}

impl Store {
    fn new(durability: &str) -> Self {
        let repo = Repo::in_memory();
        let ids = (0..MOST_ISSUES)
            .map(|number| repo.create(&format!("issue {number}")))
            .collect();
        let config = repo.root().join(".jit/config.toml");
        std::fs::write(&config, format!("[store]\ndurability = '{durability}'\n"))
            .expect("the settings can be written");
        let n_writes = 0;
        Self {
            repo,
            ids,
            n_writes,
        }
    }

    /// Changes so many issues with one command, and returns how often it waited, by the name of the call.
    fn waits(&mut self, n_issues: usize) -> BTreeMap<String, usize> {
        self.n_writes += 1;
        let ids = self.ids[..n_issues].join(",");
        let text = format!("text {}", self.n_writes);
        let command = words(&["issue", "update", &ids, "--desc", &text]);
        let trace = strace::trace(self.repo.root(), &command);
        assert_eq!(trace.answer.code, Some(0), "{:?}", trace.answer);
        assert!(
            !trace
                .lines()
                .any(|line| WAITING_FLAGS.iter().any(|flag| line.contains(flag))),
            "a file is opened so that each write waits"
        );
        let counts = trace.counts().into_iter();
        counts
            .filter(|(name, _)| WAITING.contains(name))
            .map(|(name, count)| (name.to_owned(), count))
            .collect()
    }

    /// Writes until the log has been emptied, and returns how many writes that took and how often they waited.
    fn round(&mut self, n_issues: usize) -> (usize, BTreeMap<String, usize>) {
        let mut sum = BTreeMap::new();
        let mut length = 0;
        for n_commands in 1..=MOST_FRAMES {
            for (name, count) in self.waits(n_issues) {
                *sum.entry(name).or_default() += count;
            }
            let log = self.repo.root().join(".git/jit/wal");
            let now = std::fs::metadata(log).expect("there is a log").len();
            if now < length {
                return (n_commands, sum);
            }
            length = now;
        }
        panic!("the log is never emptied");
    }
}

fn once(name: &str) -> BTreeMap<String, usize> {
    BTreeMap::from([(name.to_owned(), 1)])
}

#[test]
fn a_durable_command_waits_once_whatever_it_writes() {
    if !strace::is_available("waits of a durable command") {
        return;
    }
    let mut store = Store::new("commit");
    store.round(1);
    for n_issues in 1..=MOST_ISSUES {
        assert_eq!(
            store.waits(n_issues),
            once("fdatasync"),
            "{n_issues} issues"
        );
    }
    store.round(1);
    let (n_commands, waits) = store.round(1);
    assert_eq!(waits["fdatasync"], n_commands, "one for each command");
    // The log, one issue file, one segment, and the directories of both up to `.jit`.
    assert!(
        waits["fsync"] <= 10,
        "emptying the log waits for each file that it names: {waits:?}"
    );
    let sum: usize = waits.values().sum();
    figures::record(
        "waits for the disk by a durable command",
        &json!({
            "issues": format!("1 to {MOST_ISSUES}"),
            "waits": 1,
            "commands_until_the_log_is_emptied": n_commands,
            "waits_of_those": sum,
        }),
    );
}

#[test]
fn a_fast_command_never_waits_not_even_to_empty_the_log() {
    if !strace::is_available("waits of a fast command") {
        return;
    }
    let mut store = Store::new("fast");
    for n_issues in [1, 7, MOST_ISSUES] {
        assert_eq!(store.waits(n_issues), BTreeMap::new(), "{n_issues} issues");
    }
    assert_eq!(store.round(1).1, BTreeMap::new());
    assert_eq!(store.round(1).1, BTreeMap::new());
}

#[test]
fn a_paranoid_command_waits_for_every_file_too() {
    if !strace::is_available("waits of a paranoid command") {
        return;
    }
    let mut store = Store::new("paranoid");
    store.round(1);
    for n_issues in [1, 2, 7, MOST_ISSUES] {
        let waits = store.waits(n_issues);
        assert_eq!(waits["fdatasync"], 1, "{n_issues} issues: {waits:?}");
        let shards: BTreeSet<&str> = store.ids[..n_issues].iter().map(|id| &id[..2]).collect();
        // Each issue file and its directory, the segment and its month, `issues`, `events` and `.jit`.
        let expected = n_issues + shards.len() + 2 + 3;
        assert_eq!(waits["fsync"], expected, "{n_issues} issues: {waits:?}");
    }
}
