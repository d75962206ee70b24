//! `jit issue create`.

use crate::harness::{Repo, Surroundings};
use expect_test::expect;

#[test]
fn prints_the_bare_id_and_talks_on_stderr() {
    let repo = Repo::new();
    let answer = repo.jit(&["issue", "create", "-t", "Implement parser", "-p", "high"]);
    let id = answer.stdout.trim_end();
    assert_eq!(id.len(), 10);
    assert_eq!(answer.stderr, format!("Created {id} (ready).\n"));
}

#[test]
fn takes_everything_an_issue_can_begin_with() {
    let repo = Repo::new();
    repo.ok(&["gate", "define", "review", "--title", "Review"]);
    repo.ok(&[
        "gate", "define", "tests", "--title", "Tests", "--stage", "exit",
    ]);
    let epic = repo.create_with("Parser", &["--type", "epic"]);
    let lexer = repo.create("Lexer");
    repo.write("body.md", "Two\nlines\n");
    let id = repo.create_with(
        "Grammar",
        &[
            "-d",
            "@body.md",
            "-p",
            "critical",
            "--type",
            "feature",
            "--label",
            "area:core,fast",
            "--dep",
            &lexer[..5],
            "--parent",
            &epic,
            "--gate",
            "review,tests",
            "--check",
            "No, really",
            "--assignee",
            "human:ada",
            "--due",
            "2026-02-01T00:00:00Z",
        ],
    );
    repo.check(
        &["issue", "show", &id],
        expect![[r#"
            0003abcdef  Grammar
            open, critical, feature
            assignee:     human:ada
            parent:       0001abcdef
            due:          2026-01-31T12:00:00.000000Z
            labels:       area:core, fast
            dependencies: 0002abcdef
            blocked by:   dependency 0002abcdef is not resolved
            blocked by:   gate review is pending
            gate:         review pending
            gate:         tests pending

            Two
            lines

            Checklist
            [ ] 1 No, really

            created:      2026-01-31T12:00:00.000000Z by human:tester
            updated:      2026-01-31T12:00:00.000000Z
            rev:          1, etag e7a90000000000000001
        "#]],
    );
}

#[test]
fn refuses_what_the_repository_does_not_know() {
    let repo = Repo::new();
    repo.check(
        &["issue", "create", "-t", "A", "--gate", "reviw"],
        expect![[r#"
            --- stderr
            error: gate `reviw` is not defined
            hint: jit gate define reviw --title T
            --- exit 4
        "#]],
    );
    repo.ok(&["gate", "define", "review", "--title", "Review"]);
    repo.check(
        &["issue", "create", "-t", "A", "--gate", "reviw", "--json"],
        expect![[r#"
            --- stderr
            {"error":{"code":"refused","details":{"gate":"reviw","nearest":"review"},"hint":"a gate with a similar key is defined: review; jit gate define reviw --title T","message":"gate `reviw` is not defined","retryable":false}}
            --- exit 4
        "#]],
    );
    repo.check(
        &["issue", "create", "-t", "A", "--type", "spike"],
        expect![[r#"
            --- stderr
            error: type: `spike` is not one of bug, chore, epic, feature, task
            --- exit 4
        "#]],
    );
    repo.check(
        &["issue", "create", "-t", "A", "--dep", "zzzz", "--json"],
        expect![[r#"
            --- stderr
            {"error":{"code":"refused","details":{"id":"zzzz"},"hint":"jit issue list","message":"dependency `zzzz` does not exist","retryable":false}}
            --- exit 4
        "#]],
    );
    repo.check(
        &["issue", "create", "-t", " "],
        expect![[r#"
        --- stderr
        error: title: a title can't be empty
        --- exit 4
    "#]],
    );
    assert_eq!(repo.ok(&["issue", "list"]), "");
}

#[test]
fn usage_is_exit_2_with_the_nearest_name() {
    let repo = Repo::new();
    repo.check(&["issue", "create", "-t", "A", "-p", "hgih"], expect![[r#"
        --- stderr
        error: invalid value 'hgih' for '--priority <PRIORITY>' [possible values: critical, high, normal, low]
        hint: a similar value exists: 'high'
        --- exit 2
    "#]]);
    repo.check(
        &["issue", "create", "-t", "A", "-p", "hgih", "--json"],
        expect![[r#"
            --- stderr
            {"error":{"code":"usage","details":{},"hint":"a similar value exists: 'high'","message":"invalid value 'hgih' for '--priority <PRIORITY>' [possible values: critical, high, normal, low]","retryable":false}}
            --- exit 2
        "#]],
    );
    repo.check(
        &["issue", "create"],
        expect![[r#"
        --- stderr
        error: the following required arguments were not provided: --title <TITLE>
        hint: usage: jit issue create --title <TITLE>
        --- exit 2
    "#]],
    );
    repo.check(
        &["issue", "create", "-t", "A", "--labl", "x"],
        expect![[r#"
        --- stderr
        error: unexpected argument '--labl' found
        hint: a similar argument exists: '--label'
        hint: usage: jit issue create --title <TITLE> --label <LABEL>
        --- exit 2
    "#]],
    );
}

#[test]
fn a_repeated_key_gets_the_first_answer() {
    let repo = Repo::new();
    let first = repo.create_with("A", &["--key", "k1"]);
    assert_eq!(
        repo.ok(&["issue", "create", "-t", "A", "--key", "k1"]),
        first
    );
    assert_eq!(
        repo.json(&["issue", "create", "-t", "A", "--key", "k1"])["changed"],
        false
    );
    repo.check(
        &["issue", "done", &first, "--key", "k1"],
        expect![[r#"
        --- stderr
        error: key `k1` was used for another command (`issue create`)
        hint: choose a new --key for a new command
        --- exit 6
    "#]],
    );
}

#[test]
fn a_dry_run_writes_nothing() {
    let repo = Repo::new();
    let answer = repo.json(&["issue", "create", "-t", "A", "--dry-run"]);
    assert_eq!(answer["changed"], true);
    assert_eq!(repo.ok(&["issue", "list"]), "");
}

#[test]
fn text_comes_from_standard_input() {
    let repo = Repo::new();
    let piped = Surroundings {
        stdin: "from a pipe\n",
        ..Surroundings::default()
    };
    let answer = repo.jit_in(&["issue", "create", "-t", "A", "-d", "-", "--json"], piped);
    let issue: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(issue["description"], "from a pipe");
    repo.check_in(
        &["issue", "create", "-t", "A", "-d", "-", "--dep", "-"],
        piped,
        expect![[r#"
            --- stderr
            error: only one argument can be `-`: standard input gives its data once
            --- exit 2
        "#]],
    );
}
