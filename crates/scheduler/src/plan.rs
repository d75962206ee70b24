//! Owns the answer: what to start, what is held and why. How it is found is the business of `survey`, `fill` and
//! `explain`.

use crate::explain::explain;
use crate::fill::{Assigned, assign, fill};
use crate::id::{AgentId, IssueId};
use crate::reserve::ReserveState;
use crate::survey::Survey;
use crate::time::Millis;
use crate::why::Why;
use crate::world::{AgentKind, Health, World};

/// What to do now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// What to do, in this order.
    pub actions: Vec<Action>,
    /// Every ready issue that does not start, in the order of the queue.
    pub held: Vec<Held>,
    /// To be handed in with the next world.
    pub reserve: ReserveState,
    /// The earliest moment at which time alone may let a held issue start.
    pub wake_at: Option<Millis>,
}

/// One thing to do. Renewing and settling are not here: the shim of a run does both by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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

/// Decides what starts now.
///
/// The set of issues that start is the lexicographically best one in the order of the queue, given the turns of the
/// reserve: no issue is left out because one after it took the only agent that could run it. The answer depends on
/// nothing but the world, and not on the order of its lists.
pub fn plan(world: &World) -> Plan {
    let mut survey = Survey::of(world);
    let filled = fill(&survey, world);
    let assigned = assign(&mut survey, &filled);
    let held = explain(&survey, &filled, &assigned, world.max_concurrent);
    Plan {
        actions: assigned
            .iter()
            .map(|assigned| action(&survey, assigned))
            .collect(),
        wake_at: wake_at(world, &held),
        held,
        reserve: filled.reserve,
    }
}

fn action(survey: &Survey<'_>, assigned: &Assigned<'_>) -> Action {
    let issue = survey.queue[assigned.start.at].id.clone();
    let assignment = Assignment {
        issue,
        agent: assigned.agent.id.clone(),
        turn: assigned.start.turn,
    };
    match assigned.agent.kind {
        AgentKind::Runs => Action::Start(assignment),
        AgentKind::ClaimOnly => Action::Claim(assignment),
    }
}

/// Returns the earliest moment at which a wait ends or an agent comes back, if anything waits for such a thing.
fn wake_at(world: &World, held: &[Held]) -> Option<Millis> {
    let waits_for_agents = held.iter().any(|held| held.why.is_for_want_of_agents());
    let agents = world
        .agents
        .iter()
        .filter(|_| waits_for_agents)
        .filter_map(|agent| match agent.health {
            Health::Limited { until } | Health::Open { until } => Some(until),
            Health::Up | Health::Draining | Health::Missing | Health::Stale => None,
        });
    let waits = held.iter().filter_map(|held| held.why.ends_at());
    agents.chain(waits).filter(|at| *at > world.now).min()
}
