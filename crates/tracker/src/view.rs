//! What a reading command sees.
//!
//! Owns the triple of snapshot, policy and moment. Refuses to change any of them.

use jit_core::{Now, Policy, Readiness, Snapshot};

/// All issues, under the repository's settings, at one moment.
#[derive(Clone, Debug)]
pub struct View {
    /// The issues, gates and leases.
    pub snapshot: Snapshot,
    /// The repository's settings.
    pub policy: Policy,
    /// The moment.
    pub now: Now,
}

impl View {
    /// Returns the judge of this view.
    pub fn readiness(&self) -> Readiness<'_> {
        Readiness {
            snapshot: &self.snapshot,
            policy: &self.policy,
            now: &self.now,
        }
    }
}
