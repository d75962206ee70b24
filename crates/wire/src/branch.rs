//! A line of a dependency tree as outputs show it.
//!
//! Owns the members that it has beside those of an issue. Refuses to walk the graph.

use jit_core::graph::{Branch, BranchEnd};
use jit_core::{Readiness, Value};

/// Returns the issue with its `depth` below the root, and with `end`, which says why nothing follows below it and is null
/// when all does. Of an issue that does not exist only the id is told.
pub fn branch(readiness: &Readiness<'_>, branch: &Branch) -> Value {
    let mut object = match readiness.snapshot.issue(&branch.id) {
        Some(issue) => crate::issue::issue(readiness, issue),
        None => Value::object([("id", Value::from(branch.id.as_str()))]),
    };
    if let Value::Object(members) = &mut object {
        members.insert("depth".to_owned(), (branch.depth as u64).into());
        let end = branch.end.map(BranchEnd::as_str);
        members.insert("end".to_owned(), end.into());
    }
    object
}
