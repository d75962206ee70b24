//! Each harness under a store that is wrong on purpose.
//!
//! Owns the table of bugs and of who has to notice them. A harness that never fails proves nothing.

use super::{deaths, errors, meddling, power};
use crate::seeded::{Bug, turn_on};
use std::panic::catch_unwind;

/// Returns whether a harness fails under a bug, and not without it.
fn notices(harness: fn(), bug: Bug) -> bool {
    turn_on(Some(bug));
    let answer = catch_unwind(harness);
    turn_on(None);
    answer.is_err()
}

#[test]
fn every_seeded_bug_is_noticed() {
    let deaths: fn() = deaths::a_death_at_any_call_leaves_all_or_nothing;
    let errors: fn() = errors::an_error_at_any_call_is_told_truly;
    let power: fn() = power::a_power_cut_anywhere_keeps_what_was_acknowledged;
    let edits: fn() = meddling::an_edit_in_the_window_stays_and_the_other_version_is_kept;
    let rows = [
        (Bug::ApplyFirst, deaths),
        (Bug::KeepTornFrame, deaths),
        (Bug::SkipLogSync, power),
        (Bug::SkipFileSync, power),
        (Bug::TrustAfterRestart, power),
        (Bug::RetrySync, errors),
        (Bug::FailAfterCommit, errors),
        (Bug::BlurErrors, errors),
        (Bug::OverwriteEdits, edits),
    ];
    let missed: Vec<Bug> = rows
        .iter()
        .filter(|(bug, harness)| !notices(*harness, *bug))
        .map(|(bug, _)| *bug)
        .collect();
    assert_eq!(missed, [], "nobody notices these");
    super::record("store: seeded bugs noticed", rows.len() as u64);
}
