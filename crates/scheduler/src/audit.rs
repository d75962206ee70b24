//! Owns the check of a plan against its world, by other means than the plan was made with: the oracle of the tests, and
//! an assertion in debug builds of the dispatcher. It repairs nothing.

mod exchange;

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::classes::by_id;
use crate::id::{AgentId, IssueId, Tag};
use crate::need::Need;
use crate::order;
use crate::plan::{Action, Assignment, Plan, Turn};
use crate::world::{Agent, AgentKind, Health, ReadyIssue, World};

/// Something that is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum Finding {
    /// It starts an issue that is not ready.
    #[error("starts `{issue}`, which is not ready")]
    NotReady {
        /// The issue.
        issue: IssueId,
    },
    /// It starts an issue twice.
    #[error("starts `{issue}` more than once")]
    StartedTwice {
        /// The issue.
        issue: IssueId,
    },
    /// It starts an issue that has a live run.
    #[error("starts `{issue}`, which is still running")]
    StillRunning {
        /// The issue.
        issue: IssueId,
    },
    /// It starts an issue before its wait is over.
    #[error("starts `{issue}` before its wait is over")]
    TooEarly {
        /// The issue.
        issue: IssueId,
    },
    /// It gives an issue to an agent that is not configured.
    #[error("gives `{issue}` to `{agent}`, which is not configured")]
    UnknownAgent {
        /// The issue.
        issue: IssueId,
        /// The agent.
        agent: AgentId,
    },
    /// It gives an issue to an agent that may not have it.
    #[error("gives `{issue}` to `{agent}`, which may not have it")]
    NotEligible {
        /// The issue.
        issue: IssueId,
        /// The agent.
        agent: AgentId,
    },
    /// It claims for an agent that is to be started, or starts one that only claims.
    #[error("reaches `{agent}` with `{issue}` by the wrong kind of action")]
    WrongAction {
        /// The issue.
        issue: IssueId,
        /// The agent.
        agent: AgentId,
    },
    /// It gives an agent more than it can take now.
    #[error("gives `{agent}` {given} more where {room} fit")]
    OverCapacity {
        /// The agent.
        agent: AgentId,
        /// How many it gets.
        given: usize,
        /// How many it could take.
        room: usize,
    },
    /// It starts more than may be live in all.
    #[error("starts {given} more where {room} fit in all")]
    OverTotal {
        /// How many it starts.
        given: usize,
        /// How many may start.
        room: usize,
    },
    /// It takes a turn of the reserve for an issue that has not waited long enough.
    #[error("takes a turn of the reserve for `{issue}`, which has not waited long enough")]
    UndueReserve {
        /// The issue.
        issue: IssueId,
    },
    /// It leaves a slot free that a held issue could have.
    #[error("holds `{issue}`, for which there is a slot")]
    Idle {
        /// The issue.
        issue: IssueId,
    },
    /// It holds an issue although a later one has a slot that could be its own.
    #[error("holds `{issue}` and starts `{instead}`, which comes after it")]
    Outranked {
        /// The issue that is held.
        issue: IssueId,
        /// The issue that starts.
        instead: IssueId,
    },
    /// It does not say, or says twice, what becomes of a ready issue.
    #[error("accounts for `{issue}` {times} times")]
    Unaccounted {
        /// The issue.
        issue: IssueId,
        /// How often it is named.
        times: usize,
    },
    /// It holds an issue that is not ready.
    #[error("holds `{issue}`, which is not ready")]
    HeldUnknown {
        /// The issue.
        issue: IssueId,
    },
}

/// Returns everything that is wrong with a plan; nothing if it is sound.
pub fn audit(world: &World, plan: &Plan) -> Vec<Finding> {
    let ledger = Ledger::new(world, plan);
    let mut findings = Vec::new();
    for action in &plan.actions {
        ledger.check_action(action, &mut findings);
    }
    ledger.check_room(&mut findings);
    ledger.check_accounts(plan, &mut findings);
    // What could be exchanged is only worth asking of a plan that is possible.
    if findings.is_empty() {
        exchange::check(&ledger, &mut findings);
    }
    findings.sort();
    findings
}

/// A world and what a plan makes of it.
struct Ledger<'w> {
    world: &'w World,
    agents: Vec<&'w Agent>,
    queue: Vec<&'w ReadyIssue>,
    places: BTreeMap<&'w IssueId, usize>,
    running: BTreeSet<&'w IssueId>,
    offered: BTreeSet<Tag>,
    started: Vec<&'w Assignment>,
    live: BTreeMap<&'w AgentId, usize>,
    given: BTreeMap<&'w AgentId, usize>,
}

impl<'w> Ledger<'w> {
    fn new(world: &'w World, plan: &'w Plan) -> Self {
        let agents = by_id(&world.agents);
        let queue = order::queue(&world.ready);
        Self {
            places: queue
                .iter()
                .enumerate()
                .map(|(at, issue)| (&issue.id, at))
                .collect(),
            running: world.runs.iter().map(|run| &run.issue).collect(),
            offered: agents
                .iter()
                .flat_map(|agent| agent.tags.iter().cloned())
                .collect(),
            started: plan.actions.iter().map(Action::assignment).collect(),
            live: count(world.runs.iter().map(|run| &run.agent)),
            given: count(plan.actions.iter().map(|action| &action.assignment().agent)),
            world,
            agents,
            queue,
        }
    }

    fn issue(&self, id: &IssueId) -> Option<&'w ReadyIssue> {
        self.places.get(id).map(|&at| self.queue[at])
    }

    fn agent(&self, id: &AgentId) -> Option<&'w Agent> {
        self.agents.iter().copied().find(|agent| agent.id == *id)
    }

    /// Returns what an issue needs, or nothing if it may not start whatever it needs.
    fn need(&self, issue: &ReadyIssue) -> Option<Need> {
        if self.running.contains(&issue.id) || self.must_wait(issue) {
            return None;
        }
        Need::of(issue, &self.agents, &self.offered).ok()
    }

    fn must_wait(&self, issue: &ReadyIssue) -> bool {
        self.world
            .waits
            .get(&issue.id)
            .is_some_and(|wait| self.world.now < wait.until)
    }

    /// Returns how many runs the agent may get in this plan.
    fn room(&self, agent: &Agent) -> usize {
        let live = self.live.get(&agent.id).copied().unwrap_or(0);
        let most = match agent.health {
            Health::Up => agent.capacity,
            Health::Limited { until } if until <= self.world.now => agent.capacity,
            Health::Open { until } if until <= self.world.now => agent.capacity.min(1),
            Health::Draining
            | Health::Limited { .. }
            | Health::Missing
            | Health::Open { .. }
            | Health::Stale => 0,
        };
        most.saturating_sub(live)
    }

    /// Returns how many runs the agent gets.
    fn given(&self, agent: &Agent) -> usize {
        self.given.get(&agent.id).copied().unwrap_or(0)
    }

    /// Returns how many runs may start in all, if that is limited.
    fn total_room(&self) -> Option<usize> {
        let max = self.world.max_concurrent;
        (max > 0).then(|| max.saturating_sub(self.world.runs.len()))
    }

    fn check_action(&self, action: &Action, findings: &mut Vec<Finding>) {
        let Assignment { issue, agent, turn } = action.assignment().clone();
        let Some(ready) = self.issue(&issue) else {
            findings.push(Finding::NotReady { issue });
            return;
        };
        if self.running.contains(&issue) {
            findings.push(Finding::StillRunning {
                issue: issue.clone(),
            });
        }
        if self.must_wait(ready) {
            findings.push(Finding::TooEarly {
                issue: issue.clone(),
            });
        }
        let waited = self.world.now.since(ready.ready_since);
        if turn == Turn::Reserve && waited <= self.world.policy.reserve_after {
            findings.push(Finding::UndueReserve {
                issue: issue.clone(),
            });
        }
        let Some(configured) = self.agent(&agent) else {
            findings.push(Finding::UnknownAgent { issue, agent });
            return;
        };
        let need = Need::of(ready, &self.agents, &self.offered);
        if !need.is_ok_and(|need| need.is_met_by(configured)) {
            findings.push(Finding::NotEligible {
                issue: issue.clone(),
                agent: agent.clone(),
            });
        }
        match (action, configured.kind) {
            (Action::Start(_), AgentKind::Runs) | (Action::Claim(_), AgentKind::ClaimOnly) => {}
            (Action::Start(_), AgentKind::ClaimOnly) | (Action::Claim(_), AgentKind::Runs) => {
                findings.push(Finding::WrongAction { issue, agent });
            }
        }
    }

    fn check_room(&self, findings: &mut Vec<Finding>) {
        for agent in &self.agents {
            let given = self.given(agent);
            let room = self.room(agent);
            if given > room {
                findings.push(Finding::OverCapacity {
                    agent: agent.id.clone(),
                    given,
                    room,
                });
            }
        }
        let given = self.started.len();
        if let Some(room) = self.total_room().filter(|&room| given > room) {
            findings.push(Finding::OverTotal { given, room });
        }
    }

    fn check_accounts(&self, plan: &Plan, findings: &mut Vec<Finding>) {
        let starts = count(self.started.iter().map(|started| &started.issue));
        let mut named: BTreeMap<&IssueId, usize> = self.places.keys().map(|&id| (id, 0)).collect();
        for (&issue, times) in &starts {
            if let Some(named) = named.get_mut(issue) {
                *named += times;
            }
        }
        for held in &plan.held {
            match named.get_mut(&held.issue) {
                Some(times) => *times += 1,
                None => findings.push(Finding::HeldUnknown {
                    issue: held.issue.clone(),
                }),
            }
        }
        let twice = starts.into_iter().filter(|(_, times)| *times > 1);
        findings.extend(twice.map(|(issue, _)| Finding::StartedTwice {
            issue: issue.clone(),
        }));
        let odd = named.into_iter().filter(|(_, times)| *times != 1);
        findings.extend(odd.map(|(issue, times)| Finding::Unaccounted {
            issue: issue.clone(),
            times,
        }));
    }
}

fn count<T: Ord>(items: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(item).or_insert(0) += 1;
    }
    counts
}
