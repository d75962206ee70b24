//! Owns the starting of processes: the one place that calls `Command::new`, so that every child gets the same care.
//! Refuses to know what is started: callers bring an argument vector, never a line for a shell.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Returns a command with nothing to read and nowhere to write until the caller says otherwise.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the process module that everything else spawns through"
)]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Returns a command that starts this very program in another role.
pub fn own_command(program: &Path) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = command(program);
    command.arg0("jit-dispatch");
    command
}

/// Returns the absolute path of `program` as `path` (the value of `PATH`) finds it, ignoring relative entries: a program
/// that lies in the current directory is never meant.
pub fn find_in_path(program: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(program))
        .find(|candidate| is_executable(candidate))
}

/// Returns whether `path` is a regular file that somebody may execute.
pub fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Returns the value of `PATH`, empty if there is none.
pub fn path_variable() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}
