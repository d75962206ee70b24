//! `jit why`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn names_every_reason() {
    let repo = Repo::new();
    let epic = repo.create_with("Epic", &["--type", "epic"]);
    let child = repo.create_with("Child", &["--parent", &epic]);
    let other = repo.create("Other");
    repo.ok(&["dep", "add", &epic, &other]);
    repo.check(
        &["why", &epic],
        expect![[r#"
        0001abcdef  open  Epic
          dependency 0003abcdef is not resolved
          child 0002abcdef is not resolved
    "#]],
    );
    repo.check(
        &["why", &child],
        expect![[r#"
        0002abcdef  open  Child
          parent 0001abcdef is blocked (dependency)
    "#]],
    );
    repo.check(
        &["why", &child, "--json", "--fields", "blocked_by"],
        expect![[r#"
            {"blocked_by":[{"because":["dependency"],"id":"0001abcdef","kind":"parent"}]}
        "#]],
    );
    repo.check(
        &["why", &other],
        expect![[r#"
        0003abcdef  ready  Other
        --- stderr
        Nothing blocks it: it can be claimed.
    "#]],
    );
}
