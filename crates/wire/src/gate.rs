//! A gate definition as outputs show it.
//!
//! Owns the list of its members. Refuses results: those are part of an issue.

use jit_core::{GateDefinition, Value};

/// Members of a gate object.
pub const FIELDS: [&str; 5] = ["key", "title", "description", "stage", "mode"];

/// Returns the definition as an object, members of newer versions included.
pub fn gate(definition: &GateDefinition) -> Value {
    Value::Object(definition.to_fields())
}
