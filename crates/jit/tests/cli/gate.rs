//! The `jit gate` commands.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn a_definition_may_be_repeated_but_not_contradicted() {
    let repo = Repo::new();
    repo.check(
        &[
            "gate",
            "define",
            "review",
            "--title",
            "Code review",
            "--role",
            "human",
        ],
        expect![[r#"
            --- stderr
            Defined gate review (entry).
        "#]],
    );
    repo.check(
        &[
            "gate",
            "define",
            "review",
            "--title",
            "Code review",
            "--role",
            "human",
        ],
        expect![[r#"
            --- stderr
            Nothing to change.
        "#]],
    );
    repo.check(
        &["gate", "define", "review", "--title", "Other"],
        expect![[r#"
        --- stderr
        error: gate `review` is already defined differently
        hint: jit gate show review
        --- exit 6
    "#]],
    );
}

#[test]
fn definitions_are_listed_and_shown() {
    let repo = Repo::new();
    repo.ok(&[
        "gate",
        "define",
        "review",
        "--title",
        "Code review",
        "--role",
        "human",
    ]);
    repo.check(
        &["gate", "list"],
        expect![[r#"
        review  entry  manual  Code review
    "#]],
    );
    repo.check(&["gate", "show", "review", "--json"], expect![[r#"
        {"description":"","key":"review","mode":"manual","role":"human","stage":"entry","title":"Code review"}
    "#]]);
    repo.check(
        &["gate", "show", "reviw"],
        expect![[r#"
        --- stderr
        error: gate `reviw` is not defined
        hint: jit gate show review
        --- exit 3
    "#]],
    );
    repo.check(&["gate", "define", "../x", "--title", "T"], expect![[r#"
        --- stderr
        error: invalid value '../x' for '<KEY>': `../x` is not a gate key (lower-case letters, digits, `-` and `_`, at most 64)
        --- exit 2
    "#]]);
    repo.check(
        &["gate", "define", "x", "--title", "T", "--stage", "exti"],
        expect![[r#"
            --- stderr
            error: invalid value 'exti' for '--stage <STAGE>' [possible values: entry, exit]
            hint: a similar value exists: 'exit'
            --- exit 2
        "#]],
    );
}

#[test]
fn an_entry_gate_guards_ready() {
    let repo = Repo::new();
    repo.ok(&["gate", "define", "review", "--title", "Review"]);
    let id = repo.create("A");
    repo.check(
        &["gate", "add", &id, "review"],
        expect![[r#"
            --- stderr
            0001abcdef requires review now (open).
        "#]],
    );
    repo.check(
        &[
            "gate",
            "pass",
            &id,
            "review",
            "--by",
            "human:ada",
            "--note",
            "fine",
        ],
        expect![[r#"
            --- stderr
            Passed review of 0001abcdef (ready).
        "#]],
    );
    repo.check(
        &["gate", "fail", &id, "review"],
        expect![[r#"
        --- stderr
        Failed review of 0001abcdef (open).
    "#]],
    );
    repo.check(
        &["gate", "rm", &id, "review"],
        expect![[r#"
            --- stderr
            0001abcdef no longer requires review (ready).
        "#]],
    );
    repo.check(
        &["gate", "pass", &id, "review"],
        expect![[r#"
            --- stderr
            error: issue `0001abcdef` does not require gate `review`
            hint: jit issue show 0001abcdef
            --- exit 4
        "#]],
    );
}

#[test]
fn a_failed_exit_gate_opens_the_issue_again() {
    let repo = Repo::new();
    repo.ok(&[
        "gate", "define", "tests", "--title", "Tests", "--stage", "exit",
    ]);
    let id = repo.create_with("A", &["--gate", "tests"]);
    repo.ok(&["issue", "claim", &id, "copilot-1"]);
    repo.ok(&["issue", "done", &id]);
    repo.check(
        &["gate", "fail", &id, "tests", "--note", "red"],
        expect![[r#"
        --- stderr
        Failed tests of 0001abcdef (ready).
    "#]],
    );
    repo.check(
        &["issue", "show", &id],
        expect![[r#"
        0001abcdef  A
        ready, normal, task
        gate:         tests failed by human:tester at 2026-01-31T12:00:00.000000Z — red

        created:      2026-01-31T12:00:00.000000Z by human:tester
        updated:      2026-01-31T12:00:00.000000Z
        rev:          4, etag e7a90000000000000001
    "#]],
    );
}

#[test]
fn a_role_is_asked_of_whoever_passes() {
    let repo = Repo::new();
    repo.ok(&[
        "gate", "define", "review", "--title", "Review", "--role", "human",
    ]);
    let id = repo.create_with("A", &["--gate", "review"]);
    repo.check(
        &[
            "gate", "pass", &id, "review", "--actor", "agent:a", "--json",
        ],
        expect![[r#"
            --- stderr
            {"error":{"code":"not_permitted","details":{"gate":"review"},"hint":"jit gate show review","message":"gate `review` can only be passed by human, not by agent:a","retryable":false}}
            --- exit 5
        "#]],
    );
}
