//! What every Rust file must have: words at its top, and a place in the module tree.
//!
//! Owns three rules: a file opens with `//!`; a file below `src` or `tests` is reached by a `mod` from a root, because cargo
//! silently leaves out a test file that nobody names; a test is neither ignored nor expected to panic. Refuses to judge what
//! the words say.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::{Tree, is_comment};

/// Finds files without words, without a place, and tests that do not test.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reached = reached_files(tree, Reach::Everything);
    let mut findings = Vec::new();
    for (path, text) in tree.rust() {
        if !text.trim_start().starts_with("//!") {
            findings.push(Finding::failure(
                path,
                1,
                "does not open with `//!`: what it owns, what it refuses to own",
            ));
        }
        if is_in_a_module_tree(path) && !reached.contains(path) {
            findings.push(Finding::failure(
                path,
                0,
                "forgotten: no `mod` leads to it, so it is never compiled",
            ));
        }
        for (number, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !is_comment(line))
        {
            let attribute = line.trim_start();
            if attribute.starts_with("#[ignore") || attribute.starts_with("#[should_panic") {
                findings.push(Finding::failure(
                    path,
                    number + 1,
                    "a test is run, and asserts what it means",
                ));
            }
        }
    }
    findings
}

fn is_in_a_module_tree(path: &str) -> bool {
    path.contains("src/") || path.contains("tests/")
}

/// Roots are what cargo compiles by itself.
fn is_root(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [.., "src", "lib.rs" | "main.rs"] | [.., "src", "bin", _] | [.., "tests", _, "main.rs"] => {
            true
        }
        [head @ .., "tests", _] => !head.contains(&"src") && !head.contains(&"tests"),
        _ => false,
    }
}

/// Which `mod` lines are followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Everything,
    /// Not those behind `#[cfg(test)]`.
    Programs,
}

/// Returns the files that are compiled for tests only.
pub(super) fn test_files(tree: &Tree) -> BTreeSet<String> {
    let programs = reached_files(tree, Reach::Programs);
    reached_files(tree, Reach::Everything)
        .difference(&programs)
        .cloned()
        .collect()
}

fn reached_files(tree: &Tree, reach: Reach) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<String> = tree
        .rust()
        .filter(|(path, _)| is_root(path))
        .map(|(path, _)| path.to_owned())
        .collect();
    while let Some(path) = waiting.pop() {
        if let Some(text) = tree.text(&path) {
            waiting.extend(named_files(&path, text, reach));
            reached.insert(path);
        }
    }
    reached
}

/// Returns the files that the `mod` lines of a file may mean.
fn named_files(path: &str, text: &str, reach: Reach) -> Vec<String> {
    let (directory, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.trim_end_matches(".rs");
    let below = if is_root(path) || stem == "mod" {
        directory.to_owned()
    } else {
        format!("{directory}/{stem}")
    };
    let mut named = Vec::new();
    let mut explicit: Option<&str> = None;
    let mut is_for_tests = false;
    for line in text.lines().map(str::trim).filter(|line| !is_comment(line)) {
        if let Some(rest) = line.strip_prefix("#[path = \"") {
            explicit = rest.split('"').next();
        } else if line == "#[cfg(test)]" {
            is_for_tests = true;
        } else if let Some(name) = module_name(line) {
            if std::mem::take(&mut is_for_tests) && reach == Reach::Programs {
                explicit = None;
                continue;
            }
            match explicit.take() {
                Some(place) => named.push(format!("{directory}/{place}")),
                None => named.extend([
                    format!("{below}/{name}.rs"),
                    format!("{below}/{name}/mod.rs"),
                ]),
            }
        } else if !line.starts_with("#[") {
            is_for_tests = false;
        }
    }
    named
}

fn module_name(line: &str) -> Option<&str> {
    let rest = line.strip_suffix(';')?;
    let (before, name) = rest.rsplit_once("mod ")?;
    let name = name.trim_start_matches("r#");
    let is_declaration = before.is_empty() || (before.starts_with("pub") && before.ends_with(' '));
    (is_declaration && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::super::tree::Tree;
    use super::{check, test_files};

    const FORGOTTEN: &str = "forgotten: no `mod` leads to it, so it is never compiled";

    #[test]
    fn a_file_without_words_is_found() {
        assert_eq!(
            findings(check, &[("crates/a/src/lib.rs", "pub fn a() {}\n")]),
            "error: crates/a/src/lib.rs:1: does not open with `//!`: what it owns, what it refuses to own"
        );
    }

    #[test]
    fn every_way_to_name_a_module_is_followed() {
        let files = [
            (
                "crates/a/src/lib.rs",
                "//! A.\nmod b;\nmod r#where;\npub mod c;\npub(crate) mod d;\n#[cfg(test)]\nmod e;\n",
            ),
            ("crates/a/src/where.rs", "//! Where.\n"),
            ("crates/a/src/b.rs", "//! B.\nmod deep;\n"),
            ("crates/a/src/b/deep.rs", "//! Deep.\n"),
            ("crates/a/src/c/mod.rs", "//! C.\nmod inner;\n"),
            ("crates/a/src/c/inner.rs", "//! Inner.\n"),
            (
                "crates/a/src/d.rs",
                "//! D.\n#[path = \"other.rs\"]\nmod f;\n",
            ),
            ("crates/a/src/other.rs", "//! Other.\n"),
            ("crates/a/src/e.rs", "//! E.\n"),
            ("crates/a/tests/cli/main.rs", "//! Tests.\nmod claim;\n"),
            ("crates/a/tests/cli/claim.rs", "//! Claim.\n"),
            ("crates/a/tests/single.rs", "//! Single.\n"),
        ];
        assert_eq!(findings(check, &files), "");
    }

    #[test]
    fn what_only_tests_compile_is_known() {
        let files = [
            (
                "crates/a/src/lib.rs",
                "mod b;\n#[cfg(test)]\nmod c;\nmod d;\n",
            ),
            ("crates/a/src/b.rs", ""),
            ("crates/a/src/c.rs", "mod deep;\n"),
            ("crates/a/src/c/deep.rs", ""),
            ("crates/a/src/d.rs", ""),
        ];
        let found: Vec<String> = test_files(&Tree::from(files.as_slice()))
            .into_iter()
            .collect();
        assert_eq!(found, ["crates/a/src/c.rs", "crates/a/src/c/deep.rs"]);
    }

    #[test]
    fn a_file_that_nobody_names_is_found() {
        let files = [
            ("crates/a/src/lib.rs", "//! A.\n// mod b;\n"),
            ("crates/a/src/b.rs", "//! B.\n"),
            ("crates/a/tests/cli/main.rs", "//! Tests.\n"),
            ("crates/a/tests/cli/claim.rs", "//! Claim.\n"),
        ];
        let expected = format!(
            "error: crates/a/src/b.rs: {FORGOTTEN}\nerror: crates/a/tests/cli/claim.rs: {FORGOTTEN}"
        );
        assert_eq!(findings(check, &files), expected);
    }

    #[test]
    fn a_test_that_does_not_test_is_found() {
        for attribute in ["#[ignore]", "#[ignore = \"slow\"]", "#[should_panic]"] {
            let text = format!("//! A.\n{attribute}\n");
            assert_eq!(
                findings(check, &[("crates/a/src/lib.rs", &text)]),
                "error: crates/a/src/lib.rs:2: a test is run, and asserts what it means"
            );
        }
    }
}
