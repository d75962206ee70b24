//! Takes over issues from other trackers, in one transaction.
//!
//! Owns the report. Refuses to guess: what is mapped, skipped or left out is counted and named.

mod beads;
mod record;

use crate::call::{Call, Written};
use crate::error::Error;
use crate::tracker::{Asked, Decided, Tracker};
use jit_core::{IssueId, Value, decide};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// An edge of the input that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Old id of the issue that the edge begins at.
    pub from: String,
    /// Old id of the issue that it leads to.
    pub to: String,
    /// Its kind in the input.
    pub kind: String,
    /// Why: `dangling` or `cycle`.
    pub reason: &'static str,
}

/// What became of the input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Records in the input.
    pub n_records: usize,
    /// Issues that were taken.
    pub n_taken: usize,
    /// What was taken otherwise than it stood there, counted by what it was and became.
    pub mapped: BTreeMap<String, usize>,
    /// Records that were not taken, counted by why.
    pub skipped: BTreeMap<String, usize>,
    /// Edges taken, counted by what they became.
    pub edges: BTreeMap<String, usize>,
    /// Edges left out.
    pub left_out: Vec<Left>,
}

impl ImportReport {
    /// Returns the report as an object.
    pub fn to_value(&self) -> Value {
        let counts = |counts: &BTreeMap<String, usize>| {
            Value::object(
                counts
                    .iter()
                    .map(|(name, n)| (name.as_str(), Value::from(*n as u64))),
            )
        };
        let left_out = self.left_out.iter().map(|left| {
            Value::object([
                ("from", left.from.as_str().into()),
                ("to", left.to.as_str().into()),
                ("kind", left.kind.as_str().into()),
                ("reason", left.reason.into()),
            ])
        });
        Value::object([
            ("records", (self.n_records as u64).into()),
            ("taken", (self.n_taken as u64).into()),
            ("mapped", counts(&self.mapped)),
            ("skipped", counts(&self.skipped)),
            ("edges", counts(&self.edges)),
            ("left_out", Value::Array(left_out.collect())),
        ])
    }

    fn count(counts: &mut BTreeMap<String, usize>, what: impl Into<String>) {
        *counts.entry(what.into()).or_default() += 1;
    }
}

impl Tracker {
    /// Takes over the issues of a beads log (JSON lines); those taken before are not taken again. With `as_open`,
    /// everything is open, without holds and assignees.
    pub fn import_beads(
        &self,
        call: &Call,
        text: &str,
        as_open: bool,
    ) -> Result<(Written, ImportReport), Error> {
        let records = record::parse(text)?;
        let drawn: Result<Vec<IssueId>, _> = records.iter().map(|_| self.ids.issue_id()).collect();
        let drawn = drawn.map_err(Error::System)?;
        let report = RefCell::new(ImportReport::default());
        let written = self.write(
            call,
            &Asked::new("import beads", &(text, as_open)),
            |snapshot, request| {
                let mut batch = beads::Batch::new(snapshot, request, as_open);
                let issues = batch.convert(&records, &drawn);
                let imported = decide::import(snapshot, request, issues)?;
                let ids = imported
                    .changes
                    .issues
                    .iter()
                    .map(|issue| issue.id.clone())
                    .collect();
                report.replace(batch.finish(&imported));
                Ok(Decided::new(imported.changes, ids))
            },
        )?;
        Ok((written, report.into_inner()))
    }
}
