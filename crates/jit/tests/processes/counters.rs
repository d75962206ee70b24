//! Counters that many processes raise at once, and readers at full load.
//!
//! Owns the laws that no acknowledged write is lost, that each is made once, and that a transaction is seen whole.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::chance::Chance;
use crate::support::figures;
use crate::support::program::{Answer, jit};
use crate::support::repo::Repo;

/// How many processes write at once, and how many increments each makes.
fn size() -> (usize, usize) {
    if figures::is_thorough() {
        (32, 400)
    } else {
        (6, 25)
    }
}

/// Somebody who raises counters.
struct Worker<'a> {
    repo: &'a Repo,
    number: usize,
    chance: Chance,
    n_attempts: usize,
    n_conflicts: usize,
    n_kills: usize,
}

impl Worker<'_> {
    /// Raises the counter by one, however often that has to be tried.
    fn raise(&mut self, id: &str) {
        loop {
            let issue = self.repo.show(id);
            let next = issue["context"]["n"].as_u64().unwrap_or(0) + 1;
            let etag = issue["etag"]
                .as_str()
                .expect("an issue has an etag")
                .to_owned();
            self.n_attempts += 1;
            let key = format!("w{}-{}", self.number, self.n_attempts);
            let count = format!("n:={next}");
            let words = [
                "issue",
                "update",
                id,
                "--context",
                &count,
                "--if-etag",
                &etag,
                "--key",
                &key,
                "--json",
            ];
            let answer = self.until_answered(&words);
            match answer.code {
                Some(0) => return,
                Some(6) => self.n_conflicts += 1,
                _ => panic!("{words:?}: {answer:?}"),
            }
        }
    }

    /// Runs a command that is killed now and then, under one key, until it tells its outcome.
    fn until_answered(&mut self, words: &[&str]) -> Answer {
        loop {
            let mut command = jit(self.repo.root(), words);
            command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            let mut child = command.spawn().expect("jit can be started");
            let is_doomed = self.chance.below(100) < 10;
            if is_doomed {
                thread::sleep(Duration::from_micros(self.chance.below(20_000)));
                // It may have ended by itself.
                child.kill().expect("a child can be killed");
                self.n_kills += 1;
            }
            let answer: Answer = child
                .wait_with_output()
                .expect("a child can be waited for")
                .into();
            if answer.code.is_some() && answer.code != Some(8) {
                return answer;
            }
        }
    }
}

/// Returns how many versions follow one another up to `etag`; each event names the version before its own.
fn chain_length(events: &[Value], etag: &str) -> usize {
    let before: BTreeMap<&str, Option<&str>> = events
        .iter()
        .filter_map(|event| Some((event["etag"].as_str()?, event["prev"][0].as_str())))
        .collect();
    let mut length = 0;
    let mut version = Some(etag);
    while let Some(known) = version.and_then(|etag| before.get(etag)) {
        length += 1;
        assert!(length <= events.len(), "versions go round in a circle");
        version = *known;
    }
    length
}

#[test]
fn no_acknowledged_increment_is_lost_or_made_twice() {
    let (n_workers, n_increments) = size();
    let repo = Repo::in_memory();
    let counters = [repo.create("one"), repo.create("two"), repo.create("three")];
    let begun = Instant::now();
    let (counters, repo) = (&counters, &repo);
    let workers: Vec<Worker<'_>> = thread::scope(|scope| {
        let work = |number| {
            scope.spawn(move || {
                let mut worker = Worker {
                    repo,
                    number,
                    chance: Chance::new(number as u64),
                    n_attempts: 0,
                    n_conflicts: 0,
                    n_kills: 0,
                };
                for increment in 0..n_increments {
                    worker.raise(&counters[(number + increment) % counters.len()]);
                }
                worker
            })
        };
        let handles: Vec<_> = (0..n_workers).map(work).collect();
        let join = handles
            .into_iter()
            .map(|handle| handle.join().expect("a worker ends"));
        join.collect()
    });
    let mut sum = 0;
    for id in counters {
        let issue = repo.show(id);
        sum += issue["context"]["n"]
            .as_u64()
            .expect("a counter is a number");
        let events = repo.events(&["--issue", id]);
        let length = chain_length(
            &events,
            issue["etag"].as_str().expect("an issue has an etag"),
        );
        assert_eq!(issue["rev"], length, "rev is the longest chain of versions");
        let n_versions = events.iter().filter(|event| event["rev"].is_u64()).count();
        assert_eq!(n_versions, length, "no version has two successors");
    }
    let acknowledged = (n_workers * n_increments) as u64;
    let total = |of: fn(&Worker<'_>) -> usize| workers.iter().map(of).sum::<usize>();
    figures::record(
        "counters",
        &json!({
            "acknowledged": acknowledged, "counted": sum, "conflicts": total(|it| it.n_conflicts),
            "kills": total(|it| it.n_kills), "processes": n_workers, "seconds": begun.elapsed().as_secs(),
        }),
    );
    assert_eq!(sum, acknowledged);
    assert!(
        total(|it| it.n_conflicts) > 0 && total(|it| it.n_kills) > 0,
        "there was something to lose"
    );
    repo.ok(&["validate"]);
}

#[test]
fn a_chain_ends_where_a_version_is_missing() {
    let event = |etag: &str, prev: &[&str]| json!({"etag": etag, "prev": prev, "rev": 1});
    let log = [event("a", &[]), event("b", &["a"]), event("c", &["b"])];
    assert_eq!(chain_length(&log, "c"), 3);
    assert_eq!(chain_length(&log[1..], "c"), 2);
    // Two writers that both followed `a`: one of them is lost.
    let forked = [event("a", &[]), event("b", &["a"]), event("c", &["a"])];
    assert_eq!(chain_length(&forked, "c"), 2);
}

/// How many processes write to the pair, how many read it, and how many writes each makes.
fn load() -> (usize, usize, usize) {
    if figures::is_thorough() {
        (8, 8, 500)
    } else {
        (3, 3, 30)
    }
}

/// A writer that has ended, well or not: nobody waits for one that failed.
struct Over<'a>(&'a AtomicUsize);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_transaction_is_seen_whole_at_full_load() {
    let (n_writers, n_readers, n_each) = load();
    let repo = Repo::in_memory();
    let pair = [repo.create("left"), repo.create("right")];
    let n_over = AtomicUsize::new(0);
    let (repo, pair) = (&repo, &pair);
    let seen: Vec<(usize, usize)> = thread::scope(|scope| {
        for writer in 0..n_writers {
            let n_over = &n_over;
            scope.spawn(move || {
                let _over = Over(n_over);
                let both = pair.join(",");
                for number in 0..n_each {
                    let label = format!("w{writer}-{number}");
                    repo.ok(&["issue", "update", &both, "--label", &label]);
                }
            });
        }
        let is_over = || n_over.load(Ordering::SeqCst) == n_writers;
        let readers: Vec<_> = (0..n_readers)
            .map(|reader| scope.spawn(move || watch(repo, pair, reader % 2 == 0, is_over)))
            .collect();
        let joined = readers
            .into_iter()
            .map(|reader| reader.join().expect("a reader ends"));
        joined.collect()
    });
    let n_reads: usize = seen.iter().map(|(n_reads, _)| n_reads).sum();
    let n_versions = seen.iter().map(|(_, n_versions)| *n_versions).max();
    figures::record(
        "whole_transactions",
        &json!({
            "writes": n_writers * n_each, "reads": n_reads, "versions_seen": n_versions, "torn": 0,
        }),
    );
    assert_eq!(repo.show(&pair[0])["rev"], 1 + n_writers * n_each);
    assert!(
        n_versions.is_some_and(|n_versions| n_versions > 3),
        "a reader saw the pair at work: {seen:?}"
    );
}

/// Reads the pair until the writers are done; returns how often, and how many versions it saw.
fn watch(
    repo: &Repo,
    pair: &[String; 2],
    is_list: bool,
    is_over: impl Fn() -> bool,
) -> (usize, usize) {
    let mut n_reads = 0;
    let mut revs: BTreeSet<u64> = BTreeSet::new();
    let both = pair.join(",");
    while !is_over() {
        let answer = if is_list {
            repo.json(&["issue", "list"])
        } else {
            repo.json(&["issue", "show", &both])
        };
        let of = |id: &String| {
            let issues = answer.as_array().expect("several issues are an array");
            issues
                .iter()
                .find(|issue| issue["id"] == id.as_str())
                .expect("both are shown")
        };
        let [left, right] = pair.each_ref().map(of);
        for field in ["rev", "labels"] {
            assert_eq!(left[field], right[field], "{field} of one transaction");
        }
        let rev = left["rev"].as_u64().expect("a revision is a number");
        assert!(
            revs.last().is_none_or(|last| *last <= rev),
            "a reader never goes back"
        );
        revs.insert(rev);
        n_reads += 1;
    }
    (n_reads, revs.len())
}
