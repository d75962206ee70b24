//! `jit validate`.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn a_sound_store_has_no_findings() {
    let repo = Repo::new();
    repo.create("A");
    repo.check(
        &["validate"],
        expect![[r#"
            --- stderr
            1 issue, nothing is wrong.
        "#]],
    );
    repo.check(
        &["validate", "--json"],
        expect![[r#"
        []
    "#]],
    );
}

#[test]
fn findings_are_data_and_a_failure() {
    let repo = Repo::new();
    let id = repo.create("A");
    let path = format!(".jit/issues/{}/{id}.json", &id[..2]);
    let text = std::fs::read_to_string(repo.root().join(&path)).unwrap();
    let mut issue: serde_json::Value = serde_json::from_str(&text).unwrap();
    issue["dependencies"] = serde_json::json!(["zzzzzzzzzz"]);
    repo.write(&path, &issue.to_string());
    repo.write(".jit/issues/yy/yyyyyyyyyy.json", "{");
    repo.check(&["validate"], expect![[r#"
        unreadable_issue .jit/issues/yy/yyyyyyyyyy.json: it is not valid JSON: EOF while parsing an object at line 1 column 1
          remedy: mend the file by hand, or take it back from git
        dangling_dependency .jit/issues/00/0001abcdef.json: it waits for zzzzzzzzzz, which does not exist
          remedy: jit dep rm 0001abcdef zzzzzzzzzz
        external_change .jit/issues/00/0001abcdef.json: its file was changed by something else than the tracker
          remedy: jit issue comment 0001abcdef "accept the outside change"
        --- stderr
        error: 3 findings
        --- exit 4
    "#]]);
    repo.check(&["validate", "--json"], expect![[r#"
        [{"code":"unreadable_issue","issue":"yyyyyyyyyy","message":"it is not valid JSON: EOF while parsing an object at line 1 column 1","path":".jit/issues/yy/yyyyyyyyyy.json","remedy":"mend the file by hand, or take it back from git"},{"code":"dangling_dependency","issue":"0001abcdef","message":"it waits for zzzzzzzzzz, which does not exist","path":".jit/issues/00/0001abcdef.json","remedy":"jit dep rm 0001abcdef zzzzzzzzzz"},{"code":"external_change","issue":"0001abcdef","message":"its file was changed by something else than the tracker","path":".jit/issues/00/0001abcdef.json","remedy":"jit issue comment 0001abcdef \"accept the outside change\""}]
        --- stderr
        {"error":{"code":"invalid","details":{"findings":3},"hint":null,"message":"3 findings","retryable":false}}
        --- exit 4
    "#]]);
}
