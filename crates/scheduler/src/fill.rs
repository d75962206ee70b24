//! Owns the giving away of slots: goes through the queue, with the turns of the reserve in between, and places what
//! fits. It explains nothing.

use std::collections::BTreeMap;

use crate::matching::{Matching, take_one};
use crate::plan::Turn;
use crate::reserve::{Reserve, ReserveState};
use crate::survey::{Standing, Survey};
use crate::world::{Agent, World};

/// One issue that starts, by its place in the queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    /// The place of the issue.
    pub(crate) at: usize,
    /// Why it is its turn.
    pub(crate) turn: Turn,
}

/// One issue that starts, with its agent.
#[derive(Debug)]
pub(crate) struct Assigned<'w> {
    /// The issue.
    pub(crate) start: Start,
    /// Its agent.
    pub(crate) agent: &'w Agent,
    /// Index of the agent's class.
    pub(crate) class: usize,
}

/// What came of giving the slots away.
#[derive(Debug)]
pub(crate) struct Filled {
    /// What starts, in the order of the turns.
    pub(crate) starts: Vec<Start>,
    /// Which kinds of issues are in which class, and where there is room left.
    pub(crate) matching: Matching,
    /// Whether as many runs are live or about to start as are allowed in all.
    pub(crate) is_capped: bool,
    /// What the next plan has to know.
    pub(crate) reserve: ReserveState,
}

/// Fills the free slots.
pub(crate) fn fill(survey: &Survey<'_>, world: &World) -> Filled {
    let options = survey
        .kinds
        .iter()
        .map(|kind| kind.options.clone())
        .collect();
    let free = survey.classes.iter().map(|class| class.room).collect();
    let mut filling = Filling {
        survey,
        matching: Matching::new(options, free),
        reserve: survey.reserve(world),
        is_placed: vec![false; survey.queue.len()],
        head: 0,
        starts: Vec::new(),
    };
    let room = survey.capacity.total_room();
    let is_capped = loop {
        if room.is_some_and(|room| filling.starts.len() >= room) {
            break true;
        }
        if !filling.start_one() {
            break false;
        }
    };
    Filled {
        starts: filling.starts,
        matching: filling.matching,
        is_capped,
        reserve: filling.reserve.into_state(),
    }
}

struct Filling<'s, 'w> {
    survey: &'s Survey<'w>,
    matching: Matching,
    reserve: Reserve,
    is_placed: Vec<bool>,
    /// Everything before it in the queue has had its chance.
    head: usize,
    starts: Vec<Start>,
}

impl Filling<'_, '_> {
    /// Places one more issue; says whether there was one that fits.
    fn start_one(&mut self) -> bool {
        self.pass_settled();
        for due in self.reserve.due() {
            let turn = if due.at == self.head {
                Turn::Order
            } else {
                Turn::Reserve
            };
            if self.place(due.at, turn) {
                return true;
            }
        }
        while self.head < self.survey.queue.len() {
            if self.place(self.head, Turn::Order) {
                return true;
            }
            self.head += 1;
            self.pass_settled();
        }
        false
    }

    /// Moves the head to the next issue that could start and does not yet.
    fn pass_settled(&mut self) {
        let is_open = |at: usize| {
            !self.is_placed[at] && matches!(self.survey.standings[at], Standing::Candidate { .. })
        };
        while self.head < self.survey.queue.len() && !is_open(self.head) {
            self.head += 1;
        }
    }

    fn place(&mut self, at: usize, turn: Turn) -> bool {
        let Standing::Candidate { kind } = self.survey.standings[at] else {
            return false;
        };
        let Some(class) = self.matching.place(kind) else {
            return false;
        };
        self.is_placed[at] = true;
        self.reserve
            .count(self.survey.ages[at], self.survey.kinds[kind].demand, class);
        self.starts.push(Start { at, turn });
        true
    }
}

/// Gives each issue that starts an agent, the first turn the best one.
pub(crate) fn assign<'w>(survey: &mut Survey<'w>, filled: &Filled) -> Vec<Assigned<'w>> {
    let mut left: Vec<BTreeMap<usize, usize>> = filled.matching.placed().to_vec();
    let mut assigned = Vec::with_capacity(filled.starts.len());
    for &start in &filled.starts {
        let Standing::Candidate { kind } = survey.standings[start.at] else {
            continue;
        };
        let mut options = survey.kinds[kind].options.iter().copied();
        let class = options.find(|&class| left[class].contains_key(&kind));
        let class = class.expect("a placed issue is counted in one of its classes");
        take_one(&mut left[class], kind);
        let agent = survey.classes[class]
            .take_slot()
            .expect("a class takes no more issues than it has slots");
        assigned.push(Assigned {
            start,
            agent,
            class,
        });
    }
    assigned
}
