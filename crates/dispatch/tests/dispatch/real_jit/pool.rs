//! Who gets what, in which order, and how soon.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::ground::{Ground, Running, agent, eventually, jit, path_with};

/// Returns the issues in the order in which they were started.
fn started(ground: &Ground) -> Vec<String> {
    let started = ground
        .events()
        .into_iter()
        .filter(|event| event["type"] == "started");
    started
        .map(|event| event["issue"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn priority_then_age_decides_and_dependencies_are_respected() {
    let ground = Ground::new(&agent("true", "capacity = 1\n"));
    let create = |title: &str, priority: &str| {
        ground.jit(&["issue", "create", "-q", "-t", title, "-p", priority])
    };
    let (low, normal, high, critical) = (
        create("l", "low"),
        create("n", "normal"),
        create("h", "high"),
        create("c", "critical"),
    );
    let second = create("n2", "normal");
    let first_of_all = create("f", "low");
    ground.jit(&["dep", "add", &critical, &first_of_all]);
    ground.run_well(&["start", "--until-idle"]);
    // The critical one waits for the last in the queue.
    assert_eq!(
        started(&ground),
        [high, normal, second, low, first_of_all, critical]
    );
}

#[test]
fn a_new_issue_starts_at_once_and_not_at_the_next_regular_look() {
    let ground = Ground::new(&format!(
        "poll_interval_secs = 86400\n{}",
        agent("true", "")
    ));
    let dispatcher = ground.spawn(&["start"]);
    let first = ground.issue("first");
    eventually("the first is done", || ground.state_of(&first) == "done");
    let begun = Instant::now();
    let second = ground.issue("second");
    eventually("the second is done", || ground.state_of(&second) == "done");
    assert!(begun.elapsed() < Duration::from_mins(1));
    dispatcher.signal(rustix::process::Signal::TERM);
    assert!(dispatcher.finish().status.success());
}

#[test]
fn without_events_the_regular_look_does() {
    let ground = Ground::new(&format!("poll_interval_secs = 0.5\n{}", agent("true", "")));
    let deaf = ground.path("deaf-jit");
    let text = format!(
        "#!/bin/sh\n[ \"$1\" = events ] && exit 2\nexec '{}' \"$@\"\n",
        jit().display()
    );
    std::fs::write(&deaf, text).expect("it can be written");
    std::fs::set_permissions(&deaf, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("it is ours");
    let mut command = ground.command(super::ground::DISPATCH);
    let dispatcher = Running::start(command.args(["start", "--jit"]).arg(deaf));
    let issue = ground.issue("work");
    eventually("it is done", || ground.state_of(&issue) == "done");
    dispatcher.signal(rustix::process::Signal::TERM);
    assert!(dispatcher.finish().status.success());
}

#[test]
fn tags_keep_specialists_for_those_who_need_them() {
    let script = r#"command = ["sh", "-c", "true"]"#;
    let ground = Ground::new(&format!(
        "[[agents]]\nid = 'rusty'\ntags = ['rust']\n{script}\n[[agents]]\nid = 'plain'\n{script}\n"
    ));
    let plain = ground.issue("anything");
    let rust = ground.jit(&[
        "issue",
        "create",
        "-q",
        "-t",
        "rust work",
        "--label",
        "rust",
    ]);
    let cobol = ground.jit(&["issue", "create", "-q", "-t", "more", "--label", "cobol"]);
    ground.run_well(&["once", "--wait"]);
    let who: BTreeMap<String, String> = ground
        .events()
        .iter()
        .filter(|event| event["type"] == "started")
        .map(|event| {
            (
                event["issue"].as_str().unwrap_or_default().into(),
                event["agent"].as_str().unwrap_or_default().into(),
            )
        })
        .collect();
    assert_eq!(
        who,
        BTreeMap::from([(plain, "plain".to_owned()), (rust, "rusty".to_owned())])
    );
    assert_eq!(
        ground.state_of(&cobol),
        "ready",
        "a label that is nobody's tag is no need, and the slots were taken"
    );
}

#[test]
fn the_plan_says_what_would_start_and_why_the_rest_would_not() {
    let ground = Ground::new(&agent(
        "true",
        "capacity = 1\ntags = [\"rust\"]\naccept = \"tagged_only\"\n",
    ));
    let rust = ground.jit(&[
        "issue",
        "create",
        "-q",
        "-t",
        "rust work",
        "--label",
        "rust",
    ]);
    let plain = ground.issue("plain work");
    let shown: Value =
        serde_json::from_str(&ground.run_well(&["plan", "--json"])).expect("it prints JSON");
    assert_eq!(
        (&shown["actions"][0]["issue"], &shown["actions"][0]["agent"]),
        (&rust.clone().into(), &"a1".into())
    );
    assert_eq!(shown["held"][0]["issue"], plain.as_str());
    assert!(
        shown["held"][0]["why"]
            .as_str()
            .is_some_and(|why| !why.is_empty()),
        "{shown}"
    );
    let text = ground.run_well(&["plan"]);
    assert!(
        text.contains(&format!("start\t{rust}")) && text.contains(&format!("hold\t{plain}")),
        "{text}"
    );
    assert_eq!(ground.state_of(&rust), "ready", "a dry run touches nothing");
}

#[test]
fn once_starts_no_more_than_it_may_and_does_not_wait() {
    let ground = Ground::new(&agent(
        "while [ ! -e go ]; do sleep 0.05; done",
        "capacity = 5\n",
    ));
    for title in ["a", "b", "c"] {
        ground.issue(title);
    }
    let report: Value = serde_json::from_str(&ground.run_well(&["once", "--max", "2", "--json"]))
        .expect("it prints JSON");
    assert_eq!(
        (report["actions"].as_array().map(Vec::len), &report["ready"]),
        (Some(2), &3.into())
    );
    assert_eq!(
        ground
            .jit(&["query", "state", "in_progress", "-o", "id"])
            .lines()
            .count(),
        2
    );
    std::fs::write(ground.path("go"), "").expect("it can be written");
    eventually("the runs end by themselves", || {
        ground
            .state()
            .active_runs()
            .is_ok_and(|runs| runs.is_empty())
    });
    ground.run_well(&["start", "--until-idle"]);
    assert_eq!(
        ground
            .jit(&["query", "state", "done", "-o", "id"])
            .lines()
            .count(),
        3
    );
}

#[test]
fn a_claim_only_agent_gets_claims_up_to_its_capacity() {
    let ground = Ground::new("[[agents]]\nid = 'outside'\ncapacity = 2\n");
    for title in ["a", "b", "c"] {
        ground.issue(title);
    }
    ground.run_well(&["once"]);
    ground.run_well(&["once"]);
    let mine = || -> Vec<Value> {
        let text = ground.jit(&["query", "assignee", "outside", "--json"]);
        serde_json::from_str(&text).expect("it prints JSON")
    };
    assert_eq!(mine().len(), 2);
    let task = mine()[0]["id"].as_str().unwrap_or_default().to_owned();
    ground.jit(&["issue", "update", &task, "--state", "done"]);
    ground.run_well(&["once"]);
    assert_eq!(mine().len(), 2, "a slot that became free is used");
    let status: Value =
        serde_json::from_str(&ground.run_well(&["status", "--json"])).expect("it prints JSON");
    assert_eq!(status["agents"][0]["used"], 2);
}

#[test]
fn a_ready_issue_that_is_assigned_to_an_agent_goes_to_that_agent() {
    let ground = Ground::new(
        "[[agents]]\nid = 'a'\ncapacity = 9\ncommand = 'true'\n[[agents]]\nid = 'b'\ncommand = 'true'\n",
    );
    let issue = ground.issue("work");
    ground.jit(&["issue", "assign", &issue, "b"]);
    let theirs = ground.issue("a person's");
    ground.jit(&["issue", "assign", &theirs, "human:ada"]);
    ground.run_well(&["start", "--until-idle"]);
    assert_eq!(
        (
            ground.state_of(&issue).as_str(),
            ground.state_of(&theirs).as_str()
        ),
        ("done", "ready")
    );
    assert_eq!(
        ground
            .events()
            .iter()
            .find(|event| event["type"] == "started")
            .map(|event| event["agent"].clone()),
        Some("b".into())
    );
}

#[test]
fn an_assigned_issue_that_becomes_ready_is_noticed_at_once() {
    let ground = Ground::new(&format!(
        "poll_interval_secs = 86400\n{}",
        agent("true", "")
    ));
    let dispatcher = ground.spawn(&["start"]);
    let first = ground.issue("first");
    let second = ground.jit(&[
        "issue",
        "create",
        "-q",
        "-t",
        "second",
        "--assignee",
        "a1",
        "--dep",
        &first,
    ]);
    eventually("both are done", || ground.state_of(&second) == "done");
    dispatcher.signal(rustix::process::Signal::TERM);
    assert!(dispatcher.finish().status.success());
}

#[test]
fn the_plan_names_issues_that_are_a_persons() {
    let ground = Ground::new(&agent("true", ""));
    let theirs = ground.issue("a person's");
    ground.jit(&["issue", "assign", &theirs, "human:ada"]);
    let plan = ground.run_well(&["plan"]);
    assert!(
        plan.contains(&format!("hold\t{theirs}")) && plan.contains("human:ada"),
        "{plan}"
    );
}

#[test]
fn two_dispatchers_over_one_state_never_exceed_a_capacity_nor_start_twice() {
    let script = "echo + >> log; sleep 0.1; echo - >> log";
    let ground = Ground::new(&agent(script, "capacity = 3\n"));
    let issues: Vec<String> = (0..12)
        .map(|n| ground.issue(&format!("work {n}")))
        .collect();
    let dispatchers = [
        ground.spawn(&["start", "--until-idle"]),
        ground.spawn(&["start", "--until-idle"]),
    ];
    for dispatcher in dispatchers {
        assert!(dispatcher.finish().status.success());
    }
    let mut all = started(&ground);
    all.sort();
    let mut expected = issues;
    expected.sort();
    assert_eq!(all, expected, "each exactly once");
    let log = std::fs::read_to_string(ground.path("log")).unwrap_or_default();
    let mut live = 0_i32;
    for line in log.lines() {
        live += if line == "+" { 1 } else { -1 };
        assert!(live <= 3, "more runs than slots");
    }
    let numbers: Vec<u64> = ground
        .events()
        .iter()
        .filter_map(|event| event["seq"].as_u64())
        .collect();
    assert_eq!(
        numbers,
        (1..=numbers.len() as u64).collect::<Vec<_>>(),
        "the timeline has no gaps"
    );
}

#[test]
fn two_dispatchers_with_states_of_their_own_never_start_an_issue_twice() {
    let ground = Ground::new(&agent("sleep 0.1", "capacity = 3\n"));
    for n in 0..8 {
        ground.issue(&format!("work {n}"));
    }
    let other_state = tempfile::TempDir::new().expect("a directory can be made");
    let mine = ground.spawn(&["start", "--until-idle"]);
    let mut command = ground.dispatch(&["start", "--until-idle"]);
    let theirs = Running::start(command.env("XDG_STATE_HOME", other_state.path()));
    assert!(mine.finish().status.success() && theirs.finish().status.success());
    for line in ground
        .jit(&["query", "state", "done", "--json", "--fields", "epoch"])
        .split("},{")
    {
        assert!(
            line.contains("\"epoch\":1"),
            "granted once, done once: {line}"
        );
    }
    assert_eq!(
        ground
            .jit(&["query", "state", "done", "-o", "id"])
            .lines()
            .count(),
        8
    );
}

#[test]
fn jit_is_found_on_the_path_beside_the_program_or_where_the_configuration_says() {
    let ground = Ground::new("[[agents]]\nid = 'a'\ncommand = 'true'\n");
    let elsewhere = tempfile::TempDir::new().expect("a directory can be made");
    let copy = elsewhere.path().join("jit-dispatch");
    std::fs::copy(super::ground::DISPATCH, &copy).expect("it can be copied");
    let code = |command: &mut std::process::Command| {
        command
            .arg("plan")
            .output()
            .expect("it can be started")
            .status
            .code()
    };
    let on_path = path_with(jit().parent().expect("it lies somewhere"));
    assert_eq!(
        code(ground.command(&copy).env("PATH", "/usr/bin:/bin")),
        Some(10)
    );
    assert_eq!(code(ground.command(&copy).env("PATH", on_path)), Some(0));
    std::os::unix::fs::symlink(jit(), elsewhere.path().join("jit")).expect("the place is free");
    assert_eq!(
        code(ground.command(&copy).env("PATH", "/usr/bin:/bin")),
        Some(0)
    );
    let words = format!("[jit]\ncommand = ['env', 'A=b', '{}']\n", jit().display());
    ground.configure(&words);
    assert_eq!(
        code(ground.command(&copy).env("PATH", "/usr/bin:/bin")),
        Some(0)
    );
}
