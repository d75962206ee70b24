//! Leases as other processes see them: running out, being fenced, and settling twice.
//!
//! Owns the laws of the lease section of the tracker contract that need real time or real environments.

use crate::support::program::{Answer, jit};
use crate::support::repo::{Repo, epoch, eventually};

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
