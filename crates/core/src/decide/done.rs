//! Finishes an issue, or lets it wait for its exit gates.
//!
//! Owns the conditions of `done`. Refuses to pass gates.

use super::Decision;
use super::edit::{AfterEnd, Edit, Guarded, Step};
use crate::event::EventKind;
use crate::{Blocker, GateStage, IssueId, LeaseState, Refusal, Request, Snapshot, State};

/// Finishes each issue; one whose exit gates are not all passed becomes `gated`.
pub fn done(snapshot: &Snapshot, request: &Request, ids: &[IssueId]) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        done_one(&mut edit, id)?;
    }
    Ok(edit.finish())
}

pub(super) fn done_one(edit: &mut Edit<'_>, id: &IssueId) -> Result<(), Refusal> {
    let guarded = edit.guard(id, AfterEnd::Repeat)?;
    let issue = edit.issue(id)?;
    if guarded == Guarded::Repeated {
        let is_finished = matches!(issue.state, State::Done | State::Gated | State::Archived);
        return edit.repeated(issue, is_finished);
    }
    match issue.state {
        State::Done => return Ok(()),
        State::Rejected | State::Archived => {
            return Err(Refusal::WrongState {
                id: id.clone(),
                state: issue.state,
                verb: "done",
            });
        }
        State::Open | State::InProgress | State::Gated => {}
    }
    let blockers = edit.readiness().unfinished(issue);
    let unpassed = edit.readiness().unpassed(issue, GateStage::Exit);
    if !blockers.is_empty() && !edit.request.force {
        return Err(Refusal::Unfinished {
            id: id.clone(),
            blockers,
        });
    }
    if !unpassed.is_empty() && !edit.request.force {
        edit.end_lease(id, LeaseState::Released);
        edit.change(id, EventKind::IssueGated, |issue| {
            issue.state = State::Gated;
        });
        return Ok(());
    }
    let overridden: Vec<String> = blockers
        .iter()
        .chain(&unpassed)
        .map(Blocker::to_string)
        .collect();
    let note = (!overridden.is_empty()).then(|| format!("forced: {}", overridden.join("; ")));
    close(
        edit,
        id,
        Step::noted(EventKind::IssueDone, note),
        State::Done,
        None,
    );
    Ok(())
}

/// Resolves an issue and ends its lease.
pub(super) fn close(
    edit: &mut Edit<'_>,
    id: &IssueId,
    step: Step,
    state: State,
    reason: Option<&str>,
) {
    let now = edit.request.now.wall;
    edit.end_lease(id, LeaseState::Released);
    edit.change(id, step, |issue| {
        issue.state = state;
        issue.closed_at = Some(now);
        issue.close_reason = reason.map(str::to_owned);
    });
}

/// Finishes a gated issue once nothing is in its way any more.
pub(super) fn settle_gated(edit: &mut Edit<'_>, id: &IssueId) -> Result<(), Refusal> {
    let issue = edit.issue(id)?;
    let readiness = edit.readiness();
    let is_finished = issue.state == State::Gated
        && readiness.unpassed(issue, GateStage::Exit).is_empty()
        && readiness.unfinished(issue).is_empty();
    if is_finished {
        close(edit, id, Step::new(EventKind::IssueDone), State::Done, None);
    }
    Ok(())
}
