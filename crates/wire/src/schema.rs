//! JSON Schema documents of the shapes in this crate.
//!
//! Owns the documents that `contracts/v1` publishes. Refuses to validate anything with them.
//!
//! A shape only grows: members may be added, so every object allows more than it names.

mod finding;
mod upkeep;

use crate::{gate, issue, lease, record};
use jit_core::gate::{GateMode, GateStage, GateStatus};
use jit_core::graph::BranchEnd;
use jit_core::issue::{CommentKind, LinkKind};
use jit_core::{ErrorKind, LeaseState, Priority, ShownState, State};
use serde_json::{Value, json};

/// Returns every document with the name of its file, in order of the names.
pub fn documents() -> Vec<(&'static str, Value)> {
    vec![
        ("branch", branch_document()),
        ("commit", finding::commit_document()),
        ("error", error_document()),
        ("event", event_document()),
        ("finding", finding::finding_document()),
        ("export", finding::export_document()),
        ("garbage", finding::garbage_document()),
        ("gate", gate_document()),
        ("issue", issue_document()),
        ("lease", lease_document()),
        ("place", upkeep::place_document()),
        ("migration", finding::migration_document()),
        ("recovered", upkeep::recovered_document()),
        ("repair", finding::repair_document()),
        ("record", record_document()),
        ("resolution", upkeep::resolution_document()),
        ("transition", transition_document()),
    ]
}

fn document(name: &str, title: &str, required: &[&str], properties: &Value) -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("jit:v1:{name}"),
        "title": title,
        "type": "object",
        "required": required,
        "properties": properties,
    })
}

fn text() -> Value {
    json!({"type": "string"})
}

fn text_or_null() -> Value {
    json!({"type": ["string", "null"]})
}

fn time() -> Value {
    json!({"type": "string", "format": "date-time"})
}

fn time_or_null() -> Value {
    json!({"type": ["string", "null"], "format": "date-time"})
}

fn whole() -> Value {
    json!({"type": "integer", "minimum": 0})
}

fn whole_or_null() -> Value {
    json!({"type": ["integer", "null"], "minimum": 0})
}

fn truth() -> Value {
    json!({"type": "boolean"})
}

fn id() -> Value {
    json!({"type": "string", "pattern": "^[0-9a-hjkmnp-tv-z]{10}$"})
}

fn id_or_null() -> Value {
    json!({"type": ["string", "null"], "pattern": "^[0-9a-hjkmnp-tv-z]{10}$"})
}

fn ids() -> Value {
    json!({"type": "array", "items": id()})
}

fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Value {
    json!({"type": "string", "enum": names.into_iter().collect::<Vec<_>>()})
}

fn objects(required: &[&str], properties: &Value) -> Value {
    json!({
        "type": "array",
        "items": {"type": "object", "required": required, "properties": properties},
    })
}

fn issue_document() -> Value {
    let mut properties = serde_json::Map::new();
    for part in [plain_fields(), graph_fields(), work_fields(), times()] {
        if let Value::Object(members) = part {
            properties.extend(members);
        }
    }
    let only_after_a_write = ["changed", "transitions"];
    let required: Vec<&str> = issue::FIELDS
        .into_iter()
        .filter(|name| !only_after_a_write.contains(name))
        .collect();
    document(
        "issue",
        "An issue; `changed` and `transitions` are there after a write",
        &required,
        &Value::Object(properties),
    )
}

fn record_document() -> Value {
    let mut properties = serde_json::Map::new();
    for part in [plain_fields(), graph_fields(), work_fields(), times()] {
        if let Value::Object(members) = part {
            properties.extend(members);
        }
    }
    properties.retain(|name, _| !record::COMPUTED.contains(&name.as_str()));
    properties.insert("state".to_owned(), one_of(State::ALL.map(State::as_str)));
    let stored = issue::FIELDS
        .into_iter()
        .filter(|name| !record::COMPUTED.contains(name));
    document(
        "record",
        "An issue as `export jsonl` writes it: what is stored; a line with `stage` is a gate instead",
        &stored.collect::<Vec<_>>(),
        &Value::Object(properties),
    )
}

fn plain_fields() -> Value {
    json!({
        "id": id(),
        "short_id": text(),
        "title": text(),
        "description": text(),
        "type": text(),
        "state": one_of(ShownState::ALL.map(ShownState::as_str)),
        "priority": one_of(Priority::ALL.map(Priority::as_str)),
        "assignee": text_or_null(),
        "labels": {"type": "array", "items": text()},
        "context": {"type": "object"},
        "estimate_minutes": whole_or_null(),
        "origin": text_or_null(),
        "epoch": whole(),
        "rev": whole(),
        "etag": text(),
        "changed": truth(),
    })
}

fn graph_fields() -> Value {
    let kinds = [
        "dependency",
        "gate",
        "child",
        "parent",
        "hold",
        "not_before",
        "cycle",
        "checklist",
        "conflict",
        "newer",
    ];
    json!({
        "dependencies": ids(),
        "dependents": ids(),
        "parent": id_or_null(),
        "children": ids(),
        "blocked_by": objects(&["kind"], &json!({"kind": one_of(kinds)})),
        "links": objects(&["kind", "target"], &json!({
            "kind": one_of(LinkKind::ALL.map(LinkKind::as_str)),
            "target": id(),
        })),
        "transitions": objects(&["id", "from", "to"], &transition_properties()),
    })
}

fn work_fields() -> Value {
    json!({
        "gates": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["status"],
                "properties": {
                    "status": one_of(GateStatus::ALL.map(GateStatus::as_str)),
                    "by": text_or_null(),
                    "at": time_or_null(),
                    "note": text_or_null(),
                    "run": text_or_null(),
                },
            },
        },
        "hold": {
            "type": ["object", "null"],
            "required": ["by", "at", "reason"],
            "properties": {"by": text(), "at": time(), "reason": text()},
        },
        "checklist": objects(&["id", "text", "done"], &json!({"id": text(), "text": text(), "done": truth()})),
        "comments": objects(&["id", "by", "at", "text", "kind"], &json!({
            "id": text(),
            "by": text(),
            "at": time(),
            "text": text(),
            "kind": one_of(CommentKind::ALL.map(CommentKind::as_str)),
        })),
        "documents": objects(&["path"], &json!({
            "path": text(),
            "commit": text(),
            "label": text(),
            "type": text(),
        })),
        "lease": {
            "type": ["object", "null"],
            "required": lease::FIELDS,
            "properties": lease_properties(),
        },
    })
}

fn times() -> Value {
    json!({
        "ready_since": time_or_null(),
        "due": time_or_null(),
        "not_before": time_or_null(),
        "created_at": time(),
        "created_by": text(),
        "updated_at": time(),
        "queued_at": time_or_null(),
        "closed_at": time_or_null(),
        "close_reason": text_or_null(),
        "deleted": {
            "type": ["object", "null"],
            "required": ["at", "by"],
            "properties": {"at": time(), "by": text()},
        },
    })
}

fn branch_document() -> Value {
    let mut end = one_of(BranchEnd::ALL.map(BranchEnd::as_str));
    end["type"] = json!(["string", "null"]);
    if let Some(names) = end["enum"].as_array_mut() {
        names.push(Value::Null);
    }
    document(
        "branch",
        "A line of `dep tree`: an issue, `depth` edges below the root; `end` says why nothing follows below it, of a missing one only the id is known",
        &["id", "depth", "end"],
        &json!({"id": id(), "depth": whole(), "end": end}),
    )
}

fn transition_properties() -> Value {
    let mut before = one_of(ShownState::ALL.map(ShownState::as_str));
    before["type"] = json!(["string", "null"]);
    if let Some(names) = before["enum"].as_array_mut() {
        names.push(Value::Null);
    }
    json!({
        "id": id(),
        "from": before,
        "to": one_of(ShownState::ALL.map(ShownState::as_str)),
    })
}

fn transition_document() -> Value {
    document(
        "transition",
        "How the shown state of an issue changed; `from` is null when it is new",
        &["id", "from", "to"],
        &transition_properties(),
    )
}

fn lease_properties() -> Value {
    json!({
        "issue": id(),
        "epoch": whole(),
        "state": one_of(LeaseState::ALL.map(LeaseState::as_str)),
        "holder": text(),
        "actor": text(),
        "host": text(),
        "granted_at": time(),
        "renewed_at": time(),
        "expires_at": time_or_null(),
        "ttl_ms": whole_or_null(),
        "renew_seq": whole(),
        "cancel_requested": truth(),
        "slots": {"type": "array", "items": text()},
        "pid": whole_or_null(),
        "pid_start": whole_or_null(),
    })
}

fn lease_document() -> Value {
    document(
        "lease",
        "The right to work on an issue; without `ttl_ms` it never expires",
        &lease::FIELDS,
        &lease_properties(),
    )
}

fn gate_document() -> Value {
    document(
        "gate",
        "A gate as it is defined for the repository",
        &gate::FIELDS,
        &json!({
            "key": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
            "title": text(),
            "description": text(),
            "stage": one_of(GateStage::ALL.map(GateStage::as_str)),
            "mode": one_of(GateMode::ALL.map(GateMode::as_str)),
        }),
    )
}

fn event_document() -> Value {
    let ulid = json!({"type": "string", "pattern": "^[0-9a-hjkmnp-tv-z]{26}$"});
    let properties = json!({
        "id": ulid,
        "lc": whole(),
        "ts": time(),
        "actor": text(),
        "type": text(),
        "issue": id(),
        "gate": text(),
        "rev": whole(),
        "etag": text(),
        "prev": {"type": "array", "items": text()},
        "txn": ulid,
        "epoch": whole(),
        "key": text(),
        "note": text(),
        "head": text(),
        "changes": {
            "type": "object",
            "additionalProperties": {"type": "array", "minItems": 2, "maxItems": 2},
        },
        "cursor": text(),
    });
    document(
        "event",
        "Something that happened; `type` may name a kind that is newer than the reader",
        &["id", "lc", "ts", "actor", "type", "txn"],
        &properties,
    )
}

fn error_document() -> Value {
    let body = json!({
        "type": "object",
        "required": ["code", "message", "hint", "retryable", "details"],
        "properties": {
            "code": one_of(ErrorKind::ALL.map(ErrorKind::code)),
            "message": text(),
            "hint": text_or_null(),
            "retryable": truth(),
            "details": {"type": "object"},
        },
    });
    document(
        "error",
        "What `--json` writes to standard error when a command fails",
        &["error"],
        &json!({"error": body}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_of_an_issue_is_described() {
        let issue = issue_document();
        for name in issue::FIELDS {
            assert!(issue["properties"].get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn every_member_of_an_event_is_described() {
        let event = event_document();
        for name in crate::event::FIELDS {
            assert!(event["properties"].get(name).is_some(), "{name}");
        }
    }
}
