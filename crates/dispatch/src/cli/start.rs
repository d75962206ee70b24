//! Owns `jit-dispatch start`.

use std::process::ExitCode;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

use super::context::Context;
use super::{CliError, Global, StopChoice};
use crate::output::Printer;
use crate::runner::{OnStop, Stopper, Until};

/// Keep starting agents on ready issues until stopped
#[derive(Debug, Args)]
pub(super) struct Start {
    /// What a stop means for live runs
    #[arg(long, value_enum, default_value = "wait")]
    on_stop: StopChoice,
    /// Stop when nothing is ready, running, or waiting to be tried again
    #[arg(long)]
    until_idle: bool,
}

pub(super) fn run(global: &Global, start: &Start) -> Result<ExitCode, CliError> {
    let context = Context::open(global)?;
    let printer = Printer {
        format: global.format(),
        is_stream: true,
    };
    let runner = context.runner(printer)?;
    let at_work = context.state.announce_dispatcher()?;
    let until = if start.until_idle {
        Until::Idle
    } else {
        Until::Stopped
    };
    let tasks = LocalSet::new();
    context.runtime.block_on(tasks.run_until(async {
        listen(runner.stopper())?;
        runner.run(until, OnStop::from(start.on_stop)).await?;
        Ok::<_, CliError>(())
    }))?;
    drop(at_work);
    Ok(ExitCode::SUCCESS)
}

/// Hands on every request to stop.
pub(super) fn listen(stopper: Stopper) -> Result<(), CliError> {
    let cannot = || CliError::system("listen for signals");
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot())?;
    tokio::task::spawn_local(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => stopper.stop(),
                _ = interrupt.recv() => stopper.stop(),
            }
        }
    });
    Ok(())
}
