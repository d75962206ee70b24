//! The two orchestrators of the examples, over the real `jit`.
//!
//! Owns what each must do with work that ends well, fails, is taken away, or is cut short.

use std::process::Command;

use rustix::process::{Pid, Signal};

use crate::ground::{GRAPH, Ground};
use crate::laws;
use crate::programs::{Running, eventually, is_available, package};

/// One of the scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    Bash,
    Python,
}

use Script::{Bash, Python};

impl Script {
    /// Returns the scripts that this machine can run.
    fn available(test: &str) -> impl Iterator<Item = Self> {
        [(Bash, "bash"), (Python, "python3")]
            .into_iter()
            .filter(move |(_, program)| is_available(program, test))
            .map(|(script, _)| script)
    }

    /// Returns the script with one agent `solo`, whose command is `worker`; it ends when nothing is left to do.
    fn alone(self, ground: &Ground, worker: &str) -> Command {
        match self {
            Bash => bash(ground, "solo", worker),
            Python => python(
                ground,
                &format!(r#"{{"id": "solo", "command": ["{worker}"]}}"#),
            ),
        }
    }
}

fn bash(ground: &Ground, agent: &str, worker: &str) -> Command {
    let mut command = ground.program("bash");
    command
        .arg(package().join("examples/bash-orchestrator.sh"))
        .args(["--until-idle", agent, worker])
        .envs([("TTL", "2"), ("POLL", "0.2"), ("ATTEMPTS", "2")]);
    command
}

fn python(ground: &Ground, agents: &str) -> Command {
    let pool = ground.script("pool.json", &format!(r#"{{"agents": [{agents}]}}"#));
    let mut command = ground.program("python3");
    command
        .arg(package().join("examples/simple-orchestrator.py"))
        .args([&pool, "--until-idle"])
        .args("--ttl 2 --poll 0.2 --attempts 2 --backoff 0.5".split(' '));
    command
}

/// Returns a worker that says which process it is and then does nothing for a long time.
fn sleeper(ground: &Ground) -> String {
    ground.script(
        "sleeper.sh",
        "#!/bin/sh\necho $$ >> \"$WORK_LOG\"\nexec sleep 1000\n",
    )
}

/// Waits for the sleeper to begin and returns its process.
fn sleeping(ground: &Ground) -> Pid {
    eventually("the worker has begun", || ground.work().len() == 1);
    let number = ground.work()[0].parse().expect("it wrote a number");
    Pid::from_raw(number).expect("a process number is not zero")
}

fn is_gone(process: Pid) -> bool {
    rustix::process::test_kill_process(process) == Err(rustix::io::Errno::SRCH)
}

#[test]
fn one_agent_finishes_the_graph_in_order() {
    for script in Script::available("a lone agent") {
        let (ground, ids) = Ground::with_graph();
        let worker = ground.home().join("worker.sh");
        let worker = worker.to_str().expect("its path is text");
        let running = Running::start(&mut script.alone(&ground, worker));
        running.finish().succeeded(&format!("{script:?}"));
        laws::check(&ground, &ids);
        laws::check_order(&ground, &ids);
    }
}

#[test]
fn orchestrators_side_by_side_never_do_the_same_work() {
    if !is_available("bash", "two orchestrators") {
        return;
    }
    let (ground, ids) = Ground::with_graph();
    let worker = ground.home().join("worker.sh");
    let worker = worker.to_str().expect("its path is text");
    let pair = ["left", "right"].map(|agent| Running::start(&mut bash(&ground, agent, worker)));
    for running in pair {
        running.finish().succeeded("bash-orchestrator.sh");
    }
    laws::check(&ground, &ids);
}

#[test]
fn a_pool_gives_work_to_those_who_can_do_it() {
    if !is_available("python3", "a pool") {
        return;
    }
    let (ground, ids) = Ground::with_graph();
    let worker = ground.home().join("worker.sh");
    let agent = |id: &str, capacity: usize, tag: &str| {
        format!(
            r#"{{"id": "{id}", "capacity": {capacity}, "tags": ["{tag}"], "command": [{worker:?}]}}"#
        )
    };
    let agents = [agent("coder", 2, "rust"), agent("writer", 1, "docs")].join(",");
    let running = Running::start(&mut python(&ground, &agents));
    running.finish().succeeded("simple-orchestrator.py");
    laws::check(&ground, &ids);
    for row in GRAPH.iter().filter(|row| !row.labels.is_empty()) {
        let able = if row.labels == "rust" {
            "agent:coder"
        } else {
            "agent:writer"
        };
        let begin = format!("begin {} ", ids[row.name]);
        let work = ground.work();
        let mut lines = work.iter().filter(|line| line.starts_with(&begin));
        assert!(
            lines.all(|line| line.ends_with(able)),
            "{}: {work:?}",
            row.name
        );
    }
}

#[test]
fn work_that_keeps_failing_is_held_for_a_person() {
    for script in Script::available("failing work") {
        let ground = Ground::new();
        let issue = ground.ok(&["issue", "create", "-t", "impossible"]);
        let worker = ground.script("fail.sh", "#!/bin/sh\necho try >> \"$WORK_LOG\"\nexit 3\n");
        let running = Running::start(&mut script.alone(&ground, &worker));
        running.finish().succeeded(&format!("{script:?}"));
        assert_eq!(ground.work(), ["try", "try"], "{script:?}");
        let issue = ground.json(&["issue", "show", issue.trim()]);
        assert_eq!(
            issue["hold"]["reason"],
            "given up after 2 attempts: exit status 3"
        );
        assert_eq!(issue["state"], "open", "{script:?}");
        assert!(issue["assignee"].is_null(), "{script:?}: {issue}");
    }
}

#[test]
fn what_jit_refuses_to_call_done_is_given_back() {
    for script in Script::available("refused work") {
        let ground = Ground::new();
        let issue = ground.ok(&["issue", "create", "-t", "parent"]);
        // Its work is to make more work, which has to be done first.
        let text = "#!/bin/sh\nset -eu\ncase $(jit issue show \"$JIT_ISSUE\" -o tsv --fields title) in\n\
                    parent) [ \"$JIT_EPOCH\" -gt 1 ] || jit issue create -t child --parent \"$JIT_ISSUE\" ;;\n\
                    esac\necho \"$JIT_ISSUE\" >> \"$WORK_LOG\"\n";
        let worker = ground.script("split.sh", text);
        let running = Running::start(&mut script.alone(&ground, &worker));
        running.finish().succeeded(&format!("{script:?}"));
        let issue = issue.trim();
        assert_eq!(ground.in_state("done").len(), 2, "{script:?}");
        let work = ground.work();
        assert_eq!(work.len(), 3, "{script:?}: {work:?}");
        assert!(
            work[0] == issue && work[1] != issue && work[2] == issue,
            "{script:?}: {work:?}"
        );
    }
}

#[test]
fn work_ends_when_its_lease_is_taken_away() {
    for script in Script::available("a lost lease") {
        let ground = Ground::new();
        let issue = ground.ok(&["issue", "create", "-t", "contested"]);
        let issue = issue.trim();
        let running = Running::start(&mut script.alone(&ground, &sleeper(&ground)));
        let worker = sleeping(&ground);
        ground.ok(&["issue", "hold", issue, "somebody thinks again"]);
        ground.ok(&["issue", "release", issue, "--force"]);
        eventually("the worker is gone", || is_gone(worker));
        running.finish().succeeded(&format!("{script:?}"));
        let issue = ground.json(&["issue", "show", issue]);
        assert_eq!(
            issue["hold"]["reason"], "somebody thinks again",
            "{script:?}"
        );
        assert_eq!(issue["epoch"], 1, "{script:?}");
    }
}

#[test]
fn leases_outlive_their_span_while_work_goes_on() {
    for script in Script::available("long work") {
        let ground = Ground::new();
        ground.ok(&["issue", "create", "-t", "long"]);
        let worker = ground.script(
            "long.sh",
            "#!/bin/sh\nsleep 5\necho \"$JIT_EPOCH\" >> \"$WORK_LOG\"\n",
        );
        let running = Running::start(&mut script.alone(&ground, &worker));
        running.finish().succeeded(&format!("{script:?}"));
        assert_eq!(ground.work(), ["1"], "{script:?}");
        assert_eq!(ground.in_state("done").len(), 1, "{script:?}");
    }
}

#[test]
fn a_stop_gives_everything_back_and_leaves_nobody_behind() {
    for script in Script::available("a stop") {
        for signal in [Signal::INT, Signal::TERM] {
            let ground = Ground::new();
            let issue = ground.ok(&["issue", "create", "-t", "endless"]);
            let running = Running::start(&mut script.alone(&ground, &sleeper(&ground)));
            let worker = sleeping(&ground);
            running.signal(signal);
            let answer = running.finish();
            assert_eq!(answer.code, Some(130), "{script:?}, {signal:?}: {answer:?}");
            assert!(is_gone(worker), "{script:?}, {signal:?}");
            let issue = ground.json(&["issue", "show", issue.trim()]);
            assert!(issue["lease"].is_null(), "{script:?}, {signal:?}: {issue}");
            assert!(
                issue["assignee"].is_null(),
                "{script:?}, {signal:?}: {issue}"
            );
        }
    }
}
