//! Starts programs for the tests, each in a clean environment, and keeps what they answered.
//!
//! Refuses to know what an answer means.

use std::ffi::OsStr;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// The program under test.
pub(crate) const JIT: &str = env!("CARGO_BIN_EXE_jit");

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What may pass from the environment of the tests: where programs and, for unpacked ones, their libraries are.
const PASSED: [&str; 2] = ["PATH", "LD_LIBRARY_PATH"];

/// Returns a command that sees nothing of the tester's own settings.
pub(crate) fn program(name: impl AsRef<OsStr>, dir: &Path) -> Command {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where these tests spawn"
    )]
    let mut command = Command::new(name);
    command.current_dir(dir).env_clear();
    for name in PASSED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("LC_ALL", "C")
        .env("USER", "tester")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "Tester")
        .env("GIT_AUTHOR_EMAIL", "tester@example.org")
        .env("GIT_COMMITTER_NAME", "Tester")
        .env("GIT_COMMITTER_EMAIL", "tester@example.org");
    command
}

/// Returns `jit` with its arguments, to be started in a directory.
pub(crate) fn jit<A: AsRef<OsStr>>(dir: &Path, arguments: &[A]) -> Command {
    let mut command = program(JIT, dir);
    command.args(arguments);
    command
}

/// Runs git and insists that it succeeds.
pub(crate) fn git(dir: &Path, arguments: &[&str]) -> String {
    Answer::of(program("git", dir).args(arguments)).succeeded(&format!("git {arguments:?}"))
}

/// How a process ended and what it said.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Its data.
    pub stdout: String,
    /// Its talk.
    pub stderr: String,
}

impl Answer {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output();
        output
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"))
            .into()
    }

    /// Runs a command to its end, or to the end of patience; then it and what it started are killed, and the test fails.
    pub(crate) fn in_time(command: &mut Command) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let group = format!("-{}", child.id());
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            // What nobody waits for any more is of no use, so a failed send is none either.
            scope.spawn(move || sender.send(child.wait_with_output()).ok());
            let output = receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| {
                Self::of(program("kill", Path::new("/")).args(["-KILL", "--", &group]));
                panic!("still running after {PATIENCE:?}: {command:?}")
            });
            output.expect("a child can be waited for").into()
        })
    }

    /// Returns standard output of a success; anything else fails the test.
    pub(crate) fn succeeded(self, what: &str) -> String {
        assert_eq!(self.code, Some(0), "{what}: {self:?}");
        self.stdout
    }

    /// Returns standard output as one JSON value, or fails the test.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    /// Returns the `code` of the error object on standard error.
    pub(crate) fn error_code(&self) -> String {
        let object = self.stderr.lines().find(|line| line.starts_with('{'));
        let object = object.unwrap_or_else(|| panic!("no error object: {self:?}"));
        let value: Value = serde_json::from_str(object).expect("the error object is JSON");
        value["error"]["code"]
            .as_str()
            .expect("an error has a code")
            .to_owned()
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
