//! A store in good order, copied for each kind of damage, and the ways to damage it.
//!
//! Owns the template and small tools on files. Refuses to judge: see the parent.

use crate::harness::{Answer, Repo, Surroundings, git, jit};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

/// The issues of the store.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    /// Ready; others wait for it.
    pub(crate) parser: String,
    /// Waits for the parser.
    pub(crate) tests: String,
    /// Has a chapter, and a comment that no commit has.
    pub(crate) docs: String,
    /// A part of the documentation.
    pub(crate) chapter: String,
    /// Held by an agent.
    pub(crate) held: String,
    /// In no commit.
    pub(crate) late: String,
}

struct Template {
    dir: TempDir,
    ids: Ids,
}

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    let repo = Repo::new();
    repo.ok(&[
        "gate", "define", "review", "--title", "Review", "--stage", "exit",
    ]);
    let parser = repo.create_with("Parser", &["--gate", "review"]);
    let tests = repo.create_with("Tests", &["--dep", &parser]);
    let docs = repo.create_with("Docs", &["-d", "All of it."]);
    let chapter = repo.create_with("Chapter", &["--parent", &docs]);
    let held = repo.create_with("Held", &["--key", "create-held"]);
    repo.ok(&["issue", "claim", &held, "agent:bob"]);
    commit(repo.root());
    repo.ok(&["issue", "comment", &docs, "half way"]);
    let late = repo.create("Late");
    let ids = Ids {
        parser,
        tests,
        docs,
        chapter,
        held,
        late,
    };
    let dir = TempDir::new().unwrap();
    copy(repo.root(), &dir.path().join("repo"));
    Template { dir, ids }
});

/// Commits everything.
pub(crate) fn commit(root: &Path) {
    git(root, &["add", "-A"]);
    let who = ["-c", "user.name=T", "-c", "user.email=t@example.org"];
    git(root, &[&who[..], &["commit", "-q", "-m", "all"]].concat());
}

/// One copy of the store.
pub(crate) struct Lab {
    pub(crate) ids: Ids,
    root: PathBuf,
    _parent: TempDir,
}

impl Lab {
    /// Copies the template.
    pub(crate) fn new() -> Self {
        let parent = TempDir::new().unwrap();
        let root = parent.path().canonicalize().unwrap().join("repo");
        copy(&TEMPLATE.dir.path().join("repo"), &root);
        Self {
            ids: TEMPLATE.ids.clone(),
            root,
            _parent: parent,
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        match path.strip_prefix("<private>/") {
            Some(rest) => self.root.join(".git/jit").join(rest),
            None => self.root.join(path),
        }
    }

    pub(crate) fn jit(&self, arguments: &[&str]) -> Answer {
        jit(&self.root, arguments, Surroundings::default())
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.path(path)).unwrap()
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }

    /// Takes away what this clone alone remembers, so that only git and the events are left.
    pub(crate) fn forget(&self) {
        for name in ["wal", "spool", "applied"] {
            if self.path(&format!("<private>/{name}")).exists() {
                self.remove(&format!("<private>/{name}"));
            }
        }
    }

    /// Changes the members of an issue as an editor would.
    pub(crate) fn edit(&self, id: &str, change: impl FnOnce(&mut Value)) {
        let path = file(id);
        let mut issue: Value = serde_json::from_slice(&self.read(&path)).unwrap();
        change(&mut issue);
        self.write(&path, serde_json::to_string_pretty(&issue).unwrap());
    }

    /// Changes a lease.
    pub(crate) fn edit_lease(&self, id: &str, change: impl FnOnce(&mut Value)) {
        let path = format!("<private>/leases/{id}.json");
        let mut lease: Value = serde_json::from_slice(&self.read(&path)).unwrap();
        change(&mut lease);
        self.write(&path, serde_json::to_string_pretty(&lease).unwrap());
    }

    /// Returns the path of the one segment.
    pub(crate) fn segment(&self) -> String {
        let month = std::fs::read_dir(self.path(".jit/events")).unwrap().next();
        let month = month.unwrap().unwrap().path();
        let file = std::fs::read_dir(month).unwrap().next().unwrap().unwrap();
        let path = file.path();
        let path = path.strip_prefix(&self.root).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Changes the lines of the segment.
    pub(crate) fn edit_lines(&self, change: impl FnOnce(&mut Vec<String>)) {
        let path = self.segment();
        let text = String::from_utf8(self.read(&path)).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        change(&mut lines);
        self.write(&path, lines.join("\n") + "\n");
    }

    /// Returns every plain file of the store with what it holds, but what is the business of nobody.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        collect(&self.root.join(".jit"), &mut found);
        collect(&self.root.join(".git/jit"), &mut found);
        found
    }
}

/// Returns the path of an issue's file.
pub(crate) fn file(id: &str) -> String {
    format!(".jit/issues/{}/{id}.json", &id[..2])
}

fn collect(dir: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries {
        let entry = entry.unwrap();
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let name = entry.file_name();
        if kind.is_dir() {
            collect(&path, found);
        } else if kind.is_file() && !name.to_string_lossy().starts_with("index.db") {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
