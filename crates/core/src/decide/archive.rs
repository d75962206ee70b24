//! Takes resolved issues out of the daily lists.
//!
//! Owns the way to `archived`. Refuses to resolve anything: that is `done` and `reject`.

use super::Decision;
use super::edit::{AfterEnd, Edit};
use crate::event::EventKind;
use crate::{IssueId, Refusal, Request, Snapshot, State};

/// Archives each issue, which must be done or rejected.
pub fn archive(snapshot: &Snapshot, request: &Request, ids: &[IssueId]) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        archive_one(&mut edit, id)?;
    }
    Ok(edit.finish())
}

pub(super) fn archive_one(edit: &mut Edit<'_>, id: &IssueId) -> Result<(), Refusal> {
    edit.guard(id, AfterEnd::Nothing)?;
    let state = edit.issue(id)?.state;
    match state {
        State::Archived => {}
        State::Done | State::Rejected => {
            edit.change(id, EventKind::IssueArchived, |issue| {
                issue.state = State::Archived;
            });
        }
        State::Open | State::InProgress | State::Gated => {
            return Err(Refusal::WrongState {
                id: id.clone(),
                state,
                verb: "archived",
            });
        }
    }
    Ok(())
}
