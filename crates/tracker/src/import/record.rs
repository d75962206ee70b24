//! Reads the lines of a beads log.
//!
//! Owns the form of a record. Refuses to interpret it.

use crate::error::Error;
use jit_core::{Assignee, Timestamp, Value};
use std::collections::BTreeMap;

/// Longest line that is read, in bytes.
const MAX_LINE: usize = 1024 * 1024;

/// Members that are texts.
const TEXTS: [&str; 4] = ["title", "description", "status", "close_reason"];
/// Members that are points in time.
const TIMES: [&str; 3] = ["created_at", "updated_at", "closed_at"];
/// Members that name somebody.
const PEOPLE: [&str; 2] = ["created_by", "assignee"];
/// Members that are lists.
const LISTS: [&str; 3] = ["labels", "dependencies", "comments"];

/// One issue as the other tracker had it.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) fields: BTreeMap<String, Value>,
}

/// An edge as it stands in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) kind: String,
}

impl Record {
    /// Returns a member that is a text and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.fields
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    /// Returns a member that is a time.
    pub(super) fn time(&self, name: &str) -> Option<Timestamp> {
        self.text(name).and_then(|text| Timestamp::parse(text).ok())
    }

    /// Returns the objects of a list.
    pub(super) fn objects(&self, name: &str) -> impl Iterator<Item = &BTreeMap<String, Value>> {
        let items = self
            .fields
            .get(name)
            .and_then(Value::as_array)
            .unwrap_or_default();
        items.iter().filter_map(Value::as_object)
    }

    /// Returns what of the record can't be taken over as it stands, as pairs of what it is and what becomes of it.
    pub(super) fn oddities(&self) -> Vec<(String, &'static str)> {
        let mut found = Vec::new();
        for name in TEXTS.iter().filter(|name| self.is_present(name)) {
            if self.fields[*name].as_str().is_none() {
                found.push((format!("{name} that is no text"), "left out"));
            }
        }
        for name in TIMES.iter().filter(|name| self.is_present(name)) {
            if self.time(name).is_none() {
                found.push((format!("{name} that is no time"), "the nearest known time"));
            }
        }
        for name in PEOPLE.iter().filter(|name| self.text(name).is_some()) {
            if self.person(name).is_none() {
                found.push((format!("{name} that names nobody"), "kept in the context"));
            }
        }
        for name in LISTS.iter().filter(|name| self.is_present(name)) {
            if self.fields[*name].as_array().is_none() {
                found.push((format!("{name} that is no list"), "left out"));
            }
        }
        let n_edges = self
            .fields
            .get("dependencies")
            .and_then(Value::as_array)
            .map_or(0, <[Value]>::len);
        let n_lost = n_edges - self.edges().count();
        found.extend((0..n_lost).map(|_| ("edge without a target".to_owned(), "left out")));
        let labels = self
            .fields
            .get("labels")
            .and_then(Value::as_array)
            .unwrap_or_default();
        let n_lost = labels
            .iter()
            .filter(|label| label.as_str().is_none())
            .count();
        found.extend((0..n_lost).map(|_| ("label that is no text".to_owned(), "left out")));
        found
    }

    /// Returns a member that names somebody.
    pub(super) fn person(&self, name: &str) -> Option<Assignee> {
        self.text(name).and_then(|text| Assignee::parse(text).ok())
    }

    fn is_present(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| !value.is_null())
    }

    /// Returns the edges that the record names.
    pub(super) fn edges(&self) -> impl Iterator<Item = Edge> {
        self.objects("dependencies").filter_map(|edge| {
            let member = |name: &str| edge.get(name).and_then(Value::as_str).map(str::to_owned);
            Some(Edge {
                from: member("issue_id").unwrap_or_else(|| self.id.clone()),
                to: member("depends_on_id")?,
                kind: member("type").unwrap_or_else(|| "blocks".to_owned()),
            })
        })
    }
}

/// Reads every line; an unreadable one refuses the whole input, since half an import would be worse.
pub(super) fn parse(text: &str) -> Result<Vec<Record>, Error> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(place, line)| {
            record(line).map_err(|problem| Error::Import {
                line: place + 1,
                problem,
            })
        })
        .collect()
}

fn record(line: &str) -> Result<Record, String> {
    if line.len() > MAX_LINE {
        return Err(format!(
            "a record has at most {MAX_LINE} bytes, this one has {}",
            line.len()
        ));
    }
    let value: Value =
        serde_json::from_str(line).map_err(|error| format!("not a JSON object: {error}"))?;
    let Value::Object(fields) = value else {
        return Err("not a JSON object".to_owned());
    };
    let id = fields
        .get("id")
        .and_then(Value::as_str)
        .filter(|id| !id.is_empty());
    let id = id.ok_or("the record has no `id`")?.to_owned();
    Ok(Record { id, fields })
}
