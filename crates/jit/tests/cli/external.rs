//! What something else than `jit` wrote into an issue's file, as the log tells it.

use crate::harness::{Repo, git};
use serde_json::Value;

fn path_of(id: &str) -> String {
    format!(".jit/issues/{}/{id}.json", &id[..2])
}

/// Runs git at the root, as somebody.
fn run(repo: &Repo, words: &str) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
    let words: Vec<&str> = identity.into_iter().chain(words.split(' ')).collect();
    git(repo.root(), &words);
}

fn commit(repo: &Repo) {
    run(repo, "add -A");
    run(repo, "commit -q -m state");
}

/// Changes the title by hand.
fn edit(repo: &Repo, id: &str, from: &str, to: &str) {
    let path = repo.root().join(path_of(id));
    let text = std::fs::read_to_string(&path).expect("the file is there");
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replace(from, to)).expect("it can be written");
}

/// Returns the events of outside changes.
fn outside(repo: &Repo) -> Vec<Value> {
    let lines = repo.ok(&["events", "query", "--type", "external.changed", "--json"]);
    let read = |line: &str| serde_json::from_str(line).expect("an event is JSON");
    lines.lines().map(read).collect()
}

fn head(repo: &Repo) -> String {
    let name =
        std::fs::read_to_string(repo.root().join(".git/refs/heads/main")).expect("it has a commit");
    name.trim().to_owned()
}

#[test]
fn an_edit_by_hand_is_told_by_the_next_write_to_the_issue() {
    let repo = Repo::new();
    let id = repo.create("One");
    commit(&repo);
    let before = repo.json(&["issue", "show", &id]);
    edit(&repo, &id, "One", "By hand");
    assert_eq!(repo.json(&["issue", "show", &id])["title"], "By hand");
    assert_eq!(outside(&repo).len(), 0, "reading tells nothing");
    repo.ok(&["issue", "comment", &id, "next"]);
    let [event] = &outside(&repo)[..] else {
        panic!("told once")
    };
    assert_eq!(event["issue"], id.as_str());
    assert_eq!(event["prev"][0], before["etag"], "the version before it");
    assert_ne!(event["etag"], before["etag"], "the version that was found");
    assert_eq!(event["head"], head(&repo).as_str());
    repo.ok(&["issue", "comment", &id, "again"]);
    assert_eq!(outside(&repo).len(), 1, "what was told is not told again");
    repo.ok(&["validate"]);
}

#[test]
fn an_edit_that_git_brings_is_told_and_a_version_of_ours_is_not() {
    let repo = Repo::new();
    let id = repo.create("One");
    commit(&repo);
    run(&repo, "switch -q -c side");
    repo.ok(&["issue", "update", &id, "-p", "high"]);
    commit(&repo);
    run(&repo, "switch -q main");
    run(&repo, "merge -q side");
    repo.ok(&["issue", "comment", &id, "after the merge"]);
    assert_eq!(outside(&repo).len(), 0, "the log of the branch tells it");
    commit(&repo);
    run(&repo, "switch -q -c by-hand");
    edit(&repo, &id, "One", "By hand");
    commit(&repo);
    run(&repo, "switch -q main");
    run(&repo, "merge -q by-hand");
    repo.ok(&["issue", "comment", &id, "after the other merge"]);
    let [event] = &outside(&repo)[..] else {
        panic!("told once")
    };
    assert_eq!(event["head"], head(&repo).as_str());
    repo.ok(&["validate"]);
}

#[test]
fn a_version_that_git_put_back_is_gone_on_from() {
    let repo = Repo::new();
    let id = repo.create("One");
    commit(&repo);
    repo.ok(&["issue", "update", &id, "-p", "high"]);
    run(&repo, "checkout -q -- .jit/issues");
    repo.ok(&["issue", "comment", &id, "from the old one"]);
    assert_eq!(repo.json(&["issue", "show", &id])["priority"], "normal");
    assert_eq!(outside(&repo).len(), 0, "it is a version of ours");
    repo.ok(&["validate"]);
    assert_eq!(
        repo.ok(&["recover", "--json"]).trim(),
        "[]",
        "the user has gone on"
    );
}
