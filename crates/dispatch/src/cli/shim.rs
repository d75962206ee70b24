//! Owns `jit-dispatch shim`, the role in which the program owns one run.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use super::CliError;
use super::context::{running_program, runtime};
use crate::executor::shim::Shim;
use crate::jit_client::{JitCommand, SubprocessJit};
use crate::ports::System;

pub(super) fn run(run_dir: &Path) -> Result<ExitCode, CliError> {
    let own = running_program()?;
    let shim = Shim::take_over(run_dir, System)?;
    let spec = shim.spec();
    let command = JitCommand {
        argv: spec.jit.iter().map(OsString::from).collect(),
    };
    let client = SubprocessJit::new(
        command,
        spec.cwd.clone(),
        Some(spec.jit_dir.clone().into()),
        spec.jit_timeout,
    );
    runtime()?.block_on(shim.run(client, &own))?;
    Ok(ExitCode::SUCCESS)
}
