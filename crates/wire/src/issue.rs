//! The issue object: every stored field, and the computed ones.
//!
//! Owns the names of the computed members. Refuses to compute readiness: `core` does.

use jit_core::{Blocker, Issue, IssueId, Readiness, ShownState, Value};

/// Members of an issue object, in the order in which people read them.
pub const FIELDS: [&str; 39] = [
    "id",
    "short_id",
    "title",
    "description",
    "type",
    "state",
    "priority",
    "assignee",
    "labels",
    "dependencies",
    "dependents",
    "parent",
    "children",
    "blocked_by",
    "ready_since",
    "gates",
    "hold",
    "checklist",
    "links",
    "comments",
    "documents",
    "context",
    "due",
    "not_before",
    "estimate_minutes",
    "created_at",
    "created_by",
    "updated_at",
    "queued_at",
    "closed_at",
    "close_reason",
    "origin",
    "deleted",
    "epoch",
    "lease",
    "rev",
    "etag",
    "changed",
    "transitions",
];

/// Returns the issue as an object.
///
/// `state` and `assignee` are those that count: an issue whose lease ran out is shown open and unassigned. `blocked_by` is
/// empty unless the issue is open; `ready_since` is null while it is blocked.
pub fn issue(readiness: &Readiness<'_>, issue: &Issue) -> Value {
    let snapshot = readiness.snapshot;
    let shown = readiness.shown(issue);
    let is_blocked = shown == ShownState::Open;
    let blockers = if is_blocked {
        readiness.blockers(issue)
    } else {
        Vec::new()
    };
    let since = (!is_blocked).then(|| readiness.ready_since(issue).to_string());
    let assignee = readiness.assignee(issue).map(ToString::to_string);
    let lease = snapshot.live_lease(&issue.id, readiness.now);
    let mut fields = issue.to_fields();
    let computed: [(&str, Value); 8] = [
        ("short_id", snapshot.short_id(&issue.id).into()),
        ("state", shown.as_str().into()),
        ("assignee", assignee.into()),
        (
            "blocked_by",
            Value::Array(blockers.iter().map(Blocker::to_value).collect()),
        ),
        (
            "dependents",
            ids(snapshot.dependents(&issue.id).map(|other| &other.id)),
        ),
        (
            "children",
            ids(snapshot.children(&issue.id).map(|other| &other.id)),
        ),
        ("ready_since", since.into()),
        (
            "lease",
            lease
                .map(|lease| crate::lease::lease(lease, readiness.now))
                .into(),
        ),
    ];
    fields.extend(computed.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(fields)
}

fn ids<'a>(ids: impl Iterator<Item = &'a IssueId>) -> Value {
    Value::Array(ids.map(|id| id.as_str().into()).collect())
}
