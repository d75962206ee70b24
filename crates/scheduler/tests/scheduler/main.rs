//! The tests of the decisions as a whole. They reach the crate as the dispatcher does, through its public values.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod audit;
mod best_set;
mod oracle;
mod reserve;
mod scenarios;
mod size;
mod worlds;
