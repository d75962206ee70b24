//! The properties of a plan on small worlds, against the brute-force answer.

use std::collections::BTreeMap;

use jit_scheduler::{
    Action, Agent, Health, IssueId, Millis, Plan, Turn, Why, World, audit, order, plan,
};
use proptest::prelude::*;

use crate::oracle;
use crate::worlds::{cases, worlds};

fn started(plan: &Plan) -> Vec<String> {
    let mut started: Vec<String> = plan
        .actions
        .iter()
        .map(|action| action.assignment().issue.to_string())
        .collect();
    started.sort();
    started
}

/// Returns the place of an issue in the queue, as a value that sorts like it.
fn place(world: &World, id: &str) -> (u8, Millis, IssueId) {
    let issue = world
        .ready
        .iter()
        .find(|issue| issue.id.as_str() == id)
        .unwrap();
    (
        order::rank(&issue.priority),
        issue.ready_since,
        issue.id.clone(),
    )
}

proptest! {
    #![proptest_config(cases(5_000))]

    #[test]
    fn the_plan_starts_the_lexicographically_best_set(world in worlds(&[0])) {
        let (mut best, greatest) = oracle::best_set(&world);
        best.sort();
        let plan = plan(&world);
        prop_assert_eq!(started(&plan), best);
        // The best set is never smaller than another, as the sets that fit form a matroid.
        prop_assert_eq!(plan.actions.len(), greatest);
    }

    #[test]
    fn the_audit_finds_nothing_in_a_plan(world in worlds(&[0, 1, 2, 10])) {
        let plan = plan(&world);
        prop_assert_eq!(audit(&world, &plan), vec![], "{:#?}", plan);
    }

    #[test]
    fn the_reserve_changes_which_issues_start_but_not_how_many(world in worlds(&[1, 2, 10])) {
        let (_, greatest) = oracle::best_set(&world);
        prop_assert_eq!(plan(&world).actions.len(), greatest);
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn the_order_of_the_lists_says_nothing(
        (world, shuffled) in worlds(&[0, 2, 10]).prop_flat_map(|world| {
            let lists = (Just(world.agents.clone()), Just(world.ready.clone()), Just(world.runs.clone()));
            let lists = (lists.0.prop_shuffle(), lists.1.prop_shuffle(), lists.2.prop_shuffle());
            let first = world.clone();
            let shuffled =
                lists.prop_map(move |(agents, ready, runs)| World { agents, ready, runs, ..world.clone() });
            (Just(first), shuffled)
        })
    ) {
        prop_assert_eq!(plan(&world), plan(&shuffled));
    }

    #[test]
    fn turns_in_order_follow_the_queue(world in worlds(&[0, 1, 2, 10])) {
        let plan = plan(&world);
        let place = |id: &str| place(&world, id);
        let in_order: Vec<_> = plan
            .actions
            .iter()
            .map(Action::assignment)
            .filter(|assignment| assignment.turn == Turn::Order)
            .map(|assignment| place(assignment.issue.as_str()))
            .collect();
        prop_assert!(in_order.is_sorted(), "{in_order:?}");
        let held: Vec<_> = plan.held.iter().map(|held| place(held.issue.as_str())).collect();
        prop_assert!(held.is_sorted(), "{held:?}");
    }

    #[test]
    fn every_reason_is_true(world in worlds(&[0, 2, 10])) {
        let plan = plan(&world);
        let n_reserve = plan.actions.iter().filter(|action| action.assignment().turn == Turn::Reserve).count();
        let mut n_outrun = 0;
        for held in &plan.held {
            match &held.why {
                Why::AlreadyRunning { run, .. } => {
                    prop_assert!(world.runs.iter().any(|live| live.issue == held.issue && live.run == *run));
                }
                Why::Backoff { until, .. } => prop_assert!(*until > world.now),
                Why::CapReached { max } => {
                    prop_assert!(*max > 0 && world.runs.len() + plan.actions.len() >= *max);
                }
                Why::NoCapacity { agents } => {
                    let (room, given) = room_and_given(&world, &plan);
                    for agent in agents.iter() {
                        // More than it may have now: its capacity may have been lowered since.
                        prop_assert!(room.get(agent.as_str()) <= given.get(agent.as_str()), "{agent} has room");
                    }
                }
                Why::ReservedForAnother { issue } => {
                    prop_assert!(place(&world, issue.as_str()) > place(&world, held.issue.as_str()));
                    n_outrun += 1;
                }
                Why::NoAgents => prop_assert!(world.agents.is_empty()),
                Why::AssignedElsewhere { .. }
                | Why::TaggedOnly
                | Why::NoEligibleAgent { .. }
                | Why::Pinned { .. }
                | Why::Unavailable { .. } => {}
            }
        }
        prop_assert!(n_outrun <= n_reserve, "{n_outrun} issues gave way to {n_reserve} turns of the reserve");
    }
}

/// Returns the live and planned runs of each agent that can take work, and the most it may have.
fn room_and_given<'w>(
    world: &'w World,
    plan: &'w Plan,
) -> (BTreeMap<&'w str, usize>, BTreeMap<&'w str, usize>) {
    let mut given: BTreeMap<&str, usize> = BTreeMap::new();
    let live = world.runs.iter().map(|run| run.agent.as_str());
    for agent in live.chain(
        plan.actions
            .iter()
            .map(|action| action.assignment().agent.as_str()),
    ) {
        *given.entry(agent).or_insert(0) += 1;
    }
    let most = |agent: &Agent| match agent.health {
        Health::Open { .. } => 1,
        Health::Up
        | Health::Draining
        | Health::Limited { .. }
        | Health::Missing
        | Health::Stale => agent.capacity,
    };
    let room = world
        .agents
        .iter()
        .map(|agent| (agent.id.as_str(), most(agent)));
    (room.collect(), given)
}
