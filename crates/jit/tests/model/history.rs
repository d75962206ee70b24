//! Random histories: each command is answered as the contract says, and leaves what it says.
//!
//! Owns the alphabet beside the commands: time, editors, checkouts, files of an older program, deaths and restarts. A failing
//! history comes back by its seed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jit_core::IssueId;
use jit_store::fs::sim::{Loss, SimFs};
use jit_store::fs::{self, Access, At, Fs as _, RelPath, Root};
use serde_json::Value;

use crate::lab::{Lab, Mistake};
use crate::reference::{Command, ENTRY, EXIT, Reference, TTL, Verdict};

/// How many histories a quick run goes through.
const QUICK: u64 = 2_000;

/// How many a thorough run does.
const THOROUGH: u64 = 200_000;

/// How many things happen in one history.
const N_STEPS: usize = 14;

/// More issues than these are rarely needed to be wrong.
const MOST_ISSUES: usize = 5;

/// Longest issue file of these histories, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Small reproducible chance.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn draw(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % n as u64).expect("it is below a usize")
    }

    fn is_one_in(&mut self, n: usize) -> bool {
        self.draw(n) == 0
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.draw(items.len())]
    }
}

/// The issue files as they once were, what they meant, and how many issues there were.
struct Checkout {
    files: Vec<(IssueId, String)>,
    reference: Reference,
}

/// One history.
struct History {
    lab: Lab,
    reference: Reference,
    checkout: Option<Checkout>,
    has_checked_out: bool,
    mistake: Mistake,
    story: Vec<String>,
}

/// Draws a command on issues that there are.
pub(crate) fn draw_command(reference: &Reference, chance: &mut Chance) -> Command {
    let n_issues = reference.len();
    if n_issues == 0 || (n_issues < MOST_ISSUES && chance.is_one_in(5)) {
        let waits_for = (n_issues > 0 && chance.is_one_in(2)).then(|| chance.draw(n_issues));
        return Command::Create { waits_for };
    }
    let id = chance.draw(n_issues);
    let on = chance.draw(n_issues);
    let who = chance.pick(&["agent:a", "agent:b"]);
    let gate = chance.pick(&[ENTRY, EXIT]);
    let known = reference.epoch(id);
    // The current epoch, one that has passed, or none.
    let epoch = [None, Some(known), Some(known.saturating_sub(1))][chance.draw(3)];
    let epoch = epoch.filter(|epoch| *epoch > 0);
    match chance.draw(22) {
        0..=3 => Command::Claim {
            id,
            who,
            has_ttl: chance.is_one_in(2),
            epoch: None,
        },
        4 | 5 => Command::Release { id, who, epoch },
        6..=8 => Command::Done { id, epoch },
        9 => Command::Reject { id },
        10 => Command::Reopen { id },
        11 => Command::Archive { id },
        12 => Command::Hold { id },
        13 => Command::Unhold { id },
        14 => Command::Comment { id },
        15 => Command::Label {
            id,
            label: chance.pick(&["area:store", "area:wire"]),
        },
        16 => Command::DepAdd { id, on },
        17 => Command::DepRm { id, on },
        18 => Command::GateAdd { id, gate },
        19 => Command::GateRm { id, gate },
        20 => Command::GatePass { id, gate },
        _ => Command::GateFail { id, gate },
    }
}

fn place(id: &IssueId) -> At {
    let path = format!("issues/{}/{id}.json", &id.as_str()[..2]);
    let path = RelPath::parse(&path).expect("it is a path below the store");
    At::new(Root::Shared, path)
}

fn read(files: &SimFs, id: &IssueId) -> String {
    let bytes = fs::read(files, &place(id), MAX_FILE).expect("the issue has a file");
    String::from_utf8(bytes).expect("an issue file is text")
}

/// Replaces a file as git and most editors do, and makes sure of it.
fn replace(files: &SimFs, id: &IssueId, text: &str) {
    let temporary = RelPath::parse("issues/by-hand").expect("it is a path");
    let mut file = files
        .open(&At::new(Root::Shared, temporary.clone()), Access::New)
        .expect("a file can be made");
    fs::write_all_at(&mut *file, 0, text.as_bytes()).expect("a file can be written");
    drop(file);
    let renamed = files.rename(&At::new(Root::Shared, temporary), &place(id).path);
    renamed.expect("a file can be renamed");
    files.settle();
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

impl History {
    fn new(mistake: Mistake) -> Self {
        Self {
            lab: Lab::new(),
            reference: Reference::default(),
            checkout: None,
            has_checked_out: false,
            mistake,
            story: Vec::new(),
        }
    }

    fn step(&mut self, chance: &mut Chance) -> Result<(), String> {
        let n_issues = self.reference.len();
        match chance.draw(24) {
            0 => {
                let seconds = chance.pick(&[1, TTL - 1, TTL + 1]);
                self.story.push(format!("{seconds} s pass"));
                self.lab.pass(seconds);
                if self.reference.pass(seconds) {
                    self.lab.recover();
                }
            }
            1 if n_issues > 0 => self.edit(chance.draw(n_issues)),
            2 if n_issues > 0 => self.write_as_of_old(chance.draw(n_issues)),
            3 => self.check_out(),
            4 => {
                self.story.push("death".to_owned());
                self.lab.fs = self.lab.fs.after_death();
            }
            // After a restart a file that holds an earlier version of the log is taken for one that lost the later ones.
            5 if !self.has_checked_out => {
                let loss = [Loss::Everything, Loss::Contents, Loss::Names][chance.draw(3)];
                self.story.push(format!("power cut, {loss:?} lost"));
                let left = self.lab.fs.after_power_cut(self.lab.fs.n_ops(), loss);
                self.lab.restart_with(left);
            }
            _ => self.command(chance)?,
        }
        self.compare()
    }

    fn command(&mut self, chance: &mut Chance) -> Result<(), String> {
        let command = draw_command(&self.reference, chance);
        let mut after = self.reference.clone();
        let verdict = after.run(&command);
        if verdict == Verdict::Unsaid {
            return Ok(());
        }
        self.story.push(format!("{command:?}: {verdict:?}"));
        let answer = self.lab.run(&command, self.mistake);
        match (verdict, &answer) {
            (Verdict::Done, Ok(())) => self.reference = after,
            (Verdict::Refused, Err(error)) if error.refusal().is_some() => {}
            _ => {
                return Err(format!(
                    "the contract says {verdict:?}, the program {answer:?}"
                ));
            }
        }
        Ok(())
    }

    /// Somebody adds a label with an editor.
    fn edit(&mut self, id: usize) {
        self.story.push(format!("an editor labels {id}"));
        self.lab.recover();
        let issue = &self.lab.ids[id];
        let mut value: Value = serde_json::from_str(&read(&self.lab.fs, issue)).expect("JSON");
        let mut labels: Vec<Value> = value["labels"].as_array().cloned().unwrap_or_default();
        if !labels.contains(&"by:hand".into()) {
            labels.push("by:hand".into());
            labels.sort_by_key(ToString::to_string);
            value["labels"] = labels.into();
            replace(&self.lab.fs, issue, &pretty(&value));
            self.reference.edit(id, "by:hand");
        }
    }

    /// A program that writes every member, in an order and a layout of its own, and one that nobody knows.
    fn write_as_of_old(&mut self, id: usize) {
        self.story.push(format!("another program writes {id}"));
        self.lab.recover();
        let issue = &self.lab.ids[id];
        let mut value: Value = serde_json::from_str(&read(&self.lab.fs, issue)).expect("JSON");
        for (name, empty) in [
            ("labels", Value::Array(Vec::new())),
            ("dependencies", Value::Array(Vec::new())),
            ("description", "".into()),
            ("links", Value::Array(Vec::new())),
            ("x_of_old", "kept".into()),
        ] {
            let members = value.as_object_mut().expect("an issue is an object");
            members.entry(name).or_insert(empty);
        }
        replace(&self.lab.fs, issue, &value.to_string());
    }

    /// Keeps the files, or takes them all back to what was kept; only while nobody holds a lease, which git does not know.
    fn check_out(&mut self) {
        if !self.reference.is_idle() {
            return;
        }
        self.lab.recover();
        match self.checkout.take() {
            Some(kept) if kept.files.len() == self.lab.ids.len() && self.has_epochs_of(&kept) => {
                self.story.push("a checkout".to_owned());
                self.has_checked_out = true;
                for (id, text) in &kept.files {
                    replace(&self.lab.fs, id, text);
                }
                let seconds = self.reference.now() - kept.reference.now();
                self.reference = kept.reference;
                self.reference.pass(seconds);
            }
            _ => {
                let files = self.lab.ids.iter();
                let files = files.map(|id| (id.clone(), read(&self.lab.fs, id)));
                self.checkout = Some(Checkout {
                    files: files.collect(),
                    reference: self.reference.clone(),
                });
                self.story.push("a commit".to_owned());
            }
        }
    }

    /// Epochs never go back, but the file would show the old one until the next grant.
    fn has_epochs_of(&self, kept: &Checkout) -> bool {
        (0..self.reference.len()).all(|id| self.reference.epoch(id) == kept.reference.epoch(id))
    }

    fn compare(&self) -> Result<(), String> {
        let shown = self.lab.shown()?;
        let expected = self.reference.shown();
        for (id, (shown, expected)) in shown.iter().zip(&expected).enumerate() {
            if shown != expected {
                return Err(format!("issue {id} is\n{shown}\ninstead of\n{expected}"));
            }
        }
        Ok(())
    }
}

/// Goes through a history and returns what is wrong with it.
fn live(seed: u64, mistake: Mistake) -> Option<String> {
    let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut history = History::new(mistake);
    for _ in 0..N_STEPS {
        let answer = catch_unwind(AssertUnwindSafe(|| history.step(&mut chance)));
        let problem = match answer {
            Ok(Ok(())) => continue,
            Ok(Err(problem)) => problem,
            Err(_) => "a panic".to_owned(),
        };
        return Some(format!(
            "seed {seed}: {problem}\nafter {:#?}",
            history.story
        ));
    }
    None
}

fn is_thorough() -> bool {
    std::env::var_os("JIT_TORTURE").is_some()
}

#[test]
fn every_history_is_as_the_contract_says() {
    let n_histories = if is_thorough() { THOROUGH } else { QUICK };
    let half = |first: u64| {
        (first..n_histories)
            .step_by(2)
            .find_map(|seed| live(seed, Mistake::None))
    };
    let problem = std::thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        half(0).or_else(|| other.join().expect("a panic is a problem, not an end"))
    });
    assert!(problem.is_none(), "{}", problem.unwrap_or_default());
    crate::record(
        "model: histories",
        n_histories,
        n_histories * N_STEPS as u64,
    );
}

#[test]
fn a_forgotten_epoch_and_a_forgotten_ttl_are_noticed() {
    for mistake in [Mistake::ForgetEpochs, Mistake::ForgetTtl] {
        let is_noticed = (0..QUICK).any(|seed| live(seed, mistake).is_some());
        assert!(is_noticed, "nobody notices {mistake:?}");
    }
}
