//! Defines a gate for the repository.
//!
//! Owns definitions. Refuses to require them of any issue.

use super::Decision;
use super::edit::Edit;
use crate::{GateDefinition, Refusal, Request, Snapshot};

/// Defines a gate; repeating a definition changes nothing, another one under the same key is refused.
pub fn gate_define(snapshot: &Snapshot, request: &Request, gate: GateDefinition) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    match snapshot.gate(&gate.key) {
        Some(existing) if *existing == gate => {}
        Some(_) if !request.force => return Err(Refusal::GateExists { key: gate.key }),
        _ => edit.put_gate(gate),
    }
    Ok(edit.finish())
}
