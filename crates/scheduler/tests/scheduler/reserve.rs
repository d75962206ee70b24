//! The bound of the reserve: no stream of urgent work keeps an old issue waiting for ever. Whole days of a dispatcher
//! are played, with ends of runs by chance and more urgent work than there are slots.

use std::collections::{BTreeMap, BTreeSet};

use jit_scheduler::{
    Agent, Assignment, IssueId, LiveRun, Millis, Policy, Priority, ReadyIssue, Tag, World, audit,
    plan,
};
use proptest::prelude::*;

use crate::worlds::cases;

/// What is to be played.
#[derive(Debug, Clone)]
struct Play {
    /// Tags and capacity of each agent.
    agents: Vec<(Vec<&'static str>, usize)>,
    /// Priority and label of each issue that has waited too long, the oldest first.
    old: Vec<(Priority, &'static str)>,
    /// For each cycle, which of the live runs end.
    cycles: Vec<u8>,
    /// The label of each new urgent issue in turn.
    stream: Vec<&'static str>,
}

fn plays() -> impl Strategy<Value = Play> {
    let label = || proptest::sample::select(&["", "rust", "web"][..]);
    let tags = proptest::sample::subsequence(vec!["rust", "web"], 0..=2);
    let priority = proptest::sample::select(
        &[
            Priority::Critical,
            Priority::High,
            Priority::Normal,
            Priority::Low,
        ][..],
    );
    let agents = proptest::collection::vec((tags, 1..=3_usize), 1..=3);
    let old = proptest::collection::vec((priority, label()), 1..=5);
    let cycles = proptest::collection::vec(any::<u8>(), 150);
    let stream = proptest::collection::vec(label(), 1..=7);
    (agents, old, cycles, stream).prop_map(|(agents, old, cycles, stream)| Play {
        agents,
        old,
        cycles,
        stream,
    })
}

/// How an old issue fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fate {
    /// Starts on slots that it is eligible for, up to its own.
    n_starts: usize,
    has_started: bool,
}

/// Plays, and returns how each old issue fared.
fn fates(play: &Play, reserve_every: u32) -> Vec<Fate> {
    let mut world = first_world(play, reserve_every);
    let mut fates: BTreeMap<IssueId, Fate> = BTreeMap::new();
    for issue in &world.ready {
        let fate = Fate {
            n_starts: 0,
            has_started: false,
        };
        fates.insert(issue.id.clone(), fate);
    }
    let mut stream = play.stream.iter().cycle().enumerate();
    for (cycle, ends) in play.cycles.iter().enumerate() {
        let mut bits = (0..8).cycle();
        world
            .runs
            .retain(|_| bits.next().is_some_and(|bit| ends & (1 << bit) == 0));
        while world.ready.len() < play.old.len() + 12 {
            let (n_new, label) = stream.next().unwrap();
            let id = format!("new{n_new}");
            world
                .ready
                .push(issue(&id, Priority::Critical, world.now, label));
        }
        let decided = plan(&world);
        assert_eq!(
            audit(&world, &decided),
            vec![],
            "cycle {cycle}: {decided:#?}"
        );
        for action in &decided.actions {
            start(&mut world, action.assignment(), &mut fates);
        }
        world.now = Millis(world.now.0 + 1000);
        world.reserve = decided.reserve;
    }
    fates.into_values().collect()
}

/// Starts an issue and counts that for the old ones, which could have had the slot.
fn start(world: &mut World, given: &Assignment, fates: &mut BTreeMap<IssueId, Fate>) {
    let agent = world
        .agents
        .iter()
        .find(|agent| agent.id == given.agent)
        .unwrap();
    for issue in world
        .ready
        .iter()
        .filter(|issue| could_have(world, agent, issue))
    {
        let Some(fate) = fates.get_mut(&issue.id) else {
            continue;
        };
        fate.n_starts += 1;
        fate.has_started = issue.id == given.issue;
    }
    world.ready.retain(|issue| issue.id != given.issue);
    world.runs.push(LiveRun {
        issue: given.issue.clone(),
        agent: given.agent.clone(),
        run: given.issue.as_str().into(),
    });
}

fn first_world(play: &Play, reserve_every: u32) -> World {
    let now = Millis(100_000_000);
    let agents = play
        .agents
        .iter()
        .enumerate()
        .map(|(at, (tags, capacity))| Agent {
            tags: tags.iter().copied().map(Tag::from).collect(),
            ..Agent::new(format!("agent{at}"), *capacity)
        });
    let old = play.old.iter().enumerate().map(|(at, (priority, label))| {
        let age = 4_000_000 - u64::try_from(at).unwrap();
        issue(
            &format!("old{at}"),
            priority.clone(),
            Millis(now.0 - age),
            label,
        )
    });
    World {
        now,
        agents: agents.collect(),
        ready: old.collect(),
        policy: Policy {
            reserve_every,
            ..Policy::default()
        },
        ..World::default()
    }
}

fn issue(id: &str, priority: Priority, ready_since: Millis, label: &str) -> ReadyIssue {
    ReadyIssue {
        labels: BTreeSet::from([label.to_owned()]),
        ..ReadyIssue::new(id, priority, ready_since)
    }
}

fn could_have(world: &World, agent: &Agent, issue: &ReadyIssue) -> bool {
    let is_tag = |label: &str| world.agents.iter().any(|agent| agent.tags.contains(label));
    issue
        .labels
        .iter()
        .all(|label| !is_tag(label) || agent.tags.contains(label.as_str()))
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn an_issue_with_k_older_ones_starts_within_its_share_of_starts(play in plays(), every in 1..=10_u32) {
        for (n_older, fate) in fates(&play, every).into_iter().enumerate() {
            let bound = every as usize * (n_older + 1);
            prop_assert!(fate.n_starts <= bound, "old{n_older}: {fate:?}, {bound} allowed");
        }
    }
}

/// One slot, one old issue of low priority, urgent work without end.
fn check(n_old: usize, reserve_every: u32, expected: &[(usize, bool)]) {
    let play = Play {
        agents: vec![(vec![], 1)],
        old: vec![(Priority::Low, ""); n_old],
        cycles: vec![u8::MAX; 60],
        stream: vec![""],
    };
    let found: Vec<(usize, bool)> = fates(&play, reserve_every)
        .iter()
        .map(|fate| (fate.n_starts, fate.has_started))
        .collect();
    assert_eq!(found, expected, "one of {reserve_every}");
}

#[test]
fn every_tenth_start_is_the_oldest_issues() {
    check(1, 10, &[(10, true)]);
    check(3, 10, &[(10, true), (20, true), (30, true)]);
    check(1, 1, &[(1, true)]);
}

#[test]
fn without_the_reserve_an_old_issue_may_never_start() {
    check(1, 0, &[(60, false)]);
}
