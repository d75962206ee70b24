//! `jit where`.

use crate::harness::{Repo, Surroundings};
use expect_test::expect;

#[test]
fn names_the_store_and_why() {
    let repo = Repo::new();
    repo.check(
        &["where"],
        expect![[r#"
            store:        /repo/.jit
            root:         /repo
            private:      /repo/.git/jit
            reason:       repository
            why:          it lies at the top of this repository
            git dir:      /repo/.git
        "#]],
    );
    repo.check(&["where", "--json"], expect![[r#"
        {"git_dir":"/repo/.git","private":"/repo/.git/jit","reason":"repository","root":"/repo","store":"/repo/.jit","why":"it lies at the top of this repository"}
    "#]]);
}

#[test]
fn without_a_store_it_is_not_found() {
    let repo = Repo::bare();
    repo.check(
        &["where"],
        expect![[r#"
        --- stderr
        error: no store in `/repo` or above it (the repository `/repo` has none)
        hint: jit init
        --- exit 3
    "#]],
    );
    repo.check(&["query", "ready", "--json"], expect![[r#"
        --- stderr
        {"error":{"code":"no_store","details":{},"hint":"jit init","message":"no store in `/repo` or above it (the repository `/repo` has none)","retryable":false}}
        --- exit 3
    "#]]);
}

#[test]
fn the_environment_and_the_flag_override() {
    let repo = Repo::new();
    let outside = tempfile::tempdir().unwrap();
    let root = repo.root().to_str().unwrap();
    let elsewhere = outside.path().to_str().unwrap();
    let named = Surroundings {
        variables: &[("JIT_DIR", root)],
        dir: elsewhere,
        ..Surroundings::default()
    };
    repo.check_in(
        &["where"],
        named,
        expect![[r#"
            store:        /repo/.jit
            root:         /repo
            private:      /repo/.git/jit
            reason:       named
            why:          you named it
            git dir:      /repo/.git
        "#]],
    );
    let flagged = Surroundings {
        variables: &[("JIT_DIR", elsewhere)],
        ..named
    };
    repo.check_in(
        &["-C", root, "where", "--fields", "why", "--json"],
        flagged,
        expect![[r#"
            {"why":"it lies at the top of this repository"}
        "#]],
    );
}
