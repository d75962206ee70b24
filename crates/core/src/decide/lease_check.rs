//! Answers whether an epoch still holds its issue.
//!
//! Owns the question that a holder asks before a step that no tracker can take back. Refuses to change anything.

use crate::{Fence, IssueId, Lease, Now, Refusal, Snapshot};

/// Returns the lease that `id` is held under, if it lives and has the epoch that the asker claims to hold.
///
/// A lease whose time is over is lost, even where a renewal could still save it: who asks wants to be sure. Two epochs
/// for one issue, from the command line and from the environment, hold nothing.
pub fn lease_check<'a>(
    snapshot: &'a Snapshot,
    now: &Now,
    fence: &Fence,
    id: &IssueId,
) -> Result<&'a Lease, Refusal> {
    snapshot
        .issue(id)
        .ok_or_else(|| Refusal::NotFound { id: id.to_string() })?;
    let presented = fence
        .epoch_for(id)
        .ok_or_else(|| Refusal::invalid("epoch", "is needed: it says which lease is meant"))?;
    let live = snapshot.live_lease(id, now);
    let current = live.map(|lease| lease.epoch);
    let lost = |presented| Refusal::LeaseLost {
        id: id.clone(),
        presented,
        current,
    };
    match (live, fence.contradiction(id)) {
        (Some(lease), None) if lease.epoch == presented => Ok(lease),
        (Some(lease), Some(other)) if lease.epoch == presented => Err(lost(other)),
        _ => Err(lost(presented)),
    }
}
