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
        [{"actor":"human:tester","cancel_requested":false,"epoch":1,"expires_at":"2026-01-31T12:00:00.000000Z","granted_at":"2026-01-31T12:00:00.000000Z","holder":"agent:copilot-1","host":"example-host","issue":"0001abcdef","pid":null,"pid_start":null,"renew_seq":0,"renewed_at":"2026-01-31T12:00:00.000000Z","slots":[],"state":"held","ttl_ms":3600000}]
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

#[test]
fn a_check_says_whether_the_epoch_is_current() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.ok(&["issue", "claim", &id, "copilot-1", "--ttl", "1h"]);
    repo.check(
        &["lease", "check", &id, "--epoch", "1"],
        expect![[r#"
        --- stderr
        agent:copilot-1 holds 0001abcdef (epoch 1).
    "#]],
    );
    repo.check(
        &["lease", "check", &id, "--epoch", "1", "--json"],
        expect![[r#"
            {"actor":"human:tester","cancel_requested":false,"epoch":1,"expires_at":"2026-01-31T12:00:00.000000Z","granted_at":"2026-01-31T12:00:00.000000Z","holder":"agent:copilot-1","host":"example-host","issue":"0001abcdef","pid":null,"pid_start":null,"renew_seq":0,"renewed_at":"2026-01-31T12:00:00.000000Z","slots":[],"state":"held","ttl_ms":3600000}
        "#]],
    );
    repo.check(
        &["lease", "check", &id, "--epoch", "2", "--json"],
        expect![[r#"
            --- stderr
            {"error":{"code":"lease_lost","details":{"current":1,"id":"0001abcdef","presented":2},"hint":"jit issue show 0001abcdef","message":"epoch 2 of issue `0001abcdef` is no longer current: the issue is held under epoch 1","retryable":false}}
            --- exit 7
        "#]],
    );
    repo.check(
        &["lease", "check", &id],
        expect![[r#"
        --- stderr
        error: --epoch is needed: it says which lease is meant
        --- exit 2
    "#]],
    );
    repo.check(
        &["lease", "check", "--epoch", "1"],
        expect![[r#"
        --- stderr
        error: name an issue, or set JIT_ISSUE
        --- exit 2
    "#]],
    );
    repo.check(
        &["lease", "check", "zzzz", "--epoch", "1"],
        expect![[r#"
        --- stderr
        error: no issue matches `zzzz`
        hint: jit issue list
        --- exit 3
    "#]],
    );
}

#[test]
fn a_check_needs_no_words_where_the_environment_names_the_lease() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.ok(&["issue", "claim", &id, "copilot-1", "--ttl", "1h"]);
    let variables = [("JIT_ISSUE", id.as_str()), ("JIT_EPOCH", "1")];
    let held = Surroundings {
        variables: &variables,
        ..Surroundings::default()
    };
    repo.check_in(
        &["lease", "check"],
        held,
        expect![[r#"
        --- stderr
        agent:copilot-1 holds 0001abcdef (epoch 1).
    "#]],
    );
    assert_eq!(repo.jit_in(&["lease", "check", &id[..4]], held).code, 0);
    let contradiction = repo.jit_in(&["lease", "check", &id, "--epoch", "2"], held);
    assert_eq!(contradiction.code, 7, "{contradiction:?}");
    let other = repo.create("B");
    let unfenced = repo.jit(&["lease", "check", &other]);
    assert_eq!(unfenced.code, 2, "{unfenced:?}");
    assert_eq!(repo.jit_in(&["lease", "check", &other], held), unfenced);
    repo.ok(&["issue", "done", &id]);
    assert_eq!(repo.jit_in(&["lease", "check"], held).code, 7);
}

#[test]
fn a_holder_learns_that_it_is_asked_to_stop() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.check(
        &["lease", "cancel", &id],
        expect![[r#"
        --- stderr
        Nothing to change.
    "#]],
    );
    repo.ok(&["issue", "claim", &id, "copilot-1", "--ttl", "1h"]);
    repo.check(
        &["lease", "cancel", &id],
        expect![[r#"
        --- stderr
        Asked agent:copilot-1 to stop work on 0001abcdef (epoch 1).
    "#]],
    );
    repo.check(
        &["lease", "cancel", &id],
        expect![[r#"
        --- stderr
        Nothing to change.
    "#]],
    );
    let wish = |arguments: &[&str]| repo.json(arguments)["cancel_requested"].clone();
    assert_eq!(wish(&["lease", "renew", &id, "--epoch", "1"]), true);
    assert_eq!(wish(&["lease", "check", &id, "--epoch", "1"]), true);
    assert_eq!(repo.json(&["lease", "list"])[0]["cancel_requested"], true);
    assert_eq!(
        repo.json(&["issue", "show", &id])["lease"]["cancel_requested"],
        true
    );
    repo.check(
        &["lease", "check", &id, "--epoch", "1"],
        expect![[r#"
        --- stderr
        agent:copilot-1 holds 0001abcdef (epoch 1).
        Somebody asks the holder to stop.
    "#]],
    );
}

#[test]
fn a_batch_hears_of_the_wish_to_stop() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.ok(&["issue", "claim", &id, "copilot-1", "--ttl", "1h"]);
    repo.ok(&["lease", "cancel", &id, "--epoch", "1"]);
    let lines = format!("{{\"id\":\"{id}\",\"epoch\":1}}\n");
    let piped = Surroundings {
        stdin: &lines,
        ..Surroundings::default()
    };
    repo.check_in(
        &["lease", "renew", "--batch", "-", "--json"],
        piped,
        expect![[r#"
            {"cancel_requested":true,"code":null,"current":1,"epoch":1,"expires_at":"2026-01-31T12:00:00.000000Z","fenced":false,"id":"0001abcdef","ok":true}
        "#]],
    );
    repo.check(
        &["lease", "cancel", &id, "--epoch", "2"],
        expect![[r#"
        --- stderr
        error: epoch 2 of issue `0001abcdef` is no longer current: the issue is held under epoch 1
        hint: jit issue show 0001abcdef
        --- exit 7
    "#]],
    );
}

#[test]
fn a_wish_to_stop_is_repeated_under_its_key() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.ok(&["issue", "claim", &id, "copilot-1", "--key", "claim-1"]);
    let cancel = |form: &str| repo.json(&["lease", "cancel", form, "--key", "cancel-1"]);
    assert_eq!(cancel(&id)["changed"], true);
    assert_eq!(cancel(&id)["changed"], false);
    assert_eq!(cancel(&id[..6].to_uppercase())["changed"], false);
    repo.ok(&["issue", "done", &id]);
    assert_eq!(cancel(&id)["changed"], false, "the wish was heard once");
}

#[test]
fn only_a_process_that_does_the_work_is_named() {
    let repo = Repo::new();
    let id = repo.create("A");
    let own = std::process::id().to_string();
    let lease = repo.json(&[
        "issue",
        "claim",
        &id,
        "copilot-1",
        "--ttl",
        "1h",
        "--pid",
        &own,
    ]);
    assert_eq!(lease["lease"]["pid"].to_string(), own);
    assert!(lease["lease"]["pid_start"].is_u64() || !cfg!(target_os = "linux"));
    let other = repo.create("B");
    let claimed = repo.json(&["issue", "claim", &other, "copilot-1", "--ttl", "1h"]);
    assert!(
        claimed["lease"]["pid"].is_null(),
        "the claim itself is no worker"
    );
    repo.ok(&["lease", "renew", &other, "--epoch", "1", "--pid", &own]);
    let unknown = repo.jit(&[
        "lease",
        "renew",
        &other,
        "--epoch",
        "1",
        "--pid",
        "4294967295:1",
    ]);
    assert_eq!(unknown.code, 0, "to prolong matters more: {unknown:?}");
    assert!(
        unknown.stderr.contains("is no living process"),
        "{unknown:?}"
    );
    let lines = format!("{{\"id\":\"{other}\",\"epoch\":1,\"pid\":4294967295}}\n");
    let piped = Surroundings {
        stdin: &lines,
        ..Surroundings::default()
    };
    assert_eq!(
        repo.jit_in(&["lease", "renew", "--batch", "-"], piped).code,
        0
    );
    let pids: Vec<String> = repo
        .json(&["lease", "list"])
        .as_array()
        .unwrap()
        .iter()
        .map(|lease| lease["pid"].to_string())
        .collect();
    assert_eq!(
        pids,
        [own.clone(), own],
        "a renewal that names nobody keeps who was named"
    );
}

#[test]
fn a_process_that_is_not_there_does_no_work() {
    let repo = Repo::new();
    let free = repo.create("A");
    repo.check(
        &["issue", "claim", &free, "copilot-1", "--pid", "4294967295"],
        expect![[r#"
            --- stderr
            error: pid: 4294967295 is no living process
            hint: name the process that lives as long as the work does
            --- exit 4
        "#]],
    );
    assert_eq!(repo.state(&free), "ready");
}
