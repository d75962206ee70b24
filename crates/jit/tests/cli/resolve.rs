//! `jit resolve`, in and after real merges of git's.

use crate::harness::{Answer, Repo, git, program};
use expect_test::expect;
use serde_json::{Value, json};
use std::path::Path;

/// A repository whose branch `side` and whose `main` have both changed one issue.
pub(crate) struct Forked {
    pub(crate) repo: Repo,
    pub(crate) id: String,
}

/// Whether git knows the merge driver.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Driver {
    Installed,
    Missing,
}

impl Forked {
    /// Makes both branches by commands; none of them merges yet.
    pub(crate) fn new(driver: Driver, ours: &[&str], theirs: &[&str]) -> Self {
        Self::new_in(Repo::new(), driver, ours, theirs)
    }

    pub(crate) fn new_in(repo: Repo, driver: Driver, ours: &[&str], theirs: &[&str]) -> Self {
        let root = repo.root();
        git(root, &["config", "user.name", "Tester"]);
        git(root, &["config", "user.email", "t@example.com"]);
        if driver == Driver::Missing {
            git(root, &["config", "--remove-section", "merge.jit"]);
        }
        let id = repo.create("Parse");
        let forked = Self { repo, id };
        forked.commit("base");
        forked.git(&["checkout", "-q", "-b", "side"]);
        forked.jit(theirs);
        forked.commit("theirs");
        forked.git(&["checkout", "-q", "main"]);
        forked.jit(ours);
        forked.commit("ours");
        forked
    }

    pub(crate) fn titles(driver: Driver) -> Self {
        let (ours, theirs) = (["--title", "Lex"], ["--title", "Scan", "-p", "high"]);
        Self::new(driver, &ours, &theirs)
    }

    pub(crate) fn jit(&self, flags: &[&str]) {
        self.repo
            .ok(&[&["issue", "update", &self.id], flags].concat());
    }

    pub(crate) fn git(&self, arguments: &[&str]) {
        git(self.repo.root(), arguments);
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    pub(crate) fn merge(&self) -> bool {
        let mut merge = program("git", self.repo.root());
        let output = merge.args(["merge", "-q", "--no-edit", "side"]).output();
        output.expect("git can be started").status.success()
    }

    pub(crate) fn file(&self) -> String {
        format!(".jit/issues/{}/{}.json", &self.id[..2], self.id)
    }

    pub(crate) fn stored(&self) -> String {
        std::fs::read_to_string(self.repo.root().join(self.file())).expect("an issue is a file")
    }

    pub(crate) fn resolve(&self, arguments: &[&str]) -> Answer {
        self.repo.jit(&[&["resolve"], arguments].concat())
    }

    pub(crate) fn show(&self) -> Value {
        self.repo.json(&["issue", "show", &self.id])
    }

    /// Git has nothing unmerged, the merge can be committed, and every check passes on what was committed.
    pub(crate) fn check_settled(&self) {
        let left = output(self.repo.root(), &["ls-files", "-u"]);
        assert_eq!(left, "", "git knows of unmerged files");
        self.git(&["commit", "-q", "--no-edit"]);
        assert_eq!(output(self.repo.root(), &["status", "--porcelain"]), "");
        let answer = self.repo.jit(&["validate", "--level", "full"]);
        assert_eq!(answer.code, 0, "{answer:?}");
        let log = self
            .repo
            .ok(&["events", "query", "--type", "merge.resolved", "--json"]);
        let event: Value = serde_json::from_str(&log).expect("there is one such event");
        assert_eq!(event["prev"].as_array().map(Vec::len), Some(2), "{event}");
    }
}

pub(crate) fn output(dir: &Path, arguments: &[&str]) -> String {
    let output = program("git", dir).args(arguments).output();
    String::from_utf8(output.expect("git can be started").stdout).expect("git writes UTF-8")
}

#[test]
fn what_git_left_as_text_is_merged_by_field() {
    let forked = Forked::new(Driver::Missing, &["--title", "Lex"], &["-p", "high"]);
    assert!(!forked.merge());
    assert!(forked.stored().contains("<<<<<<<"));
    let answer = forked.resolve(&[]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let issue = forked.show();
    assert_eq!(
        (&issue["title"], &issue["priority"]),
        (&json!("Lex"), &json!("high"))
    );
    forked.check_settled();
}

#[test]
fn what_is_undecided_is_listed_until_a_side_is_taken() {
    let forked = Forked::titles(Driver::Missing);
    assert!(!forked.merge());
    let answer = forked.resolve(&["--json"]);
    assert_eq!(answer.code, 4, "{answer:?}");
    let listed: Value = serde_json::from_str(&answer.stdout).expect("it is JSON");
    let conflict = &listed[0]["conflicts"][0];
    assert_eq!(listed[0]["open"], json!(["title"]));
    // In git's sense, whoever was later.
    assert_eq!(
        (&conflict["ours"], &conflict["theirs"]),
        (&json!("Lex"), &json!("Scan"))
    );
    assert_eq!(forked.show()["state"], "open");
    assert_eq!(
        forked.show()["blocked_by"][0],
        json!({"kind": "conflict", "fields": ["title"]})
    );
    let answer = forked.resolve(&[&forked.id[..4], "--field", "title", "--value", "Both"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(forked.show()["title"], "Both");
    assert_eq!(forked.show()["state"], "ready");
}

#[test]
fn a_side_is_gits_side_with_and_without_the_driver() {
    for driver in [Driver::Installed, Driver::Missing] {
        let check = |take: &str, expected: &str| {
            let forked = Forked::titles(driver);
            assert!(!forked.merge());
            let is_text = forked.stored().contains("<<<<<<<");
            assert_eq!(is_text, driver == Driver::Missing);
            let answer = forked.resolve(&["--take", take]);
            assert_eq!(answer.code, 0, "{answer:?}");
            assert_eq!(forked.show()["title"], expected);
            assert_eq!(forked.show()["priority"], "high");
            forked.check_settled();
        };
        check("ours", "Lex");
        check("theirs", "Scan");
        // Ours was written later.
        check("merged", "Lex");
    }
}

#[test]
fn what_was_only_listed_can_still_be_taken_as_gits_sides() {
    for driver in [Driver::Installed, Driver::Missing] {
        let check = |take: &str, expected: &str| {
            let forked = Forked::titles(driver);
            assert!(!forked.merge());
            for _ in 0..2 {
                let answer = forked.resolve(&[]);
                assert_eq!(answer.code, 4, "{answer:?}");
                let hint = "jit resolve --take ours\n";
                assert!(answer.stderr.contains(hint), "{answer:?}");
                let left = output(forked.repo.root(), &["ls-files", "-u"]);
                assert_eq!(left.lines().count(), 3, "git knows the sides: {left}");
            }
            let answer = forked.resolve(&[&forked.id, "--take", take]);
            assert_eq!(answer.code, 0, "{answer:?}");
            assert_eq!(forked.show()["title"], expected);
            forked.check_settled();
        };
        check("ours", "Lex");
        check("theirs", "Scan");
        check("merged", "Lex");
    }
}

#[test]
fn fields_are_settled_one_after_the_other() {
    let sides = [
        ["--title", "Lex", "--type", "bug"],
        ["--title", "Scan", "--type", "epic"],
    ];
    let forked = Forked::new(Driver::Installed, &sides[0], &sides[1]);
    assert!(!forked.merge());
    let answer = forked.resolve(&[&forked.id, "--field", "title", "--take", "theirs"]);
    assert_eq!(answer.code, 4, "{answer:?}");
    let answer = forked.resolve(&[&forked.id, "--field", "type", "--take", "ours"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let issue = forked.show();
    assert_eq!(
        (&issue["title"], &issue["type"]),
        (&json!("Scan"), &json!("bug"))
    );
    forked.check_settled();
}

#[test]
fn a_rebase_goes_on_after_what_was_listed_first() {
    let forked = Forked::titles(Driver::Installed);
    forked.git(&["checkout", "-q", "side"]);
    let rebase = |arguments: &[&str]| {
        let mut command = program("git", forked.repo.root());
        command.args(arguments).env("GIT_EDITOR", "true");
        command.output().expect("git can be started")
    };
    assert!(!rebase(&["rebase", "-q", "main"]).status.success());
    assert_eq!(forked.resolve(&[]).code, 4);
    assert_eq!(forked.resolve(&[&forked.id, "--take", "ours"]).code, 0);
    let output = rebase(&["rebase", "--continue"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(forked.show()["title"], "Lex");
}

#[test]
fn what_was_added_undecided_is_settled_by_gits_sides_and_added_again() {
    let check = |take: &str, expected: &str| {
        let forked = Forked::titles(Driver::Installed);
        forked.git(&["checkout", "-q", "side"]);
        let mut merge = program("git", forked.repo.root());
        let merge = merge.args(["merge", "-q", "--no-edit", "main"]).output();
        assert!(!merge.expect("git can be started").status.success());
        forked.git(&["add", "-A"]);
        let answer = forked.resolve(&[&forked.id, "--take", take]);
        assert_eq!(answer.code, 0, "{answer:?}");
        assert_eq!(forked.show()["title"], expected);
        forked.git(&["commit", "-q", "--no-edit"]);
        assert_eq!(output(forked.repo.root(), &["status", "--porcelain"]), "");
    };
    // The other side was written later.
    check("ours", "Scan");
    check("theirs", "Lex");
}

#[test]
fn a_clean_merge_of_the_driver_needs_nobody() {
    let forked = Forked::new(Driver::Installed, &["--title", "Lex"], &["-p", "high"]);
    assert!(forked.merge());
    let answer = forked.repo.jit(&["validate", "--level", "full"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    forked.repo.check(
        &["resolve"],
        expect![[r#"
        --- stderr
        Nothing to resolve.
    "#]],
    );
    forked.jit(&["-p", "low"]);
    let kinds = forked
        .repo
        .ok(&["events", "query", "-o", "tsv", "--fields", "type"]);
    let kinds: Vec<&str> = kinds.lines().rev().take(2).collect();
    assert_eq!(kinds, ["issue.updated", "merge.resolved"]);
}

#[test]
fn a_conflict_that_was_committed_is_settled_later() {
    let forked = Forked::titles(Driver::Installed);
    assert!(!forked.merge());
    assert_eq!(forked.resolve(&[]).code, 4);
    forked.commit("undecided");
    let answer = forked.repo.jit(&["validate", "--json"]);
    let findings: Value = serde_json::from_str(&answer.stdout).expect("findings are JSON");
    assert_eq!((answer.code, &findings[0]["code"]), (4, &json!("conflict")));
    let answer = forked.resolve(&["--take", "theirs"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    // Git has forgotten whose version was whose: the one that was written last is the first.
    assert_eq!(forked.show()["title"], "Scan");
    assert_eq!(forked.repo.jit(&["validate", "--level", "full"]).code, 0);
}

#[test]
fn a_driver_that_did_not_run_is_no_choice_of_ours() {
    let forked = Forked::new(Driver::Installed, &["--title", "Lex"], &["-p", "high"]);
    forked.git(&[
        "config",
        "merge.jit.driver",
        "'/gone/jit' merge-driver %O %A %B %L %P",
    ]);
    assert!(!forked.merge());
    assert!(!forked.stored().contains("high"));
    assert_eq!(forked.resolve(&[]).code, 0);
    assert_eq!(forked.show()["priority"], "high");
    forked.check_settled();
}

#[test]
fn a_broken_side_is_chosen_whole_or_not_at_all() {
    let forked = Forked::new(Driver::Missing, &["--title", "Lex"], &["-p", "high"]);
    forked.git(&["checkout", "-q", "side"]);
    forked.repo.write(&forked.file(), "{\n<<<<<<< ours\n");
    forked.commit("broken");
    forked.git(&["checkout", "-q", "main"]);
    assert!(!forked.merge());
    let answer = forked.resolve(&[]);
    assert_eq!(answer.code, 4, "{answer:?}");
    assert!(
        answer.stderr.contains("their version can't be read"),
        "{answer:?}"
    );
    assert_eq!(forked.resolve(&["--take", "theirs"]).code, 4);
    assert_eq!(forked.resolve(&["--take", "ours"]).code, 0);
    assert_eq!(forked.show()["title"], "Lex");
    assert_eq!(output(forked.repo.root(), &["ls-files", "-u"]), "");
}

#[test]
fn a_gate_comes_from_one_side() {
    let forked = Forked::new(Driver::Installed, &["--title", "Lex"], &["-p", "high"]);
    let define = |title: &str| {
        forked
            .repo
            .ok(&["gate", "define", "review", "--title", title]);
        forked.commit(title);
    };
    forked.git(&["checkout", "-q", "side"]);
    define("Theirs");
    forked.git(&["checkout", "-q", "main"]);
    define("Ours");
    assert!(!forked.merge());
    assert_eq!(forked.resolve(&[]).code, 4);
    assert_eq!(forked.resolve(&["review", "--take", "theirs"]).code, 0);
    assert_eq!(
        forked.repo.json(&["gate", "show", "review"])["title"],
        "Theirs"
    );
    assert_eq!(output(forked.repo.root(), &["ls-files", "-u"]), "");
}

#[test]
fn a_rebase_goes_on_after_it() {
    let forked = Forked::titles(Driver::Installed);
    forked.git(&["checkout", "-q", "side"]);
    let rebase = |arguments: &[&str]| {
        let mut command = program("git", forked.repo.root());
        command.args(arguments).env("GIT_EDITOR", "true");
        command.output().expect("git can be started")
    };
    assert!(!rebase(&["rebase", "-q", "main"]).status.success());
    assert_eq!(forked.resolve(&["--take", "theirs"]).code, 0);
    let output = rebase(&["rebase", "--continue"]);
    assert!(output.status.success(), "{output:?}");
    // In a rebase, theirs is what is being replayed.
    assert_eq!(forked.show()["title"], "Scan");
    assert_eq!(forked.repo.jit(&["validate", "--level", "full"]).code, 0);
}

#[test]
fn a_linked_worktree_resolves_its_own_files() {
    let forked = Forked::titles(Driver::Installed);
    let before = forked.stored();
    let linked = forked.repo.root().with_file_name("linked");
    let path = linked.to_str().expect("it is UTF-8");
    forked.git(&["worktree", "add", "-q", "-b", "third", path, "main"]);
    let mut merge = program("git", &linked);
    let merge = merge.args(["merge", "-q", "--no-edit", "side"]).output();
    assert!(!merge.expect("git can be started").status.success());
    let answer = forked.resolve(&["--take", "theirs", "--repo", path]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(output(&linked, &["ls-files", "-u"]), "");
    let text = std::fs::read_to_string(linked.join(forked.file())).expect("it is there");
    assert!(
        text.contains("Scan") && !text.contains("_conflicts"),
        "{text}"
    );
    assert_eq!(forked.stored(), before);
    git(&linked, &["commit", "-q", "--no-edit"]);
    forked.git(&["merge", "-q", "third"]);
    assert_eq!(forked.show()["title"], "Scan");
    assert_eq!(forked.repo.jit(&["validate", "--level", "full"]).code, 0);
}

#[test]
fn only_the_tracker_s_files_reach_gits_index() {
    let forked = Forked::titles(Driver::Installed);
    assert!(!forked.merge());
    forked.repo.write("mine.txt", "not yet");
    assert_eq!(forked.resolve(&["--take", "ours"]).code, 0);
    let status = output(forked.repo.root(), &["status", "--porcelain"]);
    assert!(status.contains("?? mine.txt"), "{status}");
    assert_eq!(forked.repo.jit(&["validate", "--level", "full"]).code, 0);
}

#[test]
fn a_filter_of_the_repository_never_runs() {
    let forked = Forked::titles(Driver::Installed);
    assert!(!forked.merge());
    forked.git(&["config", "filter.evil.clean", "touch PWNED; cat"]);
    forked.git(&["config", "core.fsmonitor", "touch PWNED"]);
    forked.repo.write(".jit/.gitattributes", "** filter=evil\n");
    assert_eq!(forked.resolve(&["--take", "ours"]).code, 0);
    assert!(!forked.repo.root().join("PWNED").exists());
}

#[test]
fn a_repository_with_longer_object_ids_is_no_other() {
    let repo = Repo::bare();
    std::fs::remove_dir_all(repo.root().join(".git")).ok();
    let init = ["init", "-q", "-b", "main", "--object-format=sha256"];
    git(repo.root(), &init);
    repo.ok(&["init", "-q"]);
    let (ours, theirs) = (["--title", "Lex"], ["--title", "Scan"]);
    let forked = Forked::new_in(repo, Driver::Installed, &ours, &theirs);
    assert!(!forked.merge());
    let answer = forked.resolve(&["--take", "theirs"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(forked.show()["title"], "Scan");
    forked.check_settled();
}

#[test]
fn an_index_that_is_locked_leaves_a_merge_that_can_be_finished() {
    let forked = Forked::titles(Driver::Installed);
    assert!(!forked.merge());
    forked.repo.write(".git/index.lock", "");
    let answer = forked.resolve(&["--take", "theirs"]);
    assert_eq!(answer.code, 10, "{answer:?}");
    let told = "the files are merged, but git could not be told";
    assert!(answer.stderr.contains(told), "{answer:?}");
    let lock = forked.repo.root().join(".git/index.lock");
    std::fs::remove_file(lock).expect("it is still there");
    let answer = forked.resolve(&[]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(forked.show()["title"], "Scan");
    forked.check_settled();
}

#[test]
fn settings_are_merged_by_people() {
    let forked = Forked::titles(Driver::Installed);
    for (branch, text) in [("side", "# theirs\n"), ("main", "# ours\n")] {
        forked.git(&["checkout", "-q", branch]);
        forked.repo.write(".jit/config.toml", text);
        forked.commit(branch);
    }
    assert!(!forked.merge());
    let before = forked.stored();
    let answer = forked.resolve(&["--take", "ours"]);
    assert_eq!(answer.code, 4, "{answer:?}");
    let named = "`.jit/config.toml` is unmerged";
    assert!(answer.stderr.contains(named), "{answer:?}");
    assert_eq!(forked.stored(), before);
    forked.repo.write(".jit/config.toml", "# both\n");
    forked.git(&["add", ".jit/config.toml"]);
    assert_eq!(forked.resolve(&["--take", "ours"]).code, 0);
    forked.check_settled();
}

#[test]
fn a_dry_run_changes_nothing() {
    let forked = Forked::titles(Driver::Missing);
    assert!(!forked.merge());
    let before = (
        forked.stored(),
        output(forked.repo.root(), &["ls-files", "-s"]),
    );
    assert_eq!(forked.resolve(&["--take", "ours", "--dry-run"]).code, 0);
    let after = (
        forked.stored(),
        output(forked.repo.root(), &["ls-files", "-s"]),
    );
    assert_eq!(after, before);
}

#[test]
fn flags_that_settle_nothing_are_refused() {
    let repo = Repo::new();
    assert_eq!(repo.jit(&["resolve", "--field", "title"]).code, 2);
    assert_eq!(
        repo.jit(&["resolve", "--field", "title", "--value", "x"])
            .code,
        2
    );
    assert_eq!(repo.jit(&["resolve", "zzzz"]).code, 3);
    let id = repo.create("Parse");
    let answer = repo.jit(&["resolve", &id, "--field", "title", "--take", "ours"]);
    assert_eq!(answer.code, 4, "{answer:?}");
}
