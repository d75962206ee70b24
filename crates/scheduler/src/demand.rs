//! Owns the meeting of a need with the pool: which classes of agents could run it, best first, and what to say when none
//! of them has a slot left.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::capacity::Capacity;
use crate::classes::Class;
use crate::id::AgentId;
use crate::need::Need;
use crate::why::{Hindrance, Why};
use crate::world::{Accept, Agent};

/// A need, as this pool can meet it now.
#[derive(Debug)]
pub(crate) struct Demand {
    /// The need.
    pub(crate) need: Need,
    /// The classes with free slots that could run it, the one with the fewest spare tags first: specialists are kept for
    /// those who need them.
    pub(crate) options: Vec<usize>,
    /// What keeps an issue with this need when it gets no slot.
    pub(crate) why: Why,
}

impl Demand {
    /// Compares a need with the pool.
    pub(crate) fn new(need: Need, classes: &[Class<'_>], capacity: &Capacity<'_>) -> Self {
        let mut options: Vec<usize> = (0..classes.len())
            .filter(|&at| classes[at].room > 0 && need.is_met_by(classes[at].example()))
            .collect();
        options.sort_by_key(|&at| spareness(classes[at].example()));
        let why = shortage(&need, classes, capacity);
        Self { need, options, why }
    }

    /// Returns the options with the classes of these agents last.
    pub(crate) fn options_avoiding(
        &self,
        avoided: &BTreeSet<&AgentId>,
        classes: &[Class<'_>],
    ) -> Vec<usize> {
        let mut options = self.options.clone();
        options.sort_by_key(|&at| avoided.contains(&classes[at].example().id));
        options
    }
}

/// Orders agents that all meet a need: those that few other issues could use come first.
fn spareness(agent: &Agent) -> (usize, bool) {
    (agent.tags.len(), agent.accept == Accept::Any)
}

/// Says what keeps an issue with this need when it gets no slot.
fn shortage(need: &Need, classes: &[Class<'_>], capacity: &Capacity<'_>) -> Why {
    let all = || {
        classes
            .iter()
            .flat_map(|class| class.members.iter().copied())
    };
    if let Some(pin) = &need.pin {
        let agent = all()
            .find(|agent| agent.id == *pin)
            .expect("a pin names an agent of the pool");
        return Why::Pinned {
            agent: pin.clone(),
            because: pin_hindrance(need, agent, capacity),
        };
    }
    let mut eligible: Vec<&Agent> = classes
        .iter()
        .filter(|class| need.is_met_by(class.example()))
        .flat_map(|class| class.members.clone())
        .collect();
    eligible.sort_unstable_by_key(|agent| &agent.id);
    if eligible.is_empty() {
        return misfit(need, all());
    }
    let is_working = |agent: &&&Agent| {
        matches!(
            capacity.hindrance(agent),
            None | Some(Hindrance::Busy { .. })
        )
    };
    let working: Arc<[AgentId]> = eligible
        .iter()
        .filter(is_working)
        .map(|agent| agent.id.clone())
        .collect();
    if !working.is_empty() {
        return Why::NoCapacity { agents: working };
    }
    let hindrances = eligible
        .iter()
        .filter_map(|agent| Some((agent.id.clone(), capacity.hindrance(agent)?)));
    Why::Unavailable {
        agents: hindrances.collect(),
    }
}

/// Says what keeps the one agent that an issue is assigned to. An agent that has a slot now will have lost it to the
/// issues before this one.
fn pin_hindrance(need: &Need, agent: &Agent, capacity: &Capacity<'_>) -> Hindrance {
    if !need.is_met_by(agent) {
        return Hindrance::LacksTags(need.missing_in(agent));
    }
    capacity.hindrance(agent).unwrap_or(Hindrance::Busy {
        capacity: agent.capacity,
    })
}

/// Says why no agent of the pool meets the need at all.
fn misfit<'w>(need: &Need, agents: impl Iterator<Item = &'w Agent>) -> Why {
    let by_missing = agents.map(|agent| (need.missing_in(agent), &agent.id));
    match by_missing.min_by_key(|(missing, id)| (missing.len(), *id)) {
        None => Why::NoAgents,
        Some(_) if need.tags.is_empty() => Why::TaggedOnly,
        Some((missing, closest)) => Why::NoEligibleAgent {
            needs: need.tags.clone(),
            closest: closest.clone(),
            missing,
        },
    }
}
