//! What follows from the end of a run (`docs/design/dispatch.md` section 2.4).

use serde_json::Value;

use super::ground::{Ground, agent, eventually, is_alive};

/// Runs one issue once on an agent that does `script`; expects the outcome and how the issue stands afterwards.
fn check(script: &str, outcome: &str, state: &str) -> (Ground, String) {
    // The wait after a failure must still be on when we look.
    let ground = Ground::new(&agent(script, "").replace("0.2", "3600"));
    let issue = ground.issue("work");
    ground.run_well(&["once", "--wait"]);
    assert_eq!(ground.outcomes(&issue), [outcome], "{script}");
    let shown = ground.show(&issue);
    let word = shown["state"].as_str().unwrap_or_default();
    let held = if shown["hold"].is_object() {
        ", held"
    } else {
        ""
    };
    assert_eq!(format!("{word}{held}"), state, "{script}");
    assert!(shown["lease"].is_null(), "nothing stays claimed: {shown}");
    (ground, issue)
}

#[test]
fn an_agent_that_is_content_finishes_its_issue() {
    check("true", "succeeded", "done");
    check(
        r#"echo '{"outcome":"done"}' > "$JIT_RUN_DIR/result.json""#,
        "succeeded",
        "done",
    );
}

#[test]
fn an_agent_may_close_its_issue_by_itself() {
    check(
        r#"jit issue update "$JIT_ISSUE" --state done"#,
        "succeeded",
        "done",
    );
    check(
        r#"jit issue done "$JIT_ISSUE"; exit 3"#,
        "succeeded_with_warning",
        "done",
    );
}

#[test]
fn an_agent_that_fails_gives_its_issue_back_for_later() {
    let (ground, issue) = check("echo oops >&2; exit 1", "failed_agent", "open");
    assert!(ground.show(&issue)["not_before"].is_string());
    let (run, _) = ground.stories().remove(0);
    let dir = ground.state().run(&run);
    assert_eq!(
        std::fs::read_to_string(dir.path().join("stderr.log"))
            .ok()
            .as_deref(),
        Some("oops\n")
    );
    check("kill -9 $$", "failed_signal", "open");
    check(
        r#"echo '{"outcome":"failed"}' > "$JIT_RUN_DIR/result.json""#,
        "failed_agent",
        "open",
    );
    check(
        r#"echo 'no json' > "$JIT_RUN_DIR/result.json""#,
        "failed_agent",
        "open",
    );
    check("exit 75", "failed_transient", "open");
}

#[test]
fn an_agent_that_needs_a_person_gets_a_hold() {
    let blocked =
        r#"echo '{"outcome":"blocked","reason":"which key?"}' > "$JIT_RUN_DIR/result.json""#;
    let (ground, issue) = check(blocked, "blocked", "open, held");
    assert_eq!(ground.show(&issue)["hold"]["reason"], "which key?");
    check("exit 65", "failed_permanent", "open, held");
    check(
        r#"echo '{"outcome":"waiting"}' > "$JIT_RUN_DIR/result.json""#,
        "waiting",
        "open, held",
    );
}

#[test]
fn an_agent_that_waits_for_another_issue_is_not_held() {
    let script = r#"other=$(jit issue create -q -t first) && jit dep add "$JIT_ISSUE" "$other" && echo '{"outcome":"waiting"}' > "$JIT_RUN_DIR/result.json""#;
    let (ground, issue) = check(script, "waiting", "open");
    assert_eq!(ground.show(&issue)["blocked_by"][0]["kind"], "dependency");
}

#[test]
fn a_refused_done_is_a_failure_of_the_run() {
    let script = r#"other=$(jit issue create -q -t first) && jit dep add "$JIT_ISSUE" "$other""#;
    check(script, "failed_incomplete", "open");
}

#[test]
fn an_open_exit_gate_keeps_the_work_and_ends_the_run() {
    let ground = Ground::new(&agent("true", ""));
    ground.jit(&[
        "gate", "define", "review", "--title", "Review", "--stage", "exit",
    ]);
    let issue = ground.jit(&["issue", "create", "-q", "-t", "work", "--gate", "review"]);
    ground.run_well(&["start", "--until-idle"]);
    assert_eq!(
        (
            ground.state_of(&issue).as_str(),
            ground.outcomes(&issue).len()
        ),
        ("gated", 1)
    );
    ground.jit(&["gate", "pass", &issue, "review"]);
    assert_eq!(ground.state_of(&issue), "done");
}

#[test]
fn a_broken_agent_is_blamed_itself() {
    let ground = Ground::new(
        "[[agents]]\nid = 'a1'\ncommand = 'no-such-program-anywhere'\n[retry]\nbase_secs = 0.1\ncap_secs = 0.1\n",
    );
    let issue = ground.issue("work");
    ground.run_well(&["once", "--wait"]);
    assert_eq!(ground.outcomes(&issue), ["failed_broken"]);
    let settled = ground
        .events()
        .into_iter()
        .find(|event| event["type"] == "settled");
    assert_eq!(
        settled.map(|event| event["data"]["failures"].clone()),
        Some(Value::from(0))
    );
}

#[test]
fn an_issue_that_fails_too_often_is_given_up_and_starts_afresh_when_a_person_lifts_the_hold() {
    let config = agent("exit 1", "").replace("[retry]", "[retry]\nmax_failures = 3");
    let ground = Ground::new(&config);
    let issue = ground.issue("work");
    ground.run_well(&["start", "--until-idle"]);
    assert_eq!(ground.outcomes(&issue), ["failed_agent"; 3]);
    let reason = ground.show(&issue)["hold"]["reason"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(reason.contains("3 failed runs in a row"), "{reason}");
    ground.jit(&["issue", "unhold", &issue]);
    ground.configure(&agent("true", ""));
    ground.run_well(&["start", "--until-idle"]);
    assert_eq!(ground.state_of(&issue), "done");
}

#[test]
fn failures_are_counted_across_dispatchers_and_forgotten_with_a_new_body() {
    let ground = Ground::new(&agent("exit 1", ""));
    let issue = ground.issue("work");
    let failures = |ground: &Ground| {
        let settled = ground
            .events()
            .into_iter()
            .rfind(|event| event["type"] == "settled");
        settled.and_then(|event| event["data"]["failures"].as_u64())
    };
    for expected in 1..=2 {
        ground.run_well(&["once", "--wait"]);
        assert_eq!(failures(&ground), Some(expected));
        eventually("the backoff is over", || ground.state_of(&issue) == "ready");
    }
    ground.jit(&[
        "issue",
        "update",
        &issue,
        "--desc",
        "now with an explanation",
    ]);
    ground.run_well(&["once", "--wait"]);
    assert_eq!(failures(&ground), Some(1));
}

#[test]
fn limits_end_an_agent_with_its_whole_group() {
    // The agent and its child both ignore the request to end.
    let stubborn =
        |mark: &str| format!("trap '' TERM; (trap '' TERM; sleep {mark}) & sleep {mark}");
    for (limit, outcome, mark) in [
        ("total_secs = 0.7", "timed_out_total", "86111.1"),
        ("idle_secs = 0.7", "stalled", "86111.2"),
    ] {
        let ground = Ground::new(&format!(
            "[limits]\nkill_grace_secs = 0.3\n{}",
            agent(&stubborn(mark), limit)
        ));
        let issue = ground.issue("work");
        ground.run_well(&["once", "--wait"]);
        assert_eq!(ground.outcomes(&issue), [outcome]);
        assert!(!is_alive(mark), "a process of a settled run is alive");
        assert_eq!(ground.state_of(&issue), "open");
    }
}

#[test]
fn what_an_agent_leaves_running_in_its_group_ends_with_it() {
    let ground = Ground::new(&agent("sleep 86222.1 & exit 0", ""));
    let issue = ground.issue("work");
    ground.run_well(&["once", "--wait"]);
    assert_eq!(ground.state_of(&issue), "done");
    assert!(!is_alive("86222.1"));
}

#[test]
fn output_counts_as_progress() {
    let script = "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.5; done";
    let ground = Ground::new(&agent(script, "idle_secs = 3"));
    let issue = ground.issue("work");
    ground.run_well(&["once", "--wait"]);
    assert_eq!(ground.outcomes(&issue), ["succeeded"]);
}
