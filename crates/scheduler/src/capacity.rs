//! Owns how many runs fit: in each agent and in all. Which issue gets a slot is not decided here.

use std::collections::BTreeMap;

use crate::id::AgentId;
use crate::time::Millis;
use crate::why::Hindrance;
use crate::world::{Agent, Health, World};

/// What is live now, and what may come on top of it.
#[derive(Debug)]
pub(crate) struct Capacity<'w> {
    live: BTreeMap<&'w AgentId, usize>,
    now: Millis,
    total_room: Option<usize>,
}

impl<'w> Capacity<'w> {
    /// Counts what is live.
    pub(crate) fn of(world: &'w World) -> Self {
        let mut live = BTreeMap::new();
        for run in &world.runs {
            *live.entry(&run.agent).or_insert(0) += 1;
        }
        let total_room = (world.max_concurrent > 0)
            .then(|| world.max_concurrent.saturating_sub(world.runs.len()));
        Self {
            live,
            now: world.now,
            total_room,
        }
    }

    /// Returns how many runs may be started in all, or nothing if only the agents limit them.
    pub(crate) fn total_room(&self) -> Option<usize> {
        self.total_room
    }

    /// Returns how many runs may be started on the agent now.
    pub(crate) fn room(&self, agent: &Agent) -> usize {
        match (self.hindrance(agent), agent.health) {
            (Some(_), _) => 0,
            // One run shows whether the agent has recovered; more would waste as many issues if it has not.
            (None, Health::Open { .. }) => 1,
            (
                None,
                Health::Up
                | Health::Draining
                | Health::Limited { .. }
                | Health::Missing
                | Health::Stale,
            ) => agent.capacity - self.live_on(agent),
        }
    }

    /// Returns what keeps the agent from taking any new work, or nothing if it has a free slot.
    pub(crate) fn hindrance(&self, agent: &Agent) -> Option<Hindrance> {
        let live = self.live_on(agent);
        let is_unhealthy = match agent.health {
            Health::Up => false,
            Health::Draining | Health::Missing | Health::Stale => true,
            Health::Limited { until } => self.now < until,
            Health::Open { until } => self.now < until || live > 0,
        };
        if agent.capacity == 0 {
            Some(Hindrance::Drained)
        } else if is_unhealthy {
            Some(Hindrance::Unhealthy(agent.health))
        } else if live >= agent.capacity {
            Some(Hindrance::Busy {
                capacity: agent.capacity,
            })
        } else {
            None
        }
    }

    fn live_on(&self, agent: &Agent) -> usize {
        self.live.get(&agent.id).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::LiveRun;

    fn check(capacity: usize, health: Health, live: usize, expected: usize) {
        let agent = Agent {
            health,
            ..Agent::new("a", capacity)
        };
        let runs = (0..live).map(|n| LiveRun {
            issue: n.to_string().into(),
            agent: "a".into(),
            run: n.to_string().into(),
        });
        let world = World {
            now: Millis(100),
            runs: runs.collect(),
            ..World::default()
        };
        let capacity = Capacity::of(&world);
        assert_eq!(
            capacity.room(&agent),
            expected,
            "{agent:?} with {live} live"
        );
        assert_eq!(capacity.hindrance(&agent).is_none(), expected > 0);
    }

    #[test]
    fn live_runs_and_health_take_room() {
        check(3, Health::Up, 0, 3);
        check(3, Health::Up, 2, 1);
        check(3, Health::Up, 3, 0);
        // A capacity lowered below what is live is no debt and no panic.
        check(1, Health::Up, 3, 0);
        check(0, Health::Up, 0, 0);
        check(3, Health::Draining, 0, 0);
        check(3, Health::Missing, 0, 0);
        check(3, Health::Stale, 0, 0);
        check(3, Health::Limited { until: Millis(101) }, 0, 0);
        check(3, Health::Limited { until: Millis(100) }, 1, 2);
        check(3, Health::Open { until: Millis(101) }, 0, 0);
        check(3, Health::Open { until: Millis(100) }, 0, 1);
        check(3, Health::Open { until: Millis(100) }, 1, 0);
    }

    #[test]
    fn the_cap_over_all_counts_every_run() {
        let run = |n: usize| LiveRun {
            issue: "i".into(),
            agent: "gone".into(),
            run: n.to_string().into(),
        };
        for (max, live, expected) in [
            (0, 3, None),
            (5, 3, Some(2)),
            (3, 3, Some(0)),
            (1, 3, Some(0)),
            (usize::MAX, 0, Some(usize::MAX)),
        ] {
            let world = World {
                max_concurrent: max,
                runs: (0..live).map(run).collect(),
                ..World::default()
            };
            assert_eq!(
                Capacity::of(&world).total_room(),
                expected,
                "max {max} with {live} live"
            );
        }
    }
}
