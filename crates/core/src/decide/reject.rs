//! Decides that an issue will not be done.
//!
//! Owns the way to `rejected`. Refuses to touch those that wait for it.

use super::Decision;
use super::done::close;
use super::edit::{AfterEnd, Edit, Guarded, Step};
use crate::event::EventKind;
use crate::{IssueId, Refusal, Request, Snapshot, State};

/// Rejects each issue; a lease is revoked.
pub fn reject(
    snapshot: &Snapshot,
    request: &Request,
    ids: &[IssueId],
    reason: Option<&str>,
) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        reject_one(&mut edit, id, reason)?;
    }
    Ok(edit.finish())
}

pub(super) fn reject_one(
    edit: &mut Edit<'_>,
    id: &IssueId,
    reason: Option<&str>,
) -> Result<(), Refusal> {
    let guarded = edit.guard(id, AfterEnd::Repeat)?;
    let issue = edit.issue(id)?;
    let state = issue.state;
    if guarded == Guarded::Repeated {
        return edit.repeated(issue, state == State::Rejected);
    }
    match state {
        State::Rejected => Ok(()),
        State::Done | State::Archived => Err(Refusal::WrongState {
            id: id.clone(),
            state,
            verb: "rejected",
        }),
        State::Open | State::InProgress | State::Gated => {
            close(
                edit,
                id,
                Step::new(EventKind::IssueRejected),
                State::Rejected,
                reason,
            );
            Ok(())
        }
    }
}
