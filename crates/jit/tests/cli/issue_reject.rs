//! `jit issue reject`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn frees_what_waited_for_it() {
    let repo = Repo::new();
    let first = repo.create("First");
    repo.create_with("Second", &["--dep", &first]);
    repo.check(
        &["issue", "reject", &first, "superseded"],
        expect![[r#"
        --- stderr
        Rejected 0001abcdef.
        Now ready: 0002abcdef Second
    "#]],
    );
    repo.check(
        &["issue", "reject", &first],
        expect![[r#"
        --- stderr
        Nothing to change.
    "#]],
    );
    assert_eq!(
        repo.json(&["issue", "show", &first])["close_reason"],
        "superseded"
    );
}

#[test]
fn done_cannot_be_rejected() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.ok(&["issue", "done", &id]);
    repo.check(
        &["issue", "reject", &id],
        expect![[r#"
        --- stderr
        error: issue `0001abcdef` is done: it can't be rejected
        hint: jit issue show 0001abcdef
        --- exit 4
    "#]],
    );
}
