//! `jit init`.

use crate::harness::{Repo, Surroundings};
use expect_test::expect;

#[test]
fn makes_a_store_at_the_top_of_the_repository() {
    let repo = Repo::bare();
    repo.write("deep/er/file", "");
    let below = Surroundings {
        dir: "deep/er",
        ..Surroundings::default()
    };
    repo.check_in(
        &["init"],
        below,
        expect![[r#"
        --- stderr
        Made the store `/repo/.jit`.
    "#]],
    );
    assert!(repo.root().join(".jit/format.json").is_file());
    assert!(!repo.root().join("deep/er/.jit").exists());
}

#[test]
fn twice_is_harmless() {
    let repo = Repo::new();
    repo.check(
        &["init"],
        expect![[r#"
        --- stderr
        The store `/repo/.jit` is there already.
    "#]],
    );
    repo.check(&["init", "--json"], expect![[r#"
        {"changed":false,"created":[],"git_dir":"/repo/.git","private":"/repo/.git/jit","root":"/repo","store":"/repo/.jit","why":"it lies at the top of this repository"}
    "#]]);
}

#[test]
fn a_dry_run_makes_nothing() {
    let repo = Repo::bare();
    repo.check(
        &["init", "--dry-run"],
        expect![[r#"
        --- stderr
        The store would be `/repo/.jit`.
    "#]],
    );
    assert!(!repo.root().join(".jit").exists());
}
