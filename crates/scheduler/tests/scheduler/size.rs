//! Worlds as large as the scheduler is meant for: ten thousand ready issues and a thousand slots. Nothing is timed; a
//! rule that compares everything with everything would not end.

use jit_scheduler::{Agent, Millis, Priority, ReadyIssue, Tag, World, audit, plan};

const N_ISSUES: usize = 10_000;
const N_AGENTS: usize = 1_000;

/// Builds the world from what each agent can do and what each issue needs, by their numbers.
fn check(
    tags: impl Fn(usize) -> Vec<usize>,
    labels: impl Fn(usize) -> Vec<usize>,
    adjust: impl Fn(&mut World),
) -> usize {
    let agents = (0..N_AGENTS).map(|at| Agent {
        tags: tags(at)
            .into_iter()
            .map(|tag| Tag::from(format!("tag{tag}")))
            .collect(),
        ..Agent::new(format!("agent{at}"), 1)
    });
    let priorities = ["critical", "high", "normal", "low"];
    let ready = (0..N_ISSUES).map(|at| ReadyIssue {
        labels: labels(at)
            .into_iter()
            .map(|label| format!("tag{label}"))
            .collect(),
        ..ReadyIssue::new(
            format!("issue{at}"),
            Priority::from(priorities[at % 4]),
            Millis(u64::try_from(at * 7919 % N_ISSUES).unwrap()),
        )
    });
    let mut world = World {
        now: Millis(20_000_000),
        agents: agents.collect(),
        ready: ready.collect(),
        ..World::default()
    };
    adjust(&mut world);
    let plan = plan(&world);
    assert_eq!(audit(&world, &plan), vec![]);
    assert_eq!(plan.actions.len() + plan.held.len(), N_ISSUES);
    plan.actions.len()
}

#[test]
fn agents_that_are_all_alike() {
    assert_eq!(check(|_| vec![], |_| vec![], |_| ()), N_AGENTS);
    assert_eq!(
        check(|_| vec![], |_| vec![], |world| world.max_concurrent = 400),
        400
    );
}

#[test]
fn fifty_kinds_of_agents() {
    let n_started = check(
        |agent| vec![agent % 50, (agent + 1) % 50],
        |issue| vec![issue % 50],
        |_| (),
    );
    assert_eq!(n_started, N_AGENTS);
}

#[test]
fn a_thousand_kinds_of_agents_that_must_all_make_room() {
    // Each issue fits on two neighbours, so that a slot is often found only along a chain of moves.
    let n_started = check(
        |agent| vec![agent, (agent + 1) % N_AGENTS],
        |issue| vec![issue * 7 % N_AGENTS],
        |_| (),
    );
    assert_eq!(n_started, N_AGENTS);
}

#[test]
fn every_issue_assigned_to_one_agent() {
    let pin = |world: &mut World| {
        for (at, issue) in world.ready.iter_mut().enumerate() {
            issue.assignee = Some(format!("agent:agent{}", at % N_AGENTS));
        }
    };
    assert_eq!(check(|_| vec![], |_| vec![], pin), N_AGENTS);
}
