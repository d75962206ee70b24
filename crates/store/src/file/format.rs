//! The text form of records on disk.
//!
//! Owns how an issue, a gate, a lease and a receipt look as bytes, and the limits of what is read
//! (`docs/design/storage.md` S1 and S10). Refuses to open files.

use jit_core::fields::{FieldError, Fields};
use jit_core::{GateDefinition, Issue, IssueId, Lease, Receipt, Value};
use std::collections::BTreeMap;

/// Longest file of a record, in bytes.
pub(crate) const MAX_FILE: u64 = 1024 * 1024;

/// Deepest nesting of a record.
const MAX_DEPTH: usize = 64;

/// Why a file of a record can't be understood.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FormatError {
    #[error("it nests deeper than {MAX_DEPTH} levels")]
    TooDeep,
    #[error("it holds conflict markers of a merge")]
    ConflictMarkers,
    #[error("it is empty")]
    Empty,
    #[error("it is not valid JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("it is not an object")]
    NotAnObject,
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error("it calls itself `{0}`")]
    OtherName(String),
}

/// Reads the members of an object.
pub(crate) fn read_fields(bytes: &[u8]) -> std::result::Result<Fields, FormatError> {
    if depth(bytes) > MAX_DEPTH {
        return Err(FormatError::TooDeep);
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::String(_)
            | Value::Array(_),
        ) => Err(FormatError::NotAnObject),
        Err(_) if bytes.iter().all(u8::is_ascii_whitespace) => Err(FormatError::Empty),
        Err(_)
            if bytes
                .split(|byte| *byte == b'\n')
                .any(|line| line.starts_with(b"<<<<<<<")) =>
        {
            Err(FormatError::ConflictMarkers)
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns how deep the brackets outside of strings nest.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut is_text, mut is_escaped) = (false, false);
    for byte in bytes {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            b'{' | b'[' if !is_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !is_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Reads the issue that the file of `id` must hold.
pub(crate) fn read_issue(id: &IssueId, bytes: &[u8]) -> std::result::Result<Issue, FormatError> {
    let issue = Issue::from_fields(read_fields(bytes)?)?;
    if issue.id == *id {
        Ok(issue)
    } else {
        Err(FormatError::OtherName(issue.id.to_string()))
    }
}

/// Reads a gate definition.
pub(crate) fn read_gate(bytes: &[u8]) -> std::result::Result<GateDefinition, FormatError> {
    Ok(GateDefinition::from_fields(read_fields(bytes)?)?)
}

/// Reads a lease.
pub(crate) fn read_lease(bytes: &[u8]) -> std::result::Result<Lease, FormatError> {
    Ok(Lease::from_fields(read_fields(bytes)?)?)
}

/// Returns an issue as its file holds it.
pub(crate) fn write_issue(issue: &Issue) -> Vec<u8> {
    write_fields(&without_empty(issue.to_fields(), &issue.extra))
}

/// Returns a gate definition as its file holds it.
pub(crate) fn write_gate(gate: &GateDefinition) -> Vec<u8> {
    write_fields(&without_empty(gate.to_fields(), &gate.extra))
}

/// Returns a lease as its file holds it.
pub(crate) fn write_lease(lease: &Lease) -> Vec<u8> {
    write_fields(&without_empty(lease.to_fields(), &lease.extra))
}

/// Leaves out what reads back the same when it is absent; members that we do not know stay, whatever they hold.
fn without_empty(fields: Fields, extra: &Fields) -> Fields {
    fields
        .into_iter()
        .filter(|(name, value)| extra.contains_key(name) || !is_empty(value))
        .collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => false,
    }
}

/// Writes one member, one element and one member of a member a line, so that git merges and shows them one by one.
fn write_fields(fields: &Fields) -> Vec<u8> {
    let mut text = String::from("{");
    let members = fields
        .iter()
        .map(|(name, value)| format!("{}: {}", json(name), member(value)));
    push_lines(&mut text, members, "  ");
    text.push_str("\n}\n");
    text.into_bytes()
}

fn member(value: &Value) -> String {
    let (brackets, lines): (_, Vec<String>) = match value {
        Value::Array(items) if !items.is_empty() => (('[', ']'), items.iter().map(json).collect()),
        Value::Object(members) if !members.is_empty() => (
            ('{', '}'),
            members
                .iter()
                .map(|(name, value)| format!("{}: {}", json(name), json(value)))
                .collect(),
        ),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => {
            return json(value);
        }
    };
    let mut text = String::from(brackets.0);
    push_lines(&mut text, lines.into_iter(), "    ");
    text.push_str("\n  ");
    text.push(brackets.1);
    text
}

fn push_lines(text: &mut String, lines: impl Iterator<Item = String>, indent: &str) {
    for (place, line) in lines.enumerate() {
        text.push_str(if place == 0 { "\n" } else { ",\n" });
        text.push_str(indent);
        text.push_str(&line);
    }
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("a tree of texts and numbers is JSON")
}

/// Returns an answer as its file holds it.
pub(crate) fn write_receipt(receipt: &Receipt) -> Vec<u8> {
    let issues = receipt.issues.iter().map(|id| id.as_str().into()).collect();
    write_fields(&Fields::from([
        ("key".to_owned(), receipt.key.as_str().into()),
        ("verb".to_owned(), receipt.verb.as_str().into()),
        ("issues".to_owned(), Value::Array(issues)),
        ("epoch".to_owned(), receipt.epoch.into()),
        ("extra".to_owned(), Value::Object(receipt.extra.clone())),
    ]))
}

/// Reads an answer.
pub(crate) fn read_receipt(bytes: &[u8]) -> std::result::Result<Receipt, FormatError> {
    let mut fields = read_fields(bytes)?;
    let mut text = |name: &str| match fields.remove(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(FieldError::new(name, "must be a text")),
    };
    let (key, verb) = (text("key")?, text("verb")?);
    let issues = fields
        .get("issues")
        .and_then(Value::as_array)
        .unwrap_or_default();
    let id = |value: &Value| value.as_str().and_then(|text| IssueId::parse(text).ok());
    let issues = issues
        .iter()
        .map(|value| id(value).ok_or_else(|| FieldError::new("issues", "must be ids")));
    let issues = issues.collect::<std::result::Result<_, _>>()?;
    let epoch = fields.get("epoch").and_then(Value::as_u64);
    let extra = match fields.remove("extra") {
        Some(Value::Object(members)) => members,
        _ => BTreeMap::new(),
    };
    Ok(Receipt {
        key,
        verb,
        issues,
        epoch,
        extra,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use jit_core::{Assignee, Timestamp};

    const FULL: &str = r#"{"id":"k7m2abcdef","title":"Parse \"it\"","created_at":"2026-01-31T12:00:00Z","created_by":"human:ada",
        "labels":["b","a"],"gates":{"review":{"status":"passed"}},"state":"open","x_null":null,"x_list":[],
        "x_deep":{"b":[1,{"c":-996780530.1139925}],"a":18446744073709551615}}"#;

    #[test]
    fn an_issue_file_has_one_member_and_one_element_a_line() {
        let id = IssueId::parse("k7m2abcdef").unwrap();
        let issue = read_issue(&id, FULL.as_bytes()).unwrap();
        let written = write_issue(&issue);
        expect![[r#"
            {
              "created_at": "2026-01-31T12:00:00.000000Z",
              "created_by": "human:ada",
              "epoch": 0,
              "gates": {
                "review": {"at":null,"by":null,"note":null,"run":null,"status":"passed"}
              },
              "id": "k7m2abcdef",
              "labels": [
                "a",
                "b"
              ],
              "priority": "normal",
              "rev": 0,
              "state": "open",
              "title": "Parse \"it\"",
              "type": "task",
              "updated_at": "2026-01-31T12:00:00.000000Z",
              "x_deep": {
                "a": 18446744073709551615,
                "b": [1,{"c":-996780530.1139925}]
              },
              "x_list": [],
              "x_null": null
            }
        "#]]
        .assert_eq(std::str::from_utf8(&written).unwrap());
        assert_eq!(read_issue(&id, &written).unwrap(), issue);
    }

    #[test]
    fn what_can_not_be_one_issue_is_refused_with_its_reason() {
        let id = IssueId::parse("k7m2abcdef").unwrap();
        let check = |text: &str, expected: &str| {
            let error = read_issue(&id, text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("", "empty");
        check("[]", "not an object");
        check("{\"id\":1e999}", "not valid JSON");
        check("{\"id\":\"\\ud800\"}", "not valid JSON");
        check("{\"title\":\"a\",\"title\":\"b\"}", "stands twice");
        check("{\n<<<<<<< HEAD\n", "conflict markers");
        check(
            &format!("{{\"x\":{}{}}}", "[".repeat(64), "]".repeat(64)),
            "deeper",
        );
        check(&FULL.replace("k7m2abcdef", "k7m2abcdeg"), "calls itself");
    }

    #[test]
    fn brackets_in_texts_do_not_count_as_depth() {
        assert_eq!(depth(br#"{"a":"[[[[\"[[","b":[[]]}"#), 3);
    }

    #[test]
    fn a_receipt_reads_back() {
        let receipt = Receipt {
            key: "k".to_owned(),
            verb: "issue claim".to_owned(),
            issues: vec![IssueId::parse("k7m2abcdef").unwrap()],
            epoch: Some(3),
            extra: BTreeMap::from([("x".to_owned(), Value::Null)]),
        };
        assert_eq!(read_receipt(&write_receipt(&receipt)).unwrap(), receipt);
    }

    #[test]
    fn a_new_issue_writes_only_what_it_has() {
        let id = IssueId::parse("k7m2abcdef").unwrap();
        let by = Assignee::parse("human:ada").unwrap();
        let issue = Issue::new(id.clone(), "T".to_owned(), by, Timestamp::from_micros(0));
        assert_eq!(read_issue(&id, &write_issue(&issue)).unwrap(), issue);
    }

    /// Any value that JSON can hold, a few levels deep.
    fn any_value() -> impl proptest::strategy::Strategy<Value = Value> {
        use proptest::prelude::*;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(|number| Value::Int(number.into())),
            (-1e9_f64..1e9).prop_map(|number| Value::Float(number + 0.5)),
            ".{0,12}".prop_map(Value::String),
        ];
        leaf.prop_recursive(4, 24, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                proptest::collection::btree_map(".{0,6}", inner, 0..5).prop_map(Value::Object),
            ]
        })
    }

    proptest::proptest! {
        #![proptest_config(crate::chance::fixed())]

        #[test]
        fn unknown_members_are_kept_value_for_value(value in any_value(), name in "x_.{0,8}") {
            let id = IssueId::parse("k7m2abcdef").unwrap();
            let by = Assignee::parse("human:ada").unwrap();
            let mut issue = Issue::new(id.clone(), "T".to_owned(), by, Timestamp::from_micros(0));
            issue.extra.insert(name, value);
            let written = write_issue(&issue);
            assert_eq!(read_issue(&id, &written).unwrap(), issue);
        }

        #[test]
        fn no_bytes_make_the_reader_fail(bytes: Vec<u8>) {
            assert!(read_fields(&bytes).is_err());
        }
    }
}
