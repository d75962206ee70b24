//! References from one file of the project to another.
//!
//! Owns three rules: a relative link of a Markdown page leads to a file, a room on the map of `ARCHITECTURE.md` exists, and a
//! page named in a comment (`docs/design/storage.md section S4`) exists and has that section. Refuses to follow links to the outside.

use super::{Finding, tree::Tree};

const PAGES: &str = "docs/design/";
const MAP: &str = "ARCHITECTURE.md";

/// Finds references that lead nowhere.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.markdown() {
        for (number, line) in text.lines().enumerate() {
            for target in link_targets(line) {
                if !is_outside(target) && !tree.holds(&resolve(path, target)) {
                    findings.push(Finding::failure(
                        path,
                        number + 1,
                        format!("`{target}` leads nowhere"),
                    ));
                }
            }
        }
    }
    findings.extend(lost_rooms(tree));
    for (path, text) in tree
        .rust()
        .filter(|(path, _)| !path.starts_with("xtask/src/tidy/"))
    {
        for (number, line) in text.lines().enumerate() {
            for reference in line.match_indices(PAGES).map(|(at, _)| &line[at..]) {
                findings.extend(
                    dead_reference(tree, reference)
                        .map(|why| Finding::failure(path, number + 1, why)),
                );
            }
        }
    }
    findings
}

/// On the map `core/state.rs` means `crates/core/src/state.rs`; a part in angle brackets stands for any name.
fn lost_rooms(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let text = tree.text(MAP).unwrap_or_default();
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with('|'))
    {
        for room in line.split('`').skip(1).step_by(2) {
            let Some((folder, rest)) = room.split_once('/') else {
                continue;
            };
            let home = if folder == "xtask" {
                "xtask".to_owned()
            } else {
                format!("crates/{folder}")
            };
            let known = rest.split('<').next().unwrap_or(rest);
            let is_there = known.is_empty() || tree.holds(&format!("{home}/src/{known}"));
            if tree.holds(&home) && !is_there {
                findings.push(Finding::failure(
                    MAP,
                    number + 1,
                    format!("`{room}` is not there"),
                ));
            }
        }
    }
    findings
}

fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("](")
        .filter_map(|(at, _)| line[at + 2..].split([')', ' ']).next())
}

fn is_outside(target: &str) -> bool {
    target.is_empty()
        || target.starts_with('#')
        || target.contains("://")
        || target.starts_with("mailto:")
}

fn resolve(from: &str, target: &str) -> String {
    let target = target.split('#').next().unwrap_or(target);
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

fn dead_reference(tree: &Tree, reference: &str) -> Option<String> {
    let end = reference.find(".md")? + ".md".len();
    let (page, rest) = reference.split_at(end);
    let Some(text) = tree.text(page) else {
        return Some(format!("`{page}` does not exist"));
    };
    let rest = rest.strip_prefix('`').unwrap_or(rest);
    let section: String = rest
        .strip_prefix(" section ")?
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '.')
        .collect();
    let section = section.trim_end_matches('.');
    let has_section = text.lines().any(|line| {
        line.strip_prefix('#')
            .map(|heading| heading.trim_start_matches('#').trim_start())
            .is_some_and(|heading| {
                heading
                    .strip_prefix(section)
                    .is_some_and(|after| after.starts_with([' ', '.']) || after.is_empty())
            })
    });
    (!has_section).then(|| format!("`{page}` has no section {section}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::check;

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let rows = [
            ("[a](b.md)", "error: docs/a.md:1: `b.md` leads nowhere"),
            ("[a](../crates/)", ""),
            ("[a](../crates/x/README.md#top)", ""),
            ("[a](https://example.org) and [b](#here)", ""),
        ];
        for (text, expected) in rows {
            assert_eq!(
                findings(check, &[("docs/a.md", text), ("crates/x/README.md", "")]),
                expected
            );
        }
    }

    #[test]
    fn rooms_that_are_not_there_are_found() {
        let rows = [
            (
                "| `core/state.rs` | `core/decide/<verb>.rs` | `.jit/` |",
                "",
            ),
            (
                "| `core/stat.rs` |",
                "error: ARCHITECTURE.md:1: `core/stat.rs` is not there",
            ),
            (
                "| `core/decided/` |",
                "error: ARCHITECTURE.md:1: `core/decided/` is not there",
            ),
            ("`core/stat.rs` in prose", ""),
        ];
        for (text, expected) in rows {
            let files = [
                ("ARCHITECTURE.md", text),
                ("crates/core/src/state.rs", ""),
                ("crates/core/src/decide/claim.rs", ""),
            ];
            assert_eq!(findings(check, &files), expected);
        }
    }

    #[test]
    fn references_to_missing_sections_are_found() {
        let rows = [
            ("//! See `docs/design/storage.md` section S4.", ""),
            ("//! See docs/design/storage.md section 2.1.", ""),
            ("//! See docs/design/storage.md.", ""),
            (
                "//! See docs/design/storage.md section S5.",
                "error: a.rs:1: `docs/design/storage.md` has no section S5",
            ),
            (
                "//! See docs/design/other.md section 1.",
                "error: a.rs:1: `docs/design/other.md` does not exist",
            ),
        ];
        for (text, expected) in rows {
            let page = (
                "docs/design/storage.md",
                "## S4 Recovery\n\n### 2.1 Objects\n",
            );
            assert_eq!(findings(check, &[("a.rs", text), page]), expected);
        }
    }
}
