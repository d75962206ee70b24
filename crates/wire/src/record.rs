//! The records of a store as an export writes them: what is stored, and nothing that follows from it.
//!
//! Owns which members of an issue are computed. Refuses to read them back: that is an import's.

use jit_core::{Issue, Value};

/// Members of an issue object that follow from others, or from other records.
pub const COMPUTED: [&str; 8] = [
    "short_id",
    "dependents",
    "children",
    "blocked_by",
    "ready_since",
    "lease",
    "changed",
    "transitions",
];

/// Returns the issue as it is stored, members of newer versions included. A gate stands beside it as
/// [`crate::gate::gate`] gives it, and is told by its `stage`.
pub fn issue(issue: &Issue) -> Value {
    Value::Object(issue.to_fields())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jit_core::{Assignee, IssueId, Timestamp};

    #[test]
    fn every_member_is_stored_or_computed() {
        let id = IssueId::parse("k7m2abcdef").expect("it is an id");
        let by = Assignee::parse("human:ada").expect("it is a name");
        let stored = issue(&Issue::new(
            id,
            "A".to_owned(),
            by,
            Timestamp::from_micros(0),
        ));
        let stored = stored.as_object().expect("an issue is an object");
        for name in crate::issue::FIELDS {
            assert_ne!(
                stored.contains_key(name),
                COMPUTED.contains(&name),
                "{name}"
            );
        }
    }
}
