//! Words that have no place in the project.
//!
//! Owns the list: paths of one machine, numbers of one process, and notes that say the work is not finished. A reader of the
//! project cannot follow any of them. Refuses to judge prose.

use super::{Finding, tree::Tree};

struct Word {
    text: &'static str,
    reason: &'static str,
}

const MACHINE: &str = "a path of one machine";
const UNFINISHED: &str = "unfinished work is in the roadmap";
const UNKNOWN: &str = "a number that a reader cannot look up";

/// Each is written in two pieces, so that the list does not find itself.
const WORDS: &[Word] = &[
    Word {
        text: concat!("/ho", "me/"),
        reason: MACHINE,
    },
    Word {
        text: concat!("/ro", "ot/"),
        reason: MACHINE,
    },
    Word {
        text: concat!("/wo", "rk/"),
        reason: MACHINE,
    },
    Word {
        text: concat!("/fa", "rm/"),
        reason: MACHINE,
    },
    Word {
        text: concat!("TO", "DO"),
        reason: UNFINISHED,
    },
    Word {
        text: concat!("FIX", "ME"),
        reason: UNFINISHED,
    },
    Word {
        text: concat!("XX", "X"),
        reason: UNFINISHED,
    },
    Word {
        text: concat!("not implemented", " yet"),
        reason: UNFINISHED,
    },
    Word {
        text: concat!("RE", "Q-"),
        reason: UNKNOWN,
    },
];

/// What stands before a number that only one process knows.
const NUMBERED: &[&str] = &[
    "issue #", "ticket #", "bug #", "fixes #", "closes #", "see #", "pr #",
];

/// What cargo writes.
const EXEMPT: &str = "Cargo.lock";

/// Finds words that have no place here.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.all().filter(|(path, _)| *path != EXEMPT) {
        for (number, line) in text.lines().enumerate() {
            if let Some(word) = WORDS.iter().find(|word| is_there(line, word.text)) {
                findings.push(Finding::failure(
                    path,
                    number + 1,
                    format!("`{}`: {}", word.text, word.reason),
                ));
            }
            if let Some(prefix) = numbered(line) {
                let message = format!("`{prefix}N`: {UNKNOWN}");
                findings.push(Finding::failure(path, number + 1, message));
            }
        }
    }
    findings
}

/// A word is not a part of another one: a longer one may stand for four digits.
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
        let path = concat!("/wo", "rk/");
        let note = concat!("TO", "DO");
        let rows = [
            (
                "a.rs",
                format!("// see {path}notes"),
                format!("error: a.rs:1: `{path}`: a path of one machine"),
            ),
            (
                "a.md",
                format!("text\n{note}: more"),
                format!("error: a.md:2: `{note}`: unfinished work is in the roadmap"),
            ),
            (
                "a.rs",
                format!("// Issue #{} asks", 12),
                "error: a.rs:1: `issue #N`: a number that a reader cannot look up".to_owned(),
            ),
            ("a.md", "an issue # is a heading".to_owned(), String::new()),
            ("a.rs", "// the network is quick".to_owned(), String::new()),
            ("a.rs", format!("// shown as u{0}{0}", "XX"), String::new()),
        ];
        for (path, text, expected) in rows {
            assert_eq!(findings(check, &[(path, &text)]), expected);
        }
    }
}
