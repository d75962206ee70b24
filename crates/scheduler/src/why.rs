//! Owns why a ready issue does not start, as a closed list with a sentence for each. It decides nothing.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::id::{AgentId, IssueId, RunId, Tag};
use crate::time::Millis;
use crate::world::Health;

/// How many names a sentence lists before it counts the rest.
const NAMES_IN_A_SENTENCE: usize = 5;

/// What keeps a ready issue from starting. Its text is a sentence without its subject, the issue: names in it come from
/// outside, so whoever prints it escapes it.
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
        agents: Arc<[(AgentId, Hindrance)]>,
    },
    /// Every slot of the agents that could run it is taken, by live runs or by issues before it in the queue.
    NoCapacity {
        /// The agents that could run it.
        agents: Arc<[AgentId]>,
    },
    /// As many runs as are allowed in all are live or about to start.
    CapReached {
        /// How many that is.
        max: usize,
    },
    /// The slot it would have had goes to an issue that has waited too long.
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

impl Why {
    /// Says whether more agents, or healthier ones, could let the issue start.
    pub(crate) fn is_for_want_of_agents(&self) -> bool {
        match self {
            Self::Pinned { .. } | Self::Unavailable { .. } | Self::NoCapacity { .. } => true,
            Self::AlreadyRunning { .. }
            | Self::AssignedElsewhere { .. }
            | Self::Backoff { .. }
            | Self::NoAgents
            | Self::TaggedOnly
            | Self::NoEligibleAgent { .. }
            | Self::CapReached { .. }
            | Self::ReservedForAnother { .. } => false,
        }
    }

    /// Returns when this reason ends by itself, if it does.
    pub(crate) fn ends_at(&self) -> Option<Millis> {
        match self {
            Self::Backoff { until, .. } => Some(*until),
            Self::AlreadyRunning { .. }
            | Self::AssignedElsewhere { .. }
            | Self::NoAgents
            | Self::TaggedOnly
            | Self::NoEligibleAgent { .. }
            | Self::Pinned { .. }
            | Self::Unavailable { .. }
            | Self::NoCapacity { .. }
            | Self::CapReached { .. }
            | Self::ReservedForAnother { .. } => None,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyRunning { agent, run } => {
                write!(f, "is still running on {agent} (run {run})")
            }
            Self::AssignedElsewhere { assignee } => {
                write!(f, "is assigned to {assignee}, who is no agent here")
            }
            Self::Backoff {
                remaining,
                failures,
                until: _,
            } => {
                let seconds = remaining.as_millis().div_ceil(1000);
                write!(f, "waits {seconds} s more")?;
                match failures {
                    0 => Ok(()),
                    1 => f.write_str(" after 1 failed run"),
                    _ => write!(f, " after {failures} failed runs"),
                }
            }
            Self::NoAgents => f.write_str("has nobody to run it: no agent is configured"),
            Self::TaggedOnly => f.write_str(
                "needs no tag, and every agent takes only issues that need one of its own",
            ),
            Self::NoEligibleAgent {
                needs,
                closest,
                missing,
            } => {
                write!(
                    f,
                    "needs {}, and no agent has all of it; closest is {closest}, without ",
                    Names(needs)
                )?;
                write!(f, "{}", Names(missing))
            }
            Self::Pinned { agent, because } => write!(f, "is assigned to {agent}, which {because}"),
            Self::Unavailable { agents } => {
                f.write_str("can only run on agents that take no work now: ")?;
                let agents = agents
                    .iter()
                    .map(|(agent, because)| format!("{agent} {because}"));
                write_some(f, agents.collect::<Vec<_>>().iter())
            }
            Self::NoCapacity { agents } => {
                f.write_str("waits for a free slot of ")?;
                write_some(f, agents.iter())
            }
            Self::CapReached { max } => write!(
                f,
                "waits until fewer than {max} runs are live, the most allowed in all"
            ),
            Self::ReservedForAnother { issue } => {
                write!(
                    f,
                    "lets {issue} go first, which has been passed over for too long"
                )
            }
        }
    }
}

impl fmt::Display for Hindrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy { capacity: 1 } => f.write_str("has its one slot taken"),
            Self::Busy { capacity } => write!(f, "has all its {capacity} slots taken"),
            Self::Drained => f.write_str("has capacity 0"),
            Self::Unhealthy(health) => f.write_str(match health {
                Health::Up => "is up",
                Health::Draining => "is draining",
                Health::Limited { .. } => "is out of quota",
                Health::Missing => "has no command that can be executed",
                Health::Open { .. } => "has failed too often and is being rested",
                Health::Stale => "has not been heard of for too long",
            }),
            Self::LacksTags(tags) => write!(f, "lacks {}", Names(tags)),
        }
    }
}

struct Names<'a>(&'a BTreeSet<Tag>);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_some(f, self.0.iter())
    }
}

/// Writes the first names and counts the rest.
fn write_some(
    f: &mut fmt::Formatter<'_>,
    names: impl ExactSizeIterator<Item: fmt::Display>,
) -> fmt::Result {
    let n_more = names.len().saturating_sub(NAMES_IN_A_SENTENCE);
    for (at, name) in names.take(NAMES_IN_A_SENTENCE).enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        write!(f, "{comma}{name}")?;
    }
    if n_more > 0 {
        write!(f, " and {n_more} more")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(why: &Why, expected: &str) {
        assert_eq!(why.to_string(), expected);
    }

    #[test]
    fn long_lists_are_counted() {
        let agents = |n: usize| (1..=n).map(|at| AgentId::from(format!("a{at}"))).collect();
        check(
            &Why::NoCapacity { agents: agents(1) },
            "waits for a free slot of a1",
        );
        check(
            &Why::NoCapacity { agents: agents(5) },
            "waits for a free slot of a1, a2, a3, a4, a5",
        );
        check(
            &Why::NoCapacity { agents: agents(7) },
            "waits for a free slot of a1, a2, a3, a4, a5 and 2 more",
        );
    }

    #[test]
    fn a_rest_of_a_second_is_a_second() {
        let wait = |millis, failures| Why::Backoff {
            until: Millis(0),
            remaining: Duration::from_millis(millis),
            failures,
        };
        check(&wait(1, 1), "waits 1 s more after 1 failed run");
        check(&wait(1000, 2), "waits 1 s more after 2 failed runs");
        check(&wait(1001, 0), "waits 2 s more");
    }

    #[test]
    fn an_agent_says_what_keeps_it() {
        let pinned = |because| Why::Pinned {
            agent: "a".into(),
            because,
        };
        check(
            &pinned(Hindrance::Busy { capacity: 1 }),
            "is assigned to a, which has its one slot taken",
        );
        check(
            &pinned(Hindrance::Busy { capacity: 3 }),
            "is assigned to a, which has all its 3 slots taken",
        );
        check(
            &pinned(Hindrance::Drained),
            "is assigned to a, which has capacity 0",
        );
        check(
            &pinned(Hindrance::LacksTags([Tag::from("db")].into())),
            "is assigned to a, which lacks db",
        );
    }
}
