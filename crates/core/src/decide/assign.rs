//! Names who shall do an issue, without taking it.
//!
//! Owns the assignee of an issue that nobody works on. Refuses to grant leases.

use super::Decision;
use super::edit::{AfterEnd, Edit};
use crate::event::EventKind;
use crate::{Assignee, IssueId, LeaseState, Refusal, Request, Snapshot, State};

/// Assigns each issue to `who`. Another's live lease is in the way unless the request forces it, which revokes it.
pub fn assign(snapshot: &Snapshot, request: &Request, ids: &[IssueId], who: &Assignee) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        assign_one(&mut edit, id, Some(who))?;
    }
    Ok(edit.finish())
}

/// Takes the assignee off each issue.
pub fn unassign(snapshot: &Snapshot, request: &Request, ids: &[IssueId]) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        assign_one(&mut edit, id, None)?;
    }
    Ok(edit.finish())
}

pub(super) fn assign_one(
    edit: &mut Edit<'_>,
    id: &IssueId,
    who: Option<&Assignee>,
) -> Result<(), Refusal> {
    edit.guard(id, AfterEnd::Nothing)?;
    let issue = edit.issue(id)?;
    if issue.assignee.as_ref() == who {
        return Ok(());
    }
    let state = edit.readiness().state(issue);
    if state.is_resolved() {
        return Err(Refusal::WrongState {
            id: id.clone(),
            state,
            verb: "assigned",
        });
    }
    if state == State::InProgress && !edit.request.force {
        let holder = issue
            .assignee
            .clone()
            .unwrap_or_else(|| edit.request.actor.clone());
        return Err(Refusal::AlreadyClaimed {
            id: id.clone(),
            holder,
            epoch: issue.epoch,
        });
    }
    edit.end_lease(id, LeaseState::Released);
    edit.change(id, EventKind::IssueUpdated, |issue| {
        issue.assignee = who.cloned();
        if issue.state == State::InProgress {
            issue.state = State::Open;
        }
    });
    Ok(())
}
