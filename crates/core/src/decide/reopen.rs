//! Opens a resolved issue again.
//!
//! Owns the way back to `open`. Refuses to touch those that waited for it: they are blocked again by themselves.

use super::Decision;
use super::edit::{AfterEnd, Edit};
use super::release::{exit_gates, return_to_open};
use crate::event::EventKind;
use crate::{IssueId, Refusal, Request, Snapshot, State};

/// Opens each issue again, unassigned.
pub fn reopen(snapshot: &Snapshot, request: &Request, ids: &[IssueId]) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        reopen_one(&mut edit, id)?;
    }
    Ok(edit.finish())
}

pub(super) fn reopen_one(edit: &mut Edit<'_>, id: &IssueId) -> Result<(), Refusal> {
    edit.guard(id, AfterEnd::Nothing)?;
    let issue = edit.issue(id)?;
    match issue.state {
        State::Open => return Ok(()),
        state @ (State::InProgress | State::Gated) => {
            return Err(Refusal::WrongState {
                id: id.clone(),
                state,
                verb: "reopened",
            });
        }
        State::Done | State::Rejected | State::Archived => {}
    }
    let exits = exit_gates(edit.snapshot(), issue);
    let now = edit.request.now.wall;
    edit.change(id, EventKind::IssueReopened, |issue| {
        return_to_open(issue, &exits);
        issue.closed_at = None;
        issue.close_reason = None;
        issue.queued_at = Some(now);
    });
    Ok(())
}
