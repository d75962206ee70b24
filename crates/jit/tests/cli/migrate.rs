//! `jit migrate`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn there_is_nothing_to_migrate_yet() {
    let repo = Repo::new();
    repo.check(
        &["migrate"],
        expect![[r#"
        --- stderr
        Nothing to migrate: the store has version 1.
    "#]],
    );
    repo.check(
        &["migrate", "--dry-run", "--json"],
        expect![[r#"
        {"backup":null,"changed":false,"from":1,"migration":[],"to":1}
    "#]],
    );
}

#[test]
fn versions_without_a_way_are_refused() {
    let repo = Repo::new();
    let state = |version: u64, reader: u64| {
        let text = format!(
            "{{\"format\":{version},\"min_reader\":{reader},\"min_writer\":{version},\"features\":[]}}\n"
        );
        repo.write(".jit/format.json", &text);
    };
    state(2, 1);
    repo.check(
        &["migrate"],
        expect![[r#"
        --- stderr
        error: the store needs version 2 of the format to write it, this program has 1
        hint: use a newer jit
        --- exit 9
    "#]],
    );
    state(3, 3);
    assert_eq!(repo.jit(&["migrate"]).code, 9);
    state(0, 0);
    repo.check(
        &["migrate"],
        expect![[r#"
        --- stderr
        error: `.jit/format.json` is damaged: no version 0 of the format ever was that leads to 1
        hint: jit validate
        --- exit 9
    "#]],
    );
    repo.check(
        &["issue", "create", "-t", "A"],
        expect![[r#"
        --- stderr
        error: the store has version 0 of the format, this program writes 1
        hint: jit migrate
        --- exit 9
    "#]],
    );
    assert_eq!(repo.ok(&["issue", "list"]), "", "it can be read");
}
