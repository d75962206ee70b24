//! Every state that a power cut can leave of short lives, within a bound.
//!
//! Owns the enumeration: all sequences of at most three commands; the cut at every operation of the last one, since shorter
//! sequences have the others; everything that no sync covers lost or whole, but for some operations that meet another
//! end: lost, whole, a length without bytes, torn between sectors, torn between pages. Refuses to draw lots.

use super::{changes, events, fresh, is_thorough, let_log_age, open, record, records};
use crate::error::StoreError;
use crate::fs::sim::{SimFs, Survival};
use crate::traits::{Store as _, Txn};
use std::collections::BTreeSet;

/// A command: the changes of a step of the script, or what also empties the log.
const N_COMMANDS: usize = 7;

/// The command that comes after a pause and so empties the log.
const AFTER_A_PAUSE: usize = 6;

/// How long a sequence is at most.
const MOST_COMMANDS: u32 = 3;

/// A quick run looks at one state in so many, a thorough one at one in [`THOROUGH`].
const QUICK: u64 = 1_400;

/// See [`QUICK`].
const THOROUGH: u64 = 10;

/// How many states a run looks at, at least.
const FEWEST: u64 = 20_000;

/// How many states were counted.
#[derive(Clone, Copy, Default)]
struct Tally {
    /// What the enumeration has.
    all: u64,
    /// What of that was made and looked at.
    made: u64,
    /// What of that nobody can tell from an earlier one of the same sequence.
    same: u64,
}

/// Operations that meet another end than the rest, by their places among those that no sync covers.
type Others = Vec<(usize, Survival)>;

/// Every way in which up to two operations meet another end than the rest, by number.
struct Ends {
    rest: Survival,
    singles: Others,
}

impl Ends {
    fn new(rest: Survival, unsynced: &[bool]) -> Self {
        let singles = unsynced.iter().enumerate().flat_map(|(place, is_write)| {
            let ends: &[Survival] = if *is_write {
                &Survival::WRITE
            } else {
                &Survival::NAME
            };
            ends.iter()
                .filter(|end| **end != rest)
                .map(move |end| (place, *end))
        });
        Self {
            rest,
            singles: singles.collect(),
        }
    }

    fn len(&self) -> u64 {
        let n_singles = self.singles.len() as u64;
        1 + n_singles + n_singles * n_singles.saturating_sub(1) / 2
    }

    /// Returns the way of that number; `None` for two ends of one operation.
    fn get(&self, number: u64) -> Option<Others> {
        let mut number = usize::try_from(number).expect("the enumeration is bounded");
        let n_singles = self.singles.len();
        if number == 0 {
            return Some(Vec::new());
        }
        number -= 1;
        if number < n_singles {
            return Some(vec![self.singles[number]]);
        }
        number -= n_singles;
        let mut first = 0;
        while number >= n_singles - 1 - first {
            number -= n_singles - 1 - first;
            first += 1;
        }
        let pair = [self.singles[first], self.singles[first + 1 + number]];
        (pair[0].0 != pair[1].0).then(|| pair.to_vec())
    }
}

/// Returns every sequence of at most three commands.
fn sequences() -> Vec<Vec<usize>> {
    let of_length = |length: u32| {
        (0..N_COMMANDS.pow(length)).map(move |number| {
            let digits = (0..length).map(|place| number / N_COMMANDS.pow(place) % N_COMMANDS);
            digits.collect()
        })
    };
    (1..=MOST_COMMANDS).flat_map(of_length).collect()
}

fn run(fs: &SimFs, command: usize) {
    if command == AFTER_A_PAUSE {
        let_log_age(fs);
    }
    let mut txn = open(fs, "boot").unwrap().begin().unwrap();
    let changes = changes(command, txn.snapshot());
    txn.apply(&changes);
    assert_eq!(txn.commit().unwrap().warnings, []);
}

fn look(fs: &SimFs, boot: &str) -> Result<(String, String), StoreError> {
    let store = open(fs, boot)?;
    Ok((records(&store)?, events(&store)?))
}

/// Asks a store after a cut: it is in the state before the last command or in the one behind it, before and after
/// recovery alike, and goes on.
fn judge(left: &SimFs, states: &[(String, String)]) -> Result<(), String> {
    let show = |error: StoreError| format!("{error:?}");
    let seen = look(left, "other boot").map_err(show)?;
    if !states.contains(&seen) {
        return Err(format!("a reader sees\n{}\n{}", seen.0, seen.1));
    }
    let recovered = open(left, "other boot").and_then(|store| store.begin());
    recovered.and_then(Txn::commit).map_err(show)?;
    let after = look(left, "other boot").map_err(show)?;
    if after != seen {
        return Err(format!("recovery makes it\n{}\n{}", after.0, after.1));
    }
    Ok(())
}

/// Cuts the power at every operation of the last command of a sequence; of all ends one in `stride` is made.
fn cut_everywhere(sequence: &[usize], stride: u64, tally: &mut Tally) -> Result<(), String> {
    let fs = fresh();
    let (last, earlier) = sequence.split_last().unwrap();
    for command in earlier {
        run(&fs, *command);
    }
    let mut states = vec![look(&fs, "boot").unwrap()];
    let start = fs.n_ops();
    run(&fs, *last);
    states.push(look(&fs, "boot").unwrap());
    let mut known = BTreeSet::new();
    for n_ops in start..=fs.n_ops() {
        let is_acked = n_ops == fs.n_ops();
        for rest in [Survival::Lost, Survival::Whole] {
            let ends = Ends::new(rest, &fs.unsynced(n_ops));
            let first = tally.all.next_multiple_of(stride) - tally.all;
            tally.all += ends.len();
            for others in (first..ends.len())
                .step_by(usize::try_from(stride).unwrap())
                .filter_map(|number| ends.get(number))
            {
                tally.made += 1;
                let left = fs.after_exact_cut(n_ops, rest, &others);
                if !known.insert((left.fingerprint(), is_acked)) {
                    tally.same += 1;
                    continue;
                }
                judge(&left, &states[usize::from(is_acked)..]).map_err(|problem| {
                    format!(
                        "{sequence:?}, cut after operation {} of {}, {rest:?} but for {others:?}: {problem}",
                        n_ops - start,
                        fs.n_ops() - start
                    )
                })?;
            }
        }
    }
    Ok(())
}

#[test]
fn no_short_life_ends_in_a_state_that_no_answer_allows() {
    let sequences = sequences();
    let stride = if is_thorough() { THOROUGH } else { QUICK };
    let half = |first: usize| {
        let mut tally = Tally::default();
        for sequence in sequences.iter().skip(first).step_by(2) {
            cut_everywhere(sequence, stride, &mut tally)
                .unwrap_or_else(|problem| panic!("{problem}"));
        }
        tally
    };
    let tally = std::thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        let (one, two) = (half(0), other.join().expect("no state is bad"));
        Tally {
            all: one.all + two.all,
            made: one.made + two.made,
            same: one.same + two.same,
        }
    });
    assert!(tally.made >= FEWEST, "only {} states", tally.made);
    record("store: states of a weak file system, of all", tally.all);
    record("store: states of a weak file system", tally.made);
    record(
        "store: states of a weak file system, distinct",
        tally.made - tally.same,
    );
}

#[test]
fn the_enumeration_finds_a_forgotten_sync() {
    for call in ["fdatasync", "fsync"] {
        let is_found = |sequence: &[usize]| {
            let fs = fresh();
            fs.ignore_syncs(call);
            for command in sequence {
                run(&fs, *command);
            }
            let state = [look(&fs, "boot").unwrap()];
            let n_ops = fs.n_ops();
            let ends = Ends::new(Survival::Lost, &fs.unsynced(n_ops));
            (0..ends.len().min(100))
                .filter_map(|number| ends.get(number))
                .any(|others| {
                    judge(&fs.after_exact_cut(n_ops, ends.rest, &others), &state).is_err()
                })
        };
        let sequences = sequences();
        assert!(
            sequences.iter().any(|sequence| is_found(sequence)),
            "nobody notices that {call} is left out"
        );
    }
}
