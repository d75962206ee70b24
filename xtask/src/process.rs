//! The one door of xtask to other programs.
//!
//! Owns how a program is started, how its failure reads, and how its output is taken. Refuses shells: every call is an
//! argument vector.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// A program about to be run, with its arguments.
pub(crate) struct Call {
    command: Command,
}

/// Returns a call of cargo: the one that runs this program, so that the toolchain is the same.
pub(crate) fn cargo<I, S>(arguments: I) -> Call
where
    I: IntoIterator<Item = S>,
    S: AsRef<OsStr>,
{
    Call::new(
        std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        arguments,
    )
}

impl Call {
    /// Returns a call of `program` with `arguments`.
    #[expect(
        clippy::disallowed_methods,
        reason = "this module is the process module"
    )]
    pub(crate) fn new<I, S>(program: impl AsRef<OsStr>, arguments: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let mut command = Command::new(program);
        command.args(arguments);
        Self { command }
    }

    /// Runs in `directory`.
    pub(crate) fn within(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Removes an environment variable.
    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Sets environment variables.
    pub(crate) fn envs(mut self, pairs: &[(OsString, OsString)]) -> Self {
        self.command
            .envs(pairs.iter().map(|(name, value)| (name, value)));
        self
    }

    /// Runs with the terminal of this program and fails unless the exit code is 0.
    pub(crate) fn run(mut self) -> Result<()> {
        let shown = self.shown();
        let status = self
            .command
            .status()
            .with_context(|| format!("cannot start `{shown}`"))?;
        if !status.success() {
            bail!("`{shown}` ended with {status}");
        }
        Ok(())
    }

    /// Runs and returns everything, whatever the exit code is.
    pub(crate) fn outcome(mut self) -> Result<Output> {
        let shown = self.shown();
        self.command
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start `{shown}`"))
    }

    /// Runs and returns standard output; fails unless the exit code is 0.
    pub(crate) fn read(self) -> Result<String> {
        let shown = self.shown();
        let output = self.outcome()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            bail!("`{shown}` ended with {}: {said}", output.status);
        }
        String::from_utf8(output.stdout)
            .with_context(|| format!("`{shown}` printed bytes that are not UTF-8"))
    }

    /// Starts the program with both outputs going to `stdout` and `stderr`, and does not wait.
    pub(crate) fn start(mut self, stdout: Stdio, stderr: Stdio) -> Result<Child> {
        let shown = self.shown();
        self.command
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .with_context(|| format!("cannot start `{shown}`"))
    }

    /// Runs with both outputs going to files, and returns how it ended and how long it took from its start to its end.
    pub(crate) fn timed(mut self, stdout: &File, stderr: &File) -> Result<(ExitStatus, Duration)> {
        let shown = self.shown();
        self.command
            .stdin(Stdio::null())
            .stdout(stdout.try_clone()?)
            .stderr(stderr.try_clone()?);
        let begun = Instant::now();
        let status = self.command.status();
        let took = begun.elapsed();
        let status = status.with_context(|| format!("cannot start `{shown}`"))?;
        Ok((status, took))
    }

    /// Returns the program and its arguments as one line.
    pub(crate) fn shown(&self) -> String {
        std::iter::once(self.command.get_program())
            .chain(self.command.get_args())
            .map(|part| part.to_string_lossy().into_owned())
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Says whether `program` is found on the path.
pub(crate) fn is_on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
    })
}

#[cfg(test)]
mod tests {
    use super::{Call, is_on_path};

    #[test]
    fn a_failing_program_is_an_error_that_names_it() {
        let error = Call::new("false", ["x"]).run().unwrap_err().to_string();
        assert!(error.starts_with("`false x` ended with"), "{error}");
    }

    #[test]
    fn a_missing_program_is_an_error_that_names_it() {
        let error = Call::new("no-such-program", [""; 0])
            .read()
            .unwrap_err()
            .to_string();
        assert_eq!(error, "cannot start `no-such-program`");
        assert!(!is_on_path("no-such-program"));
    }
}
