//! Records leases that have run out.
//!
//! Owns what an expired lease means for its issue. Refuses to judge whether the holder is still alive: only time counts.

use super::edit::{Edit, Step};
use super::release::{exit_gates, return_to_open};
use crate::event::EventKind;
use crate::{Changeset, IssueId, LeaseState, Request, Snapshot, State};

/// The code of a directory that may hold any issue.
const DIRECTORY: &str = "unreadable_directory";

/// Ends every lease that has run out; its issue is open again, unassigned.
pub fn sweep(snapshot: &Snapshot, request: &Request) -> Changeset {
    let lapsed: Vec<(IssueId, u64)> = snapshot
        .lapsed_leases(&request.now)
        .map(|lease| (lease.issue.clone(), lease.epoch))
        .collect();
    if lapsed.is_empty() {
        return Changeset::default();
    }
    let mut edit = Edit::new(snapshot, request);
    for (id, epoch) in lapsed {
        if snapshot.record(&id).is_none() && is_damaged(snapshot, &id) {
            // Ended now, its issue would keep the holder for ever; the next writer that can read both ends them together.
            continue;
        }
        edit.end_lease(&id, LeaseState::Expired);
        let Some(issue) = snapshot.record(&id).filter(|issue| issue.epoch <= epoch) else {
            continue;
        };
        if issue.state != State::InProgress {
            continue;
        }
        let exits = exit_gates(snapshot, issue);
        let step = Step {
            epoch: Some(epoch),
            ..Step::new(EventKind::LeaseExpired)
        };
        edit.change(&id, step, |issue| return_to_open(issue, &exits));
    }
    edit.finish()
}

/// Returns whether the issue may be there and can't be read.
fn is_damaged(snapshot: &Snapshot, id: &IssueId) -> bool {
    let mut problems = snapshot.problems().iter();
    problems.any(|problem| problem.issue.as_ref() == Some(id) || problem.code == DIRECTORY)
}
