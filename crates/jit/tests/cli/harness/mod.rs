//! A git repository with a store for one test, and what `jit` says in it, in a form that does not change from run to run.
//!
//! Owns the words that tests are written in. Refuses to hide a failure: what is not expected panics.

pub(crate) mod normal;
mod program;

use expect_test::Expect;
use normal::Normal;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) use program::{Answer, Listener, git, jit, program, program_output};

/// A repository that vanishes with the test.
pub(crate) struct Repo {
    normal: Normal,
    root: PathBuf,
    _parent: TempDir,
}

/// What a command is given beside its arguments.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Surroundings<'a> {
    /// Variables of its environment.
    pub(crate) variables: &'a [(&'a str, &'a str)],
    /// Its standard input.
    pub(crate) stdin: &'a str,
    /// The directory it stands in, below the root.
    pub(crate) dir: &'a str,
}

impl Repo {
    /// Makes a git repository with an empty store.
    pub(crate) fn new() -> Self {
        let repo = Self::bare();
        repo.ok(&["init"]);
        repo
    }

    /// Makes a git repository without a store.
    pub(crate) fn bare() -> Self {
        let parent = TempDir::new().expect("a temporary directory can be made");
        let root = parent
            .path()
            .canonicalize()
            .expect("it has a path")
            .join("repo");
        std::fs::create_dir(&root).expect("a directory can be made");
        git(&root, &["init", "-q", "-b", "main", "--template="]);
        Self {
            normal: Normal::new(&root),
            root,
            _parent: parent,
        }
    }

    /// Returns the root of the working tree.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Runs `jit` and returns what it said.
    pub(crate) fn jit(&self, arguments: &[&str]) -> Answer {
        self.jit_in(arguments, Surroundings::default())
    }

    /// Runs `jit` in chosen surroundings and returns what it said.
    pub(crate) fn jit_in(&self, arguments: &[&str], surroundings: Surroundings<'_>) -> Answer {
        jit(&self.root, arguments, surroundings)
    }

    /// Starts `jit` and listens to what it says from time to time.
    pub(crate) fn listen(&self, arguments: &[&str]) -> Listener {
        Listener::new(&self.root, arguments)
    }

    /// Runs `jit`, insists on success, and returns standard output without its last line break.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let answer = self.jit(arguments);
        assert_eq!(answer.code, 0, "jit {arguments:?}: {answer:?}");
        answer.stdout.trim_end().to_owned()
    }

    /// Runs `jit … --json`, insists on success, and returns the value.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let text = self.ok(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Creates an issue, remembers its id for normal forms, and returns it.
    pub(crate) fn create(&self, title: &str) -> String {
        self.create_with(title, &[])
    }

    /// Creates an issue with more flags.
    pub(crate) fn create_with(&self, title: &str, flags: &[&str]) -> String {
        let id = self.ok(&[&["issue", "create", "-t", title], flags].concat());
        self.normal.name(&id);
        id
    }

    /// Remembers an id for normal forms.
    pub(crate) fn learn(&self, id: &str) {
        self.normal.name(id);
    }

    /// Returns a text in which ids, times and paths are those of every run.
    pub(crate) fn normal(&self, text: &str) -> String {
        self.normal.apply(text)
    }

    /// Runs `jit` and compares all that it said, and its exit code.
    pub(crate) fn check(&self, arguments: &[&str], expected: Expect) {
        self.check_in(arguments, Surroundings::default(), expected);
    }

    /// Runs `jit` in chosen surroundings and compares all that it said, and its exit code.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a snapshot is made for one check"
    )]
    pub(crate) fn check_in(
        &self,
        arguments: &[&str],
        surroundings: Surroundings<'_>,
        expected: Expect,
    ) {
        let answer = self.jit_in(arguments, surroundings);
        expected.assert_eq(&self.normal(&answer.to_string()));
    }

    /// Returns the shown state of an issue.
    pub(crate) fn state(&self, id: &str) -> String {
        let issue = self.json(&["issue", "show", id]);
        issue["state"]
            .as_str()
            .expect("an issue has a state")
            .to_owned()
    }

    /// Returns the ids of `query ready`, in its order.
    pub(crate) fn ready(&self) -> Vec<String> {
        self.ok(&["query", "ready", "-o", "id"])
            .lines()
            .map(str::to_owned)
            .collect()
    }

    /// Writes a file that has been there for very long.
    pub(crate) fn leave_behind(&self, path: &str) {
        self.write(path, "half");
        let file = std::fs::File::options()
            .write(true)
            .open(self.root.join(path));
        let aged = file.and_then(|file| file.set_modified(std::time::UNIX_EPOCH));
        aged.expect("a file can be aged");
    }

    /// Writes a file below the root.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().expect("it has one"))
            .expect("a directory can be made");
        std::fs::write(path, text).expect("a file can be written");
    }
}
