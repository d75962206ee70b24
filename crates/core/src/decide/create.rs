//! Brings an issue into being.
//!
//! Owns the checks of a new issue's values and edges. Refuses to draw its id.

use super::Decision;
use super::depend::refuse_cycle;
use super::edit::Edit;
use super::gate_require::require_defined;
use crate::fields::{description_from_text, title_from_text};
use crate::id::IdPrefix;
use crate::issue::{ChecklistItem, IssueType, MAX_DEPENDENCIES, MAX_TEXT};
use crate::{
    Assignee, GateKey, GateResult, Issue, IssueId, Label, Priority, Refusal, Request, Snapshot,
    Timestamp, Value,
};

/// What is known of an issue before it exists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewIssue {
    /// One line.
    pub title: String,
    /// Markdown.
    pub description: String,
    /// What sort of work it is.
    pub kind: IssueType,
    /// How urgent it is.
    pub priority: Priority,
    /// Who shall do it.
    pub assignee: Option<Assignee>,
    /// Its labels.
    pub labels: Vec<Label>,
    /// The issues it waits for.
    pub dependencies: Vec<IdPrefix>,
    /// The issue it is a part of.
    pub parent: Option<IdPrefix>,
    /// The gates that it must pass.
    pub gates: Vec<GateKey>,
    /// Acceptance criteria.
    pub checklist: Vec<String>,
    /// When it should be done.
    pub due: Option<Timestamp>,
    /// Before this point it is not ready.
    pub not_before: Option<Timestamp>,
    /// How long it may take, in minutes.
    pub estimate_minutes: Option<u32>,
    /// Free values for agents.
    pub context: Vec<(String, Value)>,
}

/// Creates an issue under `id`, which no other issue may have.
pub fn create(snapshot: &Snapshot, request: &Request, id: &IssueId, new: &NewIssue) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    let mut issue = Issue::new(
        id.clone(),
        title(&new.title)?,
        request.actor.clone(),
        request.now.wall,
    );
    if !request.policy.types.contains(&new.kind) {
        return Err(unknown_type(request, &new.kind));
    }
    for key in &new.gates {
        require_defined(snapshot, key)?;
    }
    issue.description = description(&new.description)?;
    issue.kind = new.kind.clone();
    issue.priority = new.priority;
    issue.assignee.clone_from(&new.assignee);
    issue.labels = new.labels.iter().cloned().collect();
    issue.gates = new
        .gates
        .iter()
        .map(|key| (key.clone(), GateResult::default()))
        .collect();
    issue.checklist = checklist(&new.checklist)?;
    issue.due = new.due;
    issue.not_before = new.not_before;
    issue.estimate_minutes = new.estimate_minutes;
    issue.context = new.context.iter().cloned().collect();
    if new.dependencies.len() > MAX_DEPENDENCIES {
        return Err(Refusal::invalid(
            "dependencies",
            format_args!("at most {MAX_DEPENDENCIES} are allowed"),
        ));
    }
    for dependency in &new.dependencies {
        issue
            .dependencies
            .insert(target(snapshot, dependency, "dependency")?);
    }
    issue.parent = new
        .parent
        .as_ref()
        .map(|parent| target(snapshot, parent, "parent"))
        .transpose()?;
    edit.insert(issue);
    refuse_cycle(&edit, id)?;
    Ok(edit.finish())
}

/// Returns the issue that a new edge leads to.
pub(super) fn target(
    snapshot: &Snapshot,
    prefix: &IdPrefix,
    role: &'static str,
) -> Result<IssueId, Refusal> {
    match snapshot.resolve(prefix) {
        Err(Refusal::NotFound { id }) => Err(Refusal::MissingTarget { role, id }),
        resolved => resolved,
    }
}

/// Returns the refusal of a type that the repository does not have.
pub(super) fn unknown_type(request: &Request, kind: &IssueType) -> Refusal {
    let known: Vec<&str> = request.policy.types.iter().map(IssueType::as_str).collect();
    Refusal::invalid(
        "type",
        format_args!("`{kind}` is not one of {}", known.join(", ")),
    )
}

pub(super) fn title(text: &str) -> Result<String, Refusal> {
    title_from_text(text).map_err(|problem| Refusal::invalid("title", problem))
}

pub(super) fn description(text: &str) -> Result<String, Refusal> {
    description_from_text(text).map_err(|problem| Refusal::invalid("description", problem))
}

fn checklist(texts: &[String]) -> Result<Vec<ChecklistItem>, Refusal> {
    let item = |(place, text): (usize, &String)| {
        if text.trim().is_empty() || text.len() > MAX_TEXT {
            return Err(Refusal::invalid(
                "checklist",
                format_args!("an item must be 1 to {MAX_TEXT} bytes"),
            ));
        }
        Ok(ChecklistItem {
            id: (place + 1).to_string(),
            text: text.clone(),
            done: false,
        })
    };
    texts.iter().enumerate().map(item).collect()
}
