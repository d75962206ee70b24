//! Claims and leases under many processes that pause and die: each issue behaves as if one call came after the other.
//!
//! Owns the test and its size. Refuses to know the rules (`model`) and the search for an order (`checker`).

mod checker;
mod control;
mod drive;
mod history;
mod log;
mod model;

use std::time::{Duration, Instant};

use serde_json::json;

use self::checker::violation;
use self::drive::{Fencing, Plan};
use self::history::Outcome;
use crate::support::figures;
use crate::support::repo::Repo;

/// The histories that are tried: how many, with how many calls each, by how many processes at once.
fn sizes() -> Vec<(usize, usize, usize)> {
    if figures::is_thorough() {
        vec![(40, 1_000, 2), (160, 1_000, 8), (40, 1_000, 32)]
    } else {
        vec![(2, 80, 2), (7, 200, 8)]
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

#[test]
fn claims_and_leases_behave_as_if_one_call_came_after_the_other() {
    let begun = Instant::now();
    let (mut n_histories, mut n_calls, mut n_lost, mut n_unknown, mut n_grants) = (0, 0, 0, 0, 0);
    let (mut n_kills, mut n_pauses, mut n_busy, mut n_superseded) = (0, 0, 0, 0);
    let runs = sizes()
        .into_iter()
        .flat_map(|(n, n_calls, n_workers)| (0..n).map(move |_| (n_calls, n_workers)));
    for (seed, (n_asked, n_workers)) in runs.enumerate() {
        let repo = Repo::in_memory();
        let plan = plan(seed as u64, n_asked, n_workers);
        let (histories, faults) = drive::run(&repo, plan);
        for (issue, history) in &histories {
            if let Some(ops) = violation(history) {
                panic!("seed {seed}, issue {issue}: no order explains {ops:#?}");
            }
            let count = |wanted: fn(&Outcome) -> bool| {
                history.ops.iter().filter(|op| wanted(&op.outcome)).count()
            };
            n_calls += history.ops.len();
            n_lost += count(|outcome| *outcome == Outcome::Lost);
            n_unknown += count(|outcome| *outcome == Outcome::Unknown);
            n_grants += count(|outcome| matches!(outcome, Outcome::Granted(_)));
        }
        n_superseded += log::superseded(&repo.events(&[])).len();
        n_histories += 1;
        n_kills += faults.kills;
        n_pauses += faults.pauses;
        n_busy += faults.busy;
        repo.ok(&["validate"]);
    }
    figures::record(
        "linearizable_leases",
        &json!({
            "histories": n_histories, "calls": n_calls, "granted": n_grants, "refused_as_superseded": n_lost,
            "unknown": n_unknown, "kills": n_kills, "pauses": n_pauses, "told_busy": n_busy, "violations": 0,
            "effects_by_a_superseded_epoch": n_superseded, "seconds": begun.elapsed().as_secs(),
        }),
    );
    assert_eq!(n_superseded, 0, "effects by an epoch that was over");
    assert!(
        n_lost > 0 && n_unknown > 0 && n_pauses > 0,
        "there was something to get wrong"
    );
}
