//! The object of a finding of `validate` and `doctor`, and the report of a repair.
//!
//! Owns the names of its members. Refuses to look for anything.

use jit_core::Value;
use jit_core::audit::{EdgeOrigin, Finding};

/// Members of a finding, in the order in which people read them.
pub const FIELDS: [&str; 7] = [
    "code", "severity", "issue", "path", "message", "remedy", "edges",
];

/// Members of the report of a repair.
pub const REPAIR_FIELDS: [&str; 4] = ["steps", "left", "backup", "changed"];

/// Returns a finding as an object. `path` is that of the issue's file unless the finding names another.
pub fn finding(finding: &Finding) -> Value {
    let issue = finding.issue.as_ref();
    let own = issue.map(|id| format!(".jit/issues/{}/{id}.json", id.shard()));
    Value::object([
        ("code", Value::from(finding.code)),
        ("severity", finding.severity.as_str().into()),
        ("issue", issue.map(ToString::to_string).into()),
        ("path", finding.path.clone().or(own).into()),
        ("message", finding.message.as_str().into()),
        ("remedy", finding.remedy.clone().into()),
        (
            "edges",
            Value::Array(finding.edges.iter().map(edge).collect()),
        ),
    ])
}

fn edge(edge: &EdgeOrigin) -> Value {
    let added = edge.added.as_ref();
    Value::object([
        ("from", Value::from(edge.from.as_str())),
        ("to", edge.to.as_str().into()),
        ("kind", edge.kind.as_str().into()),
        ("event", added.map(|it| it.event.to_string()).into()),
        ("actor", added.map(|it| it.actor.to_string()).into()),
        ("ts", added.map(|it| it.ts.to_string()).into()),
    ])
}
