//! `jit resolve` where hands, or a commit of conflict markers, came first.

use crate::resolve::{Driver, Forked, output};
use serde_json::{Value, json};

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
