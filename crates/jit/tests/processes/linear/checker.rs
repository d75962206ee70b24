//! Whether overlapping calls have an order in which each of them makes sense.
//!
//! Owns the search of Wing and Gong with the memory of Lowe: all orders are followed at once, call by call, and two that
//! have taken the same calls and left the same state are one. Refuses to know what the calls do.

use std::collections::BTreeSet;

use super::history::{History, Op};
use super::model::State;

/// How many calls may overlap the earliest one that has no place yet.
const WINDOW: usize = 64;

/// Calls that have a place, and the state that they lead to: all before `first`, and of those from it on the marked ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Prefix {
    first: usize,
    marks: u64,
    state: State,
}

impl Prefix {
    fn has(&self, place: usize) -> bool {
        place < self.first || self.marks >> (place - self.first) & 1 == 1
    }

    fn with(&self, place: usize, state: State) -> Self {
        let mut marks = self.marks | 1 << (place - self.first);
        let n_settled = marks.trailing_ones();
        marks = marks.checked_shr(n_settled).unwrap_or(0);
        Self {
            first: self.first + n_settled as usize,
            marks,
            state,
        }
    }

    /// Returns the calls that may come next: those that began before any other one without a place had ended.
    fn next<'a>(&'a self, ops: &'a [Op]) -> impl Iterator<Item = usize> + 'a {
        let waiting =
            || (self.first..ops.len().min(self.first + WINDOW)).filter(|at| !self.has(*at));
        let deadline = waiting().map(|at| ops[at].returned).min();
        waiting().filter(move |at| deadline.is_some_and(|deadline| ops[*at].called <= deadline))
    }
}

/// Returns the calls among which no order makes sense, if there are any.
pub(super) fn violation(history: &History) -> Option<Vec<Op>> {
    let ops = &history.ops;
    let mut level = BTreeSet::from([Prefix {
        first: 0,
        marks: 0,
        state: State::new(),
    }]);
    for _ in 0..ops.len() {
        let mut next = BTreeSet::new();
        for prefix in &level {
            for place in prefix.next(ops) {
                let states = prefix.state.after(&ops[place], history.ttl);
                next.extend(states.into_iter().map(|state| prefix.with(place, state)));
            }
        }
        if next.is_empty() {
            return Some(around(ops, &level));
        }
        level = next;
    }
    None
}

/// Returns the calls near the point that no order gets past.
fn around(ops: &[Op], stuck: &BTreeSet<Prefix>) -> Vec<Op> {
    const SHOWN: usize = 8;
    let furthest = stuck.iter().map(|prefix| prefix.first).max().unwrap_or(0);
    let from = furthest.saturating_sub(SHOWN);
    ops[from..ops.len().min(furthest + SHOWN)].to_vec()
}
