//! How a write changed what is shown.
//!
//! Owns the shape `{id, from, to}`. Refuses to compute transitions.

use jit_core::{ShownState, Transition, Value};

/// Returns the transition as an object; `from` is null when the issue is new.
pub fn transition(transition: &Transition) -> Value {
    let from = transition.from.map(ShownState::as_str);
    Value::object([
        ("id", transition.id.as_str().into()),
        ("from", from.into()),
        ("to", transition.to.as_str().into()),
    ])
}

/// Adds what a write says beside the issue: `changed` and `transitions`.
pub fn add_outcome(object: &mut Value, changed: bool, transitions: &[Transition]) {
    if let Value::Object(members) = object {
        let listed = transitions.iter().map(self::transition).collect();
        members.insert("changed".to_owned(), changed.into());
        members.insert("transitions".to_owned(), Value::Array(listed));
    }
}
