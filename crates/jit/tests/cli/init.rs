//! `jit init`.

use crate::harness::{Repo, Surroundings, git, program};
use expect_test::expect;

#[test]
fn makes_a_store_at_the_top_of_the_repository() {
    let repo = Repo::bare();
    repo.write("deep/er/file", "");
    let below = Surroundings {
        dir: "deep/er",
        ..Surroundings::default()
    };
    repo.check_in(
        &["init"],
        below,
        expect![[r#"
        --- stderr
        Made the store `/repo/.jit`.
        Git merges issues by field in this clone now.
    "#]],
    );
    assert!(repo.root().join(".jit/format.json").is_file());
    assert!(!repo.root().join("deep/er/.jit").exists());
}

#[test]
fn twice_is_harmless() {
    let repo = Repo::new();
    repo.check(
        &["init"],
        expect![[r#"
        --- stderr
        The store `/repo/.jit` is there already.
    "#]],
    );
    repo.check(&["init", "--json"], expect![[r#"
        {"changed":false,"created":[],"git_dir":"/repo/.git","merge_driver":"installed","private":"/repo/.git/jit","reason":"repository","root":"/repo","store":"/repo/.jit","why":"it lies at the top of this repository"}
    "#]]);
}

#[test]
fn a_dry_run_makes_nothing() {
    let repo = Repo::bare();
    repo.check(
        &["init", "--dry-run"],
        expect![[r#"
        --- stderr
        The store would be `/repo/.jit`.
    "#]],
    );
    assert!(!repo.root().join(".jit").exists());
}

/// Returns the driver in the clone's configuration.
fn driver(repo: &Repo) -> String {
    let config = std::fs::read_to_string(repo.root().join(".git/config"));
    let config = config.expect("a clone has its configuration");
    let line = config.lines().find(|line| line.contains("driver ="));
    line.unwrap_or_default().trim().to_owned()
}

#[test]
fn a_fresh_clone_gets_the_driver_only() {
    let repo = Repo::new();
    assert!(driver(&repo).ends_with("/jit' merge-driver %O %A %B %L %P"));
    git(
        repo.root(),
        &["config", "--local", "--remove-section", "merge.jit"],
    );
    let answer = repo.json(&["init", "--dry-run"]);
    assert_eq!(
        (&answer["merge_driver"], &answer["changed"]),
        (&"missing".into(), &false.into())
    );
    assert_eq!(driver(&repo), "");
    let answer = repo.json(&["init"]);
    assert_eq!(
        (&answer["merge_driver"], &answer["changed"]),
        (&"installed".into(), &true.into())
    );
    assert_eq!(answer["created"], serde_json::json!([]));
    assert!(driver(&repo).ends_with("/jit' merge-driver %O %A %B %L %P"));
    git(
        repo.root(),
        &[
            "config",
            "--local",
            "merge.jit.driver",
            "'/gone/jit' merge-driver %O %A %B %L %P",
        ],
    );
    assert_eq!(repo.json(&["init", "--dry-run"])["merge_driver"], "broken");
    assert_eq!(repo.json(&["init"])["changed"], true);
}

#[test]
fn nothing_in_the_repository_decides_what_git_runs() {
    let repo = Repo::bare();
    let own = env!("CARGO_BIN_EXE_jit");
    std::fs::create_dir(repo.root().join("bin")).unwrap();
    let inside = repo.root().join("bin/jit");
    std::fs::copy(own, &inside).unwrap();
    let output = program(inside.to_str().unwrap(), repo.root())
        .arg("init")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("lies in the repository"), "{said}");
    assert_eq!(driver(&repo), "");
    // A program of the same name that is found first by a relative path is not the one either.
    let output = program(own, repo.root())
        .env("PATH", "bin:.:/usr/bin:/bin")
        .arg("init")
        .output();
    assert!(output.unwrap().status.success());
    assert!(driver(&repo).contains(own), "{}", driver(&repo));
}

#[test]
fn a_hook_of_another_repository_does_not_lead_git_astray() {
    let (repo, other) = (Repo::bare(), Repo::bare());
    let elsewhere = other.root().join(".git");
    let variables = [
        ("GIT_DIR", elsewhere.to_str().unwrap()),
        ("GIT_CONFIG_COUNT", "x"),
    ];
    let surroundings = Surroundings {
        variables: &variables,
        ..Surroundings::default()
    };
    assert_eq!(repo.jit_in(&["init"], surroundings).code, 0);
    assert_ne!(driver(&repo), "");
    assert_eq!(driver(&other), "");
}

#[test]
fn an_older_store_gets_the_attributes_that_it_lacks() {
    let repo = Repo::new();
    let path = ".jit/.gitattributes";
    let whole = std::fs::read_to_string(repo.root().join(path)).unwrap();
    let older = whole.replace("* -text\n", "") + "# ours";
    repo.write(path, &older);
    assert_eq!(repo.json(&["init"])["created"][0], ".gitattributes");
    let text = std::fs::read_to_string(repo.root().join(path)).unwrap();
    assert_eq!(text, format!("{older}\n* -text\n"));
    assert_eq!(repo.json(&["init"])["changed"], false);
}
