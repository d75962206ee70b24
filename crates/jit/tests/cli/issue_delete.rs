//! `jit issue delete`.

use crate::harness::{Repo, Surroundings};
use expect_test::expect;

#[test]
fn a_deleted_issue_is_hidden_everywhere() {
    let repo = Repo::new();
    let gone = repo.create_with("Gone", &["--label", "area:core"]);
    let stays = repo.create("Stays");
    repo.check(
        &["issue", "delete", &gone],
        expect![[r#"
        --- stderr
        Deleted 0001abcdef Gone
        To take it back: jit issue delete --restore 0001abcdef
    "#]],
    );
    repo.check(
        &["issue", "list", "--all"],
        expect![[r#"
        0002abcdef  normal  ready  -  Stays
    "#]],
    );
    repo.check(
        &["issue", "show", &gone],
        expect![[r#"
        --- stderr
        error: no issue matches `0001abcdef`
        hint: jit issue list
        --- exit 3
    "#]],
    );
    let claim = repo.jit(&["issue", "claim", &gone, "copilot-1"]);
    assert_eq!(claim.code, 3, "{claim:?}");
    repo.check(
        &["dep", "add", &stays, &gone],
        expect![[r#"
        --- stderr
        error: no issue matches `0001abcdef`
        hint: jit issue list
        --- exit 3
    "#]],
    );
    repo.check(
        &["issue", "delete", &gone],
        expect![[r#"
        --- stderr
        Nothing to change.
    "#]],
    );
    let by_prefix = repo.jit(&["issue", "delete", &gone[..9]]);
    assert_eq!(
        by_prefix.code, 3,
        "a tombstone has no prefix: {by_prefix:?}"
    );
    assert_eq!(repo.ready(), [stays.as_str()]);
    repo.check(
        &["validate"],
        expect![[r#"
        --- stderr
        2 issues, nothing is wrong.
    "#]],
    );
}

#[test]
fn what_hangs_on_it_refuses() {
    let repo = Repo::new();
    let epic = repo.create("Epic");
    let task = repo.create_with("Task", &["--parent", &epic]);
    let next = repo.create_with("Next", &["--dep", &epic]);
    repo.check(&["issue", "delete", &epic], expect![[r#"
        --- stderr
        error: issue `0001abcdef` can't be deleted: 0003abcdef depends on it; 0002abcdef is a part of it
        hint: jit issue show 0001abcdef
        --- exit 4
    "#]]);
    repo.check(&["issue", "delete", &epic, "--json"], expect![[r#"
        --- stderr
        {"error":{"code":"refused","details":{"children":["0002abcdef"],"dependents":["0003abcdef"],"holder":null,"id":"0001abcdef"},"hint":"jit issue show 0001abcdef","message":"issue `0001abcdef` can't be deleted: 0003abcdef depends on it; 0002abcdef is a part of it","retryable":false}}
        --- exit 4
    "#]]);
    assert_eq!(repo.state(&next), "open", "nothing has changed");
    assert_eq!(repo.state(&task), "ready");
}

#[test]
fn force_cuts_the_edges_and_logs_it() {
    let repo = Repo::new();
    let epic = repo.create("Epic");
    let task = repo.create_with("Task", &["--parent", &epic]);
    repo.create_with("Next", &["--dep", &epic]);
    repo.check(
        &["issue", "delete", &epic, "--force", "--dry-run"],
        expect![[r#"
            --- stderr
            Dry run: nothing was written.
        "#]],
    );
    repo.check(
        &["issue", "delete", &epic, "--force"],
        expect![[r#"
        --- stderr
        Deleted 0001abcdef Epic
        Now ready: 0003abcdef Next
        To take it back: jit issue delete --restore 0001abcdef
    "#]],
    );
    repo.check(
        &[
            "events",
            "query",
            "--fields",
            "type,issue,note,changes",
            "--type",
            "dep.removed,issue.updated,issue.deleted",
            "--json",
        ],
        expect![[r#"
            {"changes":{"dependencies":[["0001abcdef"],[]]},"issue":"0003abcdef","note":"0001abcdef was deleted","type":"dep.removed"}
            {"changes":{"parent":["0001abcdef",null]},"issue":"0002abcdef","note":"0001abcdef was deleted","type":"issue.updated"}
            {"changes":{"deleted":[null,{"at":"2026-01-31T12:00:00.000000Z","by":"human:tester"}]},"issue":"0001abcdef","note":"forced: 0003abcdef depends on it; 0002abcdef is a part of it","type":"issue.deleted"}
        "#]],
    );
    repo.check(
        &["issue", "delete", &epic, "--restore"],
        expect![[r#"
        --- stderr
        Restored 0001abcdef (ready).
    "#]],
    );
    let issue = repo.json(&["issue", "show", &epic]);
    assert_eq!(issue["dependents"].as_array().map(Vec::len), Some(0));
    assert_eq!(
        repo.json(&["issue", "show", &task])["parent"],
        serde_json::Value::Null
    );
}

#[test]
fn a_live_lease_refuses_and_force_ends_it() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.ok(&["issue", "claim", &id, "copilot-1"]);
    repo.check(
        &["issue", "delete", &id],
        expect![[r#"
        --- stderr
        error: issue `0001abcdef` can't be deleted: agent:copilot-1 holds it
        hint: jit issue show 0001abcdef
        --- exit 4
    "#]],
    );
    repo.ok(&["issue", "delete", &id, "--force"]);
    repo.check(
        &["lease", "renew", &id, "--epoch", "1"],
        expect![[r#"
        --- stderr
        error: no issue matches `0001abcdef`
        hint: jit issue list
        --- exit 3
    "#]],
    );
    let held = [("JIT_ISSUE", id.as_str()), ("JIT_EPOCH", "1")];
    let holder = Surroundings {
        variables: &held,
        ..Surroundings::default()
    };
    repo.check_in(
        &["issue", "done", &id],
        holder,
        expect![[r#"
        --- stderr
        error: no issue matches `0001abcdef`
        hint: jit issue list
        --- exit 3
    "#]],
    );
    repo.check(
        &["issue", "delete", "--restore", &id],
        expect![[r#"
        --- stderr
        Restored 0001abcdef (ready).
    "#]],
    );
    repo.check_in(
        &["issue", "done", &id],
        holder,
        expect![[r#"
        --- stderr
        error: epoch 1 of issue `0001abcdef` is no longer current: nobody holds the issue now
        hint: jit issue show 0001abcdef
        --- exit 7
    "#]],
    );
}

#[test]
fn several_go_together_or_not_at_all() {
    let repo = Repo::new();
    let first = repo.create("First");
    let second = repo.create_with("Second", &["--dep", &first]);
    let third = repo.create_with("Third", &["--dep", &second]);
    let both = format!("{first},{second}");
    repo.check(
        &["issue", "delete", &both],
        expect![[r#"
        --- stderr
        error: issue `0002abcdef` can't be deleted: 0003abcdef depends on it
        hint: jit issue show 0002abcdef
        --- exit 4
    "#]],
    );
    assert_eq!(repo.state(&first), "ready");
    repo.check(
        &["issue", "delete", &both, &third, "-o", "id"],
        expect![[r#"
            0001abcdef
            0002abcdef
            0003abcdef
            --- stderr
            Deleted 0001abcdef First
            Deleted 0002abcdef Second
            Deleted 0003abcdef Third
            To take it back: jit issue delete --restore 0001abcdef,0002abcdef,0003abcdef
        "#]],
    );
    repo.check(&["issue", "list"], expect![[""]]);
    let ids = format!("{third}\n{first}\n{second}\n");
    let piped = Surroundings {
        stdin: &ids,
        ..Surroundings::default()
    };
    repo.check_in(
        &["issue", "delete", "--restore", "-"],
        piped,
        expect![[r#"
        --- stderr
        Restored 0003abcdef (open).
        Restored 0001abcdef (ready).
        Restored 0002abcdef (open).
    "#]],
    );
    assert_eq!(repo.state(&third), "open", "edges among them were kept");
}

#[test]
fn conditions_and_keys_hold() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.check(
        &["issue", "delete", &id, "--if-etag", "0123"],
        expect![[r#"
            --- stderr
            error: issue `0001abcdef` has changed: its etag is e7a90000000000000001
            hint: jit issue show 0001abcdef
            --- exit 6
        "#]],
    );
    repo.ok(&["issue", "delete", &id, "--key", "k1"]);
    let again = repo.json(&["issue", "delete", &id, "--key", "k1"]);
    assert_eq!(
        (&again["changed"], &again["id"]),
        (&false.into(), &id.as_str().into())
    );
    assert!(again["deleted"]["at"].is_string(), "{again}");
    repo.check(
        &["issue", "delete", &id, "--restore", "--key", "k1"],
        expect![[r#"
            --- stderr
            error: key `k1` was used for another command (`issue delete`)
            hint: choose a new --key for a new command
            --- exit 6
        "#]],
    );
    repo.check(
        &["issue", "delete", &id, "--restore", "--force"],
        expect![[r#"
            --- stderr
            error: the argument '--restore' cannot be used with '--force'
            hint: usage: jit issue delete --restore <ID>...
            --- exit 2
        "#]],
    );
    repo.check(
        &["issue", "delete"],
        expect![[r#"
        --- stderr
        error: the following required arguments were not provided: <ID>...
        hint: usage: jit issue delete <ID>...
        --- exit 2
    "#]],
    );
    repo.check(
        &["issue", "delete", "zzzz"],
        expect![[r#"
        --- stderr
        error: no issue matches `zzzz`
        hint: jit issue list
        --- exit 3
    "#]],
    );
}
