//! A repository whose branches have each gone their own way.
//!
//! Owns the edits, and the memory of what each branch added: nothing of it may be missing in the end.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::Mode;
use super::dice::Dice;
use crate::support::program::{Answer, git};
use crate::support::repo::Repo;

/// How many issues all branches know.
const N_ISSUES: usize = 4;

/// A repository with branches.
pub(super) struct World {
    pub(super) repo: Repo,
    ids: Vec<String>,
    /// What was added to a set or list of an issue, as its file shows it: `(id, text)`.
    pub(super) added: RefCell<BTreeSet<(String, String)>>,
    /// The ids of all events that any branch has written.
    pub(super) events: RefCell<BTreeSet<String>>,
    pub(super) n_edits: u32,
}

impl World {
    /// Makes the version that all branches begin with.
    pub(super) fn new(mode: Mode) -> Self {
        let repo = Repo::in_memory();
        let set = |value: &str| git(repo.root(), &["config", "merge.jit.driver", value]);
        match mode {
            Mode::Driver => String::new(),
            Mode::Text => git(repo.root(), &["config", "--remove-section", "merge.jit"]),
            Mode::Wrong(command) => set(command),
        };
        repo.ok(&[
            "gate", "define", "review", "--title", "Review", "--stage", "exit",
        ]);
        let ids: Vec<String> = (0..N_ISSUES)
            .map(|number| repo.create(&format!("Issue {number}")))
            .collect();
        let text = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n";
        repo.ok(&[
            "issue", "update", &ids[0], "--desc", text, "--label", "base",
        ]);
        repo.ok(&["dep", "add", &ids[1], &ids[0]]);
        let world = Self {
            repo,
            ids,
            added: RefCell::default(),
            events: RefCell::default(),
            n_edits: 0,
        };
        world.commit("base");
        git(world.repo.root(), &["tag", "base"]);
        world
    }

    /// Grows a branch from the common version and returns its name.
    pub(super) fn branch(&mut self, number: usize, dice: &mut Dice) -> String {
        let name = format!("b{number}");
        git(self.repo.root(), &["checkout", "-q", "-b", &name, "base"]);
        for edit in 0..dice.within(1, 20) {
            self.edit(&format!("{name}e{edit}"), dice);
            if dice.within(0, 4) == 0 {
                self.commit(&format!("{name} {edit}"));
            }
        }
        self.commit(&name);
        self.remember_events();
        name
    }

    /// Commits whatever there is.
    pub(super) fn commit(&self, message: &str) {
        git(self.repo.root(), &["add", "-A"]);
        git(
            self.repo.root(),
            &["commit", "-q", "--allow-empty", "-m", message],
        );
    }

    /// Remembers the events that the checked-out branch has.
    pub(super) fn remember_events(&self) {
        let ids = self.repo.events(&[]).into_iter();
        let ids = ids.map(|event| event["id"].as_str().expect("an event has an id").to_owned());
        self.events.borrow_mut().extend(ids);
    }

    /// Makes one edit, by one command.
    fn edit(&mut self, word: &str, dice: &mut Dice) {
        let id = dice.one(&self.ids).clone();
        let other = dice.one(&self.ids).clone();
        let id = id.as_str();
        self.n_edits += 1;
        match dice.within(0, 13) {
            0 => drop(self.run(&["issue", "update", id, "--title", word])),
            1 => self.describe(id, word, dice),
            2 => {
                let priority = *dice.one(&["critical", "high", "normal", "low"]);
                self.run(&["issue", "update", id, "-p", priority]);
            }
            3 | 4 => self.add(id, word, &["issue", "update", id, "--label", word]),
            5 | 6 => self.add(id, word, &["issue", "comment", id, word]),
            7 | 8 => self.add(id, &other, &["dep", "add", id, &other]),
            9 => drop(self.run(&["issue", "hold", id, word])),
            10 => drop(self.run(&["issue", "update", id, "--context", &format!("{word}=1")])),
            11 => drop(self.run(&["gate", "add", id, "review"])),
            12 => {
                let verb = *dice.one(&["done", "reject", "reopen", "archive", "unhold"]);
                self.run(&["issue", verb, id]);
            }
            _ => self.create(word),
        }
    }

    /// Runs a command that the rules may refuse.
    fn run(&self, arguments: &[&str]) -> bool {
        let answer: Answer = self.repo.jit(arguments);
        let is_known = matches!(answer.code, Some(0 | 4 | 6));
        assert!(is_known, "jit {arguments:?}: {answer:?}");
        answer.code == Some(0)
    }

    fn add(&self, id: &str, text: &str, arguments: &[&str]) {
        if self.run(arguments) && id != text {
            let mut added = self.added.borrow_mut();
            added.insert((id.to_owned(), format!("\"{text}\"")));
        }
    }

    fn create(&self, word: &str) {
        let id = self.repo.create(word);
        self.added.borrow_mut().insert((id, format!("\"{word}\"")));
    }

    fn describe(&self, id: &str, word: &str, dice: &mut Dice) {
        let issue = self.repo.show(id);
        let text = issue["description"].as_str().unwrap_or_default();
        let mut lines: Vec<&str> = text.lines().collect();
        let place = dice.within(0, lines.len());
        lines.insert(place, word);
        self.run(&["issue", "update", id, "--desc", &lines.join("\n")]);
    }
}
