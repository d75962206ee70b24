//! What keeps an issue from being worked on or finished, and how its state is shown.
//!
//! Owns the rules of `docs/design/tracker.md` section 2, "ready is computed, never stored". Refuses to change anything.

use crate::request::Now;
use crate::{
    Assignee, Blocker, GateKey, GateStage, GateStatus, Issue, IssueId, Policy, ShownState,
    Snapshot, State, Timestamp,
};

/// Judges the issues of one snapshot at one moment under one policy.
#[derive(Clone, Copy, Debug)]
pub struct Readiness<'a> {
    /// The issues.
    pub snapshot: &'a Snapshot,
    /// The repository's settings.
    pub policy: &'a Policy,
    /// The moment.
    pub now: &'a Now,
}

impl Readiness<'_> {
    /// Returns the state that counts: an issue whose lease ran out is open, whether a writer has recorded it or not.
    pub fn state(&self, issue: &Issue) -> State {
        if issue.state == State::InProgress && self.has_lapsed(issue) {
            State::Open
        } else {
            issue.state
        }
    }

    /// Returns who has the issue, which is nobody once its lease ran out.
    pub fn assignee<'i>(&self, issue: &'i Issue) -> Option<&'i Assignee> {
        let lapsed = issue.state == State::InProgress && self.has_lapsed(issue);
        issue.assignee.as_ref().filter(|_| !lapsed)
    }

    /// Returns the state as it is shown.
    pub fn shown(&self, issue: &Issue) -> ShownState {
        let state = self.state(issue);
        let is_blocked = state == State::Open && !self.blockers(issue).is_empty();
        ShownState::of(state, is_blocked)
    }

    /// Returns everything that keeps the issue from being ready.
    pub fn blockers(&self, issue: &Issue) -> Vec<Blocker> {
        let mut blockers = self.own_blockers(issue);
        blockers.extend(conflict(issue));
        blockers.extend(newer(issue));
        blockers.extend(self.open_children(issue));
        for ancestor in self.snapshot.ancestors(issue) {
            let because = self.ancestor_reasons(ancestor);
            if !because.is_empty() {
                blockers.push(Blocker::Parent {
                    id: ancestor.id.clone(),
                    because,
                });
            }
        }
        blockers
    }

    /// Returns everything that keeps the issue from being done: all but `not_before`, `parent` and exit gates.
    pub fn unfinished(&self, issue: &Issue) -> Vec<Blocker> {
        let mut blockers = self.unresolved_dependencies(issue);
        blockers.extend(self.unpassed(issue, GateStage::Entry));
        blockers.extend(self.open_children(issue));
        blockers.extend(hold(issue));
        blockers.extend(conflict(issue));
        blockers.extend(newer(issue));
        let open_items = issue.checklist.iter().filter(|item| !item.done);
        blockers.extend(open_items.map(|item| Blocker::Checklist {
            item: item.id.clone(),
            text: item.text.clone(),
        }));
        blockers
    }

    /// Returns the gates of `stage` that the issue requires and that are not passed; one that is not defined counts for
    /// both stages, since what can't be evaluated is not passed.
    pub fn unpassed(&self, issue: &Issue, stage: GateStage) -> Vec<Blocker> {
        let stands = |key: &GateKey| self.snapshot.gate(key).map(|gate| gate.stage);
        let required = issue
            .gates
            .iter()
            .filter(|(_, result)| result.status != GateStatus::Passed);
        required
            .filter(|(key, _)| stands(key).is_none_or(|found| found == stage))
            .map(|(key, result)| Blocker::Gate {
                key: key.clone(),
                status: result.status,
                is_defined: self.snapshot.gate(key).is_some(),
            })
            .collect()
    }

    /// Returns whether somebody may take the issue, if it is not assigned to another: it is ready, and no live lease
    /// holds it.
    pub fn is_takeable(&self, issue: &Issue) -> bool {
        self.state(issue) == State::Open
            && self.snapshot.live_lease(&issue.id, self.now).is_none()
            && self.shown(issue) == ShownState::Ready
    }

    /// Returns since when the issue has been ready, or could have been. A release does not change it.
    pub fn ready_since(&self, issue: &Issue) -> Timestamp {
        let mut since = self.own_since(issue).max(issue.created_at);
        let closed = self
            .snapshot
            .children(&issue.id)
            .filter_map(|child| child.closed_at);
        since = closed.fold(since, Timestamp::max);
        let ancestors = self
            .snapshot
            .ancestors(issue)
            .into_iter()
            .filter(|ancestor| !ancestor.is_resolved());
        ancestors
            .map(|ancestor| self.own_since(ancestor))
            .fold(since, Timestamp::max)
    }

    fn own_since(&self, issue: &Issue) -> Timestamp {
        let dependencies = issue
            .dependencies
            .iter()
            .filter_map(|id| self.snapshot.issue(id)?.closed_at);
        let is_entry = |key: &GateKey| {
            self.snapshot
                .gate(key)
                .is_some_and(|gate| gate.stage == GateStage::Entry)
        };
        let gates = issue
            .gates
            .iter()
            .filter(|(key, _)| is_entry(key))
            .filter_map(|(_, result)| result.at);
        // A release may set `not_before` for the next attempt; that must not make the issue younger.
        let planned = issue.not_before.filter(|_| issue.epoch == 0);
        let own = [planned, issue.queued_at].into_iter().flatten();
        dependencies
            .chain(gates)
            .chain(own)
            .fold(Timestamp::from_micros(0), Timestamp::max)
    }

    fn has_lapsed(&self, issue: &Issue) -> bool {
        let lease = self
            .snapshot
            .lease(&issue.id)
            .filter(|lease| lease.epoch >= issue.epoch);
        lease.is_some_and(|lease| !lease.is_live(self.now))
    }

    fn own_blockers(&self, issue: &Issue) -> Vec<Blocker> {
        let mut blockers = self.unresolved_dependencies(issue);
        blockers.extend(self.unpassed(issue, GateStage::Entry));
        blockers.extend(hold(issue));
        let early = issue.not_before.filter(|at| *at > self.now.wall);
        blockers.extend(early.map(|at| Blocker::NotBefore { at }));
        if self.snapshot.is_cyclic(&issue.id) {
            blockers.push(Blocker::Cycle);
        }
        blockers
    }

    fn ancestor_reasons(&self, ancestor: &Issue) -> Vec<&'static str> {
        if ancestor.is_resolved() {
            return Vec::new();
        }
        let mut kinds: Vec<&'static str> = self
            .own_blockers(ancestor)
            .iter()
            .map(Blocker::kind)
            .collect();
        kinds.dedup();
        kinds
    }

    fn unresolved_dependencies(&self, issue: &Issue) -> Vec<Blocker> {
        let blocks = |id: &IssueId| match self.snapshot.issue(id) {
            None => Some(Blocker::Dependency {
                id: id.clone(),
                state: None,
            }),
            Some(dependency) => {
                let keeps = dependency.state == State::Rejected && self.policy.rejected_blocks;
                let state = self.state(dependency);
                (keeps || !dependency.is_resolved()).then(|| Blocker::Dependency {
                    id: id.clone(),
                    state: Some(state),
                })
            }
        };
        issue.dependencies.iter().filter_map(blocks).collect()
    }

    fn open_children(&self, issue: &Issue) -> Vec<Blocker> {
        let open = self
            .snapshot
            .children(&issue.id)
            .filter(|child| !child.is_resolved());
        open.map(|child| Blocker::Child {
            id: child.id.clone(),
        })
        .collect()
    }
}

/// Returns whether nothing in the record itself can keep an open issue from being ready, but its dependencies, a hold and
/// the time; what else there is, its children and its lease, is outside of it. An index ranks such issues by themselves.
pub fn is_plain(issue: &Issue) -> bool {
    issue.parent.is_none()
        && issue.gates.is_empty()
        && !issue.has_conflicts()
        && !issue.is_read_only()
}

fn hold(issue: &Issue) -> Option<Blocker> {
    issue.hold.as_ref().map(|hold| Blocker::Hold {
        by: hold.by.clone(),
        reason: hold.reason.clone(),
    })
}

/// What can't be judged is not ready, but its children are not in question.
fn newer(issue: &Issue) -> Option<Blocker> {
    let fields = || issue.newer.keys().cloned().collect();
    issue
        .is_read_only()
        .then(|| Blocker::Newer { fields: fields() })
}

/// What a merge left undecided blocks the issue, but not its children: they were not in question.
fn conflict(issue: &Issue) -> Option<Blocker> {
    issue.has_conflicts().then(|| {
        let conflicts = issue.conflicts().into_iter();
        let fields = conflicts.map(|conflict| conflict.field).collect();
        Blocker::Conflict { fields }
    })
}
