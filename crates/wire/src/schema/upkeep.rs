//! The documents of answers about the store itself.
//!
//! Refuses shapes of issues and what belongs to them.

use super::{document, id_or_null, one_of, text, text_or_null, truth, whole_or_null};
use serde_json::{Value, json};

/// Returns the document of what `where` and `init` answer.
pub(super) fn place_document() -> Value {
    document(
        "place",
        "Where the store is, and why there; `created` and `changed` are there after `init`",
        &["store", "root", "private", "reason", "why", "git_dir"],
        &json!({
            "store": text(),
            "root": text(),
            "private": text(),
            "reason": one_of(["named", "repository", "main_worktree", "pointer", "above"]),
            "why": text(),
            "git_dir": text_or_null(),
            "created": {"type": "array", "items": text()},
            "changed": truth(),
            "merge_driver": text_or_null(),
        }),
    )
}

/// Returns the document of what `recover` answers.
pub(super) fn recovered_document() -> Value {
    let mut found = one_of(["nothing", "older", "foreign"]);
    found["type"] = json!(["string", "null"]);
    if let Some(names) = found["enum"].as_array_mut() {
        names.push(Value::Null);
    }
    document(
        "recovered",
        "What was acknowledged and is gone, and what became of it; `lines` counts the events of a segment",
        &[
            "kind", "issue", "path", "found", "outcome", "saved", "lines",
        ],
        &json!({
            "kind": one_of(["issue", "gate", "events"]),
            "issue": id_or_null(),
            "path": text(),
            "found": found,
            "outcome": one_of(["restored", "would_restore", "would_keep_aside", "kept_aside"]),
            "saved": text_or_null(),
            "lines": whole_or_null(),
        }),
    )
}

/// Returns the document of what `resolve` answers.
pub(super) fn resolution_document() -> Value {
    let conflict = json!({
        "type": "object",
        "required": ["field", "versions"],
        "properties": {
            "field": text(),
            "base": {},
            "ours": {},
            "theirs": {},
            "versions": {"type": "array", "items": text()},
        },
    });
    document(
        "resolution",
        "A record that was merged or settled, and what is still to decide about it; a side that lacks a value lacks its member",
        &["id", "path", "outcome", "open", "conflicts"],
        &json!({
            "id": text(),
            "path": text_or_null(),
            "outcome": one_of(["resolved", "open"]),
            "open": {"type": "array", "items": text()},
            "conflicts": {"type": "array", "items": conflict},
        }),
    )
}
