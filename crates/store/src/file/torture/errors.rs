//! The operating system refuses a call, once or from then on.

use super::{N_STEPS, fresh, is_thorough, judge, let_log_age, record, states, step};
use crate::error::{Result, StoreError};
use crate::fs::sim::{Fault, FaultKind, Loss, SimFs};
use crate::traits::Committed;
use rustix::io::Errno;

/// Every error number that matters for files.
const ERRNOS: [Errno; 7] = [
    Errno::IO,
    Errno::NOSPC,
    Errno::ACCESS,
    Errno::ROFS,
    Errno::MFILE,
    Errno::DQUOT,
    Errno::STALE,
];

/// Every way to fail.
fn kinds() -> Vec<FaultKind> {
    let numbers = ERRNOS.map(Errno::raw_os_error);
    let ways = [FaultKind::Once, FaultKind::Forever, FaultKind::Half];
    ways.into_iter().flat_map(|way| numbers.map(way)).collect()
}

/// Returns whether the power is cut as well after this error; in a quick run after those that take different ways through
/// the code.
fn is_followed_by_a_cut(kind: FaultKind) -> bool {
    let [io, full] = [Errno::IO, Errno::NOSPC].map(Errno::raw_os_error);
    let differing = [
        FaultKind::Once(io),
        FaultKind::Forever(full),
        FaultKind::Half(full),
    ];
    is_thorough() || differing.contains(&kind)
}

/// Refuses a sync of a file that failed before, unless the file was written or cut in between: what the first one has lost
/// the second would only hide.
fn assert_no_sync_is_retried(calls: &[&str], failed: usize, what: &str) {
    if !["fdatasync", "fsync"].contains(&calls[failed]) {
        return;
    }
    let repeated = calls[failed + 1..]
        .iter()
        .take_while(|call| !["ftruncate", "pwrite", "open"].contains(call))
        .any(|call| *call == calls[failed]);
    assert!(!repeated, "{what}: the sync is tried again: {calls:?}");
}

#[test]
pub(super) fn an_error_at_any_call_is_told_truly() {
    let states = states();
    let fs = fresh();
    let mut n_errors = 0;
    for n in 0..N_STEPS {
        if n == 3 {
            let_log_age(&fs);
        }
        let clean = fs.after_death();
        clean.inject(None);
        step(&clean, "boot", n).unwrap();
        for call in 0..clean.calls().len() as u64 {
            for kind in kinds() {
                let victim = fs.after_death();
                victim.inject(Some(Fault { call, kind }));
                let answer = step(&victim, "boot", n);
                n_errors += 1;
                let failed = usize::try_from(call).unwrap();
                let what = format!(
                    "{kind:?} at call {call} ({}) of step {n}",
                    clean.calls()[failed]
                );
                assert_no_sync_is_retried(&victim.calls(), failed, &what);
                check(&victim, &states, n, &answer, &what);
                if is_followed_by_a_cut(kind) {
                    check_after_a_cut(&victim, &states, n, &answer, &what);
                }
            }
        }
        step(&fs, "boot", n).unwrap();
    }
    assert!(n_errors > 500, "only {n_errors} errors");
    record("store: injected I/O errors", n_errors);
}

#[test]
fn a_short_write_is_continued() {
    let states = states();
    let fs = fresh();
    for n in 0..N_STEPS {
        let clean = fs.after_death();
        clean.inject(None);
        step(&clean, "boot", n).unwrap();
        let calls = clean.calls();
        for (call, _) in calls
            .iter()
            .enumerate()
            .filter(|(_, call)| **call == "pwrite")
        {
            let victim = fs.after_death();
            victim.inject(Some(Fault {
                call: call as u64,
                kind: FaultKind::Short,
            }));
            assert_eq!(step(&victim, "boot", n).unwrap().warnings, []);
            assert_eq!(
                victim.calls().len(),
                calls.len() + 1,
                "the write was not cut short"
            );
            judge(&victim, "boot", &states, n + 1, false).unwrap();
        }
        step(&fs, "boot", n).unwrap();
    }
}

/// Checks the answer to one step against the files, after the errors have ended.
fn check(
    victim: &SimFs,
    states: &[(String, String)],
    n: usize,
    answer: &Result<Committed>,
    what: &str,
) {
    let left = victim.after_death();
    let (acked, is_next_allowed) = allowed(n, answer);
    let is_stopped = matches!(answer, Err(StoreError::OutcomeUnknown(_)));
    let verdict = judge(&left, "boot", states, acked, is_next_allowed);
    let is_allowed_to_stop = is_stopped
        && verdict
            .as_ref()
            .is_err_and(|text| text.contains("StoppedByDiskError"));
    assert!(
        verdict.is_ok() || is_allowed_to_stop,
        "{what}: {answer:?}: {}",
        verdict.unwrap_err()
    );
}

/// Returns how many steps must have been done, and whether one more may have been.
fn allowed(n: usize, answer: &Result<Committed>) -> (usize, bool) {
    match answer {
        Ok(_) => (n + 1, false),
        Err(StoreError::OutcomeUnknown(_)) => (n, true),
        Err(_) => (n, false),
    }
}

/// Checks the same after the power was cut, too.
fn check_after_a_cut(
    victim: &SimFs,
    states: &[(String, String)],
    n: usize,
    answer: &Result<Committed>,
    what: &str,
) {
    if matches!(answer, Err(StoreError::OutcomeUnknown(_))) {
        return;
    }
    let n_ops = victim.n_ops();
    let (acked, is_next_allowed) = allowed(n, answer);
    for loss in [Loss::Everything, Loss::Random(1)] {
        let left = victim.after_power_cut(n_ops, loss);
        let verdict = judge(&left, "other boot", states, acked, is_next_allowed);
        assert!(
            verdict.is_ok(),
            "{what}: {answer:?}, then {loss:?}: {}",
            verdict.unwrap_err()
        );
    }
}
