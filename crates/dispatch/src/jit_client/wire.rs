//! Owns the reading of `jit --json`: tolerant, so that any version of `jit` will do. Unknown fields are ignored, unknown
//! words are kept as they are, and an issue needs nothing but its id.

use std::collections::BTreeSet;

use jit_scheduler::{IssueId, Millis};
use serde_json::{Map, Value};

use super::error::Answer;
use crate::ports::parse_rfc3339;

/// Longest id that is believed.
const MAX_ID: usize = 128;

/// The fields of an issue that the dispatcher uses.
#[derive(Debug, Clone, PartialEq)]
pub struct Issue {
    /// The full id.
    pub id: IssueId,
    /// The title, as untrusted as it was typed.
    pub title: String,
    /// The state it is shown in.
    pub state: State,
    /// The word for the priority.
    pub priority: String,
    /// Who it is assigned to.
    pub assignee: Option<String>,
    /// The labels.
    pub labels: BTreeSet<String>,
    /// The highest epoch that was ever granted for it.
    pub epoch: u64,
    /// When it became ready, as far as the tracker says.
    pub ready_since: Option<Millis>,
    /// What keeps it from being ready.
    pub blocked_by: Vec<Blocker>,
    /// The issues that it waits for: its dependencies and its children.
    pub waits_for: Vec<IssueId>,
    /// The live lease.
    pub lease: Option<Lease>,
    /// A digest of title and description: another body is another task.
    pub body: String,
}

/// The states of an issue as they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Open and blocked.
    Open,
    /// Open, and nothing blocks it.
    Ready,
    /// Somebody works on it.
    InProgress,
    /// The work is done, an exit gate is not passed.
    Gated,
    /// Done.
    Done,
    /// Given up.
    Rejected,
    /// Out of sight.
    Archived,
    /// A word of a newer tracker.
    Other(String),
}

/// One reason why an issue is not ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// The word for the kind of reason.
    pub kind: String,
}

/// The part of a lease that the dispatcher uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The epoch, if it was given.
    pub epoch: Option<u64>,
    /// Whether somebody asked the holder to stop.
    pub cancel_requested: bool,
}

/// A list of issues, and what could not be read of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listed {
    /// The issues.
    pub issues: Vec<Issue>,
    /// Elements that are no issues: they never hide the others.
    pub malformed: Vec<Malformed>,
}

/// Why an element of an answer is no issue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// One event of the tracker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The word for what happened.
    pub kind: String,
    /// The issue it happened to, if it was one.
    pub issue: Option<IssueId>,
}

impl Event {
    /// Returns whether the event can have made an issue ready; unknown ones can.
    pub fn may_ready(&self) -> bool {
        !matches!(
            self.kind.as_str(),
            "issue.claimed"
                | "issue.blocked"
                | "issue.gated"
                | "issue.commented"
                | "issue.held"
                | "dep.added"
                | "gate.defined"
                | "gate.required"
                | "gate.checked"
        )
    }
}

/// Where the repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The directory that holds `.jit`.
    pub root: String,
    /// The store itself: what makes two dispatchers share their state.
    pub store: String,
}

impl State {
    /// Returns whether an issue in this state keeps nobody waiting.
    pub fn is_resolved(&self) -> bool {
        matches!(self, Self::Done | Self::Rejected | Self::Archived)
    }
}

impl From<&str> for State {
    fn from(word: &str) -> Self {
        match word {
            "open" => Self::Open,
            "ready" => Self::Ready,
            "in_progress" => Self::InProgress,
            "gated" => Self::Gated,
            "done" => Self::Done,
            "rejected" => Self::Rejected,
            "archived" => Self::Archived,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// Reads one issue object.
pub fn parse_issue(document: &[u8]) -> Result<Issue, Malformed> {
    match serde_json::from_slice(document) {
        Ok(Value::Object(object)) => issue(&object),
        // A command that takes several ids may answer one with a list of one.
        Ok(Value::Array(elements)) if elements.len() == 1 => element(&elements[0]),
        Ok(_) => Err(Malformed("not an issue object".to_owned())),
        Err(error) => Err(Malformed(error.to_string())),
    }
}

/// Reads an array of issues; elements that are none are named beside the others.
pub fn parse_list(document: &[u8]) -> Result<Listed, Malformed> {
    let elements: Vec<Value> =
        serde_json::from_slice(document).map_err(|error| Malformed(error.to_string()))?;
    let mut listed = Listed::default();
    for value in &elements {
        match element(value) {
            Ok(issue) => listed.issues.push(issue),
            Err(malformed) => listed.malformed.push(malformed),
        }
    }
    Ok(listed)
}

/// Reads one line of the event stream.
pub fn parse_event(line: &[u8]) -> Result<Event, Malformed> {
    let object: Map<String, Value> =
        serde_json::from_slice(line).map_err(|error| Malformed(error.to_string()))?;
    Ok(Event {
        kind: text(&object, "type").unwrap_or_default(),
        issue: text(&object, "issue").and_then(|id| id_from(&id).ok()),
    })
}

/// Reads an error object; anything else becomes an answer without a code.
pub fn parse_error(document: &[u8]) -> Answer {
    let object: Option<Map<String, Value>> = document
        .split(|byte| *byte == b'\n')
        .chain(std::iter::once(document))
        .find_map(|part| {
            serde_json::from_slice(part)
                .ok()
                .filter(|object: &Map<_, _>| object.contains_key("error"))
        });
    let Some(Some(error)) = object
        .as_ref()
        .map(|object| object.get("error").and_then(Value::as_object))
    else {
        let words = String::from_utf8_lossy(document);
        return Answer {
            message: words.trim().chars().take(500).collect(),
            ..Answer::default()
        };
    };
    Answer {
        code: text(error, "code").unwrap_or_default(),
        message: text(error, "message").unwrap_or_default(),
        hint: text(error, "hint"),
    }
}

/// Reads the answer of `jit where`.
pub fn parse_repository(document: &[u8]) -> Result<Repository, Malformed> {
    let object: Map<String, Value> =
        serde_json::from_slice(document).map_err(|error| Malformed(error.to_string()))?;
    let store = ["store", "jit_dir", "path"]
        .iter()
        .find_map(|key| text(&object, key));
    let store = store.ok_or_else(|| Malformed("it does not say where the store is".to_owned()))?;
    let root = text(&object, "root")
        .unwrap_or_else(|| store.strip_suffix("/.jit").unwrap_or(&store).to_owned());
    Ok(Repository { root, store })
}

fn element(value: &Value) -> Result<Issue, Malformed> {
    value
        .as_object()
        .ok_or_else(|| Malformed("an element is not an object".to_owned()))
        .and_then(issue)
}

fn issue(object: &Map<String, Value>) -> Result<Issue, Malformed> {
    let id = text(object, "id").ok_or_else(|| Malformed("an issue without an `id`".to_owned()))?;
    let title = text(object, "title").unwrap_or_default();
    let description = text(object, "description").unwrap_or_default();
    Ok(Issue {
        id: id_from(&id)?,
        state: State::from(text(object, "state").unwrap_or_default().as_str()),
        priority: text(object, "priority").unwrap_or_else(|| "normal".to_owned()),
        assignee: text(object, "assignee"),
        labels: array(object, "labels")
            .filter_map(|label| label.as_str().map(str::to_owned))
            .collect(),
        epoch: object.get("epoch").and_then(Value::as_u64).unwrap_or(0),
        ready_since: ["ready_since", "created_at"]
            .iter()
            .find_map(|key| parse_rfc3339(&text(object, key)?)),
        blocked_by: array(object, "blocked_by").filter_map(blocker).collect(),
        lease: object.get("lease").and_then(Value::as_object).map(lease),
        waits_for: waits_for(object),
        body: digest(&title, &description),
        title,
    })
}

/// Accepts only ids that can be a file name and an argument: they come from another program.
fn id_from(text: &str) -> Result<IssueId, Malformed> {
    let starts_well = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    let is_plain = |ch: char| ch.is_ascii_alphanumeric() || ch == '-' || ch == '_';
    if starts_well && text.len() <= MAX_ID && text.chars().all(is_plain) {
        return Ok(IssueId::from(text));
    }
    Err(Malformed(format!("{text:?} cannot be the id of an issue")))
}

fn waits_for(object: &Map<String, Value>) -> Vec<IssueId> {
    let ids = array(object, "dependencies").chain(array(object, "children"));
    ids.filter_map(|id| id_from(id.as_str()?).ok()).collect()
}

fn blocker(value: &Value) -> Option<Blocker> {
    let kind = value
        .as_str()
        .map(str::to_owned)
        .or_else(|| text(value.as_object()?, "kind"))?;
    Some(Blocker { kind })
}

fn lease(object: &Map<String, Value>) -> Lease {
    Lease {
        epoch: object.get("epoch").and_then(Value::as_u64),
        cancel_requested: object
            .get("cancel_requested")
            .and_then(Value::as_bool)
            .unwrap_or(false),
    }
}

fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn array<'a>(
    object: &'a Map<String, Value>,
    key: &str,
) -> impl Iterator<Item = &'a Value> + use<'a> {
    object
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn digest(title: &str, description: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(&(title.len() as u64).to_le_bytes())
        .update(title.as_bytes())
        .update(description.as_bytes());
    hasher.finalize().to_hex().as_str()[..32].to_owned()
}

/// Returns whether the answer to a renewal says that the holder is asked to stop.
pub(super) fn parse_cancel_requested(document: &[u8]) -> bool {
    let Ok(Value::Object(object)) = serde_json::from_slice(document) else {
        return false;
    };
    let asked = |object: &Map<String, Value>| {
        object.get("cancel_requested").and_then(Value::as_bool) == Some(true)
    };
    asked(&object)
        || object
            .get("lease")
            .and_then(Value::as_object)
            .is_some_and(asked)
}
