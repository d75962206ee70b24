//! `jit issue claim-next`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn takes_the_most_urgent_and_prints_its_id() {
    let repo = Repo::new();
    repo.create_with("Low", &["-p", "low"]);
    let high = repo.create_with("High", &["-p", "high"]);
    assert_eq!(repo.ok(&["issue", "claim-next", "copilot-1"]), high);
    repo.check(
        &[
            "issue",
            "claim-next",
            "copilot-1",
            "--label",
            "nobody-has-it",
        ],
        expect![[r#"
            --- stderr
            error: no issue is ready for agent:copilot-1
            hint: jit query blocked
            --- exit 3
        "#]],
    );
    repo.check(
        &[
            "issue",
            "claim-next",
            "copilot-1",
            "--priority",
            "normal",
            "--json",
        ],
        expect![[r#"
            --- stderr
            {"error":{"code":"nothing_ready","details":{"who":"agent:copilot-1"},"hint":"jit query blocked","message":"no issue is ready for agent:copilot-1","retryable":true}}
            --- exit 3
        "#]],
    );
}

#[test]
fn what_is_assigned_comes_first() {
    let repo = Repo::new();
    repo.create_with("Urgent", &["-p", "critical"]);
    let mine = repo.create_with("Mine", &["-p", "low", "--assignee", "copilot-1"]);
    assert_eq!(repo.ok(&["issue", "claim-next", "copilot-1"]), mine);
}
