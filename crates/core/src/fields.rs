//! The names and forms of an issue's fields, as files, outputs and events share them.
//!
//! Owns the translation between the records of this crate and [`Value`] objects, both ways. Refuses to know any text
//! format and any computed field.

use crate::gate::{GateDefinition, GateKey, GateMode, GateResult, GateStage, GateStatus};
use crate::issue::{
    ChecklistItem, Comment, CommentKind, Deleted, Document, Hold, Issue, IssueType, Link, LinkKind,
    MAX_DEPENDENCIES, MAX_DESCRIPTION, MAX_TITLE,
};
use crate::{Assignee, IssueId, Label, Priority, State, Timestamp, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The members of an object, by name.
pub type Fields = BTreeMap<String, Value>;

/// A member of a record that can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("field `{field}`: {problem}")]
pub struct FieldError {
    /// The member.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl FieldError {
    /// Returns the error that names `field` and says what is wrong with it.
    pub fn new(field: &str, problem: impl fmt::Display) -> Self {
        Self {
            field: field.to_owned(),
            problem: problem.to_string(),
        }
    }
}

impl Issue {
    /// Returns every field of the issue by its name, the empty ones too.
    pub fn to_fields(&self) -> Fields {
        let mut fields = self.extra.clone();
        let known: [(&str, Value); 31] = [
            ("id", self.id.as_str().into()),
            ("title", self.title.as_str().into()),
            ("description", self.description.as_str().into()),
            ("type", self.kind.as_str().into()),
            ("state", self.state.as_str().into()),
            ("priority", self.priority.as_str().into()),
            ("assignee", text_or_null(self.assignee.as_ref())),
            ("epoch", self.epoch.into()),
            ("labels", texts(&self.labels)),
            ("dependencies", texts(&self.dependencies)),
            ("parent", text_or_null(self.parent.as_ref())),
            ("links", list(&self.links, link_to_value)),
            ("gates", gates_to_value(&self.gates)),
            ("hold", self.hold.as_ref().map(hold_to_value).into()),
            ("checklist", list(&self.checklist, item_to_value)),
            ("comments", list(&self.comments, comment_to_value)),
            ("documents", list(&self.documents, document_to_value)),
            ("context", Value::Object(self.context.clone())),
            ("due", text_or_null(self.due)),
            ("not_before", text_or_null(self.not_before)),
            ("estimate_minutes", self.estimate_minutes.into()),
            ("created_at", self.created_at.to_string().into()),
            ("created_by", self.created_by.as_str().into()),
            ("updated_at", self.updated_at.to_string().into()),
            ("queued_at", text_or_null(self.queued_at)),
            ("closed_at", text_or_null(self.closed_at)),
            ("close_reason", self.close_reason.clone().into()),
            ("origin", self.origin.clone().into()),
            (
                "deleted",
                self.deleted.as_ref().map(deleted_to_value).into(),
            ),
            ("rev", self.rev.into()),
            ("etag", self.etag.as_str().into()),
        ];
        fields.extend(known.map(|(name, value)| (name.to_owned(), value)));
        fields
    }

    /// Reads an issue from its fields; absent ones take their defaults, unknown ones are kept in `extra`.
    pub fn from_fields(mut fields: Fields) -> Result<Self, FieldError> {
        let f = &mut fields;
        let id = required(f, "id", |text| {
            IssueId::parse(text).map_err(|error| error.to_string())
        })?;
        let title = required(f, "title", title_from_text)?;
        let created_at = required(f, "created_at", time)?;
        let created_by = required(f, "created_by", assignee)?;
        let description = optional(f, "description", description_from_text)?.unwrap_or_default();
        let issue = Self {
            description,
            kind: optional(f, "type", |text| {
                IssueType::parse(text).map_err(|error| error.to_string())
            })?
            .unwrap_or_default(),
            state: optional(f, "state", |text| named(text, State::parse))?.unwrap_or(State::Open),
            priority: optional(f, "priority", |text| named(text, Priority::parse))?
                .unwrap_or_default(),
            assignee: optional(f, "assignee", assignee)?,
            epoch: number(f, "epoch")?.unwrap_or(0),
            labels: set(f, "labels", |text| {
                Label::parse(text).map_err(|error| error.to_string())
            })?,
            dependencies: dependencies(f)?,
            parent: optional(f, "parent", |text| {
                IssueId::parse(text).map_err(|error| error.to_string())
            })?,
            links: objects(f, "links", link_from_fields)?.into_iter().collect(),
            gates: gates_from_value(f)?,
            hold: object(f, "hold", hold_from_fields)?,
            checklist: objects(f, "checklist", item_from_fields)?,
            comments: objects(f, "comments", comment_from_fields)?,
            documents: objects(f, "documents", document_from_fields)?,
            context: object(f, "context", |members| Ok(std::mem::take(members)))?
                .unwrap_or_default(),
            due: optional(f, "due", time)?,
            not_before: optional(f, "not_before", time)?,
            estimate_minutes: minutes(f)?,
            updated_at: optional(f, "updated_at", time)?.unwrap_or(created_at),
            queued_at: optional(f, "queued_at", time)?,
            closed_at: optional(f, "closed_at", time)?,
            close_reason: optional(f, "close_reason", owned)?,
            origin: optional(f, "origin", owned)?,
            deleted: object(f, "deleted", deleted_from_fields)?,
            rev: number(f, "rev")?.unwrap_or(0),
            etag: optional(f, "etag", owned)?.unwrap_or_default(),
            ..Self::new(id, title, created_by, created_at)
        };
        Ok(Self {
            extra: fields,
            ..issue
        })
    }
}

impl GateDefinition {
    /// Returns every field of the definition by its name.
    pub fn to_fields(&self) -> Fields {
        let mut fields = self.extra.clone();
        let known: [(&str, Value); 5] = [
            ("key", self.key.as_str().into()),
            ("title", self.title.as_str().into()),
            ("description", self.description.as_str().into()),
            ("stage", self.stage.as_str().into()),
            ("mode", self.mode.as_str().into()),
        ];
        fields.extend(known.map(|(name, value)| (name.to_owned(), value)));
        fields
    }

    /// Reads a definition from its fields; unknown ones are kept in `extra`.
    pub fn from_fields(mut fields: Fields) -> Result<Self, FieldError> {
        let f = &mut fields;
        let key = required(f, "key", gate_key)?;
        let title = required(f, "title", title_from_text)?;
        let description = optional(f, "description", description_from_text)?.unwrap_or_default();
        let stage = optional(f, "stage", |text| named(text, GateStage::parse))?.unwrap_or_default();
        let mode = optional(f, "mode", |text| named(text, GateMode::parse))?.unwrap_or_default();
        Ok(Self {
            key,
            title,
            description,
            stage,
            mode,
            extra: fields,
        })
    }
}

/// Checks a title: one line of 1 to [`MAX_TITLE`] bytes.
pub fn title_from_text(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("a title can't be empty".to_owned());
    }
    if text.len() > MAX_TITLE {
        return Err(format!(
            "a title has at most {MAX_TITLE} bytes, this one has {}",
            text.len()
        ));
    }
    if text.contains(['\n', '\r']) {
        return Err("a title is one line".to_owned());
    }
    Ok(text.to_owned())
}

/// Checks a description: at most [`MAX_DESCRIPTION`] bytes.
pub fn description_from_text(text: &str) -> Result<String, String> {
    if text.len() > MAX_DESCRIPTION {
        return Err(format!(
            "a description has at most {MAX_DESCRIPTION} bytes, this one has {}",
            text.len()
        ));
    }
    Ok(text.to_owned())
}

// To values.

fn text_or_null(item: Option<impl ToString>) -> Value {
    item.map(|item| item.to_string()).into()
}

fn texts<T: ToString>(items: &BTreeSet<T>) -> Value {
    Value::Array(items.iter().map(|item| item.to_string().into()).collect())
}

fn list<'a, T: 'a>(items: impl IntoIterator<Item = &'a T>, to_value: fn(&T) -> Value) -> Value {
    Value::Array(items.into_iter().map(to_value).collect())
}

fn link_to_value(link: &Link) -> Value {
    Value::object([
        ("kind", link.kind.as_str().into()),
        ("target", link.target.as_str().into()),
    ])
}

fn hold_to_value(hold: &Hold) -> Value {
    Value::object([
        ("at", hold.at.to_string().into()),
        ("by", hold.by.as_str().into()),
        ("reason", hold.reason.as_str().into()),
    ])
}

fn deleted_to_value(deleted: &Deleted) -> Value {
    Value::object([
        ("at", deleted.at.to_string().into()),
        ("by", deleted.by.as_str().into()),
    ])
}

fn item_to_value(item: &ChecklistItem) -> Value {
    Value::object([
        ("id", item.id.as_str().into()),
        ("text", item.text.as_str().into()),
        ("done", item.done.into()),
    ])
}

fn comment_to_value(comment: &Comment) -> Value {
    Value::object([
        ("id", comment.id.as_str().into()),
        ("by", comment.by.as_str().into()),
        ("at", comment.at.to_string().into()),
        ("text", comment.text.as_str().into()),
        ("kind", comment.kind.as_str().into()),
    ])
}

fn document_to_value(document: &Document) -> Value {
    let mut members = BTreeMap::from([("path".to_owned(), Value::from(document.path.as_str()))]);
    let optional = [
        ("commit", &document.commit),
        ("label", &document.label),
        ("type", &document.kind),
    ];
    for (name, text) in optional {
        if let Some(text) = text {
            members.insert(name.to_owned(), text.as_str().into());
        }
    }
    Value::Object(members)
}

fn gates_to_value(gates: &BTreeMap<GateKey, GateResult>) -> Value {
    Value::object(gates.iter().map(|(key, result)| {
        let members = Value::object([
            ("status", result.status.as_str().into()),
            ("by", text_or_null(result.by.as_ref())),
            ("at", text_or_null(result.at)),
            ("note", result.note.clone().into()),
            ("run", result.run.clone().into()),
        ]);
        (key.as_str(), members)
    }))
}

// From values.

#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands where other texts can be refused"
)]
fn owned(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| error.to_string())
}

fn assignee(text: &str) -> Result<Assignee, String> {
    Assignee::parse(text).map_err(|error| error.to_string())
}

fn gate_key(text: &str) -> Result<GateKey, String> {
    GateKey::parse(text).map_err(|error| error.to_string())
}

fn named<T>(text: &str, parse: fn(&str) -> Option<T>) -> Result<T, String> {
    parse(text).ok_or_else(|| format!("`{text}` is not one of the known values"))
}

fn optional<T>(
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

fn required<T>(
    fields: &mut Fields,
    name: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, FieldError> {
    optional(fields, name, read)?.ok_or_else(|| FieldError::new(name, "is missing"))
}

fn number(fields: &mut Fields, name: &str) -> Result<Option<u64>, FieldError> {
    const LARGEST: u64 = 1 << 53;
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(number) if number < LARGEST => Ok(Some(number)),
            _ => Err(FieldError::new(name, "must be a whole number below 2^53")),
        },
    }
}

fn minutes(fields: &mut Fields) -> Result<Option<u32>, FieldError> {
    number(fields, "estimate_minutes")?
        .map(|minutes| {
            u32::try_from(minutes).map_err(|_| FieldError::new("estimate_minutes", "is too large"))
        })
        .transpose()
}

fn array(fields: &mut Fields, name: &str) -> Result<Vec<Value>, FieldError> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(FieldError::new(name, "must be a list")),
    }
}

fn set<T: Ord>(
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

fn dependencies(fields: &mut Fields) -> Result<BTreeSet<IssueId>, FieldError> {
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

fn object<T>(
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

fn objects<T>(
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

fn link_from_fields(members: &mut Fields) -> Result<Link, FieldError> {
    Ok(Link {
        kind: required(members, "kind", |text| named(text, LinkKind::parse))?,
        target: required(members, "target", |text| {
            IssueId::parse(text).map_err(|error| error.to_string())
        })?,
    })
}

fn hold_from_fields(members: &mut Fields) -> Result<Hold, FieldError> {
    Ok(Hold {
        by: required(members, "by", assignee)?,
        at: required(members, "at", time)?,
        reason: optional(members, "reason", owned)?.unwrap_or_default(),
    })
}

fn deleted_from_fields(members: &mut Fields) -> Result<Deleted, FieldError> {
    Ok(Deleted {
        at: required(members, "at", time)?,
        by: required(members, "by", assignee)?,
    })
}

fn item_from_fields(members: &mut Fields) -> Result<ChecklistItem, FieldError> {
    let done = members
        .remove("done")
        .and_then(|value| value.as_bool())
        .unwrap_or(false);
    Ok(ChecklistItem {
        id: required(members, "id", owned)?,
        text: required(members, "text", owned)?,
        done,
    })
}

fn comment_from_fields(members: &mut Fields) -> Result<Comment, FieldError> {
    Ok(Comment {
        id: required(members, "id", owned)?,
        by: required(members, "by", assignee)?,
        at: required(members, "at", time)?,
        text: required(members, "text", owned)?,
        kind: optional(members, "kind", |text| named(text, CommentKind::parse))?
            .unwrap_or_default(),
    })
}

fn document_from_fields(members: &mut Fields) -> Result<Document, FieldError> {
    Ok(Document {
        path: required(members, "path", owned)?,
        commit: optional(members, "commit", owned)?,
        label: optional(members, "label", owned)?,
        kind: optional(members, "type", owned)?,
    })
}

fn gate_from_fields(members: &mut Fields) -> Result<GateResult, FieldError> {
    Ok(GateResult {
        status: optional(members, "status", |text| named(text, GateStatus::parse))?
            .unwrap_or_default(),
        by: optional(members, "by", assignee)?,
        at: optional(members, "at", time)?,
        note: optional(members, "note", owned)?,
        run: optional(members, "run", owned)?,
    })
}

fn gates_from_value(fields: &mut Fields) -> Result<BTreeMap<GateKey, GateResult>, FieldError> {
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
