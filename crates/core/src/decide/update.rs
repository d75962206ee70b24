//! Changes fields of an issue, or its state by the verb of that state.
//!
//! Owns what may be changed directly. Refuses to know the rules of the verbs: it calls them.

use super::Decision;
use super::archive::archive_one;
use super::assign::assign_one;
use super::claim::{ClaimTerms, claim_one};
use super::create::{description, target, title, unknown_type};
use super::depend::refuse_cycle;
use super::done::done_one;
use super::edit::{AfterEnd, Edit, Guarded};
use super::reject::reject_one;
use super::release::release_one;
use super::reopen::reopen_one;
use crate::event::EventKind;
use crate::id::IdPrefix;
use crate::issue::IssueType;
use crate::{
    Assignee, Issue, IssueId, Label, Priority, Refusal, Request, ShownState, Snapshot, Timestamp,
    Value,
};

/// New values for fields of an issue; what is none or empty stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Update {
    /// A new title.
    pub title: Option<String>,
    /// A new description.
    pub description: Option<String>,
    /// A new type.
    pub kind: Option<IssueType>,
    /// A new priority.
    pub priority: Option<Priority>,
    /// The state to bring it to, by that state's verb.
    pub state: Option<ShownState>,
    /// A new assignee, by the rules of `assign`.
    pub assignee: Option<Assignee>,
    /// A new parent.
    pub parent: Option<IdPrefix>,
    /// A new due time.
    pub due: Option<Timestamp>,
    /// A new earliest time.
    pub not_before: Option<Timestamp>,
    /// A new estimate in minutes.
    pub estimate_minutes: Option<u32>,
    /// Values to set in `context`.
    pub context: Vec<(String, Value)>,
    /// Labels to add.
    pub add_labels: Vec<Label>,
    /// Labels to remove.
    pub remove_labels: Vec<Label>,
    /// Fields to empty.
    pub cleared: Vec<ClearedField>,
}

/// A field that can be emptied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClearedField {
    /// The description.
    Description,
    /// The assignee, by the rules of `unassign`.
    Assignee,
    /// The parent.
    Parent,
    /// The due time.
    Due,
    /// The earliest time.
    NotBefore,
    /// The estimate.
    Estimate,
    /// All labels.
    Labels,
    /// All acceptance criteria.
    Checklist,
    /// The whole context.
    Context,
    /// One key of the context.
    ContextKey(String),
}

impl ClearedField {
    /// Returns the field with this name; `context.KEY` is one key of the context.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "description" | "desc" => Some(Self::Description),
            "assignee" => Some(Self::Assignee),
            "parent" => Some(Self::Parent),
            "due" => Some(Self::Due),
            "not_before" | "not-before" => Some(Self::NotBefore),
            "estimate_minutes" | "estimate" => Some(Self::Estimate),
            "labels" | "label" => Some(Self::Labels),
            "checklist" => Some(Self::Checklist),
            "context" => Some(Self::Context),
            _ => name
                .strip_prefix("context.")
                .map(|key| Self::ContextKey(key.to_owned())),
        }
    }
}

/// Changes fields of each issue and brings it to a state.
pub fn update(
    snapshot: &Snapshot,
    request: &Request,
    ids: &[IssueId],
    update: &Update,
) -> Decision {
    check(request, update)?;
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        update_one(&mut edit, id, update)?;
    }
    Ok(edit.finish())
}

fn check(request: &Request, update: &Update) -> Result<(), Refusal> {
    update.title.as_deref().map(title).transpose()?;
    update.description.as_deref().map(description).transpose()?;
    match &update.kind {
        Some(kind) if !request.policy.types.contains(kind) => Err(unknown_type(request, kind)),
        _ => Ok(()),
    }
}

fn update_one(edit: &mut Edit<'_>, id: &IssueId, update: &Update) -> Result<(), Refusal> {
    // A write that ends the work may be repeated under its epoch; any other may not.
    let after_end = if is_only_state(update) {
        AfterEnd::Repeat
    } else {
        AfterEnd::Nothing
    };
    if edit.guard(id, after_end)? == Guarded::Proceed {
        change_fields(edit, id, update)?;
    }
    match update.state {
        None => Ok(()),
        Some(state) => change_state(edit, id, state, update.not_before),
    }
}

fn is_only_state(update: &Update) -> bool {
    *update
        == Update {
            state: update.state,
            ..Update::default()
        }
}

fn change_fields(edit: &mut Edit<'_>, id: &IssueId, update: &Update) -> Result<(), Refusal> {
    let parent = update
        .parent
        .as_ref()
        .map(|parent| target(edit.snapshot(), parent, "parent"))
        .transpose()?;
    if update.cleared.contains(&ClearedField::Assignee) {
        assign_one(edit, id, None)?;
    }
    if let Some(assignee) = &update.assignee {
        assign_one(edit, id, Some(assignee))?;
    }
    let moves = parent.is_some();
    edit.change(id, EventKind::IssueUpdated, |issue| {
        for field in &update.cleared {
            clear(issue, field);
        }
        set(issue, update);
        if parent.is_some() {
            issue.parent = parent;
        }
    });
    if moves {
        refuse_cycle(edit, id)
    } else {
        Ok(())
    }
}

fn clear(issue: &mut Issue, field: &ClearedField) {
    match field {
        ClearedField::Description => issue.description.clear(),
        ClearedField::Assignee => {}
        ClearedField::Parent => issue.parent = None,
        ClearedField::Due => issue.due = None,
        ClearedField::NotBefore => issue.not_before = None,
        ClearedField::Estimate => issue.estimate_minutes = None,
        ClearedField::Labels => issue.labels.clear(),
        ClearedField::Checklist => issue.checklist.clear(),
        ClearedField::Context => issue.context.clear(),
        ClearedField::ContextKey(key) => {
            issue.context.remove(key);
        }
    }
}

fn set(issue: &mut Issue, update: &Update) {
    if let Some(title) = &update.title {
        issue.title.clone_from(title);
    }
    if let Some(description) = &update.description {
        issue.description.clone_from(description);
    }
    if let Some(kind) = &update.kind {
        issue.kind = kind.clone();
    }
    issue.priority = update.priority.unwrap_or(issue.priority);
    issue.due = update.due.or(issue.due);
    issue.not_before = update.not_before.or(issue.not_before);
    issue.estimate_minutes = update.estimate_minutes.or(issue.estimate_minutes);
    issue.context.extend(update.context.iter().cloned());
    issue.labels.extend(update.add_labels.iter().cloned());
    issue
        .labels
        .retain(|label| !update.remove_labels.contains(label));
}

fn change_state(
    edit: &mut Edit<'_>,
    id: &IssueId,
    state: ShownState,
    not_before: Option<Timestamp>,
) -> Result<(), Refusal> {
    match state {
        ShownState::Ready | ShownState::Open if edit.issue(id)?.state.is_resolved() => {
            reopen_one(edit, id)
        }
        ShownState::Ready | ShownState::Open => release_one(edit, id, None, not_before),
        ShownState::InProgress => {
            let who = edit.request.actor.clone();
            claim_one(edit, id, &who, &ClaimTerms::default())
        }
        ShownState::Done => done_one(edit, id),
        ShownState::Rejected => reject_one(edit, id, None),
        ShownState::Gated => Err(Refusal::invalid(
            "state",
            "`gated` is reached by `done` while an exit gate is open",
        )),
        ShownState::Archived => archive_one(edit, id),
    }
}
