//! `jit issue label`.

use crate::harness::{Repo, Surroundings};
use expect_test::expect;

#[test]
fn labels_are_added_and_removed() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.check(
        &["issue", "label", &id, "area:core", "urgent,stale"],
        expect![[r#"
            --- stderr
            0001abcdef is labelled area:core, stale, urgent.
        "#]],
    );
    repo.check(
        &["issue", "label", &id, "-stale"],
        expect![[r#"
        --- stderr
        0001abcdef is labelled area:core, urgent.
    "#]],
    );
    repo.check(
        &["issue", "label", &id, "neu:ä,-urgent"],
        expect![[r#"
        --- stderr
        0001abcdef is labelled area:core, neu:ä.
    "#]],
    );
    repo.check(
        &[
            "issue",
            "label",
            &id,
            "--remove",
            "area:core",
            "--remove",
            "neu:ä",
        ],
        expect![[r#"
            --- stderr
            0001abcdef has no labels now.
        "#]],
    );
    repo.check(
        &["issue", "label", &id, "--remove", "area:core"],
        expect![[r#"
            --- stderr
            Nothing to change.
        "#]],
    );
    let labels = repo.json(&["issue", "label", &id, "b", "a"]);
    assert_eq!(labels["labels"], serde_json::json!(["a", "b"]));
}

#[test]
fn several_issues_get_it_in_one_transaction() {
    let repo = Repo::new();
    let (first, second) = (repo.create("A"), repo.create("B"));
    let ids = format!("{first} {second}");
    let piped = Surroundings {
        stdin: &ids,
        ..Surroundings::default()
    };
    repo.check_in(
        &["issue", "label", "-", "x"],
        piped,
        expect![[r#"
        --- stderr
        0001abcdef is labelled x.
        0002abcdef is labelled x.
    "#]],
    );
    repo.check(
        &["issue", "label", &format!("{first},zzzz"), "y"],
        expect![[r#"
            --- stderr
            error: no issue matches `zzzz`
            hint: jit issue list
            --- exit 3
        "#]],
    );
    assert_eq!(
        repo.json(&["issue", "show", &first])["labels"],
        serde_json::json!(["x"])
    );
}

#[test]
fn what_is_no_label_is_refused() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.check(
        &["issue", "label", &id],
        expect![[r#"
        --- stderr
        error: the following required arguments were not provided: <LABEL>
        hint: usage: jit issue label <ID> <LABEL> [LABEL]...
        --- exit 2
    "#]],
    );
    repo.check(
        &["issue", "label", &id, "a b"],
        expect![[r#"
        --- stderr
        error: `a b` is not a label (1 to 128 bytes, no spaces or commas, not beginning with `-`)
        --- exit 2
    "#]],
    );
    repo.check(
        &["issue", "label", &id, "a,,b"],
        expect![[r#"
        --- stderr
        error: `` is not a label (1 to 128 bytes, no spaces or commas, not beginning with `-`)
        --- exit 2
    "#]],
    );
    repo.check(
        &["issue", "label", &id, "--wrong"],
        expect![[r#"
        --- stderr
        error: `-wrong` is not a label (1 to 128 bytes, no spaces or commas, not beginning with `-`)
        --- exit 2
    "#]],
    );
    repo.check(
        &["issue", "label", &id, "a", "--remove", "a"],
        expect![[r#"
            --- stderr
            error: labels: `a` can't be added and removed at once
            --- exit 4
        "#]],
    );
    repo.check(
        &["issue", "label", &id, "a", "-b"],
        expect![[r#"
        --- stderr
        error: unexpected argument '-b' found
        hint: to pass '-b' as a value, use '-- -b'
        hint: usage: jit issue label [OPTIONS] <ID> [LABEL] [LABEL]...
        --- exit 2
    "#]],
    );
    repo.check(&["issue", "label", &id, "evil\u{202e}"], expect![[r#"
        --- stderr
        warning: suspicious_unicode: the label holds characters that hide or reorder text; they are shown escaped
        0001abcdef is labelled evil\u{202e}.
    "#]]);
}
