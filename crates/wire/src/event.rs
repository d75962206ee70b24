//! An event as outputs show it.
//!
//! Owns the list of its members. Refuses to order or filter events.

use jit_core::{Event, Value};

/// Members that an event object may have.
pub const FIELDS: [&str; 17] = [
    "id", "lc", "ts", "actor", "type", "issue", "gate", "rev", "etag", "prev", "txn", "epoch",
    "key", "note", "changes", "head", "cursor",
];

/// Returns the event as an object; `cursor` names the place after it, for `--since`.
pub fn event(event: &Event, cursor: Option<String>) -> Value {
    let mut fields = event.to_fields();
    if let Some(cursor) = cursor {
        fields.insert("cursor".to_owned(), cursor.into());
    }
    Value::Object(fields)
}
