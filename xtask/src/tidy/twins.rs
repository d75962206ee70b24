//! The clippy settings of the pure crates.
//!
//! Owns one rule: clippy reads the nearest `clippy.toml` and nothing else, so the one of a pure crate must repeat what the
//! root says, and must add the bans that make the crate pure. Refuses to judge other settings.

use toml::{Table, Value};

use super::{Finding, tree::Tree};

const ROOT: &str = "clippy.toml";
const TWINS: &[&str] = &["crates/core/clippy.toml", "crates/scheduler/clippy.toml"];

/// What a pure crate may not call or name, beside what the root bans.
const PURITY: &[(&str, &str)] = &[
    ("disallowed-methods", "std::time::SystemTime::now"),
    ("disallowed-methods", "std::time::Instant::now"),
    ("disallowed-methods", "std::env::var"),
    ("disallowed-methods", "std::thread::sleep"),
    ("disallowed-methods", "std::fs::read"),
    ("disallowed-methods", "std::fs::write"),
    ("disallowed-types", "std::fs::File"),
    ("disallowed-types", "std::process::Command"),
    ("disallowed-types", "std::collections::HashMap"),
    ("disallowed-types", "std::collections::HashSet"),
];

/// Finds settings that a twin lacks.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let root = match table(tree, ROOT) {
        Ok(root) => root,
        Err(finding) => return vec![finding],
    };
    TWINS
        .iter()
        .flat_map(|path| match table(tree, path) {
            Ok(twin) => lacking(path, &root, &twin),
            Err(finding) => vec![finding],
        })
        .collect()
}

fn table(tree: &Tree, path: &str) -> Result<Table, Finding> {
    let text = tree
        .text(path)
        .ok_or_else(|| Finding::failure(path, 0, "is missing"))?;
    text.parse()
        .map_err(|error| Finding::failure(path, 0, format!("is not TOML: {error}")))
}

fn lacking(path: &str, root: &Table, twin: &Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, value) in root {
        let is_list_of_bans = key.starts_with("disallowed-");
        if is_list_of_bans {
            for banned in paths(value) {
                if !bans(twin, key, banned) {
                    findings.push(Finding::failure(
                        path,
                        0,
                        format!("`{key}` lacks `{banned}` of the root"),
                    ));
                }
            }
        } else if twin.get(key) != Some(value) {
            findings.push(Finding::failure(
                path,
                0,
                format!("`{key}` must be {value} as in the root"),
            ));
        }
    }
    for (key, banned) in PURITY {
        if !bans(twin, key, banned) {
            findings.push(Finding::failure(
                path,
                0,
                format!("`{key}` lacks `{banned}`, which a pure crate must not use"),
            ));
        }
    }
    findings
}

fn bans(table: &Table, key: &str, banned: &str) -> bool {
    table
        .get(key)
        .is_some_and(|value| paths(value).any(|path| path == banned))
}

fn paths(value: &Value) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("path").unwrap_or(entry).as_str())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::testing::findings;
    use super::{PURITY, check};

    const ROOT: &str =
        "too-many-lines-threshold = 60\ndisallowed-methods = [{ path = \"a::b\" }]\n";

    fn twin(limit: u32, left_out: &str) -> String {
        let mut text = format!("too-many-lines-threshold = {limit}\n");
        for key in ["disallowed-methods", "disallowed-types"] {
            let own = if key == "disallowed-methods" {
                "a::b"
            } else {
                "c::d"
            };
            writeln!(text, "{key} = [").unwrap();
            for path in PURITY
                .iter()
                .filter(|(of, _)| *of == key)
                .map(|(_, path)| *path)
                .chain([own])
            {
                if path != left_out {
                    writeln!(text, "{{ path = \"{path}\" }},").unwrap();
                }
            }
            text.push_str("]\n");
        }
        text
    }

    fn check_twin(text: &str, expected: &str) {
        let whole = twin(60, "");
        let files = [
            ("clippy.toml", ROOT),
            ("crates/core/clippy.toml", text),
            ("crates/scheduler/clippy.toml", &whole),
        ];
        assert_eq!(findings(check, &files), expected);
    }

    #[test]
    fn a_twin_repeats_the_root_and_bans_effects() {
        check_twin(&twin(60, ""), "");
        check_twin(
            &twin(61, ""),
            "error: crates/core/clippy.toml: `too-many-lines-threshold` must be 60 as in the root",
        );
        check_twin(
            &twin(60, "a::b"),
            "error: crates/core/clippy.toml: `disallowed-methods` lacks `a::b` of the root",
        );
        check_twin(
            &twin(60, "std::env::var"),
            "error: crates/core/clippy.toml: `disallowed-methods` lacks `std::env::var`, which a pure crate must not use",
        );
    }

    #[test]
    fn a_missing_twin_is_found() {
        let whole = twin(60, "");
        assert_eq!(
            findings(
                check,
                &[("clippy.toml", ROOT), ("crates/core/clippy.toml", &whole)]
            ),
            "error: crates/scheduler/clippy.toml: is missing"
        );
    }
}
