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

#[test]
fn a_gate_that_is_required_stays_unless_forced() {
    let repo = Repo::new();
    repo.ok(&["gate", "define", "review", "--title", "Review"]);
    repo.ok(&[
        "gate", "define", "tests", "--title", "Tests", "--stage", "exit",
    ]);
    let first = repo.create_with("First", &["--gate", "review"]);
    let second = repo.create_with("Second", &["--gate", "tests"]);
    repo.ok(&["issue", "done", &second]);
    repo.check(
        &["gate", "remove", "review"],
        expect![[r#"
        --- stderr
        error: gate `review` can't be removed: 0001abcdef requires it
        hint: jit issue show 0001abcdef
        --- exit 4
    "#]],
    );
    repo.check(&["gate", "remove", "review", "--json"], expect![[r#"
        --- stderr
        {"error":{"code":"refused","details":{"gate":"review","issues":["0001abcdef"]},"hint":"jit issue show 0001abcdef","message":"gate `review` can't be removed: 0001abcdef requires it","retryable":false}}
        --- exit 4
    "#]]);
    repo.check(
        &["gate", "remove", "review", "--force", "--dry-run"],
        expect![[r#"
            --- stderr
            Dry run: nothing was written.
        "#]],
    );
    repo.check(
        &["gate", "remove", "review", "--force", "--json"],
        expect![[r#"
            {"changed":true,"description":"","key":"review","mode":"manual","stage":"entry","title":"Review","transitions":[{"from":"open","id":"0001abcdef","to":"ready"}]}
        "#]],
    );
    repo.check(
        &["gate", "remove", "tests", "--force"],
        expect![[r#"
        --- stderr
        Removed gate tests.
    "#]],
    );
    assert_eq!(
        (repo.state(&first), repo.state(&second)),
        ("ready".to_owned(), "done".to_owned())
    );
    repo.check(&["gate", "list"], expect![[""]]);
    repo.check(
        &["validate"],
        expect![[r#"
        --- stderr
        2 issues, nothing is wrong.
    "#]],
    );
}

#[test]
fn the_log_tells_of_a_removed_gate_and_of_its_requirements() {
    let repo = Repo::new();
    repo.ok(&["gate", "define", "review", "--title", "Review"]);
    repo.create_with("First", &["--gate", "review"]);
    repo.ok(&["gate", "remove", "review", "--force"]);
    let members = ["--json", "--fields", "type,issue,gate,note,changes"];
    let kinds = ["events", "query", "--type", "gate.required,gate.defined"];
    repo.check(&[&kinds[..], &members].concat(), expect![[r#"
        {"changes":{"key":[null,"review"],"mode":[null,"manual"],"stage":[null,"entry"],"title":[null,"Review"]},"gate":"review","type":"gate.defined"}
        {"changes":{"gates":[{"review":{"at":null,"by":null,"note":null,"run":null,"status":"pending"}},{}]},"issue":"0001abcdef","note":"gate review was removed","type":"gate.required"}
        {"changes":{"key":["review",null],"mode":["manual",null],"stage":["entry",null],"title":["Review",null]},"gate":"review","note":"removed","type":"gate.defined"}
    "#]]);
}

#[test]
fn only_what_is_defined_can_be_removed() {
    let repo = Repo::new();
    repo.check(
        &["gate", "remove", "review"],
        expect![[r#"
        --- stderr
        error: gate `review` is not defined
        hint: jit gate list
        --- exit 3
    "#]],
    );
    repo.ok(&["gate", "define", "review", "--title", "Review"]);
    repo.check(
        &["gate", "remove", "reviews"],
        expect![[r#"
        --- stderr
        error: gate `reviews` is not defined
        hint: jit gate show review
        --- exit 3
    "#]],
    );
    repo.check(&["gate", "remove", "Review"], expect![[r#"
        --- stderr
        error: invalid value 'Review' for '<KEY>': `Review` is not a gate key (lower-case letters, digits, `-` and `_`, at most 64)
        --- exit 2
    "#]]);
    repo.check(
        &["gate", "remove", "review", "--if-etag", "x"],
        expect![[r#"
            --- stderr
            error: this command can't honour --if-etag
            --- exit 2
        "#]],
    );
    repo.check(
        &["gate", "remove", "review", "--key", "k1"],
        expect![[r#"
        --- stderr
        Removed gate review.
    "#]],
    );
    repo.check(
        &["gate", "remove", "review", "--key", "k1", "--json"],
        expect![[r#"
            {"changed":false,"key":"review","transitions":[]}
        "#]],
    );
}

#[test]
fn a_resolved_issue_keeps_what_it_has_passed() {
    let repo = Repo::new();
    repo.ok(&[
        "gate", "define", "review", "--title", "Review", "--stage", "exit",
    ]);
    let id = repo.create_with("A", &["--gate", "review"]);
    repo.ok(&["gate", "pass", &id, "review"]);
    repo.ok(&["issue", "done", &id]);
    repo.ok(&["gate", "remove", "review"]);
    let passed = repo.json(&["issue", "show", &id])["gates"]["review"]["status"].clone();
    assert_eq!(passed, "passed");
    repo.check(
        &["validate"],
        expect![[r#"
        --- stderr
        1 issue, nothing is wrong.
    "#]],
    );
}

#[test]
fn the_registry_is_the_gates_by_another_name() {
    let repo = Repo::new();
    repo.check(
        &["registry", "add", "review", "--title", "Review"],
        expect![[r#"
            --- stderr
            Defined gate review (entry).
        "#]],
    );
    repo.check(
        &["registry", "define", "tests", "--title", "Tests"],
        expect![[r#"
            --- stderr
            Defined gate tests (entry).
        "#]],
    );
    repo.check(
        &["registry", "list"],
        expect![[r#"
        review  entry  manual  Review
        tests   entry  manual  Tests
    "#]],
    );
    repo.check(
        &["registry", "show", "review", "--fields", "key,title"],
        expect![[r#"
            review  Review
        "#]],
    );
    repo.check(
        &["registry", "remove", "review"],
        expect![[r#"
        --- stderr
        Removed gate review.
    "#]],
    );
    repo.check(
        &["registry", "list", "-o", "id"],
        expect![[r#"
        tests
    "#]],
    );
    repo.check(
        &["registry", "list", "--key", "k"],
        expect![[r#"
        --- stderr
        error: this command can't honour --key
        --- exit 2
    "#]],
    );
    repo.check(
        &["registry", "pass", "x"],
        expect![[r#"
        --- stderr
        error: unrecognized subcommand 'pass'
        hint: usage: jit registry [OPTIONS] <COMMAND>
        --- exit 2
    "#]],
    );
}
