//! Starts `jit` and `git` in a clean environment.
//!
//! Owns the one place where these tests spawn. Refuses to know what an answer means.

use super::Surroundings;
use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How a command ended and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The exit code.
    pub(crate) code: i32,
    /// Its data.
    pub(crate) stdout: String,
    /// Its talk.
    pub(crate) stderr: String,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stdout)?;
        if !self.stderr.is_empty() {
            write!(f, "--- stderr\n{}", self.stderr)?;
        }
        if self.code != 0 {
            writeln!(f, "--- exit {}", self.code)?;
        }
        Ok(())
    }
}

/// Returns a command that sees nothing of the tester's own settings.
pub(crate) fn program(name: &str, dir: &Path) -> Command {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where these tests spawn"
    )]
    let mut command = Command::new(name);
    command.current_dir(dir).env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("LC_ALL", "C")
        .env("USER", "tester")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    command
}

/// Runs `jit` to its end.
pub(crate) fn jit(root: &Path, arguments: &[&str], surroundings: Surroundings<'_>) -> Answer {
    let mut command = program(env!("CARGO_BIN_EXE_jit"), &root.join(surroundings.dir));
    command
        .args(arguments)
        .envs(surroundings.variables.iter().copied());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("jit can be started");
    let mut stdin = child.stdin.take().expect("its input is a pipe");
    // A command that does not read its input closes the pipe: that is its right.
    drop(stdin.write_all(surroundings.stdin.as_bytes()));
    drop(stdin);
    let output = child.wait_with_output().expect("jit ends");
    Answer {
        code: output.status.code().expect("no signal ended it"),
        stdout: String::from_utf8(output.stdout).expect("data are UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("talk is UTF-8"),
    }
}

/// Runs git and insists that it succeeds.
pub(crate) fn git(dir: &Path, arguments: &[&str]) {
    let output = program("git", dir)
        .args(arguments)
        .output()
        .expect("git can be started");
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
}

/// Runs a program, insists that it succeeds, and returns what it printed.
pub(crate) fn program_output(name: &str, dir: &Path, arguments: &[&str]) -> String {
    let output = program(name, dir)
        .args(arguments)
        .output()
        .expect("it can be started");
    assert!(output.status.success(), "{name} {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A command that goes on, and the lines that it prints.
pub(crate) struct Listener {
    child: Child,
    lines: Receiver<String>,
}

impl Listener {
    /// Starts `jit` and reads its standard output.
    pub(crate) fn new(root: &Path, arguments: &[&str]) -> Self {
        let mut command = program(env!("CARGO_BIN_EXE_jit"), root);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("jit can be started");
        let stdout = child.stdout.take().expect("its output is a pipe");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let read = BufReader::new(stdout).lines().map_while(Result::ok);
            // Once the test has gone nobody wants the rest.
            read.take_while(|line| sender.send(line.clone()).is_ok())
                .count()
        });
        Self { child, lines }
    }

    /// Returns the next line; fails the test when none comes.
    pub(crate) fn line(&self) -> String {
        self.lines
            .recv_timeout(PATIENCE)
            .expect("another line comes in time")
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing to end.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
