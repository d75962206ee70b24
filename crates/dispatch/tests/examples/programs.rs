//! Starts programs for the tests, each in a clean environment, and keeps what they answered.
//!
//! Owns the build of `jit`, which cargo does not do by itself for the tests of another package. Refuses to know what an
//! answer means.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use serde_json::Value;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long a process may take to end that a failed test leaves behind.
const GRACE: Duration = Duration::from_secs(10);

/// What may pass from the environment of the tests: where programs and, for unpacked ones, their libraries are.
const PASSED: [&str; 2] = ["PATH", "LD_LIBRARY_PATH"];

/// The folder that holds the sources of this package.
pub(crate) fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the built `jit`.
pub(crate) fn jit() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build_jit)
}

/// Builds into the directory that this test was built into, whatever told cargo about it.
fn build_jit() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("the directory for tests lies in the target directory");
    let words =
        "build --package jit --bin jit --message-format json-render-diagnostics --target-dir";
    let mut cargo = bare(env!("CARGO"));
    cargo
        .args(words.split(' '))
        .arg(target)
        .current_dir(package())
        .stderr(Stdio::inherit());
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.output().expect("cargo can be started");
    assert!(output.status.success(), "jit cannot be built");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "jit")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo says where it put jit")
}

/// Returns a search path on which both programs come first.
fn search_path() -> OsString {
    let own = Path::new(env!("CARGO_BIN_EXE_jit-dispatch"));
    let folders = [jit(), own]
        .into_iter()
        .filter_map(Path::parent)
        .map(Path::to_owned);
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(folders.chain(std::env::split_paths(&inherited)))
        .expect("a search path can be extended")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where these tests spawn"
)]
fn bare(name: impl AsRef<OsStr>) -> Command {
    Command::new(name)
}

/// Returns a command that sees nothing of the tester's own settings, finds both programs, and keeps its state in `home`.
pub(crate) fn program(name: impl AsRef<OsStr>, dir: &Path, home: &Path) -> Command {
    let mut command = bare(name);
    command
        .current_dir(dir)
        .env_clear()
        .stdin(Stdio::null())
        .process_group(0);
    for name in PASSED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .env("PATH", search_path())
        .env("HOME", home)
        .env("XDG_STATE_HOME", home.join("state"))
        .env("LC_ALL", "C")
        .env("USER", "tester")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    command
}

/// Says whether a program is there; fails the test if it is missing and nobody said so.
#[expect(clippy::print_stdout, reason = "what was not run is said, not hidden")]
pub(crate) fn is_available(tool: &str, test: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&path).any(|folder| folder.join(tool).is_file());
    let is_known = || {
        std::env::var("JIT_TEST_MISSING").is_ok_and(|missing| missing.contains(tool))
            || std::env::var_os("JIT_TESTS_OFFLINE").is_some()
    };
    assert!(
        is_there || is_known(),
        "{tool} is missing; `cargo xtask test` installs it, JIT_TESTS_OFFLINE=1 goes without"
    );
    if !is_there {
        println!("not run, {tool} is missing: {test}");
    }
    is_there
}

/// How a process ended and what it said.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The exit code, none if a signal ended it.
    pub code: Option<i32>,
    /// Its data.
    pub stdout: String,
    /// Its talk.
    pub stderr: String,
}

impl Answer {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        Running::start(command).finish()
    }

    /// Returns standard output of a success; anything else fails the test.
    pub(crate) fn succeeded(self, what: &str) -> String {
        assert_eq!(
            self.code,
            Some(0),
            "{what}: {}\n{}",
            self.stdout,
            self.stderr
        );
        self.stdout
    }
}

/// A process that was started, with its output going to files: what it leaves behind cannot hold a pipe open.
pub(crate) struct Running {
    child: Child,
    shown: String,
    stdout: tempfile::NamedTempFile,
    stderr: tempfile::NamedTempFile,
}

impl Running {
    /// Starts a command, as the leader of a process group.
    pub(crate) fn start(command: &mut Command) -> Self {
        let file = || tempfile::NamedTempFile::new().expect("a temporary file can be made");
        let (stdout, stderr) = (file(), file());
        let handle =
            |file: &tempfile::NamedTempFile| file.reopen().expect("it can be opened again");
        command.stdout(handle(&stdout)).stderr(handle(&stderr));
        let shown = format!("{command:?}");
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {shown}: {error}"));
        Self {
            child,
            shown,
            stdout,
            stderr,
        }
    }

    /// Sends a signal to the process alone.
    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid(), signal).expect("it is our child");
    }

    /// Ends it with all that it started, for what would go on for ever.
    pub(crate) fn kill(mut self) {
        rustix::process::kill_process_group(self.pid(), Signal::KILL).expect("it leads a group");
        self.child.wait().expect("a child can be waited for");
    }

    /// Waits for its end; a process that outlasts all patience fails the test.
    pub(crate) fn finish(mut self) -> Answer {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return self.answer(status);
            }
            let is_late = Instant::now() > deadline;
            assert!(!is_late, "{} does not end: {:?}", self.shown, self.said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn pid(&self) -> Pid {
        let raw = i32::try_from(self.child.id()).expect("a process number is small");
        Pid::from_raw(raw).expect("a process number is not zero")
    }

    fn answer(&self, status: ExitStatus) -> Answer {
        let [stdout, stderr] = self.said();
        Answer {
            code: status.code(),
            stdout,
            stderr,
        }
    }

    fn said(&self) -> [String; 2] {
        let text = |file: &tempfile::NamedTempFile| {
            let bytes = std::fs::read(file.path()).expect("our own file can be read");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        [text(&self.stdout), text(&self.stderr)]
    }
}

/// A test that fails leaves nothing running: what was started is asked to end, which lets it end its own workers.
impl Drop for Running {
    fn drop(&mut self) {
        let has_ended = |child: &mut Child| !matches!(child.try_wait(), Ok(None));
        if has_ended(&mut self.child) {
            return;
        }
        self.signal(Signal::TERM);
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            if has_ended(&mut self.child) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let killed = rustix::process::kill_process_group(self.pid(), Signal::KILL);
        let buried = self.child.wait();
        drop((killed, buried));
    }
}

/// Looks again and again until something holds; fails the test when patience ends.
pub(crate) fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "still not true: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
