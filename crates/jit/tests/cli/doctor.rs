//! `jit doctor`.

use crate::harness::{Repo, Surroundings, git};
use expect_test::expect;

fn codes(repo: &Repo) -> (i32, Vec<String>) {
    let answer = repo.jit(&["doctor", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&answer.stdout).expect("it is JSON");
    let found = found.as_array().expect("a list");
    let codes = found.iter().map(|it| {
        assert!(it["remedy"].is_string(), "{it}");
        it["code"].as_str().expect("a code").to_owned()
    });
    (answer.code, codes.collect())
}

#[test]
fn a_new_store_stands_on_firm_ground() {
    let repo = Repo::new();
    repo.create("A");
    repo.check(
        &["doctor"],
        expect![[r#"
        --- stderr
        Everything is in order.
    "#]],
    );
    let writer = std::fs::File::open(repo.root().join(".jit")).unwrap();
    writer.lock().unwrap();
    assert_eq!(
        codes(&repo),
        (0, vec![]),
        "a writer at work proves that locks work"
    );
    repo.check(
        &["doctor", "--probe-lock", "--json"],
        expect![[r#"
        {"free":false}
    "#]],
    );
    writer.unlock().unwrap();
    repo.check(
        &["doctor", "--probe-lock", "--json"],
        expect![[r#"
        {"free":true}
    "#]],
    );
}

#[test]
fn a_driver_is_one_that_the_repository_can_not_replace() {
    let repo = Repo::new();
    repo.write("jit", "");
    let inside = repo.root().join("jit");
    let inside = inside.to_str().expect("it is UTF-8");
    for program in [
        "/nowhere/jit",
        "./jit",
        "bin/../jit",
        inside,
        "no-such-program",
    ] {
        let command = format!("{program} merge-driver %O %A %B %L %P");
        git(repo.root(), &["config", "merge.jit.driver", &command]);
        let expected = (4, vec!["broken_merge_driver".to_owned()]);
        assert_eq!(codes(&repo), expected, "{program}");
    }
    repo.ok(&["init"]);
    assert_eq!(codes(&repo), (0, vec![]));
}

#[test]
fn what_is_wrong_around_the_store_is_named() {
    let check = |damage: &dyn Fn(&Repo), code: i32, expected: &[&str]| {
        let repo = Repo::new();
        repo.create("A");
        damage(&repo);
        assert_eq!(
            codes(&repo),
            (code, expected.iter().map(|it| (*it).to_owned()).collect())
        );
    };
    check(
        &|repo| git(repo.root(), &["config", "--unset", "merge.jit.driver"]),
        4,
        &["no_merge_driver"],
    );
    check(
        &|repo| std::fs::remove_file(repo.root().join(".jit/.gitattributes")).unwrap(),
        4,
        &["missing_attributes"],
    );
    check(
        &|repo| repo.write(".git/jit/applied", "?"),
        4,
        &["broken_mark", "pending_log"],
    );
    check(
        &|repo| repo.write(".git/jit/read_only_io_error", "EIO"),
        4,
        &["stopped"],
    );
    check(
        &|repo| repo.leave_behind(".git/jit/tmp/7-0"),
        0,
        &["leftover_file"],
    );
    check(
        &|repo| repo.write(".git/jit/index.db", "no index"),
        0,
        &["broken_index"],
    );
    check(
        &|repo| repo.write(".jit/config.toml", "[store"),
        4,
        &["broken_config"],
    );
    check(
        &|repo| repo.write(".jit/format.json", "{"),
        4,
        &["broken_format"],
    );
    check(
        &|repo| {
            let line = "{\"actor\":\"human:ada\",\"id\":\"01kg0000000000000000000000\",\"lc\":1,\"ts\":\"2999-01-01T00:00:00Z\",\"txn\":\"01kg0000000000000000000000\",\"type\":\"gate.defined\"}\n";
            repo.write(".jit/events/299901/x.jsonl", line);
        },
        4,
        &["clock_behind"],
    );
}

#[test]
fn leases_that_git_would_clean_away_are_named() {
    let repo = Repo::bare();
    let sub = repo.root().join("sub");
    std::fs::create_dir(&sub).unwrap();
    let sub = sub.to_str().expect("it is UTF-8");
    let named = Surroundings {
        variables: &[("JIT_DIR", sub)],
        ..Surroundings::default()
    };
    repo.check_in(&["init"], named, expect![[r#"
        --- stderr
        error: `/repo/sub/.jit` would lie below the top of the repository `/repo`, where git removes its leases with other ignored files
        hint: JIT_DIR=/repo jit init, or make a repository of its own: git init /repo/sub
        --- exit 3
    "#]]);
    // An older program made it all the same.
    let git = repo.root().join(".git");
    let aside = repo.root().join("aside");
    std::fs::rename(&git, &aside).unwrap();
    assert_eq!(repo.jit_in(&["init"], named).code, 0);
    std::fs::rename(&aside, &git).unwrap();
    repo.check_in(&["doctor"], named, expect![[r#"
        leases_in_worktree /repo/sub/.jit/local: the leases lie inside the repository `/repo`, where git clean -x removes them
          remedy: move .jit to the top of the repository while nobody works, then run jit init
    "#]]);
}
