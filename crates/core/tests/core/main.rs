//! The rules of the tracker, as rows of little scripts and what they lead to.

#![expect(
    clippy::unwrap_used,
    reason = "a row that can't be run must fail loudly"
)]

mod audit;
mod claims;
mod conditions;
mod deadlock;
mod deletion;
mod gates;
mod graph;
mod lazy;
mod leases;
mod lookup;
mod marks;
mod mend;
mod merge;
mod merge_edits;
mod merge_rules;
mod records;
mod resolve;
mod script;
mod slots;
mod states;
