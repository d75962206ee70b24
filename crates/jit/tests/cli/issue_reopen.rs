//! `jit issue reopen`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn blocks_again_what_waits_for_it() {
    let repo = Repo::new();
    let first = repo.create("First");
    repo.create_with("Second", &["--dep", &first]);
    repo.ok(&["issue", "done", &first]);
    repo.check(
        &["issue", "reopen", &first],
        expect![[r#"
        --- stderr
        Reopened 0001abcdef (ready).
        Now blocked: 0002abcdef Second
    "#]],
    );
    repo.check(
        &["issue", "reopen", &first],
        expect![[r#"
        --- stderr
        Nothing to change.
    "#]],
    );
}
