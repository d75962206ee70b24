//! Owns the exception to the order of the queue: after enough starts in a row that passed over an issue which has waited
//! too long, one start goes to the issue that became ready first.
//!
//! The count is kept for each need, not for all together, as a start passes over an issue only if the issue could have
//! had its slot. Invariant: an issue that has waited too long, with `k` older ones in the queue, starts within
//! `reserve_every * (k + 1)` starts on slots it is eligible for: in each `reserve_every` of them one goes to an issue at
//! least as old.

use std::collections::{BTreeMap, BTreeSet};

use crate::need::Need;

/// How often in a row each need was passed over while it had an issue that waited too long. The dispatcher hands back
/// what the last plan returned; to lose it only delays a turn of the reserve.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReserveState {
    /// For each need, starts in a row on slots that an older issue with that need could have had.
    pub passed_over: BTreeMap<Need, u32>,
}

/// An issue by its age and its place in the queue; the smaller one became ready first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Waiting {
    /// Its place among all issues by age.
    pub(crate) age: usize,
    /// Its place in the queue.
    pub(crate) at: usize,
}

/// Watches the issues of one need that have waited too long.
#[derive(Debug)]
pub(crate) struct Line {
    /// The need.
    need: Need,
    /// The classes of agents that could run it.
    options: BTreeSet<usize>,
    /// Its issues that have waited too long and could start.
    waiting: BTreeSet<Waiting>,
    /// Whether there are others, which wait for something else than a slot.
    has_absent: bool,
    passed_over: u32,
}

/// Watches all issues that have waited too long, while a plan is made.
#[derive(Debug)]
pub(crate) struct Reserve {
    every: u32,
    lines: Vec<Line>,
}

impl Line {
    /// Starts to watch a need, with the count that the last plan left.
    pub(crate) fn new(need: Need, options: BTreeSet<usize>, state: &ReserveState) -> Self {
        let passed_over = state.passed_over.get(&need).copied().unwrap_or(0);
        Self {
            need,
            options,
            waiting: BTreeSet::new(),
            has_absent: false,
            passed_over,
        }
    }

    /// Adds an issue that has waited too long and could start.
    pub(crate) fn watch(&mut self, waiting: Waiting) {
        self.waiting.insert(waiting);
    }

    /// Notes an issue that has waited too long and waits for something else than a slot.
    pub(crate) fn note_absent(&mut self) {
        self.has_absent = true;
    }
}

impl Reserve {
    /// Watches these lines; every `every`th start is the reserve's, 0 for none.
    pub(crate) fn new(every: u32, lines: Vec<Line>) -> Self {
        Self { every, lines }
    }

    /// Returns the oldest issue of each need that has been passed over long enough, the oldest first.
    pub(crate) fn due(&self) -> BTreeSet<Waiting> {
        let is_due =
            |line: &&Line| self.every > 0 && line.passed_over.saturating_add(1) >= self.every;
        self.lines
            .iter()
            .filter(is_due)
            .filter_map(|line| line.waiting.first().copied())
            .collect()
    }

    /// Counts the start of an issue, of the line at `line`, that filled a slot of `class`.
    pub(crate) fn count(&mut self, started: Waiting, line: usize, class: usize) {
        for line in self
            .lines
            .iter_mut()
            .filter(|line| line.options.contains(&class))
        {
            let Some(oldest) = line.waiting.first() else {
                continue;
            };
            line.passed_over = if started > *oldest {
                line.passed_over.saturating_add(1)
            } else {
                0
            };
        }
        self.lines[line].waiting.remove(&started);
    }

    /// Returns what the next plan has to know.
    pub(crate) fn into_state(self) -> ReserveState {
        let is_kept =
            |line: &Line| line.passed_over > 0 && (line.has_absent || !line.waiting.is_empty());
        let lines = self.lines.into_iter().filter(is_kept);
        ReserveState {
            passed_over: lines.map(|line| (line.need, line.passed_over)).collect(),
        }
    }
}
