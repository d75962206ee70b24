//! `jit import beads`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn reports_what_it_took_and_twice_adds_nothing() {
    let repo = Repo::new();
    repo.write(
        "log.jsonl",
        concat!(
            r#"{"id":"b-1","title":"One","status":"open","priority":0,"issue_type":"task","created_at":"2025-01-01T00:00:00Z"}"#,
            "\n",
            r#"{"id":"b-2","title":"Two","status":"closed","priority":2,"issue_type":"bug","created_at":"2025-01-01T00:00:00Z","dependencies":[{"issue_id":"b-2","depends_on_id":"b-9","type":"blocks"}]}"#,
            "\n",
        ),
    );
    repo.check(
        &["import", "beads", "log.jsonl"],
        expect![[r#"
        --- stderr
        Took 2 of 2 records.
        Mapped: 1 status closed → done.
        Left out: blocks of b-2 on b-9 (dangling).
    "#]],
    );
    repo.check(&["import", "beads", "log.jsonl", "--json"], expect![[r#"
        {"changed":false,"edges":{},"left_out":[],"mapped":{},"records":2,"skipped":{"taken before":2},"taken":0}
    "#]]);
    repo.check(
        &["import", "beads", "nowhere.jsonl"],
        expect![[r#"
            --- stderr
            error: can't read `nowhere.jsonl`: there is no such file or directory
            hint: check the path
            --- exit 10
        "#]],
    );
    repo.write("broken.jsonl", "{\n");
    repo.check(
        &["import", "beads", "broken.jsonl"],
        expect![[r#"
        --- stderr
        error: line 1: not a JSON object: EOF while parsing an object at line 1 column 1
        --- exit 4
    "#]],
    );
}
