//! `jit issue hold` and `unhold`.

use crate::harness::{Repo, Surroundings};
use expect_test::expect;

#[test]
fn keeps_it_from_being_ready_until_lifted() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.check(
        &["issue", "hold", &id, "waits for Ada"],
        expect![[r#"
        --- stderr
        Put 0001abcdef on hold.
    "#]],
    );
    repo.check(
        &["why", &id],
        expect![[r#"
        0001abcdef  open  A
          on hold by human:tester: waits for Ada
    "#]],
    );
    repo.check(
        &["issue", "claim", &id, "copilot-1"],
        expect![[r#"
        --- stderr
        error: issue `0001abcdef` is not ready: on hold by human:tester: waits for Ada
        hint: jit why 0001abcdef
        --- exit 4
    "#]],
    );
    repo.check(
        &["issue", "unhold", &id],
        expect![[r#"
        --- stderr
        Lifted the hold of 0001abcdef (ready).
    "#]],
    );
    repo.check(
        &["issue", "unhold", &id],
        expect![[r#"
        --- stderr
        Nothing to change.
    "#]],
    );
}

#[test]
fn the_reason_comes_from_standard_input() {
    let repo = Repo::new();
    let id = repo.create("A");
    let piped = Surroundings {
        stdin: "died three times\n",
        ..Surroundings::default()
    };
    assert_eq!(repo.jit_in(&["issue", "hold", &id, "-"], piped).code, 0);
    assert_eq!(
        repo.json(&["issue", "show", &id])["hold"]["reason"],
        "died three times"
    );
}
