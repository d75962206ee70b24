//! Stores that are broken on purpose.
//!
//! Owns the proof that the oracle can say no: each row breaks a store in one way that a careless program would.

use std::path::{Path, PathBuf};

use super::ground::{self, Ground};
use super::oracle::{Oracle, Outcome};
use crate::support::program::{Answer, jit};
use crate::support::tree::Tree;

const ISSUES: &str = ".jit/issues";
const EVENTS: &str = ".jit/events";
const LEASES: &str = ".git/jit/leases";

/// The files before and after a complete `done`, with nothing waiting in a log to mend what a row breaks.
struct Control {
    ground: Ground,
    oracle: Oracle,
    after: Tree,
    answer: Answer,
}

fn control() -> Control {
    let ground = ground::done();
    let root = ground.repo.root();
    let perform = || Answer::of(&mut jit(root, &ground.command));
    let oracle = Oracle::learn(&ground.repo, || assert_eq!(perform().code, Some(0)));
    let answer = perform();
    let after = Tree::of(root).with(Path::new(".git/jit/wal"), Vec::new());
    Control {
        ground,
        oracle,
        after,
        answer,
    }
}

impl Control {
    /// Returns the files in a folder that the command changed.
    fn changed(&self, folder: &str) -> Vec<PathBuf> {
        let before = &self.ground.start;
        let files = self.after.files_below(Path::new(folder));
        let changed: Vec<PathBuf> = files
            .filter(|(path, bytes)| before.file(path) != Some(bytes))
            .map(|(path, _)| path.to_owned())
            .collect();
        assert!(!changed.is_empty(), "the command changes {folder}");
        changed
    }

    /// Returns the files after the command, those of a folder as they were before it.
    fn reverted(&self, folder: &str) -> Tree {
        self.changed(folder)
            .iter()
            .fold(self.after.clone(), |tree, path| {
                match self.ground.start.file(path) {
                    Some(bytes) => tree.with(path, bytes.to_vec()),
                    None => tree.without(path),
                }
            })
    }

    /// Returns the files after the command with one of them edited as text.
    fn edited(&self, folder: &str, edit: impl Fn(&str) -> String) -> Tree {
        let path = &self.changed(folder)[0];
        let text = std::str::from_utf8(self.after.file(path).expect("the file is there"))
            .expect("the file is text");
        self.after.clone().with(path, edit(text).into_bytes())
    }

    fn verdict(&self, tree: &Tree, answer: &Answer) -> Result<Outcome, String> {
        let root = self.ground.repo.root();
        tree.restore(root);
        let told = self.oracle.judge(&self.ground.repo, answer)?;
        tree.restore(root);
        let kept = self.oracle.kept(&self.ground.repo)?;
        if told == kept {
            Ok(told)
        } else {
            Err("the two views differ".to_owned())
        }
    }
}

fn last_line_dropped(text: &str) -> String {
    let end = text.trim_end().rfind('\n').map_or(0, |at| at + 1);
    text[..end].to_owned()
}

fn last_line_repeated(text: &str) -> String {
    let start = text.trim_end().rfind('\n').map_or(0, |at| at + 1);
    // Readers drop an event whose id they know; a second event that says the same has its own.
    format!(
        "{text}{}",
        text[start..].replacen("\"id\":\"01", "\"id\":\"00", 1)
    )
}

#[test]
fn the_oracle_knows_both_states() {
    let control = control();
    let silent = Answer {
        code: None,
        signal: Some(9),
        stdout: String::new(),
        stderr: String::new(),
    };
    assert_eq!(
        control.verdict(&control.after, &control.answer),
        Ok(Outcome::New)
    );
    assert_eq!(control.verdict(&control.after, &silent), Ok(Outcome::New));
    assert_eq!(
        control.verdict(&control.ground.start, &silent),
        Ok(Outcome::Old)
    );
}

#[test]
fn the_oracle_finds_every_broken_store() {
    let control = control();
    let start = control.ground.start.clone();
    let rows = [
        ("acknowledged, and nothing kept", start),
        ("the event without the state", control.reverted(ISSUES)),
        ("the state without the events", control.reverted(EVENTS)),
        (
            "the issue finished, the lease still held",
            control.reverted(LEASES),
        ),
        (
            "the last event lost",
            control.edited(EVENTS, last_line_dropped),
        ),
        (
            "an event written twice",
            control.edited(EVENTS, last_line_repeated),
        ),
        (
            "an empty issue file",
            control.edited(ISSUES, |_| String::new()),
        ),
        (
            "half an issue file",
            control.edited(ISSUES, |text| text[..text.len() / 2].to_owned()),
        ),
    ];
    for (what, tree) in rows {
        let verdict = control.verdict(&tree, &control.answer);
        assert!(verdict.is_err(), "{what}: {verdict:?}");
    }
}
