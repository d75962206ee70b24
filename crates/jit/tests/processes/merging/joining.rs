//! Bringing branches together by every way that git has, and going on wherever it stops.
//!
//! Owns what is looked at in the middle: between git's stop and `jit resolve` nothing may be in pieces either.

use super::branches::World;
use super::dice::Dice;
use super::laws::{Broken, check_files, insist};
use super::{Mode, Tally};
use crate::support::program::{Answer, git, program};

/// How often git may stop in one rebase.
const MAX_STOPS: usize = 60;

/// A repository whose branches are being joined.
pub(super) struct Joining<'a> {
    world: &'a World,
    mode: Mode,
    pub(super) tally: Tally,
}

impl<'a> Joining<'a> {
    pub(super) fn new(world: &'a World, mode: Mode) -> Self {
        let tally = Tally {
            edits: world.n_edits,
            ..Tally::default()
        };
        Self { world, mode, tally }
    }

    /// Brings all branches into `main`.
    pub(super) fn all(&mut self, branches: &[String], dice: &mut Dice) -> Result<(), Broken> {
        self.git(&["checkout", "-q", "main"]);
        if dice.within(0, 3) == 0 && self.octopus(branches)? {
            return Ok(());
        }
        for branch in branches {
            let take = *dice.one(&["ours", "theirs", "merged"]);
            match dice.within(0, 3) {
                0 => self.rebase(branch, take)?,
                1 => self.pick(branch, take)?,
                _ => self.merge(branch, take)?,
            }
            // Work goes on between two merges, which tells the log of the first.
            if dice.within(0, 1) == 0 {
                self.world.repo.create(&format!("after {branch}"));
                self.world.commit("between");
                self.world.remember_events();
            }
        }
        Ok(())
    }

    fn root(&self) -> &std::path::Path {
        self.world.repo.root()
    }

    fn git(&self, arguments: &[&str]) {
        git(self.root(), arguments);
    }

    /// Runs git, which may stop on the way.
    fn attempt(&self, arguments: &[&str]) -> Answer {
        let mut command = program("git", self.root());
        Answer::of(command.args(arguments).env("GIT_EDITOR", "true"))
    }

    /// Git gives up where two branches changed one file, since it asks no driver then; what it did give counts.
    fn octopus(&mut self, branches: &[String]) -> Result<bool, Broken> {
        let names = branches.iter().map(String::as_str);
        let words: Vec<&str> = ["merge", "-q", "--no-edit"]
            .into_iter()
            .chain(names)
            .collect();
        self.tally.merges += 1;
        if self.attempt(&words).code == Some(0) {
            check_files(self.world)?;
            return Ok(true);
        }
        self.no_segment_is_unmerged()?;
        self.git(&["reset", "-q", "--hard", "main"]);
        Ok(false)
    }

    fn merge(&mut self, branch: &str, take: &str) -> Result<(), Broken> {
        let answer = self.attempt(&["merge", "-q", "--no-edit", branch]);
        self.tally.merges += 1;
        if answer.code != Some(0) {
            self.settle(take, &answer)?;
            self.git(&["commit", "-q", "--no-edit"]);
        }
        check_files(self.world)
    }

    fn rebase(&mut self, branch: &str, take: &str) -> Result<(), Broken> {
        self.git(&["checkout", "-q", branch]);
        self.tally.merges += 1;
        let first = self.attempt(&["rebase", "-q", "main"]);
        self.go_on(first, &["rebase", "--continue"], take)?;
        self.git(&["checkout", "-q", "main"]);
        self.git(&["merge", "-q", "--ff-only", branch]);
        check_files(self.world)
    }

    fn pick(&mut self, branch: &str, take: &str) -> Result<(), Broken> {
        let range = format!("base..{branch}");
        self.tally.merges += 1;
        let pick = [
            "cherry-pick",
            "--allow-empty",
            "--keep-redundant-commits",
            &range,
        ];
        let first = self.attempt(&pick);
        self.go_on(first, &["cherry-pick", "--continue"], take)?;
        check_files(self.world)
    }

    /// Settles and continues until git is through.
    fn go_on(&mut self, first: Answer, next: &[&str], take: &str) -> Result<(), Broken> {
        let mut answer = first;
        for _ in 0..MAX_STOPS {
            if answer.code == Some(0) {
                return Ok(());
            }
            self.settle(take, &answer)?;
            answer = self.attempt(next);
        }
        Err(Broken(format!("git {next:?} never ends: {answer:?}")))
    }

    /// Git has stopped: looks at what it left, and lets `jit` settle it.
    fn settle(&mut self, take: &str, stopped: &Answer) -> Result<(), Broken> {
        self.tally.stops += 1;
        self.no_segment_is_unmerged()?;
        if self.mode != Mode::Text {
            check_files(self.world)?;
        }
        let ready = self.world.repo.jit(&["query", "ready", "--json"]);
        insist(ready.code == Some(0), || format!("query ready: {ready:?}"))?;
        let answer = self.world.repo.jit(&["resolve", "--take", take]);
        insist(answer.code == Some(0), || {
            format!("resolve: {answer:?} after {stopped:?}")
        })?;
        let left = git(self.root(), &["ls-files", "-u"]);
        insist(left.is_empty(), || {
            format!("unmerged after resolve: {left}")
        })?;
        self.world.remember_events();
        Ok(())
    }

    fn no_segment_is_unmerged(&self) -> Result<(), Broken> {
        let unmerged = git(self.root(), &["ls-files", "-u", "--", ".jit/events"]);
        insist(unmerged.is_empty(), || {
            format!("segments in conflict: {unmerged}")
        })
    }
}
