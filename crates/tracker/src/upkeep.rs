//! Use cases that keep the store tidy: deletions, archives, labels, links.
//!
//! Owns their names and arguments. Refuses to decide.

use crate::call::{Call, Written};
use crate::error::Error;
use crate::tracker::{Asked, Decided, Tracker};
use jit_core::decide;
use jit_core::id::IdPrefix;
use jit_core::issue::LinkKind;
use jit_core::{Changeset, Issue, IssueId, Label, Refusal, Request, Snapshot};
use std::slice;

impl Tracker {
    /// Turns issues into tombstones.
    pub fn delete(&self, call: &Call, ids: &[IdPrefix]) -> Result<Written, Error> {
        self.write_even_gone(
            call,
            &Asked::new("issue delete", &()).naming(ids),
            ids,
            decide::delete,
        )
    }

    /// Takes deletions back; a tombstone is found by its whole id only.
    pub fn restore(&self, call: &Call, ids: &[IdPrefix]) -> Result<Written, Error> {
        self.write_even_gone(
            call,
            &Asked::new("issue delete --restore", &()).naming(ids),
            ids,
            decide::restore,
        )
    }

    /// Takes it out of the daily lists.
    pub fn archive(&self, call: &Call, ids: &[IdPrefix]) -> Result<Written, Error> {
        self.write_each(
            call,
            &Asked::new("issue archive", &()).naming(ids),
            ids,
            decide::archive,
        )
    }

    /// Adds and removes labels.
    pub fn label(
        &self,
        call: &Call,
        ids: &[IdPrefix],
        added: &[Label],
        removed: &[Label],
    ) -> Result<Written, Error> {
        self.write_each(
            call,
            &Asked::new("issue label", &(added, removed)).naming(ids),
            ids,
            |snapshot, request, ids| decide::label(snapshot, request, ids, added, removed),
        )
    }

    /// Relates one issue to others.
    pub fn link(
        &self,
        call: &Call,
        id: &IdPrefix,
        kind: LinkKind,
        targets: &[IdPrefix],
    ) -> Result<Written, Error> {
        self.write_one(
            call,
            &Asked::new("issue link", &kind)
                .naming(slice::from_ref(id))
                .naming(targets),
            id,
            |snapshot, request, id| {
                let targets = Self::resolve(snapshot, targets)?;
                decide::link(snapshot, request, id, kind, &targets)
            },
        )
    }

    /// Relates one issue to others no longer.
    pub fn unlink(
        &self,
        call: &Call,
        id: &IdPrefix,
        kind: LinkKind,
        targets: &[IdPrefix],
    ) -> Result<Written, Error> {
        self.write_one(
            call,
            &Asked::new("issue link --remove", &kind)
                .naming(slice::from_ref(id))
                .naming(targets),
            id,
            |snapshot, request, id| {
                // A link to what is gone is what one wants to get rid of, so a whole id need not exist.
                let target =
                    |prefix: &IdPrefix| prefix.as_id().map_or_else(|| snapshot.resolve(prefix), Ok);
                let targets: Result<Vec<_>, _> = targets.iter().map(target).collect();
                decide::unlink(snapshot, request, id, kind, &targets?)
            },
        )
    }

    fn write_even_gone(
        &self,
        call: &Call,
        asked: &Asked,
        ids: &[IdPrefix],
        decide: impl Fn(&Snapshot, &Request, &[IssueId]) -> Result<Changeset, Refusal>,
    ) -> Result<Written, Error> {
        self.write(call, asked, |snapshot, request| {
            let mut found: Vec<IssueId> = Vec::with_capacity(ids.len());
            for prefix in ids {
                let tombstone = |id: &IssueId| snapshot.record(id).is_some_and(Issue::is_deleted);
                let id = match prefix.as_id().filter(tombstone) {
                    Some(id) => id,
                    None => snapshot.resolve(prefix)?,
                };
                if !found.contains(&id) {
                    found.push(id);
                }
            }
            Ok(Decided::new(decide(snapshot, request, &found)?, found))
        })
    }
}
