//! `jit issue update`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn changes_what_is_given() {
    let repo = Repo::new();
    let id = repo.create_with("A", &["--label", "old"]);
    repo.ok(&[
        "issue",
        "update",
        &id,
        "--title",
        "B",
        "-p",
        "low",
        "--label",
        "new",
        "--label",
        "-old",
        "--context",
        "k=v",
    ]);
    let issue = repo.json(&["issue", "show", &id]);
    assert_eq!(issue["title"], "B");
    assert_eq!(issue["priority"], "low");
    assert_eq!(issue["labels"], serde_json::json!(["new"]));
    assert_eq!(issue["context"], serde_json::json!({"k": "v"}));
    repo.ok(&["issue", "update", &id, "--clear", "labels,context.k"]);
    let issue = repo.json(&["issue", "show", &id]);
    assert_eq!(issue["labels"], serde_json::json!([]));
    assert_eq!(issue["context"], serde_json::json!({}));
}

#[test]
fn a_state_is_reached_by_its_verb() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.check(
        &["issue", "update", &id, "--state", "in_progress"],
        expect![[r#"
            --- stderr
            Updated 0001abcdef (in_progress).
        "#]],
    );
    repo.check(
        &["issue", "update", &id, "--state", "done"],
        expect![[r#"
        --- stderr
        Updated 0001abcdef (done).
    "#]],
    );
    repo.check(
        &["issue", "update", &id, "--state", "done"],
        expect![[r#"
        --- stderr
        Nothing to change.
    "#]],
    );
    repo.check(
        &["issue", "update", &id, "--state", "open"],
        expect![[r#"
        --- stderr
        Updated 0001abcdef (ready).
    "#]],
    );
}

#[test]
fn what_means_nothing_is_refused() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.check(
        &["issue", "update", &id, "--state", "gated"],
        expect![[r#"
        --- stderr
        error: state: `gated` is reached by `done` while an exit gate is open
        --- exit 4
    "#]],
    );
    repo.check(&["issue", "update", &id, "--state", "redy"], expect![[r#"
        --- stderr
        error: invalid value 'redy' for '--state <STATE>' [possible values: ready, open, in_progress, gated, done, rejected, archived]
        hint: a similar value exists: 'ready'
        --- exit 2
    "#]]);
    repo.check(
        &["issue", "update", &id],
        expect![[r#"
        --- stderr
        error: nothing to update: name at least one field
        hint: jit issue update --help
        --- exit 2
    "#]],
    );
    repo.check(
        &["issue", "update", &id, "--clear", "asignee"],
        expect![[r#"
        --- stderr
        error: --clear: `asignee` is not a field that can be emptied
        hint: did you mean assignee?
        --- exit 2
    "#]],
    );
}

#[test]
fn an_etag_makes_it_conditional() {
    let repo = Repo::new();
    let id = repo.create("A");
    let etag = repo.json(&["issue", "show", &id])["etag"]
        .as_str()
        .unwrap()
        .to_owned();
    repo.ok(&["issue", "update", &id, "--label", "a", "--if-etag", &etag]);
    repo.check(
        &[
            "issue",
            "update",
            &id,
            "--label",
            "b",
            "--if-etag",
            &etag,
            "--json",
        ],
        expect![[r#"
            --- stderr
            {"error":{"code":"etag_mismatch","details":{"actual":"e7a90000000000000001","expected":"e7a90000000000000002","id":"0001abcdef"},"hint":"jit issue show 0001abcdef","message":"issue `0001abcdef` has changed: its etag is e7a90000000000000001","retryable":false}}
            --- exit 6
        "#]],
    );
}

#[test]
fn several_are_changed_together_or_not_at_all() {
    let repo = Repo::new();
    let first = repo.create("A");
    let second = repo.create("B");
    let both = format!("{first},{second}");
    let changed = repo.json(&["issue", "update", &both, "--label", "x"]);
    assert_eq!(changed.as_array().unwrap().len(), 2);
    let answer = repo.jit(&["issue", "update", &first, "zzzz", "--label", "y"]);
    assert_eq!(answer.code, 3);
    assert_eq!(
        repo.json(&["issue", "show", &first])["labels"],
        serde_json::json!(["x"])
    );
}
