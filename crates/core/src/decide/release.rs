//! Gives an issue back.
//!
//! Owns the way from `in_progress` to `open` by the holder's wish. Refuses to judge why the work ended.

use super::Decision;
use super::edit::{AfterEnd, Edit, Guarded, Step};
use crate::event::EventKind;
use crate::{
    GateStage, GateStatus, Issue, IssueId, LeaseState, Refusal, Request, Snapshot, State, Timestamp,
};

/// Gives each issue back, to be taken again at once or from `not_before` on.
pub fn release(
    snapshot: &Snapshot,
    request: &Request,
    ids: &[IssueId],
    reason: Option<&str>,
    not_before: Option<Timestamp>,
) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        release_one(&mut edit, id, reason, not_before)?;
    }
    Ok(edit.finish())
}

pub(super) fn release_one(
    edit: &mut Edit<'_>,
    id: &IssueId,
    reason: Option<&str>,
    not_before: Option<Timestamp>,
) -> Result<(), Refusal> {
    let guarded = edit.guard(id, AfterEnd::Repeat)?;
    let issue = edit.issue(id)?;
    if guarded == Guarded::Repeated {
        return edit.repeated(issue, issue.state == State::Open);
    }
    // The file may have been set back by hand or by git while the lease lives on.
    let is_held = edit.live_lease(id).is_some();
    if issue.state == State::Open && issue.assignee.is_none() && !is_held {
        return Ok(());
    }
    if !matches!(issue.state, State::Open | State::InProgress) {
        return Err(Refusal::WrongState {
            id: id.clone(),
            state: issue.state,
            verb: "released",
        });
    }
    if !edit.request.force && !edit.is_holder(issue) {
        let (actor, holder) = (edit.request.actor.clone(), edit.holder(issue).cloned());
        return Err(Refusal::NotTheHolder {
            id: id.clone(),
            actor,
            holder,
        });
    }
    let exits = exit_gates(edit.snapshot(), issue);
    edit.end_lease(id, LeaseState::Released);
    edit.change(
        id,
        Step::noted(EventKind::IssueReleased, reason.map(str::to_owned)),
        |issue| {
            return_to_open(issue, &exits);
            issue.not_before = not_before.or(issue.not_before);
        },
    );
    Ok(())
}

/// Brings the issue back to `open`, unassigned; passes of its exit gates count no longer, failures stay for the next
/// attempt.
pub(super) fn return_to_open(issue: &mut Issue, exit_gates: &[crate::GateKey]) {
    issue.state = State::Open;
    issue.assignee = None;
    for key in exit_gates {
        if let Some(result) = issue
            .gates
            .get_mut(key)
            .filter(|result| result.status == GateStatus::Passed)
        {
            *result = crate::GateResult::default();
        }
    }
}

/// Returns the exit gates that the issue requires.
pub(super) fn exit_gates(snapshot: &Snapshot, issue: &Issue) -> Vec<crate::GateKey> {
    let is_exit = |key: &&crate::GateKey| {
        snapshot
            .gate(key)
            .is_some_and(|gate| gate.stage == GateStage::Exit)
    };
    issue.gates.keys().filter(is_exit).cloned().collect()
}
