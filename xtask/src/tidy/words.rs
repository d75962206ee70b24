//! Words that have no place in the project.
//!
//! Owns the list: paths of one machine, numbers of one process, and notes that say the work is not finished. A reader of the
//! project cannot follow any of them. Refuses to judge prose.

use super::{Finding, tree::Tree};

struct Word {
    text: &'static str,
    reason: &'static str,
}

const WORDS: &[Word] = &[
    Word {
        text: "/work/",
        reason: "a path of one machine",
    },
    Word {
        text: "/farm/",
        reason: "a path of one machine",
    },
    Word {
        text: "/home/",
        reason: "a path of one machine",
    },
    Word {
        text: "/root/",
        reason: "a path of one machine",
    },
    Word {
        text: "TODO",
        reason: "unfinished work is in the roadmap",
    },
    Word {
        text: "FIXME",
        reason: "unfinished work is in the roadmap",
    },
    Word {
        text: "XXX",
        reason: "unfinished work is in the roadmap",
    },
    Word {
        text: "not implemented yet",
        reason: "what is not there is not named in the code",
    },
    Word {
        text: "REQ-",
        reason: "a number that a reader cannot look up",
    },
    Word {
        text: "pypi.org",
        reason: "registries are the business of cargo and apt",
    },
    Word {
        text: "npmjs.",
        reason: "registries are the business of cargo and apt",
    },
    Word {
        text: "deb.debian",
        reason: "registries are the business of cargo and apt",
    },
];

/// What stands before a number that only one process knows.
const NUMBERED: &[&str] = &[
    "issue #", "ticket #", "bug #", "fixes #", "closes #", "see #", "pr #",
];

/// The list itself, and what cargo writes.
const EXEMPT: &[&str] = &["xtask/src/tidy/words.rs", "Cargo.lock"];

/// Finds words that have no place here.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.all().filter(|(path, _)| !EXEMPT.contains(path)) {
        for (number, line) in text.lines().enumerate() {
            if let Some(word) = WORDS.iter().find(|word| is_there(line, word.text)) {
                findings.push(Finding::failure(
                    path,
                    number + 1,
                    format!("`{}`: {}", word.text, word.reason),
                ));
            }
            if let Some(prefix) = numbered(line) {
                let message = format!("`{prefix}N`: a number that a reader cannot look up");
                findings.push(Finding::failure(path, number + 1, message));
            }
        }
    }
    findings
}

/// A word is not a part of another one: `\uXXXX` is no note.
fn is_there(line: &str, word: &str) -> bool {
    let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let ends_open = word.ends_with(char::is_alphanumeric);
    let begins_open = word.starts_with(char::is_alphanumeric);
    line.match_indices(word).any(|(at, _)| {
        let is_joined_before = begins_open && joins(line[..at].chars().next_back());
        let is_joined_behind = ends_open && joins(line[at + word.len()..].chars().next());
        !is_joined_before && !is_joined_behind
    })
}

fn numbered(line: &str) -> Option<&'static str> {
    let line = line.to_lowercase();
    NUMBERED.iter().copied().find(|prefix| {
        line.match_indices(prefix).any(|(at, found)| {
            line[at + found.len()..].starts_with(|next: char| next.is_ascii_digit())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::findings;
    use super::check;

    #[test]
    fn words_without_a_place_are_found() {
        let rows = [
            (
                "a.rs",
                "// see /work/notes",
                "error: a.rs:1: `/work/`: a path of one machine",
            ),
            (
                "a.md",
                "text\nTODO: more",
                "error: a.md:2: `TODO`: unfinished work is in the roadmap",
            ),
            (
                "a.rs",
                "// Issue #12 asks",
                "error: a.rs:1: `issue #N`: a number that a reader cannot look up",
            ),
            ("a.md", "an issue # is a heading", ""),
            ("a.rs", "// the network is quick", ""),
            ("a.rs", "// shown as uXXXX", ""),
        ];
        for (path, text, expected) in rows {
            assert_eq!(findings(check, &[(path, text)]), expected);
        }
    }
}
