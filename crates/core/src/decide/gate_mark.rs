//! Passes and fails manual gates.
//!
//! Owns what a verdict means for the issue. Refuses to run checkers.

use super::Decision;
use super::done::settle_gated;
use super::edit::{AfterEnd, Edit, Step};
use super::gate_require::require_defined;
use super::release::{exit_gates, return_to_open};
use crate::event::EventKind;
use crate::{
    Assignee, GateDefinition, GateKey, GateMode, GateResult, GateStage, GateStatus, IssueId,
    Refusal, Request, Snapshot, State, Value,
};

/// Who says so, and what they say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GateVerdict {
    /// Who decided; the actor when left out.
    pub by: Option<Assignee>,
    /// What they said.
    pub note: Option<String>,
}

/// Passes each gate of each issue; a gated issue whose last exit gate passes is done.
pub fn gate_pass(
    snapshot: &Snapshot,
    request: &Request,
    ids: &[IssueId],
    keys: &[GateKey],
    verdict: &GateVerdict,
) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        for key in keys {
            mark(&mut edit, id, key, GateStatus::Passed, verdict)?;
        }
        settle_gated(&mut edit, id)?;
    }
    Ok(edit.finish())
}

/// Fails each gate of each issue; a gated issue whose exit gate fails is open again, unassigned.
pub fn gate_fail(
    snapshot: &Snapshot,
    request: &Request,
    ids: &[IssueId],
    keys: &[GateKey],
    verdict: &GateVerdict,
) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        for key in keys {
            mark(&mut edit, id, key, GateStatus::Failed, verdict)?;
        }
    }
    Ok(edit.finish())
}

fn mark(
    edit: &mut Edit<'_>,
    id: &IssueId,
    key: &GateKey,
    status: GateStatus,
    verdict: &GateVerdict,
) -> Result<(), Refusal> {
    edit.guard(id, AfterEnd::Nothing)?;
    let by = verdict
        .by
        .clone()
        .unwrap_or_else(|| edit.request.actor.clone());
    let issue = edit.issue(id)?;
    let says_nothing_new = |known: &GateResult| {
        known.status == status && (verdict.note.is_none() || verdict.note == known.note)
    };
    if issue.gates.get(key).is_some_and(says_nothing_new) {
        return Ok(());
    }
    let stage = check_allowed(edit, id, key, &by)?;
    let result = GateResult {
        status,
        by: Some(by),
        at: Some(edit.request.now.wall),
        note: verdict.note.clone(),
        run: None,
    };
    let reopens =
        status == GateStatus::Failed && stage == GateStage::Exit && issue.state == State::Gated;
    let exits = exit_gates(edit.snapshot(), issue);
    let kind = if status == GateStatus::Passed {
        EventKind::GatePassed
    } else {
        EventKind::GateFailed
    };
    let step = Step {
        gate: Some(key.clone()),
        ..Step::new(kind)
    };
    edit.change(id, step, |issue| {
        issue.gates.insert(key.clone(), result);
        if reopens {
            return_to_open(issue, &exits);
        }
    });
    Ok(())
}

fn check_allowed(
    edit: &Edit<'_>,
    id: &IssueId,
    key: &GateKey,
    by: &Assignee,
) -> Result<GateStage, Refusal> {
    let issue = edit.issue(id)?;
    require_defined(edit.snapshot(), key)?;
    let gate = edit
        .snapshot()
        .gate(key)
        .expect("it was found to be defined");
    if !issue.gates.contains_key(key) {
        return Err(Refusal::GateNotRequired {
            id: id.clone(),
            key: key.clone(),
        });
    }
    if issue.state.is_resolved() {
        return Err(Refusal::WrongState {
            id: id.clone(),
            state: issue.state,
            verb: "judged by a gate",
        });
    }
    if gate.mode == GateMode::Auto {
        return Err(Refusal::AutomaticGate { key: key.clone() });
    }
    // Naming somebody else does not lend the actor a role.
    check_role(gate, by)?;
    check_role(gate, &edit.request.actor)?;
    Ok(gate.stage)
}

/// A role that this version can't check is refused: what can't be evaluated is not passed.
fn check_role(gate: &GateDefinition, by: &Assignee) -> Result<(), Refusal> {
    match gate.extra.get("role") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(role)) if role == by.kind() => Ok(()),
        Some(role) => {
            let role = role
                .as_str()
                .unwrap_or("somebody this version does not know")
                .to_owned();
            Err(Refusal::WrongRole {
                key: gate.key.clone(),
                role,
                by: by.clone(),
            })
        }
    }
}
