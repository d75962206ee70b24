//! Nothing is lost and nothing runs twice, whoever is killed and whenever.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::ground::{Ground, Running, agent, eventually, is_alive, jit};

const WAITING: &str = "echo x >> started; while [ ! -e go ]; do sleep 0.05; done";

fn quick_lease(script: &str) -> Ground {
    Ground::new(&format!(
        "[lease]\nttl_secs = 4\nrenew_secs = 0.5\n{}",
        agent(script, "capacity = 2\n")
    ))
}

fn starts(ground: &Ground) -> usize {
    std::fs::read_to_string(ground.path("started"))
        .unwrap_or_default()
        .lines()
        .count()
}

#[test]
fn a_run_survives_the_death_of_its_dispatcher() {
    let ground = quick_lease(WAITING);
    let issue = ground.issue("work");
    let first = ground.spawn(&["start"]);
    eventually("the agent is at work", || starts(&ground) == 1);
    first.signal(Signal::KILL);
    first.finish();
    // Longer than the lease lives without somebody to renew it.
    let until = Instant::now() + Duration::from_secs(5);
    let second = ground.spawn(&["start", "--until-idle"]);
    eventually("a lease would have run out", || Instant::now() > until);
    assert_eq!(
        (ground.state_of(&issue).as_str(), starts(&ground)),
        ("in_progress", 1)
    );
    let status = ground.run_well(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status).expect("it prints JSON");
    assert_eq!(
        (&status["runs"][0]["state"], &status["agents"][0]["used"]),
        (&"running".into(), &1.into())
    );
    std::fs::write(ground.path("go"), "").expect("it can be written");
    assert!(second.finish().status.success());
    assert_eq!(
        (ground.state_of(&issue).as_str(), starts(&ground)),
        ("done", 1)
    );
    assert_eq!(ground.outcomes(&issue), ["succeeded"]);
}

#[test]
fn an_agent_without_its_shim_is_killed_before_the_issue_runs_again() {
    let ground = quick_lease("echo $$ >> started; [ -e go ] || exec sleep 86444.1");
    let issue = ground.issue("work");
    let dispatcher = ground.spawn(&["start", "--until-idle"]);
    eventually("the agent is at work", || {
        starts(&ground) == 1 && is_alive("86444.1")
    });
    std::fs::write(ground.path("go"), "").expect("it can be written");
    let (_, story) = ground.stories().remove(0);
    let shim = story
        .shim
        .and_then(|shim| Pid::from_raw(i32::try_from(shim.pid).ok()?))
        .expect("it has a shim");
    rustix::process::kill_process(shim, Signal::KILL).expect("it is alive");
    assert!(dispatcher.finish().status.success());
    assert_eq!(
        (ground.state_of(&issue).as_str(), starts(&ground)),
        ("done", 2)
    );
    assert!(!is_alive("86444.1"));
    let kinds: Vec<_> = ground
        .events()
        .iter()
        .map(|event| event["type"].as_str().unwrap_or_default().to_owned())
        .collect();
    let recovered = kinds.iter().position(|kind| kind == "recovered");
    let second = kinds.iter().rposition(|kind| kind == "started");
    assert!(recovered.is_some() && recovered < second, "{kinds:?}");
}

#[test]
fn a_run_whose_journal_cannot_be_read_stops_no_other() {
    let ground = Ground::new(&agent("true", ""));
    ground.run_well(&["once"]);
    // Each stands in the way before any run of today.
    for (run, is_directory) in [
        ("00000000000000000000000001", true),
        ("00000000000000000000000002", false),
    ] {
        let run = ground.state().run(&run.into());
        drop(run.create().expect("it can be made"));
        let journal = run.path().join("journal");
        let made = if is_directory {
            std::fs::create_dir(journal)
        } else {
            std::fs::write(
                journal,
                b"{\"v\":1,\"kind\":\"reserving\",\"issue\":\"caf\xc3",
            )
        };
        made.expect("it can be made");
    }
    let issue = ground.issue("work");
    let output = ground.run(&["start", "--until-idle"]);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words}");
    assert_eq!(ground.state_of(&issue), "done");
    assert!(
        words.contains("cannot be looked after"),
        "it says so: {words}"
    );
}

/// Puts a program in the place of `jit` that does `before`, then the real thing, then `after`, for claims only.
fn claim_wrapper(ground: &Ground, before: &str, after: &str) -> PathBuf {
    let path = ground.path("wrapped-jit");
    let text = format!(
        "#!/bin/sh\nif [ \"$1 $2\" != 'issue claim' ]; then exec '{0}' \"$@\"; fi\n{before}\n'{0}' \"$@\"; status=$?\n{after}\nexit $status\n",
        jit().display()
    );
    std::fs::write(&path, text).expect("it can be written");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("it is ours");
    path
}

/// Kills the dispatcher around its first claim; the next one must find nothing left over, and do the work.
fn check_crash_at_claim(before: &str, after: &str) {
    let ground = Ground::new(&agent("true", ""));
    let issue = ground.issue("work");
    let wrapper = claim_wrapper(&ground, before, after);
    let wrapper = wrapper.to_str().expect("a plain name");
    let mut command = ground.command(super::ground::DISPATCH);
    let crashed = Running::start(command.args(["once", "--jit", wrapper])).finish();
    assert_eq!(crashed.status.code(), None, "it was killed");
    eventually("the claim has gone through or not", || !is_alive(wrapper));
    assert_eq!(
        ground
            .state()
            .active_runs()
            .expect("they can be listed")
            .len(),
        1
    );
    ground.run_well(&["start", "--until-idle"]);
    assert_eq!(ground.state_of(&issue), "done");
    assert_eq!(
        ground.state().active_runs().expect("they can be listed"),
        []
    );
    assert_eq!(
        ground.outcomes(&issue),
        ["canceled", "succeeded"],
        "a claim that came to nothing is charged to nobody"
    );
}

#[test]
fn a_dispatcher_killed_before_its_claim_leaves_nothing() {
    check_crash_at_claim("kill -9 $PPID; exit 1", "");
}

#[test]
fn a_dispatcher_killed_after_its_claim_leaves_nothing_claimed() {
    check_crash_at_claim("", "kill -9 $PPID");
}

#[test]
fn a_stop_during_a_claim_leaves_no_claim_without_an_owner() {
    let ground = Ground::new(&agent("true", ""));
    let issue = ground.issue("work");
    let before = "touch claiming; while [ ! -e go ]; do sleep 0.05; done";
    let wrapper = claim_wrapper(&ground, before, "");
    let mut command = ground.command(super::ground::DISPATCH);
    let dispatcher = Running::start(command.args(["once", "--jit"]).arg(wrapper));
    eventually("a claim is under way", || ground.path("claiming").exists());
    dispatcher.signal(Signal::INT);
    std::fs::write(ground.path("go"), "").expect("it can be written");
    let output = dispatcher.finish();
    assert!(output.status.success(), "{output:?}");
    eventually("its run has ended", || ground.state_of(&issue) == "done");
}

#[test]
fn a_claim_whose_answer_is_lost_is_asked_for_again_under_its_key() {
    // The first claim is won and then never answered.
    let ground = Ground::new(&format!("[jit]\ntimeout_secs = 2\n{}", agent("true", "")));
    let issue = ground.issue("work");
    let wrapper = claim_wrapper(&ground, "", "[ -e lost ] || { touch lost; exec sleep 60; }");
    let mut command = ground.command(super::ground::DISPATCH);
    command
        .args(["start", "--until-idle", "--jit"])
        .arg(wrapper);
    let output = Running::start(&mut command).finish();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(ground.state_of(&issue), "done");
    assert_eq!(ground.outcomes(&issue), ["canceled", "succeeded"]);
}

#[test]
fn the_end_of_a_run_is_kept_until_the_tracker_can_be_reached() {
    let ground = Ground::new(&agent("mv .jit hidden; touch at-work", ""));
    let issue = ground.issue("work");
    let dispatcher = ground.spawn(&["once", "--wait"]);
    eventually("the agent is gone", || {
        ground
            .events()
            .iter()
            .any(|event| event["type"] == "exited")
    });
    std::fs::rename(ground.path("hidden"), ground.path(".jit")).expect("it can be moved back");
    assert!(dispatcher.finish().status.success());
    assert_eq!(ground.state_of(&issue), "done");
}

#[test]
fn a_run_that_ended_unheard_is_settled_by_the_next_dispatcher() {
    let ground = Ground::new(&agent("mv .jit hidden", ""));
    let issue = ground.issue("work");
    let dispatcher = ground.spawn(&["once", "--wait"]);
    eventually("the agent is gone", || {
        ground
            .events()
            .iter()
            .any(|event| event["type"] == "exited")
    });
    dispatcher.signal(Signal::KILL);
    dispatcher.finish();
    let (_, story) = ground.stories().remove(0);
    let shim = story
        .shim
        .and_then(|shim| Pid::from_raw(i32::try_from(shim.pid).ok()?))
        .expect("it has a shim");
    rustix::process::kill_process(shim, Signal::KILL).expect("it still tries to settle");
    std::fs::rename(ground.path("hidden"), ground.path(".jit")).expect("it can be moved back");
    ground.run_well(&["start", "--until-idle"]);
    assert_eq!(
        (ground.state_of(&issue).as_str(), ground.outcomes(&issue)),
        ("done", vec!["succeeded".to_owned()])
    );
    assert_eq!(ground.stories().len(), 1, "it did not run again");
}
