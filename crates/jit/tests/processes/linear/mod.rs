//! Claims and leases under many processes that pause and die: each issue behaves as if one call came after the other.
//!
//! Owns the test and its size. Refuses to know the rules (`model`) and the search for an order (`checker`).

mod checker;
mod control;
mod drive;
mod history;
mod log;
mod model;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use self::checker::violation;
use self::drive::{Fencing, Plan};
use self::history::Outcome;
use crate::support::figures;
use crate::support::repo::Repo;

/// How many histories are made at once: most of the time they wait for one that was stopped.
const N_LANES: usize = 3;

/// The histories that are tried: how many, with how many calls each, by how many processes at once.
fn sizes() -> Vec<(usize, usize, usize)> {
    if figures::is_thorough() {
        vec![(6, 400, 2), (30, 1_000, 8), (4, 1_000, 32)]
    } else {
        vec![(4, 100, 2), (14, 240, 8)]
    }
}

fn plan(seed: u64, n_calls: usize, n_workers: usize) -> Plan {
    let longest_pause = if figures::is_thorough() {
        Duration::from_secs(5)
    } else {
        Duration::from_millis(900)
    };
    Plan {
        seed,
        n_workers,
        n_issues: 4,
        n_calls,
        // Long enough that many renewals come in time, short enough that every pause may lose the lease.
        ttl: Duration::from_millis(500),
        longest_pause,
        fencing: Fencing::Kept,
    }
}

/// What the histories came to.
#[derive(Debug, Default)]
struct Tally {
    histories: usize,
    calls: usize,
    granted: usize,
    lost: usize,
    unknown: usize,
    kills: usize,
    pauses: usize,
    busy: usize,
    superseded: usize,
}

impl Tally {
    /// Makes one history and checks it.
    fn add(this: &Mutex<Self>, plan: Plan) {
        let repo = Repo::in_memory();
        let (histories, faults) = drive::run(&repo, plan);
        for (issue, history) in &histories {
            if let Some(ops) = violation(history) {
                panic!("{plan:?}, issue {issue}: no order explains {ops:#?}");
            }
        }
        let n_superseded = log::superseded(&repo.events(&[])).len();
        repo.ok(&["validate"]);
        let ops = || histories.values().flat_map(|history| &history.ops);
        let count = |wanted: fn(&Outcome) -> bool| ops().filter(|op| wanted(&op.outcome)).count();
        let mut tally = this.lock().expect("no lane panics while it counts");
        tally.histories += 1;
        tally.calls += ops().count();
        tally.granted += count(|outcome| matches!(outcome, Outcome::Granted(_)));
        tally.lost += count(|outcome| *outcome == Outcome::Lost);
        tally.unknown += count(|outcome| *outcome == Outcome::Unknown);
        tally.kills += faults.kills;
        tally.pauses += faults.pauses;
        tally.busy += faults.busy;
        tally.superseded += n_superseded;
    }
}

#[test]
fn claims_and_leases_behave_as_if_one_call_came_after_the_other() {
    let begun = Instant::now();
    let runs: Vec<Plan> = sizes()
        .into_iter()
        .flat_map(|(n, n_calls, n_workers)| (0..n).map(move |_| (n_calls, n_workers)))
        .enumerate()
        .map(|(seed, (n_calls, n_workers))| plan(seed as u64, n_calls, n_workers))
        .collect();
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    thread::scope(|scope| {
        for _ in 0..N_LANES {
            scope.spawn(|| {
                while let Some(plan) = runs.get(next.fetch_add(1, Ordering::SeqCst)) {
                    Tally::add(&tally, *plan);
                }
            });
        }
    });
    let tally = tally.into_inner().expect("no lane panics while it counts");
    figures::record(
        "linearizable_leases",
        &json!({
            "histories": tally.histories, "calls": tally.calls, "granted": tally.granted,
            "refused_as_superseded": tally.lost, "unknown": tally.unknown, "kills": tally.kills,
            "pauses": tally.pauses, "told_busy": tally.busy, "violations": 0,
            "effects_by_a_superseded_epoch": tally.superseded, "seconds": begun.elapsed().as_secs(),
        }),
    );
    assert_eq!(tally.superseded, 0, "effects by an epoch that was over");
    let had_faults = tally.lost > 0 && tally.unknown > 0 && tally.pauses > 0;
    assert!(had_faults, "there was something to get wrong: {tally:?}");
}
