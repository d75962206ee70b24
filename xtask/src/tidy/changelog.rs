//! The changelog and the documents that a newcomer looks for.
//!
//! Owns which documents must exist and the shape of the changelog. Refuses to judge what they say.

use super::{Finding, tree::Tree};

const DOCUMENTS: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "TESTING.md",
    "ROADMAP.md",
    "SECURITY.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "docs/style.md",
    "crates/dispatch/README.md",
];
const CHANGELOG: &str = "CHANGELOG.md";
const UNRELEASED: &str = "## [Unreleased]";

/// Finds documents that are missing.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = DOCUMENTS
        .iter()
        .filter(|path| tree.text(path).is_none())
        .map(|path| Finding::failure(path, 0, "is missing"))
        .collect();
    match tree.text(CHANGELOG) {
        None => findings.push(Finding::failure(CHANGELOG, 0, "is missing")),
        Some(text) if !text.lines().any(|line| line == UNRELEASED) => {
            findings.push(Finding::failure(
                CHANGELOG,
                0,
                format!("has no heading `{UNRELEASED}`"),
            ));
        }
        Some(_) => {}
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::{DOCUMENTS, check};

    fn check_with(changelog: &str, left_out: &str, expected: &str) {
        let mut files: Vec<(&str, &str)> = DOCUMENTS
            .iter()
            .filter(|path| **path != left_out)
            .map(|path| (*path, ""))
            .collect();
        files.push(("CHANGELOG.md", changelog));
        assert_eq!(findings(check, &files), expected);
    }

    #[test]
    fn a_missing_document_is_found() {
        check_with("## [Unreleased]\n", "", "");
        check_with(
            "## [Unreleased]\n",
            "README.md",
            "error: README.md: is missing",
        );
        check_with(
            "# Changes\n",
            "",
            "error: CHANGELOG.md: has no heading `## [Unreleased]`",
        );
    }
}
