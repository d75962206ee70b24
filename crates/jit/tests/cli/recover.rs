//! `jit recover`, and what `jit validate` says before it.

use crate::harness::{Repo, Surroundings, git};
use expect_test::{Expect, expect};
use std::path::Path;

/// What does not change from run to run.
const FIELDS: &str = "kind,found,outcome,lines";

/// Runs git at the root.
fn run(repo: &Repo, words: &str) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
    let words: Vec<&str> = identity.into_iter().chain(words.split(' ')).collect();
    git(repo.root(), &words);
}

fn commit(repo: &Repo) {
    run(repo, "add -A");
    run(repo, "commit -q -m state");
}

/// Has one issue committed and changed since, and another one that no commit has; lets git loose; compares the findings, and
/// insists that afterwards everything is as it was.
fn check(commands: &[&str], expected: &Expect) {
    let repo = Repo::new();
    let old = repo.create("Old");
    commit(&repo);
    repo.ok(&["issue", "update", &old, "-p", "high"]);
    let new = repo.create("New");
    let seen = || {
        let shown = repo.json(&["issue", "show", &old, &new]);
        let events = repo.ok(&["events", "query", "--type", "issue.created", "--json"]);
        (shown, events.lines().count())
    };
    let before = seen();
    for words in commands {
        run(&repo, words);
    }
    let found = repo.jit(&["validate", "--fields", "code", "-o", "tsv"]);
    let mut codes: Vec<&str> = found.stdout.lines().collect();
    codes.sort_unstable();
    expected.assert_eq(&codes.join(" "));
    if found.code == 4 {
        repo.ok(&["recover"]);
        assert_eq!(seen(), before, "{commands:?}");
    }
    let quiet = repo.jit(&["recover"]);
    assert_eq!(quiet.stdout, "", "{commands:?}: {quiet:?}");
}

#[test]
fn what_git_removed_is_named_and_brought_back() {
    check(&["status"], &expect![""]);
    check(&["gc -q"], &expect![""]);
    check(&["clean -xfdq"], &expect!["lost_file"]);
    check(
        &["reset -q --hard"],
        &expect!["history lost_events reverted_file"],
    );
    check(
        &["checkout -q -- ."],
        &expect!["history lost_events reverted_file"],
    );
    let both = ["reset -q --hard", "clean -xfdq"];
    check(&both, &expect!["lost_events lost_file reverted_file"]);
    let dropped = ["stash push -q -u", "stash drop -q"];
    check(&dropped, &expect!["lost_events lost_file reverted_file"]);
}

#[test]
fn what_git_keeps_is_left_to_git() {
    check(&["stash push -q -u"], &expect![""]);
    check(&["stash push -q -u", "stash pop -q"], &expect![""]);
    let earlier = ["stash push -q -u", "stash push -q -u --keep-index"];
    check(&earlier, &expect![""]);
    let committed = ["add -A", "commit -q -m more", "checkout -q HEAD~1"];
    check(&committed, &expect![""]);
    let undone = ["add -A", "commit -q -m more", "reset -q --hard HEAD~1"];
    check(&undone, &expect![""]);
    let staged = ["add -A", "stash push -q --keep-index"];
    check(&staged, &expect![""]);
    let packed = ["add -A", "commit -q -m more", "gc -q", "checkout -q HEAD~1"];
    check(&packed, &expect![""]);
}

#[test]
fn issues_of_another_branch_are_not_lost() {
    let repo = Repo::bare();
    std::fs::write(repo.root().join("code"), "1").unwrap();
    commit(&repo);
    run(&repo, "branch plain");
    repo.ok(&["init"]);
    let id = repo.create("On main");
    commit(&repo);
    run(&repo, "switch -q -c side");
    let side = repo.create("On the side");
    commit(&repo);
    run(&repo, "switch -q main");
    let gone = repo.jit(&["issue", "show", &side]);
    assert_eq!(gone.code, 3, "it is on the other branch: {gone:?}");
    repo.check(
        &["validate"],
        expect![[r#"
        --- stderr
        1 issue, nothing is wrong.
    "#]],
    );
    // A branch without any store is no empty store.
    run(&repo, "switch -q plain");
    for command in [["issue", "list"], ["query", "ready"]] {
        let answer = repo.jit(&[&command[..], &["--json"]].concat());
        assert_ne!(answer.code, 0, "{answer:?}");
        assert_eq!(answer.stdout, "", "{answer:?}");
    }
    run(&repo, "switch -q side");
    repo.ok(&["issue", "show", &id, &side]);
    repo.ok(&["validate"]);
}

#[test]
fn a_store_that_git_removed_whole_comes_back() {
    let repo = Repo::new();
    let id = repo.create("Never committed");
    repo.ok(&["issue", "claim", &id, "copilot-1"]);
    let before = repo.json(&["issue", "show", &id]);
    run(&repo, "clean -xfdq");
    assert!(!repo.root().join(".jit").exists());
    let answer = repo.jit(&["issue", "list"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (3, ""), "{answer:?}");
    repo.ok(&["init"]);
    repo.check(
        &["recover", "--fields", FIELDS, "-o", "tsv"],
        expect![[r#"
        issue	nothing	restored	
        events		restored	3
        --- stderr
        Brought back 1 file and 3 events.
    "#]],
    );
    assert_eq!(repo.json(&["issue", "show", &id]), before, "also its lease");
    let events = repo.ok(&["events", "query", "--fields", "type,note", "-o", "tsv"]);
    expect![[r#"
        issue.created	
        issue.ready	
        issue.claimed	
        external.changed	recovered"#]]
    .assert_eq(&events);
    repo.ok(&["validate"]);
}

#[test]
fn a_rehearsal_writes_nothing() {
    let repo = Repo::new();
    let id = repo.create("A");
    run(&repo, "clean -xfdq -e config.toml -e format.json");
    repo.check(
        &["recover", "--dry-run", "--fields", FIELDS, "--json"],
        expect![[r#"
            [{"found":"nothing","kind":"issue","lines":null,"outcome":"would_restore"},{"found":null,"kind":"events","lines":2,"outcome":"would_restore"}]
            --- stderr
            Dry run: nothing was written.
        "#]],
    );
    assert_eq!(repo.jit(&["issue", "show", &id]).code, 3);
    repo.check(
        &["validate", "--fields", "code,message,remedy", "-o", "tsv"],
        expect![[r#"
            lost_file	it was removed, and git does not have its last version	jit recover
            lost_events	2 of its lines are gone, and git does not have them	jit recover
            --- stderr
            error: 2 findings
            --- exit 4
        "#]],
    );
}

#[test]
fn a_version_of_elsewhere_is_left_alone() {
    let repo = Repo::new();
    let id = repo.create("A");
    let path = repo
        .root()
        .join(format!(".jit/issues/{}/{id}.json", &id[..2]));
    let text = std::fs::read_to_string(&path).unwrap();
    let etag = text.lines().find(|line| line.contains("\"etag\"")).unwrap();
    let other = text.replace(etag, "  \"etag\": \"0123456789abcdef0123\",");
    std::fs::write(&path, &other).unwrap();
    let answer = repo.jit(&["recover", "--fields", FIELDS, "-o", "tsv"]);
    assert_eq!(answer.stdout, "issue\tforeign\tkept_aside\t\n");
    assert!(
        answer
            .stderr
            .contains("was left alone; ours is in `<private>/backup/"),
        "{answer:?}"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), other);
    let saved = repo.json(&["recover"])[0]["saved"]
        .as_str()
        .unwrap()
        .replace("<private>", ".git/jit");
    assert_eq!(
        std::fs::read_to_string(repo.root().join(saved)).unwrap(),
        text
    );
}

#[test]
fn git_is_asked_only_when_something_is_lost() {
    let repo = Repo::new();
    let id = repo.create("A");
    let nowhere = Surroundings {
        variables: &[("PATH", "/nonexistent")],
        ..Surroundings::default()
    };
    for command in ["recover", "validate"] {
        assert_eq!(repo.jit_in(&[command], nowhere).code, 0);
    }
    run(&repo, "clean -fdq .jit/issues");
    repo.check_in(
        &["recover"],
        nowhere,
        expect![[r#"
            --- stderr
            error: git could not be asked what it keeps of the store: git is not on the search path
            hint: jit doctor
            --- exit 10
        "#]],
    );
    let fields = ["validate", "--fields", "code,message", "-o", "tsv"];
    repo.check_in(&fields, nowhere, expect![[r#"
        missing_directory	it is missing, though the log knows 1 issues
        lost_file	it was removed, and git does not have its last version, as far as can be told (git could not be asked what it keeps of the store: git is not on the search path)
        --- stderr
        error: 2 findings
        --- exit 4
    "#]]);
    assert_eq!(repo.jit(&["issue", "show", &id]).code, 3);
}

#[test]
fn a_repository_can_not_make_git_run_anything() {
    let repo = Repo::new();
    let canary = repo.root().join("canary");
    let command = format!("touch {}", canary.display());
    for name in [
        "core.fsmonitor",
        "core.pager",
        "diff.external",
        "core.sshCommand",
        "filter.x.clean",
        "gpg.program",
        "core.editor",
    ] {
        git(repo.root(), &["config", name, &command]);
    }
    git(repo.root(), &["config", "log.showSignature", "true"]);
    git(
        repo.root(),
        &["config", "alias.log", &format!("!{command}")],
    );
    let hooks = repo.root().join(".git/hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    write_script(&hooks.join("post-index-change"), &command);
    // A program in the current directory is not git.
    write_script(&repo.root().join("git"), &command);
    repo.create("A");
    std::fs::remove_dir_all(repo.root().join(".jit/issues")).unwrap();
    let path = format!(".:{}", std::env::var("PATH").unwrap());
    let surroundings = Surroundings {
        variables: &[
            ("PATH", &path),
            ("GIT_DIR", "/nonexistent"),
            ("GIT_EXTERNAL_DIFF", &command),
        ],
        ..Surroundings::default()
    };
    assert_eq!(repo.jit_in(&["validate"], surroundings).code, 4);
    assert_eq!(repo.jit_in(&["recover"], surroundings).code, 0);
    assert!(!canary.exists());
    repo.ok(&["validate"]);
}

fn write_script(path: &Path, command: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::write(path, format!("#!/bin/sh\n{command}\n"))
        .and_then(|()| std::fs::set_permissions(path, executable))
        .expect("a script can be written");
}
