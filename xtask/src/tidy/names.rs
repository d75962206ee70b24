//! Names that say nothing.
//!
//! Owns the list of endings a type may not have and of files that collect what has no home. Refuses to judge other names.

use std::path::Path;

use super::Finding;
use super::tree::{Tree, is_comment};

const ENDINGS: &[&str] = &[
    "Manager", "Helper", "Helpers", "Util", "Utils", "Data", "Info",
];
const FILES: &[&str] = &["helper", "helpers", "util", "utils", "misc", "manager"];
const KEYWORDS: &[&str] = &["struct ", "enum ", "trait ", "type ", "union "];

/// Finds types and files whose name says nothing.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.rust() {
        let stem = Path::new(path)
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        if FILES.contains(&stem.as_str()) {
            findings.push(Finding::failure(
                path,
                0,
                format!("a file named `{stem}` has no subject"),
            ));
        }
        for (number, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !is_comment(line))
        {
            if let Some(name) = declared_type(line)
                && let Some(ending) = ENDINGS.iter().find(|ending| name.ends_with(*ending))
            {
                findings.push(Finding::failure(
                    path,
                    number + 1,
                    format!("`{name}`: a type is no `{ending}`"),
                ));
            }
        }
    }
    findings
}

fn declared_type(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    if let Some(after) = rest.strip_prefix("pub") {
        rest = after.trim_start();
        if rest.starts_with('(') {
            rest = rest.split_once(") ")?.1;
        }
    }
    let name = KEYWORDS
        .iter()
        .find_map(|keyword| rest.strip_prefix(keyword))?;
    let end = name
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(name.len());
    Some(&name[..end])
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::check;

    #[test]
    fn empty_names_are_found() {
        let rows = [
            (
                "a.rs",
                "pub struct IssueManager {",
                "error: a.rs:1: `IssueManager`: a type is no `Manager`",
            ),
            (
                "a.rs",
                "  pub(crate) enum GateInfo {",
                "error: a.rs:1: `GateInfo`: a type is no `Info`",
            ),
            (
                "a.rs",
                "trait StringUtils {}",
                "error: a.rs:1: `StringUtils`: a type is no `Utils`",
            ),
            ("a.rs", "struct Manage;", ""),
            ("a.rs", "// struct IssueManager", ""),
            (
                "src/utils.rs",
                "",
                "error: src/utils.rs: a file named `utils` has no subject",
            ),
        ];
        for (path, text, expected) in rows {
            assert_eq!(findings(check, &[(path, text)]), expected);
        }
    }
}
