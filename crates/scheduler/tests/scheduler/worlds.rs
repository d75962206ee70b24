//! Owns the making of small worlds by chance: every feature of a world turns up, most of them seldom.

use std::collections::{BTreeMap, BTreeSet};

use jit_scheduler::retry::RetryPolicy;
use jit_scheduler::{
    Accept, Agent, AgentId, AgentKind, Health, LiveRun, Millis, Need, Policy, Priority, ReadyIssue,
    ReserveState, Tag, Wait, World,
};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// The moment of every world made here.
pub(crate) const NOW: Millis = Millis(10_000_000);
/// How long an issue may wait in them before the reserve looks after it.
const RESERVE_AFTER_MILLIS: u64 = 3_600_000;
const TAGS: [&str; 3] = ["rust", "web", "db"];

/// Returns the settings of a property: so many cases, the same at every run.
pub(crate) fn cases(n_cases: u32) -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(0x6a69_742d_7363_6865),
        failure_persistence: None,
        ..ProptestConfig::with_cases(n_cases)
    }
}

/// Returns worlds of up to 4 agents and 6 issues; `reserve_every` is one of those given.
pub(crate) fn worlds(reserve_every: &'static [u32]) -> impl Strategy<Value = World> {
    let parts = (
        agents(),
        issues(),
        vec((0..8_usize, 0..5_usize), 0..3),
        btree_set(0..6_usize, 0..2),
        prop_oneof![3 => Just(0_usize), 2 => 1..6_usize],
        proptest::sample::select(reserve_every),
        vec((tags(), 0..12_u32), 0..3),
    );
    parts.prop_map(
        |(agents, ready, runs, waits, max_concurrent, reserve_every, passed_over)| World {
            now: NOW,
            agents,
            ready,
            runs: runs
                .into_iter()
                .enumerate()
                .map(|(run, (issue, agent))| live_run(run, issue, agent))
                .collect(),
            waits: waits
                .into_iter()
                .map(|issue| (format!("i{issue}").into(), wait(issue)))
                .collect::<BTreeMap<_, _>>(),
            max_concurrent,
            reserve: ReserveState {
                passed_over: passed_over
                    .into_iter()
                    .map(|(tags, times)| (Need { tags, pin: None }, times))
                    .collect(),
            },
            policy: Policy {
                reserve_every,
                retry: RetryPolicy::default(),
                ..Policy::default()
            },
        },
    )
}

fn tags() -> impl Strategy<Value = BTreeSet<Tag>> {
    btree_set(
        proptest::sample::select(&TAGS[..]).prop_map(Tag::from),
        0..=3,
    )
}

fn health() -> impl Strategy<Value = Health> {
    prop_oneof![
        12 => Just(Health::Up),
        1 => Just(Health::Draining),
        1 => Just(Health::Missing),
        1 => Just(Health::Stale),
        1 => proptest::bool::ANY.prop_map(|is_over| Health::Limited { until: until(is_over) }),
        2 => proptest::bool::ANY.prop_map(|is_over| Health::Open { until: until(is_over) }),
    ]
}

fn until(is_over: bool) -> Millis {
    if is_over { NOW } else { Millis(NOW.0 + 1) }
}

fn agents() -> impl Strategy<Value = Vec<Agent>> {
    let accept = prop_oneof![3 => Just(Accept::Any), 1 => Just(Accept::TaggedOnly)];
    let kind = prop_oneof![3 => Just(AgentKind::Runs), 1 => Just(AgentKind::ClaimOnly)];
    let agent = (0..=2_usize, tags(), accept, health(), kind);
    vec(agent, 0..=4).prop_map(|agents| {
        let agents = agents.into_iter().enumerate();
        agents
            .map(|(at, (capacity, tags, accept, health, kind))| Agent {
                tags,
                accept,
                health,
                kind,
                ..Agent::new(format!("a{at}"), capacity)
            })
            .collect()
    })
}

fn issues() -> impl Strategy<Value = Vec<ReadyIssue>> {
    let priority = proptest::sample::select(&["critical", "high", "normal", "low", "whenever"][..]);
    let label =
        proptest::sample::select(&["rust", "web", "db", "area:core"][..]).prop_map(str::to_owned);
    // Few distinct ages, so that ties are common; about half have waited too long.
    let age = (0..3_u64, proptest::bool::ANY);
    let assignee = prop_oneof![
        8 => Just(None),
        1 => (0..5_usize).prop_map(|agent| Some(format!("a{agent}"))),
        1 => (0..5_usize).prop_map(|agent| Some(format!("agent:a{agent}"))),
        1 => Just(Some("human:ada".to_owned())),
    ];
    let failed_on = prop_oneof![
        4 => Just(BTreeSet::new()),
        1 => btree_set((0..4_usize).prop_map(|agent| AgentId::from(format!("a{agent}"))), 1..3),
    ];
    let issue = (priority, age, btree_set(label, 0..=2), assignee, failed_on);
    vec(issue, 0..=6).prop_map(|issues| {
        let issues = issues.into_iter().enumerate();
        issues
            .map(
                |(at, (priority, (age, is_old), labels, assignee, failed_on))| {
                    let waited = age + if is_old { RESERVE_AFTER_MILLIS + 1 } else { 0 };
                    let ready_since = Millis(NOW.0 - waited);
                    ReadyIssue {
                        labels,
                        assignee,
                        failed_on,
                        ..ReadyIssue::new(format!("i{at}"), Priority::from(priority), ready_since)
                    }
                },
            )
            .collect()
    })
}

/// Some runs are of ready issues, some of others, some on agents that are no longer there.
fn live_run(run: usize, issue: usize, agent: usize) -> LiveRun {
    LiveRun {
        issue: format!("i{}", issue + 4).into(),
        agent: format!("a{agent}").into(),
        run: format!("r{run}").into(),
    }
}

fn wait(issue: usize) -> Wait {
    Wait {
        until: until(issue.is_multiple_of(3)),
        failures: 1,
    }
}
