//! `cargo xtask test` and `cargo xtask ci`.
//!
//! Owns the order of the steps and what is said about them. Refuses to skip silently: what could not run is a failure, or,
//! with `--offline`, a list.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::process::Call;
use crate::tools::{self, Toolbox};
use crate::{budgets, codegen, demo, figures, output, process, tidy, workspace};

/// What `cargo xtask test` takes.
#[derive(Args)]
pub(crate) struct TestOptions {
    /// Do not use the network; what cannot run is listed instead of failing
    #[arg(long)]
    offline: bool,
    /// Append what the tests measured to quality/figures.jsonl
    #[arg(long)]
    record: bool,
    /// Arguments for the test programs, after `--`
    #[arg(last = true)]
    arguments: Vec<String>,
}

impl TestOptions {
    /// Returns options that leave nothing out and record what is measured.
    pub(crate) fn recording() -> Self {
        Self {
            offline: false,
            record: true,
            arguments: Vec::new(),
        }
    }
}

/// What `cargo xtask ci` takes.
#[derive(Args)]
pub(crate) struct CiOptions {
    /// Do not use the network; what cannot run is listed instead of failing
    #[arg(long)]
    offline: bool,
}

/// Runs the tests of the workspace.
pub(crate) fn test(options: &TestOptions) -> Result<()> {
    let toolbox = tools::prepare(!options.offline)?;
    if !toolbox.missing.is_empty() && !options.offline {
        let names: Vec<String> = toolbox.missing.iter().map(|tool| tool.shown()).collect();
        bail!(
            "these are missing, and tests need them (`--offline` runs the rest):\n  {}",
            names.join("\n  ")
        );
    }
    let left_out = tempfile::NamedTempFile::new().context("cannot make a temporary file")?;
    let run =
        |figures: Option<&Path>| cargo_test(&toolbox, &options.arguments, figures, left_out.path());
    let answer = if options.record {
        figures::recorded(|file| run(Some(file)))
    } else {
        run(None)
    };
    for tool in &toolbox.missing {
        output::line(&format!("could not run, no {}", tool.shown()));
    }
    for line in std::fs::read_to_string(left_out.path())?.lines() {
        output::line(&format!("NOT RUN, {}", output::plain(line)));
    }
    answer
}

/// Builds everything first: the tests of one program start the other one.
fn cargo_test(
    toolbox: &Toolbox,
    arguments: &[String],
    figures: Option<&Path>,
    left_out: &Path,
) -> Result<()> {
    let missing: Vec<String> = toolbox.missing.iter().map(|tool| tool.shown()).collect();
    let mut call = process::cargo(["test", "--workspace", "--no-run"]).within(workspace::root());
    call = call.envs(&toolbox.environment);
    call.run()?;
    let words = ["test", "--workspace", "--no-fail-fast", "--"]
        .iter()
        .map(|word| (*word).to_owned())
        .chain(arguments.iter().cloned());
    let mut call = process::cargo(words)
        .within(workspace::root())
        .envs(&toolbox.environment)
        .env("JIT_LEFT_OUT", left_out)
        .env("JIT_TEST_MISSING", missing.join("; "));
    if let Some(file) = figures {
        call = call.env("JIT_FIGURES", file);
    }
    call.run()
}

/// Runs all that a change must pass.
pub(crate) fn ci(options: &CiOptions) -> Result<()> {
    let started = Instant::now();
    let steps: [(&str, &dyn Fn() -> Result<()>); 9] = [
        ("toolchain", &|| components(!options.offline)),
        ("format", &|| {
            process::cargo(["fmt", "--all", "--check"])
                .within(workspace::root())
                .run()
        }),
        ("lints", &lints),
        ("tidy", &tidy::run),
        ("tests", &|| {
            test(&TestOptions {
                offline: options.offline,
                record: false,
                arguments: Vec::new(),
            })
        }),
        ("demo", &|| demo::run(&demo::Options::default())),
        ("budgets", &|| {
            budgets::run(&budgets::Options {
                offline: options.offline,
                ..budgets::Options::default()
            })
        }),
        ("documentation", &documentation),
        ("contracts", &contracts),
    ];
    let (mut lines, mut failures) = (Vec::new(), Vec::new());
    for (name, step) in steps {
        output::line(&format!("== {name}"));
        let begun = Instant::now();
        let answer = step();
        lines.push(format!(
            "{name:<14} {:>7}  {}",
            seconds(begun.elapsed()),
            verdict(&answer)
        ));
        if let Err(error) = answer {
            output::talk(&format!("{error:#}"));
            failures.push(name);
        }
    }
    output::line(&lines.join("\n"));
    let took = seconds(started.elapsed());
    if !failures.is_empty() {
        bail!(
            "ci: {} of {} steps failed in {took}: {}",
            failures.len(),
            lines.len(),
            failures.join(", ")
        );
    }
    output::line(&format!("ci: all {} steps passed in {took}", lines.len()));
    Ok(())
}

fn verdict(answer: &Result<()>) -> &'static str {
    if answer.is_ok() { "ok" } else { "FAILED" }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// A minimal toolchain has neither rustfmt nor clippy.
fn components(may_download: bool) -> Result<()> {
    for (component, command) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        if process::cargo([command, "--version"])
            .outcome()?
            .status
            .success()
        {
            continue;
        }
        if !may_download {
            bail!("{component} is missing; `rustup component add {component}` installs it");
        }
        Call::new("rustup", ["component", "add", component]).run()?;
    }
    Ok(())
}

fn lints() -> Result<()> {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ];
    process::cargo(arguments).within(workspace::root()).run()
}

fn documentation() -> Result<()> {
    process::cargo([
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ])
    .within(workspace::root())
    .env("RUSTDOCFLAGS", "-D warnings")
    .run()
}

/// Regenerates what is generated and fails when that changes anything.
fn contracts() -> Result<()> {
    let before = codegen::written()?;
    codegen::run()?;
    if codegen::written()? != before {
        bail!(
            "generated files were out of date; they are written now: look at `git diff`, then commit them"
        );
    }
    Ok(())
}
