//! `jit issue archive`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn resolved_issues_leave_the_daily_lists() {
    let repo = Repo::new();
    let done = repo.create("Done");
    let rejected = repo.create("Rejected");
    let open = repo.create_with("Open", &["--dep", &done]);
    repo.ok(&["issue", "done", &done]);
    repo.ok(&["issue", "reject", &rejected]);
    repo.check(
        &["issue", "archive", &done, &rejected],
        expect![[r#"
        --- stderr
        Archived 0001abcdef.
        Archived 0002abcdef.
    "#]],
    );
    repo.check(
        &["issue", "archive", &done],
        expect![[r#"
        --- stderr
        Nothing to change.
    "#]],
    );
    repo.check(
        &["issue", "list"],
        expect![[r#"
        0003abcdef  normal  ready  -  Open
    "#]],
    );
    repo.check(
        &["issue", "list", "--all"],
        expect![[r#"
        0001abcdef  normal  archived  -  Done
        0002abcdef  normal  archived  -  Rejected
        0003abcdef  normal  ready     -  Open
    "#]],
    );
    assert_eq!(
        repo.state(&open),
        "ready",
        "an archived dependency blocks nobody"
    );
    repo.check(
        &["issue", "reopen", &done],
        expect![[r#"
        --- stderr
        Reopened 0001abcdef (ready).
        Now blocked: 0003abcdef Open
    "#]],
    );
    repo.check(
        &["validate"],
        expect![[r#"
        --- stderr
        3 issues, nothing is wrong.
    "#]],
    );
}

#[test]
fn unresolved_ones_stay() {
    let repo = Repo::new();
    let done = repo.create("Done");
    let open = repo.create("Open");
    repo.ok(&["issue", "done", &done]);
    repo.check(
        &["issue", "archive", &done, &open],
        expect![[r#"
        --- stderr
        error: issue `0002abcdef` is open: it can't be archived
        hint: jit issue show 0002abcdef
        --- exit 4
    "#]],
    );
    assert_eq!(repo.state(&done), "done", "all or nothing");
    repo.check(
        &["issue", "update", &done, "--state", "archived"],
        expect![[r#"
            --- stderr
            Updated 0001abcdef (archived).
        "#]],
    );
}
