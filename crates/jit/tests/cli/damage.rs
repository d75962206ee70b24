//! A file that can't be read: lists go on and name it, the issue itself is exit 9.

use crate::harness::Repo;
use expect_test::expect;

#[test]
fn a_damaged_file_never_hides_the_others() {
    let repo = Repo::new();
    repo.create("A");
    repo.write(".jit/issues/yy/yyyyyyyyyy.json", "{");
    repo.check(&["issue", "list"], expect![[r#"
        0001abcdef  normal  ready  -  A
        --- stderr
        warning: `.jit/issues/yy/yyyyyyyyyy.json` can't be read: it is not valid JSON: EOF while parsing an object at line 1 column 1
    "#]]);
    repo.check(&["issue", "show", "yyyy"], expect![[r#"
        --- stderr
        error: `.jit/issues/yy/yyyyyyyyyy.json` can't be read: it is not valid JSON: EOF while parsing an object at line 1 column 1
        hint: jit validate
        --- exit 9
    "#]]);
    repo.check(&["issue", "show", "yyyyyyyyyy", "--json"], expect![[r#"
        --- stderr
        {"error":{"code":"damaged","details":{"path":".jit/issues/yy/yyyyyyyyyy.json"},"hint":"jit validate","message":"`.jit/issues/yy/yyyyyyyyyy.json` can't be read: it is not valid JSON: EOF while parsing an object at line 1 column 1","retryable":false}}
        --- exit 9
    "#]]);
}

#[test]
fn a_newer_format_is_refused() {
    let repo = Repo::new();
    repo.write(
        ".jit/format.json",
        "{\"format\":2,\"min_reader\":2,\"min_writer\":2,\"features\":[]}\n",
    );
    repo.check(
        &["issue", "list"],
        expect![[r#"
        --- stderr
        error: the store needs version 2 of the format to read it, this program has 1
        hint: use a newer jit
        --- exit 9
    "#]],
    );
    repo.check(&["issue", "list", "--json"], expect![[r#"
        --- stderr
        {"error":{"code":"format_too_new","details":{},"hint":"use a newer jit","message":"the store needs version 2 of the format to read it, this program has 1","retryable":false}}
        --- exit 9
    "#]]);
}

#[test]
fn a_store_that_only_newer_programs_may_write_can_be_read() {
    let repo = Repo::new();
    repo.create("A");
    repo.write(
        ".jit/format.json",
        "{\"format\":1,\"min_reader\":1,\"min_writer\":2,\"features\":[]}\n",
    );
    repo.check(
        &["issue", "list"],
        expect![[r#"
        0001abcdef  normal  ready  -  A
    "#]],
    );
    repo.check(
        &["issue", "create", "-t", "B"],
        expect![[r#"
        --- stderr
        error: the store needs version 2 of the format to write it, this program has 1
        hint: use a newer jit
        --- exit 9
    "#]],
    );
}

#[test]
fn a_held_lock_is_waited_for_and_then_said() {
    let repo = Repo::new();
    repo.create("A");
    repo.write(".jit/config.toml", "[store]\nlock_timeout = '50ms'\n");
    let store = std::fs::File::open(repo.root().join(".jit")).unwrap();
    store.lock().unwrap();
    assert_eq!(
        repo.ok(&["issue", "list", "-o", "tsv", "--fields", "title"]),
        "A",
        "reading needs no lock"
    );
    let answer = repo.jit(&["issue", "create", "-t", "B", "--json"]);
    assert_eq!(answer.code, 8, "{answer:?}");
    let error: serde_json::Value = serde_json::from_str(&answer.stderr).unwrap();
    assert_eq!(error["error"]["code"], "busy");
    assert_eq!(error["error"]["retryable"], true);
    store.unlock().unwrap();
    repo.create("B");
}

#[test]
fn values_of_a_newer_version_are_shown_and_never_overwritten() {
    let repo = Repo::new();
    let newer = repo.create("Newer");
    let waits = repo.create_with("Waits", &["--dep", &newer]);
    let other = repo.create("Other");
    let path = format!(".jit/issues/{}/{newer}.json", &newer[..2]);
    let text = std::fs::read_to_string(repo.root().join(&path)).unwrap();
    let text = text.replace("\"normal\"", "\"someday\"");
    let text = text.replace("\"open\"", "\"paused\"");
    repo.write(&path, &text);
    let shown = repo.json(&["issue", "show", &newer]);
    assert_eq!(shown["priority"], "someday");
    assert_eq!(shown["blocked_by"][0]["kind"], "newer");
    assert_eq!(
        shown["blocked_by"][0]["fields"],
        serde_json::json!(["priority", "state"])
    );
    assert_eq!(repo.ready(), [other.as_str()]);
    for verb in [
        &["issue", "claim", &newer, "agent:bob"][..],
        &["issue", "done", &newer],
        &["issue", "comment", &newer, "hello"],
        &["issue", "update", &newer, "-p", "low"],
        &["issue", "delete", &newer, "--force"],
        &["dep", "add", &newer, &other],
    ] {
        let answer = repo.jit(&[verb, &["--json"]].concat());
        assert_eq!(answer.code, 9, "{verb:?}: {answer:?}");
        let error: serde_json::Value = serde_json::from_str(&answer.stderr).unwrap();
        assert_eq!(error["error"]["code"], "format_too_new");
        assert_eq!(error["error"]["details"]["id"], newer.as_str());
    }
    let answer = repo.jit(&["issue", "claim-next", "agent:bob", "-o", "id"]);
    assert_eq!(answer.stdout.trim(), other, "{answer:?}");
    assert_eq!(repo.jit(&["issue", "claim-next", "agent:bob"]).code, 3);
    repo.ok(&["issue", "comment", &waits, "others go on"]);
    repo.jit(&["validate", "--fix"]);
    let after = std::fs::read_to_string(repo.root().join(&path)).unwrap();
    assert_eq!(after, text, "not even a repair touches it");
}
