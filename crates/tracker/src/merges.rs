//! Use cases about merges.
//!
//! Owns their names and arguments. Refuses to decide, and to know git.

use crate::call::{Call, Written};
use crate::error::Error;
use crate::tracker::{Asked, Tracker};
use jit_core::decide::{self, Settlement};
use jit_core::id::IdPrefix;
use jit_store::file::{Replacement, Warning};

impl Tracker {
    /// Settles what merges left undecided about the issues, and tells the log of these merges.
    pub fn resolve_conflicts(
        &self,
        call: &Call,
        ids: &[IdPrefix],
        settlement: &Settlement,
    ) -> Result<Written, Error> {
        let asked = Asked::new("resolve", settlement).naming(ids);
        self.write_each(call, &asked, ids, |snapshot, request, ids| {
            decide::resolve(snapshot, request, ids, settlement)
        })
    }

    /// Puts merged files in the place of those that were merged.
    pub fn put_merged(&self, files: &[Replacement]) -> Result<Vec<Warning>, Error> {
        Ok(self.store.put_merged(files)?)
    }
}
