//! Owns the making of a [`World`]: what the tracker, the runs and the configuration say, as the one value that decisions
//! are made from. Refuses to ask anybody and to decide anything.

use std::collections::{BTreeMap, BTreeSet};

use jit_scheduler::breaker::Breaker;
use jit_scheduler::{
    Agent, AgentId, AgentKind, IssueId, LiveRun, Millis, Priority, ReadyIssue, ReserveState, Wait,
    World,
};

use crate::config::{Config, Work};
use crate::jit_client::Issue;
use crate::state::IssueHistory;

/// Everything that was seen at one moment.
pub struct Observation<'a> {
    /// The moment.
    pub now: Millis,
    /// The configuration.
    pub config: &'a Config,
    /// The issues that the tracker calls ready, those assigned to an agent of the pool among them.
    pub ready: &'a [Issue],
    /// Everything that fills a slot.
    pub runs: Vec<LiveRun>,
    /// What is remembered of issues that failed.
    pub histories: &'a BTreeMap<IssueId, IssueHistory>,
    /// Issues that could not be claimed a moment ago.
    pub waits: BTreeMap<IssueId, Wait>,
    /// What is remembered of the agents' own faults.
    pub breakers: &'a BTreeMap<AgentId, Breaker>,
    /// What the previous plan returned.
    pub reserve: ReserveState,
}

impl Observation<'_> {
    /// Returns the world that this observation shows.
    pub fn world(self) -> World {
        World {
            now: self.now,
            agents: self.agents(),
            ready: self.ready_issues(),
            runs: self.runs,
            waits: self.waits,
            max_concurrent: self.config.max_concurrent,
            reserve: self.reserve,
            policy: self.config.policy(),
        }
    }

    fn agents(&self) -> Vec<Agent> {
        let health = |id: &AgentId| {
            self.breakers
                .get(id)
                .map(Breaker::health)
                .unwrap_or_default()
        };
        let agents = self.config.agents.iter().map(|agent| Agent {
            id: agent.id.clone(),
            capacity: agent.capacity,
            tags: agent.tags.clone(),
            accept: agent.accept,
            health: health(&agent.id),
            kind: match agent.work {
                Work::Runs(_) => AgentKind::Runs,
                Work::ClaimOnly => AgentKind::ClaimOnly,
            },
        });
        agents.collect()
    }

    fn ready_issues(&self) -> Vec<ReadyIssue> {
        let mut seen = BTreeSet::new();
        let issues = self
            .ready
            .iter()
            .filter(|issue| seen.insert(issue.id.clone()))
            .map(|issue| ReadyIssue {
                id: issue.id.clone(),
                priority: Priority::from(issue.priority.as_str()),
                ready_since: issue.ready_since.unwrap_or_default(),
                labels: issue.labels.clone(),
                assignee: issue.assignee.clone(),
                failed_on: self
                    .histories
                    .get(&issue.id)
                    .map(IssueHistory::failed_on)
                    .unwrap_or_default(),
            });
        issues.collect()
    }
}
