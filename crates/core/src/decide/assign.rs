//! Names who shall do an issue, without taking it.
//!
//! Owns the assignee of an issue that nobody works on. Refuses to grant leases.

use super::Decision;
use super::edit::{AfterEnd, Edit, Step};
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
    let lease = edit.live_lease(id);
    let is_held_by_another = lease.is_some_and(|lease| Some(&lease.holder) != who);
    if issue.assignee.as_ref() == who && !is_held_by_another {
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
    let is_taken = state == State::InProgress || lease.is_some();
    if is_taken && !edit.request.force && !edit.is_holder(issue) {
        let holder = edit.holder(issue).unwrap_or(&edit.request.actor).clone();
        return Err(Refusal::AlreadyClaimed {
            id: id.clone(),
            holder,
            epoch: issue.epoch,
        });
    }
    // Whoever held it holds it no longer, and the log says under which epoch that was.
    let step = match lease {
        Some(lease) => Step {
            epoch: Some(lease.epoch),
            ..Step::noted(EventKind::IssueReleased, Some("assigned anew".to_owned()))
        },
        None => Step::new(EventKind::IssueUpdated),
    };
    edit.end_lease(id, LeaseState::Released);
    edit.change(id, step, |issue| {
        issue.assignee = who.cloned();
        if issue.state == State::InProgress {
            issue.state = State::Open;
        }
    });
    Ok(())
}
