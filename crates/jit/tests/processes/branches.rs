//! The log on several branches and clones, brought together by plain git.
//!
//! Owns two laws: segments of events never conflict, whatever way branches come together, and every clone that has the same
//! events shows them in the same order. The merge driver and the attributes are taken away first. Refuses to touch one issue
//! on both sides: that is the driver's business.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::program::{Answer, git, jit};

/// Two clones of one repository.
struct Clones {
    dir: TempDir,
}

/// How many issues each side makes before and after each of its commits.
const N_ISSUES: usize = 3;

impl Clones {
    fn new() -> Self {
        let it = Self {
            dir: TempDir::new().expect("a temporary directory can be made"),
        };
        let seed = it.at("one");
        std::fs::create_dir(&seed).expect("a directory can be made");
        git(&seed, &["init", "-q", "-b", "main", "--template="]);
        ok(&seed, &["init"]);
        // Hosts of repositories ignore attributes, and so does this test.
        std::fs::write(seed.join(".jit/.gitattributes"), "").expect("a file can be written");
        create(&seed, "base");
        commit(&seed, "base");
        git(it.dir.path(), &["clone", "-q", "one", "two"]);
        ok(&it.at("two"), &["init"]);
        for name in ["one", "two"] {
            let dir = it.at(name);
            Answer::of(crate::support::program::program("git", &dir).args([
                "config",
                "--remove-section",
                "merge.jit",
            ]));
            git(&dir, &["config", "user.name", "t"]);
            git(&dir, &["config", "user.email", "t@example.org"]);
        }
        it
    }

    fn at(&self, name: &str) -> PathBuf {
        let top = self.dir.path().canonicalize().expect("it has a path");
        top.join(name)
    }
}

fn ok(dir: &Path, arguments: &[&str]) -> String {
    Answer::of(&mut jit(dir, arguments)).succeeded(&format!("jit {arguments:?}"))
}

fn create(dir: &Path, title: &str) {
    for number in 0..N_ISSUES {
        let id = ok(
            dir,
            &["issue", "create", "-t", &format!("{title} {number}")],
        );
        ok(dir, &["issue", "comment", id.trim(), "more of the log"]);
    }
}

fn commit(dir: &Path, message: &str) {
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "-q", "-m", message]);
}

/// Writes and commits, several times: a segment goes on where it was.
fn work(dir: &Path, title: &str) {
    for part in ["first", "second"] {
        create(dir, &format!("{title} {part}"));
        commit(dir, title);
    }
}

/// Returns the log in the order that is the same everywhere.
fn log(dir: &Path) -> Vec<String> {
    let text = ok(
        dir,
        &[
            "events",
            "query",
            "--json",
            "--fields",
            "id,lc,ts,issue,type",
        ],
    );
    text.lines().map(str::to_owned).collect()
}

/// Insists that both clones show the same log, that it has all that either had before, and each event once.
fn agree(clones: &Clones, before: &[Vec<String>]) {
    let (one, two) = (log(&clones.at("one")), log(&clones.at("two")));
    assert_eq!(one, two, "both clones have the same log in the same order");
    let all: BTreeSet<&String> = one.iter().collect();
    assert_eq!(all.len(), one.len(), "each event once");
    let missing: Vec<_> = before
        .iter()
        .flatten()
        .filter(|line| !all.contains(line))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    for name in ["one", "two"] {
        ok(&clones.at(name), &["validate"]);
    }
}

/// Lets both clones work, brings the second one's branch into the first one by these commands, and the result back.
fn check(bring_in: &[&str]) {
    let clones = Clones::new();
    let (one, two) = (clones.at("one"), clones.at("two"));
    work(&one, "of one");
    work(&two, "of two");
    let before = [log(&one), log(&two)];
    git(&one, &["fetch", "-q", "../two", "main:theirs"]);
    for words in bring_in {
        let words: Vec<&str> = words.split(' ').collect();
        git(&one, &words);
    }
    git(&two, &["fetch", "-q", "../one", "main"]);
    git(&two, &["reset", "-q", "--hard", "FETCH_HEAD"]);
    agree(&clones, &before);
    // Both go on, and meet again.
    work(&two, "of two again");
    work(&one, "of one again");
    let before = [log(&one), log(&two)];
    git(
        &one,
        &["pull", "-q", "--no-rebase", "--no-edit", "../two", "main"],
    );
    git(
        &two,
        &["pull", "-q", "--no-rebase", "--no-edit", "../one", "main"],
    );
    agree(&clones, &before);
}

#[test]
fn segments_never_conflict_in_a_merge() {
    check(&["merge -q --no-edit theirs"]);
}

#[test]
fn segments_never_conflict_in_a_rebase() {
    check(&["rebase -q theirs"]);
}

#[test]
fn segments_never_conflict_in_cherry_picks() {
    check(&["cherry-pick theirs~1 theirs"]);
}

#[test]
fn segments_never_conflict_in_a_squash() {
    check(&["merge -q --squash theirs", "commit -q -m squashed"]);
}

/// Both clones merge the other one's branch by themselves, so that the merges differ and the logs must not.
#[test]
fn two_merges_of_the_same_branches_show_one_log() {
    let clones = Clones::new();
    let (one, two) = (clones.at("one"), clones.at("two"));
    work(&one, "of one");
    work(&two, "of two");
    let before = [log(&one), log(&two)];
    git(&one, &["fetch", "-q", "../two", "main:theirs"]);
    git(&two, &["fetch", "-q", "../one", "main:theirs"]);
    git(&one, &["merge", "-q", "--no-edit", "theirs"]);
    git(&two, &["merge", "-q", "--no-edit", "theirs"]);
    agree(&clones, &before);
    let merged = log(&one).len();
    create(&one, "after the merge");
    commit(&one, "after");
    git(
        &two,
        &["pull", "-q", "--no-rebase", "--no-edit", "../one", "main"],
    );
    agree(&clones, &[log(&one)]);
    // What was written after a merge comes after all that was merged.
    let last = &log(&one)[merged..];
    assert!(
        last.iter()
            .all(|line| !before.iter().flatten().any(|old| old == line))
    );
}

/// Switching back and forth in one clone: a segment that another branch has is never extended.
#[test]
fn branches_of_one_clone_never_extend_the_same_segment() {
    let clones = Clones::new();
    let one = clones.at("one");
    for round in 0..3 {
        for branch in ["left", "right"] {
            let exists = !git(&one, &["branch", "--list", branch]).is_empty();
            let words: &[&str] = if exists {
                &["switch", "-q", branch]
            } else {
                &["switch", "-q", "-c", branch, "main"]
            };
            git(&one, words);
            create(&one, &format!("{branch} {round}"));
            commit(&one, branch);
        }
    }
    let right = log(&one);
    git(&one, &["switch", "-q", "left"]);
    let left = log(&one);
    git(&one, &["merge", "-q", "--no-edit", "right"]);
    let merged: BTreeSet<String> = log(&one).into_iter().collect();
    assert!(left.iter().chain(&right).all(|line| merged.contains(line)));
    ok(&one, &["validate"]);
    // Nothing was lost that would have to be recovered.
    assert_eq!(ok(&one, &["recover", "--json"]).trim(), "[]");
}
