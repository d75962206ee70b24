//! Signal 9 at every system call of `jit init`.
//!
//! Owns the law: whatever a killed `init` left, the next one completes it, and the store works.

use serde_json::json;

use crate::support::figures;
use crate::support::program::{Answer, git, jit};
use crate::support::repo::{Repo, words};
use crate::support::strace;
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
    let points = strace::trace(&root, &command).points_from_store(&root);
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
