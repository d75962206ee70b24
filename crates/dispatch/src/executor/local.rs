//! Owns the start of runs on this machine: one shim for each, the same program in another role.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Stdio;

use rustix::process::Signal;

use super::{Ended, Executor, ExecutorError, group};
use crate::process;
use crate::state::{RunDir, RunLock, StateError};

/// Starts shims of `program`.
#[derive(Debug, Clone)]
pub struct LocalExecutor {
    program: PathBuf,
}

impl LocalExecutor {
    /// Makes an executor that starts `program shim --run-dir DIR`.
    pub fn new(program: PathBuf) -> Self {
        Self { program }
    }
}

impl Executor for LocalExecutor {
    fn start(&self, run: &RunDir, lock: RunLock) -> Result<Ended, ExecutorError> {
        let log_path = run.path().join("shim.log");
        let log = std::fs::File::create(&log_path).map_err(StateError::io("make", &log_path))?;
        let mut command = process::own_command(&self.program);
        command.arg("shim").arg("--run-dir").arg(run.path());
        // A Ctrl-C on the dispatcher's terminal must not reach the shim before it has left for a session of its own.
        command.process_group(0);
        // The lock travels as standard input, so there is no moment at which nobody holds it.
        command
            .stdin(Stdio::from(lock.into_file()))
            .stderr(Stdio::from(log));
        let mut child = tokio::process::Command::from(command)
            .spawn()
            .map_err(ExecutorError::Spawn)?;
        Ok(Box::pin(async move {
            // How the shim ended says nothing: the journal does.
            drop(child.wait().await);
        }))
    }

    fn stop(&self, run: &RunDir) -> Result<(), ExecutorError> {
        let Some(shim) = run.story()?.shim else {
            return Ok(());
        };
        group::signal_if_same(&shim, Signal::TERM).map_err(ExecutorError::Signal)?;
        Ok(())
    }
}
