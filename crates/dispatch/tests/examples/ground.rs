//! A git repository with a store, a search path, and a graph of ten issues.
//!
//! Owns the graph as a table, and the worker that the orchestrators run. Refuses to judge what came of it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::programs::{Answer, jit, program};

/// One issue of the graph.
pub(crate) struct Row {
    /// Its title, by which other rows name it.
    pub name: &'static str,
    /// How urgent it is.
    pub priority: &'static str,
    /// Names of rows above that come first, comma-separated.
    pub after: &'static str,
    /// Its labels, comma-separated.
    pub labels: &'static str,
    /// Its gates.
    pub gates: &'static str,
}

const fn row(name: &'static str, priority: &'static str, after: &'static str) -> Row {
    Row {
        name,
        priority,
        after,
        labels: "",
        gates: "",
    }
}

/// The graph: a diamond, a tail with a gate, and an issue that stands alone.
pub(crate) const GRAPH: [Row; 10] = [
    row("design", "critical", ""),
    row("parser", "high", "design").labelled("rust"),
    row("lexer", "high", "design").labelled("rust"),
    row("tricky", "normal", "parser").labelled("rust"),
    row("printer", "normal", "parser,lexer").labelled("rust"),
    row("manual", "low", "design").labelled("docs"),
    row("change", "high", "printer,tricky").gated("review"),
    row("package", "normal", "change"),
    row("announce", "low", "package,manual").labelled("docs"),
    row("tidy", "low", ""),
];

impl Row {
    const fn labelled(self, labels: &'static str) -> Self {
        Self { labels, ..self }
    }

    const fn gated(self, gates: &'static str) -> Self {
        Self { gates, ..self }
    }

    /// Returns the names of the rows that come first.
    pub(crate) fn dependencies(&self) -> impl Iterator<Item = &'static str> {
        self.after.split(',').filter(|name| !name.is_empty())
    }
}

/// Works for a moment, writes down when, fails the first attempt at what is tricky, and passes its own gate.
const WORKER: &str = r#"#!/bin/sh
set -eu
echo "begin $JIT_ISSUE $JIT_EPOCH $JIT_ACTOR" >> "$WORK_LOG"
sleep 0.1
end=done
title=$(jit issue show "$JIT_ISSUE" -o tsv --fields title)
case $title in
    tricky) [ "$JIT_EPOCH" -gt 1 ] || end=failed ;;
    change) jit gate pass "$JIT_ISSUE" review --note "read twice" ;;
esac
echo "end $JIT_ISSUE $JIT_EPOCH $end" >> "$WORK_LOG"
[ $end = done ]
"#;

/// A repository that vanishes with the test.
pub(crate) struct Ground {
    folder: TempDir,
}

impl Ground {
    /// Makes a git repository with an empty store, and the worker beside it.
    pub(crate) fn new() -> Self {
        let ground = Self::bare();
        ground.ok(&["init"]);
        fs::write(ground.work_log(), "").expect("a file can be made");
        ground.script("worker.sh", WORKER);
        ground
    }

    /// Makes a git repository and nothing else.
    pub(crate) fn bare() -> Self {
        let folder = TempDir::new().expect("a temporary directory can be made");
        let ground = Self { folder };
        fs::create_dir(ground.root()).expect("a directory can be made");
        let git = ["init", "-q", "-b", "main", "--template="];
        Answer::of(program("git", &ground.root(), ground.home()).args(git)).succeeded("git init");
        ground
    }

    /// Makes one that holds the graph; returns it with the ids by name.
    pub(crate) fn with_graph() -> (Self, BTreeMap<&'static str, String>) {
        let ground = Self::new();
        let gate = "gate define review --title Reviewed --stage exit";
        ground.ok(&gate.split(' ').collect::<Vec<_>>());
        let mut ids: BTreeMap<&'static str, String> = BTreeMap::new();
        for row in &GRAPH {
            let before: Vec<&str> = row.dependencies().map(|name| ids[name].as_str()).collect();
            let before = before.join(",");
            let mut words = vec!["issue", "create", "-t", row.name, "-p", row.priority];
            for (flag, value) in [
                ("--dep", before.as_str()),
                ("--label", row.labels),
                ("--gate", row.gates),
            ] {
                if !value.is_empty() {
                    words.extend([flag, value]);
                }
            }
            ids.insert(row.name, ground.ok(&words).trim().to_owned());
        }
        (ground, ids)
    }

    /// Returns the root of the working tree.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    /// Returns the directory beside the working tree.
    pub(crate) fn home(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the file that workers write into.
    pub(crate) fn work_log(&self) -> PathBuf {
        self.home().join("work.log")
    }

    /// Returns the lines that workers wrote.
    pub(crate) fn work(&self) -> Vec<String> {
        let text = fs::read_to_string(self.work_log()).expect("the log is there");
        text.lines().map(str::to_owned).collect()
    }

    /// Writes a program beside the working tree and returns its path.
    pub(crate) fn script(&self, name: &str, text: &str) -> String {
        let path = self.home().join(name);
        fs::write(&path, text).expect("a file can be made");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        path.to_str().expect("its path is text").to_owned()
    }

    /// Returns a program to be started at the root.
    pub(crate) fn program(&self, name: &str) -> std::process::Command {
        let mut command = program(name, &self.root(), self.home());
        command.env("WORK_LOG", self.work_log());
        command
    }

    /// Runs `jit`, insists on success, and returns standard output.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let jit = jit().to_str().expect("its path is text");
        Answer::of(self.program(jit).args(arguments)).succeeded(&format!("jit {arguments:?}"))
    }

    /// Runs `jit … --json` and returns the value.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let text = self.ok(&[arguments, &["--json"]].concat());
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("jit {arguments:?}: {error}: {text}"))
    }

    /// Returns the ids of the issues in a state.
    pub(crate) fn in_state(&self, state: &str) -> Vec<String> {
        let text = self.ok(&["query", "state", state, "-o", "id"]);
        text.lines().map(str::to_owned).collect()
    }

    /// Returns every event, oldest first.
    pub(crate) fn events(&self) -> Vec<Value> {
        let text = self.ok(&["events", "query", "--json"]);
        text.lines()
            .map(|line| serde_json::from_str(line).expect("an event is a JSON line"))
            .collect()
    }
}
