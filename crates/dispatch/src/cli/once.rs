//! Owns `jit-dispatch once`.

use std::process::ExitCode;

use clap::Args;
use tokio::task::LocalSet;

use super::context::Context;
use super::{CliError, Global, start};
use crate::output::{self, Format, Printer};
use crate::runner::{OnStop, Until};

/// Look for ready issues once and start agents on them
#[derive(Debug, Args)]
pub(super) struct Once {
    /// Wait until what was started has ended
    #[arg(long)]
    wait: bool,
    /// Start at most this many
    #[arg(long, value_name = "N")]
    max: Option<usize>,
    /// What a stop means for live runs while waiting
    #[arg(long, value_enum, default_value = "wait")]
    on_stop: super::StopChoice,
}

pub(super) fn run(global: &Global, once: &Once) -> Result<ExitCode, CliError> {
    let context = Context::open(global)?;
    let printer = Printer {
        format: global.format(),
        is_stream: false,
    };
    let runner = context.runner(printer)?;
    let until = Until::Once {
        max: once.max,
        wait: once.wait,
    };
    let tasks = LocalSet::new();
    let report = context.runtime.block_on(tasks.run_until(async {
        // Also without waiting: a claim that is under way has to come to its end, or nobody would own it.
        start::listen(runner.stopper())?;
        Ok::<_, CliError>(runner.run(until, OnStop::from(once.on_stop)).await?)
    }))?;
    match global.format() {
        Format::Text => output::data_lines(&output::once_text(&report)),
        Format::Json => output::data(&output::json_text(&output::once_object(&report))),
    }
    Ok(ExitCode::SUCCESS)
}
