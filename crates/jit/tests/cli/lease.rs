//! The `jit lease` commands.

use crate::harness::{Repo, Surroundings};
use expect_test::expect;

#[test]
fn a_renewal_needs_the_current_epoch() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.ok(&["issue", "claim", &id, "copilot-1", "--ttl", "1h"]);
    repo.check(
        &["lease", "renew", &id],
        expect![[r#"
        --- stderr
        error: --epoch is needed: it says which lease is meant
        --- exit 2
    "#]],
    );
    let variables = [("JIT_ISSUE", id.as_str()), ("JIT_EPOCH", "1")];
    let held = Surroundings {
        variables: &variables,
        ..Surroundings::default()
    };
    assert_eq!(repo.jit_in(&["lease", "renew", &id[..4]], held).code, 0);
    repo.check(
        &["lease", "renew", &id, "--epoch", "1", "--json"],
        expect![[r#"
            {"cancel_requested":false,"code":null,"current":1,"epoch":1,"expires_at":"2026-01-31T12:00:00.000000Z","fenced":false,"id":"0001abcdef","ok":true}
        "#]],
    );
    repo.check(
        &["lease", "renew", &id, "--epoch", "2", "--json"],
        expect![[r#"
            --- stderr
            {"error":{"code":"lease_lost","details":{"current":1,"id":"0001abcdef","presented":2},"hint":"jit issue show 0001abcdef","message":"epoch 2 of issue `0001abcdef` is no longer current: the issue is held under epoch 1","retryable":false}}
            --- exit 7
        "#]],
    );
    repo.check(
        &["lease", "renew", "zzzz", "--epoch", "1"],
        expect![[r#"
        --- stderr
        error: no issue matches `zzzz`
        hint: jit issue list
        --- exit 3
    "#]],
    );
}

#[test]
fn a_batch_answers_line_by_line() {
    let repo = Repo::new();
    let held = repo.create("A");
    let free = repo.create("B");
    repo.ok(&["issue", "claim", &held, "copilot-1", "--ttl", "1h"]);
    let lines = format!(
        "{{\"id\":\"{held}\",\"epoch\":1}}\n{{\"id\":\"{free}\",\"epoch\":1}}\n{{\"id\":\"zzzzzzzzzz\",\"epoch\":1}}\n{{\"id\":\"zzzz\",\"epoch\":1}}\n{{\"id\":\"no/t\",\"epoch\":1}}\n{{\"id\":\"{held}\",\"epoch\":1}}\n"
    );
    let piped = |stdin| Surroundings {
        stdin,
        ..Surroundings::default()
    };
    repo.check_in(
        &["lease", "renew", "--batch", "-", "--json"],
        piped(&lines),
        expect![[r#"
            {"cancel_requested":false,"code":null,"current":1,"epoch":1,"expires_at":"2026-01-31T12:00:00.000000Z","fenced":false,"id":"0001abcdef","ok":true}
            {"cancel_requested":false,"code":"lease_lost","current":null,"epoch":1,"expires_at":null,"fenced":true,"id":"0002abcdef","ok":false}
            {"cancel_requested":false,"code":"not_found","current":null,"epoch":1,"expires_at":null,"fenced":false,"id":"zzzzzzzzzz","ok":false}
            {"cancel_requested":false,"code":"not_found","current":null,"epoch":1,"expires_at":null,"fenced":false,"id":"zzzz","ok":false}
            {"cancel_requested":false,"code":"not_found","current":null,"epoch":1,"expires_at":null,"fenced":false,"id":"no/t","ok":false}
            {"cancel_requested":false,"code":null,"current":1,"epoch":1,"expires_at":"2026-01-31T12:00:00.000000Z","fenced":false,"id":"0001abcdef","ok":true}
        "#]],
    );
    repo.check_in(
        &["lease", "renew", "--batch", "-", "--json"],
        piped("{}\n"),
        expect![[r#"
            --- stderr
            {"error":{"code":"invalid_value","details":{"line":1},"hint":null,"message":"line 1: an object with `id` and `epoch` is expected","retryable":false}}
            --- exit 4
        "#]],
    );
}

#[test]
fn leases_are_listed_and_swept() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.ok(&["issue", "claim", &id, "copilot-1", "--ttl", "1h"]);
    repo.check(
        &["lease", "list"],
        expect![[r#"
        0001abcdef  1  held  agent:copilot-1  2026-01-31T12:00:00.000000Z
    "#]],
    );
    repo.check(&["lease", "list", "--json"], expect![[r#"
        [{"actor":"human:tester","cancel_requested":false,"epoch":1,"expires_at":"2026-01-31T12:00:00.000000Z","granted_at":"2026-01-31T12:00:00.000000Z","holder":"agent:copilot-1","host":"example-host","issue":"0001abcdef","renew_seq":0,"renewed_at":"2026-01-31T12:00:00.000000Z","state":"held","ttl_ms":3600000}]
    "#]]);
    repo.check(
        &["lease", "sweep"],
        expect![[r#"
        --- stderr
        Nothing to change.
    "#]],
    );
    repo.check(
        &["lease", "sweep", "--json"],
        expect![[r#"
        []
    "#]],
    );
    repo.ok(&["issue", "done", &id]);
    repo.check(&["lease", "list"], expect![]);
    repo.check(
        &["lease", "list", "--all"],
        expect![[r#"
        0001abcdef  1  released  agent:copilot-1  2026-01-31T12:00:00.000000Z
    "#]],
    );
}
