//! `jit issue done`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn readies_what_waited_for_it() {
    let repo = Repo::new();
    let first = repo.create("First");
    let second = repo.create_with("Second", &["--dep", &first]);
    repo.check(
        &["issue", "done", &second],
        expect![[r#"
        --- stderr
        error: issue `0002abcdef` can't be done: dependency 0001abcdef is not resolved
        hint: jit issue show 0001abcdef
        --- exit 4
    "#]],
    );
    repo.check(
        &["done", &first],
        expect![[r#"
        --- stderr
        Finished 0001abcdef (done).
        Now ready: 0002abcdef Second
    "#]],
    );
    repo.check(
        &[
            "issue",
            "done",
            &first,
            "--json",
            "--fields",
            "changed,transitions",
        ],
        expect![[r#"
            {"changed":false,"transitions":[]}
        "#]],
    );
    repo.check(
        &[
            "issue",
            "done",
            &second,
            "--json",
            "--fields",
            "changed,transitions",
        ],
        expect![[r#"
            {"changed":true,"transitions":[{"from":"ready","id":"0002abcdef","to":"done"}]}
        "#]],
    );
}

#[test]
fn exit_gates_make_it_gated() {
    let repo = Repo::new();
    repo.ok(&[
        "gate", "define", "tests", "--title", "Tests", "--stage", "exit",
    ]);
    let id = repo.create_with("A", &["--gate", "tests"]);
    repo.check(
        &["issue", "done", &id],
        expect![[r#"
        --- stderr
        Finished 0001abcdef (gated).
    "#]],
    );
    repo.check(
        &["why", &id],
        expect![[r#"
        0001abcdef  gated  A
        --- stderr
        The work is done, but gate tests is pending.
    "#]],
    );
    repo.check(
        &["gate", "pass", &id, "tests"],
        expect![[r#"
        --- stderr
        Passed tests of 0001abcdef (done).
    "#]],
    );
}

#[test]
fn force_overrides_and_is_logged() {
    let repo = Repo::new();
    let first = repo.create("First");
    let second = repo.create_with("Second", &["--dep", &first]);
    repo.ok(&["issue", "done", &second, "--force"]);
    repo.check(&["events", "query", "--type", "issue.done"], expect![[r#"
        2026-01-31T12:00:00.000000Z  0002abcdef  issue.done       human:tester  forced: dependency 0001abcdef is not resolved
    "#]]);
}

#[test]
fn a_stale_epoch_writes_nothing() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.ok(&["issue", "claim", &id, "copilot-1"]);
    repo.check(
        &["issue", "done", &id, "--epoch", "7"],
        expect![[r#"
            --- stderr
            error: epoch 7 of issue `0001abcdef` is no longer current: the issue is held under epoch 1
            hint: jit issue show 0001abcdef
            --- exit 7
        "#]],
    );
    repo.check(&["issue", "done", &id, "--epoch", "7", "--json"], expect![[r#"
        --- stderr
        {"error":{"code":"lease_lost","details":{"current":1,"id":"0001abcdef","presented":7},"hint":"jit issue show 0001abcdef","message":"epoch 7 of issue `0001abcdef` is no longer current: the issue is held under epoch 1","retryable":false}}
        --- exit 7
    "#]]);
    assert_eq!(repo.state(&id), "in_progress");
}
