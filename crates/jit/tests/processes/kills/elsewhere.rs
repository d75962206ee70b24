//! Signal 9 at every system call of the commands that write otherwise than by one transaction over a whole store.
//!
//! Owns a law for each: whatever a killed `init`, `recover` or `resolve` left, the next one completes it, and the store works;
//! a killed `merge-driver` leaves one of the two versions whole.

use std::path::Path;

use serde_json::json;

use crate::support::figures;
use crate::support::program::{Answer, git, jit};
use crate::support::repo::{Repo, words};
use crate::support::strace::{self, Thread};
use crate::support::tree::Tree;

#[test]
fn a_killed_init_is_completed_by_the_next() {
    if !strace::is_available("kills of init") {
        return;
    }
    let repo = Repo::in_memory();
    let root = repo.neighbour("new");
    std::fs::create_dir(&root).expect("a directory can be made");
    git(&root, &["init", "-q", "-b", "main", "--template="]);
    let start = Tree::of(&root);
    let command = words(&["init"]);
    let mut points = strace::trace(&root, &command).points_from_store(&root);
    // The other ones are git's, which init asks to settle its configuration.
    points.retain(|point| point.thread == Thread::Main);
    let complete = Tree::of(&root);
    let mut n_kills = 0;
    for point in &points {
        start.restore(&root);
        let killed = strace::kill_at(point, &root, &command);
        n_kills += usize::from(killed.signal == Some(9));
        let again = |arguments: &[&str]| {
            Answer::of(&mut jit(&root, arguments))
                .succeeded(&format!("{arguments:?} after a kill at {point:?}"))
        };
        again(&["init"]);
        let left = Tree::of(&root);
        let lacking: Vec<_> = complete.paths().filter(|path| !left.has(path)).collect();
        assert!(
            lacking.is_empty(),
            "a kill at {point:?}: {lacking:?} missing"
        );
        again(&["issue", "create", "-t", "first"]);
        again(&["validate"]);
    }
    figures::record("kills of init", &json!({ "kills": n_kills, "bad": 0 }));
    assert!(n_kills * 10 > points.len() * 9, "only {n_kills} kills hit");
    assert!(n_kills > 20, "only {n_kills} kills");
}

#[test]
fn a_killed_recover_is_completed_by_the_next() {
    if !strace::is_available("kills of recover") {
        return;
    }
    let repo = Repo::in_memory();
    let root = repo.root();
    let ids = ["one", "two"].map(|title| repo.create(title));
    repo.ok(&["issue", "comment", &ids[0], "a word"]);
    let before = Tree::of(root);
    let gone = format!(":(glob).jit/issues/**/{}.json", ids[0]);
    git(root, &["clean", "-xfdq", "--", &gone]);
    let start = Tree::of(root);
    assert_ne!(before, start, "git takes the file away");
    let command = words(&["recover"]);
    let mut points = strace::trace(root, &command).points_from_store(root);
    // The other ones are git's, which recover asks what it can bring back itself.
    points.retain(|point| point.thread == Thread::Main);
    let mut n_kills = 0;
    for point in &points {
        start.restore(root);
        let killed = strace::kill_at(point, root, &command);
        n_kills += usize::from(killed.signal == Some(9));
        repo.ok(&["recover"]);
        // What the killed one has committed is in the log, and the next writer carries it out.
        repo.create("afterwards");
        let lacking: Vec<_> = before
            .files_below(Path::new(".jit/issues"))
            .filter(|(path, bytes)| Tree::of(root).file(path) != Some(bytes))
            .map(|(path, _)| path.to_owned())
            .collect();
        assert!(
            lacking.is_empty(),
            "a kill at {point:?}: {lacking:?} differ"
        );
        repo.ok(&["validate"]);
    }
    figures::record("kills of recover", &json!({ "kills": n_kills, "bad": 0 }));
    assert!(n_kills * 10 > points.len() * 9, "only {n_kills} kills hit");
}

#[test]
fn a_killed_merge_driver_leaves_a_whole_version() {
    if !strace::is_available("kills of the merge driver") {
        return;
    }
    let repo = Repo::in_memory();
    let root = repo.root();
    let id = repo.create("one");
    let path = format!(".jit/issues/{}/{id}.json", &id[..2]);
    let read = || std::fs::read(root.join(&path)).expect("the issue has a file");
    let base = read();
    repo.ok(&["issue", "update", &id, "--label", "ours"]);
    let ours = read();
    std::fs::write(root.join(&path), &base).expect("the file can be taken back");
    repo.ok(&["issue", "update", &id, "--label", "theirs"]);
    let theirs = read();
    for (name, bytes) in [("base", &base), ("ours", &ours), ("theirs", &theirs)] {
        std::fs::write(root.join(name), bytes).expect("a version can be written");
    }
    let start = Tree::of(root);
    let command = words(&["merge-driver", "base", "ours", "theirs", "7", &path]);
    let trace = strace::trace(root, &command);
    assert_eq!(trace.answer.code, Some(0), "{:?}", trace.answer);
    let merged = std::fs::read(root.join("ours")).expect("the result is there");
    assert_ne!(merged, ours, "the driver merges");
    let points = trace.points_from_store(root);
    let mut n_kills = 0;
    for point in &points {
        start.restore(root);
        let killed = strace::kill_at(point, root, &command);
        n_kills += usize::from(killed.signal == Some(9));
        let left = std::fs::read(root.join("ours")).expect("our version is there");
        assert!(
            left == ours || left == merged,
            "a kill at {point:?} leaves half a version"
        );
    }
    figures::record(
        "kills of the merge driver",
        &json!({ "kills": n_kills, "bad": 0 }),
    );
    assert!(n_kills * 10 > points.len() * 9, "only {n_kills} kills hit");
}

/// Kills a command at each of its own calls, repeats it after each kill, and looks at what is there then.
fn kill_and_repeat(name: &str, repo: &Repo, command: &[&str], check: impl Fn(&str)) {
    if !strace::is_available(&format!("kills of {name}")) {
        return;
    }
    let root = repo.root();
    let start = Tree::of(root);
    let given = words(command);
    let trace = strace::trace(root, &given);
    assert_eq!(trace.answer.code, Some(0), "{:?}", trace.answer);
    check("undisturbed");
    let mut points = trace.points_from_store(root);
    // The other ones are those of git.
    points.retain(|point| point.thread == Thread::Main);
    let mut n_kills = 0;
    for point in &points {
        start.restore(root);
        let killed = strace::kill_at(point, root, &given);
        n_kills += usize::from(killed.signal == Some(9));
        let again = repo.jit(command);
        assert_eq!(again.code, Some(0), "after a kill at {point:?}: {again:?}");
        repo.create("afterwards");
        repo.ok(&["validate"]);
        check(&format!("after a kill at {point:?}"));
    }
    figures::record(
        &format!("kills of {name}"),
        &json!({ "kills": n_kills, "bad": 0 }),
    );
    assert!(n_kills * 10 > points.len() * 9, "only {n_kills} kills hit");
}

#[test]
fn a_killed_resolve_is_completed_by_the_next() {
    let repo = Repo::in_memory();
    let root = repo.root();
    let id = repo.create("one");
    let name = format!(".jit/issues/{}/{id}.json", &id[..2]);
    let path = root.join(&name);
    let read = || std::fs::read(&path).expect("the issue has a file");
    let base = read();
    let versions = ["ours", "theirs"].map(|title| {
        std::fs::write(&path, &base).expect("the file can be taken back");
        repo.ok(&["issue", "update", &id, "--title", title]);
        read()
    });
    for (side, bytes) in [
        ("base", &base),
        ("ours", &versions[0]),
        ("theirs", &versions[1]),
    ] {
        std::fs::write(root.join(side), bytes).expect("a version can be written");
    }
    let merged = repo.jit(&["merge-driver", "base", "ours", "theirs", "7", &name]);
    assert_eq!(
        merged.code,
        Some(1),
        "the two titles are a conflict: {merged:?}"
    );
    std::fs::copy(root.join("ours"), &path).expect("the result can be put in place");
    kill_and_repeat(
        "resolve",
        &repo,
        &["resolve", &id, "--take", "ours"],
        |what| {
            let text = read();
            let issue: serde_json::Value = serde_json::from_slice(&text).expect("it is JSON");
            assert!(issue["_conflicts"].is_null(), "{what}: {issue}");
        },
    );
}
