//! The power is cut after every operation, with every kind of loss.

use super::{N_STEPS, fresh, is_thorough, judge, let_log_age, open, record, states, step};
use crate::fs::sim::{Loss, SimFs};
use crate::traits::Store as _;

fn losses() -> impl Iterator<Item = Loss> {
    let plain = [Loss::Everything, Loss::Nothing, Loss::Contents, Loss::Names];
    plain
        .into_iter()
        .chain((0..if is_thorough() { 50 } else { 4 }).map(Loss::Random))
}

/// Runs the script and returns after how many operations each step was acknowledged.
fn run_script(fs: &SimFs) -> Vec<usize> {
    let mut acked_at = vec![fs.n_ops()];
    for n in 0..N_STEPS {
        if n == 3 {
            let_log_age(fs);
        }
        step(fs, "boot", n).unwrap();
        acked_at.push(fs.n_ops());
    }
    acked_at
}

/// Cuts the power everywhere and returns how often, and the first wrong state.
fn cut_everywhere(fs: &SimFs, boot_after: &str) -> (u64, Option<String>) {
    let states = states();
    let acked_at = run_script(fs);
    let mut n_cuts = 0;
    for n_ops in acked_at[0]..=fs.n_ops() {
        let acked = acked_at.iter().rposition(|at| *at <= n_ops).unwrap();
        for loss in losses() {
            n_cuts += 1;
            let left = fs.after_power_cut(n_ops, loss);
            if let Err(problem) = judge(&left, boot_after, &states, acked, true) {
                return (
                    n_cuts,
                    Some(format!(
                        "cut after {n_ops} operations, {acked} steps, {loss:?}: {problem}"
                    )),
                );
            }
        }
    }
    (n_cuts, None)
}

#[test]
pub(super) fn a_power_cut_anywhere_keeps_what_was_acknowledged() {
    let (n_cuts, problem) = cut_everywhere(&fresh(), "other boot");
    assert_eq!(problem, None);
    assert!(n_cuts > 700, "only {n_cuts} cuts");
    record("store: simulated power cuts", n_cuts);
}

#[test]
fn a_power_cut_in_recovery_keeps_what_was_acknowledged() {
    let states = states();
    let fs = fresh();
    let acked_at = run_script(&fs);
    let mut n_cuts = 0;
    for n_ops in (acked_at[0]..=fs.n_ops()).step_by(if is_thorough() { 1 } else { 11 }) {
        let acked = acked_at.iter().rposition(|at| *at <= n_ops).unwrap();
        for loss in [Loss::Everything, Loss::Random(3)] {
            let left = fs.after_power_cut(n_ops, loss);
            let start = left.n_ops();
            open(&left, "second boot").unwrap().begin().unwrap();
            for n_ops_again in start..=left.n_ops() {
                for again in [Loss::Everything, Loss::Random(n_cuts)] {
                    n_cuts += 1;
                    let twice = left.after_power_cut(n_ops_again, again);
                    let verdict = judge(&twice, "third boot", &states, acked, true);
                    assert!(
                        verdict.is_ok(),
                        "cut after {n_ops} operations ({loss:?}), then after {} of recovery ({again:?}): {}",
                        n_ops_again - start,
                        verdict.unwrap_err()
                    );
                }
            }
        }
    }
    assert!(n_cuts > 300, "only {n_cuts} cuts");
    record("store: simulated power cuts in recovery", n_cuts);
}

/// Each of these breaks the protocol on purpose; the torture must notice every one.
#[test]
fn broken_protocols_are_caught() {
    for call in ["fdatasync", "fsync"] {
        let fs = fresh();
        fs.ignore_syncs(call);
        let (_, problem) = cut_everywhere(&fs, "other boot");
        assert!(problem.is_some(), "nobody notices that {call} is left out");
    }
    // Believing the mark of another boot.
    let (_, problem) = cut_everywhere(&fresh(), "boot");
    assert!(
        problem.is_some(),
        "nobody notices that the mark is believed after a restart"
    );
}
