//! One trouble after another: what the first leaves behind must not break under the second.

use super::{N_STEPS, fresh, judge, let_log_age, open, record, states, step};
use crate::file::options::Warning;
use crate::fs::sim::{Fault, FaultKind, Loss, SimFs};
use crate::traits::Store as _;

/// The losses that differ most.
const LOSSES: [Loss; 5] = [
    Loss::Everything,
    Loss::Contents,
    Loss::Names,
    Loss::Random(1),
    Loss::Random(2),
];

/// Returns the names of the calls that step `n` makes.
fn calls_of(fs: &SimFs, n: usize) -> Vec<&'static str> {
    let clean = fs.after_death();
    clean.inject(None);
    step(&clean, "boot", n).unwrap();
    clean.calls()
}

#[test]
fn what_a_recovery_has_shown_survives_a_power_cut() {
    let states = states();
    let fs = fresh();
    let mut n_cuts = 0;
    for n in 0..3 {
        let calls = calls_of(&fs, n);
        let first_write = calls.iter().position(|call| *call == "pwrite").unwrap();
        for call in first_write as u64..calls.len() as u64 {
            let victim = fs.after_death();
            victim.inject(Some(Fault {
                call,
                kind: FaultKind::Death,
            }));
            let is_acked = step(&victim, "boot", n).is_ok();
            let left = victim.after_death();
            let start = left.n_ops();
            let store = open(&left, "boot").unwrap();
            drop(store.begin().unwrap());
            let shown = super::records(&store).unwrap();
            let reached = states.iter().position(|state| state.0 == shown).unwrap();
            for n_ops in start..=left.n_ops() {
                let acked = if n_ops == left.n_ops() {
                    reached
                } else {
                    n + usize::from(is_acked)
                };
                for loss in LOSSES {
                    n_cuts += 1;
                    let verdict = judge(
                        &left.after_power_cut(n_ops, loss),
                        "other boot",
                        &states,
                        acked,
                        acked == n,
                    );
                    assert!(
                        verdict.is_ok(),
                        "death at call {call} of step {n}, recovery, cut after {} operations, {loss:?}: {}",
                        n_ops - start,
                        verdict.unwrap_err()
                    );
                }
            }
        }
        step(&fs, "boot", n).unwrap();
    }
    assert!(n_cuts > 300, "only {n_cuts} cuts");
    record("store: simulated power cuts after a recovery", n_cuts);
}

#[test]
fn a_sync_that_failed_when_the_log_was_emptied_loses_nothing() {
    let states = states();
    let fs = fresh();
    for n in 0..3 {
        step(&fs, "boot", n).unwrap();
    }
    let_log_age(&fs);
    let calls = calls_of(&fs, 3);
    let mut n_failures = 0;
    for (call, _) in calls
        .iter()
        .enumerate()
        .filter(|(_, call)| **call == "fsync")
    {
        let victim = fs.after_death();
        let kind = FaultKind::Once(rustix::io::Errno::IO.raw_os_error());
        victim.inject(Some(Fault {
            call: call as u64,
            kind,
        }));
        let warnings = step(&victim, "boot", 3).unwrap().warnings;
        assert!(
            matches!(warnings[..], [Warning::CheckpointFailed { .. }]),
            "{warnings:?}"
        );
        victim.inject(None);
        for n in 4..N_STEPS {
            let_log_age(&victim);
            step(&victim, "boot", n).unwrap();
        }
        for loss in LOSSES {
            n_failures += 1;
            let left = victim.after_power_cut(victim.n_ops(), loss);
            let verdict = judge(&left, "other boot", &states, N_STEPS, false);
            assert!(
                verdict.is_ok(),
                "failed sync at call {call}, {loss:?}: {}",
                verdict.unwrap_err()
            );
        }
    }
    assert!(n_failures > 20, "only {n_failures} failures");
}

#[test]
fn a_log_whose_maker_died_before_its_name_was_safe_is_made_safe_by_the_next() {
    let states = states();
    let fs = fresh();
    let calls = calls_of(&fs, 0);
    let call = calls.iter().position(|call| *call == "fsync").unwrap() as u64;
    fs.inject(Some(Fault {
        call,
        kind: FaultKind::Death,
    }));
    step(&fs, "boot", 0).unwrap_err();
    let fs = fs.after_death();
    step(&fs, "boot", 0).unwrap();
    for loss in LOSSES {
        let verdict = judge(
            &fs.after_power_cut(fs.n_ops(), loss),
            "other boot",
            &states,
            1,
            false,
        );
        assert!(verdict.is_ok(), "{loss:?}: {}", verdict.unwrap_err());
    }
}
