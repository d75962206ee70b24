//! Owns the check that no held issue could start in the place of one after it, or beside all of them.
//!
//! A set of issues that fits is the best one exactly if no single exchange makes it better. An issue reaches the agents
//! that meet its need, and what was planned for those could move to the agents that meet theirs: whatever is reached so
//! could leave for the issue's sake. Each agent gets the worst that is reached from it, found backwards from the worst
//! issue to the best, so that each agent is looked at once.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Ledger};
use crate::id::AgentId;
use crate::need::Need;
use crate::plan::Turn;

/// What could give way; the greater, the more so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slack {
    /// The issue at this place of the queue would have to be left out.
    Start(usize),
    /// Nothing would.
    Free,
}

pub(super) fn check(ledger: &Ledger<'_>, findings: &mut Vec<Finding>) {
    let needs: Vec<Option<Need>> = ledger
        .queue
        .iter()
        .map(|issue| ledger.need(issue))
        .collect();
    let board = Board::new(ledger, &needs);
    let slack = board.slack();
    let by_need: BTreeMap<&Need, Option<&Slack>> = board
        .meeting
        .iter()
        .map(|(&need, agents)| {
            (
                need,
                agents.iter().filter_map(|agent| slack.get(agent)).max(),
            )
        })
        .collect();
    let started: BTreeSet<usize> = board.starts.iter().map(|start| start.place).collect();
    for (place, need) in needs.iter().enumerate() {
        let Some(need) = need.as_ref().filter(|_| !started.contains(&place)) else {
            continue;
        };
        let issue = ledger.queue[place].id.clone();
        match by_need[need] {
            Some(Slack::Free) => findings.push(Finding::Idle { issue }),
            Some(&Slack::Start(last)) if last > place => {
                let instead = ledger.queue[last].id.clone();
                findings.push(Finding::Outranked { issue, instead });
            }
            Some(Slack::Start(_)) | None => {}
        }
    }
}

/// One started issue.
struct Start<'a> {
    place: usize,
    need: &'a Need,
    agent: &'a AgentId,
    turn: Turn,
}

struct Board<'a> {
    ledger: &'a Ledger<'a>,
    starts: Vec<Start<'a>>,
    /// The agents that meet each need and may get something in this plan.
    meeting: BTreeMap<&'a Need, Vec<&'a AgentId>>,
}

impl<'a> Board<'a> {
    fn new(ledger: &'a Ledger<'a>, needs: &'a [Option<Need>]) -> Self {
        let open: Vec<_> = ledger
            .agents
            .iter()
            .filter(|agent| ledger.room(agent) > 0)
            .collect();
        let mut meeting: BTreeMap<&Need, Vec<&AgentId>> = BTreeMap::new();
        for need in needs.iter().flatten() {
            let agents = || {
                open.iter()
                    .filter(|agent| need.is_met_by(agent))
                    .map(|agent| &agent.id)
            };
            meeting.entry(need).or_insert_with(|| agents().collect());
        }
        let starts = ledger.started.iter().filter_map(|started| {
            let place = *ledger.places.get(&started.issue)?;
            let need = needs[place].as_ref()?;
            Some(Start {
                place,
                need,
                agent: &started.agent,
                turn: started.turn,
            })
        });
        Self {
            ledger,
            starts: starts.collect(),
            meeting,
        }
    }

    /// Returns the most that could give way for an issue that reaches an agent.
    fn slack(&self) -> BTreeMap<&'a AgentId, Slack> {
        let mut sources: Vec<(Slack, &AgentId)> = self.own_slack();
        sources.sort_unstable();
        // Whoever has an issue that an agent could run as well reaches that agent.
        let mut placed: BTreeMap<&Need, BTreeSet<&AgentId>> = BTreeMap::new();
        for start in &self.starts {
            placed.entry(start.need).or_default().insert(start.agent);
        }
        let mut movable: BTreeMap<&AgentId, Vec<&Need>> = BTreeMap::new();
        for &need in placed.keys() {
            for &agent in &self.meeting[need] {
                movable.entry(agent).or_default().push(need);
            }
        }
        let mut reached: BTreeMap<&AgentId, Slack> = BTreeMap::new();
        while let Some((slack, source)) = sources.pop() {
            let mut stack = vec![source];
            while let Some(agent) = stack.pop() {
                if reached.contains_key(agent) {
                    continue;
                }
                reached.insert(agent, slack);
                for need in movable.remove(agent).unwrap_or_default() {
                    stack.extend(placed.remove(need).unwrap_or_default());
                }
            }
        }
        reached
    }

    /// Returns what could give way on each agent by itself. A turn of the reserve gives way to nobody.
    fn own_slack(&self) -> Vec<(Slack, &'a AgentId)> {
        let in_order = || self.starts.iter().filter(|start| start.turn == Turn::Order);
        let mut slack: Vec<_> = in_order()
            .map(|start| (Slack::Start(start.place), start.agent))
            .collect();
        let is_capped = self
            .ledger
            .total_room()
            .is_some_and(|room| self.starts.len() >= room);
        // Under the cap over all, a free slot is of use only if something leaves, wherever it is.
        let spare = if is_capped {
            in_order().map(|start| Slack::Start(start.place)).max()
        } else {
            Some(Slack::Free)
        };
        let Some(spare) = spare else { return slack };
        for agent in &self.ledger.agents {
            if self.ledger.given(agent) < self.ledger.room(agent) {
                slack.push((spare, &agent.id));
            }
        }
        slack
    }
}
