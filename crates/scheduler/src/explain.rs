//! Owns the reasons: what keeps each issue of the queue that does not start. It changes nothing of what was decided.

use std::collections::BTreeMap;

use crate::fill::{Assigned, Filled};
use crate::plan::{Held, Turn};
use crate::survey::{Standing, Survey};
use crate::why::Why;

/// Explains every issue that does not start, in the order of the queue. `max` is how many may be live in all.
pub(crate) fn explain(
    survey: &Survey<'_>,
    filled: &Filled,
    assigned: &[Assigned<'_>],
    max: usize,
) -> Vec<Held> {
    let mut is_placed = vec![false; survey.queue.len()];
    for start in &filled.starts {
        is_placed[start.at] = true;
    }
    let mut explanation = Explanation {
        survey,
        filled,
        max,
        favoured: favoured(assigned),
        shortages: BTreeMap::new(),
    };
    let held = (0..survey.queue.len()).filter(|&at| !is_placed[at]);
    held.map(|at| Held {
        issue: survey.queue[at].id.clone(),
        why: explanation.why(at),
    })
    .collect()
}

/// An issue that starts by a turn of the reserve.
#[derive(Debug, Clone, Copy)]
struct Favoured {
    at: usize,
    class: usize,
}

/// What a kind of issues that got no slot is short of.
#[derive(Debug)]
struct Shortage {
    /// Whether an agent has a slot, and only the cap over all keeps it free.
    is_of_cap: bool,
    /// The classes where a slot would have become this kind's if something had not started there.
    rivals: Vec<usize>,
}

struct Explanation<'s, 'w> {
    survey: &'s Survey<'w>,
    filled: &'s Filled,
    max: usize,
    /// Those that nobody was told to wait for yet.
    favoured: Vec<Favoured>,
    shortages: BTreeMap<usize, Shortage>,
}

impl Explanation<'_, '_> {
    fn why(&mut self, at: usize) -> Why {
        let kind = match &self.survey.standings[at] {
            Standing::Excluded(why) | Standing::Waiting { why, .. } => return why.clone(),
            Standing::Candidate { kind } => *kind,
        };
        let matching = &self.filled.matching;
        let shortage = self.shortages.entry(kind).or_insert_with(|| Shortage {
            is_of_cap: self.filled.is_capped && matching.has_place(kind),
            rivals: matching.rivals(kind),
        });
        // Each turn of the reserve costs one issue its slot: the first in the queue that could have had it.
        let took_slot = |taker: &Favoured| {
            taker.at > at && (shortage.is_of_cap || shortage.rivals.contains(&taker.class))
        };
        if let Some(position) = self.favoured.iter().position(took_slot) {
            let taker = self.favoured.remove(position);
            return Why::ReservedForAnother {
                issue: self.survey.queue[taker.at].id.clone(),
            };
        }
        if shortage.is_of_cap {
            return Why::CapReached { max: self.max };
        }
        self.survey.demands[self.survey.kinds[kind].demand]
            .why
            .clone()
    }
}

fn favoured(assigned: &[Assigned<'_>]) -> Vec<Favoured> {
    let by_reserve = assigned
        .iter()
        .filter(|assigned| assigned.start.turn == Turn::Reserve);
    by_reserve
        .map(|assigned| Favoured {
            at: assigned.start.at,
            class: assigned.class,
        })
        .collect()
}
