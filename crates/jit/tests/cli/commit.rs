//! `jit commit`.

use crate::harness::{Answer, Repo, Surroundings, git, jit, program, program_output};
use expect_test::expect;
use std::os::unix::fs::PermissionsExt as _;

const WHO: [(&str, &str); 4] = [
    ("GIT_AUTHOR_NAME", "Ada"),
    ("GIT_AUTHOR_EMAIL", "ada@example.org"),
    ("GIT_COMMITTER_NAME", "Ada"),
    ("GIT_COMMITTER_EMAIL", "ada@example.org"),
];

fn commit(repo: &Repo, arguments: &[&str]) -> Answer {
    let surroundings = Surroundings {
        variables: &WHO,
        ..Surroundings::default()
    };
    repo.jit_in(&[&["commit"], arguments].concat(), surroundings)
}

fn ask(repo: &Repo, arguments: &[&str]) -> String {
    program_output("git", repo.root(), arguments)
}

#[test]
fn only_the_store_is_committed_and_other_staged_work_stays() {
    let repo = Repo::new();
    repo.write("code.rs", "fn main() {}");
    repo.write("other.rs", "fn other() {}");
    git(repo.root(), &["add", "code.rs"]);
    let first = repo.create("First");
    let answer = commit(&repo, &["-m", "Begin"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(ask(&repo, &["log", "--format=%s %an"]), "Begin Ada\n");
    let files = ask(&repo, &["ls-tree", "-r", "--name-only", "HEAD"]);
    assert!(
        files.lines().all(|path| path.starts_with(".jit/")),
        "{files}"
    );
    assert!(files.contains(&format!("{first}.json")), "{files}");
    assert_eq!(
        ask(&repo, &["status", "--porcelain"]),
        "A  code.rs\n?? other.rs\n"
    );
    let again = commit(&repo, &["--json"]);
    assert_eq!(again.code, 0, "{again:?}");
    let again: serde_json::Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(again["changed"], false);
    assert_eq!(again["commit"], serde_json::Value::Null);
}

#[test]
fn the_message_tells_the_events_since_the_last_commit() {
    let repo = Repo::new();
    let first = repo.create("First");
    assert_eq!(commit(&repo, &["--auto"]).code, 0);
    let second = repo.create("Sec\u{202e}ond");
    repo.ok(&["dep", "add", &second, &first]);
    repo.ok(&["issue", "claim", &first, "agent:bob"]);
    repo.ok(&["issue", "done", &first]);
    let answer = commit(&repo, &["--auto"]);
    let told = "jit: 1 claimed, 1 created, 1 dep added, 1 done\n";
    assert!(answer.stderr.ends_with(told), "{answer:?}");
    expect![[r#"
        jit: 1 claimed, 1 created, 1 dep added, 1 done

        - 0002abcdef Second: created, dep added
        - 0001abcdef First: claimed, done

    "#]]
    .assert_eq(&repo.normal(&ask(&repo, &["log", "-1", "--format=%B"])));
    assert_eq!(ask(&repo, &["status", "--porcelain"]), "");
}

#[test]
fn nothing_of_the_repository_runs() {
    let repo = Repo::new();
    repo.create("First");
    let canary = repo.root().join("canary");
    let touch = format!("touch {}", canary.display());
    for hook in [
        "pre-commit",
        "post-commit",
        "commit-msg",
        "reference-transaction",
        "post-index-change",
    ] {
        let path = format!(".git/hooks/{hook}");
        repo.write(&path, &format!("#!/bin/sh\n{touch}\n"));
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(repo.root().join(path), mode).unwrap();
    }
    for (key, value) in [
        ("core.fsmonitor", touch.as_str()),
        ("filter.x.clean", &touch),
        ("gpg.program", &touch),
        ("commit.gpgSign", "true"),
        ("core.editor", &touch),
    ] {
        git(repo.root(), &["config", key, value]);
    }
    repo.write(".git/info/attributes", "*.json filter=x\n");
    let answer = commit(&repo, &["--auto"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(!canary.exists(), "something ran");
}

#[test]
fn an_unfinished_merge_is_left_alone() {
    let repo = Repo::new();
    repo.create("First");
    repo.write(
        ".git/MERGE_HEAD",
        "0123456789012345678901234567890123456789\n",
    );
    let answer = commit(&repo, &["--json"]);
    assert_eq!(answer.code, 9, "{answer:?}");
    assert!(answer.stderr.contains("merge_in_progress"), "{answer:?}");
}

#[test]
fn what_gc_and_git_took_away_goes_from_the_commit_too() {
    let repo = Repo::new();
    repo.ok(&["gate", "define", "review", "--title", "Review"]);
    assert_eq!(commit(&repo, &[]).code, 0);
    std::fs::remove_file(repo.root().join(".jit/gates/review.json")).unwrap();
    let dry = commit(&repo, &["--dry-run", "--json"]);
    assert!(dry.stdout.contains("review.json"), "{dry:?}");
    assert_eq!(ask(&repo, &["rev-list", "--count", "HEAD"]), "1\n");
    assert_eq!(commit(&repo, &[]).code, 0);
    let files = ask(&repo, &["ls-tree", "-r", "--name-only", "HEAD"]);
    assert!(!files.contains("review.json"), "{files}");
    assert_eq!(ask(&repo, &["status", "--porcelain"]), "");
}

#[test]
fn a_store_that_git_ignores_or_does_not_know_is_refused() {
    let repo = Repo::new();
    repo.write(".git/info/exclude", ".jit/\n");
    let answer = commit(&repo, &[]);
    assert_eq!(answer.code, 10, "{answer:?}");
    std::fs::remove_dir_all(repo.root().join(".git")).unwrap();
    std::fs::remove_dir_all(repo.root().join(".jit")).unwrap();
    repo.ok(&["init"]);
    assert_eq!(commit(&repo, &[]).code, 10);
}

#[test]
fn an_empty_message_is_refused_also_when_there_is_nothing_to_commit() {
    let repo = Repo::new();
    assert_eq!(commit(&repo, &["-m", " "]).code, 2);
    assert_eq!(commit(&repo, &[]).code, 0);
    assert_eq!(commit(&repo, &["-m", ""]).code, 2);
}

#[test]
fn a_fresh_clone_commits_without_init() {
    let repo = Repo::new();
    repo.create("First");
    assert_eq!(commit(&repo, &[]).code, 0);
    let clone = repo.root().with_file_name("clone");
    git(repo.root(), &["clone", "-q", ".", "../clone"]);
    std::fs::write(clone.join(".jit/config.toml"), "# ours\n").unwrap();
    let surroundings = Surroundings {
        variables: &WHO,
        ..Surroundings::default()
    };
    let answer = jit(&clone, &["commit", "-m", "Ours"], surroundings);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(
        program_output("git", &clone, &["status", "--porcelain"]),
        ""
    );
}

#[test]
fn a_removal_is_committed_under_either_object_format() {
    for format in ["sha1", "sha256"] {
        let repo = Repo::bare();
        std::fs::remove_dir_all(repo.root().join(".git")).unwrap();
        let object_format = format!("--object-format={format}");
        git(repo.root(), &["init", "-q", "--template=", &object_format]);
        repo.ok(&["init"]);
        repo.ok(&["gate", "define", "review", "--title", "Review"]);
        assert_eq!(commit(&repo, &[]).code, 0, "{format}");
        std::fs::remove_file(repo.root().join(".jit/gates/review.json")).unwrap();
        let answer = commit(&repo, &[]);
        assert_eq!(answer.code, 0, "{format}: {answer:?}");
        assert_eq!(ask(&repo, &["status", "--porcelain"]), "", "{format}");
    }
}

#[test]
fn no_filter_runs_for_what_git_is_unsure_of() {
    let repo = Repo::new();
    let canary = repo.root().with_file_name("canary");
    let clean = format!("touch {}; cat", canary.display());
    repo.write(".git/info/attributes", "*.rs filter=x\n");
    repo.write("code.rs", "fn main() {}");
    git(repo.root(), &["add", "code.rs"]);
    git(repo.root(), &["config", "filter.x.clean", &clean]);
    // An entry that is as young as the index may have changed since: git has to look into the file.
    let second = std::time::UNIX_EPOCH + std::time::Duration::from_secs(2_000_000_000);
    for path in ["code.rs", ".git/index"] {
        let file = std::fs::File::options()
            .write(true)
            .open(repo.root().join(path));
        file.and_then(|file| file.set_modified(second)).unwrap();
    }
    git(
        repo.root(),
        &["-c", "filter.x.clean=cat", "update-index", "--refresh"],
    );
    std::fs::remove_file(&canary).ok();
    let file = std::fs::File::options()
        .write(true)
        .open(repo.root().join(".git/index"));
    file.and_then(|file| file.set_modified(second)).unwrap();
    let answer = commit(&repo, &["-m", "Store"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(!canary.exists(), "a filter ran");
}

#[test]
fn nothing_is_published_through_a_link() {
    for top in ["gates", "issues", "events"] {
        let repo = Repo::new();
        repo.ok(&["gate", "define", "review", "--title", "Review"]);
        repo.create("First");
        assert_eq!(commit(&repo, &[]).code, 0, "{top}");
        let (place, outside) = (
            repo.root().join(".jit").join(top),
            repo.root().with_file_name("outside"),
        );
        std::fs::rename(&place, &outside).unwrap();
        std::fs::write(outside.join("secret.json"), "{}").unwrap();
        std::os::unix::fs::symlink(&outside, &place).unwrap();
        let answer = commit(&repo, &[]);
        assert_ne!(answer.code, 0, "{top}: {answer:?}");
        assert_eq!(ask(&repo, &["rev-list", "--count", "HEAD"]), "1\n", "{top}");
    }
}

#[test]
fn files_in_several_versions_are_never_committed() {
    let repo = Repo::new();
    let id = repo.create("First");
    let path = format!(".jit/issues/{}/{id}.json", &id[..2]);
    assert_eq!(commit(&repo, &[]).code, 0);
    git(
        repo.root(),
        &["config", "--local", "--remove-section", "merge.jit"],
    );
    repo.ok(&["issue", "update", &id, "-t", "Second"]);
    let who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
    git(repo.root(), &[&who[..], &["stash", "-q"]].concat());
    repo.ok(&["issue", "update", &id, "-t", "Third"]);
    assert_eq!(commit(&repo, &[]).code, 0);
    let popped = program("git", repo.root())
        .args(["stash", "pop", "-q"])
        .output()
        .unwrap();
    assert!(!popped.status.success(), "the same line has changed twice");
    let unmerged = ask(&repo, &["ls-files", "-u", "--", &path]);
    assert_eq!(unmerged.lines().count(), 3, "{unmerged}");
    let answer = commit(&repo, &["--json"]);
    assert_eq!(answer.code, 9, "{answer:?}");
    assert!(answer.stderr.contains("merge_in_progress"), "{answer:?}");
    assert!(answer.stderr.contains(&path), "{answer:?}");
    assert_eq!(ask(&repo, &["ls-files", "-u", "--", &path]), unmerged);
    assert_eq!(ask(&repo, &["rev-list", "--count", "HEAD"]), "2\n");
}

#[test]
fn what_can_not_be_read_is_not_committed() {
    let repo = Repo::new();
    let id = repo.create("First");
    repo.ok(&["gate", "define", "review", "--title", "Review"]);
    assert_eq!(commit(&repo, &[]).code, 0);
    for path in [
        format!(".jit/issues/{}/{id}.json", &id[..2]),
        ".jit/gates/review.json".to_owned(),
        format!(".jit/issues/{}/notes.json", &id[..2]),
    ] {
        let sound = std::fs::read(repo.root().join(&path)).ok();
        repo.write(&path, "<<<<<<< ours\n{}\n=======\n");
        for arguments in [&["--json"][..], &["--json", "--dry-run"]] {
            let answer = commit(&repo, arguments);
            assert_eq!(answer.code, 9, "{path}: {answer:?}");
            assert!(answer.stderr.contains(&path), "{answer:?}");
            assert!(answer.stderr.contains("jit validate"), "{answer:?}");
        }
        match sound {
            Some(bytes) => std::fs::write(repo.root().join(&path), bytes).unwrap(),
            None => std::fs::remove_file(repo.root().join(&path)).unwrap(),
        }
    }
    assert_eq!(commit(&repo, &[]).code, 0);
    assert_eq!(ask(&repo, &["rev-list", "--count", "HEAD"]), "1\n");
}

#[test]
fn a_branch_that_somebody_else_moves_is_waited_for() {
    let repo = Repo::new();
    repo.create("First");
    repo.write(".git/HEAD.lock", "");
    let answer = commit(&repo, &["--json"]);
    assert_eq!(answer.code, 8, "{answer:?}");
    let error: serde_json::Value = serde_json::from_str(&answer.stderr).unwrap();
    assert_eq!(error["error"]["code"], "busy", "{error}");
    assert_eq!(error["error"]["retryable"], true, "{error}");
    std::fs::remove_file(repo.root().join(".git/HEAD.lock")).unwrap();
    assert_eq!(commit(&repo, &[]).code, 0);
}

#[test]
fn commits_side_by_side_all_end_well() {
    let repo = Repo::new();
    assert_eq!(commit(&repo, &[]).code, 0);
    let root = repo.root();
    for round in 0..3 {
        repo.create("More");
        let codes: Vec<i32> = std::thread::scope(|scope| {
            let commit = || {
                let surroundings = Surroundings {
                    variables: &WHO,
                    ..Surroundings::default()
                };
                jit(root, &["commit"], surroundings).code
            };
            let running: Vec<_> = (0..6).map(|_| scope.spawn(commit)).collect();
            running.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(codes.contains(&0), "round {round}: {codes:?}");
        let is_told = codes.iter().all(|code| [0, 8].contains(code));
        assert!(is_told, "round {round}: {codes:?}");
        assert_eq!(commit(&repo, &[]).code, 0, "round {round}");
        assert_eq!(ask(&repo, &["status", "--porcelain"]), "", "round {round}");
    }
    assert_eq!(ask(&repo, &["rev-list", "--count", "HEAD"]), "4\n");
}

#[test]
fn what_validate_calls_ignored_is_never_committed() {
    let repo = Repo::new();
    let first = repo.create("First");
    assert_eq!(commit(&repo, &[]).code, 0);
    repo.write(".git/info/exclude", ".jit/\n");
    let says_ignored = || {
        let found = repo.jit(&["validate", "--level", "git", "--json"]).stdout;
        found.contains("\"ignored\"")
    };
    repo.ok(&["issue", "update", &first, "-t", "Tracked"]);
    assert!(!says_ignored());
    assert_eq!(commit(&repo, &[]).code, 0);
    let second = repo.create("Second");
    assert!(says_ignored());
    let answer = commit(&repo, &[]);
    assert_eq!(answer.code, 10, "{answer:?}");
    assert!(answer.stderr.contains(&second), "{answer:?}");
    assert_eq!(ask(&repo, &["rev-list", "--count", "HEAD"]), "2\n");
    // What was taken out of the index on purpose does not come back either.
    git(repo.root(), &["rm", "-q", "-r", "--cached", ".jit"]);
    assert_eq!(commit(&repo, &[]).code, 10);
    assert_eq!(ask(&repo, &["ls-files"]), "");
}

#[test]
fn an_issue_goes_from_the_commit_only_after_its_deletion() {
    let repo = Repo::new();
    let [removed, collected, restored] =
        ["Removed", "Collected", "Restored"].map(|it| repo.create(it));
    let file = |id: &str| format!(".jit/issues/{}/{id}.json", &id[..2]);
    assert_eq!(commit(&repo, &[]).code, 0);
    repo.ok(&["issue", "delete", &collected]);
    let path = repo.root().join(file(&collected));
    let mut tombstone: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    tombstone["deleted"]["at"] = "2020-01-01T00:00:00Z".into();
    std::fs::write(&path, tombstone.to_string()).unwrap();
    repo.ok(&["gc"]);
    assert!(!path.exists());
    assert_eq!(commit(&repo, &[]).code, 0);
    assert_eq!(ask(&repo, &["ls-files", "--", &file(&collected)]), "");
    let notices = || {
        let found: serde_json::Value =
            serde_json::from_str(&repo.jit(&["validate", "--json"]).stdout).unwrap();
        let found = found.as_array().unwrap().clone();
        let of_issue = |finding: &serde_json::Value| {
            format!(
                "{} {} {}",
                finding["severity"], finding["code"], finding["issue"]
            )
            .replace('"', "")
        };
        found.iter().map(of_issue).collect::<Vec<_>>()
    };
    assert_eq!(notices(), Vec::<String>::new());

    repo.ok(&["issue", "delete", &restored]);
    repo.ok(&["issue", "delete", &restored, "--restore"]);
    assert_eq!(commit(&repo, &[]).code, 0);
    for id in [&removed, &restored] {
        let path = file(id);
        std::fs::remove_file(repo.root().join(&path)).unwrap();
        for arguments in [&["--json"][..], &["--json", "--dry-run"]] {
            let answer = commit(&repo, arguments);
            assert_eq!(answer.code, 4, "{answer:?}");
            assert!(answer.stderr.contains(&path), "{answer:?}");
            assert!(answer.stderr.contains("jit recover"), "{answer:?}");
        }
        assert_eq!(notices(), [format!("notice missing_issue {id}")]);
        git(repo.root(), &["restore", "--", &path]);
        assert_eq!(notices(), Vec::<String>::new());
    }
    assert_eq!(ask(&repo, &["rev-list", "--count", "HEAD"]), "3\n");
    assert_eq!(ask(&repo, &["status", "--porcelain"]), "");

    // A person may take it out by hand.
    let who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
    git(repo.root(), &["rm", "-q", "--", &file(&removed)]);
    git(
        repo.root(),
        &[&who[..], &["commit", "-q", "-m", "Out"]].concat(),
    );
    assert_eq!(commit(&repo, &[]).code, 0);
}

#[test]
fn the_removal_of_a_segment_is_never_committed() {
    let repo = Repo::new();
    repo.create("First");
    assert_eq!(commit(&repo, &[]).code, 0);
    let segments = ask(&repo, &["ls-files", "--", ".jit/events"]);
    let segment = segments.lines().next().unwrap();
    std::fs::remove_file(repo.root().join(segment)).unwrap();
    let answer = commit(&repo, &["-m", "Gone"]);
    assert_eq!(answer.code, 4, "{answer:?}");
    assert_eq!(ask(&repo, &["rev-list", "--count", "HEAD"]), "1\n");
}

#[test]
fn no_clone_changes_the_ends_of_lines() {
    let repo = Repo::new();
    repo.create("First");
    repo.ok(&["gate", "define", "review", "--title", "Review"]);
    assert_eq!(commit(&repo, &[]).code, 0);
    let clone = repo.root().with_file_name("clone");
    let settings = ["-c", "core.autocrlf=true", "-c", "core.eol=crlf"];
    let clones = ["clone", "-q", "-c", "core.autocrlf=true", ".", "../clone"];
    git(repo.root(), &[&settings[..], &clones].concat());
    for path in ask(&repo, &["ls-files"]).lines() {
        let ours = std::fs::read(repo.root().join(path)).unwrap();
        assert_eq!(std::fs::read(clone.join(path)).unwrap(), ours, "{path}");
    }
    let answer = jit(&clone, &["commit", "--json"], Surroundings::default());
    assert!(answer.stdout.contains("\"changed\":false"), "{answer:?}");
}
