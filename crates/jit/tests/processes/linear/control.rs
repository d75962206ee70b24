//! Whether the checker would notice: histories with a fault that was put there, and a tracker that forgets its fence.
//!
//! Owns the faults. Refuses to count a checker that finds nothing as a proof.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::checker::violation;
use super::drive::{self, Fencing, Plan};
use super::history::{Call, History, Nanos, Op, Outcome};
use super::log;
use crate::support::figures;
use crate::support::repo::Repo;

const MS: Nanos = 1_000_000;

/// Histories under a ttl of 100 ms, and whether they are sound.
///
/// A call is a letter with an epoch or a key: `c` claims, `r` renews, `w` writes, `l` releases, `d` finishes, `o` reopens.
/// What it was told comes next, and from when to when it lasted, in milliseconds.
const HISTORIES: [(&str, bool, &str); 31] = [
    ("nothing", true, ""),
    ("one grant", true, "c1 g1 0-10"),
    ("two winners", false, "c1 g1 0-10; c2 g2 5-15"),
    ("one epoch twice", false, "c1 g1 0-10; c2 g1 5-15"),
    ("a skipped epoch", false, "c1 g2 0-10"),
    ("the loser is told", true, "c1 g1 0-10; c2 held 5-15"),
    ("a loser without a winner", false, "c2 held 5-15"),
    ("overlap makes an order", true, "c2 held 0-20; c1 g1 5-15"),
    ("the order of time holds", false, "c2 held 0-4; c1 g1 5-15"),
    ("taken over in time", true, "c1 g1 0-10; c2 g2 100-130"),
    ("taken over too early", false, "c1 g1 0-10; c2 g2 20-90"),
    ("a dead lease holds", false, "c1 g1 0-10; c2 held 120-130"),
    (
        "a renewal prolongs",
        true,
        "c1 g1 0-10; r1 yes 80-90; c2 held 150-160",
    ),
    (
        "taken in spite of a renewal",
        false,
        "c1 g1 0-10; r1 yes 80-90; c2 g2 120-150",
    ),
    ("a late renewal", true, "c1 g1 0-10; r1 yes 300-310"),
    (
        "too late",
        false,
        "c1 g1 0-10; c2 g2 120-130; r1 yes 140-150",
    ),
    (
        "a stale write",
        false,
        "c1 g1 0-10; c2 g2 120-130; w1 yes 140-150",
    ),
    (
        "a fenced write",
        true,
        "c1 g1 0-10; c2 g2 120-130; w1 lost 140-150",
    ),
    (
        "fenced without a reason",
        false,
        "c1 g1 0-10; w1 lost 20-30",
    ),
    (
        "done twice",
        false,
        "c1 g1 0-10; d1 yes 20-30; d1 yes 40-50",
    ),
    ("done again", true, "c1 g1 0-10; d1 yes 20-30; d1 no 40-50"),
    (
        "done, then released",
        false,
        "c1 g1 0-10; d1 yes 20-30; l1 no 40-50",
    ),
    (
        "claimed though done",
        false,
        "c1 g1 0-10; d1 yes 20-30; c2 g2 40-50",
    ),
    (
        "reopened and taken",
        true,
        "c1 g1 0-10; d1 yes 20-30; c2 refused 40-50; o yes 60-70; c3 g2 80-90",
    ),
    (
        "killed and done",
        true,
        "c1 g1 0-10; d1 ? 20-30; c2 refused 40-50",
    ),
    (
        "killed and not done",
        true,
        "c1 g1 0-10; d1 ? 20-30; w1 yes 40-50",
    ),
    (
        "done and not done",
        false,
        "c1 g1 0-10; d1 ? 20-30; c2 refused 40-50; w1 yes 60-70",
    ),
    (
        "the dead write nothing",
        false,
        "c1 g1 0-10; d1 ? 20-30; w1 yes 40-50; c2 refused 60-70",
    ),
    ("a key asks again", true, "c1 ? 0-10; c1 g1 20-30"),
    (
        "a key wins once",
        false,
        "c1 g1 0-10; l1 yes 20-30; c1 g2 40-50",
    ),
    (
        "a key that lost",
        true,
        "c1 g1 0-10; l1 yes 20-30; c1 lost 40-50",
    ),
];

fn read(text: &str) -> Op {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |word: &str| word.parse::<u64>().expect("a number");
    let (kind, rest) = words[0].split_at(1);
    let call = match kind {
        "c" => Call::Claim(number(rest)),
        "r" => Call::Renew(number(rest)),
        "w" => Call::Write(number(rest)),
        "l" => Call::Release(number(rest)),
        "d" => Call::Done(number(rest)),
        _ => Call::Reopen,
    };
    let outcome = match words[1] {
        "yes" => Outcome::Done(true),
        "no" => Outcome::Done(false),
        "held" => Outcome::Held,
        "lost" => Outcome::Lost,
        "refused" => Outcome::Refused,
        "?" => Outcome::Unknown,
        granted => Outcome::Granted(number(&granted[1..])),
    };
    let (called, returned) = words[2].split_once('-').expect("a span");
    Op {
        call,
        outcome,
        called: number(called) * MS,
        returned: number(returned) * MS,
    }
}

#[test]
fn the_checker_tells_sound_histories_from_others() {
    for (name, is_sound, text) in HISTORIES {
        let calls = text.split(';').filter(|call| !call.trim().is_empty());
        let history = History::new(100 * MS, calls.map(read).collect());
        assert_eq!(violation(&history).is_none(), is_sound, "{name}");
    }
}

/// Returns the history with one outcome changed, for each call that was told `from`.
fn changed(history: &History, wanted: impl Fn(&Op) -> Option<Outcome>) -> Vec<History> {
    let places = history.ops.iter().enumerate();
    let changes = places.filter_map(|(place, op)| Some((place, wanted(op)?)));
    let with = |(place, outcome): (usize, Outcome)| {
        let mut ops = history.ops.clone();
        ops[place].outcome = outcome;
        History::new(history.ttl, ops)
    };
    changes.map(with).collect()
}

fn quick(seed: u64, fencing: Fencing) -> Plan {
    Plan {
        seed,
        n_workers: 4,
        n_issues: 1,
        n_calls: 120,
        ttl: Duration::from_millis(300),
        longest_pause: Duration::from_millis(500),
        fencing,
    }
}

/// Returns the histories that one fault in a sound one makes, for each kind of fault.
fn faulty(history: &History) -> [(&'static str, Vec<History>); 6] {
    let lost = |wanted: fn(&Call) -> bool| {
        changed(history, move |op| {
            (op.outcome == Outcome::Lost && wanted(&op.call)).then_some(Outcome::Done(true))
        })
    };
    let second = |op: &Op| (op.outcome == Outcome::Held).then_some(Outcome::Granted(1));
    let skipped = |op: &Op| match op.outcome {
        Outcome::Granted(epoch) => Some(Outcome::Granted(epoch + 1)),
        _ => None,
    };
    let is_grant = |place: &usize| matches!(history.ops[*place].outcome, Outcome::Granted(_));
    let without = |place: usize| {
        let mut ops = history.ops.clone();
        ops.remove(place);
        History::new(history.ttl, ops)
    };
    let grants = (0..history.ops.len()).filter(is_grant);
    [
        ("a second winner", changed(history, second)),
        ("an epoch is skipped", changed(history, skipped)),
        (
            "a stale write passes",
            lost(|call| matches!(call, Call::Write(_))),
        ),
        (
            "a stale renewal passes",
            lost(|call| matches!(call, Call::Renew(_))),
        ),
        (
            "a stale end passes",
            lost(|call| matches!(call, Call::Done(_) | Call::Release(_))),
        ),
        ("a grant is forgotten", grants.map(without).collect()),
    ]
}

#[test]
fn a_fault_in_a_recorded_history_is_found() {
    const N_SEEDS: u64 = 8;
    let mut found: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for seed in 0..N_SEEDS {
        let repo = Repo::in_memory();
        let (histories, _) = drive::run(&repo, quick(seed, Fencing::Kept));
        let history = histories.values().next().expect("one issue was worked on");
        assert_eq!(violation(history), None, "it is sound as it was recorded");
        for (name, histories) in faulty(history) {
            let (n_found, n_all) = found.entry(name).or_default();
            *n_found += histories
                .iter()
                .filter(|it| violation(it).is_some())
                .count();
            *n_all += histories.len();
        }
        // Chance decides which faults a history has room for.
        if found.values().all(|(n_found, _)| *n_found > 1) {
            break;
        }
    }
    let told = found.iter().map(|(name, (n_found, n_all))| {
        ((*name).to_owned(), json!(format!("{n_found} of {n_all}")))
    });
    figures::record("linearizable_leases_control", &told.collect());
    assert!(found.values().all(|(n_found, _)| *n_found > 0), "{found:?}");
    let (n_found, n_all) = found
        .values()
        .fold((0, 0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    // A change where calls overlap may be another sound history, but few are.
    assert!(10 * n_found > 8 * n_all, "{found:?}");
}

#[test]
fn a_tracker_that_forgets_its_fence_is_found() {
    let found = (0..5).any(|seed| {
        let repo = Repo::in_memory();
        let (histories, _) = drive::run(&repo, quick(seed, Fencing::Dropped));
        histories
            .values()
            .any(|history| violation(history).is_some())
    });
    assert!(found, "writes under a superseded epoch went unnoticed");
}

#[test]
fn an_effect_of_a_superseded_epoch_is_found_in_the_log() {
    let event = |kind: &str, epoch: u64| json!({"issue": "a", "type": kind, "epoch": epoch});
    let claimed = |epoch| event("issue.claimed", epoch);
    let check = |events: &[serde_json::Value], n_found: usize| {
        assert_eq!(log::superseded(events).len(), n_found, "{events:?}");
    };
    check(
        &[
            claimed(1),
            event("issue.updated", 1),
            claimed(2),
            event("issue.done", 2),
        ],
        0,
    );
    check(&[claimed(1), claimed(2), event("issue.updated", 1)], 1);
    check(&[claimed(1), claimed(2), event("issue.done", 1)], 1);
    check(
        &[claimed(1), event("issue.done", 1), event("issue.done", 1)],
        1,
    );
    check(
        &[
            claimed(1),
            event("issue.done", 1),
            json!({"issue": "a", "type": "issue.reopened"}),
            claimed(2),
            event("issue.done", 2),
        ],
        0,
    );
    check(&[claimed(1), claimed(1)], 1);
    check(&[claimed(1), claimed(3)], 1);
}
