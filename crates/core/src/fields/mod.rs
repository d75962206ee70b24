//! The names and forms of an issue's fields, as files, outputs and events share them.
//!
//! Owns the translation between the records of this crate and [`Value`] objects, both ways. Refuses to know any text
//! format and any computed field.

mod read;
mod write;

pub(crate) use self::read::number;
use self::read::{
    assignee, comment_from_fields, deleted_from_fields, dependencies, document_from_fields,
    gate_key, gates_from_value, hold_from_fields, item_from_fields, link_from_fields, minutes,
    named, newer, object, objects, optional, owned, required, set, time,
};
pub(crate) use self::write::{comment_to_value, document_to_value, item_to_value};
use self::write::{
    deleted_to_value, gates_to_value, hold_to_value, link_to_value, list, text_or_null, texts,
};
use crate::gate::{GateDefinition, GateMode, GateStage};
use crate::issue::{Issue, IssueType, MAX_DESCRIPTION, MAX_TITLE};
use crate::{IssueId, Label, Priority, State, Value};
use std::collections::BTreeMap;
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
        fields.extend(self.newer.clone());
        fields
    }

    /// Reads an issue from its fields; absent ones take their defaults, unknown ones are kept in `extra`, and ones with
    /// values that only a newer version knows in `newer`.
    pub fn from_fields(mut fields: Fields) -> Result<Self, FieldError> {
        let newer = newer(&mut fields);
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
            newer,
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
