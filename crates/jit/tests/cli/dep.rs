//! `jit dep add` and `dep rm`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn an_edge_blocks_and_frees() {
    let repo = Repo::new();
    let parser = repo.create("Parser");
    let tests = repo.create("Tests");
    repo.check(
        &["dep", "add", &tests, &parser],
        expect![[r#"
            --- stderr
            0002abcdef waits for 1 issue now (open).
        "#]],
    );
    repo.check(
        &["dep", "add", &tests, &parser],
        expect![[r#"
        --- stderr
        Nothing to change.
    "#]],
    );
    repo.check(
        &["dep", "rm", &tests, &parser],
        expect![[r#"
            --- stderr
            0002abcdef waits for 0 issues now (ready).
        "#]],
    );
    repo.check(
        &["dep", "rm", &tests, &parser],
        expect![[r#"
        --- stderr
        Nothing to change.
    "#]],
    );
}

#[test]
fn a_cycle_is_refused_with_its_path() {
    let repo = Repo::new();
    let first = repo.create("First");
    let second = repo.create_with("Second", &["--dep", &first]);
    repo.check(
        &["dep", "add", &first, &second],
        expect![[r#"
        --- stderr
        error: that would make a cycle: 0001abcdef → 0002abcdef → 0001abcdef
        hint: jit graph show 0001abcdef
        --- exit 4
    "#]],
    );
    repo.check(&["dep", "add", &first, &second, "--json"], expect![[r#"
        --- stderr
        {"error":{"code":"cycle","details":{"cycle":["0001abcdef","0002abcdef","0001abcdef"]},"hint":"jit graph show 0001abcdef","message":"that would make a cycle: 0001abcdef → 0002abcdef → 0001abcdef","retryable":false}}
        --- exit 4
    "#]]);
    repo.check(
        &["dep", "add", &first, &first],
        expect![[r#"
        --- stderr
        error: that would make a cycle: 0001abcdef
        hint: jit graph show 0001abcdef
        --- exit 4
    "#]],
    );
    repo.check(
        &["dep", "add", &first, "zzzz"],
        expect![[r#"
        --- stderr
        error: no issue matches `zzzz`
        hint: jit issue list
        --- exit 3
    "#]],
    );
}
