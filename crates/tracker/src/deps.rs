//! Use cases about dependencies.
//!
//! Owns their names and arguments. Refuses to decide.

use crate::call::{Call, Written};
use crate::error::Error;
use crate::tracker::{Asked, Tracker};
use jit_core::decide;
use jit_core::id::IdPrefix;
use std::slice;

impl Tracker {
    /// Makes one issue wait for others.
    pub fn dep_add(
        &self,
        call: &Call,
        id: &IdPrefix,
        dependencies: &[IdPrefix],
    ) -> Result<Written, Error> {
        self.write_one(
            call,
            &Asked::new("dep add", &())
                .naming(slice::from_ref(id))
                .naming(dependencies),
            id,
            |snapshot, request, id| {
                decide::dep_add(
                    snapshot,
                    request,
                    id,
                    &Self::resolve(snapshot, dependencies)?,
                )
            },
        )
    }

    /// Makes one issue wait for others no longer.
    pub fn dep_rm(
        &self,
        call: &Call,
        id: &IdPrefix,
        dependencies: &[IdPrefix],
    ) -> Result<Written, Error> {
        self.write_one(
            call,
            &Asked::new("dep rm", &())
                .naming(slice::from_ref(id))
                .naming(dependencies),
            id,
            |snapshot, request, id| {
                // A missing target is what one wants to get rid of, so a whole id need not exist.
                let target =
                    |prefix: &IdPrefix| prefix.as_id().map_or_else(|| snapshot.resolve(prefix), Ok);
                let targets: Result<Vec<_>, _> = dependencies.iter().map(target).collect();
                decide::dep_rm(snapshot, request, id, &targets?)
            },
        )
    }
}
