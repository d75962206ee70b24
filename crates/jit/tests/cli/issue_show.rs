//! `jit issue show`.

use crate::harness::{Repo, Surroundings};
use expect_test::expect;

#[test]
fn one_is_an_object_and_several_are_an_array() {
    let repo = Repo::new();
    let first = repo.create("First");
    let second = repo.create("Second");
    assert!(repo.json(&["issue", "show", &first]).is_object());
    let both = repo.json(&["issue", "show", &format!("{second},{first}")]);
    assert_eq!(both[0]["id"], second.as_str());
    assert_eq!(both[1]["id"], first.as_str());
    assert_eq!(
        repo.json(&["show", &first.to_uppercase()])["id"],
        first.as_str()
    );
}

#[test]
fn what_names_no_issue_is_not_found() {
    let repo = Repo::new();
    repo.check(
        &["issue", "show", "zzzz"],
        expect![[r#"
        --- stderr
        error: no issue matches `zzzz`
        hint: jit issue list
        --- exit 3
    "#]],
    );
    repo.check(&["issue", "show", "zzzz", "--json"], expect![[r#"
        --- stderr
        {"error":{"code":"not_found","details":{"id":"zzzz"},"hint":"jit issue list","message":"no issue matches `zzzz`","retryable":false}}
        --- exit 3
    "#]]);
    repo.check(
        &["issue", "show", "zz"],
        expect![[r#"
        --- stderr
        error: `zz` is too short for an issue id, type at least 4 characters
        hint: jit issue list
        --- exit 3
    "#]],
    );
    repo.check(&["issue", "show", "../../etc/passwd"], expect![[r#"
        --- stderr
        error: `../../etc/passwd` is not an issue id (ten characters of 0-9 and a-z without i, l, o, u)
        hint: jit issue list
        --- exit 3
    "#]]);
}

#[test]
fn an_ambiguous_prefix_lists_its_candidates() {
    let repo = Repo::new();
    let prefix = "zzzz";
    let made = repo.create("A");
    let path = |id: &str| format!(".jit/issues/{}/{id}.json", &id[..2]);
    let text = std::fs::read_to_string(repo.root().join(path(&made))).unwrap();
    for id in ["zzzz000001", "zzzz000002"] {
        repo.write(&path(id), &text.replace(&made, id));
    }
    repo.check(
        &["issue", "show", prefix],
        expect![[r#"
        --- stderr
        error: `zzzz` is ambiguous: zzzz000001, zzzz000002
        hint: type more characters of the id
        --- exit 3
    "#]],
    );
    repo.check(&["issue", "show", prefix, "--json"], expect![[r#"
        --- stderr
        {"error":{"code":"ambiguous_id","details":{"candidates":["zzzz000001","zzzz000002"],"prefix":"zzzz"},"hint":"type more characters of the id","message":"`zzzz` is ambiguous: zzzz000001, zzzz000002","retryable":false}}
        --- exit 3
    "#]]);
}

#[test]
fn ids_come_from_what_another_command_printed() {
    let repo = Repo::new();
    let ids = ["A", "B"].map(|title| repo.create(title));
    for form in ["id", "json", "jsonl"] {
        let piped = Surroundings {
            stdin: &repo.ok(&["query", "ready", "-o", form]),
            ..Surroundings::default()
        };
        let answer = repo.jit_in(&["issue", "show", "-", "-o", "id"], piped);
        assert_eq!(answer.stdout, format!("{}\n{}\n", ids[0], ids[1]), "{form}");
    }
    repo.write("ids", &ids.join("\n"));
    assert_eq!(repo.ok(&["show", "@ids", "-o", "id"]), ids.join("\n"));
}

#[test]
fn what_is_named_twice_is_shown_once() {
    let repo = Repo::new();
    let (first, second) = (repo.create("A"), repo.create("B"));
    let named = format!("{second},{first},{}", &second[..6]);
    assert_eq!(
        repo.ok(&["issue", "show", &named, "-o", "id"]),
        format!("{second}\n{first}")
    );
}
