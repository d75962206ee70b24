//! Requires gates of an issue, or no longer.
//!
//! Owns the keys of an issue's `gates`. Refuses to pass or fail them.

use super::Decision;
use super::done::settle_gated;
use super::edit::{AfterEnd, Edit};
use crate::event::EventKind;
use crate::{GateKey, IssueId, Refusal, Request, Snapshot};

/// Requires each gate of the issue; refused for a key that is not defined.
pub fn gate_add(
    snapshot: &Snapshot,
    request: &Request,
    id: &IssueId,
    keys: &[GateKey],
) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    edit.guard(id, AfterEnd::Nothing)?;
    let state = edit.issue(id)?.state;
    if state.is_resolved() {
        return Err(Refusal::WrongState {
            id: id.clone(),
            state,
            verb: "gated",
        });
    }
    for key in keys {
        require_defined(snapshot, key)?;
    }
    edit.change(id, EventKind::GateRequired, |issue| {
        for key in keys {
            issue.gates.entry(key.clone()).or_default();
        }
    });
    Ok(edit.finish())
}

/// Requires each gate of the issue no longer; a gated issue with nothing left in its way is done.
pub fn gate_rm(snapshot: &Snapshot, request: &Request, id: &IssueId, keys: &[GateKey]) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    edit.guard(id, AfterEnd::Nothing)?;
    let issue = edit.issue(id)?;
    for key in keys.iter().filter(|key| !issue.gates.contains_key(*key)) {
        require_defined(snapshot, key)?;
    }
    edit.change(id, EventKind::GateRequired, |issue| {
        issue.gates.retain(|key, _| !keys.contains(key));
    });
    settle_gated(&mut edit, id)?;
    Ok(edit.finish())
}

/// Refuses a key that no definition has, naming the nearest one that has.
pub(super) fn require_defined(snapshot: &Snapshot, key: &GateKey) -> Result<(), Refusal> {
    if snapshot.gate(key).is_some() {
        return Ok(());
    }
    let shared = |other: &GateKey| {
        let pairs = other.as_str().bytes().zip(key.as_str().bytes());
        pairs.take_while(|(left, right)| left == right).count()
    };
    let nearest = snapshot
        .gates()
        .map(|gate| &gate.key)
        .max_by_key(|other| shared(other));
    Err(Refusal::UnknownGate {
        key: key.clone(),
        nearest: nearest.filter(|other| shared(other) > 1).cloned(),
    })
}
