//! Use cases about what git has taken away.
//!
//! Refuses to know how it is found and brought back: that is the store's.

use crate::error::Error;
use crate::tracker::Tracker;
use jit_core::Assignee;
use jit_store::History;
use jit_store::file::{Lost, Restored};

impl Tracker {
    /// Returns what was acknowledged and is gone since; never writes.
    pub fn lost(&self, history: &dyn History) -> Result<Lost, Error> {
        Ok(self.store.lost(history)?)
    }

    /// Brings back what is lost, in one transaction in the name of `by`.
    pub fn bring_back(&self, lost: &Lost, by: &Assignee) -> Result<Restored, Error> {
        Ok(self.store.restore(lost, by)?)
    }
}
