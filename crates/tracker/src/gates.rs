//! Use cases about gates.
//!
//! Owns their names and arguments. Refuses to decide.

use crate::call::{Call, Written};
use crate::error::Error;
use crate::tracker::{Asked, Decided, Tracker};
use jit_core::decide::{self, GateVerdict};
use jit_core::id::IdPrefix;
use jit_core::{GateDefinition, GateKey};
use std::slice;

impl Tracker {
    /// Defines a gate for the repository.
    pub fn gate_define(&self, call: &Call, gate: &GateDefinition) -> Result<Written, Error> {
        self.write(
            call,
            &Asked::new("gate define", gate),
            |snapshot, request| {
                Ok(Decided::new(
                    decide::gate_define(snapshot, request, gate.clone())?,
                    Vec::new(),
                ))
            },
        )
    }

    /// Removes the definition of a gate.
    pub fn gate_remove(&self, call: &Call, key: &GateKey) -> Result<Written, Error> {
        self.write(
            call,
            &Asked::new("gate remove", key),
            |snapshot, request| {
                Ok(Decided::new(
                    decide::gate_remove(snapshot, request, key)?,
                    Vec::new(),
                ))
            },
        )
    }

    /// Requires gates of an issue.
    pub fn gate_add(&self, call: &Call, id: &IdPrefix, keys: &[GateKey]) -> Result<Written, Error> {
        self.write_one(
            call,
            &Asked::new("gate add", &keys).naming(slice::from_ref(id)),
            id,
            |snapshot, request, id| decide::gate_add(snapshot, request, id, keys),
        )
    }

    /// Requires gates of an issue no longer.
    pub fn gate_rm(&self, call: &Call, id: &IdPrefix, keys: &[GateKey]) -> Result<Written, Error> {
        self.write_one(
            call,
            &Asked::new("gate rm", &keys).naming(slice::from_ref(id)),
            id,
            |snapshot, request, id| decide::gate_rm(snapshot, request, id, keys),
        )
    }

    /// Passes manual gates.
    pub fn gate_pass(
        &self,
        call: &Call,
        ids: &[IdPrefix],
        keys: &[GateKey],
        verdict: &GateVerdict,
    ) -> Result<Written, Error> {
        self.write_each(
            call,
            &Asked::new("gate pass", &(keys, verdict)).naming(ids),
            ids,
            |snapshot, request, ids| decide::gate_pass(snapshot, request, ids, keys, verdict),
        )
    }

    /// Fails manual gates.
    pub fn gate_fail(
        &self,
        call: &Call,
        ids: &[IdPrefix],
        keys: &[GateKey],
        verdict: &GateVerdict,
    ) -> Result<Written, Error> {
        self.write_each(
            call,
            &Asked::new("gate fail", &(keys, verdict)).naming(ids),
            ids,
            |snapshot, request, ids| decide::gate_fail(snapshot, request, ids, keys, verdict),
        )
    }
}
