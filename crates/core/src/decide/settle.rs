//! What a change means for other issues: which became ready, which are blocked again.
//!
//! Owns the comparison of two snapshots around the issues that were written. Refuses to write any issue: `ready` is
//! computed, never stored.

use crate::event::EventKind;
use crate::{IssueId, Readiness, ShownState, Snapshot, Transition};
use std::collections::BTreeSet;

/// Returns how shown states differ, the written issues first; `concerned` are unwritten ones whose gates were defined
/// anew.
pub(super) fn transitions(
    before: Readiness<'_>,
    after: Readiness<'_>,
    touched: &[IssueId],
    concerned: &[IssueId],
) -> Vec<Transition> {
    let others = affected(before.snapshot, after.snapshot, touched, concerned);
    let compare = |id: &IssueId| {
        let to = after.shown(after.snapshot.issue(id)?);
        let from = before.snapshot.issue(id).map(|issue| before.shown(issue));
        (from != Some(to)).then(|| Transition {
            id: id.clone(),
            from,
            to,
        })
    };
    touched.iter().chain(&others).filter_map(compare).collect()
}

/// Returns the events that announce transitions which no verb of their own records.
pub(super) fn announcements(transitions: &[Transition]) -> Vec<(IssueId, EventKind)> {
    let kind = |transition: &Transition| match (transition.from, transition.to) {
        (_, ShownState::Ready) => Some(EventKind::IssueReady),
        (Some(ShownState::Ready), ShownState::Open) => Some(EventKind::IssueBlocked),
        _ => None,
    };
    transitions
        .iter()
        .filter_map(|transition| Some((transition.id.clone(), kind(transition)?)))
        .collect()
}

/// Returns the unwritten issues whose readiness may follow from the written ones: those that wait for them, their
/// parents, everything below either, and every issue whose cycle was closed or opened.
fn affected(
    before: &Snapshot,
    after: &Snapshot,
    touched: &[IssueId],
    concerned: &[IssueId],
) -> BTreeSet<IssueId> {
    let mut found: BTreeSet<IssueId> = touched.iter().chain(concerned).cloned().collect();
    for snapshot in [before, after] {
        for id in touched {
            found.extend(snapshot.dependents(id).map(|issue| issue.id.clone()));
            found.extend(snapshot.issue(id).and_then(|issue| issue.parent.clone()));
        }
    }
    // A cycle opens or closes only through an issue that was written.
    if touched
        .iter()
        .any(|id| before.is_cyclic(id) || after.is_cyclic(id))
    {
        let cycles = before.cyclic().symmetric_difference(after.cyclic());
        found.extend(cycles.cloned());
    }
    let mut stack: Vec<IssueId> = found.iter().cloned().collect();
    while let Some(id) = stack.pop() {
        for child in after.children(&id) {
            if found.insert(child.id.clone()) {
                stack.push(child.id.clone());
            }
        }
    }
    for id in touched {
        found.remove(id);
    }
    found
}
