//! Text that somebody else wrote never reaches a terminal as it is.

use crate::harness::{Repo, Surroundings};
use expect_test::expect;

/// A title that would set the terminal's title, reorder what follows, and hide a tag.
const HOSTILE: &str = "x\u{1b}]0;own\u{7}\u{202e}y\u{200b}\u{e0041}\u{9b}31m";

fn is_deceptive(ch: char) -> bool {
    matches!(ch,
        '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[test]
fn no_command_prints_it_raw() {
    let repo = Repo::new();
    let piped = Surroundings {
        stdin: HOSTILE,
        ..Surroundings::default()
    };
    repo.ok(&[
        "gate", "define", "review", "--title", HOSTILE, "--stage", "exit",
    ]);
    let id = repo.create_with(
        HOSTILE,
        &["-d", HOSTILE, "--check", HOSTILE, "--gate", "review"],
    );
    let next = repo.create_with(HOSTILE, &["--dep", &id, "--label", "evil\u{202e}\u{200b}"]);
    assert_eq!(repo.jit_in(&["issue", "comment", &id, "-"], piped).code, 0);
    assert_eq!(repo.jit_in(&["issue", "hold", &id, "-"], piped).code, 0);
    let commands: [&[&str]; 31] = [
        &["issue", "list"],
        &["issue", "show", &id],
        &["issue", "show", HOSTILE],
        &["issue", HOSTILE],
        &["issue", "list", "--fields", HOSTILE],
        &["query", "blocked"],
        &["query", "assignee", HOSTILE],
        &["why", &next],
        &["graph", "show", &next],
        &["graph", "export", "--format", "dot"],
        &["graph", "export", "--format", "mermaid"],
        &["gate", "list"],
        &["gate", "show", "review"],
        &["events", "query"],
        &["events", "tail", "--since", HOSTILE],
        &["issue", "update", &id, "--label", HOSTILE],
        &["issue", "done", &id],
        &["dep", "tree", &next],
        &["query", "label", "evil*"],
        &["query", "label", HOSTILE],
        &["issue", "label", &id, HOSTILE],
        &["issue", "link", &id, HOSTILE, &next],
        &["issue", "edit", HOSTILE],
        &["gate", "remove", "review"],
        &["registry", "list"],
        &["export", "jsonl"],
        &["export", "jsonl", HOSTILE, "--dry-run"],
        &["events", "export"],
        &["issue", "delete", &id],
        &["issue", "delete", &next, "--dry-run"],
        &["-C", "nowhere\u{202e}", "where"],
    ];
    for command in commands {
        for form in [&[][..], &["--json"], &["-o", "tsv"], &["--color", "never"]] {
            let arguments = [command, form].concat();
            let answer = repo.jit(&arguments);
            for text in [&answer.stdout, &answer.stderr] {
                assert!(!text.contains(is_deceptive), "jit {arguments:?}: {text:?}");
            }
        }
    }
    let issue = repo.json(&["issue", "show", &id]);
    assert_eq!(issue["title"], HOSTILE, "a machine gets the value");
}

#[test]
fn writing_it_warns() {
    let repo = Repo::new();
    let answer = repo.jit(&["issue", "create", "-t", "a\u{202e}b"]);
    assert_eq!(answer.code, 0);
    expect![[r#"
        warning: suspicious_unicode: the title holds characters that hide or reorder text; they are shown escaped
    "#]].assert_eq(answer.stderr.split("Created").next().unwrap());
}
