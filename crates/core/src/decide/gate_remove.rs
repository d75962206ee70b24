//! Removes the definition of a gate.
//!
//! Owns what becomes of those that require it. Refuses to touch resolved issues: what they have passed stays on record.

use super::Decision;
use super::done::settle_gated;
use super::edit::{Edit, Step};
use super::gate_require::require_defined;
use crate::event::EventKind;
use crate::{GateKey, IssueId, Refusal, Request, Snapshot};

/// Removes a gate; refused while unresolved issues require it, unless `force` is set: then they require it no longer.
pub fn gate_remove(snapshot: &Snapshot, request: &Request, key: &GateKey) -> Decision {
    require_defined(snapshot, key)?;
    let requiring = snapshot
        .unresolved()
        .filter(|issue| issue.gates.contains_key(key));
    let requiring: Vec<IssueId> = requiring.map(|issue| issue.id.clone()).collect();
    if !requiring.is_empty() && !request.force {
        return Err(Refusal::GateInUse {
            key: key.clone(),
            issues: requiring,
        });
    }
    let mut edit = Edit::new(snapshot, request);
    for id in &requiring {
        edit.guard_unnamed(id)?;
        let note = format!("gate {key} was removed");
        edit.change(
            id,
            Step::noted(EventKind::GateRequired, Some(note)),
            |issue| {
                issue.gates.remove(key);
            },
        );
        settle_gated(&mut edit, id)?;
    }
    edit.remove_gate(key);
    Ok(edit.finish())
}
