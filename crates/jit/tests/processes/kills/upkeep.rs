//! Signal 9 at the system calls of the commands that keep a store in order: `validate --fix`, `gc` and `commit`.
//!
//! Owns their law: whatever a killed one left, the next one completes it, and nothing that was not to go is gone.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::figures;
use crate::support::program::git;
use crate::support::repo::{Repo, words};
use crate::support::strace::{self, Thread};
use crate::support::tree::Tree;

/// Of the calls a quick sweep takes one in so many.
const STRIDE: usize = 6;

/// Kills `command` at its calls, and has `complete` run it again and look at what is left.
fn sweep(name: &str, repo: &Repo, command: &[&str], complete: impl Fn(&str)) {
    let figure = format!("kills of {name}");
    let root = repo.root();
    let start = Tree::of(root);
    let command = words(command);
    let mut points = strace::trace(root, &command).points_from_store(root);
    // The other ones are git's.
    points.retain(|point| point.thread == Thread::Main);
    if !figures::is_thorough() {
        let mut place = 0;
        points.retain(|_| {
            place += 1;
            place % STRIDE == 1
        });
    }
    let mut n_kills = 0;
    for point in &points {
        start.restore(root);
        let killed = strace::kill_at(point, root, &command);
        n_kills += usize::from(killed.signal == Some(9));
        complete(&format!("{name} was killed at {point:?}"));
    }
    figures::record(&figure, &json!({ "kills": n_kills, "bad": 0 }));
    assert!(n_kills * 10 > points.len() * 9, "only {n_kills} kills hit");
    assert!(n_kills > 10, "only {n_kills} kills");
}

fn file(id: &str) -> String {
    format!(".jit/issues/{}/{id}.json", &id[..2])
}

/// Changes the members of an issue as an editor would.
fn edit(root: &Path, id: &str, change: impl FnOnce(&mut Value)) {
    let path = root.join(file(id));
    let text = std::fs::read(&path).expect("the issue has a file");
    let mut issue: Value = serde_json::from_slice(&text).expect("it is JSON");
    change(&mut issue);
    std::fs::write(path, issue.to_string()).expect("it can be written");
}

#[test]
fn a_killed_repair_is_completed_by_the_next() {
    if !strace::is_available("kills of validate --fix") {
        return;
    }
    let repo = Repo::in_memory();
    let root = repo.root();
    let [broken, first, second] = ["broken", "first", "second"].map(|it| repo.create(it));
    let whole = std::fs::read(root.join(file(&broken))).expect("it was just made");
    std::fs::write(root.join(file(&broken)), "{\"half").expect("it can be broken");
    repo.ok(&["dep", "add", &second, &first]);
    edit(root, &first, |issue| {
        issue["dependencies"] = json!([second]);
    });
    let fix = ["validate", "--fix"];
    sweep("validate --fix", &repo, &fix, |what| {
        repo.ok(&fix);
        // What the killed one has committed is in the log, and the next writer carries it out.
        repo.create("afterwards");
        let found = std::fs::read(root.join(file(&broken))).expect("it is there");
        assert_eq!(found, whole, "{what}");
        assert_eq!(repo.show(&first)["dependencies"], json!([]), "{what}");
        assert_eq!(repo.ok(&["validate", "--json"]).trim(), "[]", "{what}");
        assert_eq!(repo.json(&fix)["changed"], false, "{what}");
    });
}

#[test]
fn a_killed_gc_is_completed_by_the_next_and_takes_nothing_else() {
    if !strace::is_available("kills of gc") {
        return;
    }
    let repo = Repo::in_memory();
    let root = repo.root();
    let [old, alive] = ["old", "alive"].map(|it| repo.create(it));
    repo.ok(&["issue", "delete", &old]);
    edit(root, &old, |issue| {
        issue["deleted"]["at"] = json!("2020-01-01T00:00:00Z");
    });
    let kept = std::fs::read(root.join(file(&alive))).expect("it was just made");
    sweep("gc", &repo, &["gc"], |what| {
        repo.ok(&["gc"]);
        repo.create("afterwards");
        assert!(!root.join(file(&old)).exists(), "{what}");
        let found = std::fs::read(root.join(file(&alive))).expect("it is there");
        assert_eq!(found, kept, "{what}");
        assert_eq!(repo.ok(&["validate", "--json"]).trim(), "[]", "{what}");
    });
}

#[test]
fn a_killed_commit_is_made_by_the_next_and_only_once() {
    if !strace::is_available("kills of commit") {
        return;
    }
    let repo = Repo::in_memory();
    let root = repo.root();
    git(root, &["config", "user.name", "Ada"]);
    git(root, &["config", "user.email", "ada@example.org"]);
    repo.create("one");
    std::fs::write(root.join("code.rs"), "fn main() {}").expect("a file can be made");
    git(root, &["add", "code.rs"]);
    sweep("commit", &repo, &["commit", "-m", "all"], |what| {
        repo.ok(&["commit", "-m", "again"]);
        assert_eq!(
            git(root, &["rev-list", "--count", "HEAD"]).trim(),
            "1",
            "{what}"
        );
        assert_eq!(
            git(root, &["status", "--porcelain"]).trim(),
            "A  code.rs",
            "{what}"
        );
        git(root, &["fsck", "--strict"]);
    });
}
