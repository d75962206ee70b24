//! `jit issue comment`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn is_kept_and_shown() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.check(
        &["issue", "comment", &id, "needs a lookahead"],
        expect![[r#"
        --- stderr
        Commented on 0001abcdef.
    "#]],
    );
    repo.check(
        &["issue", "show", &id],
        expect![[r#"
        0001abcdef  A
        ready, normal, task

        human:tester, 2026-01-31T12:00:00.000000Z
          needs a lookahead

        created:      2026-01-31T12:00:00.000000Z by human:tester
        updated:      2026-01-31T12:00:00.000000Z
        rev:          2, etag e7a90000000000000001
    "#]],
    );
    repo.check(
        &["issue", "comment", &id, ""],
        expect![[r#"
        --- stderr
        error: comment: must be 1 to 65536 bytes
        --- exit 4
    "#]],
    );
    repo.check(
        &["issue", "comment", &id, "@nowhere"],
        expect![[r#"
            --- stderr
            error: can't read `nowhere`: there is no such file or directory
            hint: check the path
            hint: a text that begins with @ is written @@nowhere
            --- exit 10
        "#]],
    );
}
