//! `jit status`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn counts_by_shown_state() {
    let repo = Repo::new();
    let parser = repo.create("Implement parser");
    repo.create_with("Write tests", &["--dep", &parser]);
    repo.ok(&["issue", "claim", &parser, "copilot-1"]);
    repo.check(
        &["status"],
        expect![[r#"
        ready            0
        open             1
        in_progress      1
        gated            0
        done             0
        rejected         0
        archived         0

        Leases
        0001abcdef  1  held  agent:copilot-1  -
    "#]],
    );
    repo.check(&["status", "--json"], expect![[r#"
        {"counts":{"archived":0,"done":0,"gated":0,"in_progress":1,"open":1,"ready":0,"rejected":0},"leases":[{"actor":"human:tester","cancel_requested":false,"epoch":1,"expires_at":null,"granted_at":"2026-01-31T12:00:00.000000Z","holder":"agent:copilot-1","host":"example-host","issue":"0001abcdef","pid":null,"pid_start":null,"renew_seq":0,"renewed_at":"2026-01-31T12:00:00.000000Z","slots":[],"state":"held","ttl_ms":null}],"problems":[],"root":"/repo","store":"/repo/.jit","total":2}
    "#]]);
}

#[test]
fn names_what_cannot_be_read() {
    let repo = Repo::new();
    repo.write(".jit/issues/zz/zzzzzzzzzz.json", "{ not json");
    let status = repo.json(&["status"]);
    assert_eq!(
        status["problems"][0]["path"],
        ".jit/issues/zz/zzzzzzzzzz.json"
    );
    assert_eq!(status["problems"][0]["issue"], "zzzzzzzzzz");
}
