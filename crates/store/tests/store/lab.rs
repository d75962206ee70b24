//! A store in a directory of its own, and short words for what the tests do to it.

use jit_core::{Assignee, Changeset, EventDraft, EventKind, Issue, IssueId, Timestamp};
use jit_store::file::{Location, Options, Search, init, locate, place_for_new};
use jit_store::{Committed, FileStore, Result, Store as _};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A directory with a store in it.
#[derive(Debug)]
pub(crate) struct Lab {
    dir: tempfile::TempDir,
}

impl Lab {
    /// Makes a store without git around it.
    pub(crate) fn new() -> Self {
        let lab = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(lab.dir.path().join("repo")).unwrap();
        init(&place_for_new(&search(&lab.path(""))).unwrap()).unwrap();
        lab
    }

    /// Returns a path below the directory that holds `.jit`.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        let repo = self.dir.path().canonicalize().unwrap().join("repo");
        if below.is_empty() {
            repo
        } else {
            repo.join(below)
        }
    }

    /// Returns a path beside the repository.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    /// Opens the store.
    pub(crate) fn open(&self) -> Result<FileStore> {
        open(&self.path(""))
    }

    /// Writes an issue and an event in one transaction.
    pub(crate) fn write(&self, n: u64, title: &str) -> Result<Committed> {
        write(&self.open()?, n, title)
    }

    /// Returns the titles that a reader sees, and what it complains about.
    pub(crate) fn read(&self) -> String {
        match self.open().and_then(|store| store.read()) {
            Err(error) => format!("error: {error}"),
            Ok(snapshot) => {
                let mut text = snapshot
                    .issues()
                    .map(|issue| issue.title.as_str())
                    .collect::<Vec<_>>()
                    .join(", ");
                for problem in snapshot.problems() {
                    write!(text, "\n{} {}", problem.code, problem.path).unwrap();
                }
                text
            }
        }
    }

    /// Returns the notes and clocks of all events, the oldest first.
    pub(crate) fn events(&self) -> Vec<(String, u64)> {
        let events = self.open().unwrap().events(None).unwrap();
        assert_eq!(events.problems, Vec::<String>::new());
        events
            .events
            .into_iter()
            .map(|event| (event.draft.note.unwrap_or_default(), event.lc))
            .collect()
    }

    /// Returns how many segments there are.
    pub(crate) fn segments_or_none(&self) -> usize {
        self.segments().len()
    }

    /// Returns the segments of events in order.
    pub(crate) fn segments(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for month in fs::read_dir(self.path(".jit/events")).unwrap() {
            found.extend(
                fs::read_dir(month.unwrap().path())
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
        found.sort();
        found
    }
}

/// Returns a search that begins in a directory.
pub(crate) fn search(start: &Path) -> Search {
    Search {
        start: start.to_owned(),
        ..Search::default()
    }
}

/// Returns options that do not wait long.
pub(crate) fn impatient() -> Options {
    Options {
        lock_timeout: Duration::from_millis(50),
        ..Options::default()
    }
}

/// Opens the store of a directory.
pub(crate) fn open(start: &Path) -> Result<FileStore> {
    open_at(locate(&search(start))?)
}

/// Opens a store that was located.
pub(crate) fn open_at(location: Location) -> Result<FileStore> {
    FileStore::open(location, Options::default())
}

/// Returns the id of the `n`th issue; each has a shard of its own.
pub(crate) fn id(n: u64) -> IssueId {
    IssueId::from_random(n << 40)
}

/// Returns the change that writes one issue and says so.
pub(crate) fn changes(n: u64, title: &str) -> Changeset {
    let now = Timestamp::from_micros(1_700_000_000_000_000);
    let by = Assignee::parse("human:ada").unwrap();
    let issue = Issue::new(id(n), title.to_owned(), by.clone(), now);
    let event = EventDraft {
        ts: now,
        actor: by,
        kind: EventKind::IssueCreated,
        issue: Some(issue.id.clone()),
        gate: None,
        rev: Some(1),
        etag: None,
        prev: Vec::new(),
        epoch: None,
        key: None,
        note: Some(title.to_owned()),
        changes: BTreeMap::new(),
    };
    Changeset {
        issues: vec![issue],
        events: vec![event],
        ..Changeset::default()
    }
}

/// Writes an issue and an event in one transaction.
pub(crate) fn write(store: &FileStore, n: u64, title: &str) -> Result<Committed> {
    let mut txn = store.begin()?;
    txn.apply(&changes(n, title));
    txn.commit()
}
