//! Owns the answer by brute force: every set of issues is tried in every way. It shares no code with the crate beyond
//! the values, and reads the rules anew.

use std::collections::BTreeSet;

use jit_scheduler::{Accept, Agent, Health, Priority, ReadyIssue, World};

/// Returns the lexicographically best set of issues that can start together, in the order of the queue, without any turn
/// of the reserve; and the size of the greatest set.
pub(crate) fn best_set(world: &World) -> (Vec<String>, usize) {
    let mut queue: Vec<&ReadyIssue> = world
        .ready
        .iter()
        .filter(|issue| may_start(world, issue))
        .collect();
    queue.sort_by_key(|issue| (urgency(issue), issue.ready_since, issue.id.clone()));
    let sets = (0..1_u32 << queue.len()).map(|mask| -> Vec<usize> {
        (0..queue.len())
            .filter(|at| mask & (1 << at) != 0)
            .collect()
    });
    let possible: Vec<Vec<usize>> = sets.filter(|set| fits(world, &queue, set)).collect();
    let greatest = possible.iter().map(Vec::len).max().unwrap_or(0);
    // Of two sets the better one has the first issue in which they differ.
    let has =
        |set: &Vec<usize>| -> Vec<bool> { (0..queue.len()).map(|at| set.contains(&at)).collect() };
    let best = possible.into_iter().max_by_key(has).unwrap_or_default();
    (
        best.into_iter()
            .map(|at| queue[at].id.to_string())
            .collect(),
        greatest,
    )
}

fn urgency(issue: &ReadyIssue) -> u8 {
    match issue.priority {
        Priority::Critical => 0,
        Priority::High => 1,
        Priority::Normal | Priority::Other(_) => 2,
        Priority::Low => 3,
    }
}

fn may_start(world: &World, issue: &ReadyIssue) -> bool {
    let is_running = world.runs.iter().any(|run| run.issue == issue.id);
    let must_wait = world
        .waits
        .get(&issue.id)
        .is_some_and(|wait| wait.until > world.now);
    !is_running && !must_wait
}

fn may_have(world: &World, agent: &Agent, issue: &ReadyIssue) -> bool {
    let is_tag = |label: &&String| {
        world
            .agents
            .iter()
            .any(|agent| agent.tags.iter().any(|tag| tag.as_str() == **label))
    };
    let needs: BTreeSet<&str> = issue
        .labels
        .iter()
        .filter(is_tag)
        .map(String::as_str)
        .collect();
    let has_all = needs
        .iter()
        .all(|need| agent.tags.iter().any(|tag| tag.as_str() == *need));
    match &issue.assignee {
        Some(assignee) => {
            has_all
                && (*assignee == agent.id.as_str() || *assignee == format!("agent:{}", agent.id))
        }
        None => has_all && (agent.accept == Accept::Any || !needs.is_empty()),
    }
}

fn room(world: &World, agent: &Agent) -> usize {
    let live = world
        .runs
        .iter()
        .filter(|run| run.agent == agent.id)
        .count();
    let is_over = |until| until <= world.now;
    match agent.health {
        Health::Up => agent.capacity.saturating_sub(live),
        Health::Limited { until } if is_over(until) => agent.capacity.saturating_sub(live),
        Health::Open { until } if is_over(until) && live == 0 => agent.capacity.min(1),
        Health::Draining
        | Health::Missing
        | Health::Stale
        | Health::Limited { .. }
        | Health::Open { .. } => 0,
    }
}

fn fits(world: &World, queue: &[&ReadyIssue], set: &[usize]) -> bool {
    if world.max_concurrent > 0 && set.len() > world.max_concurrent.saturating_sub(world.runs.len())
    {
        return false;
    }
    let mut rooms: Vec<usize> = world
        .agents
        .iter()
        .map(|agent| room(world, agent))
        .collect();
    seat(world, queue, set, &mut rooms)
}

/// Tries every agent for the first issue, and the rest after it.
fn seat(world: &World, queue: &[&ReadyIssue], set: &[usize], rooms: &mut [usize]) -> bool {
    let Some((&first, rest)) = set.split_first() else {
        return true;
    };
    for (at, agent) in world.agents.iter().enumerate() {
        if rooms[at] == 0 || !may_have(world, agent, queue[first]) {
            continue;
        }
        rooms[at] -= 1;
        let is_seated = seat(world, queue, rest, rooms);
        rooms[at] += 1;
        if is_seated {
            return true;
        }
    }
    false
}
