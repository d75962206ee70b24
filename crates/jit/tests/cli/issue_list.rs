//! `jit issue list`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn filters_must_all_hold() {
    let repo = Repo::new();
    let first = repo.create_with("First", &["--label", "a,b", "-p", "high"]);
    repo.create_with("Second", &["--label", "a", "--dep", &first]);
    repo.create_with(
        "Third",
        &["--type", "bug", "--assignee", "ada", "--parent", &first],
    );
    repo.check(
        &["issue", "list"],
        expect![[r#"
        0001abcdef  high    open   -          First
        0002abcdef  normal  open   -          Second
        0003abcdef  normal  ready  agent:ada  Third
    "#]],
    );
    repo.check(
        &["issue", "list", "--label", "a,b"],
        expect![[r#"
        0001abcdef  high  open  -  First
    "#]],
    );
    repo.check(
        &[
            "issue",
            "list",
            "--state",
            "open,ready",
            "--assignee",
            "none",
        ],
        expect![[r#"
            0001abcdef  high    open  -  First
            0002abcdef  normal  open  -  Second
        "#]],
    );
    repo.check(
        &["issue", "list", "--assignee", "ada", "-o", "id"],
        expect![[r#"
            0003abcdef
        "#]],
    );
    repo.check(
        &["issue", "list", "--type", "bug", "--priority", "high"],
        expect![],
    );
    repo.check(
        &["issue", "list", "--parent", &first, "-o", "tsv"],
        expect![[r#"
            0003abcdef	normal	ready	agent:ada	Third
        "#]],
    );
}

#[test]
fn a_limit_says_the_total() {
    let repo = Repo::new();
    repo.create("First");
    repo.create("Second");
    repo.check(
        &["issue", "list", "--limit", "1"],
        expect![[r#"
        0001abcdef  normal  ready  -  First
        --- stderr
        Showing 1 of 2.
    "#]],
    );
    repo.check(
        &[
            "issue", "list", "--limit", "1", "--json", "--fields", "title",
        ],
        expect![[r#"
            [{"title":"First"}]
            --- stderr
            Showing 1 of 2.
        "#]],
    );
    repo.check(
        &["issue", "list", "-q", "--limit", "5"],
        expect![[r#"
        0001abcdef  normal  ready  -  First
        0002abcdef  normal  ready  -  Second
    "#]],
    );
}

#[test]
fn forms_and_fields_are_chosen() {
    let repo = Repo::new();
    repo.create_with("First", &["--label", "a,b"]);
    repo.check(
        &["issue", "list", "--json", "--fields", "id,state,labels"],
        expect![[r#"
            [{"id":"0001abcdef","labels":["a","b"],"state":"ready"}]
        "#]],
    );
    repo.check(
        &["issue", "list", "-o", "jsonl", "--fields", "id"],
        expect![[r#"
            {"id":"0001abcdef"}
        "#]],
    );
    repo.check(
        &["issue", "list", "-o", "tsv", "--fields", "title,labels"],
        expect![[r#"
            First	a,b
        "#]],
    );
    repo.check(
        &["issue", "list", "-o", "table", "--fields", "title,rev"],
        expect![[r#"
            First  1
        "#]],
    );
    repo.check(&["issue", "list", "--fields", "titel", "--json"], expect![[r#"
        --- stderr
        {"error":{"code":"usage","details":{},"hint":"did you mean title?; fields: id,short_id,title,description,type,state,priority,assignee,labels,dependencies,dependents,parent,children,blocked_by,ready_since,gates,hold,checklist,links,comments,documents,context,due,not_before,estimate_minutes,created_at,created_by,updated_at,queued_at,closed_at,close_reason,origin,deleted,epoch,lease,rev,etag,changed,transitions","message":"`titel` is not a field of the answer","retryable":false}}
        --- exit 2
    "#]]);
    repo.check(&["issue", "list", "--json", "-o", "tsv"], expect![[r#"
        --- stderr
        {"error":{"code":"usage","details":{},"hint":null,"message":"--json and --output ask for different forms","retryable":false}}
        --- exit 2
    "#]]);
}

#[test]
fn nothing_is_an_empty_array() {
    let repo = Repo::new();
    repo.check(
        &["issue", "list", "--json"],
        expect![[r#"
        []
    "#]],
    );
    repo.check(&["issue", "list"], expect![]);
}

#[test]
fn a_type_that_is_none_is_said() {
    let repo = Repo::new();
    repo.create("A");
    repo.check(
        &["issue", "list", "--type", "tsak"],
        expect![[r#"
        --- stderr
        warning: no type is called `tsak`: it is one of bug, chore, epic, feature, task
    "#]],
    );
}
