//! A store to measure on, and how a command is run in it.
//!
//! Owns the choice of issues, the timing of a process, and putting back what a measured command changed. Refuses statistics.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use jit_core::IssueId;

use super::table::{Floor, Kind};
use crate::fixture::{self, Form, Plan};
use crate::process::Call;
use crate::replay;

/// The gate that issues pass when passing is measured.
const GATE: &str = "bench-review";

/// The programs that are timed.
pub(crate) struct Programs {
    /// The tracker.
    pub jit: PathBuf,
    /// The floors.
    pub floor: PathBuf,
    /// What makes `strace` work where it is unpacked only.
    pub environment: Vec<(OsString, OsString)>,
}

/// Where commands run; many threads may use one.
pub(crate) struct Site<'a> {
    programs: &'a Programs,
    /// The repository.
    dir: PathBuf,
}

impl Site<'_> {
    /// Returns a call of the tracker here.
    pub(super) fn jit(&self, arguments: &[&str]) -> Call {
        self.here(Call::new(&self.programs.jit, arguments))
    }

    /// Returns a call of the tracker whose system calls are counted.
    fn strace(&self, table: &Path, arguments: &[&str]) -> Call {
        let words = ["-f", "-c", "-o"].map(OsString::from).into_iter();
        let words = words.chain([table.into(), self.programs.jit.clone().into()]);
        let words = words.chain(arguments.iter().map(OsString::from));
        self.here(Call::new("strace", words))
            .envs(&self.programs.environment)
    }

    fn here(&self, call: Call) -> Call {
        ["JIT_DIR", "JIT_ISSUE", "JIT_EPOCH"]
            .into_iter()
            .fold(call, Call::without_env)
            .within(&self.dir)
            .env("JIT_ACTOR", "agent:bench")
    }
}

/// A store of some size.
pub(crate) struct Ground<'a> {
    /// Where it is.
    pub site: Site<'a>,
    /// Beside it: what commands print, lists, logs.
    beside: PathBuf,
    ids: Vec<IssueId>,
    choice: Choice,
    turn: Cell<usize>,
    printed: Cell<u64>,
    /// How long each fdatasync of a floor took, milliseconds.
    syncs: RefCell<Vec<f64>>,
    /// Commands are counted instead of timed.
    is_traced: Cell<bool>,
}

/// Numbers of issues, by what can be done with them.
#[derive(Default)]
struct Choice {
    open: Vec<usize>,
    /// Not ready, so that nothing else is measured on it: one gets a gate.
    blocked: Vec<usize>,
    ready: Vec<usize>,
    /// Ready, and somebody waits for it.
    awaited: Vec<usize>,
}

impl Choice {
    fn of(plan: &Plan) -> Self {
        let is_ready = |number: &usize| {
            let targets = plan.dependencies(*number);
            plan.is_open(*number) && !targets.iter().any(|target| plan.is_open(*target))
        };
        let open: Vec<usize> = (0..plan.n_issues).filter(|it| plan.is_open(*it)).collect();
        let ready: Vec<usize> = open.iter().copied().filter(is_ready).collect();
        let mut n_waiting: BTreeMap<usize, usize> = BTreeMap::new();
        for target in open.iter().flat_map(|number| plan.dependencies(*number)) {
            *n_waiting.entry(target).or_default() += 1;
        }
        let is_awaited = |number: &usize| n_waiting.contains_key(number);
        let awaited = ready.iter().copied().filter(is_awaited).collect();
        let blocked = open.iter().copied().filter(|it| !is_ready(it)).collect();
        Self {
            open,
            blocked,
            ready,
            awaited,
        }
    }
}

impl<'a> Ground<'a> {
    /// Makes a store below `parent`.
    pub(crate) fn new(programs: &'a Programs, parent: &Path, plan: &Plan) -> Result<Self> {
        let dir = parent.join(format!("{:?}-{}", plan.form, plan.n_issues).to_lowercase());
        fixture::make(plan, &dir, true)?;
        let beside = dir.with_extension("out");
        fs::create_dir(&beside)?;
        let ground = Self {
            site: Site { programs, dir },
            beside,
            ids: plan.ids(),
            choice: Choice::of(plan),
            turn: Cell::new(0),
            printed: Cell::new(0),
            syncs: RefCell::default(),
            is_traced: Cell::new(false),
        };
        fs::write(ground.beside.join("stat"), ground.open_paths()?)?;
        // The first writer makes the index; every row but the cold ones begins with one.
        ground
            .site
            .jit(&["gate", "define", GATE, "--title", "Review"])
            .read()?;
        Ok(ground)
    }

    /// Makes a store in which nothing waits for anything, for processes to fight over.
    pub(super) fn flat(programs: &'a Programs, parent: &Path, n_issues: usize) -> Result<Self> {
        let plan = Plan {
            n_issues,
            seed: 1,
            form: Form::Flat,
        };
        Self::new(programs, parent, &plan)
    }

    /// Returns the largest resident size of a command, in KiB.
    pub(super) fn peak(&self, arguments: &[&str]) -> Result<f64> {
        let file = self.beside.join("peak");
        let (Some(path), Some(jit)) = (file.to_str(), self.site.programs.jit.to_str()) else {
            anyhow::bail!("the target directory is not UTF-8");
        };
        let words = [&["peak", path, jit], arguments].concat();
        let call = Call::new(&self.site.programs.floor, words).within(&self.site.dir);
        self.timed(call)?;
        let text = fs::read_to_string(&file)?;
        text.trim().parse().context("a size is a number")
    }

    /// Runs a command once and returns its milliseconds; what it changed is put back afterwards, and not counted.
    pub(crate) fn value(&self, kind: Kind) -> Result<f64> {
        let turn = self.turn.replace(self.turn.get() + 1);
        let any = self.id(turn.wrapping_mul(7_919) % self.ids.len());
        match kind {
            Kind::Show => self.time(&["issue", "show", any, "--json"]),
            // Eight characters are never shared in practice; the store has to find that out all the same.
            Kind::Prefix => self.time(&["issue", "show", &any[..8], "--json"]),
            Kind::Ready | Kind::ReadyIdle => self.ready(),
            Kind::List => self.time(&["issue", "list", "--json"]),
            Kind::Search => self.time(&["search", "parser", "--json", "--limit", "20"]),
            Kind::Tail => self.time(&["events", "tail", "-n", "20", "--json"]),
            Kind::Validate => self.time(&["validate", "--level", "full", "--json"]),
            Kind::ColdRead => {
                self.forget_index()?;
                self.ready()
            }
            Kind::ColdWrite => {
                self.forget_index()?;
                self.change(Kind::Comment, turn)
            }
            Kind::Claim | Kind::ClaimNext | Kind::Update | Kind::Comment => self.change(kind, turn),
            Kind::GatePass | Kind::Done | Kind::DepAdd | Kind::Create => self.settle(kind, turn),
            Kind::Import => self.import(turn),
        }
    }

    fn ready(&self) -> Result<f64> {
        self.time(&["query", "ready", "--json", "--limit", "20"])
    }

    fn change(&self, kind: Kind, turn: usize) -> Result<f64> {
        let open = self.pick(&self.choice.open, turn)?;
        let taken = match kind {
            Kind::Claim => {
                let ready = self.pick(&self.choice.ready, turn)?;
                self.time(&["issue", "claim", ready, "agent:bench", "--json"])?
            }
            Kind::Update => {
                // Each issue comes round again, and has to change each time.
                let priority = ["critical", "low"][turn / self.choice.open.len() % 2];
                return self.time(&["issue", "update", open, "--priority", priority, "--json"]);
            }
            Kind::Comment => {
                let text = "a remark of a usual length about what was found on the way";
                return self.time(&["issue", "comment", open, text, "--json"]);
            }
            _ => self.time(&["issue", "claim-next", "agent:bench", "--json"])?,
        };
        let answer: serde_json::Value = serde_json::from_slice(&fs::read(self.output())?)?;
        let id = answer["id"].as_str().context("a claim answers an issue")?;
        self.site.jit(&["issue", "release", id]).read()?;
        Ok(taken)
    }

    fn settle(&self, kind: Kind, turn: usize) -> Result<f64> {
        match kind {
            Kind::GatePass => {
                let id = self.pick(&self.choice.blocked, 0)?;
                let value = self.time(&["gate", "pass", id, GATE, "--json"])?;
                self.site.jit(&["gate", "fail", id, GATE]).read()?;
                Ok(value)
            }
            Kind::Done => {
                let id = self.pick(&self.choice.awaited, turn)?;
                let value = self.time(&["issue", "done", id, "--json"])?;
                self.site.jit(&["issue", "reopen", id]).read()?;
                Ok(value)
            }
            Kind::DepAdd => {
                let (from, to) = (
                    self.id(self.ids.len() - 1),
                    self.id(turn % (self.ids.len() / 2)),
                );
                let value = self.time(&["dep", "add", from, to, "--json"])?;
                self.site.jit(&["dep", "rm", from, to]).read()?;
                Ok(value)
            }
            _ => {
                let text = "what people write ".repeat(33);
                self.time(&["issue", "create", "-t", "Measure it", "-d", &text, "--json"])
            }
        }
    }

    /// Imports as many issues into a store that is new each time.
    fn import(&self, turn: usize) -> Result<f64> {
        let log = self.beside.join("log.jsonl");
        if !log.exists() {
            fs::write(&log, replay::generated_log(self.ids.len(), 1))?;
        }
        let dir = self.beside.join(format!("import-{turn}"));
        fs::create_dir(&dir)?;
        Call::new("git", ["init", "--quiet"]).within(&dir).read()?;
        self.site.jit(&["init"]).within(&dir).read()?;
        let path = log.to_str().context("the target directory is not UTF-8")?;
        let value = self.timed(self.site.jit(&["import", "beads", path]).within(&dir))?;
        fs::remove_dir_all(&dir)?;
        Ok(value)
    }

    /// Does what a row needs before its first run; says what is missing where it can't be run at all.
    pub(crate) fn prepare(&self, kind: Kind) -> Result<Option<String>> {
        let absent = |what: &str| Ok(Some(what.to_owned()));
        match kind {
            Kind::Search
                if !self
                    .site
                    .jit(&["search", "--help"])
                    .outcome()?
                    .status
                    .success() =>
            {
                return absent("not built yet");
            }
            Kind::Done if self.choice.awaited.is_empty() => {
                return absent("no issue of this store is waited for");
            }
            Kind::GatePass => {
                let id = self.pick(&self.choice.blocked, 0)?;
                self.site.jit(&["gate", "add", id, GATE]).read()?;
            }
            _ => {}
        }
        // The first run after a change of the store brings the index up to date; that is the row `cold`.
        self.value(kind)?;
        Ok(None)
    }

    /// Runs a floor once and returns its milliseconds.
    pub(super) fn floor(&self, floor: Floor) -> Result<Option<f64>> {
        let issue = self
            .site
            .dir
            .join(self.issue_path(self.turn.get() % self.ids.len()));
        let path = |name: &str| self.beside.join(name);
        let program = |words: &[&std::ffi::OsStr]| {
            self.timed(Call::new(&self.site.programs.floor, words).within(&self.site.dir))
        };
        let value = match floor {
            Floor::Read => program(&["read".as_ref(), issue.as_ref()])?,
            Floor::Durable => {
                let log = path("durable");
                let value = program(&["durable".as_ref(), issue.as_ref(), log.as_ref()])?;
                self.syncs.borrow_mut().push(self.printed_nanos()? / 1e6);
                value
            }
            Floor::Stat => program(&["stat".as_ref(), path("stat").as_ref()])?,
            Floor::Write => {
                let n_bytes = self.printed.get().to_string();
                program(&["write".as_ref(), n_bytes.as_ref()])?
            }
            Floor::Parse => super::floor::parse(&self.site.dir.join(".jit/issues"))?,
            Floor::None => return Ok(None),
        };
        Ok(Some(value))
    }

    /// Returns the nanoseconds that `n` fdatasyncs take one after the other.
    pub(super) fn sync_rate(&self, n: usize) -> Result<f64> {
        let log = self.beside.join("rate");
        let n = n.to_string();
        let words: [&std::ffi::OsStr; 3] = ["rate".as_ref(), log.as_ref(), n.as_ref()];
        self.timed(Call::new(&self.site.programs.floor, words))?;
        self.printed_nanos()
    }

    /// Takes the milliseconds of each fdatasync since it was last asked.
    pub(super) fn take_syncs(&self) -> Vec<f64> {
        self.syncs.take()
    }

    fn printed_nanos(&self) -> Result<f64> {
        let text = fs::read_to_string(self.output())?;
        text.trim().parse().context("a floor prints nanoseconds")
    }

    /// Returns the table of system calls of the one command that `run` measures.
    pub(crate) fn traced(&self, run: impl FnOnce() -> Result<f64>) -> Result<String> {
        self.is_traced.set(true);
        let answer = run();
        self.is_traced.set(false);
        answer?;
        Ok(fs::read_to_string(self.beside.join("trace"))?)
    }

    /// Runs a command once and returns its milliseconds.
    pub(crate) fn time(&self, arguments: &[&str]) -> Result<f64> {
        let trace = self.beside.join("trace");
        let value = self.timed(if self.is_traced.get() {
            self.site.strace(&trace, arguments)
        } else {
            self.site.jit(arguments)
        })?;
        self.printed.set(fs::metadata(self.output())?.len());
        Ok(value)
    }

    /// Times a process whose output goes to a file, as a pipe would measure its reader too.
    fn timed(&self, call: Call) -> Result<f64> {
        let errors = self.beside.join("stderr");
        let shown = call.shown();
        let (status, time) = call.timed(&File::create(self.output())?, &File::create(&errors)?)?;
        ensure!(
            status.success(),
            "`{shown}` ended with {status}: {}",
            fs::read_to_string(&errors).unwrap_or_default().trim()
        );
        Ok(time.as_secs_f64() * 1e3)
    }

    fn output(&self) -> PathBuf {
        self.beside.join("stdout")
    }

    /// Removes the index, wherever the store keeps it.
    fn forget_index(&self) -> Result<()> {
        for folder in [".jit/local", ".git/jit"] {
            for entry in fs::read_dir(self.site.dir.join(folder))? {
                let entry = entry?;
                if entry.file_name().to_string_lossy().starts_with("index.db") {
                    fs::remove_file(entry.path())?;
                }
            }
        }
        Ok(())
    }

    fn id(&self, number: usize) -> &str {
        self.ids[number].as_str()
    }

    fn pick(&self, choices: &[usize], turn: usize) -> Result<&str> {
        ensure!(!choices.is_empty(), "no issue of this store will do");
        Ok(self.id(choices[turn % choices.len()]))
    }

    fn issue_path(&self, number: usize) -> String {
        let id = &self.ids[number];
        format!(".jit/issues/{}/{id}.json", id.shard())
    }

    /// Returns the shard directories and the files of open issues, one a line.
    fn open_paths(&self) -> Result<String> {
        let mut lines = String::new();
        for entry in fs::read_dir(self.site.dir.join(".jit/issues"))? {
            let name = entry?.file_name();
            lines.push_str(".jit/issues/");
            lines.push_str(&name.to_string_lossy());
            lines.push('\n');
        }
        for number in &self.choice.open {
            lines.push_str(&self.issue_path(*number));
            lines.push('\n');
        }
        Ok(lines)
    }
}
