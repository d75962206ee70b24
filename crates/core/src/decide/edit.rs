//! A decision under way: the snapshot as it will be, and the record of how it came to that.
//!
//! Owns revisions, etags, events and the conditions that any write may carry. Refuses to know any verb.

use crate::changes;
use crate::event::{Changes, EventDraft, EventKind};
use crate::merge::MERGED;
use crate::{
    Assignee, Changeset, GateDefinition, GateKey, Issue, IssueId, Lease, LeaseState, Readiness,
    Refusal, Request, Snapshot,
};
use std::collections::BTreeSet;

/// What a writer may still do under an epoch whose lease has ended (`docs/design/tracker.md` section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterEnd {
    /// Nothing.
    Nothing,
    /// Go on, until the next grant.
    GoOn,
    /// Repeat the write that ended it, which changes nothing.
    Repeat,
}

/// Whether a verb has anything left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guarded {
    /// Go on.
    Proceed,
    /// This very write has been made before.
    Repeated,
}

/// A decision under way.
pub(super) struct Edit<'a> {
    before: &'a Snapshot,
    /// Who asks, when, under which conditions.
    pub(super) request: &'a Request,
    after: Snapshot,
    touched: Vec<IssueId>,
    is_touched: BTreeSet<IssueId>,
    leases: BTreeSet<IssueId>,
    gates: Vec<GateDefinition>,
    removed_gates: Vec<GateKey>,
    events: Vec<EventDraft>,
}

impl<'a> Edit<'a> {
    pub(super) fn new(before: &'a Snapshot, request: &'a Request) -> Self {
        Self {
            before,
            request,
            after: before.clone(),
            touched: Vec::new(),
            is_touched: BTreeSet::new(),
            leases: BTreeSet::new(),
            gates: Vec::new(),
            removed_gates: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Returns the snapshot as it will be.
    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.after
    }

    /// Judges the snapshot as it will be.
    pub(super) fn readiness(&self) -> Readiness<'_> {
        Readiness {
            snapshot: &self.after,
            policy: &self.request.policy,
            now: &self.request.now,
        }
    }

    /// Returns the issue as it will be.
    pub(super) fn issue(&self, id: &IssueId) -> Result<&Issue, Refusal> {
        self.after
            .issue(id)
            .ok_or_else(|| Refusal::NotFound { id: id.to_string() })
    }

    /// Returns the lease that holds the issue now.
    pub(super) fn live_lease(&self, id: &IssueId) -> Option<&Lease> {
        self.after.live_lease(id, &self.request.now)
    }

    /// Checks the epoch and the etag that the request carries.
    pub(super) fn guard(&self, id: &IssueId, after_end: AfterEnd) -> Result<Guarded, Refusal> {
        let issue = self.writable(id)?;
        let guarded = self.guard_epoch(issue, after_end)?;
        // The caller saw the version before this decision; what an earlier step of it made is no surprise.
        let seen = self
            .before
            .record(id)
            .map_or(&issue.etag, |before| &before.etag);
        let expected = self.request.if_etag.as_ref().filter(|etag| *etag != seen);
        match expected {
            Some(expected) if guarded == Guarded::Proceed => Err(Refusal::EtagDiffers {
                id: id.clone(),
                expected: expected.clone(),
                actual: seen.clone(),
            }),
            _ => Ok(guarded),
        }
    }

    /// Returns the issue unless a newer version has written something into it that must not be overwritten.
    fn writable(&self, id: &IssueId) -> Result<&Issue, Refusal> {
        let issue = self.issue(id)?;
        if issue.is_read_only() {
            return Err(Refusal::ReadOnly {
                id: id.clone(),
                fields: issue.newer.keys().cloned().collect(),
            });
        }
        Ok(issue)
    }

    /// Checks the epoch that the environment holds for an issue which the command writes though nobody named it; what the
    /// command line says concerns the named ones.
    pub(super) fn guard_unnamed(&self, id: &IssueId) -> Result<(), Refusal> {
        self.writable(id)?;
        let fence = self.request.fence.environment.as_ref();
        let Some((_, presented)) = fence.filter(|(fenced, _)| fenced == id) else {
            return Ok(());
        };
        let current = self.live_lease(id).map(|lease| lease.epoch);
        if current == Some(*presented) {
            return Ok(());
        }
        Err(Refusal::LeaseLost {
            id: id.clone(),
            presented: *presented,
            current,
        })
    }

    fn guard_epoch(&self, issue: &Issue, after_end: AfterEnd) -> Result<Guarded, Refusal> {
        let Some(presented) = self.request.fence.epoch_for(&issue.id) else {
            return Ok(Guarded::Proceed);
        };
        let live = self.live_lease(&issue.id).map(|lease| lease.epoch);
        if let Some(other) = self.request.fence.contradiction(&issue.id) {
            let presented = if live == Some(presented) {
                other
            } else {
                presented
            };
            return Err(Refusal::LeaseLost {
                id: issue.id.clone(),
                presented,
                current: live,
            });
        }
        if live == Some(presented) {
            return Ok(Guarded::Proceed);
        }
        let was_last = live.is_none() && presented == issue.epoch && presented > 0;
        let was_ended = self
            .after
            .lease(&issue.id)
            .is_some_and(|lease| lease.state == LeaseState::Released);
        match after_end {
            AfterEnd::GoOn if was_last => Ok(Guarded::Proceed),
            AfterEnd::Repeat if was_last && was_ended => Ok(Guarded::Repeated),
            AfterEnd::GoOn | AfterEnd::Repeat | AfterEnd::Nothing => Err(Refusal::LeaseLost {
                id: issue.id.clone(),
                presented,
                current: live,
            }),
        }
    }

    /// Returns whether the asker holds the issue: by the epoch that `guard` has checked, or by name.
    pub(super) fn is_holder(&self, issue: &Issue) -> bool {
        self.request.fence.epoch_for(&issue.id).is_some()
            || self.holder(issue) == Some(&self.request.actor)
    }

    /// Answers a write that was made before under an epoch that has ended since: it is the same write only if the issue
    /// is where that write left it.
    pub(super) fn repeated(
        &self,
        issue: &Issue,
        is_where_it_was_left: bool,
    ) -> Result<(), Refusal> {
        if is_where_it_was_left {
            return Ok(());
        }
        let current = self.live_lease(&issue.id).map(|lease| lease.epoch);
        Err(Refusal::LeaseLost {
            id: issue.id.clone(),
            presented: issue.epoch,
            current,
        })
    }

    /// Returns who holds the issue: by its live lease, or by its record where there is none.
    pub(super) fn holder<'i>(&'i self, issue: &'i Issue) -> Option<&'i Assignee> {
        let by_lease = self.live_lease(&issue.id).map(|lease| &lease.holder);
        by_lease.or(issue.assignee.as_ref())
    }

    /// Adds a new issue.
    pub(super) fn insert(&mut self, mut issue: Issue) {
        issue.rev = 1;
        issue.etag = issue.compute_etag();
        let changes = changes::creation(&issue.to_fields());
        self.record(
            &issue,
            Step::new(EventKind::IssueCreated),
            Vec::new(),
            changes,
        );
        self.store(issue);
    }

    /// Changes an issue and records it; an issue that stays as it was is not written. Returns whether it changed.
    pub(super) fn change(
        &mut self,
        id: &IssueId,
        step: impl Into<Step>,
        change: impl FnOnce(&mut Issue),
    ) -> bool {
        let Some(old) = self.after.record(id).filter(|old| !old.is_read_only()) else {
            return false;
        };
        let mut issue = old.clone();
        change(&mut issue);
        let changes = changes::diff(&old.to_fields(), &issue.to_fields());
        if changes.is_empty() {
            return false;
        }
        let (actual, known) = (old.compute_etag(), old.etag.clone());
        self.record_merges(&mut issue);
        if actual != known {
            issue.rev += 1;
            self.record_outside_change(&issue, known, &actual);
        }
        let prev = vec![actual];
        issue.rev += 1;
        issue.updated_at = self.request.now.wall;
        issue.etag = issue.compute_etag();
        self.record(&issue, step.into(), prev, changes);
        self.store(issue);
        true
    }

    /// Takes over what something else than the tracker wrote into the file of an issue; `known` is the version before
    /// it, where that can be rebuilt, and `prev` its etag.
    pub(super) fn accept(&mut self, id: &IssueId, known: Option<&Issue>, prev: String) {
        let Some(old) = self.after.record(id) else {
            return;
        };
        let mut issue = old.clone();
        self.record_merges(&mut issue);
        issue.rev = issue.rev.max(known.map_or(0, |known| known.rev)) + 1;
        issue.updated_at = self.request.now.wall;
        issue.etag = issue.compute_etag();
        let changes = known
            .map(|known| changes::diff(&known.to_fields(), &issue.to_fields()))
            .unwrap_or_default();
        self.record(
            &issue,
            Step::new(EventKind::ExternalChanged),
            vec![prev],
            changes,
        );
        self.store(issue);
    }

    /// Writes a lease.
    pub(super) fn put_lease(&mut self, lease: Lease) {
        self.leases.insert(lease.issue.clone());
        self.after.put_lease(lease);
    }

    /// Ends the lease of an issue, if it has not ended yet.
    pub(super) fn end_lease(&mut self, id: &IssueId, state: LeaseState) {
        let held = self
            .after
            .lease(id)
            .filter(|lease| lease.state == LeaseState::Held)
            .cloned();
        if let Some(lease) = held {
            self.put_lease(Lease {
                state,
                cancel_requested: false,
                ..lease
            });
        }
    }

    /// Writes a gate definition and records it.
    pub(super) fn put_gate(&mut self, gate: GateDefinition) {
        let changes = changes::creation(&gate.to_fields());
        self.events.push(EventDraft {
            gate: Some(gate.key.clone()),
            changes,
            ..self.draft(Step::new(EventKind::GateDefined))
        });
        self.after.put_gate(gate.clone());
        self.gates.push(gate);
    }

    /// Removes a gate definition and records it; whether anybody still requires it is for the verb to say.
    pub(super) fn remove_gate(&mut self, key: &GateKey) {
        let Some(gate) = self.after.gate(key) else {
            return;
        };
        let changes = changes::creation(&gate.to_fields())
            .into_iter()
            .map(|(name, (absent, value))| (name, (value, absent)))
            .collect();
        self.events.push(EventDraft {
            gate: Some(key.clone()),
            changes,
            ..self.draft(Step::noted(
                EventKind::GateDefined,
                Some("removed".to_owned()),
            ))
        });
        self.after.apply(&Changeset {
            removed_gates: vec![key.clone()],
            ..Changeset::default()
        });
        self.removed_gates.push(key.clone());
    }

    /// Returns the finished decision, with what it changes for issues that it did not write.
    pub(super) fn finish(mut self) -> Changeset {
        let judge = |snapshot| Readiness {
            snapshot,
            policy: &self.request.policy,
            now: &self.request.now,
        };
        let transitions = super::settle::transitions(
            judge(self.before),
            judge(&self.after),
            &self.touched,
            &self.regated(),
        );
        for (id, kind) in super::settle::announcements(&transitions) {
            self.events.push(EventDraft {
                issue: Some(id),
                ..self.draft(Step::new(kind))
            });
        }
        let issues = self
            .touched
            .iter()
            .filter_map(|id| self.after.record(id))
            .cloned()
            .collect();
        let leases = self
            .leases
            .iter()
            .filter_map(|id| self.after.lease(id))
            .cloned()
            .collect();
        Changeset {
            issues,
            leases,
            gates: self.gates,
            removed_gates: self.removed_gates,
            events: self.events,
            transitions,
            ..Changeset::default()
        }
    }

    /// Returns the issues that require a gate which this edit defines, perhaps otherwise than before.
    fn regated(&self) -> Vec<IssueId> {
        let is_defined = |key: &GateKey| self.gates.iter().any(|gate| gate.key == *key);
        if self.gates.is_empty() {
            return Vec::new();
        }
        let requiring = self
            .after
            .issues()
            .filter(|issue| issue.gates.keys().any(is_defined));
        requiring.map(|issue| issue.id.clone()).collect()
    }

    fn store(&mut self, issue: Issue) {
        if self.is_touched.insert(issue.id.clone()) {
            self.touched.push(issue.id.clone());
        }
        self.after.put_issue(issue);
    }

    /// Tells the log of merges that it does not know yet: whoever merged was inside git, and could not write events.
    fn record_merges(&mut self, issue: &mut Issue) {
        for merge in issue.unrecorded_merges() {
            self.events.push(EventDraft {
                issue: Some(issue.id.clone()),
                rev: Some(merge.rev),
                etag: Some(merge.etag),
                prev: merge.prev,
                ..self.draft(Step::noted(EventKind::MergeResolved, merge.note))
            });
        }
        issue.extra.remove(MERGED);
    }

    /// Tells the log of the merges of an issue and writes nothing else of it; returns whether there were any.
    pub(super) fn tell_merges(&mut self, id: &IssueId) -> bool {
        let Some(old) = self.after.record(id) else {
            return false;
        };
        if old.unrecorded_merges().is_empty() {
            return false;
        }
        let mut issue = old.clone();
        self.record_merges(&mut issue);
        self.store(issue);
        true
    }

    /// Records that something else than the tracker changed the issue's file: its etag no longer fits its content.
    fn record_outside_change(&mut self, issue: &Issue, known: String, actual: &str) {
        self.events.push(EventDraft {
            issue: Some(issue.id.clone()),
            rev: Some(issue.rev),
            etag: Some(actual.to_owned()),
            prev: vec![known],
            ..self.draft(Step::new(EventKind::ExternalChanged))
        });
    }

    fn record(&mut self, issue: &Issue, step: Step, prev: Vec<String>, changes: Changes) {
        let epoch = self.request.fence.epoch_for(&issue.id);
        self.events.push(EventDraft {
            issue: Some(issue.id.clone()),
            rev: Some(issue.rev),
            etag: Some(issue.etag.clone()),
            prev,
            epoch: step.epoch.or(epoch),
            changes,
            ..self.draft(step)
        });
    }

    fn draft(&self, step: Step) -> EventDraft {
        EventDraft {
            ts: self.request.now.wall,
            actor: self.request.actor.clone(),
            kind: step.kind,
            issue: None,
            gate: step.gate,
            rev: None,
            etag: None,
            prev: Vec::new(),
            epoch: None,
            key: self.request.key.clone(),
            note: step.note,
            changes: Changes::new(),
        }
    }
}

/// What a change is called in the log.
pub(super) struct Step {
    pub(super) kind: EventKind,
    pub(super) note: Option<String>,
    pub(super) epoch: Option<u64>,
    pub(super) gate: Option<crate::GateKey>,
}

impl Step {
    pub(super) fn new(kind: EventKind) -> Self {
        Self {
            kind,
            note: None,
            epoch: None,
            gate: None,
        }
    }

    pub(super) fn noted(kind: EventKind, note: Option<String>) -> Self {
        Self {
            note,
            ..Self::new(kind)
        }
    }
}

impl From<EventKind> for Step {
    fn from(kind: EventKind) -> Self {
        Self::new(kind)
    }
}
