//! How a dispatcher ends, and what it leaves.

use rustix::process::Signal;

use super::ground::{Ground, agent, eventually, is_alive};

/// Starts a dispatcher over one issue and waits until its agent is at work.
fn at_work(script: &str, arguments: &[&str]) -> (Ground, String, super::ground::Running) {
    let ground = Ground::new(&agent(script, ""));
    let issue = ground.issue("work");
    let dispatcher = ground.spawn(arguments);
    eventually("the agent is at work", || ground.path("at-work").exists());
    (ground, issue, dispatcher)
}

#[test]
fn a_stop_waits_for_live_runs_and_claims_nothing_new() {
    let script = "touch at-work; while [ ! -e go ]; do sleep 0.05; done";
    let (ground, issue, dispatcher) = at_work(script, &["start"]);
    let later = ground.issue("later");
    dispatcher.signal(Signal::TERM);
    std::fs::write(ground.path("go"), "").expect("it can be written");
    let output = dispatcher.finish();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        (
            ground.state_of(&issue).as_str(),
            ground.state_of(&later).as_str()
        ),
        ("done", "ready")
    );
}

#[test]
fn a_second_stop_gives_the_issue_back_uncounted() {
    let (ground, issue, dispatcher) = at_work("touch at-work; exec sleep 86333.1", &["start"]);
    dispatcher.signal(Signal::INT);
    dispatcher.signal(Signal::TERM);
    assert!(dispatcher.finish().status.success());
    given_back(&ground, &issue, "86333.1");
}

#[test]
fn a_stop_may_mean_that_runs_stop_too() {
    let (ground, issue, dispatcher) = at_work(
        "touch at-work; exec sleep 86333.2",
        &["start", "--on-stop", "kill"],
    );
    dispatcher.signal(Signal::TERM);
    assert!(dispatcher.finish().status.success());
    given_back(&ground, &issue, "86333.2");
}

#[test]
fn a_stop_while_waiting_for_one_look_gives_back_too() {
    let (ground, issue, dispatcher) = at_work(
        "touch at-work; exec sleep 86333.3",
        &["once", "--wait", "--on-stop", "kill"],
    );
    dispatcher.signal(Signal::TERM);
    assert!(dispatcher.finish().status.success());
    given_back(&ground, &issue, "86333.3");
}

#[test]
fn a_stop_leaves_the_runs_of_another_dispatcher_alone() {
    let script = "touch at-work-$JIT_ISSUE; while [ ! -e go ]; do sleep 0.05; done";
    let ground = Ground::new(&agent(script, "capacity = 2\n"));
    let is_at_work = |issue: &str| ground.path(&format!("at-work-{issue}")).exists();
    let others = ground.issue("the other's");
    let other = ground.spawn(&["once", "--wait"]);
    eventually("the other's agent is at work", || is_at_work(&others));
    let own = ground.issue("its own");
    let dispatcher = ground.spawn(&["start", "--on-stop", "kill"]);
    eventually("its own agent is at work", || is_at_work(&own));
    dispatcher.signal(Signal::TERM);
    assert!(
        dispatcher.finish().status.success(),
        "it does not wait for the other's"
    );
    assert_eq!(ground.outcomes(&own), ["canceled"]);
    assert_eq!(ground.state_of(&others), "in_progress");
    std::fs::write(ground.path("go"), "").expect("it can be written");
    assert!(other.finish().status.success());
    assert_eq!(ground.outcomes(&others), ["succeeded"]);
}

fn given_back(ground: &Ground, issue: &str, mark: &str) {
    assert_eq!(ground.outcomes(issue), ["canceled"]);
    let shown = ground.show(issue);
    assert_eq!(
        (shown["state"].as_str(), shown["not_before"].is_null()),
        (Some("ready"), true),
        "uncounted, and at once"
    );
    assert!(!is_alive(mark));
}

#[test]
fn an_agent_whose_lease_is_lost_is_killed_at_once_and_writes_nothing() {
    // The agent would ignore a polite request.
    let script = "trap '' TERM; touch at-work; while :; do sleep 0.1; done; : 86333.4";
    let config = format!(
        "[lease]\nttl_secs = 3\nrenew_secs = 0.3\n{}",
        agent(script, "")
    );
    let ground = Ground::new(&config);
    let issue = ground.issue("work");
    let dispatcher = ground.spawn(&["once", "--wait"]);
    eventually("the agent is at work", || ground.path("at-work").exists());
    ground.jit(&["issue", "release", &issue, "--force"]);
    ground.jit(&["issue", "claim", &issue, "human:ada"]);
    assert!(dispatcher.finish().status.success());
    assert_eq!(ground.outcomes(&issue), ["lost"]);
    assert_eq!(ground.show(&issue)["assignee"], "human:ada");
}

#[test]
fn an_agent_that_closed_its_issue_may_finish_its_words() {
    let script = "jit issue done $JIT_ISSUE; touch at-work; sleep 2; touch finished";
    let config = format!(
        "[lease]\nttl_secs = 3\nrenew_secs = 0.3\n{}",
        agent(script, "")
    );
    let ground = Ground::new(&config);
    let issue = ground.issue("work");
    ground.run_well(&["once", "--wait"]);
    assert_eq!(ground.outcomes(&issue), ["succeeded"]);
    assert!(ground.path("finished").exists());
}

#[test]
fn an_agent_that_is_asked_to_stop_ends_and_gives_its_issue_back_uncounted() {
    let script = "trap 'touch asked; exit 1' TERM; touch at-work; while :; do sleep 0.1; done";
    let config = format!(
        "[lease]\nttl_secs = 3\nrenew_secs = 0.3\n{}",
        agent(script, "")
    );
    let ground = Ground::new(&config);
    let issue = ground.issue("work");
    let dispatcher = ground.spawn(&["once", "--wait"]);
    eventually("the agent is at work", || ground.path("at-work").exists());
    let shim = ground.stories()[0].1.shim.as_ref().map(|shim| shim.pid);
    let lease = || ground.show(&issue)["lease"].clone();
    eventually("the lease names the shim", || {
        lease()["pid"].as_u64() == shim.map(u64::from)
    });
    ground.jit(&["lease", "cancel", &issue]);
    assert!(dispatcher.finish().status.success());
    assert!(
        ground.path("asked").exists(),
        "it was asked before it was killed"
    );
    given_back(&ground, &issue, "no agent is left");
    assert!(lease().is_null(), "the wish is gone with the lease");
}
