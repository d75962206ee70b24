//! The `jit query` commands.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn ready_is_by_priority_then_age() {
    let repo = Repo::new();
    repo.create_with("Low", &["-p", "low"]);
    repo.create("Older");
    repo.create("Newer");
    repo.create_with("Critical", &["-p", "critical"]);
    repo.create_with("Assigned", &["--assignee", "ada"]);
    repo.check(
        &["query", "ready"],
        expect![[r#"
        0004abcdef  critical  ready  -  Critical
        0002abcdef  normal    ready  -  Older
        0003abcdef  normal    ready  -  Newer
        0001abcdef  low       ready  -  Low
    "#]],
    );
    repo.check(
        &["ready", "--limit", "1"],
        expect![[r#"
        0004abcdef  critical  ready  -  Critical
        --- stderr
        Showing 1 of 4.
    "#]],
    );
    repo.check(
        &["query", "priority", "low"],
        expect![[r#"
        0001abcdef  low  ready  -  Low
    "#]],
    );
}

#[test]
fn blocked_says_every_reason() {
    let repo = Repo::new();
    repo.ok(&["gate", "define", "review", "--title", "Review"]);
    let first = repo.create("First");
    let second = repo.create_with("Second", &["--dep", &first, "--gate", "review"]);
    repo.ok(&["issue", "hold", &second, "later"]);
    repo.check(
        &["query", "blocked"],
        expect![[r#"
        0002abcdef  open  Second
          dependency 0001abcdef is not resolved
          gate review is pending
          on hold by human:tester: later
    "#]],
    );
    repo.check(
        &["query", "blocked", "--json", "--fields", "id,blocked_by"],
        expect![[r#"
            [{"blocked_by":[{"id":"0001abcdef","kind":"dependency","state":"open"},{"gate":"review","kind":"gate","status":"pending"},{"by":"human:tester","kind":"hold","reason":"later"}],"id":"0002abcdef"}]
        "#]],
    );
    repo.check(
        &["query", "blocked", "-o", "tsv"],
        expect![[r#"
        0002abcdef	normal	open		Second
    "#]],
    );
}

#[test]
fn an_assignees_first_is_what_it_holds() {
    let repo = Repo::new();
    let first = repo.create_with("Urgent", &["-p", "critical", "--assignee", "copilot-1"]);
    let held = repo.create_with("Held", &["-p", "low"]);
    repo.ok(&["issue", "claim", &held, "copilot-1"]);
    let work = repo.json(&["query", "assignee", "copilot-1"]);
    assert_eq!(work[0]["id"], held.as_str());
    assert_eq!(work[1]["id"], first.as_str());
    assert_eq!(repo.json(&["query", "assignee", "agent:copilot-1"]), work);
    repo.ok(&["issue", "done", &held]);
    assert_eq!(
        repo.json(&["query", "assignee", "copilot-1"])
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        repo.json(&["query", "assignee", "copilot-1", "--all"])
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn states_are_those_that_are_shown() {
    let repo = Repo::new();
    let first = repo.create("First");
    repo.create_with("Second", &["--dep", &first]);
    repo.check(
        &["query", "state", "open", "-o", "id"],
        expect![[r#"
        0002abcdef
    "#]],
    );
    repo.check(
        &["query", "state", "ready", "-o", "id"],
        expect![[r#"
        0001abcdef
    "#]],
    );
    repo.check(&["query", "state", "blocked"], expect![[r#"
        --- stderr
        error: invalid value 'blocked' for '<STATE>' [possible values: ready, open, in_progress, gated, done, rejected, archived]
        --- exit 2
    "#]]);
    repo.check(&["query", "state", "dnoe"], expect![[r#"
        --- stderr
        error: invalid value 'dnoe' for '<STATE>' [possible values: ready, open, in_progress, gated, done, rejected, archived]
        hint: a similar value exists: 'done'
        --- exit 2
    "#]]);
}

#[test]
fn a_label_or_a_namespace_finds_its_issues() {
    let repo = Repo::new();
    repo.check(&["query", "label", "area:*"], expect![[""]]);
    repo.check(
        &["query", "label", "area:*", "--json"],
        expect![[r#"
        []
    "#]],
    );
    let core = repo.create_with("Core", &["--label", "area:core"]);
    repo.create_with(
        "Shell",
        &["--label", "area:shell,evil\u{202e}", "-p", "high"],
    );
    repo.create_with("Plain", &["--label", "area"]);
    repo.check(
        &["query", "label", "area:*"],
        expect![[r#"
        0002abcdef  high    ready  -  Shell
        0001abcdef  normal  ready  -  Core
    "#]],
    );
    repo.check(
        &["query", "label", "area:core", "-o", "id"],
        expect![[r#"
        0001abcdef
    "#]],
    );
    repo.check(
        &["query", "label", "evil*", "--fields", "labels"],
        expect![[r#"
            area:shell,evil\u{202e}
        "#]],
    );
    repo.ok(&["issue", "done", &core]);
    repo.check(
        &["query", "label", "area:*"],
        expect![[r#"
        0002abcdef  high  ready  -  Shell
    "#]],
    );
    repo.check(
        &["query", "label", "area:*", "--all", "--limit", "1"],
        expect![[r#"
            0002abcdef  high  ready  -  Shell
            --- stderr
            Showing 1 of 2.
        "#]],
    );
    repo.check(&["query", "label", "two words"], expect![[r#"
        --- stderr
        error: invalid value 'two words' for '<LABEL>': `two words` is not a label (1 to 128 bytes, no spaces or commas, not beginning with `-`)
        --- exit 2
    "#]]);
}

#[test]
fn what_can_be_no_label_is_refused() {
    let repo = Repo::new();
    repo.check(
        &["query", "label"],
        expect![[r#"
        --- stderr
        error: the following required arguments were not provided: <LABEL>
        hint: usage: jit query label <LABEL>
        --- exit 2
    "#]],
    );
}
