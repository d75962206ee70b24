//! Turns the parts of a record into values.
//!
//! Owns one function for each kind of part. Refuses to read.

use crate::Value;
use crate::gate::{GateKey, GateResult};
use crate::issue::{ChecklistItem, Comment, Deleted, Document, Hold, Link};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn text_or_null(item: Option<impl ToString>) -> Value {
    item.map(|item| item.to_string()).into()
}

pub(super) fn texts<T: ToString>(items: &BTreeSet<T>) -> Value {
    Value::Array(items.iter().map(|item| item.to_string().into()).collect())
}

pub(super) fn list<'a, T: 'a>(
    items: impl IntoIterator<Item = &'a T>,
    to_value: fn(&T) -> Value,
) -> Value {
    Value::Array(items.into_iter().map(to_value).collect())
}

pub(super) fn link_to_value(link: &Link) -> Value {
    Value::object([
        ("kind", link.kind.as_str().into()),
        ("target", link.target.as_str().into()),
    ])
}

pub(super) fn hold_to_value(hold: &Hold) -> Value {
    Value::object([
        ("at", hold.at.to_string().into()),
        ("by", hold.by.as_str().into()),
        ("reason", hold.reason.as_str().into()),
    ])
}

pub(super) fn deleted_to_value(deleted: &Deleted) -> Value {
    Value::object([
        ("at", deleted.at.to_string().into()),
        ("by", deleted.by.as_str().into()),
    ])
}

pub(crate) fn item_to_value(item: &ChecklistItem) -> Value {
    Value::object([
        ("id", item.id.as_str().into()),
        ("text", item.text.as_str().into()),
        ("done", item.done.into()),
    ])
}

pub(crate) fn comment_to_value(comment: &Comment) -> Value {
    Value::object([
        ("id", comment.id.as_str().into()),
        ("by", comment.by.as_str().into()),
        ("at", comment.at.to_string().into()),
        ("text", comment.text.as_str().into()),
        ("kind", comment.kind.as_str().into()),
    ])
}

pub(crate) fn document_to_value(document: &Document) -> Value {
    let mut members = BTreeMap::from([("path".to_owned(), Value::from(document.path.as_str()))]);
    let optional = [
        ("commit", &document.commit),
        ("label", &document.label),
        ("type", &document.kind),
    ];
    for (name, text) in optional {
        if let Some(text) = text {
            members.insert(name.to_owned(), text.as_str().into());
        }
    }
    Value::Object(members)
}

pub(super) fn gates_to_value(gates: &BTreeMap<GateKey, GateResult>) -> Value {
    Value::object(gates.iter().map(|(key, result)| {
        let members = Value::object([
            ("status", result.status.as_str().into()),
            ("by", text_or_null(result.by.as_ref())),
            ("at", text_or_null(result.at)),
            ("note", result.note.clone().into()),
            ("run", result.run.clone().into()),
        ]);
        (key.as_str(), members)
    }))
}
