//! What a decision wants written: all of it, or nothing.
//!
//! Owns the value. Refuses to write it: that is a store's.

use crate::event::EventDraft;
use crate::{GateDefinition, GateKey, Issue, IssueId, Lease, ShownState, Value};
use std::collections::BTreeMap;

/// How the shown state of one issue changed; `from` is none when the issue is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The issue.
    pub id: IssueId,
    /// What was shown before.
    pub from: Option<ShownState>,
    /// What is shown now.
    pub to: ShownState,
}

/// The answer that a repeated command with the same idempotency key gets.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// The key.
    pub key: String,
    /// The command, such as `issue create`.
    pub verb: String,
    /// The issues that the command answered with.
    pub issues: Vec<IssueId>,
    /// The epoch that it granted, if any.
    pub epoch: Option<u64>,
    /// Anything else that the first answer said.
    pub extra: BTreeMap<String, Value>,
}

/// What a decision wants written, in one transaction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changeset {
    /// Issues as they shall be.
    pub issues: Vec<Issue>,
    /// Tombstones whose files shall go.
    pub removed_issues: Vec<IssueId>,
    /// Leases as they shall be.
    pub leases: Vec<Lease>,
    /// Gate definitions as they shall be.
    pub gates: Vec<GateDefinition>,
    /// Gate definitions that shall go.
    pub removed_gates: Vec<GateKey>,
    /// What happened, in order.
    pub events: Vec<EventDraft>,
    /// How shown states changed, the issue of the command first.
    pub transitions: Vec<Transition>,
    /// The answer to keep for a repetition.
    pub receipt: Option<Receipt>,
}

impl Changeset {
    /// Returns whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.issues.is_empty()
            && self.removed_issues.is_empty()
            && self.leases.is_empty()
            && self.gates.is_empty()
            && self.removed_gates.is_empty()
            && self.events.is_empty()
            && self.receipt.is_none()
    }
}
