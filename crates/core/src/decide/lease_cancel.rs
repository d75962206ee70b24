//! Asks the holder of an issue to stop.
//!
//! Owns the wish, which is a mark on the lease. Refuses to end the lease: the holder does, or its time.

use super::Decision;
use super::edit::{AfterEnd, Edit};
use crate::{IssueId, Lease, Refusal, Request, Snapshot};

/// Marks the lease of each issue, so that its holder learns of it at the next renewal or check.
///
/// Where nobody holds the issue, or was asked before, there is nothing left to do.
pub fn lease_cancel(snapshot: &Snapshot, request: &Request, ids: &[IssueId]) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        cancel_one(&mut edit, id)?;
    }
    Ok(edit.finish())
}

fn cancel_one(edit: &mut Edit<'_>, id: &IssueId) -> Result<(), Refusal> {
    // Under an epoch the wish is meant for that holder alone, never for a successor.
    edit.guard(id, AfterEnd::Nothing)?;
    let unasked = edit
        .live_lease(id)
        .filter(|lease| !lease.cancel_requested)
        .cloned();
    if let Some(lease) = unasked {
        edit.put_lease(Lease {
            cancel_requested: true,
            ..lease
        });
    }
    Ok(())
}
