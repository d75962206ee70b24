//! Why a decision said no.
//!
//! Owns the reasons and what a machine may want to know about each. Refuses to phrase hints (`jit`) and to pick exit
//! codes (`wire`).

use crate::{Assignee, Blocker, ErrorKind, GateKey, IssueId, SlotName, State, Value};
use std::fmt;

/// A rule said no; nothing is to be written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "the fields are named for what the message says about them"
)]
pub enum Refusal {
    /// No issue has this id.
    #[error("no issue matches `{id}`")]
    NotFound { id: String },
    /// A dependency or parent that a new edge would lead to does not exist.
    #[error("{role} `{id}` does not exist")]
    MissingTarget { role: &'static str, id: String },
    /// Several issues have this prefix.
    #[error("`{prefix}` is ambiguous: {}", join(.candidates))]
    Ambiguous {
        prefix: String,
        candidates: Vec<IssueId>,
    },
    /// The file of the issue can't be read.
    #[error("`{path}` can't be read: {message}")]
    Unreadable { path: String, message: String },
    /// A newer version has written values into the issue that this one must not overwrite.
    #[error("issue `{id}` can only be read: a newer jit has written {}", .fields.join(", "))]
    ReadOnly { id: IssueId, fields: Vec<String> },
    /// No gate has this key.
    #[error("gate `{key}` is not defined")]
    UnknownGate {
        key: GateKey,
        nearest: Option<GateKey>,
    },
    /// The issue does not require this gate.
    #[error("issue `{id}` does not require gate `{key}`")]
    GateNotRequired { id: IssueId, key: GateKey },
    /// A gate with this key exists with another definition.
    #[error("gate `{key}` is already defined differently")]
    GateExists { key: GateKey },
    /// Unresolved issues require the gate.
    #[error("gate `{key}` can't be removed: {} {} it", join_some(.issues), if .issues.len() == 1 { "requires" } else { "require" })]
    GateInUse { key: GateKey, issues: Vec<IssueId> },
    /// The gate asks for somebody else to pass it.
    #[error("gate `{key}` can only be passed by {role}, not by {by}")]
    WrongRole {
        key: GateKey,
        role: String,
        by: Assignee,
    },
    /// The gate's checker decides, not a person.
    #[error("gate `{key}` is automatic: only its checker can pass it")]
    AutomaticGate { key: GateKey },
    /// A value is not acceptable.
    #[error("{field}: {problem}")]
    Invalid { field: String, problem: String },
    /// There is nothing to take.
    #[error("no issue is ready for {who}")]
    NothingReady { who: Assignee },
    /// The issue can't be claimed yet.
    #[error("issue `{id}` is not ready: {}", sentences(.blockers))]
    NotReady { id: IssueId, blockers: Vec<Blocker> },
    /// The issue is in a state from which the verb does not lead.
    #[error("issue `{id}` is {state}: it can't be {verb}")]
    WrongState {
        id: IssueId,
        state: State,
        verb: &'static str,
    },
    /// Something hangs on the issue.
    #[error("issue `{id}` can't be deleted: {}", hanging(.dependents, .children, .holder.as_ref()))]
    StillNeeded {
        id: IssueId,
        dependents: Vec<IssueId>,
        children: Vec<IssueId>,
        holder: Option<Assignee>,
    },
    /// The issue can't be finished yet.
    #[error("issue `{id}` can't be done: {}", sentences(.blockers))]
    Unfinished { id: IssueId, blockers: Vec<Blocker> },
    /// Somebody holds the issue.
    #[error("issue `{id}` is held by {holder}")]
    AlreadyClaimed {
        id: IssueId,
        holder: Assignee,
        epoch: u64,
    },
    /// A slot has no place left.
    #[error("slot `{slot}` is full: {} of {max} taken{}", holders.len(), taken_by(.holders))]
    SlotFull {
        id: IssueId,
        slot: SlotName,
        max: u32,
        holders: Vec<(IssueId, Assignee)>,
    },
    /// The issue is meant for somebody else.
    #[error("issue `{id}` is assigned to {assignee}")]
    AssignedToAnother { id: IssueId, assignee: Assignee },
    /// Only the holder may do this.
    #[error("{actor} does not hold issue `{id}`")]
    NotTheHolder {
        id: IssueId,
        actor: Assignee,
        holder: Option<Assignee>,
    },
    /// The edge would make issues wait for themselves.
    #[error("that would make a cycle: {}", path.iter().map(IssueId::as_str).collect::<Vec<_>>().join(" → "))]
    Cycle { path: Vec<IssueId> },
    /// The version that the caller saw is no longer the current one.
    #[error("issue `{id}` has changed: its etag is {actual}")]
    EtagDiffers {
        id: IssueId,
        expected: String,
        actual: String,
    },
    /// The idempotency key was used for something else.
    #[error("key `{key}` was used for another command (`{verb}`)")]
    KeyReused { key: String, verb: String },
    /// The presented epoch is not that of a live lease.
    #[error("epoch {presented} of issue `{id}` is no longer current: {}", holder(*.current))]
    LeaseLost {
        id: IssueId,
        presented: u64,
        current: Option<u64>,
    },
}

fn join(ids: &[IssueId]) -> String {
    ids.iter()
        .map(IssueId::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Returns what hangs on an issue, as sentences.
pub(crate) fn hanging(
    dependents: &[IssueId],
    children: &[IssueId],
    holder: Option<&Assignee>,
) -> String {
    let verb = |ids: &[IssueId], one: &str, several: &str| match ids {
        [] => None,
        [id] => Some(format!("{id} {one}")),
        ids => Some(format!("{} {several}", join_some(ids))),
    };
    let waiting = verb(dependents, "depends on it", "depend on it");
    let parts = verb(children, "is a part of it", "are parts of it");
    let held = holder.map(|holder| format!("{holder} holds it"));
    let reasons: Vec<String> = [waiting, parts, held].into_iter().flatten().collect();
    reasons.join("; ")
}

/// Returns the first ids, and how many more there are.
fn join_some(ids: &[IssueId]) -> String {
    const N_NAMED: usize = 10;
    match ids.split_at_checked(N_NAMED) {
        Some((named, rest)) if !rest.is_empty() => {
            format!("{} and {} more", join(named), rest.len())
        }
        _ => join(ids),
    }
}

/// Names a few of those who hold places of a slot.
fn taken_by(holders: &[(IssueId, Assignee)]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = holders
        .iter()
        .take(SHOWN)
        .map(|(id, holder)| format!("{holder} on `{id}`"))
        .collect();
    let more = holders.len().saturating_sub(SHOWN);
    match (shown.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!(", by {}", shown.join(", ")),
        (false, more) => format!(", by {} and {more} more", shown.join(", ")),
    }
}

fn holder(current: Option<u64>) -> String {
    current.map_or_else(
        || "nobody holds the issue now".to_owned(),
        |epoch| format!("the issue is held under epoch {epoch}"),
    )
}

fn place((id, holder): &(IssueId, Assignee)) -> Value {
    Value::object([
        ("id", id.as_str().into()),
        ("holder", holder.as_str().into()),
    ])
}

fn sentences(blockers: &[Blocker]) -> String {
    blockers
        .iter()
        .map(Blocker::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

impl Refusal {
    /// Returns an invalid value's refusal.
    pub fn invalid(field: &str, problem: impl fmt::Display) -> Self {
        Self::Invalid {
            field: field.to_owned(),
            problem: problem.to_string(),
        }
    }

    /// Returns how the command failed.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Ambiguous { .. } => ErrorKind::AmbiguousId,
            Self::Unreadable { .. } => ErrorKind::Damaged,
            Self::ReadOnly { .. } => ErrorKind::FormatTooNew,
            Self::NothingReady { .. } => ErrorKind::NothingReady,
            Self::NotReady { .. } => ErrorKind::NotReady,
            Self::UnknownGate { .. }
            | Self::MissingTarget { .. }
            | Self::NotTheHolder { .. }
            | Self::StillNeeded { .. }
            | Self::GateInUse { .. }
            | Self::GateNotRequired { .. }
            | Self::WrongState { .. }
            | Self::Unfinished { .. } => ErrorKind::Refused,
            Self::Invalid { .. } => ErrorKind::InvalidValue,
            Self::AutomaticGate { .. } | Self::WrongRole { .. } => ErrorKind::NotPermitted,
            Self::GateExists { .. } => ErrorKind::Exists,
            Self::AlreadyClaimed { .. } => ErrorKind::AlreadyClaimed,
            Self::SlotFull { .. } => ErrorKind::SlotFull,
            Self::AssignedToAnother { .. } => ErrorKind::Assigned,
            Self::Cycle { .. } => ErrorKind::Cycle,
            Self::EtagDiffers { .. } => ErrorKind::EtagMismatch,
            Self::KeyReused { .. } => ErrorKind::KeyReused,
            Self::LeaseLost { .. } => ErrorKind::LeaseLost,
        }
    }

    /// Returns what a machine may want to know about the refusal.
    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each refusal, none with any logic"
    )]
    pub fn details(&self) -> Value {
        let id = |id: &IssueId| ("id", Value::from(id.as_str()));
        let ids = |ids: &[IssueId]| Value::Array(ids.iter().map(|id| id.as_str().into()).collect());
        match self {
            Self::NotFound { id } | Self::MissingTarget { id, .. } => {
                Value::object([("id", id.as_str().into())])
            }
            Self::Ambiguous { prefix, candidates } => Value::object([
                ("prefix", prefix.as_str().into()),
                ("candidates", ids(candidates)),
            ]),
            Self::ReadOnly { id: issue, fields } => {
                Value::object([id(issue), ("fields", fields.clone().into())])
            }
            Self::Unreadable { path, .. } => Value::object([("path", path.as_str().into())]),
            Self::UnknownGate { key, nearest } => Value::object([
                ("gate", key.as_str().into()),
                ("nearest", nearest.as_ref().map(GateKey::to_string).into()),
            ]),
            Self::GateNotRequired { id: issue, key } => {
                Value::object([id(issue), ("gate", key.as_str().into())])
            }
            Self::GateInUse { key, issues } => {
                Value::object([("gate", key.as_str().into()), ("issues", ids(issues))])
            }
            Self::GateExists { key }
            | Self::AutomaticGate { key }
            | Self::WrongRole { key, .. } => Value::object([("gate", key.as_str().into())]),
            Self::Invalid { field, .. } => Value::object([("field", field.as_str().into())]),
            Self::NothingReady { who } => Value::object([("who", who.as_str().into())]),
            Self::NotReady {
                id: issue,
                blockers,
            }
            | Self::Unfinished {
                id: issue,
                blockers,
            } => {
                let reasons = blockers.iter().map(Blocker::to_value).collect();
                Value::object([id(issue), ("blocked_by", Value::Array(reasons))])
            }
            Self::WrongState {
                id: issue, state, ..
            } => Value::object([id(issue), ("state", state.as_str().into())]),
            Self::AlreadyClaimed {
                id: issue,
                holder,
                epoch,
            } => Value::object([
                id(issue),
                ("holder", holder.as_str().into()),
                ("epoch", (*epoch).into()),
            ]),
            Self::SlotFull {
                id: issue,
                slot,
                max,
                holders,
            } => Value::object([
                id(issue),
                ("slot", slot.as_str().into()),
                ("max", (*max).into()),
                ("holders", Value::Array(holders.iter().map(place).collect())),
            ]),
            Self::AssignedToAnother {
                id: issue,
                assignee,
            } => Value::object([id(issue), ("assignee", assignee.as_str().into())]),
            Self::NotTheHolder {
                id: issue, holder, ..
            } => Value::object([
                id(issue),
                ("holder", holder.as_ref().map(Assignee::to_string).into()),
            ]),
            Self::StillNeeded {
                id: issue,
                dependents,
                children,
                holder,
            } => Value::object([
                id(issue),
                ("dependents", ids(dependents)),
                ("children", ids(children)),
                ("holder", holder.as_ref().map(Assignee::to_string).into()),
            ]),
            Self::Cycle { path } => Value::object([("cycle", ids(path))]),
            Self::EtagDiffers {
                id: issue,
                expected,
                actual,
            } => Value::object([
                id(issue),
                ("expected", expected.as_str().into()),
                ("actual", actual.as_str().into()),
            ]),
            Self::KeyReused { key, verb } => {
                Value::object([("key", key.as_str().into()), ("verb", verb.as_str().into())])
            }
            Self::LeaseLost {
                id: issue,
                presented,
                current,
            } => Value::object([
                id(issue),
                ("presented", (*presented).into()),
                ("current", (*current).into()),
            ]),
        }
    }
}
