//! `claim --slot`: counting semaphores that leases hold.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn a_full_slot_is_a_conflict_that_passes() {
    let repo = Repo::new();
    let (a, b) = (repo.create("A"), repo.create("B"));
    let slot = ["--slot", "account:main=1"];
    repo.ok(&[
        &["issue", "claim", &a, "copilot-1", "--ttl", "1h"][..],
        &slot,
    ]
    .concat());
    repo.check(
        &[&["issue", "claim", &b, "copilot-2"][..], &slot].concat(),
        expect![[r#"
            --- stderr
            error: slot `account:main` is full: 1 of 1 taken, by agent:copilot-1 on `0001abcdef`
            hint: jit lease list
            --- exit 6
        "#]],
    );
    repo.check(
        &[&["issue", "claim-next", "copilot-2", "--json"][..], &slot].concat(),
        expect![[r#"
            --- stderr
            {"error":{"code":"slot_full","details":{"holders":[{"holder":"agent:copilot-1","id":"0001abcdef"}],"id":"0002abcdef","max":1,"slot":"account:main"},"hint":"jit lease list","message":"slot `account:main` is full: 1 of 1 taken, by agent:copilot-1 on `0001abcdef`","retryable":true}}
            --- exit 6
        "#]],
    );
    assert_eq!(repo.state(&b), "ready");
    assert_eq!(
        repo.json(&["lease", "list"])[0]["slots"],
        serde_json::json!(["account:main"])
    );
    repo.ok(&["issue", "done", &a]);
    let taken = repo.json(&[&["issue", "claim-next", "copilot-2"][..], &slot].concat());
    assert_eq!(taken["id"], b.as_str());
    assert_eq!(taken["lease"]["slots"][0], "account:main");
}

#[test]
fn a_slot_that_means_nothing_is_refused() {
    let repo = Repo::new();
    let id = repo.create("A");
    for slot in ["account", "account=0", "=1", "a b=1", "account=many"] {
        let answer = repo.jit(&["issue", "claim", &id, "copilot-1", "--slot", slot]);
        assert_eq!(answer.code, 2, "{slot}: {answer:?}");
    }
    repo.check(
        &["claim", &id, "copilot-1", "--slot", "s=1", "--slot", "s=2"],
        expect![[r#"
            --- stderr
            error: --slot s is given with two limits, 1 and 2
            --- exit 2
        "#]],
    );
    assert_eq!(repo.state(&id), "ready");
}

#[test]
fn an_id_in_any_form_is_one_lease_one_place_and_one_receipt() {
    let repo = Repo::new();
    let id = repo.create("A");
    let forms = [
        id.clone(),
        id.to_uppercase(),
        id[..6].to_owned(),
        id[..4].to_uppercase(),
    ];
    for form in &forms {
        let claim = [
            "issue",
            "claim",
            form,
            "copilot-1",
            "--slot",
            "s=2",
            "--key",
            "run-1",
        ];
        let answer = repo.json(&claim);
        assert_eq!(answer["epoch"], 1, "{form}");
        assert_eq!(answer["changed"], *form == id, "{form}");
    }
    let both = format!("{},{}", forms[1], forms[2]);
    assert_eq!(repo.jit(&["issue", "claim", &both, "copilot-2"]).code, 6);
    let leases = repo.json(&["lease", "list", "--all"]);
    assert_eq!(leases.as_array().unwrap().len(), 1);
    let other = repo.create("B");
    repo.ok(&["issue", "claim", &other, "copilot-1", "--slot", "s=2"]);
    let kept = |folder: &str| {
        let folder = repo.root().join(".git/jit").join(folder);
        std::fs::read_dir(folder).unwrap().count()
    };
    assert_eq!((kept("leases"), kept("keys")), (2, 1));
    // What is meant decides in every role that an id plays.
    let waits = |form: &str, on: &str| {
        repo.json(&["dep", "add", form, on, "--key", "dep-1"])["changed"].clone()
    };
    let third = repo.create("C");
    assert_eq!(waits(&third, &other), true);
    assert_eq!(waits(&third[..5], &other.to_uppercase()), false);
}
