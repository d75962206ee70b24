//! Reads the parts of a record from values.
//!
//! Owns one function for each kind of part, and names the field that can't be read. Refuses to write.

use super::{FieldError, Fields};
use crate::gate::{GateKey, GateResult, GateStatus};
use crate::issue::{
    ChecklistItem, Comment, CommentKind, Deleted, Document, Hold, Link, LinkKind, MAX_DEPENDENCIES,
};
use crate::{Assignee, IssueId, Priority, State, Timestamp, Value};
use std::collections::{BTreeMap, BTreeSet};

#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands where other texts can be refused"
)]
pub(super) fn owned(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| error.to_string())
}

pub(super) fn assignee(text: &str) -> Result<Assignee, String> {
    Assignee::parse(text).map_err(|error| error.to_string())
}

pub(super) fn gate_key(text: &str) -> Result<GateKey, String> {
    GateKey::parse(text).map_err(|error| error.to_string())
}

pub(super) fn named<T>(text: &str, parse: fn(&str) -> Option<T>) -> Result<T, String> {
    parse(text).ok_or_else(|| format!("`{text}` is not one of the known values"))
}

pub(super) fn optional<T>(
    fields: &mut Fields,
    name: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, FieldError> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => read(&text)
            .map(Some)
            .map_err(|problem| FieldError::new(name, problem)),
        Some(_) => Err(FieldError::new(name, "must be a text")),
    }
}

pub(super) fn required<T>(
    fields: &mut Fields,
    name: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, FieldError> {
    optional(fields, name, read)?.ok_or_else(|| FieldError::new(name, "is missing"))
}

/// Reads a whole number below 2^53.
pub(crate) fn number(fields: &mut Fields, name: &str) -> Result<Option<u64>, FieldError> {
    const LARGEST: u64 = 1 << 53;
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(number) if number < LARGEST => Ok(Some(number)),
            _ => Err(FieldError::new(name, "must be a whole number below 2^53")),
        },
    }
}

pub(super) fn minutes(fields: &mut Fields) -> Result<Option<u32>, FieldError> {
    number(fields, "estimate_minutes")?
        .map(|minutes| {
            u32::try_from(minutes).map_err(|_| FieldError::new("estimate_minutes", "is too large"))
        })
        .transpose()
}

pub(super) fn array(fields: &mut Fields, name: &str) -> Result<Vec<Value>, FieldError> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(FieldError::new(name, "must be a list")),
    }
}

pub(super) fn set<T: Ord>(
    fields: &mut Fields,
    name: &str,
    read: fn(&str) -> Result<T, String>,
) -> Result<BTreeSet<T>, FieldError> {
    let read_item = |item: Value| {
        let text = item
            .as_str()
            .ok_or_else(|| FieldError::new(name, "must be a list of texts"))?;
        read(text).map_err(|problem| FieldError::new(name, problem))
    };
    array(fields, name)?.into_iter().map(read_item).collect()
}

pub(super) fn dependencies(fields: &mut Fields) -> Result<BTreeSet<IssueId>, FieldError> {
    let found = set(fields, "dependencies", |text| {
        IssueId::parse(text).map_err(|error| error.to_string())
    })?;
    if found.len() > MAX_DEPENDENCIES {
        return Err(FieldError::new(
            "dependencies",
            format_args!("at most {MAX_DEPENDENCIES} are allowed"),
        ));
    }
    Ok(found)
}

pub(super) fn object<T>(
    fields: &mut Fields,
    name: &str,
    read: impl Fn(&mut Fields) -> Result<T, FieldError>,
) -> Result<Option<T>, FieldError> {
    let nested =
        |error: FieldError| FieldError::new(&format!("{name}.{}", error.field), error.problem);
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(mut members)) => read(&mut members).map(Some).map_err(nested),
        Some(_) => Err(FieldError::new(name, "must be an object")),
    }
}

pub(super) fn objects<T>(
    fields: &mut Fields,
    name: &str,
    read: fn(&mut Fields) -> Result<T, FieldError>,
) -> Result<Vec<T>, FieldError> {
    let nested =
        |error: FieldError| FieldError::new(&format!("{name}[].{}", error.field), error.problem);
    let read_item = |item: Value| {
        let Value::Object(mut members) = item else {
            return Err(FieldError::new(name, "must be a list of objects"));
        };
        read(&mut members).map_err(nested)
    };
    array(fields, name)?.into_iter().map(read_item).collect()
}

/// Takes the members out whose values only a newer version knows: a word where this one knows a list of words.
///
/// A value of another type is no word of a newer version but damage, and stays for its reader to refuse.
pub(super) fn newer(fields: &mut Fields) -> Fields {
    let is_newer = |name: &str, value: &Value| match name {
        "state" => is_unknown(value, |text| State::parse(text).is_some()),
        "priority" => is_unknown(value, |text| Priority::parse(text).is_some()),
        "links" => any_member(value, "kind", |text| LinkKind::parse(text).is_some()),
        "comments" => any_member(value, "kind", |text| CommentKind::parse(text).is_some()),
        "gates" => any_member(value, "status", |text| GateStatus::parse(text).is_some()),
        _ => false,
    };
    let mut found = Fields::new();
    for name in ["state", "priority", "links", "comments", "gates"] {
        if fields.get(name).is_some_and(|value| is_newer(name, value)) {
            found.extend(fields.remove_entry(name));
        }
    }
    found
}

fn is_unknown(value: &Value, is_known: impl Fn(&str) -> bool) -> bool {
    value
        .as_str()
        .is_some_and(|text| !text.is_empty() && !is_known(text))
}

/// Returns whether a member of any element has a value that is not known.
fn any_member(value: &Value, name: &str, is_known: impl Fn(&str) -> bool + Copy) -> bool {
    let is_newer = |element: &Value| {
        let member = element.as_object().and_then(|element| element.get(name));
        member.is_some_and(|member| is_unknown(member, is_known))
    };
    match value {
        Value::Array(items) => items.iter().any(is_newer),
        Value::Object(members) => members.values().any(is_newer),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => false,
    }
}

pub(super) fn link_from_fields(members: &mut Fields) -> Result<Link, FieldError> {
    Ok(Link {
        kind: required(members, "kind", |text| named(text, LinkKind::parse))?,
        target: required(members, "target", |text| {
            IssueId::parse(text).map_err(|error| error.to_string())
        })?,
    })
}

pub(super) fn hold_from_fields(members: &mut Fields) -> Result<Hold, FieldError> {
    Ok(Hold {
        by: required(members, "by", assignee)?,
        at: required(members, "at", time)?,
        reason: optional(members, "reason", owned)?.unwrap_or_default(),
    })
}

pub(super) fn deleted_from_fields(members: &mut Fields) -> Result<Deleted, FieldError> {
    Ok(Deleted {
        at: required(members, "at", time)?,
        by: required(members, "by", assignee)?,
    })
}

pub(super) fn item_from_fields(members: &mut Fields) -> Result<ChecklistItem, FieldError> {
    // A criterion that can't be read is damage, not an open criterion.
    let done = match members.remove("done") {
        None | Some(Value::Null) => false,
        Some(value) => value
            .as_bool()
            .ok_or_else(|| FieldError::new("done", "must be true or false"))?,
    };
    Ok(ChecklistItem {
        id: required(members, "id", owned)?,
        text: required(members, "text", owned)?,
        done,
    })
}

pub(super) fn comment_from_fields(members: &mut Fields) -> Result<Comment, FieldError> {
    Ok(Comment {
        id: required(members, "id", owned)?,
        by: required(members, "by", assignee)?,
        at: required(members, "at", time)?,
        text: required(members, "text", owned)?,
        kind: optional(members, "kind", |text| named(text, CommentKind::parse))?
            .unwrap_or_default(),
    })
}

pub(super) fn document_from_fields(members: &mut Fields) -> Result<Document, FieldError> {
    Ok(Document {
        path: required(members, "path", owned)?,
        commit: optional(members, "commit", owned)?,
        label: optional(members, "label", owned)?,
        kind: optional(members, "type", owned)?,
    })
}

pub(super) fn gate_from_fields(members: &mut Fields) -> Result<GateResult, FieldError> {
    Ok(GateResult {
        status: optional(members, "status", |text| named(text, GateStatus::parse))?
            .unwrap_or_default(),
        by: optional(members, "by", assignee)?,
        at: optional(members, "at", time)?,
        note: optional(members, "note", owned)?,
        run: optional(members, "run", owned)?,
    })
}

pub(super) fn gates_from_value(
    fields: &mut Fields,
) -> Result<BTreeMap<GateKey, GateResult>, FieldError> {
    let read = |members: &mut Fields| {
        let entries = std::mem::take(members).into_iter();
        entries
            .map(|(name, value)| {
                let key = gate_key(&name).map_err(|problem| FieldError::new(&name, problem))?;
                let mut one = BTreeMap::from([(name.clone(), value)]);
                let result = object(&mut one, &name, gate_from_fields)?.unwrap_or_default();
                Ok((key, result))
            })
            .collect()
    };
    Ok(object(fields, "gates", read)?.unwrap_or_default())
}
