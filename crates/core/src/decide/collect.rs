//! Says which tombstones may go: `jit gc`.
//!
//! Owns their age. Refuses every issue that is no tombstone, and to remove anything.

use crate::{Issue, IssueId, LeaseState, Snapshot, Timestamp};
use std::time::Duration;

/// How long a tombstone stays, so that a deletion reaches every branch before it is forgotten.
pub const TOMBSTONE_AGE: Duration = Duration::from_hours(30 * 24);

/// Returns the tombstones that are old enough to go, and that nothing points to any more.
pub fn removable(snapshot: &Snapshot, now: Timestamp) -> Vec<IssueId> {
    let is_old = |issue: &&Issue| {
        let deleted = issue.deleted.as_ref();
        deleted.is_some_and(|deleted| deleted.at.plus(TOMBSTONE_AGE) < now)
    };
    let is_free = |issue: &&Issue| {
        let lease = snapshot.lease(&issue.id);
        snapshot.dependents(&issue.id).next().is_none()
            && snapshot.children(&issue.id).next().is_none()
            && lease.is_none_or(|lease| lease.state != LeaseState::Held)
            && !issue.is_read_only()
    };
    snapshot
        .records()
        .filter(is_old)
        .filter(is_free)
        .map(|issue| issue.id.clone())
        .collect()
}
