//! The process dies at every call.

use super::{N_STEPS, fresh, is_thorough, judge, let_log_age, open, record, states, step};
use crate::fs::sim::{Fault, FaultKind, SimFs};
use crate::traits::Store as _;

/// Calls that a run makes.
fn n_calls(fs: &SimFs, run: impl Fn(&SimFs)) -> u64 {
    let fs = fs.after_death();
    fs.inject(None);
    run(&fs);
    fs.calls().len() as u64
}

/// Kills `run` at each of its calls, on a copy of the files each time.
fn kill_everywhere(
    fs: &SimFs,
    run: impl Fn(&SimFs) -> bool,
    mut judge: impl FnMut(&SimFs, bool, &str),
) {
    for call in 0..n_calls(fs, |fs| _ = run(fs)) {
        for kind in [FaultKind::Death, FaultKind::DeathHalfway] {
            let victim = fs.after_death();
            victim.inject(Some(Fault { call, kind }));
            let is_acked = run(&victim);
            judge(
                &victim.after_death(),
                is_acked,
                &format!("{kind:?} at call {call}"),
            );
        }
    }
}

#[test]
pub(super) fn a_death_at_any_call_leaves_all_or_nothing() {
    let states = states();
    let fs = fresh();
    let mut n_deaths = 0;
    for n in 0..N_STEPS {
        if n == 3 {
            let_log_age(&fs);
        }
        kill_everywhere(
            &fs,
            |fs| step(fs, "boot", n).is_ok(),
            |left, is_acked, what| {
                n_deaths += 1;
                let verdict = judge(left, "boot", &states, n + usize::from(is_acked), !is_acked);
                assert!(
                    verdict.is_ok(),
                    "{what} of step {n}: {}",
                    verdict.unwrap_err()
                );
            },
        );
        step(&fs, "boot", n).unwrap();
    }
    assert!(n_deaths > 300, "only {n_deaths} deaths");
    record("store: simulated deaths", n_deaths);
}

#[test]
fn a_death_in_recovery_leaves_all_or_nothing() {
    let states = states();
    let mut n_deaths = 0;
    let fs = fresh();
    for n in 0..N_STEPS {
        if n != 1 && !is_thorough() {
            step(&fs, "boot", n).unwrap();
            continue;
        }
        let recover = |fs: &SimFs| open(fs, "boot").and_then(|store| store.begin()).is_ok();
        let n_idle = n_calls(&fs, |fs| _ = recover(fs)) + 1;
        kill_everywhere(
            &fs,
            |fs| step(fs, "boot", n).is_ok(),
            |left, is_acked, what| {
                // Where the log is empty there is nothing to recover, and the first test has been there.
                if n_calls(left, |fs| _ = recover(fs)) <= n_idle {
                    return;
                }
                kill_everywhere(left, recover, |left, _, again| {
                    n_deaths += 1;
                    let verdict =
                        judge(left, "boot", &states, n + usize::from(is_acked), !is_acked);
                    assert!(
                        verdict.is_ok(),
                        "{what} of step {n}, {again} of recovery: {}",
                        verdict.unwrap_err()
                    );
                });
            },
        );
        step(&fs, "boot", n).unwrap();
    }
    assert!(n_deaths > 500, "only {n_deaths} deaths");
    record("store: simulated deaths in recovery", n_deaths);
}
