//! The difference between two versions of a record, field by field, in a form that can be replayed both ways.
//!
//! Owns how long texts and lists are shortened to what changed in them. Refuses to know what any field means.

use crate::Value;
use crate::event::{Changes, LONG_TEXT};
use crate::fields::Fields;
use crate::merge::MERGED;

/// Fields that an event carries by itself, or that have events of their own, so that no difference needs to name them.
const CARRIED: [&str; 3] = ["rev", "etag", MERGED];

/// The field that a change sets to the event's own time.
const TIMED: &str = "updated_at";

/// Returns what changed from `before` to `after`; a field that is absent counts as `null`.
pub fn diff(before: &Fields, after: &Fields) -> Changes {
    let names = before
        .keys()
        .chain(after.keys().filter(|name| !before.contains_key(*name)));
    let null = Value::Null;
    let mut changes = Changes::new();
    for name in names.filter(|name| !CARRIED.contains(&name.as_str())) {
        let old = before.get(name).unwrap_or(&null);
        let new = after.get(name).unwrap_or(&null);
        if old != new {
            changes.insert(name.clone(), shorten(old, new));
        }
    }
    if !before.is_empty() {
        changes.remove(TIMED);
    }
    changes
}

/// Returns what a new record consists of: every field that is not empty.
pub fn creation(after: &Fields) -> Changes {
    let mut changes = diff(&Fields::new(), after);
    changes.retain(|_, (_, new)| !is_empty(new));
    changes
}

/// Brings `fields` from the old version to the new one; none when they are not the old version.
pub fn replay(fields: &Fields, changes: &Changes) -> Option<Fields> {
    let mut after = fields.clone();
    for (name, (old, new)) in changes {
        let current = fields.get(name).unwrap_or(&Value::Null);
        after.insert(name.clone(), substitute(current, old, new)?);
    }
    Some(after)
}

/// Returns whether the value says nothing: `null`, an empty text, list or object.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => false,
    }
}

fn shorten(old: &Value, new: &Value) -> (Value, Value) {
    match (old, new) {
        (Value::String(old), Value::String(new)) if old.len().max(new.len()) > LONG_TEXT => {
            shorten_text(old, new)
        }
        (Value::Array(old), Value::Array(new)) if weight(old).max(weight(new)) > LONG_TEXT => {
            shorten_list(old, new)
        }
        _ => (old.clone(), new.clone()),
    }
}

/// A rough size of a list in bytes.
fn weight(items: &[Value]) -> usize {
    items.iter().map(weight_of).sum()
}

fn weight_of(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => weight(items) + 2,
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| key.len() + 4 + weight_of(value))
            .sum(),
    }
}

fn shorten_text(old: &str, new: &str) -> (Value, Value) {
    let start = common_prefix(old.chars(), new.chars(), char::len_utf8);
    let end = common_prefix(
        old[start..].chars().rev(),
        new[start..].chars().rev(),
        char::len_utf8,
    );
    let part = |text: &str| {
        let middle = &text[start..text.len() - end];
        Value::object([
            ("$at", (start as u64).into()),
            ("$text", middle.into()),
            (
                "$hash",
                blake3::hash(text.as_bytes()).to_hex().as_str().into(),
            ),
        ])
    };
    (part(old), part(new))
}

fn shorten_list(old: &[Value], new: &[Value]) -> (Value, Value) {
    let start = common_prefix(old.iter(), new.iter(), |_| 1);
    let end = common_prefix(old[start..].iter().rev(), new[start..].iter().rev(), |_| 1);
    let part = |items: &[Value]| {
        let middle = items[start..items.len() - end].to_vec();
        Value::object([
            ("$at", (start as u64).into()),
            ("$items", Value::Array(middle)),
        ])
    };
    (part(old), part(new))
}

fn common_prefix<T: PartialEq + Copy>(
    left: impl Iterator<Item = T>,
    right: impl Iterator<Item = T>,
    length: fn(T) -> usize,
) -> usize {
    left.zip(right)
        .take_while(|(left, right)| left == right)
        .map(|(item, _)| length(item))
        .sum()
}

fn substitute(current: &Value, old: &Value, new: &Value) -> Option<Value> {
    if current == old || (is_empty(current) && is_empty(old)) {
        return Some(new.clone());
    }
    let at = usize::try_from(old.as_object()?.get("$at")?.as_u64()?).ok()?;
    let member = |side: &Value, name: &str| side.as_object()?.get(name).cloned();
    match current {
        Value::String(text) => {
            let removed = member(old, "$text")?;
            let tail = text.get(at..)?.strip_prefix(removed.as_str()?)?;
            let result = format!("{}{}{tail}", &text[..at], member(new, "$text")?.as_str()?);
            let expected = member(new, "$hash")?;
            (expected.as_str()? == blake3::hash(result.as_bytes()).to_hex().as_str())
                .then(|| result.into())
        }
        Value::Array(items) => {
            let removed = member(old, "$items")?;
            let tail = items.get(at..)?.strip_prefix(removed.as_array()?)?;
            let added = member(new, "$items")?;
            Some(Value::Array(
                [&items[..at], added.as_array()?, tail].concat(),
            ))
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(value: Value) -> Fields {
        Fields::from([("field".to_owned(), value)])
    }

    fn check(old: Value, new: Value) {
        let (before, after) = (fields(old), fields(new));
        let changes = diff(&before, &after);
        assert_eq!(replay(&before, &changes).as_ref(), Some(&after));
        let reversed = changes
            .iter()
            .map(|(name, (old, new))| (name.clone(), (new.clone(), old.clone())))
            .collect();
        assert_eq!(replay(&after, &reversed).as_ref(), Some(&before));
    }

    #[test]
    fn every_difference_replays_both_ways() {
        let long = "ä".repeat(LONG_TEXT);
        let comments =
            |n: usize| Value::Array((0..n).map(|i| format!("{i}{long}").into()).collect());
        check(Value::Null, "x".into());
        check("a".into(), "b".into());
        check(long.as_str().into(), format!("{long}!").into());
        check(format!("{long}ö").into(), format!("x{long}").into());
        check(comments(3), comments(5));
        check(comments(2), Value::Array(Vec::new()));
    }

    #[test]
    fn long_texts_are_shortened_to_what_changed() {
        let long = "x".repeat(2 * LONG_TEXT);
        let changes = diff(
            &fields(long.as_str().into()),
            &fields(format!("{long}y").into()),
        );
        let (_, new) = &changes["field"];
        assert_eq!(new.as_object().unwrap()["$text"].as_str(), Some("y"));
    }

    #[test]
    fn replay_refuses_another_version() {
        let changes = diff(&fields("a".into()), &fields("b".into()));
        assert_eq!(replay(&fields("c".into()), &changes), None);
    }
}
