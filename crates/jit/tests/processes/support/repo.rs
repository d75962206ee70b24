//! A git repository with a store, for one test.
//!
//! Owns the shortest words for what tests ask of `jit`. Refuses to hide a failure: what is not expected panics.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::program::{Answer, PATIENCE, git, jit};

/// A repository that vanishes with the test.
pub(crate) struct Repo {
    root: PathBuf,
    _parent: TempDir,
}

impl Repo {
    /// Makes a git repository with an empty store.
    pub(crate) fn new() -> Self {
        Self::within(&std::env::temp_dir())
    }

    /// Makes one in memory where the machine allows it: a kill does not care what the disk would have kept.
    pub(crate) fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        let place = if tempfile::tempfile_in(memory).is_ok() {
            memory.to_owned()
        } else {
            std::env::temp_dir()
        };
        Self::within(&place)
    }

    fn within(place: &Path) -> Self {
        let parent = TempDir::new_in(place).expect("a temporary directory can be made");
        let root = parent
            .path()
            .canonicalize()
            .expect("it has a path")
            .join("repo");
        std::fs::create_dir(&root).expect("a directory can be made");
        let repo = Self {
            root,
            _parent: parent,
        };
        // Without a template there are no sample hooks to copy about.
        git(&repo.root, &["init", "-q", "-b", "main", "--template="]);
        repo.ok(&["init"]);
        repo
    }

    /// Returns the root of the working tree.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the directory that holds the repository, for neighbours of it.
    pub(crate) fn neighbour(&self, name: &str) -> PathBuf {
        self.root.with_file_name(name)
    }

    /// Runs `jit` at the root.
    pub(crate) fn jit(&self, arguments: &[&str]) -> Answer {
        Answer::of(&mut jit(&self.root, arguments))
    }

    /// Runs `jit`, insists on success, and returns standard output.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        self.jit(arguments).succeeded(&format!("jit {arguments:?}"))
    }

    /// Runs `jit … --json`, insists on success, and returns the value.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let answer = self.jit(&[arguments, &["--json"]].concat());
        assert_eq!(answer.code, Some(0), "jit {arguments:?}: {answer:?}");
        answer.json()
    }

    /// Creates an issue and returns its id.
    pub(crate) fn create(&self, title: &str) -> String {
        self.ok(&["issue", "create", "-t", title]).trim().to_owned()
    }

    /// Returns the issue object.
    pub(crate) fn show(&self, id: &str) -> Value {
        self.json(&["issue", "show", id])
    }

    /// Returns the events that pass a filter, oldest first.
    pub(crate) fn events(&self, filter: &[&str]) -> Vec<Value> {
        let lines = self.ok(&[&["events", "query", "--json"], filter].concat());
        lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("an event is a JSON line"))
            .collect()
    }
}

/// Returns the epoch in an issue object.
pub(crate) fn epoch(issue: &Value) -> u64 {
    issue["epoch"]
        .as_u64()
        .unwrap_or_else(|| panic!("no epoch in {issue}"))
}

/// Returns owned words, for commands that outlive their parts.
pub(crate) fn words(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|word| (*word).to_owned()).collect()
}

/// Looks again and again until something holds; fails the test when patience ends.
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "still not true: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
