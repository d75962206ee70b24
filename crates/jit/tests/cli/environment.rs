//! What the environment and the settings say: used where they make sense, refused where they do not.

use crate::harness::{Repo, Surroundings};
use expect_test::expect;

fn with<'a>(variables: &'a [(&'a str, &'a str)]) -> Surroundings<'a> {
    Surroundings {
        variables,
        ..Surroundings::default()
    }
}

#[test]
fn a_fence_that_means_nothing_is_refused() {
    let repo = Repo::new();
    let id = repo.create("A");
    let half = [("JIT_ISSUE", id.as_str())];
    repo.check_in(
        &["issue", "list"],
        with(&half),
        expect![[r#"
        --- stderr
        error: JIT_ISSUE is set, but JIT_EPOCH is not
        hint: together they fence every write to that issue; set both or neither
        --- exit 2
    "#]],
    );
    let garbage = [("JIT_ISSUE", id.as_str()), ("JIT_EPOCH", "three")];
    repo.check_in(&["issue", "done", &id, "--json"], with(&garbage), expect![[r#"
        --- stderr
        {"error":{"code":"usage","details":{},"hint":null,"message":"JIT_EPOCH is `three`, which is no epoch","retryable":false}}
        --- exit 2
    "#]]);
    let prefix = [("JIT_ISSUE", &id[..4]), ("JIT_EPOCH", "1")];
    assert_eq!(repo.jit_in(&["issue", "done", &id], with(&prefix)).code, 2);
    assert_eq!(repo.state(&id), "ready");
}

#[test]
fn a_fence_holds_for_its_issue_only() {
    let repo = Repo::new();
    let id = repo.create("A");
    let other = repo.create("B");
    repo.ok(&["issue", "claim", &id, "copilot-1"]);
    let stale = [("JIT_ISSUE", id.as_str()), ("JIT_EPOCH", "9")];
    repo.check_in(
        &["issue", "comment", &id, "late"],
        with(&stale),
        expect![[r#"
            --- stderr
            error: epoch 9 of issue `0001abcdef` is no longer current: the issue is held under epoch 1
            hint: jit issue show 0001abcdef
            --- exit 7
        "#]],
    );
    assert_eq!(
        repo.jit_in(&["issue", "comment", &other, "fine"], with(&stale))
            .code,
        0
    );
}

#[test]
fn the_actor_is_the_flag_the_variable_or_the_person() {
    let repo = Repo::new();
    let creator = |flags: &[&str], variables: &[(&str, &str)]| {
        let arguments = [&["issue", "create", "-t", "A", "--json"], flags].concat();
        let answer = repo.jit_in(&arguments, with(variables));
        let issue: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
        issue["created_by"].as_str().unwrap().to_owned()
    };
    assert_eq!(creator(&[], &[]), "human:tester");
    assert_eq!(
        creator(&[], &[("JIT_ACTOR", "copilot-1")]),
        "agent:copilot-1"
    );
    assert_eq!(
        creator(&["--actor", "ci:nightly"], &[("JIT_ACTOR", "copilot-1")]),
        "ci:nightly"
    );
    repo.write(".git/config", "[user]\n\tname = Ada Lovelace\n");
    assert_eq!(creator(&[], &[]), "human:Ada Lovelace");
    repo.check_in(
        &["issue", "create", "-t", "A"],
        with(&[("JIT_ACTOR", "human:")]),
        expect![[r#"
            --- stderr
            error: JIT_ACTOR: `human:` does not name anybody, write `kind:name` such as agent:copilot-1 or human:ada, or a bare agent name
            --- exit 2
        "#]],
    );
}

#[test]
fn settings_are_checked_where_they_stand() {
    let repo = Repo::new();
    repo.write(
        ".jit/config.toml",
        "[issues]\ntypes = ['spike']\nrejected_bloks = true\n",
    );
    repo.check(
        &[
            "issue",
            "create",
            "-t",
            "A",
            "--type",
            "spike",
            "--dry-run",
            "-q",
            "-o",
            "tsv",
            "--fields",
            "type",
        ],
        expect![[r#"
            spike
            --- stderr
            warning: /repo/.jit/config.toml:3:1: `rejected_bloks` is not a setting (did you mean `rejected_blocks`?)
        "#]],
    );
    repo.write(".jit/config.toml", "[store]\ndurability = 'quick'\n");
    repo.check(
        &["issue", "list"],
        expect![[r#"
            --- stderr
            error: /repo/.jit/config.toml:2:14: `quick` is none of fast, commit, paranoid
            hint: mend the file; without it the defaults hold
            --- exit 2
        "#]],
    );
    repo.check(&["issue", "list", "--json"], expect![[r#"
        --- stderr
        {"error":{"code":"config","details":{"column":14,"file":"/repo/.jit/config.toml","line":2},"hint":"mend the file; without it the defaults hold","message":"/repo/.jit/config.toml:2:14: `quick` is none of fast, commit, paranoid","retryable":false}}
        --- exit 2
    "#]]);
    assert_eq!(
        repo.jit(&["where"]).code,
        0,
        "what is wrong with a store does not hide where it is"
    );
}
