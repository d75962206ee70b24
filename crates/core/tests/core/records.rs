//! Issues as fields, there and back.

use expect_test::{Expect, expect};
use jit_core::fields::Fields;
use jit_core::{Issue, Value};

fn minimal() -> Fields {
    let texts = [
        ("id", "k7m2abcdef"),
        ("title", "A title"),
        ("created_at", "2030-01-01T00:00:00Z"),
        ("created_by", "human:ada"),
    ];
    texts
        .map(|(name, text)| (name.to_owned(), text.into()))
        .into()
}

fn with(name: &str, value: Value) -> Fields {
    let mut fields = minimal();
    fields.insert(name.to_owned(), value);
    fields
}

#[test]
fn unknown_fields_survive_value_for_value() {
    let odd = Value::object([
        ("whole", Value::Int(i128::from(u64::MAX))),
        ("half", Value::Float(0.5)),
        ("list", Value::Array(vec![Value::Null, true.into()])),
    ]);
    let issue = Issue::from_fields(with("x-custom", odd.clone())).unwrap();
    assert_eq!(issue.to_fields()["x-custom"], odd);
    assert_eq!(Issue::from_fields(issue.to_fields()), Ok(issue));
}

fn check(name: &str, value: Value, expected: &Expect) {
    let error = Issue::from_fields(with(name, value)).unwrap_err();
    expected.assert_eq(&error.to_string());
}

#[test]
fn a_field_that_cannot_be_read_is_named() {
    check(
        "title",
        "".into(),
        &expect!["field `title`: a title can't be empty"],
    );
    check(
        "title",
        "two\nlines".into(),
        &expect!["field `title`: a title is one line"],
    );
    check(
        "title",
        "x".repeat(513).into(),
        &expect!["field `title`: a title has at most 512 bytes, this one has 513"],
    );
    check(
        "state",
        7_u64.into(),
        &expect!["field `state`: must be a text"],
    );
    check(
        "id",
        "short".into(),
        &expect![
            "field `id`: `short` is not an issue id (ten characters of 0-9 and a-z without i, l, o, u)"
        ],
    );
}

#[test]
fn a_part_that_cannot_be_read_is_named_with_its_field() {
    check(
        "labels",
        "one".into(),
        &expect!["field `labels`: must be a list"],
    );
    check(
        "labels",
        vec!["a b"].into(),
        &expect![
            "field `labels`: `a b` is not a label (1 to 128 bytes, no spaces or commas, not beginning with `-`)"
        ],
    );
    check(
        "dependencies",
        vec!["../../etc"].into(),
        &expect![
            "field `dependencies`: `../../etc` is not an issue id (ten characters of 0-9 and a-z without i, l, o, u)"
        ],
    );
    check(
        "epoch",
        Value::Int(1 << 53),
        &expect!["field `epoch`: must be a whole number below 2^53"],
    );
    check(
        "rev",
        Value::Float(1.5),
        &expect!["field `rev`: must be a whole number below 2^53"],
    );
    check(
        "created_at",
        "yesterday".into(),
        &expect![
            "field `created_at`: `yesterday` is not a time, write one like 2026-01-31T12:00:00Z or a duration from now like 30m"
        ],
    );
    check(
        "hold",
        Value::object([("by", "human:ada".into())]),
        &expect!["field `hold.at`: is missing"],
    );
    check(
        "gates",
        Value::object([("../x", Value::Null)]),
        &expect![
            "field `gates.../x`: `../x` is not a gate key (lower-case letters, digits, `-` and `_`, at most 64)"
        ],
    );
    check(
        "comments",
        vec!["text"].into(),
        &expect!["field `comments`: must be a list of objects"],
    );
}

#[test]
fn a_criterion_that_is_neither_met_nor_open_is_damage() {
    let item = |done: Value| {
        let members = [("id", "1".into()), ("text", "A".into()), ("done", done)];
        Value::Array(vec![Value::object(members)])
    };
    check(
        "checklist",
        item("yes".into()),
        &expect!["field `checklist[].done`: must be true or false"],
    );
    assert!(Issue::from_fields(with("checklist", item(true.into()))).is_ok());
}

#[test]
fn the_etag_covers_every_field_but_itself() {
    let plain = Issue::from_fields(minimal()).unwrap();
    let etag = plain.compute_etag();
    assert_eq!(
        Issue {
            etag: "other".to_owned(),
            ..plain.clone()
        }
        .compute_etag(),
        etag
    );
    assert_ne!(
        Issue {
            rev: 2,
            ..plain.clone()
        }
        .compute_etag(),
        etag
    );
    assert_ne!(
        Issue::from_fields(with("x-custom", Value::Null))
            .unwrap()
            .compute_etag(),
        etag
    );
    assert_ne!(
        Issue {
            title: "Another".to_owned(),
            ..plain
        }
        .compute_etag(),
        etag
    );
}

#[test]
fn values_of_a_newer_version_are_kept_and_make_the_issue_read_only() {
    let comment = |kind: &str| {
        Value::Array(vec![Value::object([
            ("id", Value::from("c1")),
            ("by", "human:ada".into()),
            ("at", "2030-01-01T00:00:00Z".into()),
            ("text", "Hello".into()),
            ("kind", kind.into()),
        ])])
    };
    let gate = |status: &str| {
        Value::object([("review", Value::object([("status", Value::from(status))]))])
    };
    let link = |kind: &str| {
        let link = Value::object([("kind", Value::from(kind)), ("target", "k7m2abcdef".into())]);
        Value::Array(vec![link])
    };
    for (name, known, newer) in [
        ("state", Value::from("open"), Value::from("paused")),
        ("priority", "high".into(), "someday".into()),
        ("comments", comment("note"), comment("verdict")),
        ("gates", gate("passed"), gate("waived")),
        ("links", link("related"), link("blocks_softly")),
    ] {
        let issue = Issue::from_fields(with(name, known)).unwrap();
        assert!(!issue.is_read_only(), "{name}");
        let issue = Issue::from_fields(with(name, newer.clone())).unwrap();
        assert_eq!(issue.newer.keys().collect::<Vec<_>>(), [name]);
        assert_eq!(issue.to_fields()[name], newer);
        assert_eq!(Issue::from_fields(issue.to_fields()), Ok(issue));
    }
}
