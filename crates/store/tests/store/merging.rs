//! Writing while git is in the middle of something.

use crate::lab::{id, open, search, write};
use crate::places::git;
use jit_store::StoreError;
use jit_store::file::{init, place_for_new};
use std::fs;
use std::path::Path;

fn commit_all(repo: &Path, message: &str) {
    git(repo, &["add", "-A"]);
    let output = git(repo, &["commit", "-q", "-m", message]);
    assert!(output.status.success(), "{output:?}");
}

/// Makes a repository in which issue 1 was changed on two branches and issue 2 on none, with this version of the index.
fn conflicted(repo: &Path, index_version: &str) {
    git(repo, &["init", "-q", "-b", "main"]);
    git(repo, &["config", "index.version", index_version]);
    init(&place_for_new(&search(repo)).unwrap()).unwrap();
    fs::write(repo.join(".jit/.gitattributes"), "").unwrap();
    write(&open(repo).unwrap(), 1, "Base").unwrap();
    write(&open(repo).unwrap(), 2, "Other").unwrap();
    commit_all(repo, "base");
    git(repo, &["checkout", "-q", "-b", "side"]);
    write(&open(repo).unwrap(), 1, "Side").unwrap();
    commit_all(repo, "side");
    git(repo, &["checkout", "-q", "main"]);
    write(&open(repo).unwrap(), 1, "Main").unwrap();
    commit_all(repo, "main");
}

fn check(index_version: &str, operation: &[&str], abort: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let repo = dir.path().canonicalize().unwrap();
    conflicted(&repo, index_version);
    let output = git(&repo, operation);
    assert!(
        !output.status.success(),
        "{operation:?} must conflict: {output:?}"
    );
    let store = open(&repo).unwrap();
    let answer = write(&store, 1, "Mine");
    let Err(StoreError::MergeInProgress { paths, .. }) = &answer else {
        panic!("{operation:?}, index {index_version}: {answer:?}");
    };
    assert_eq!(
        paths,
        &[format!(".jit/issues/{}/{}.json", id(1).shard(), id(1))]
    );
    // Everything else goes on, and the issue in conflict hides nothing.
    write(&store, 2, "Other again").unwrap();
    let snapshot = jit_store::Store::read(&store).unwrap();
    assert_eq!(snapshot.issue(&id(2)).unwrap().title, "Other again");
    assert_eq!(
        snapshot
            .problems()
            .iter()
            .filter(|problem| problem.issue == Some(id(1)))
            .count(),
        1
    );
    // An index that nobody can read may hold anything.
    fs::write(repo.join(".git/index"), "DIRCnonsense").unwrap();
    assert!(matches!(
        write(&store, 2, "Blind"),
        Err(StoreError::MergeInProgress { .. })
    ));
    fs::remove_file(repo.join(".git/index")).unwrap();
    git(&repo, abort);
    git(&repo, &["reset", "-q", "--hard", "main"]);
    write(&store, 1, "After all").unwrap();
}

#[test]
fn issues_in_conflict_are_not_written() {
    for version in ["2", "3", "4"] {
        check(version, &["merge", "-q", "side"], &["merge", "--abort"]);
    }
    check("2", &["cherry-pick", "side"], &["cherry-pick", "--abort"]);
    check("4", &["rebase", "-q", "side"], &["rebase", "--abort"]);
}
