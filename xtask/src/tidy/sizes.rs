//! How long a file may be.
//!
//! Owns the limits: a file over 350 lines is worth a look, one over 600 has two subjects. Refuses to count functions: clippy
//! does that.

use super::{Finding, tree::Tree};

const WORTH_A_LOOK: usize = 350;
const TOO_LONG: usize = 600;
const MAP: (&str, usize) = ("ARCHITECTURE.md", 200);

/// Finds files that are too long.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.rust() {
        let n_lines = text.lines().count();
        if n_lines > TOO_LONG {
            findings.push(Finding::failure(
                path,
                0,
                format!("{n_lines} lines; more than {TOO_LONG} are two subjects"),
            ));
        } else if n_lines > WORTH_A_LOOK {
            findings.push(Finding::warning(
                path,
                0,
                format!("{n_lines} lines; more than {WORTH_A_LOOK}"),
            ));
        }
    }
    if let Some(text) = tree.text(MAP.0) {
        let n_lines = text.lines().count();
        if n_lines > MAP.1 {
            findings.push(Finding::failure(
                MAP.0,
                0,
                format!("{n_lines} lines; a map has at most {}", MAP.1),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::check;

    #[test]
    fn long_files_are_found() {
        let rows = [
            ("a.rs", 350, ""),
            ("a.rs", 351, "warning: a.rs: 351 lines; more than 350"),
            (
                "a.rs",
                601,
                "error: a.rs: 601 lines; more than 600 are two subjects",
            ),
            ("a.md", 601, ""),
            (
                "ARCHITECTURE.md",
                201,
                "error: ARCHITECTURE.md: 201 lines; a map has at most 200",
            ),
        ];
        for (path, n_lines, expected) in rows {
            assert_eq!(findings(check, &[(path, &"x\n".repeat(n_lines))]), expected);
        }
    }
}
