//! Owns the agent's process: with which words, variables and files it starts, and how it is waited for. Refuses to judge
//! how it ended.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{ChildStdin, Stdio};

use jit_scheduler::retry::Exit;
use rustix::process::{WaitOptions, WaitStatus};

use super::super::group::{Group, identify};
use crate::jit_client::JitCommand;
use crate::process;
use crate::state::{Reserved, RunDir, RunSpec, Started};

/// Variables that every agent gets from the dispatcher's environment, beside `LC_*` and `XDG_*`.
const ALLOWED: &[&str] = &[
    "PATH", "HOME", "LANG", "TERM", "TMPDIR", "USER", "LOGNAME", "SHELL",
];

/// The one thing that is filled into an agent's command.
const PLACEHOLDER: &str = "{issue_id}";

/// The process of an agent, which waits at its gate until it is let through.
pub(super) struct Agent {
    pub(super) identity: Started,
    pub(super) group: Group,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
    gate: Option<ChildStdin>,
    exit: Option<Exit>,
}

/// What an agent's environment is made of.
pub(super) struct Setting<'a> {
    pub(super) run: &'a RunDir,
    pub(super) spec: &'a RunSpec,
    pub(super) reserved: &'a Reserved,
    pub(super) epoch: u64,
}

impl Agent {
    /// Starts the process, behind its gate and in a process group of its own.
    pub(super) fn spawn(setting: &Setting<'_>, own_program: &Path) -> std::io::Result<Self> {
        let mut command = process::own_command(own_program);
        command.arg("exec-gate").arg("--").args(arguments(
            &setting.spec.argv,
            &setting.reserved.issue.to_string(),
        ));
        command
            .env_clear()
            .envs(environment(setting, std::env::vars_os()));
        command.current_dir(&setting.spec.cwd).process_group(0);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let pid = child.id();
        let missing =
            || std::io::Error::other("a process that was just started cannot be identified");
        let (stdout, stderr) = child
            .stdout
            .take()
            .zip(child.stderr.take())
            .ok_or_else(missing)?;
        // The child is waited for through its group, see `reap`.
        Ok(Self {
            identity: identify(pid).ok_or_else(missing)?,
            group: Group::led_by(pid).ok_or_else(missing)?,
            stdout: stdout.into(),
            stderr: stderr.into(),
            gate: child.stdin.take(),
            exit: None,
        })
    }

    /// Lets the process become the agent.
    pub(super) fn let_through(&mut self) -> std::io::Result<()> {
        match self.gate.take() {
            Some(mut gate) => gate.write_all(b"\n"),
            None => Ok(()),
        }
    }

    /// Buries every dead member of the group that is our child, and returns how the agent itself ended if it did.
    pub(super) fn reap(&mut self) -> Option<Exit> {
        while let Ok(Some((pid, status))) =
            rustix::process::waitpgid(self.group.id(), WaitOptions::NOHANG)
        {
            if pid == self.group.id() {
                self.exit = Some(exit_of(status));
            }
        }
        self.exit
    }
}

fn exit_of(status: WaitStatus) -> Exit {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Signal(0),
    }
}

/// Fills the id of the issue into the command, and nothing else: ids are plain words, titles are not.
fn arguments(argv: &[String], issue: &str) -> impl Iterator<Item = String> {
    argv.iter()
        .map(move |word| word.replace(PLACEHOLDER, issue))
}

fn environment(
    setting: &Setting<'_>,
    own: impl Iterator<Item = (OsString, OsString)>,
) -> BTreeMap<OsString, OsString> {
    let spec = setting.spec;
    let is_allowed = |name: &OsStr| {
        let name = name.to_string_lossy();
        ALLOWED.contains(&name.as_ref())
            || name.starts_with("LC_")
            || name.starts_with("XDG_")
            || spec.env_pass.contains(name.as_ref())
    };
    let mut environment: BTreeMap<OsString, OsString> =
        own.filter(|(name, _)| is_allowed(name)).collect();
    environment.extend(
        spec.env
            .iter()
            .map(|(name, value)| (name.into(), value.into())),
    );
    put_jit_on_path(&mut environment, &spec.jit);
    let run = setting.run;
    let own_words: [(&str, OsString); 7] = [
        ("JIT_ISSUE", setting.reserved.issue.to_string().into()),
        ("JIT_RUN_ID", run.run().to_string().into()),
        ("JIT_EPOCH", setting.epoch.to_string().into()),
        ("JIT_DIR", spec.jit_dir.clone().into()),
        (
            "JIT_ACTOR",
            format!("agent:{}", setting.reserved.agent).into(),
        ),
        ("JIT_RUN_DIR", run.path().into()),
        ("JIT_ISSUE_FILE", run.issue_path().into()),
    ];
    environment.extend(own_words.map(|(name, value)| (name.into(), value)));
    environment
}

/// Lets the agent call the same `jit` as the dispatcher by its bare name.
fn put_jit_on_path(environment: &mut BTreeMap<OsString, OsString>, jit: &[String]) {
    let command = JitCommand {
        argv: jit.iter().map(OsString::from).collect(),
    };
    let Some(dir) = command.directory_for_agents() else {
        return;
    };
    let path = environment
        .get(OsStr::new("PATH"))
        .cloned()
        .unwrap_or_default();
    let dirs = std::iter::once(dir.to_path_buf())
        .chain(std::env::split_paths(&path).filter(|other| other != dir));
    // A directory with a colon in its name cannot be on a path at all.
    if let Ok(joined) = std::env::join_paths(dirs) {
        environment.insert("PATH".into(), joined);
    }
}
