//! `jit merge-driver`, as git runs it.

use crate::harness::{Answer, Repo};
use serde_json::Value;

/// Three versions of one issue's file in a directory of their own.
struct Versions {
    repo: Repo,
    path: String,
    base: String,
}

impl Versions {
    fn new() -> Self {
        let repo = Repo::new();
        let id = repo.create("Parse");
        let path = format!(".jit/issues/{}/{id}.json", &id[..2]);
        let base = std::fs::read_to_string(repo.root().join(&path));
        let base = base.expect("an issue is a file");
        Self { repo, path, base }
    }

    /// Returns the base with one of its texts replaced, as a hand would.
    fn with(&self, old: &str, new: &str) -> String {
        assert!(self.base.contains(old), "{}", self.base);
        self.base.replace(old, new)
    }

    fn drive(&self, base: &str, ours: &str, theirs: &str) -> Answer {
        self.drive_at(&self.path, [base, ours, theirs])
    }

    fn drive_at(&self, path: &str, versions: [&str; 3]) -> Answer {
        for (name, text) in ["O", "A", "B"].into_iter().zip(versions) {
            self.repo.write(name, text);
        }
        self.repo.jit(&["merge-driver", "O", "A", "B", "7", path])
    }

    fn result(&self) -> String {
        std::fs::read_to_string(self.repo.root().join("A")).expect("our version is there")
    }

    fn merged(&self) -> Value {
        serde_json::from_str(&self.result()).expect("the result is JSON")
    }
}

#[test]
fn fields_of_both_sides_are_merged() {
    let versions = Versions::new();
    let ours = versions.with("\"Parse\"", "\"Lex\"");
    let theirs = versions.with("\"normal\"", "\"high\"");
    let answer = versions.drive(&versions.base, &ours, &theirs);
    assert_eq!((answer.code, answer.stderr.as_str()), (0, ""));
    let merged = versions.merged();
    assert_eq!(
        (&merged["title"], &merged["priority"]),
        (&"Lex".into(), &"high".into())
    );
    let first = versions.result();
    assert_eq!(versions.drive(&versions.base, &theirs, &ours).code, 0);
    assert_eq!(versions.result(), first);
}

#[test]
fn what_both_sides_changed_is_kept_as_a_conflict() {
    let versions = Versions::new();
    let ours = versions.with("\"Parse\"", "\"Lex\"");
    let theirs = versions.with("\"Parse\"", "\"Scan\"");
    let answer = versions.drive(&versions.base, &ours, &theirs);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("1 field to decide"), "{answer:?}");
    let conflict = &versions.merged()["_conflicts"][0];
    assert_eq!(conflict["field"], "title");
    assert_eq!(conflict["base"], "Parse");
}

#[test]
fn an_empty_base_is_none() {
    let versions = Versions::new();
    let theirs = versions.with("\"normal\"", "\"high\"");
    assert_eq!(versions.drive("", &versions.base, &theirs).code, 0);
    assert_eq!(versions.merged()["priority"], "high");
}

#[test]
fn what_can_not_be_merged_leaves_our_version() {
    let versions = Versions::new();
    let check = |path: &str, ours: &str, theirs: &str, reason: &str| {
        let answer = versions.drive_at(path, [&versions.base, ours, theirs]);
        assert_eq!(answer.code, 1, "{answer:?}");
        assert!(answer.stderr.contains(reason), "{answer:?}");
        assert_eq!(versions.result(), ours);
    };
    let changed = versions.with("\"Parse\"", "\"Lex\"");
    check(
        &versions.path,
        &changed,
        "<<<<<<< ours\n",
        "their version can't be read",
    );
    check(&versions.path, "{", &changed, "our version can't be read");
    check(".jit/config.toml", &changed, "", "no issue's and no gate's");
    let hostile = ".jit/issues/aa/a'$(touch PWN).json";
    check(hostile, &changed, "{}", "no issue's and no gate's");
    let other = versions.with("\"human:tester\"", "\"human:eve\"");
    check(&versions.path, &changed, &other, "created_by");
    let long = "x".repeat(2 * 1024 * 1024);
    check(&versions.path, &changed, &long, "longer than");
    assert!(!versions.repo.root().join("PWN").exists());
}

#[test]
fn a_driver_that_can_not_write_is_a_failure() {
    let versions = Versions::new();
    for (name, text) in [("O", &versions.base), ("B", &versions.base)] {
        versions.repo.write(name, text);
    }
    let path = &versions.path;
    let answer = versions
        .repo
        .jit(&["merge-driver", "O", "no/such", "B", "7", path]);
    assert_eq!(answer.code, 1, "{answer:?}");
    let theirs = versions.with("\"Parse\"", "\"Lex\"");
    versions.repo.write("B", &theirs);
    versions.repo.write("dir/A", &versions.base);
    let dir = versions.repo.root().join("dir");
    let sealed = Sealed::new(&dir);
    if std::fs::write(dir.join("probe"), "").is_ok() {
        // Nothing is closed to whoever runs this.
        return;
    }
    let answer = versions
        .repo
        .jit(&["merge-driver", "O", "dir/A", "B", "7", path]);
    drop(sealed);
    assert_eq!(answer.code, 129, "{answer:?}");
    let kept = std::fs::read_to_string(dir.join("A")).unwrap();
    assert_eq!(kept, versions.base);
}

/// A directory that nobody can write into until this is dropped.
struct Sealed<'a>(&'a std::path::Path);

impl<'a> Sealed<'a> {
    fn new(dir: &'a std::path::Path) -> Self {
        set_mode(dir, 0o555);
        Self(dir)
    }
}

impl Drop for Sealed<'_> {
    fn drop(&mut self) {
        set_mode(self.0, 0o755);
    }
}

fn set_mode(dir: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, PermissionsExt::from_mode(mode)).expect("it is ours");
}

#[test]
fn it_needs_no_store_and_leaves_nothing_behind() {
    let versions = Versions::new();
    let ours = versions.with("\"Parse\"", "\"Lex\"");
    std::fs::remove_dir_all(versions.repo.root().join(".jit")).unwrap();
    let answer = versions.drive(&versions.base, &ours, &versions.base);
    assert_eq!(answer.code, 0, "{answer:?}");
    let mut names: Vec<String> = std::fs::read_dir(versions.repo.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [".git", "A", "B", "O"]);
}
