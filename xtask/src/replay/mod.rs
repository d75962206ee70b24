//! `cargo xtask replay`: a large issue log, imported and driven to done by agents that do nothing.
//!
//! Owns the measurement: how long the import and the run take, and that the order was right. Refuses to record anything but
//! a whole log on release builds.

mod fixture;

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::{Map, Value, json};

use crate::audit::{self, Agent, History};
use crate::process::Call;
use crate::stage::{self, Stage};
use crate::workspace::{self, Profile};
use crate::{figures, output};

/// What `cargo xtask replay` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// How many agents run at once
    #[arg(long, default_value_t = 8)]
    agents: usize,
    /// Use only the first N issues of the log
    #[arg(long)]
    issues: Option<usize>,
    /// Use the development build: quick to try, and nothing is recorded
    #[arg(long)]
    dev: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            agents: 8,
            issues: None,
            dev: false,
        }
    }
}

/// A run this slow has hung.
const PATIENCE: Duration = Duration::from_hours(3);

struct Log {
    text: String,
    name: &'static str,
}

/// Imports the log and drives it to done.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut log = find_log()?;
    if let Some(n_issues) = options.issues {
        log.text = log.text.split_inclusive('\n').take(n_issues).collect();
    }
    let programs = workspace::build(if options.dev {
        Profile::Dev
    } else {
        Profile::Release
    })?;
    let stage = Stage::new(programs, "jit-replay-", false)?;
    Call::new("git", ["init", "--quiet", "--initial-branch", "main"])
        .within(&stage.repository)
        .read()?;
    stage.jit(&["init"]).read()?;
    let import_time = import(&stage, &log)?;
    let n_issues = n_issues(&stage)?;
    output::line(&format!(
        "Imported {n_issues} issues of {} in {:.2} s.",
        log.name,
        import_time.as_secs_f64()
    ));
    let run_time = drive(&stage, options.agents, n_issues)?;
    let history = stage.history(vec![pool(options.agents)])?;
    let rate = f64::from(u32::try_from(n_issues)?) / run_time.as_secs_f64();
    output::line(&format!(
        "Drove {n_issues} issues to done in {:.1} s: {rate:.1} issues/s.",
        run_time.as_secs_f64()
    ));
    let n_edges = history
        .tasks
        .iter()
        .map(|task| task.dependencies.len())
        .sum::<usize>();
    stage::judge(&verdicts(&history))?;
    let values = Map::from_iter([
        ("log".to_owned(), json!(log.name)),
        ("issues".to_owned(), json!(n_issues)),
        ("dependencies".to_owned(), json!(n_edges)),
        ("agents".to_owned(), json!(options.agents)),
        ("import_seconds".to_owned(), json!(rounded(import_time))),
        ("run_seconds".to_owned(), json!(rounded(run_time))),
        (
            "issues_per_second".to_owned(),
            json!((rate * 10.0).round() / 10.0),
        ),
    ]);
    if options.dev || options.issues.is_some() {
        return Ok(());
    }
    figures::append("replay", &values)
}

/// Returns a generated log of the shape of the real one, the same for one seed.
pub(crate) fn generated_log(n_issues: usize, seed: u64) -> String {
    fixture::log(n_issues, seed)
}

fn rounded(time: Duration) -> f64 {
    (time.as_secs_f64() * 100.0).round() / 100.0
}

/// The real log where there is one; never silently another one.
fn find_log() -> Result<Log> {
    let folder = std::env::var_os("JIT_REAL_DATA")
        .map_or_else(|| workspace::root().join("../shared/data"), PathBuf::from);
    let path = folder.join("beads-issues-2518.jsonl");
    if path.is_file() {
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        return Ok(Log {
            text,
            name: "the real log",
        });
    }
    if std::env::var_os("JIT_REAL_DATA").is_some() {
        bail!("JIT_REAL_DATA is set, but {} is not there", path.display());
    }
    output::line(
        "Absent: the real issue log (set JIT_REAL_DATA to its directory). Using a generated one of its shape.",
    );
    Ok(Log {
        text: fixture::log(fixture::SIZE, 1),
        name: "the generated log",
    })
}

fn import(stage: &Stage, log: &Log) -> Result<Duration> {
    let path = stage.folder().join("log.jsonl");
    fs::write(&path, &log.text)?;
    let path = path
        .to_str()
        .context("the temporary directory is not UTF-8")?;
    let begun = Instant::now();
    stage.jit(&["import", "beads", path, "--as-open"]).read()?;
    let time = begun.elapsed();
    stage.jit(&["validate"]).read()?;
    Ok(time)
}

fn n_issues(stage: &Stage) -> Result<usize> {
    let list: Value = serde_json::from_str(&stage.jit(&["issue", "list", "--json"]).read()?)?;
    Ok(list
        .as_array()
        .context("the issue list is not a JSON array")?
        .len())
}

fn pool(capacity: usize) -> Agent {
    Agent {
        id: "noop".to_owned(),
        capacity,
        tags: std::collections::BTreeSet::new(),
    }
}

fn drive(stage: &Stage, capacity: usize, n_issues: usize) -> Result<Duration> {
    let config = stage.folder().join("dispatch.toml");
    let text = format!(
        "poll_interval_secs = 5\n\n[[agents]]\nid = \"noop\"\ntype = \"script\"\ncapacity = {capacity}\ncommand = \"true\"\n"
    );
    fs::write(&config, text)?;
    let begun = Instant::now();
    let mut n_done = 0_usize;
    let mut said = Instant::now();
    stage.dispatch(&config, PATIENCE, &mut |event| {
        if event["type"] == "issue.done" {
            n_done += 1;
        }
        if said.elapsed() >= Duration::from_secs(5) {
            said = Instant::now();
            output::line(&format!(
                "{:6.0} s  {n_done} of {n_issues} done",
                begun.elapsed().as_secs_f64()
            ));
        }
    })?;
    Ok(begun.elapsed())
}

/// Priority needs the looks of the dispatcher at each moment; thousands of issues make that quadratic, so the demo proves it.
fn verdicts(history: &History) -> Vec<audit::Verdict> {
    vec![
        audit::everything_ends(history),
        audit::one_claim_at_a_time(history),
        audit::one_run_at_a_time(history),
        audit::dependencies_first(history),
        audit::capacity_kept(history),
    ]
}
