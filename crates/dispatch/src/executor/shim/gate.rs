//! Owns the moment between the birth of an agent's process and its first instruction: the gate waits until the journal
//! names the process, then becomes the agent. So no agent ever runs that no journal knows.

use std::ffi::{OsStr, OsString};
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::{ExitCode, Stdio};

use crate::{output, process};

/// Exit status of a gate that was never opened.
pub(super) const NEVER_OPENED: u8 = 125;
const CANNOT_BE_EXECUTED: u8 = 126;
const NOT_FOUND: u8 = 127;

/// Waits for one byte on standard input, then becomes `argv`; returns only if that is impossible.
pub fn pass(argv: &[OsString]) -> ExitCode {
    let mut byte = [0];
    let is_open = matches!(std::io::stdin().read(&mut byte), Ok(1));
    let Some((program, arguments)) = argv.split_first().filter(|_| is_open) else {
        return ExitCode::from(NEVER_OPENED);
    };
    let error = become_agent(program, arguments);
    output::shim_log(&format!(
        "{} cannot be executed: {error}",
        program.display()
    ));
    let is_missing = error.kind() == std::io::ErrorKind::NotFound;
    ExitCode::from(if is_missing {
        NOT_FOUND
    } else {
        CANNOT_BE_EXECUTED
    })
}

fn become_agent(program: &OsStr, arguments: &[OsString]) -> std::io::Error {
    let mut command = process::command(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::inherit())
        .stderr(Stdio::inherit());
    command.exec()
}
