//! Says "not now", and takes it back.
//!
//! Owns the hold of an issue. Refuses to stop whoever works on it: a hold only keeps it from starting and ending.

use super::Decision;
use super::edit::{AfterEnd, Edit, Step};
use crate::event::EventKind;
use crate::issue::{Hold, MAX_TEXT};
use crate::{IssueId, Refusal, Request, Snapshot};

/// Puts each issue on hold.
pub fn hold(snapshot: &Snapshot, request: &Request, ids: &[IssueId], reason: &str) -> Decision {
    if reason.trim().is_empty() || reason.len() > MAX_TEXT {
        return Err(Refusal::invalid(
            "reason",
            format_args!("must be 1 to {MAX_TEXT} bytes"),
        ));
    }
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        edit.guard(id, AfterEnd::Nothing)?;
        let issue = edit.issue(id)?;
        if issue.state.is_resolved() {
            return Err(Refusal::WrongState {
                id: id.clone(),
                state: issue.state,
                verb: "held",
            });
        }
        if issue
            .hold
            .as_ref()
            .is_some_and(|hold| hold.reason == reason)
        {
            continue;
        }
        let hold = Hold {
            by: request.actor.clone(),
            at: request.now.wall,
            reason: reason.to_owned(),
        };
        edit.change(id, EventKind::IssueHeld, |issue| issue.hold = Some(hold));
    }
    Ok(edit.finish())
}

/// Lifts the hold of each issue.
pub fn unhold(snapshot: &Snapshot, request: &Request, ids: &[IssueId]) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        edit.guard(id, AfterEnd::Nothing)?;
        if edit.issue(id)?.hold.is_none() {
            continue;
        }
        let now = request.now.wall;
        edit.change(
            id,
            Step::noted(EventKind::IssueHeld, Some("lifted".to_owned())),
            |issue| {
                issue.hold = None;
                issue.queued_at = Some(now);
            },
        );
    }
    Ok(edit.finish())
}
