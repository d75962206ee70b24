//! Owns the grouping of agents that can stand in for each other, and which of a group's agents gets the next issue.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::capacity::Capacity;
use crate::id::AgentId;
use crate::world::Agent;

/// Agents that can stand in for each other.
#[derive(Debug)]
pub(crate) struct Class<'w> {
    /// The agents, by id; never empty.
    pub(crate) members: Vec<&'w Agent>,
    /// Free slots of all of them.
    pub(crate) room: usize,
    /// The members with a free slot, the one with the most first.
    open: BTreeSet<(Reverse<usize>, usize)>,
}

impl<'w> Class<'w> {
    fn new(members: Vec<&'w Agent>, capacity: &Capacity<'_>) -> Self {
        let rooms = members.iter().map(|agent| capacity.room(agent));
        let open: BTreeSet<_> = rooms
            .enumerate()
            .filter(|(_, room)| *room > 0)
            .map(|(at, room)| (Reverse(room), at))
            .collect();
        Self {
            members,
            room: open.iter().map(|(Reverse(room), _)| *room).sum(),
            open,
        }
    }

    /// Returns a member to ask whether a need is met: the answer is the same for all of them.
    pub(crate) fn example(&self) -> &'w Agent {
        self.members[0]
    }

    /// Takes a slot of the member with the most free ones, so that work is spread.
    pub(crate) fn take_slot(&mut self) -> Option<&'w Agent> {
        let (Reverse(room), at) = self.open.pop_first()?;
        if room > 1 {
            self.open.insert((Reverse(room - 1), at));
        }
        self.room -= 1;
        Some(self.members[at])
    }
}

/// Returns the agents sorted by id, each id once.
pub(crate) fn by_id(agents: &[Agent]) -> Vec<&Agent> {
    let mut agents: Vec<&Agent> = agents.iter().collect();
    agents.sort_unstable();
    agents.dedup_by(|a, b| a.id == b.id);
    agents
}

/// Groups agents by tags and by what they accept. Those whose name matters to some issue stay alone.
pub(crate) fn classes<'w>(
    agents: &[&'w Agent],
    named: &BTreeSet<&'w AgentId>,
    capacity: &Capacity<'_>,
) -> Vec<Class<'w>> {
    let mut groups: BTreeMap<_, Vec<&'w Agent>> = BTreeMap::new();
    for &agent in agents {
        let name = named.get(&agent.id).copied();
        groups
            .entry((name, &agent.tags, agent.accept))
            .or_default()
            .push(agent);
    }
    let mut classes: Vec<Class<'w>> = groups
        .into_values()
        .map(|members| Class::new(members, capacity))
        .collect();
    classes.sort_unstable_by_key(|class| &class.example().id);
    classes
}
