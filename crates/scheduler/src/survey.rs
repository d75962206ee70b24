//! Owns the first look at a world: sorts the queue, sets aside what cannot start whatever slots are free, and groups the
//! rest into kinds of issues that can stand in for each other. It places nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::capacity::Capacity;
use crate::classes::{Class, by_id, classes};
use crate::demand::Demand;
use crate::id::{AgentId, IssueId, Tag};
use crate::need::{Need, pinned_to};
use crate::order;
use crate::reserve::{Line, Reserve, Waiting};
use crate::why::Why;
use crate::world::{Agent, LiveRun, ReadyIssue, World};

/// A world, sorted out. Queue, ages and standings have one entry for each issue, in the order of the queue.
#[derive(Debug)]
pub(crate) struct Survey<'w> {
    /// The agents, grouped.
    pub(crate) classes: Vec<Class<'w>>,
    /// How many runs fit.
    pub(crate) capacity: Capacity<'w>,
    /// The issues.
    pub(crate) queue: Vec<&'w ReadyIssue>,
    /// Their ages.
    pub(crate) ages: Vec<Waiting>,
    /// How they stand.
    pub(crate) standings: Vec<Standing>,
    /// The kinds of issues that could start.
    pub(crate) kinds: Vec<Kind>,
    /// What the issues need.
    pub(crate) demands: Vec<Demand>,
}

/// How an issue stands before any slot is given away.
#[derive(Debug)]
pub(crate) enum Standing {
    /// It could start.
    Candidate {
        /// Index of its kind.
        kind: usize,
    },
    /// It waits for something else than a slot now, and may become a candidate by itself.
    Waiting {
        /// Index of what it needs.
        demand: usize,
        /// What keeps it.
        why: Why,
    },
    /// It is none of this pool's business now.
    Excluded(Why),
}

/// What makes issues interchangeable.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Index of what they need.
    pub(crate) demand: usize,
    /// The classes that could run them, best first.
    pub(crate) options: Vec<usize>,
}

impl<'w> Survey<'w> {
    /// Sorts a world out.
    pub(crate) fn of(world: &'w World) -> Self {
        let queue = order::queue(&world.ready);
        let agents = by_id(&world.agents);
        let capacity = Capacity::of(world);
        let classes = classes(&agents, &named(&queue, &agents), &capacity);
        let mut needs = Numbering::default();
        let found = demands_of(world, &queue, &agents, &mut needs);
        let demands: Vec<Demand> = needs
            .into_keys()
            .into_iter()
            .map(|need| Demand::new(need, &classes, &capacity))
            .collect();
        let mut survey = Self {
            ages: ages(&queue),
            standings: Vec::new(),
            kinds: Vec::new(),
            classes,
            capacity,
            queue,
            demands,
        };
        survey.stand(world, found);
        survey
    }

    /// Returns the reserve, watching every issue that has waited too long.
    pub(crate) fn reserve(&self, world: &World) -> Reserve {
        let mut lines: Vec<Line> = self
            .demands
            .iter()
            .map(|demand| {
                Line::new(
                    demand.need.clone(),
                    demand.options.iter().copied().collect(),
                    &world.reserve,
                )
            })
            .collect();
        for ((issue, age), standing) in self.queue.iter().zip(&self.ages).zip(&self.standings) {
            if world.now.since(issue.ready_since) <= world.policy.reserve_after {
                continue;
            }
            match standing {
                Standing::Candidate { kind } => lines[self.kinds[*kind].demand].watch(*age),
                Standing::Waiting { demand, .. } => lines[*demand].note_absent(),
                Standing::Excluded(_) => {}
            }
        }
        Reserve::new(world.policy.reserve_every, lines)
    }

    /// Finds out how each issue stands, given what it needs.
    fn stand(&mut self, world: &'w World, demands: Vec<Result<usize, Why>>) {
        let mut kinds = Numbering::default();
        for (issue, demand) in self.queue.iter().zip(demands) {
            let standing = match demand {
                Err(why) => Standing::Excluded(why),
                Ok(demand) => match self.wait(world, issue, demand) {
                    Some(why) => Standing::Waiting { demand, why },
                    None => Standing::Candidate {
                        kind: kinds.number((demand, avoided(issue, &self.demands[demand]))),
                    },
                },
            };
            self.standings.push(standing);
        }
        let with_options = |(demand, avoided): (usize, BTreeSet<&AgentId>)| Kind {
            demand,
            options: self.demands[demand].options_avoiding(&avoided, &self.classes),
        };
        self.kinds = kinds.into_keys().into_iter().map(with_options).collect();
    }

    /// Says what an issue waits for, if it is something else than the slots that are given away now.
    fn wait(&self, world: &World, issue: &ReadyIssue, demand: usize) -> Option<Why> {
        if let Some(wait) = world
            .waits
            .get(&issue.id)
            .filter(|wait| world.now < wait.until)
        {
            let remaining = wait.until.since(world.now);
            return Some(Why::Backoff {
                until: wait.until,
                remaining,
                failures: wait.failures,
            });
        }
        let demand = &self.demands[demand];
        demand.options.is_empty().then(|| demand.why.clone())
    }
}

/// Returns the agents that some issue names: they cannot be stood in for.
fn named<'w>(queue: &[&'w ReadyIssue], agents: &[&'w Agent]) -> BTreeSet<&'w AgentId> {
    let pinned = queue
        .iter()
        .filter_map(|issue| pinned_to(issue.assignee.as_deref()?, agents))
        .map(|agent| &agent.id);
    pinned
        .chain(queue.iter().flat_map(|issue| &issue.failed_on))
        .collect()
}

/// Returns the agents that an issue gets only if no other can run it. Where it may go is settled if it is pinned.
fn avoided<'w>(issue: &'w ReadyIssue, demand: &Demand) -> BTreeSet<&'w AgentId> {
    if demand.need.pin.is_some() {
        BTreeSet::new()
    } else {
        issue.failed_on.iter().collect()
    }
}

/// Numbers what each issue needs; the error says why it is none of this pool's business.
fn demands_of<'w>(
    world: &'w World,
    queue: &[&'w ReadyIssue],
    agents: &[&'w Agent],
    needs: &mut Numbering<Need>,
) -> Vec<Result<usize, Why>> {
    let offered: BTreeSet<Tag> = agents
        .iter()
        .flat_map(|agent| &agent.tags)
        .cloned()
        .collect();
    let mut live: BTreeMap<&IssueId, &LiveRun> = BTreeMap::new();
    for run in &world.runs {
        // Which of two runs is named must not depend on the order of the list.
        let named = live.entry(&run.issue).or_insert(run);
        *named = run.min(named);
    }
    let demand = |issue: &&ReadyIssue| {
        if let Some(run) = live.get(&issue.id) {
            return Err(Why::AlreadyRunning {
                agent: run.agent.clone(),
                run: run.run.clone(),
            });
        }
        let need = Need::of(issue, agents, &offered)
            .map_err(|assignee| Why::AssignedElsewhere { assignee })?;
        Ok(needs.number(need))
    };
    queue.iter().map(demand).collect()
}

/// Returns the place of each issue of the queue among all by age.
fn ages(queue: &[&ReadyIssue]) -> Vec<Waiting> {
    let mut by_age: Vec<usize> = (0..queue.len()).collect();
    by_age.sort_unstable_by(|&a, &b| order::by_age(queue[a], queue[b]));
    let mut ages = vec![Waiting { age: 0, at: 0 }; queue.len()];
    for (age, at) in by_age.into_iter().enumerate() {
        ages[at] = Waiting { age, at };
    }
    ages
}

/// Gives equal keys one number, from 0 up.
#[derive(Debug)]
struct Numbering<K>(BTreeMap<K, usize>);

impl<K> Default for Numbering<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Numbering<K> {
    fn number(&mut self, key: K) -> usize {
        let next = self.0.len();
        *self.0.entry(key).or_insert(next)
    }

    /// Returns the keys in the order of their numbers.
    fn into_keys(self) -> Vec<K> {
        let mut keys: Vec<(usize, K)> = self
            .0
            .into_iter()
            .map(|(key, number)| (number, key))
            .collect();
        keys.sort_unstable_by_key(|(number, _)| *number);
        keys.into_iter().map(|(_, key)| key).collect()
    }
}
