//! The state of a merged issue, and what goes with it.
//!
//! Owns the order of the states, and the fields that only make sense together with one. Refuses to know the rest of the issue.

use super::rules::Three;
use crate::{Assignee, GateStatus, Issue, State, Timestamp};
use std::cmp::Ordering;

/// Whether a merged state was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decided {
    /// It follows from the rules.
    Yes(State),
    /// Both sides moved, and not the same way; the state that says less stands until somebody decides.
    No(State),
}

/// Returns the state of the merged issue.
pub(super) fn merge_states(three: Three<'_, Issue>) -> Decided {
    let states = three.map(|issue| &issue.state);
    if let Some(state) = states.settled() {
        return Decided::Yes(*state);
    }
    let (base, ours, theirs) = (*states.base, *states.ours, *states.theirs);
    let steps = [ours, theirs].map(|state| direction(base, state));
    match steps {
        [Some(Ordering::Greater), Some(Ordering::Greater)] => Decided::Yes(ours.max(theirs)),
        [Some(Ordering::Less), Some(Ordering::Less)] => Decided::Yes(ours.min(theirs)),
        _ => Decided::No(ours.min(theirs)),
    }
}

/// Returns which way a state lies of another; a rejected issue is on no way.
fn direction(from: State, to: State) -> Option<Ordering> {
    let is_rejected = from == State::Rejected || to == State::Rejected;
    (!is_rejected).then(|| to.cmp(&from))
}

/// Returns the gates that the merged issue has to pass still, though it is done: the other side asked for them, and whoever
/// finished it did not know.
pub(super) fn unmet_gates(three: Three<'_, Issue>, merged: &Issue) -> Vec<String> {
    if merged.state != State::Done {
        return Vec::new();
    }
    let finishers = [three.ours, three.theirs]
        .into_iter()
        .filter(|side| side.state == State::Done);
    let overridden: Vec<_> = finishers
        .flat_map(|side| side.gates.iter())
        .filter(|(_, result)| result.status != GateStatus::Passed)
        .map(|(key, _)| key)
        .collect();
    let unmet = merged
        .gates
        .iter()
        .filter(|(key, result)| result.status != GateStatus::Passed && !overridden.contains(key));
    unmet.map(|(key, _)| key.to_string()).collect()
}

/// Returns when the merged issue was resolved; none when it is not.
pub(super) fn closed_at(three: Three<'_, Issue>, merged: State) -> Option<Timestamp> {
    if !merged.is_resolved() {
        return None;
    }
    let settled = three.map(|issue| &issue.closed_at).settled();
    let sides = [three.ours, three.theirs];
    let of = |has: &dyn Fn(&Issue) -> bool| {
        let found = sides.iter().filter(|side| has(side));
        found.filter_map(|side| side.closed_at).max()
    };
    settled
        .copied()
        .flatten()
        .or_else(|| of(&|side| side.state == merged))
        .or_else(|| of(&|_| true))
        .or_else(|| sides.iter().map(|side| side.updated_at).max())
}

/// Returns who works on the issue: somebody has to, while it is in progress.
pub(super) fn worker(
    three: Three<'_, Issue>,
    merged: State,
    assignee: Option<Assignee>,
) -> Option<Assignee> {
    let of_worker = || {
        let sides = [three.ours, three.theirs, three.base].into_iter();
        let mut workers = sides.filter(|side| side.state == State::InProgress);
        workers.find_map(|side| side.assignee.clone())
    };
    assignee.or_else(|| of_worker().filter(|_| merged == State::InProgress))
}
