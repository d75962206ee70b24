//! `cargo xtask budgets`: what is exact and must not grow unnoticed.
//!
//! Owns the limits of `quality/budgets.json`: system calls, waits for the disk and started programs of each command, the size of
//! the program, and the crates in it. Refuses wall time, which is a trend, and a change of a limit that gives no reason.

mod count;
mod file;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use self::count::{Counts, parse};
use self::file::{Budget, Budgets, Limit};
use crate::bench::{Ground, Kind, LINES, Programs, crates};
use crate::fixture::{Form, Plan};
use crate::process::{Call, is_on_path};
use crate::tools::{self, Toolbox};
use crate::{output, workspace};

/// What `cargo xtask budgets` takes.
#[derive(Args, Default)]
pub(crate) struct Options {
    /// Set the limits to what is measured, for this reason
    #[arg(long, value_name = "REASON")]
    pub(crate) update: Option<String>,
    /// Count this program instead of building one
    #[arg(long, value_name = "FILE", conflicts_with = "update")]
    pub(crate) program: Option<PathBuf>,
    /// Do not use the network; what cannot run is listed instead of failing
    #[arg(long)]
    pub(crate) offline: bool,
}

/// Issues in the store that the commands are counted on.
const N_ISSUES: usize = 1_000;

/// How often a command is counted; the least counts, since a log that is due to be emptied makes a run longer, and so does a
/// new issue that is the first one of its shard.
const RUNS: usize = 7;

/// Rows of the bench that are about time and nothing else.
const NOT_COUNTED: [Kind; 4] = [
    Kind::ReadyIdle,
    Kind::ColdRead,
    Kind::ColdWrite,
    Kind::Import,
];

/// Measures everything, and compares or updates.
pub(crate) fn run(options: &Options) -> Result<()> {
    let toolbox = tools::prepare(!options.offline)?;
    if let Some(tool) = toolbox.missing.iter().find(|tool| tool.program == "strace") {
        ensure!(options.offline, "missing: {}", tool.shown());
        output::line(&format!("could not run, no {}", tool.shown()));
        return Ok(());
    }
    let jit = match &options.program {
        Some(program) => std::fs::canonicalize(program).context("no such program")?,
        None => workspace::released_tracker()?,
    };
    let measured = measure(&jit, toolbox)?;
    say_instructions(&jit)?;
    let limits = file::read()?;
    match &options.update {
        Some(reason) => file::write(&limits.updated(&measured, reason)?),
        None => judge(&limits, &measured),
    }
}

fn measure(jit: &Path, toolbox: Toolbox) -> Result<Budgets> {
    let n_kib = std::fs::metadata(jit)?.len().div_ceil(1024);
    let limit = |limit| Limit {
        limit,
        reason: String::new(),
    };
    let mut measured = Budgets {
        binary_kib: limit(n_kib),
        crates: limit(crates()?.len() as u64),
        ..Budgets::default()
    };
    let folder = tempfile::tempdir_in(workspace::target()?)?;
    let programs = Programs {
        jit: jit.to_owned(),
        floor: jit.to_owned(),
        environment: toolbox.environment,
    };
    let plan = |form| Plan {
        n_issues: N_ISSUES,
        seed: 1,
        form,
    };
    let usual = Ground::new(&programs, folder.path(), &plan(Form::Usual))?;
    let dag = Ground::new(&programs, folder.path(), &plan(Form::Dag))?;
    for line in LINES
        .iter()
        .filter(|line| !NOT_COUNTED.contains(&line.kind))
    {
        let ground = if line.kind == Kind::DepAdd {
            &dag
        } else {
            &usual
        };
        if let Some(why) = ground.prepare(line.kind)? {
            output::line(&format!("{}: {why}", line.name));
            continue;
        }
        let counts = least(|| ground.traced(|| ground.value(line.kind)))
            .with_context(|| format!("cannot count `{}`", line.command))?;
        measured
            .commands
            .insert(line.name.to_owned(), counts.into());
    }
    let version = least(|| usual.traced(|| usual.time(&["--version"])))?;
    measured
        .commands
        .insert("version".to_owned(), version.into());
    Ok(measured)
}

/// Counts a command some times, and returns the least of each.
fn least(mut run: impl FnMut() -> Result<String>) -> Result<Counts> {
    let mut counts = parse(&run()?)?;
    for _ in 1..RUNS {
        counts = counts.least(parse(&run()?)?);
    }
    Ok(counts)
}

impl From<Counts> for Budget {
    fn from(counts: Counts) -> Self {
        Self {
            system_calls: counts.system_calls,
            disk_waits: counts.disk_waits,
            programs: counts.programs,
            reason: String::new(),
        }
    }
}

fn judge(limits: &Budgets, measured: &Budgets) -> Result<()> {
    let findings = limits.compared(measured);
    for finding in &findings.over {
        output::line(&format!("over: {finding}"));
    }
    for finding in &findings.under {
        output::line(&format!("can be lowered: {finding}"));
    }
    if !findings.over.is_empty() {
        bail!(
            "{} budgets are exceeded; where that is worth it, `cargo xtask budgets --update REASON` raises them",
            findings.over.len()
        );
    }
    output::line(&format!(
        "{} commands are within their budgets.",
        measured.commands.len()
    ));
    Ok(())
}

/// Says how many instructions a start takes, where the machine can count them, and says so where it can't.
fn say_instructions(jit: &Path) -> Result<()> {
    if !is_on_path("perf") {
        output::line("instructions: not counted, there is no `perf` here");
        return Ok(());
    }
    let words: [&std::ffi::OsStr; 7] = [
        "stat".as_ref(),
        "-x,".as_ref(),
        "-e".as_ref(),
        "instructions:u".as_ref(),
        "--".as_ref(),
        jit.as_ref(),
        "--version".as_ref(),
    ];
    let outcome = Call::new("perf", words).outcome()?;
    let said = String::from_utf8_lossy(&outcome.stderr);
    let count = said
        .lines()
        .find_map(|line| line.split(',').next()?.parse::<u64>().ok());
    output::line(&count.map_or_else(
        || "instructions: not counted, this machine has no counter for them".to_owned(),
        |count| format!("instructions of `jit --version`: {count}"),
    ));
    Ok(())
}
