//! The negative control of the audit: plans spoiled on purpose. An audit that passes everything would pass these too.

use jit_scheduler::{
    Action, Agent, AgentKind, Assignment, Finding, Held, LiveRun, Millis, Plan, Priority,
    ReadyIssue, Tag, Turn, Wait, Why, World, audit, plan,
};
use proptest::prelude::*;

use crate::worlds::{cases, worlds};

/// Two agents with one slot each, of which only `rusty` can run `rust`; four ready issues, two of which fit.
fn world() -> World {
    let issue = |id: &str, priority: &str, labels: &[&str]| ReadyIssue {
        labels: labels.iter().map(|&label| label.to_owned()).collect(),
        ..ReadyIssue::new(id, Priority::from(priority), Millis(500))
    };
    World {
        now: Millis(1000),
        agents: vec![
            Agent {
                tags: [Tag::from("rust")].into(),
                ..Agent::new("rusty", 1)
            },
            Agent {
                kind: AgentKind::ClaimOnly,
                ..Agent::new("visitor", 1)
            },
        ],
        ready: vec![
            issue("first", "critical", &["rust"]),
            issue("second", "high", &[]),
            issue("third", "normal", &["rust"]),
            issue("resting", "normal", &[]),
        ],
        waits: [(
            "resting".into(),
            Wait {
                until: Millis(2000),
                failures: 1,
            },
        )]
        .into(),
        ..World::default()
    }
}

fn given(issue: &str, agent: &str) -> Assignment {
    Assignment {
        issue: issue.into(),
        agent: agent.into(),
        turn: Turn::Order,
    }
}

/// Spoils the plan of the world and expects the findings, one in a line.
fn check(spoil: impl FnOnce(&mut World, &mut Plan), expected: &str) {
    let mut world = world();
    let mut plan = plan(&world);
    assert_eq!(
        audit(&world, &plan),
        vec![],
        "the plan is sound before it is spoiled"
    );
    spoil(&mut world, &mut plan);
    let findings: Vec<String> = audit(&world, &plan)
        .iter()
        .map(Finding::to_string)
        .collect();
    assert_eq!(findings.join("\n"), expected);
}

/// Lets an issue start, and holds another one instead.
fn swap(plan: &mut Plan, out: &str, action: Action) {
    plan.actions
        .retain(|action| action.assignment().issue.as_str() != out);
    plan.held
        .retain(|held| held.issue != action.assignment().issue);
    plan.actions.push(action);
    hold(plan, out);
}

fn hold(plan: &mut Plan, issue: &str) {
    plan.held.push(Held {
        issue: issue.into(),
        why: Why::NoAgents,
    });
}

#[test]
fn it_sees_a_start_that_must_not_be() {
    check(
        |_, plan| plan.actions.push(Action::Start(given("nowhere", "rusty"))),
        "starts `nowhere`, which is not ready\ngives `rusty` 2 more where 1 fit",
    );
    check(
        |world, _| {
            world.runs.push(LiveRun {
                issue: "first".into(),
                agent: "gone".into(),
                run: "r".into(),
            });
        },
        "starts `first`, which is still running",
    );
    check(
        |_, plan| swap(plan, "second", Action::Claim(given("resting", "visitor"))),
        "starts `resting` before its wait is over",
    );
    check(
        |_, plan| plan.actions.push(plan.actions[0].clone()),
        "starts `first` more than once\ngives `rusty` 2 more where 1 fit\naccounts for `first` 2 times",
    );
}

#[test]
fn it_sees_an_agent_that_must_not_have_it() {
    check(
        |_, plan| swap(plan, "second", Action::Claim(given("third", "visitor"))),
        "gives `third` to `visitor`, which may not have it",
    );
    check(
        |_, plan| swap(plan, "second", Action::Start(given("second", "visitor"))),
        "reaches `visitor` with `second` by the wrong kind of action\naccounts for `second` 2 times",
    );
    check(
        |_, plan| swap(plan, "first", Action::Start(given("third", "nobody"))),
        "gives `third` to `nobody`, which is not configured",
    );
    check(
        |world, _| world.ready[0].assignee = Some("human:ada".to_owned()),
        "gives `first` to `rusty`, which may not have it",
    );
    check(
        |_, plan| {
            plan.held.retain(|held| held.issue.as_str() != "third");
            plan.actions.push(Action::Start(given("third", "rusty")));
        },
        "gives `rusty` 2 more where 1 fit",
    );
    check(
        |world, _| world.max_concurrent = 1,
        "starts 2 more where 1 fit in all",
    );
}

#[test]
fn it_sees_an_issue_that_should_have_started() {
    check(
        |_, plan| {
            plan.actions
                .retain(|action| action.assignment().issue.as_str() != "second");
            hold(plan, "second");
        },
        "holds `second`, for which there is a slot",
    );
    check(
        |_, plan| swap(plan, "first", Action::Start(given("third", "rusty"))),
        "holds `first` and starts `third`, which comes after it",
    );
    // `second` could leave the slot of `rusty` for the free one of `visitor`.
    check(
        |_, plan| {
            plan.actions = vec![Action::Start(given("second", "rusty"))];
            hold(plan, "first");
        },
        "holds `first`, for which there is a slot\nholds `third`, for which there is a slot",
    );
    check(
        |world, plan| {
            world.max_concurrent = 1;
            plan.actions = vec![Action::Claim(given("second", "visitor"))];
            hold(plan, "first");
        },
        "holds `first` and starts `second`, which comes after it",
    );
}

#[test]
fn it_sees_a_turn_of_the_reserve_that_was_not_due() {
    check(
        |_, plan| {
            let undue = Assignment {
                turn: Turn::Reserve,
                ..given("third", "rusty")
            };
            swap(plan, "first", Action::Start(undue));
        },
        "takes a turn of the reserve for `third`, which has not waited long enough",
    );
}

#[test]
fn it_sees_an_issue_that_is_forgotten() {
    check(
        |_, plan| plan.held.clear(),
        "accounts for `resting` 0 times\naccounts for `third` 0 times",
    );
    check(
        |_, plan| hold(plan, "third"),
        "accounts for `third` 2 times",
    );
    check(
        |_, plan| hold(plan, "nowhere"),
        "holds `nowhere`, which is not ready",
    );
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn it_sees_any_start_that_is_left_out(world in worlds(&[0])) {
        let sound = plan(&world);
        for at in 0..sound.actions.len() {
            let mut spoiled = sound.clone();
            let left_out = spoiled.actions.remove(at);
            hold(&mut spoiled, left_out.assignment().issue.as_str());
            prop_assert_ne!(audit(&world, &spoiled), vec![], "without {:?}", left_out);
        }
    }
}
