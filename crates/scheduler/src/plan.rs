//! Owns the answer: what to start, what is held and why. How it is found is the business of the other modules.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use crate::id::{AgentId, IssueId, RunId, Tag};
use crate::reserve::ReserveState;
use crate::time::Millis;
use crate::world::{Health, World};

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// What to do, the most urgent first.
    pub actions: Vec<Action>,
    /// Every ready issue that does not start, in the order of the queue.
    pub held: Vec<Held>,
    /// To be handed in with the next world.
    pub reserve: ReserveState,
    /// The earliest moment at which time alone may let a held issue start.
    pub wake_at: Option<Millis>,
}

/// One thing to do. Renewing and settling are not here: the shim of a run does both by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Claim the issue for the agent, then start the agent's command.
    Start(Assignment),
    /// Only claim the issue: the agent looks for its claims by itself.
    Claim(Assignment),
}

impl Action {
    /// Returns who gets what.
    pub fn assignment(&self) -> &Assignment {
        match self {
            Self::Start(assignment) | Self::Claim(assignment) => assignment,
        }
    }
}

/// An issue and the agent that gets it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assignment {
    /// The issue.
    pub issue: IssueId,
    /// The agent.
    pub agent: AgentId,
    /// Why it is this issue's turn.
    pub turn: Turn,
}

/// Says why it is an issue's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// It was the first by priority and age that could start.
    Order,
    /// It waited too long and was passed over too often.
    Reserve,
}

/// A ready issue that does not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The issue.
    pub issue: IssueId,
    /// What keeps it.
    pub why: Why,
}

/// What keeps a ready issue from starting. Printed as it is by `jit-dispatch plan`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// A run of it is still alive.
    AlreadyRunning {
        /// The agent that has it.
        agent: AgentId,
        /// The run.
        run: RunId,
    },
    /// It is assigned to somebody who is no agent of the pool.
    AssignedElsewhere {
        /// Who it is assigned to.
        assignee: String,
    },
    /// A failed run is not long enough ago.
    Backoff {
        /// When it may start again.
        until: Millis,
        /// How long that is from now.
        remaining: Duration,
        /// Counted failures in a row so far.
        failures: u32,
    },
    /// No agent is configured.
    NoAgents,
    /// It needs no tag, and every agent takes only issues that need one of its own.
    TaggedOnly,
    /// No configured agent has all the tags it needs.
    NoEligibleAgent {
        /// The tags it needs.
        needs: BTreeSet<Tag>,
        /// The agent that lacks the fewest of them.
        closest: AgentId,
        /// What that agent lacks.
        missing: BTreeSet<Tag>,
    },
    /// It is assigned to an agent of the pool that cannot take it.
    Pinned {
        /// The agent.
        agent: AgentId,
        /// What keeps the agent.
        because: Hindrance,
    },
    /// Agents could run it, and none of them can take work at the moment.
    Unavailable {
        /// Each agent that could run it, with what keeps it.
        agents: Vec<(AgentId, Hindrance)>,
    },
    /// Every slot of the agents that could run it is taken, by live runs or by issues before it in the queue.
    NoCapacity {
        /// The agents that could run it.
        agents: Vec<AgentId>,
    },
    /// As many runs as are allowed in all are live or about to start.
    CapReached {
        /// How many that is.
        max: usize,
    },
    /// The slot it would have had went to an issue that has waited too long.
    ReservedForAnother {
        /// That issue.
        issue: IssueId,
    },
}

/// What keeps an agent from taking an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hindrance {
    /// All its slots are taken.
    Busy {
        /// How many it has.
        capacity: usize,
    },
    /// Its capacity is 0.
    Drained,
    /// It can take no new work; never [`Health::Up`].
    Unhealthy(Health),
    /// It lacks tags that the issue needs.
    LacksTags(BTreeSet<Tag>),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("held")
    }
}

/// Decides what starts now.
pub fn plan(world: &World) -> Plan {
    Plan {
        reserve: world.reserve.clone(),
        ..Plan::default()
    }
}
