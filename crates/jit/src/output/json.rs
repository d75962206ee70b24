//! Data as JSON.
//!
//! Owns the two forms, for machines and for people who look. Refuses any character that could act on a terminal.

use super::untrusted;
use jit_core::Value;

/// Returns the value as one line of JSON.
pub(crate) fn line(value: &Value) -> String {
    let text = serde_json::to_string(value).expect("a tree of values has no keys but texts");
    untrusted::json(text)
}

/// Returns the value as JSON over several lines.
pub(crate) fn pretty(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).expect("a tree of values has no keys but texts");
    untrusted::json(text)
}

/// Returns the chosen members of an object, all of them when none are chosen.
pub(crate) fn select(value: Value, fields: &[String]) -> Value {
    match value {
        Value::Object(members) if !fields.is_empty() => {
            let is_chosen = |name: &String| fields.contains(name);
            Value::Object(
                members
                    .into_iter()
                    .filter(|(name, _)| is_chosen(name))
                    .collect(),
            )
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_members_stay() {
        let value = Value::object([("id", Value::from("k7m2")), ("title", "a\u{202e}b".into())]);
        assert_eq!(line(&value), r#"{"id":"k7m2","title":"a\u202eb"}"#);
        assert_eq!(line(&select(value, &["id".to_owned()])), r#"{"id":"k7m2"}"#);
    }
}
