//! The `jit events` commands.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn the_newest_come_last() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.ok(&["issue", "claim", &id, "copilot-1"]);
    repo.check(
        &["events", "tail", "-n", "2"],
        expect![[r#"
        2026-01-31T12:00:00.000000Z  0001abcdef  issue.ready      human:tester
        2026-01-31T12:00:00.000000Z  0001abcdef  issue.claimed    human:tester
    "#]],
    );
    repo.check(&["events", "tail", "-n", "1", "--json"], expect![[r#"
        {"actor":"human:tester","changes":{"assignee":[null,"agent:copilot-1"],"epoch":[0,1],"state":["open","in_progress"]},"cursor":"cursor-1","epoch":1,"etag":"e7a90000000000000001","id":"01kg0000000000000000000001","issue":"0001abcdef","lc":3,"prev":["e7a90000000000000002"],"rev":2,"ts":"2026-01-31T12:00:00.000000Z","txn":"01kg0000000000000000000001","type":"issue.claimed"}
    "#]]);
}

#[test]
fn a_cursor_goes_on_where_it_was() {
    let repo = Repo::new();
    let id = repo.create("A");
    let last = |text: String| -> serde_json::Value {
        serde_json::from_str(text.lines().last().unwrap()).unwrap()
    };
    let cursor = last(repo.ok(&["events", "tail", "--json"]))["cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        repo.ok(&["events", "tail", "--since", &cursor, "--json"]),
        ""
    );
    repo.ok(&["issue", "claim", &id, "copilot-1"]);
    let since = repo.ok(&["events", "tail", "--since", &cursor, "--json"]);
    assert_eq!(since.lines().count(), 1);
    assert_eq!(last(since)["type"], "issue.claimed");
    repo.check(
        &["events", "tail", "--since", "nonsense"],
        expect![[r#"
            --- stderr
            error: `nonsense` is not a cursor of this store
            hint: ask without a cursor; the answer brings one
            --- exit 2
        "#]],
    );
}

#[test]
fn filters_must_all_hold() {
    let repo = Repo::new();
    let id = repo.create("A");
    repo.create("B");
    repo.ok(&["issue", "claim", &id, "copilot-1", "--actor", "ci:x"]);
    repo.check(
        &["events", "query", "--issue", &id],
        expect![[r#"
        2026-01-31T12:00:00.000000Z  0001abcdef  issue.created    human:tester
        2026-01-31T12:00:00.000000Z  0001abcdef  issue.ready      human:tester
        2026-01-31T12:00:00.000000Z  0001abcdef  issue.claimed    ci:x
    "#]],
    );
    repo.check(
        &["events", "query", "--actor", "ci:x"],
        expect![[r#"
        2026-01-31T12:00:00.000000Z  0001abcdef  issue.claimed    ci:x
    "#]],
    );
    repo.check(
        &[
            "events",
            "query",
            "--type",
            "issue.created",
            "--since",
            "1h",
            "--limit",
            "1",
        ],
        expect![[r#"
            2026-01-31T12:00:00.000000Z  0001abcdef  issue.created    human:tester
            --- stderr
            Showing 1 of 2.
        "#]],
    );
    repo.check(
        &["events", "query", "--type", "issue.craeted"],
        expect![[r#"
        --- stderr
        warning: no kind of event is called `issue.craeted` (did you mean issue.created?)
    "#]],
    );
    repo.check(&["events", "query", "--since", "yesterday"], expect![[r#"
        --- stderr
        error: invalid value 'yesterday' for '--since <TIME>': `yesterday` is not a time, write one like 2026-01-31T12:00:00Z or a duration from now like 30m
        --- exit 2
    "#]]);
}

#[test]
fn following_shows_what_happens_at_once() {
    let repo = Repo::new();
    let first = repo.create("A");
    let listener = repo.listen(&["events", "tail", "--follow", "--json", "-n", "1"]);
    let next = || -> serde_json::Value {
        serde_json::from_str(&listener.line()).expect("a line is an event")
    };
    assert_eq!(next()["type"], "issue.ready");
    repo.ok(&["issue", "claim", &first, "copilot-1"]);
    let claimed = next();
    assert_eq!(claimed["type"], "issue.claimed");
    assert_eq!(claimed["issue"], first.as_str());
    assert!(claimed["cursor"].is_string());
    let second = repo.create("B");
    assert_eq!(next()["issue"], second.as_str());
    assert_eq!(next()["type"], "issue.ready");
}
