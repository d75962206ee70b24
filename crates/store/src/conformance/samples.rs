//! Records to write and to read back.
//!
//! Owns one of each kind, with everything in it that a store might lose. Refuses to check anything.

use jit_core::{
    Assignee, EventDraft, EventKind, GateDefinition, GateKey, GateMode, GateStage, Issue, IssueId,
    Lease, LeaseState, Timestamp, Value,
};
use std::collections::{BTreeMap, BTreeSet};

fn now() -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000)
}

fn by() -> Assignee {
    Assignee::parse("agent:a1").expect("a well-formed name")
}

pub(super) fn id(n: u64) -> IssueId {
    IssueId::from_random(n)
}

pub(super) fn issue(n: u64, title: &str) -> Issue {
    let mut issue = Issue::new(id(n), title.to_owned(), by(), now());
    issue.extra.insert(
        "x_unknown".to_owned(),
        Value::Array(vec![Value::Null, Value::Int(7)]),
    );
    issue
}

pub(super) fn event(issue: &Issue, note: &str) -> EventDraft {
    EventDraft {
        ts: now(),
        actor: by(),
        kind: EventKind::IssueUpdated,
        issue: Some(issue.id.clone()),
        gate: None,
        rev: Some(issue.rev),
        etag: None,
        prev: Vec::new(),
        epoch: None,
        key: None,
        note: Some(note.to_owned()),
        changes: BTreeMap::new(),
    }
}

pub(super) fn lease(n: u64) -> Lease {
    Lease {
        issue: id(n),
        epoch: 3,
        state: LeaseState::Held,
        holder: by(),
        actor: by(),
        key: Some("k".to_owned()),
        host: "h".to_owned(),
        boot_id: "b".to_owned(),
        granted_wall: now(),
        renewed_wall: now(),
        renewed_boottime_ms: 5,
        ttl_ms: None,
        renew_seq: 0,
        cancel_requested: false,
        slots: BTreeSet::new(),
        process: None,
        extra: BTreeMap::new(),
    }
}

pub(super) fn gate(key: &str) -> GateDefinition {
    GateDefinition {
        key: GateKey::parse(key).expect("a well-formed key"),
        title: key.to_owned(),
        description: "why".to_owned(),
        stage: GateStage::Entry,
        mode: GateMode::Manual,
        extra: BTreeMap::from([("checker".to_owned(), Value::Bool(true))]),
    }
}
