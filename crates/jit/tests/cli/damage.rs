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
