//! Running git to its end.
//!
//! Owns its input, its output and what its exit code means. Refuses to choose the command: whoever asks does.

use super::Git;
use crate::error::CliError;
use jit_core::ErrorKind;
use std::io::{self, Write as _};
use std::process::Stdio;

/// How a run of git ended.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// Whether its exit code was 0.
    pub(crate) is_success: bool,
    /// What it printed.
    pub(crate) stdout: Vec<u8>,
    /// What it complained about.
    pub(crate) stderr: String,
}

impl Git {
    /// Returns the store's directory as git's paths begin.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Runs git to its end, whatever its exit code; `environment` is added to what it gets.
    pub(crate) fn run(
        &self,
        arguments: &[&str],
        input: &[u8],
        environment: &[(&str, &str)],
    ) -> Result<Outcome, CliError> {
        let failed =
            |error: io::Error| CliError::new(ErrorKind::Git, format!("git can't be run: {error}"));
        let mut command = self.command(arguments.iter().copied()).map_err(failed)?;
        let mut child = command
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut stdin = child.stdin.take().expect("its input is a pipe");
        // Git may answer before it has read everything, so both pipes have to move.
        let (output, written) = std::thread::scope(|scope| {
            let writer = scope.spawn(move || stdin.write_all(input));
            let output = child.wait_with_output();
            let written = writer.join();
            (
                output,
                written.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            )
        });
        match written {
            // It may close its input early: then its exit code says why.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(failed(error)),
            _ => {}
        }
        let output = output.map_err(failed)?;
        Ok(Outcome {
            is_success: output.status.success(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }

    /// Runs git and insists that it succeeds.
    pub(crate) fn insist(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, CliError> {
        let outcome = self.run(arguments, input, &[])?;
        if outcome.is_success {
            return Ok(outcome.stdout);
        }
        Err(refused(arguments, &outcome))
    }

    /// Runs git with more in its environment, insists that it succeeds, and returns the first line that it prints.
    pub(crate) fn step(
        &self,
        arguments: &[&str],
        input: &[u8],
        environment: &[(&str, &str)],
    ) -> Result<String, CliError> {
        let outcome = self.run(arguments, input, environment)?;
        if !outcome.is_success {
            return Err(refused(arguments, &outcome));
        }
        let text = String::from_utf8_lossy(&outcome.stdout);
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }

    /// Returns the first line that git prints, or `None` when it says no by its exit code.
    pub(crate) fn line(&self, arguments: &[&str]) -> Result<Option<String>, CliError> {
        let outcome = self.run(arguments, b"", &[])?;
        let text = String::from_utf8_lossy(&outcome.stdout);
        let line = text.lines().next().map(str::to_owned);
        Ok(line.filter(|_| outcome.is_success))
    }

    /// Returns what the last commit holds of a file, by its path below the top of the worktree.
    pub(crate) fn committed(&self, path: &str) -> Result<Option<Vec<u8>>, CliError> {
        let outcome = self.run(&["cat-file", "blob", &format!("HEAD:{path}")], b"", &[])?;
        Ok(outcome.is_success.then_some(outcome.stdout))
    }
}

fn refused(arguments: &[&str], outcome: &Outcome) -> CliError {
    let verb = arguments.first().copied().unwrap_or_default();
    let message = format!("git {verb} failed: {}", outcome.stderr);
    let error = CliError::new(ErrorKind::Git, message);
    // All ways in which git misses a name or an address say one of these.
    let is_nobody = [
        "tell me who you are",
        "empty ident",
        "unable to auto-detect",
    ];
    if is_nobody.iter().any(|words| outcome.stderr.contains(words)) {
        return error.hint("git config user.name NAME && git config user.email ADDRESS");
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_has_no_identity_is_told_to_set_one() {
        let check = |stderr: &str, is_hinted: bool| {
            let outcome = Outcome {
                is_success: false,
                stdout: Vec::new(),
                stderr: stderr.to_owned(),
            };
            let error = refused(&["commit-tree"], &outcome);
            assert_eq!(!error.hints.is_empty(), is_hinted, "{error:?}");
        };
        check(
            "Author identity unknown\n\n*** Please tell me who you are.",
            true,
        );
        check("fatal: empty ident name (for <a@b>) not allowed", true);
        check("fatal: unable to write new index file", false);
    }
}
