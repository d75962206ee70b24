//! The ground real processes are tested on: a repository, a state directory, both programs, and nothing left behind.
//!
//! Owns the build of `jit`, which cargo does not do by itself for the tests of another package.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use jit_dispatch::executor::group::{Group, identify};
use jit_dispatch::state::{StateDir, Story};
use jit_scheduler::RunId;
use rustix::process::{Pid, Signal};
use serde_json::Value;
use tempfile::TempDir;

/// How long a test waits for what must come, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_mins(2);

/// The dispatcher under test.
pub(crate) const DISPATCH: &str = env!("CARGO_BIN_EXE_jit-dispatch");

/// Returns the built `jit`.
pub(crate) fn jit() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .parent()
            .expect("it lies in the target directory");
        let mut cargo = bare(env!("CARGO"));
        cargo.args([
            "build",
            "--quiet",
            "--package",
            "jit",
            "--message-format",
            "json-render-diagnostics",
        ]);
        cargo
            .arg("--target-dir")
            .arg(target)
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        let output = cargo.output().expect("cargo can be started");
        assert!(
            output.status.success(),
            "jit cannot be built: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|message| message["target"]["name"] == "jit")
            .find_map(|message| message["executable"].as_str().map(PathBuf::from))
            .expect("cargo says where it put jit")
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where these tests spawn"
)]
fn bare(program: impl AsRef<std::ffi::OsStr>) -> Command {
    Command::new(program)
}

/// A repository with a store, and a place for the dispatcher's state.
pub(crate) struct Ground {
    pub(crate) repo: TempDir,
    home: TempDir,
}

impl Ground {
    /// Makes one whose `dispatch.toml` is `config`.
    pub(crate) fn new(config: &str) -> Self {
        let ground = Self {
            repo: TempDir::new().expect("a directory can be made"),
            home: TempDir::new().expect("a directory can be made"),
        };
        let init = ground
            .command("git")
            .args(["init", "-q"])
            .output()
            .expect("git can be started");
        assert!(init.status.success());
        ground.jit(&["init", "-q"]);
        ground.configure(config);
        ground
    }

    pub(crate) fn configure(&self, config: &str) {
        std::fs::write(self.repo.path().join("dispatch.toml"), config).expect("it can be written");
    }

    /// Returns a command that sees nothing of the tester's own settings.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = bare(program);
        command
            .current_dir(self.repo.path())
            .env_clear()
            .stdin(Stdio::null())
            .process_group(0);
        for name in ["PATH", "LD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("HOME", self.home.path())
            .env("XDG_STATE_HOME", self.home.path().join("state"));
        command
            .env("USER", "tester")
            .env("LC_ALL", "C")
            .env("SECRET_CANARY", "do-not-hand-on");
        command
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null");
        command
    }

    /// Runs `jit`, which must succeed, and returns its data without the last newline.
    pub(crate) fn jit(&self, arguments: &[&str]) -> String {
        let output = self
            .command(jit())
            .args(arguments)
            .output()
            .expect("jit can be started");
        assert!(
            output.status.success(),
            "jit {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout)
            .expect("jit prints UTF-8")
            .trim_end()
            .to_owned()
    }

    /// Creates an issue and returns its id.
    pub(crate) fn issue(&self, title: &str) -> String {
        self.jit(&["issue", "create", "-q", "-t", title])
    }

    /// Returns an issue as the tracker shows it.
    pub(crate) fn show(&self, issue: &str) -> Value {
        serde_json::from_str(&self.jit(&["issue", "show", issue, "--json"]))
            .expect("jit prints JSON")
    }

    pub(crate) fn state_of(&self, issue: &str) -> String {
        self.show(issue)["state"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Returns the dispatcher's command line, which calls the `jit` that was built.
    pub(crate) fn dispatch(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(DISPATCH);
        command.arg("--jit").arg(jit()).args(arguments);
        command
    }

    /// Runs the dispatcher to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.spawn(arguments).finish()
    }

    /// Runs the dispatcher to its end, which must be a success; returns its data.
    pub(crate) fn run_well(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("it prints UTF-8")
    }

    pub(crate) fn spawn(&self, arguments: &[&str]) -> Running {
        Running::start(&mut self.dispatch(arguments))
    }

    /// Returns the one state directory under this ground.
    pub(crate) fn state(&self) -> StateDir {
        let base = self.home.path().join("state/jit-dispatch");
        let mut dirs = std::fs::read_dir(&base).expect("a dispatcher has run");
        let root = dirs
            .next()
            .expect("it keeps state")
            .expect("it can be listed")
            .path();
        assert!(dirs.next().is_none(), "one store, one state directory");
        StateDir::at(root)
    }

    /// Returns the timeline.
    pub(crate) fn events(&self) -> Vec<Value> {
        if !self.has_state() {
            return Vec::new();
        }
        let text =
            std::fs::read_to_string(self.state().root().join("events.jsonl")).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).expect("a timeline is JSON lines"))
            .collect()
    }

    fn has_state(&self) -> bool {
        std::fs::read_dir(self.home.path().join("state/jit-dispatch"))
            .is_ok_and(|mut dirs| dirs.next().is_some())
    }

    /// Returns the journals of all runs, oldest first.
    pub(crate) fn stories(&self) -> Vec<(RunId, Story)> {
        let Ok(entries) = std::fs::read_dir(self.state().root().join("runs")) else {
            return Vec::new();
        };
        let mut runs: Vec<RunId> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .map(RunId::from)
            .collect();
        runs.sort();
        let state = self.state();
        runs.into_iter()
            .filter_map(|run| Some((run.clone(), state.run(&run).story().ok()?)))
            .collect()
    }

    /// Returns what the runs of `issue` came to, oldest first.
    pub(crate) fn outcomes(&self, issue: &str) -> Vec<String> {
        let settled = self
            .events()
            .into_iter()
            .filter(|event| event["type"] == "settled" && event["issue"] == issue);
        settled
            .map(|event| {
                event["data"]["outcome"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect()
    }

    /// Returns the path of a file in the repository, for agents to leave marks at.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.repo.path().join(name)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if !self.has_state() {
            return;
        }
        for (_, story) in self.stories() {
            for process in [&story.shim, &story.started].into_iter().flatten() {
                if identify(process.pid).as_ref() == Some(process)
                    && let Some(group) = Group::led_by(process.pid)
                {
                    // It may end by itself in this very moment.
                    drop(group.signal(Signal::KILL));
                }
            }
        }
    }
}

/// A process that was started, and is killed if the test ends before it.
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it can be started");
        Self(Some(child))
    }

    pub(crate) fn pid(&self) -> Pid {
        let child = self.0.as_ref().expect("it is not finished");
        Pid::from_raw(i32::try_from(child.id()).expect("process numbers are small"))
            .expect("nor are they zero")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid(), signal).expect("it is our child");
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Output {
        let child = self.0.take().expect("it is finished once");
        let pid = child.id();
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let Ok(output) = receiver.recv_timeout(PATIENCE) else {
            let group = Group::led_by(pid).expect("a child has a number");
            panic!("it does not end; killed: {:?}", group.signal(Signal::KILL));
        };
        output.expect("a child can be waited for")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let killed = child.kill().and_then(|()| child.wait());
            assert!(killed.is_ok() || std::thread::panicking());
        }
    }
}

/// Looks again and again until something holds; fails the test when patience ends.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "still not true: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Returns a configuration with one agent, which runs `script` with `sh`, and quick retries.
pub(crate) fn agent(script: &str, more: &str) -> String {
    let script = script
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!(
        "[retry]\nbase_secs = 0.2\ncap_secs = 0.2\n[[agents]]\nid = \"a1\"\ncommand = [\"sh\", \"-c\", \"{script}\"]\n{more}"
    )
}

/// Returns whether a process with `mark` as one of its arguments is alive.
pub(crate) fn is_alive(mark: &str) -> bool {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return false;
    };
    entries.flatten().any(|entry| {
        let pid: Option<u32> = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        let words = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let is_marked = words
            .split(|byte| *byte == 0)
            .any(|word| word == mark.as_bytes());
        // A zombie has no words any more, so whoever has them lives.
        pid.is_some() && is_marked
    })
}

/// Returns a search path that begins with `dir`.
pub(crate) fn path_with(dir: &Path) -> OsString {
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(
        std::iter::once(dir.to_path_buf()).chain(std::env::split_paths(&inherited)),
    )
    .expect("a search path can be extended")
}
