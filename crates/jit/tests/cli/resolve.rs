//! `jit resolve`, in and after real merges of git's.

use crate::harness::{Answer, Repo, git, program};
use expect_test::expect;
use serde_json::{Value, json};
use std::path::Path;

/// A repository whose branch `side` and whose `main` have both changed one issue.
struct Forked {
    repo: Repo,
    id: String,
}

/// Whether git knows the merge driver.
#[derive(Clone, Copy, PartialEq)]
enum Driver {
    Installed,
    Missing,
}

impl Forked {
    /// Makes both branches by commands; none of them merges yet.
    fn new(driver: Driver, ours: &[&str], theirs: &[&str]) -> Self {
        Self::new_in(Repo::new(), driver, ours, theirs)
    }

    fn new_in(repo: Repo, driver: Driver, ours: &[&str], theirs: &[&str]) -> Self {
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

    fn titles(driver: Driver) -> Self {
        let (ours, theirs) = (["--title", "Lex"], ["--title", "Scan", "-p", "high"]);
        Self::new(driver, &ours, &theirs)
    }

    fn jit(&self, flags: &[&str]) {
        self.repo
            .ok(&[&["issue", "update", &self.id], flags].concat());
    }

    fn git(&self, arguments: &[&str]) {
        git(self.repo.root(), arguments);
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    fn merge(&self) -> bool {
        let mut merge = program("git", self.repo.root());
        let output = merge.args(["merge", "-q", "--no-edit", "side"]).output();
        output.expect("git can be started").status.success()
    }

    fn file(&self) -> String {
        format!(".jit/issues/{}/{}.json", &self.id[..2], self.id)
    }

    fn stored(&self) -> String {
        std::fs::read_to_string(self.repo.root().join(self.file())).expect("an issue is a file")
    }

    fn resolve(&self, arguments: &[&str]) -> Answer {
        self.repo.jit(&[&["resolve"], arguments].concat())
    }

    fn show(&self) -> Value {
        self.repo.json(&["issue", "show", &self.id])
    }

    /// Git has nothing unmerged, the merge can be committed, and every check passes on what was committed.
    fn check_settled(&self) {
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

fn output(dir: &Path, arguments: &[&str]) -> String {
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
fn a_hand_edit_is_never_overwritten() {
    let forked = Forked::titles(Driver::Installed);
    assert!(!forked.merge());
    let edited = forked
        .stored()
        .replacen("\"title\": \"Lex\"", "\"title\": \"By hand\"", 1);
    forked.repo.write(&forked.file(), &edited);
    let answer = forked.resolve(&["--take", "ours"]);
    assert_eq!(answer.code, 4, "{answer:?}");
    assert!(answer.stderr.contains("edited by hand"), "{answer:?}");
    assert_eq!(forked.stored(), edited);
    assert_eq!(forked.resolve(&["--take", "merged"]).code, 0);
    assert_eq!(forked.show()["title"], "By hand");
    forked.check_settled();
}

/// Resolves a file that a hand has edited, and looks for what it held.
fn check_kept(forked: &Forked, path: &str, edited: &str, take: &str) {
    forked.repo.write(path, edited);
    let answer = forked.resolve(&["--take", take]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(answer.stderr.contains("is kept in"), "{answer:?}");
    let words = answer.stderr.split('`');
    let place = words
        .filter(|word| word.contains("/backup/"))
        .collect::<Vec<_>>();
    let [place] = place[..] else {
        panic!("one copy is named: {answer:?}");
    };
    assert_eq!(std::fs::read_to_string(place).expect("it is there"), edited);
    assert_eq!(output(forked.repo.root(), &["ls-files", "-u"]), "");
}

#[test]
fn what_a_hand_has_written_is_kept_where_the_merge_can_not_judge_it() {
    // Markers, of which somebody has settled one by hand.
    let forked = Forked::titles(Driver::Missing);
    assert!(!forked.merge());
    let text = forked.stored();
    let edited = text.replacen("Lex", "By hand", 1);
    assert_ne!(edited, text);
    check_kept(&forked, &forked.file(), &edited, "theirs");
    assert_eq!(forked.show()["title"], "Scan");

    // One side removed the file.
    let forked = Forked::titles(Driver::Installed);
    forked.git(&["checkout", "-q", "side"]);
    forked.git(&["rm", "-q", &forked.file()]);
    forked.commit("removed");
    forked.git(&["checkout", "-q", "main"]);
    assert!(!forked.merge());
    let edited = forked.stored().replacen("Lex", "By hand", 1);
    check_kept(&forked, &forked.file(), &edited, "ours");
    assert_eq!(forked.show()["title"], "Lex");

    // One side can't be read.
    let forked = Forked::titles(Driver::Installed);
    forked.git(&["checkout", "-q", "side"]);
    forked.repo.write(&forked.file(), "{\n");
    forked.commit("broken");
    forked.git(&["checkout", "-q", "main"]);
    assert!(!forked.merge());
    let edited = forked.stored().replacen("Lex", "By hand", 1);
    check_kept(&forked, &forked.file(), &edited, "ours");

    // A gate.
    let forked = Forked::new(Driver::Installed, &["--title", "Lex"], &["-p", "high"]);
    for (branch, title) in [("side", "Theirs"), ("main", "Ours")] {
        forked.git(&["checkout", "-q", branch]);
        let define = ["gate", "define", "review", "--title", title];
        forked.repo.ok(&define);
        forked.commit(title);
    }
    assert!(!forked.merge());
    let path = ".jit/gates/review.json";
    let text = std::fs::read_to_string(forked.repo.root().join(path)).expect("a gate is a file");
    check_kept(
        &forked,
        path,
        &text.replacen("Ours", "By hand", 1),
        "theirs",
    );
}

#[test]
fn markers_that_somebody_has_committed_are_merged_all_the_same() {
    for style in ["merge", "diff3"] {
        let forked = Forked::titles(Driver::Missing);
        forked.git(&["config", "merge.conflictStyle", style]);
        assert!(!forked.merge());
        let text = forked.stored();
        forked.commit("markers");
        let dry = forked.resolve(&["--dry-run"]);
        assert_eq!((dry.code, forked.stored()), (4, text.clone()), "{dry:?}");
        let answer = forked.resolve(&["--json"]);
        assert_eq!(answer.code, 4, "{answer:?}");
        let listed: Value = serde_json::from_str(&answer.stdout).expect("it is JSON");
        assert_eq!(listed[0]["open"], json!(["title"]), "{style}");
        let answer = forked.resolve(&["--take", "theirs"]);
        assert_eq!(answer.code, 0, "{answer:?}");
        let issue = forked.show();
        // Ours was written later.
        assert_eq!(
            (&issue["title"], &issue["priority"]),
            (&json!("Scan"), &json!("high"))
        );
        let answer = forked.repo.jit(&["validate", "--level", "full"]);
        assert_eq!(answer.code, 0, "{answer:?}");
        assert_eq!(forked.resolve(&[]).code, 0);
    }
}

#[test]
fn markers_are_settled_by_a_side_at_once() {
    for (take, title) in [("ours", "Lex"), ("theirs", "Scan")] {
        let forked = Forked::titles(Driver::Missing);
        assert!(!forked.merge());
        let text = forked.stored();
        forked.commit("markers");
        let answer = forked.resolve(&[&forked.id, "--take", take]);
        assert_eq!(answer.code, 0, "{answer:?}");
        assert_eq!(forked.show()["title"], title);
        let place = answer
            .stderr
            .split('`')
            .find(|word| word.contains("/backup/"));
        let kept = std::fs::read_to_string(place.expect("a copy is named"));
        assert_eq!(kept.expect("it is there"), text);
        // Outside of a merge it is a change like any other, which nobody stages.
        let staged = output(forked.repo.root(), &["diff", "--cached", "--name-only"]);
        assert_eq!(staged, "");
        let answer = forked.repo.jit(&["validate", "--level", "full"]);
        assert_eq!(answer.code, 0, "{answer:?}");
    }
}

#[test]
fn markers_that_are_not_whole_are_never_nothing_to_resolve() {
    let forked = Forked::titles(Driver::Missing);
    let text = "{\n<<<<<<< ours\n\"a\": 1\n";
    let check = |path: &str, reason: &str| {
        let whole = std::fs::read_to_string(forked.repo.root().join(path));
        forked.repo.write(path, text);
        let answer = forked.resolve(&[]);
        assert_eq!(answer.code, 4, "{answer:?}");
        assert!(answer.stderr.contains(reason), "{answer:?}");
        let left = std::fs::read_to_string(forked.repo.root().join(path));
        assert_eq!(left.expect("it is there"), text);
        forked.repo.write(path, &whole.unwrap_or_default());
    };
    check(&forked.file(), "its conflict markers are not whole");
    check(
        ".jit/config.toml",
        "`.jit/config.toml` holds conflict markers",
    );
    check(
        ".jit/format.json",
        "`.jit/format.json` holds conflict markers",
    );
    assert_eq!(forked.resolve(&[]).code, 0);
}

#[test]
fn what_git_has_written_needs_no_copy() {
    for style in ["merge", "diff3"] {
        let forked = Forked::titles(Driver::Missing);
        forked.git(&["config", "merge.conflictStyle", style]);
        assert!(!forked.merge());
        let answer = forked.resolve(&["--take", "theirs"]);
        assert_eq!(answer.code, 0, "{answer:?}");
        assert!(!answer.stderr.contains("kept"), "{answer:?}");
        assert!(!forked.repo.root().join(".git/jit/backup").exists());
    }
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
