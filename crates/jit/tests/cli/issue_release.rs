//! `jit issue release`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn gives_it_back() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.ok(&["issue", "claim", &id, "copilot-1"]);
    repo.check(
        &["issue", "release", &id, "not today", "--actor", "copilot-2"],
        expect![[r#"
            --- stderr
            error: agent:copilot-2 does not hold issue `0001abcdef`
            hint: jit issue show 0001abcdef
            --- exit 4
        "#]],
    );
    repo.check(
        &["issue", "release", &id, "not today", "--actor", "copilot-1"],
        expect![[r#"
            --- stderr
            Released 0001abcdef (ready).
        "#]],
    );
    repo.check(
        &["events", "query", "--type", "issue.released"],
        expect![[r#"
        2026-01-31T12:00:00.000000Z  0001abcdef  issue.released   agent:copilot-1  not today
    "#]],
    );
}

#[test]
fn not_before_keeps_it_from_being_ready() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.ok(&["issue", "claim", &id, "copilot-1"]);
    repo.ok(&[
        "issue",
        "release",
        &id,
        "--epoch",
        "1",
        "--not-before",
        "1h",
    ]);
    assert_eq!(repo.state(&id), "open");
    repo.check(
        &["why", &id],
        expect![[r#"
        0001abcdef  open  A
          not before 2026-01-31T12:00:00.000000Z
    "#]],
    );
}
