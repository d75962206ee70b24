//! `jit gc`.

use crate::harness::Repo;
use expect_test::expect;

/// Makes the deletion of an issue as old as this.
fn age(repo: &Repo, id: &str, at: &str) {
    let path = format!(".jit/issues/{}/{id}.json", &id[..2]);
    let text = std::fs::read_to_string(repo.root().join(&path)).expect("it is there");
    let mut issue: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    issue["deleted"]["at"] = at.into();
    repo.write(&path, &issue.to_string());
}

fn is_there(repo: &Repo, path: &str) -> bool {
    repo.root().join(path).exists()
}

#[test]
fn only_old_tombstones_that_nothing_points_to_go() {
    let repo = Repo::new();
    let [old, young, pointed, alive] =
        ["Old", "Young", "Pointed", "Alive"].map(|it| repo.create(it));
    repo.ok(&["issue", "claim", &old, "agent:bob"]);
    repo.ok(&["issue", "release", &old, "--force"]);
    for id in [&old, &young, &pointed] {
        repo.ok(&["issue", "delete", id, "--force"]);
    }
    age(&repo, &old, "2020-01-01T00:00:00Z");
    age(&repo, &pointed, "2020-01-01T00:00:00Z");
    let waits = repo.create("Waits");
    let path = format!(".jit/issues/{}/{waits}.json", &waits[..2]);
    let text = std::fs::read_to_string(repo.root().join(&path)).unwrap();
    let mut issue: serde_json::Value = serde_json::from_str(&text).unwrap();
    issue["dependencies"] = serde_json::json!([pointed]);
    repo.write(&path, &issue.to_string());
    let file = |id: &str| format!(".jit/issues/{}/{id}.json", &id[..2]);
    let lease = format!(".git/jit/leases/{old}.json");
    repo.check(&["gc", "--dry-run", "--json"], expect![[r#"
        [{"issue":"0001abcdef","kind":"tombstone","path":".jit/issues/00/0001abcdef.json","removed":false},{"issue":"0001abcdef","kind":"lease","path":"<private>/leases/0001abcdef.json","removed":false}]
        --- stderr
        Dry run: nothing was written.
    "#]]);
    assert!(is_there(&repo, &file(&old)) && is_there(&repo, &lease));
    repo.check(
        &["gc"],
        expect![[r#"
        tombstone  .jit/issues/00/0001abcdef.json
        lease      <private>/leases/0001abcdef.json
        --- stderr
        Removed 2 files.
    "#]],
    );
    assert!(!is_there(&repo, &file(&old)) && !is_there(&repo, &lease));
    for id in [&young, &pointed, &alive] {
        assert!(is_there(&repo, &file(id)), "{id}");
    }
    repo.check(
        &["gc"],
        expect![[r#"
        --- stderr
        Nothing is old enough to go.
    "#]],
    );
    let found = repo.jit(&["validate", "--json"]).stdout;
    assert!(
        !found.contains(&old),
        "what gc removed is not lost: {found}"
    );
    assert_eq!(repo.jit(&["recover", "--json"]).stdout, "[]\n");
    assert_eq!(repo.ok(&["issue", "list", "-o", "id"]).lines().count(), 2);
}

#[test]
fn old_answers_copies_and_leftovers_go_and_young_ones_stay() {
    let repo = Repo::new();
    repo.create_with("A", &["--key", "one"]);
    for path in [
        ".git/jit/keys/00/old.json",
        ".git/jit/tmp/7-0",
        ".jit/local/tmp/7-0",
        ".git/jit/backup/1000000-7/before+issues+x.json",
    ] {
        repo.leave_behind(path);
    }
    repo.write(".git/jit/tmp/8-0", "somebody is at work");
    let now = "9999999999999999-8";
    repo.write(
        &format!(".git/jit/backup/{now}/before+issues+x.json"),
        "young",
    );
    repo.check(
        &["gc"],
        expect![[r#"
        receipt   <private>/keys/00/old.json
        backup    <private>/backup/1000000-7
        leftover  .jit/local/tmp/7-0
        leftover  <private>/tmp/7-0
        --- stderr
        Removed 4 files.
    "#]],
    );
    for path in [
        ".git/jit/keys/00/old.json",
        ".git/jit/backup/1000000-7",
        ".git/jit/tmp/7-0",
    ] {
        assert!(!is_there(&repo, path), "{path}");
    }
    assert!(is_there(&repo, ".git/jit/tmp/8-0"));
    assert!(is_there(&repo, &format!(".git/jit/backup/{now}")));
    let again = repo.json(&["issue", "create", "-t", "A", "--key", "one"]);
    assert_eq!(again["changed"], false, "a young answer is given still");
}
