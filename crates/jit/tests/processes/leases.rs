//! Leases as other processes see them: running out, being fenced, and settling twice.
//!
//! Owns the laws of the lease section of the tracker contract that need real time or real environments.

use std::fs::File;
use std::io::Write as _;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::program::{Answer, JIT, jit, program};
use crate::support::repo::{Repo, epoch, eventually};
use crate::support::state::State;

#[test]
fn an_expired_lease_frees_its_issue() {
    let repo = Repo::new();
    let id = repo.create("task");
    let granted = repo.json(&["issue", "claim", &id, "agent:slow", "--ttl", "1s"]);
    assert_eq!(granted["state"], "in_progress");
    let first = epoch(&granted);
    eventually("the issue of an expired lease is ready", || {
        repo.show(&id)["state"] == "ready"
    });
    let ready = repo.json(&["query", "ready"]);
    assert_eq!(
        ready[0]["id"],
        id.as_str(),
        "an issue nobody holds is work to take"
    );
    assert!(
        repo.events(&["--type", "lease.expired"]).is_empty(),
        "reads record nothing"
    );

    let late = repo.jit(&[
        "issue",
        "done",
        &id,
        "--epoch",
        &first.to_string(),
        "--json",
    ]);
    assert_eq!(late.code, Some(7), "{late:?}");
    assert_eq!(repo.show(&id)["state"], "ready");
    repo.create("the next write");
    let expired = repo.events(&["--type", "lease.expired"]);
    assert_eq!(expired.len(), 1, "{expired:?}");
    assert_eq!(
        (expired[0]["issue"].as_str(), expired[0]["epoch"].as_u64()),
        (Some(id.as_str()), Some(first))
    );
    assert!(repo.show(&id)["assignee"].is_null());

    let second = epoch(&repo.json(&["issue", "claim", &id, "agent:quick"]));
    assert!(second > first, "an epoch only ever rises");
    for stale in [
        &["issue", "done"][..],
        &["issue", "release"],
        &["lease", "renew"],
    ] {
        let before = repo.show(&id);
        let answer = repo.jit(&[stale, &[&id, "--epoch", &first.to_string(), "--json"]].concat());
        assert_eq!(answer.code, Some(7), "{stale:?}: {answer:?}");
        assert_eq!(repo.show(&id), before, "{stale:?} wrote nothing");
    }
}

#[test]
fn a_renewed_lease_outlives_its_first_ttl() {
    let repo = Repo::new();
    let (kept, lost) = (repo.create("kept"), repo.create("lost"));
    let claim = |id: &str| epoch(&repo.json(&["issue", "claim", id, "agent:a", "--ttl", "3s"]));
    let held = claim(&kept).to_string();
    claim(&lost);
    eventually("the lease that nobody renews runs out", || {
        repo.json(&["lease", "renew", &kept, "--epoch", &held]);
        repo.show(&lost)["state"] == "ready"
    });
    assert_eq!(repo.show(&kept)["state"], "in_progress");
    assert_eq!(
        epoch(&repo.show(&kept)).to_string(),
        held,
        "a renewal is no grant"
    );
    assert!(
        repo.events(&["--issue", &kept, "--type", "lease.expired"])
            .is_empty()
    );
}

#[test]
fn a_settling_write_may_be_repeated() {
    for verb in ["done", "release"] {
        let repo = Repo::new();
        let id = repo.create("task");
        let held = epoch(&repo.json(&["issue", "claim", &id, "agent:a"])).to_string();
        let settle = ["issue", verb, &id, "--epoch", &held, "--actor", "agent:a"];
        assert_eq!(repo.json(&settle)["changed"], true, "{verb}");
        let settled = repo.show(&id);
        assert_eq!(repo.json(&settle)["changed"], false, "{verb} again");
        assert_eq!(repo.show(&id), settled, "{verb} again writes nothing");
    }
}

#[test]
fn comments_pass_until_the_next_grant() {
    let repo = Repo::new();
    let id = repo.create("task");
    let first = epoch(&repo.json(&["issue", "claim", &id, "agent:a"])).to_string();
    repo.ok(&["issue", "release", &id, "--epoch", &first]);
    repo.ok(&["issue", "comment", &id, "last words", "--epoch", &first]);
    repo.json(&["issue", "claim", &id, "agent:b"]);
    let late = repo.jit(&[
        "issue", "comment", &id, "too late", "--epoch", &first, "--json",
    ]);
    assert_eq!(late.code, Some(7), "{late:?}");
    assert_eq!(repo.show(&id)["comments"].as_array().unwrap().len(), 1);
}

#[test]
fn the_environment_fences_one_issue() {
    let repo = Repo::new();
    let (id, other) = (repo.create("task"), repo.create("other"));
    let first = epoch(&repo.json(&["issue", "claim", &id, "agent:a"])).to_string();
    let fenced = |arguments: &[&str]| {
        Answer::of(
            jit(repo.root(), arguments)
                .env("JIT_ISSUE", &id)
                .env("JIT_EPOCH", &first),
        )
    };
    let label =
        |id: &str, label: &str| fenced(&["issue", "update", id, "--label", label, "--json"]);
    assert_eq!(label(&id, "mine").code, Some(0), "the live epoch writes");
    repo.ok(&["issue", "release", &id, "--force"]);
    repo.json(&["issue", "claim", &id, "agent:b"]);
    let before = repo.show(&id);
    for answer in [
        label(&id, "stale"),
        fenced(&["issue", "done", &id, "--json"]),
        fenced(&["issue", "done", &id[..6], "--json"]),
    ] {
        assert_eq!(answer.code, Some(7), "{answer:?}");
    }
    assert_eq!(repo.show(&id), before, "nothing was written");
    assert_eq!(
        label(&other, "free").code,
        Some(0),
        "other issues are not fenced"
    );
}

#[test]
fn anybody_may_finish_but_only_the_holder_releases() {
    let repo = Repo::new();
    let id = repo.create("task");
    repo.json(&["issue", "claim", &id, "agent:a"]);
    let stranger = repo.jit(&["issue", "release", &id, "--actor", "agent:b", "--json"]);
    assert_eq!(stranger.code, Some(4), "{stranger:?}");
    assert_eq!(repo.show(&id)["assignee"], "agent:a");
    repo.ok(&["issue", "done", &id, "--actor", "agent:b"]);
    assert_eq!(repo.show(&id)["state"], "done");
}

/// Everything that a holder may write, in a shell that knows its issue and its epoch, and the exit code of each.
const LAST_WORDS: &str = r#"
read -r _
for words in "issue done" "issue release --force" "issue update --label late" "issue comment late" "issue reject" \
    "issue hold late" "issue assign agent:x" "issue unassign" "issue label late" "issue archive" "issue delete" \
    "lease renew" "lease cancel" "issue claim" "gate add review" "gate pass review"
do
    set -- $words
    verb="$1 $2"; shift 2
    "$0" $verb "$JIT_ISSUE" "$@" 2>/dev/null
    echo "$verb $?"
done
"#;

fn send(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a child has a number"), signal).expect("it is our child");
}

#[test]
fn a_holder_that_slept_through_its_lease_writes_nothing() {
    let repo = Repo::new();
    let id = repo.create("task");
    repo.ok(&["gate", "define", "review", "--title", "Review"]);
    let first = repo.json(&["issue", "claim", &id, "agent:slow", "--ttl", "1s"]);
    let mut holder = program("sh", repo.root())
        .args(["-c", LAST_WORDS, JIT])
        .env("JIT_ISSUE", &id)
        .env("JIT_EPOCH", epoch(&first).to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell can be started");
    send(&holder, Signal::STOP);
    eventually("the lease of the sleeper runs out", || {
        repo.show(&id)["state"] == "ready"
    });
    let second = repo.json(&["issue", "claim", &id, "agent:quick"]);
    assert!(epoch(&second) > epoch(&first));
    let before = State::on_disk(repo.root());
    send(&holder, Signal::CONT);
    let mut stdin = holder.stdin.take().expect("its input is a pipe");
    stdin.write_all(b"go\n").expect("it listens again");
    drop(stdin);
    let answer: Answer = holder.wait_with_output().expect("it ends").into();
    let ends: Vec<&str> = answer.stdout.lines().collect();
    assert_eq!(ends.len(), 16, "{answer:?}");
    assert!(ends.iter().all(|end| end.ends_with(" 7")), "{ends:?}");
    assert!(before.is_ok(), "{before:?}");
    assert_eq!(
        State::on_disk(repo.root()),
        before,
        "no issue, no lease and no event was written"
    );
    assert_eq!(repo.show(&id)["assignee"], "agent:quick");
}

/// Returns whether the kernel has put a process in the queue for a lock, where it gets it even while it is stopped.
fn is_queued(process: &Child) -> bool {
    let locks = std::fs::read_to_string("/proc/locks").expect("the kernel lists its locks");
    let number = process.id().to_string();
    locks
        .lines()
        .any(|line| line.contains("->") && line.split_whitespace().any(|word| word == number))
}

/// Starts a command and stops it before it has its turn.
fn stopped_before_the_lock(repo: &Repo, arguments: &[&str]) -> Child {
    let lock = File::open(repo.root().join(".jit")).expect("the directory can be opened");
    lock.lock().expect("nobody else writes");
    loop {
        let mut sleeper = jit(repo.root(), arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("jit can be started");
        send(&sleeper, Signal::STOP);
        if !is_queued(&sleeper) {
            return sleeper;
        }
        sleeper.kill().expect("a child can be killed");
        sleeper.wait().expect("a child can be waited for");
    }
}

#[test]
fn a_command_that_slept_on_its_way_to_the_lock_writes_nothing() {
    let repo = Repo::new();
    let id = repo.create("task");
    let first = epoch(&repo.json(&["issue", "claim", &id, "agent:slow", "--ttl", "1s"]));
    let arguments = [
        "issue",
        "done",
        &id,
        "--epoch",
        &first.to_string(),
        "--json",
    ];
    let sleeper = stopped_before_the_lock(&repo, &arguments);
    eventually("the lease of the sleeper runs out", || {
        repo.show(&id)["state"] == "ready"
    });
    repo.json(&["issue", "claim", &id, "agent:quick"]);
    let before = repo.show(&id);
    send(&sleeper, Signal::CONT);
    let answer: Answer = sleeper.wait_with_output().expect("it ends").into();
    assert_eq!(answer.code, Some(7), "{answer:?}");
    assert_eq!(repo.show(&id), before, "nothing was written");
}
