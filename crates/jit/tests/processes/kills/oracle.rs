//! Tells all-old from all-new and from anything else.
//!
//! Owns what is asked after a kill. Refuses to know where the kill was.

use crate::support::program::Answer;
use crate::support::repo::Repo;
use crate::support::state::{PROBE, State};
use crate::support::tree::Tree;

/// The two states that a store may be in, each as `jit` tells it and as the files hold it.
pub(crate) struct Oracle {
    old: Views,
    new: Views,
}

struct Views {
    told: State,
    kept: State,
}

/// Which of the two it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// Nothing of the command happened.
    Old,
    /// All of it happened.
    New,
}

impl Oracle {
    /// Learns the two states: `repo` is before the command, and `perform` does it undisturbed.
    pub(crate) fn learn(repo: &Repo, perform: impl FnOnce()) -> Self {
        let before = Tree::of(repo.root());
        let old = views(repo);
        before.restore(repo.root());
        perform();
        let new = views(repo);
        before.restore(repo.root());
        let oracle = Self { old, new };
        assert!(
            oracle.is_told() || oracle.is_kept(),
            "the command changes something"
        );
        oracle
    }

    /// Returns whether reading commands tell the two states apart.
    fn is_told(&self) -> bool {
        self.old.told != self.new.told
    }

    /// Returns whether the files tell them apart once another command has written.
    pub(super) fn is_kept(&self) -> bool {
        self.old.kept != self.new.kept
    }

    /// Compares what reading commands say with the two states.
    pub(crate) fn told(&self, repo: &Repo) -> Result<Outcome, String> {
        let told = State::asked(repo.root())?;
        self.compare(&told, |views| &views.told)
            .map_err(|difference| format!("reading shows {difference}"))
    }

    /// Compares the files alone with the two states, as if no log waited to be applied.
    pub(crate) fn kept(&self, repo: &Repo) -> Result<Outcome, String> {
        let kept = State::on_disk(repo.root())?;
        self.compare(&kept, |views| &views.kept)
            .map_err(|difference| format!("the files hold {difference}"))
    }

    fn compare(&self, seen: &State, view: impl Fn(&Views) -> &State) -> Result<Outcome, String> {
        if seen == view(&self.new) {
            Ok(Outcome::New)
        } else if seen == view(&self.old) {
            Ok(Outcome::Old)
        } else {
            let differences = [&self.old, &self.new].map(|views| view(views).difference(seen));
            let nearest = differences
                .iter()
                .min_by_key(|lines| lines.len())
                .expect("there are two");
            Err(format!(
                "neither state; the nearer one differs in\n{}",
                nearest.join("\n")
            ))
        }
    }

    /// Judges a store after a command that gave `answer`, and says which state it is in.
    ///
    /// What reading shows must survive the next write, which recovers first.
    pub(crate) fn judge(&self, repo: &Repo, answer: &Answer) -> Result<Outcome, String> {
        let told = self.told(repo)?;
        next_command_works(repo)?;
        let kept = self.kept(repo)?;
        if self.is_told() && self.is_kept() && kept != told {
            return Err(format!(
                "reading showed {told:?}, recovery made it {kept:?}"
            ));
        }
        let outcome = if self.is_told() { told } else { kept };
        if (answer.code == Some(0) || !answer.stdout.is_empty()) && outcome == Outcome::Old {
            return Err(format!("acknowledged and lost: {answer:?}"));
        }
        Ok(outcome)
    }
}

fn next_command_works(repo: &Repo) -> Result<(), String> {
    // What waits in the log, or a mark that was torn, is a finding until somebody has written.
    for command in [
        &["issue", "create", "-t", PROBE, "--json"][..],
        &["validate", "--json"],
    ] {
        let answer = repo.jit(command);
        if answer.code != Some(0) {
            return Err(format!("afterwards, jit {command:?} fails: {answer:?}"));
        }
    }
    Ok(())
}

/// Takes both views; the files are looked at after one more write, so that nothing waits in the log.
fn views(repo: &Repo) -> Views {
    let told = State::asked(repo.root()).expect("an undisturbed store can be read");
    next_command_works(repo).expect("an undisturbed store can be written");
    let kept = State::on_disk(repo.root()).expect("the files of an undisturbed store can be read");
    Views { told, kept }
}
