//! `jit issue assign` and `unassign`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn says_who_shall_do_it_and_takes_it_back() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.check(
        &["issue", "assign", &id, "human:ada"],
        expect![[r#"
        --- stderr
        Assigned 0001abcdef to human:ada.
    "#]],
    );
    repo.check(
        &["issue", "assign", &id, "human:ada"],
        expect![[r#"
        --- stderr
        Nothing to change.
    "#]],
    );
    repo.check(
        &["issue", "claim", &id, "copilot-1"],
        expect![[r#"
        --- stderr
        error: issue `0001abcdef` is assigned to human:ada
        hint: jit issue show 0001abcdef
        --- exit 6
    "#]],
    );
    repo.check(
        &["issue", "unassign", &id],
        expect![[r#"
        --- stderr
        Unassigned 0001abcdef (ready).
    "#]],
    );
}

#[test]
fn a_live_lease_is_a_conflict() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.ok(&["issue", "claim", &id, "copilot-1"]);
    repo.check(
        &["issue", "assign", &id, "human:ada"],
        expect![[r#"
        --- stderr
        error: issue `0001abcdef` is held by agent:copilot-1
        hint: jit issue show 0001abcdef
        --- exit 6
    "#]],
    );
    repo.check(
        &["issue", "assign", &id, "human:ada", "--force"],
        expect![[r#"
        --- stderr
        Assigned 0001abcdef to human:ada.
    "#]],
    );
}
