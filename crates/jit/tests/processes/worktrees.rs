//! One store for a clone, whichever of its worktrees a process stands in.
//!
//! Owns the laws of finding the store. Refuses to know how it is found.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::program::{Answer, git, jit};
use crate::support::race::race;
use crate::support::repo::{Repo, words};

/// Makes a commit, which a linked worktree needs.
fn commit_all(root: &Path) {
    git(root, &["add", "-A"]);
    git(root, &["commit", "-q", "--allow-empty", "-m", "state"]);
}

fn ask(dir: &Path, arguments: &[&str]) -> Value {
    let answer = Answer::of(&mut jit(dir, &[arguments, &["--json"]].concat()));
    assert_eq!(
        answer.code,
        Some(0),
        "jit {arguments:?} in {}: {answer:?}",
        dir.display()
    );
    answer.json()
}

/// Insists that all places mean one store, and returns what `jit where` says.
fn agree(places: &[PathBuf]) -> Value {
    let mut answers: Vec<Value> = places
        .iter()
        .map(|place| ask(place, &["where"])["store"].clone())
        .collect();
    answers.dedup();
    assert_eq!(answers.len(), 1, "{places:?} disagree: {answers:?}");
    assert!(
        answers[0].is_string(),
        "`where` names the store: {answers:?}"
    );
    answers.remove(0)
}

fn subdirectory(root: &Path) -> PathBuf {
    let deep = root.join("some/where/deep");
    fs::create_dir_all(&deep).expect("directories can be made");
    deep
}

/// Claims one issue from every place at once, and works on from each.
fn share(places: &[PathBuf]) {
    let made =
        Answer::of(&mut jit(&places[0], &["issue", "create", "-t", "shared"])).succeeded("create");
    let id = made.trim();
    for place in places {
        assert_eq!(
            ask(place, &["query", "ready"])[0]["id"],
            id,
            "in {}",
            place.display()
        );
    }
    let commands = places.iter().enumerate().map(|(number, place)| {
        (
            place.as_path(),
            words(&["issue", "claim", id, &format!("agent:a{number}"), "--json"]),
        )
    });
    let answers = race(commands);
    let won: Vec<&Answer> = answers
        .iter()
        .filter(|answer| answer.code == Some(0))
        .collect();
    assert_eq!(won.len(), 1, "{answers:#?}");
    for place in places {
        assert_eq!(
            ask(place, &["issue", "show", id])["assignee"],
            won[0].json()["assignee"],
            "in {}",
            place.display()
        );
    }
}

#[test]
fn linked_worktrees_share_the_store_of_the_main_one() {
    let repo = Repo::new();
    commit_all(repo.root());
    let linked = repo.neighbour("linked");
    git(
        repo.root(),
        &[
            "worktree",
            "add",
            "-q",
            "-b",
            "side",
            linked.to_str().unwrap(),
        ],
    );
    assert!(
        linked.join(".jit").is_dir(),
        "the tracked files are checked out there too, which is the trap"
    );
    let places = [
        repo.root().to_owned(),
        linked.clone(),
        subdirectory(repo.root()),
        subdirectory(&linked),
    ];
    let store = agree(&places);
    assert!(
        Path::new(store.as_str().unwrap()).starts_with(repo.root()),
        "{store}"
    );
    share(&places);
    assert_eq!(
        git(&linked, &["status", "--porcelain", ".jit"]),
        "",
        "the copy in the linked worktree is left alone"
    );
}

#[test]
fn worktrees_of_a_bare_repository_share_one_store() {
    let seed = Repo::new();
    fs::remove_dir_all(seed.root().join(".jit")).expect("the store can be removed");
    commit_all(seed.root());
    let bare = seed.neighbour("bare.git");
    git(
        seed.root(),
        &["clone", "-q", "--bare", ".", bare.to_str().unwrap()],
    );
    let (one, two) = (seed.neighbour("one"), seed.neighbour("two"));
    for (name, place) in [("one", &one), ("two", &two)] {
        git(
            &bare,
            &["worktree", "add", "-q", "-b", name, place.to_str().unwrap()],
        );
    }
    let unasked = Answer::of(&mut jit(&one, &["init", "--json"]));
    assert_eq!(
        unasked.code,
        Some(3),
        "which worktree holds the store is not for jit to choose: {unasked:?}"
    );
    Answer::of(jit(&one, &["init"]).env("JIT_DIR", &one)).succeeded("init in a named worktree");
    let places = [
        one.clone(),
        two.clone(),
        subdirectory(&one),
        subdirectory(&two),
    ];
    let store = agree(&places);
    assert!(
        Path::new(store.as_str().unwrap()).starts_with(&one),
        "{store}"
    );
    share(&places);
}

#[test]
fn a_directory_without_a_store_is_named() {
    let repo = Repo::new();
    let outside = repo.neighbour("outside");
    fs::create_dir(&outside).expect("a directory can be made");
    let answer = Answer::of(&mut jit(&outside, &["issue", "list", "--json"]));
    assert_eq!(
        (answer.code, answer.stdout.as_str()),
        (Some(3), ""),
        "{answer:?}"
    );
    assert_eq!(answer.error_code(), "no_store");
    let told = Answer::of(&mut jit(
        &outside,
        &[
            "issue",
            "list",
            "--json",
            "--repo",
            repo.root().to_str().unwrap(),
        ],
    ));
    assert_eq!((told.code, told.stdout.trim()), (Some(0), "[]"), "{told:?}");
    let environment =
        Answer::of(jit(&outside, &["issue", "list", "--json"]).env("JIT_DIR", repo.root()));
    assert_eq!(
        (environment.code, environment.stdout.trim()),
        (Some(0), "[]"),
        "{environment:?}"
    );
}
