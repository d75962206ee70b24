//! `jit issue link`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn links_come_and_go_and_never_block() {
    let repo = Repo::new();
    let (first, second, third) = (repo.create("A"), repo.create("B"), repo.create("C"));
    repo.check(
        &["issue", "link", &first, "duplicates", &second],
        expect![[r#"
            --- stderr
            0001abcdef has 1 link now.
        "#]],
    );
    repo.check(
        &["issue", "link", &first, "caused_by", &second, &third],
        expect![[r#"
            --- stderr
            0001abcdef has 3 links now.
        "#]],
    );
    repo.check(
        &["issue", "link", &first, "duplicates", &second],
        expect![[r#"
            --- stderr
            Nothing to change.
        "#]],
    );
    assert_eq!(repo.state(&first), "ready");
    repo.ok(&["issue", "link", &second, "discovered_from", &third]);
    repo.check(
        &["issue", "show", &second],
        expect![[r#"
        0002abcdef  B
        ready, normal, task
        link:         discovered from 0003abcdef

        created:      2026-01-31T12:00:00.000000Z by human:tester
        updated:      2026-01-31T12:00:00.000000Z
        rev:          2, etag e7a90000000000000001
    "#]],
    );
    repo.ok(&["issue", "delete", &second]);
    repo.check(
        &["issue", "link", &first, "caused_by", &second, "--remove"],
        expect![[r#"
            --- stderr
            0001abcdef has 2 links now.
        "#]],
    );
    repo.check(
        &["issue", "link", &first, "caused_by", &second, "--remove"],
        expect![[r#"
            --- stderr
            Nothing to change.
        "#]],
    );
    let links = &repo.json(&["issue", "show", &first])["links"];
    assert_eq!(links.as_array().map(Vec::len), Some(2), "{links}");
}

#[test]
fn a_link_needs_a_known_kind_and_another_issue() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.check(
        &["issue", "link", &id, "related", &id],
        expect![[r#"
        --- stderr
        error: links: an issue can't be linked to itself
        --- exit 4
    "#]],
    );
    repo.check(
        &["issue", "link", &id, "related", "zzzz"],
        expect![[r#"
        --- stderr
        error: no issue matches `zzzz`
        hint: jit issue list
        --- exit 3
    "#]],
    );
    repo.check(&["issue", "link", &id, "blocks", &id], expect![[r#"
        --- stderr
        error: invalid value 'blocks' for '<KIND>' [possible values: related, duplicates, discovered_from, supersedes, caused_by]
        --- exit 2
    "#]]);
    repo.check(
        &["issue", "link", &id, "related"],
        expect![[r#"
        --- stderr
        error: the following required arguments were not provided: <TARGET>...
        hint: usage: jit issue link <ID> <KIND> <TARGET>...
        --- exit 2
    "#]],
    );
}
