//! Work on a disk whose power will be cut, and what was acknowledged of it.
//!
//! Owns the notes, which are kept outside of the disk, and their comparison with what a store says afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde_json::Value;

use super::disk::Disk;
use crate::kills::of_another_boot;
use crate::support::program::{Answer, git, jit, program};

/// What was acknowledged about one issue.
#[derive(Clone, Default, Debug)]
struct Noted {
    labels: BTreeSet<String>,
    n_comments: usize,
    is_done: bool,
}

/// What a command that answered 0 has done to an issue.
enum Deed {
    Created,
    Labelled(String),
    Commented,
    Finished,
}

/// One answer of 0, and when it came.
pub(super) struct Ack {
    at: Instant,
    id: String,
    deed: Deed,
}

/// What was acknowledged.
#[derive(Default, Debug)]
pub(super) struct Notes {
    issues: BTreeMap<String, Noted>,
    /// How many commands answered 0.
    pub n_acks: usize,
}

/// What a store lacks after a cut, and what in it does not fit together.
#[derive(Default, Debug)]
pub(super) struct Findings {
    /// Acknowledged and not there.
    pub lost: Vec<String>,
    /// Not as any sequence of whole commands leaves it.
    pub broken: Vec<String>,
}

/// Returns the repository on a disk.
pub(super) fn repository(disk: &Disk) -> PathBuf {
    disk.root().join("repo")
}

/// Makes a repository with a store on a new disk, and makes sure of it.
pub(super) fn furnish(disk: &Disk, durability: &str) {
    let root = repository(disk);
    std::fs::create_dir(&root).expect("a directory can be made");
    git(&root, &["init", "-q", "-b", "main", "--template="]);
    Answer::of(&mut jit(&root, &["init"])).succeeded("init");
    let settings = format!("[store]\ndurability = '{durability}'\n");
    std::fs::write(root.join(".jit/config.toml"), settings).expect("settings can be written");
    // The power is never cut while this is under way, so what git did must not count.
    Answer::of(&mut program("sync", &root)).succeeded("sync");
}

/// Makes the store see that the machine was restarted, which only the mark and the index could tell it.
///
/// The boot of this machine has not changed, of course. What the cut left of the mark stays as it is but for the name of the
/// boot.
pub(super) fn in_another_boot(disk: &Disk) {
    let root = repository(disk);
    let mark = root.join(".git/jit/applied");
    if let Some(other) = std::fs::read(&mark)
        .ok()
        .and_then(|mark| of_another_boot(&mark))
    {
        std::fs::write(&mark, other).expect("the mark can be written");
    }
    let index = root.join(".git/jit/index.db");
    if index.exists() {
        std::fs::remove_file(&index).expect("the index may go at any time");
    }
}

/// Writes until a command fails or the time is over, and returns what was acknowledged.
pub(super) fn work(disk: &Disk, worker: usize, is_over: &AtomicBool) -> Vec<Ack> {
    let root = repository(disk);
    let mut acks = Vec::new();
    let mut last: Option<String> = None;
    for number in 0.. {
        let title = format!("issue {worker}.{number}");
        let label = format!("seen-{number}");
        let (command, deed): (Vec<&str>, _) = match (number % 5, &last) {
            (1, Some(id)) => (
                vec!["issue", "update", id, "--label", &label],
                Deed::Labelled(label.clone()),
            ),
            (2, Some(id)) => (vec!["issue", "comment", id, "a word"], Deed::Commented),
            (3, Some(id)) => (vec!["issue", "done", id], Deed::Finished),
            _ => (vec!["issue", "create", "-t", &title], Deed::Created),
        };
        let answer = Answer::of(&mut jit(&root, &command));
        let at = Instant::now();
        if answer.code != Some(0) || is_over.load(Ordering::Relaxed) {
            break;
        }
        let id = match (&deed, last) {
            (Deed::Labelled(_) | Deed::Commented | Deed::Finished, Some(id)) => id,
            _ => answer.stdout.trim().to_owned(),
        };
        last = Some(id.clone());
        acks.push(Ack { at, id, deed });
    }
    acks
}

impl Notes {
    /// Adds the answers that came before a cut.
    ///
    /// What comes later is no answer: with the power goes whoever could read it. Here the processes outlive their disk, and
    /// a system that is going down may call a write safe that it has given up.
    pub(super) fn add(&mut self, acks: Vec<Ack>, cut: Instant) {
        for Ack { id, deed, .. } in acks.into_iter().filter(|ack| ack.at < cut) {
            self.n_acks += 1;
            let noted = self.issues.entry(id).or_default();
            match deed {
                Deed::Created => {}
                Deed::Labelled(label) => _ = noted.labels.insert(label),
                Deed::Commented => noted.n_comments += 1,
                Deed::Finished => noted.is_done = true,
            }
        }
    }

    /// Forgets what was lost, so that it is counted once.
    pub(super) fn forget(&mut self) {
        self.issues.clear();
    }

    /// Compares a store with the notes, before and after the next command has recovered it.
    pub(super) fn compare(&self, disk: &Disk) -> Findings {
        let mut findings = Findings::default();
        let before = look(disk, &mut findings.broken);
        let root = repository(disk);
        // What a reader finds waiting in the log is a finding until somebody has written.
        for command in [
            &["issue", "create", "-t", "after the cut"][..],
            &["validate"],
        ] {
            let answer = Answer::of(&mut jit(&root, command));
            if answer.code != Some(0) {
                findings.broken.push(format!("{command:?}: {answer:?}"));
            }
        }
        let mut after = look(disk, &mut findings.broken);
        after.retain(|id, _| before.contains_key(id));
        if before != after {
            findings.broken.push(format!(
                "recovery changes what a reader saw: {before:?} to {after:?}"
            ));
        }
        for (id, noted) in &self.issues {
            match after.get(id) {
                None => findings.lost.push(format!("{id} is missing")),
                Some(issue) => findings.lost.extend(noted.lacking(issue)),
            }
        }
        findings
    }
}

impl Noted {
    fn lacking(&self, issue: &Value) -> Option<String> {
        let texts = |field: &str| issue[field].as_array().map_or(0, Vec::len);
        let has_labels = self.labels.iter().all(|label| {
            issue["labels"]
                .as_array()
                .is_some_and(|labels| labels.iter().any(|it| it == label))
        });
        let is_whole = has_labels
            && texts("comments") >= self.n_comments
            && (!self.is_done || issue["state"] == "done");
        (!is_whole).then(|| format!("{self:?} of {issue}"))
    }
}

/// Returns all issues, and notes each whose events do not tell its whole history.
fn look(disk: &Disk, broken: &mut Vec<String>) -> BTreeMap<String, Value> {
    let root = repository(disk);
    let mut ask = |arguments: &[&str]| {
        let answer = Answer::of(&mut jit(&root, arguments));
        // A broken file is named beside the list.
        if answer.code != Some(0) || answer.stderr.contains("problem") {
            broken.push(format!("{arguments:?}: {answer:?}"));
        }
        answer.stdout
    };
    let list = ask(&["issue", "list", "--all", "--json"]);
    let log = ask(&["events", "query", "--json"]);
    let issues: Vec<Value> = serde_json::from_str(&list).unwrap_or_default();
    let mut revisions: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for line in log.lines() {
        match serde_json::from_str::<Value>(line) {
            Ok(event) => {
                if let (Some(id), Some(rev)) = (event["issue"].as_str(), event["rev"].as_u64()) {
                    revisions.entry(id.to_owned()).or_default().insert(rev);
                }
            }
            Err(error) => broken.push(format!("an event is no JSON ({error}): {line}")),
        }
    }
    let issues: BTreeMap<String, Value> = issues
        .into_iter()
        .map(|issue| (issue["id"].as_str().unwrap_or_default().to_owned(), issue))
        .collect();
    for (id, issue) in &issues {
        let told = revisions.remove(id).unwrap_or_default();
        let rev = issue["rev"].as_u64().unwrap_or(0);
        if !told.iter().copied().eq(1..=rev) {
            broken.push(format!("{id} has rev {rev}, its events {told:?}"));
        }
    }
    for id in revisions.keys() {
        broken.push(format!("{id} has events and no file"));
    }
    issues
}
