//! `jit issue claim`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn grants_a_lease_and_an_epoch() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.check(
        &["issue", "claim", &id, "copilot-1"],
        expect![[r#"
        --- stderr
        Claimed 0001abcdef for agent:copilot-1 (epoch 1).
    "#]],
    );
    repo.check(
        &["issue", "show", &id],
        expect![[r#"
        0001abcdef  A
        in_progress, normal, task
        assignee:     agent:copilot-1
        lease:        agent:copilot-1, epoch 1, never expires

        created:      2026-01-31T12:00:00.000000Z by human:tester
        updated:      2026-01-31T12:00:00.000000Z
        rev:          2, etag e7a90000000000000001
    "#]],
    );
    repo.check(
        &["issue", "claim", &id, "copilot-2"],
        expect![[r#"
        --- stderr
        error: issue `0001abcdef` is held by agent:copilot-1
        hint: jit issue show 0001abcdef
        --- exit 6
    "#]],
    );
    repo.check(&["issue", "claim", &id, "copilot-1", "--json"], expect![[r#"
        --- stderr
        {"error":{"code":"already_claimed","details":{"epoch":1,"holder":"agent:copilot-1","id":"0001abcdef"},"hint":"jit issue show 0001abcdef","message":"issue `0001abcdef` is held by agent:copilot-1","retryable":false}}
        --- exit 6
    "#]]);
}

#[test]
fn only_what_is_ready_can_be_claimed() {
    let repo = Repo::new();
    let first = repo.create("First");
    let second = repo.create_with("Second", &["--dep", &first]);
    let third = repo.create_with("Third", &["--assignee", "ada"]);
    repo.check(
        &["issue", "claim", &second, "copilot-1"],
        expect![[r#"
        --- stderr
        error: issue `0002abcdef` is not ready: dependency 0001abcdef is not resolved
        hint: jit why 0002abcdef
        --- exit 4
    "#]],
    );
    repo.check(
        &["issue", "claim", &second, "copilot-1", "--json"],
        expect![[r#"
            --- stderr
            {"error":{"code":"not_ready","details":{"blocked_by":[{"id":"0001abcdef","kind":"dependency","state":"open"}],"id":"0002abcdef"},"hint":"jit why 0002abcdef","message":"issue `0002abcdef` is not ready: dependency 0001abcdef is not resolved","retryable":false}}
            --- exit 4
        "#]],
    );
    repo.check(
        &["issue", "claim", &third, "copilot-1"],
        expect![[r#"
        --- stderr
        error: issue `0003abcdef` is assigned to agent:ada
        hint: jit issue show 0003abcdef
        --- exit 6
    "#]],
    );
}

#[test]
fn who_is_the_actor_when_left_out() {
    let repo = Repo::new();
    let id = repo.create("A");
    let claimed = repo.json(&["claim", &id, "--ttl", "30m", "--actor", "ci:nightly"]);
    assert_eq!(claimed["assignee"], "ci:nightly");
    assert_eq!(claimed["lease"]["ttl_ms"], 1_800_000);
    assert_eq!(claimed["epoch"], 1);
    assert_eq!(claimed["transitions"][0]["to"], "in_progress");
    repo.check(&["issue", "claim", &id, "--ttl", "soon"], expect![[r#"
        --- stderr
        error: invalid value 'soon' for '--ttl <DURATION>': `soon` is not a duration, write one like 30s, 45m, 2h or 1d
        --- exit 2
    "#]]);
    repo.check(&["issue", "claim", &id, "human:"], expect![[r#"
        --- stderr
        error: invalid value 'human:' for '[WHO]': `human:` does not name anybody, write `kind:name` such as agent:copilot-1 or human:ada, or a bare agent name
        --- exit 2
    "#]]);
}
