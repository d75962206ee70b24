//! `jit validate`.

use crate::harness::{Repo, git};
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
          remedy: jit validate --fix restores an earlier version, if there is one; or mend the file by hand
        dangling_dependency .jit/issues/00/0001abcdef.json: it waits for zzzzzzzzzz, which does not exist
          remedy: jit dep rm 0001abcdef zzzzzzzzzz
        external_change .jit/issues/00/0001abcdef.json: its file was changed by something else than the tracker
          remedy: jit issue comment 0001abcdef "accept the outside change"
        --- stderr
        error: 3 findings
        --- exit 4
    "#]]);
    repo.check(&["validate", "--json"], expect![[r#"
        [{"code":"unreadable_issue","edges":[],"issue":"yyyyyyyyyy","message":"it is not valid JSON: EOF while parsing an object at line 1 column 1","path":".jit/issues/yy/yyyyyyyyyy.json","remedy":"jit validate --fix restores an earlier version, if there is one; or mend the file by hand","severity":"error"},{"code":"dangling_dependency","edges":[],"issue":"0001abcdef","message":"it waits for zzzzzzzzzz, which does not exist","path":".jit/issues/00/0001abcdef.json","remedy":"jit dep rm 0001abcdef zzzzzzzzzz","severity":"error"},{"code":"external_change","edges":[],"issue":"0001abcdef","message":"its file was changed by something else than the tracker","path":".jit/issues/00/0001abcdef.json","remedy":"jit issue comment 0001abcdef \"accept the outside change\"","severity":"error"}]
        --- stderr
        {"error":{"code":"invalid","details":{"findings":3},"hint":null,"message":"3 findings","retryable":false}}
        --- exit 4
    "#]]);
}

/// Makes two issues wait for each other, as an edit by hand can; returns the one that was edited.
fn make_cycle(repo: &Repo) -> String {
    let first = repo.create("A");
    let second = repo.create_with("B", &["--dep", &first]);
    let path = format!(".jit/issues/{}/{first}.json", &first[..2]);
    let text = std::fs::read_to_string(repo.root().join(&path)).expect("it was just made");
    let mut issue: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    issue["dependencies"] = serde_json::json!([second]);
    repo.write(&path, &issue.to_string());
    first
}

#[test]
fn a_cycle_is_told_edge_by_edge_with_event_and_author() {
    let repo = Repo::new();
    let first = make_cycle(&repo);
    let answer = repo.jit(&["validate", "--json"]);
    assert_eq!(answer.code, 4);
    let found: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    let cycle = found
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["code"] == "cycle" && it["issue"] == first.as_str());
    let edges = cycle.unwrap()["edges"].as_array().unwrap();
    assert_eq!(edges.len(), 2);
    assert_eq!(edges[0]["from"], first.as_str());
    assert_eq!(edges[0]["event"], serde_json::Value::Null, "made by hand");
    assert_eq!(edges[1]["actor"], "human:tester");
    assert_eq!(edges[1]["event"].as_str().unwrap().len(), 26);
    let told = repo.jit(&["validate"]).stdout;
    assert!(
        told.contains("the log does not know who added that"),
        "{told}"
    );
    assert!(told.contains("added by human:tester at "), "{told}");
}

#[test]
fn fix_says_what_it_did_where_the_copies_are_and_what_is_left() {
    let repo = Repo::new();
    make_cycle(&repo);
    repo.write(".jit/notes.txt", "mine");
    let events = repo.ok(&["events", "query"]).lines().count();
    repo.check(&["validate", "--fix", "--dry-run"], expect![[r#"
        external_change .jit/issues/00/0001abcdef.json: record the outside change of its file in the log
        cycle .jit/issues/00/0001abcdef.json: remove its dependency on 0002abcdef, the last edge of a cycle (the log does not know who added it)
        Left as it is:
        foreign_file .jit/notes.txt: nothing of the store has this name
          remedy: move it out of the store
        untracked .jit: 8 files of the store are in no commit yet
          remedy: jit commit
        --- stderr
        Dry run: nothing was written.
    "#]]);
    assert_eq!(repo.ok(&["events", "query"]).lines().count(), events);
    let answer = repo.jit(&["validate", "--fix", "--json"]);
    assert_eq!(answer.code, 4, "one thing is for a person: {answer:?}");
    let report: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(report["changed"], true);
    assert_eq!(report["steps"].as_array().unwrap().len(), 2);
    assert_eq!(report["left"][0]["code"], "foreign_file");
    let backup = report["backup"].as_str().unwrap();
    let backup = backup.replace("<private>", ".git/jit");
    let copies = std::fs::read_dir(repo.root().join(backup)).unwrap().count();
    assert_eq!(copies, 1, "one file was changed");
    repo.check(
        &["validate", "--fix"],
        expect![[r#"
        Left as it is:
        foreign_file .jit/notes.txt: nothing of the store has this name
          remedy: move it out of the store
        untracked .jit: 8 files of the store are in no commit yet
          remedy: jit commit
        --- stderr
        There is nothing to mend.
        error: 1 finding left for a person
        --- exit 4
    "#]],
    );
    std::fs::remove_file(repo.root().join(".jit/notes.txt")).unwrap();
    assert_eq!(
        repo.ready().len(),
        1,
        "the edge that was made by hand is gone"
    );
}

#[test]
fn what_the_remedy_of_a_broken_line_says_mends_it() {
    let repo = Repo::new();
    let id = repo.create("A");
    let who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
    git(repo.root(), &["add", ".jit"]);
    git(
        repo.root(),
        &[&who[..], &["commit", "-q", "-m", "Store"]].concat(),
    );
    for text in ["in no commit", "nor this"] {
        repo.ok(&["issue", "comment", &id, text]);
    }
    let events = repo.ok(&["events", "query", "-o", "id"]);
    let path = the_segment(&repo);
    let whole = std::fs::read_to_string(&path).unwrap();
    // Once a line that nobody of ours has written, once the last of our own.
    let kept = whole.trim_end().rfind('\n').unwrap() + 1;
    for (sound, broken) in [
        (whole.as_str(), "half a line\n"),
        (&whole[..kept], "{\"id\"\n"),
    ] {
        std::fs::write(&path, format!("{sound}{broken}")).unwrap();
        let fixed = repo.jit(&["validate", "--fix", "--json"]);
        assert_eq!(fixed.code, 4, "{fixed:?}");
        let report: serde_json::Value = serde_json::from_str(&fixed.stdout).unwrap();
        let left = report["left"].as_array().unwrap();
        let found = left.iter().find(|it| it["code"] == "unreadable_event");
        let remedy = found.unwrap()["remedy"].as_str().unwrap();
        assert!(remedy.contains("take the named line out"), "{remedy}");
        std::fs::write(&path, sound).unwrap();
        repo.ok(&["recover"]);
        repo.ok(&["validate"]);
        assert_eq!(repo.ok(&["events", "query", "-o", "id"]), events);
    }
}

fn the_segment(repo: &Repo) -> std::path::PathBuf {
    let mut path = repo.root().join(".jit/events");
    while path.is_dir() {
        let mut entries = std::fs::read_dir(&path).expect("it can be listed");
        let entry = entries.next().expect("it holds something");
        path = entry.expect("it can be looked at").path();
    }
    path
}

#[test]
fn what_is_no_plain_file_is_not_said_to_be_mended_by_fix() {
    let repo = Repo::new();
    let id = repo.create("A");
    let path = repo
        .root()
        .join(format!(".jit/issues/{}/{id}.json", &id[..2]));
    for make in [
        |path: &std::path::Path| std::os::unix::fs::symlink("/etc/hostname", path).unwrap(),
        |path: &std::path::Path| std::fs::create_dir(path).unwrap(),
        |path: &std::path::Path| drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
    ] {
        if path.is_dir() && !path.is_symlink() {
            std::fs::remove_dir(&path).unwrap();
        } else {
            std::fs::remove_file(&path).unwrap();
        }
        make(&path);
        let answer = repo.jit(&["validate", "--level", "fast", "--json"]);
        let found: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
        assert_eq!(found[0]["code"], "unreadable_issue", "{found}");
        let remedy = found[0]["remedy"].as_str().unwrap();
        assert!(remedy.starts_with("move it out of the store"), "{found}");
    }
}
