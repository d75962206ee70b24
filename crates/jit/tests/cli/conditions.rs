//! What comes with a command beside its arguments: conditions, keys, limits, rehearsals.

use crate::harness::{Repo, Surroundings};
use expect_test::expect;

#[test]
fn a_condition_that_cannot_be_honoured_is_refused() {
    let repo = Repo::new();
    let id = repo.create("A");
    let check = |arguments: &[&str], flag: &str| {
        let answer = repo.jit(&[arguments, &[flag, "1"]].concat());
        assert_eq!(answer.code, 2, "{arguments:?} {flag}: {answer:?}");
        let expected = format!("error: this command can't honour {flag}\n");
        assert_eq!(answer.stderr, expected, "{arguments:?}");
        assert_eq!(answer.stdout, "", "{arguments:?}");
    };
    let create = ["issue", "create", "-t", "B"];
    let define = ["gate", "define", "review", "--title", "Review"];
    let renew = ["lease", "renew", id.as_str()];
    let import = ["import", "beads", "-"];
    for flag in ["--if-etag", "--epoch"] {
        check(&create, flag);
        check(&define, flag);
        check(&import, flag);
    }
    check(&renew, "--if-etag");
    check(&renew, "--key");
    for flag in ["--if-etag", "--epoch", "--key"] {
        check(&["init"], flag);
        check(&["lease", "sweep"], flag);
        check(&["recover"], flag);
        check(&["issue", "list"], flag);
        check(&["issue", "show", &id], flag);
        check(&["show", &id], flag);
        check(&["query", "ready"], flag);
        check(&["graph", "export"], flag);
        check(&["events", "tail"], flag);
        check(&["gate", "list"], flag);
        check(&["lease", "list"], flag);
        check(&["validate"], flag);
    }
    assert_eq!(repo.ready(), [id.as_str()], "nothing was created");
}

#[test]
fn the_fence_of_the_environment_hinders_no_reader() {
    let repo = Repo::new();
    let id = repo.create("A");
    let variables = [("JIT_ISSUE", id.as_str()), ("JIT_EPOCH", "7")];
    let surroundings = Surroundings {
        variables: &variables,
        ..Surroundings::default()
    };
    assert_eq!(repo.jit_in(&["issue", "show", &id], surroundings).code, 0);
    assert_eq!(
        repo.jit_in(&["issue", "create", "-t", "B"], surroundings)
            .code,
        0
    );
}

#[test]
fn a_key_has_a_length() {
    let repo = Repo::new();
    let long = "k".repeat(257);
    repo.check(
        &["issue", "create", "-t", "A", "--key", &long],
        expect![[r#"
            --- stderr
            error: --key can't be longer than 256 bytes
            --- exit 2
        "#]],
    );
    repo.create_with("A", &["--key", &long[..256]]);
}

#[test]
fn a_key_does_not_answer_for_what_is_gone() {
    let repo = Repo::new();
    let id = repo.create_with("A", &["--key", "k1"]);
    let path = format!(".jit/issues/{}/{id}.json", &id[..2]);
    let away = repo.root().join("away.json");
    std::fs::rename(repo.root().join(path), away).unwrap();
    repo.check(
        &["issue", "create", "-t", "A", "--key", "k1"],
        expect![[r#"
            --- stderr
            error: no issue matches `0001abcdef`
            hint: jit issue list
            --- exit 3
        "#]],
    );
}

#[test]
fn a_rehearsal_names_nothing_that_is_not_there() {
    let repo = Repo::new();
    repo.create("A");
    let said = "--- stderr\nDry run: nothing was written.\n";
    let check = |arguments: &[&str]| {
        let answer = repo.jit(&[arguments, &["--dry-run"]].concat());
        assert_eq!(answer.to_string(), said, "{arguments:?}");
    };
    check(&["issue", "create", "-t", "B"]);
    check(&["issue", "claim-next", "copilot-1"]);
    check(&["gate", "define", "review", "--title", "Review"]);
    let would_be = repo.json(&["issue", "create", "-t", "B", "--dry-run", "-q"]);
    assert_eq!(would_be["state"], "ready");
    assert_eq!(repo.ready().len(), 1);
}

#[test]
fn a_limit_is_honoured_or_refused() {
    let repo = Repo::new();
    for title in ["A", "B", "C"] {
        repo.create(title);
    }
    let titles = |arguments: &[&str]| {
        let answer = repo.jit(&[arguments, &["-o", "id"]].concat());
        (answer.stdout.lines().count(), answer.stderr)
    };
    let said = |text: &str| text.to_owned();
    assert_eq!(
        titles(&["events", "tail", "--limit", "2"]),
        (2, said("Showing 2 of 6.\n"))
    );
    assert_eq!(
        titles(&["events", "tail", "-n", "3", "--limit", "1"]),
        (1, said("Showing 1 of 6.\n"))
    );
    assert_eq!(titles(&["events", "tail", "-n", "1"]), (1, said("")));
    repo.check(
        &["graph", "export", "--limit", "1"],
        expect![[r#"
            --- stderr
            error: --limit means a list: a drawing of a part would show edges to nowhere
            --- exit 2
        "#]],
    );
}

#[test]
fn a_text_may_begin_with_a_hyphen() {
    let repo = Repo::new();
    let id = repo.create_with("-rf", &["-d", "--force is no flag here", "-p", "low"]);
    let issue = repo.json(&["issue", "show", &id]);
    assert_eq!(issue["title"], "-rf");
    assert_eq!(issue["description"], "--force is no flag here");
    assert_eq!(issue["priority"], "low");
    let told = repo.json(&["issue", "comment", &id, "-x", "--actor", "human:ada"]);
    assert_eq!(told["comments"][0]["text"], "-x");
    assert_eq!(told["comments"][0]["by"], "human:ada");
    repo.ok(&["issue", "hold", &id, "- later", "-q"]);
    repo.ok(&["issue", "unhold", &id]);
    repo.ok(&["issue", "claim", &id, "copilot-1"]);
    repo.ok(&["issue", "release", &id, "-1", "--force"]);
    repo.ok(&["issue", "reject", &id, "-no-", "--json"]);
    assert_eq!(repo.state(&id), "rejected");
}

#[test]
fn what_is_said_beside_a_change_has_a_length() {
    let repo = Repo::new();
    repo.ok(&["gate", "define", "review", "--title", "Review"]);
    let id = repo.create_with("A", &["--gate", "review"]);
    repo.write("long.txt", &"x".repeat(64 * 1024 + 1));
    let check = |arguments: &[&str]| {
        let answer = repo.jit(arguments);
        assert_eq!(answer.code, 4, "{arguments:?}: {answer:?}");
        assert!(
            answer.stderr.contains("can't be longer than 65536 bytes"),
            "{answer:?}"
        );
    };
    check(&["issue", "reject", &id, "@long.txt"]);
    check(&["issue", "release", &id, "@long.txt"]);
    check(&["gate", "pass", &id, "review", "--note", "@long.txt"]);
    check(&["gate", "fail", &id, "review", "--note", "@long.txt"]);
    assert_eq!(repo.state(&id), "open");
}

#[test]
fn a_criterion_that_is_met_can_be_cleared() {
    let repo = Repo::new();
    let id = repo.create_with("A", &["--check", "covers errors"]);
    repo.check(
        &["issue", "done", &id],
        expect![[r#"
        --- stderr
        error: issue `0001abcdef` can't be done: checklist item 1 is open: covers errors
        hint: jit issue show 0001abcdef
        --- exit 4
    "#]],
    );
    repo.ok(&["issue", "update", &id, "--clear", "checklist"]);
    repo.ok(&["issue", "done", &id]);
    assert_eq!(repo.state(&id), "done");
}
