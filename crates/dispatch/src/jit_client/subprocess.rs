//! Owns the calling of the real `jit`: one process a call, with a time limit, in a process group of its own, and its
//! exit code taken at its word. Refuses to retry: whether that is safe is known to the caller.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use jit_scheduler::{AgentId, IssueId, Millis};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Child;
use tokio::sync::mpsc::UnboundedSender;

use super::answer::{garbled, understand};
use super::error::{JitError, JitErrorKind};
use super::wire::{self, Event, Issue, Listed, Malformed, Repository};
use super::{Claimed, Grant, Held, JitClient, JitCommand, Renewed, stream};
use crate::ports::rfc3339;
use crate::process;
use crate::state::Started;

/// The fields that planning needs: with a thousand ready issues the rest would be megabytes.
const PLANNING_FIELDS: &str = "id,title,priority,labels,assignee,ready_since,created_at,state";

/// Who the dispatcher is in the tracker's event log.
const ACTOR: &str = "ci:jit-dispatch";

/// Variables that speak for one run, and would fence or redirect the dispatcher's own calls.
const FOREIGN: &[&str] = &[
    "JIT_ISSUE",
    "JIT_EPOCH",
    "JIT_RUN_ID",
    "JIT_RUN_DIR",
    "JIT_ISSUE_FILE",
];

/// Calls the real `jit`.
#[derive(Debug, Clone)]
pub struct SubprocessJit {
    command: JitCommand,
    dir: PathBuf,
    jit_dir: Option<OsString>,
    timeout: Duration,
}

impl SubprocessJit {
    /// Makes a client that calls `command` in the directory `dir` and gives each call `timeout` to answer.
    ///
    /// `jit_dir` is the value of `JIT_DIR` for its calls; none takes the variable away.
    pub fn new(
        command: JitCommand,
        dir: PathBuf,
        jit_dir: Option<OsString>,
        timeout: Duration,
    ) -> Self {
        Self {
            command,
            dir,
            jit_dir,
            timeout,
        }
    }

    fn spawn(&self, arguments: &[&str], stdin: Stdio) -> Result<Child, JitError> {
        let [program, first @ ..] = self.command.argv.as_slice() else {
            unreachable!("a located command has a program");
        };
        let mut command = process::command(program);
        command
            .args(first)
            .args(arguments)
            .current_dir(&self.dir)
            .env("JIT_ACTOR", ACTOR)
            .process_group(0);
        for name in FOREIGN {
            command.env_remove(name);
        }
        match &self.jit_dir {
            Some(dir) => command.env("JIT_DIR", dir),
            None => command.env_remove("JIT_DIR"),
        };
        command
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut command = tokio::process::Command::from(command);
        command
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| JitError::NotStarted {
                program: program.to_string_lossy().into_owned(),
                source,
            })
    }

    /// Makes one call, with `input` to read, and returns what it printed.
    async fn call(&self, arguments: &[&str], input: Option<&str>) -> Result<Vec<u8>, JitError> {
        let name = arguments
            .iter()
            .take(2)
            .copied()
            .collect::<Vec<_>>()
            .join(" ");
        let stdin = if input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        };
        let mut child = self.spawn(arguments, stdin)?;
        let pid = child.id();
        let talk = async {
            if let (Some(text), Some(mut pipe)) = (input, child.stdin.take()) {
                // A program that does not read its input says so by its exit code.
                drop(pipe.write_all(text.as_bytes()).await);
            }
            child.wait_with_output().await
        };
        match tokio::time::timeout(self.timeout, talk).await {
            Ok(Ok(output)) => understand(name, output),
            Ok(Err(error)) => Err(JitError::Crashed {
                call: name,
                status: "no readable output".to_owned(),
                words: error.to_string(),
            }),
            Err(_) => {
                kill_group(pid);
                Err(JitError::TimedOut {
                    call: name,
                    after: self.timeout,
                })
            }
        }
    }

    async fn call_for_issue(
        &self,
        arguments: &[&str],
        input: Option<&str>,
    ) -> Result<Issue, JitError> {
        let document = self.call(arguments, input).await?;
        wire::parse_issue(&document).map_err(|malformed| garbled(arguments, &malformed))
    }

    async fn call_for_list(&self, arguments: &[&str]) -> Result<Listed, JitError> {
        let document = self.call(arguments, None).await?;
        wire::parse_list(&document).map_err(|malformed| garbled(arguments, &malformed))
    }
}

impl JitClient for SubprocessJit {
    async fn locate_repository(&self) -> Result<Repository, JitError> {
        let arguments = ["where", "--json"];
        let document = self.call(&arguments, None).await?;
        wire::parse_repository(&document).map_err(|malformed| garbled(&arguments, &malformed))
    }

    async fn query_ready_issues(&self) -> Result<Listed, JitError> {
        self.call_for_list(&["query", "ready", "--json", "--fields", PLANNING_FIELDS])
            .await
    }

    async fn query_assigned_and_ready_issues(&self) -> Result<Listed, JitError> {
        self.call_for_list(&[
            "query",
            "state",
            "ready",
            "--json",
            "--fields",
            PLANNING_FIELDS,
        ])
        .await
    }

    async fn query_assignee(&self, agent: &AgentId) -> Result<Listed, JitError> {
        let who = format!("agent:{agent}");
        self.call_for_list(&[
            "query",
            "assignee",
            &who,
            "--json",
            "--fields",
            PLANNING_FIELDS,
        ])
        .await
    }

    async fn claim_issue_for_agent(
        &self,
        issue: &IssueId,
        agent: &AgentId,
        grant: &Grant,
    ) -> Result<Claimed, JitError> {
        let who = format!("agent:{agent}");
        let ttl = grant.ttl.map(duration_argument);
        let mut arguments = vec![
            "issue",
            "claim",
            issue.as_str(),
            &who,
            "--key",
            grant.key.as_str(),
            "--json",
        ];
        if let Some(ttl) = &ttl {
            arguments.extend(["--ttl", ttl]);
        }
        let document = self.call(&arguments, None).await?;
        let issue =
            wire::parse_issue(&document).map_err(|malformed| garbled(&arguments, &malformed))?;
        Ok(Claimed { issue, document })
    }

    async fn show(&self, issue: &IssueId) -> Result<Issue, JitError> {
        self.call_for_issue(&["issue", "show", issue.as_str(), "--json"], None)
            .await
    }

    async fn done(&self, held: &Held) -> Result<Issue, JitError> {
        let epoch = held.epoch.to_string();
        self.call_for_issue(
            &[
                "issue",
                "done",
                held.issue.as_str(),
                "--epoch",
                &epoch,
                "--json",
            ],
            None,
        )
        .await
    }

    async fn release(&self, held: &Held, not_before: Option<Millis>) -> Result<Issue, JitError> {
        let epoch = held.epoch.to_string();
        let moment = not_before.map(rfc3339);
        let mut arguments = vec![
            "issue",
            "release",
            held.issue.as_str(),
            "--epoch",
            &epoch,
            "--json",
        ];
        if let Some(moment) = &moment {
            arguments.extend(["--not-before", moment]);
        }
        self.call_for_issue(&arguments, None).await
    }

    async fn hold(&self, held: &Held, reason: &str) -> Result<Issue, JitError> {
        let epoch = held.epoch.to_string();
        // The reason may hold an agent's own words. As standard input they are data on every way to `jit`, also on one
        // that leads through a remote shell.
        let arguments = [
            "issue",
            "hold",
            held.issue.as_str(),
            "-",
            "--epoch",
            &epoch,
            "--json",
        ];
        self.call_for_issue(&arguments, Some(reason)).await
    }

    async fn renew(&self, held: &Held, worker: Option<&Started>) -> Result<Renewed, JitError> {
        let epoch = held.epoch.to_string();
        // With its start, so that a tracker which sees other processes than we do takes it for none of its own.
        let worker = worker.map(|it| format!("{}:{}", it.pid, it.start_ticks));
        let mut arguments = vec![
            "lease",
            "renew",
            held.issue.as_str(),
            "--epoch",
            &epoch,
            "--json",
        ];
        if let Some(worker) = &worker {
            arguments.extend(["--pid", worker]);
        }
        let document = self.call(&arguments, None).await?;
        Ok(Renewed {
            cancel_requested: wire::parse_cancel_requested(&document),
        })
    }

    async fn follow_events(&self, sink: UnboundedSender<Event>) -> Result<(), JitError> {
        let arguments = ["events", "tail", "--follow", "--json"];
        let mut child = self.spawn(&arguments, Stdio::null())?;
        let stdout = child
            .stdout
            .take()
            .expect("the output was asked for as a pipe");
        let pump = stream::pump(stdout, &sink);
        let result = tokio::select! {
            () = sink.closed() => Ok(()),
            read = pump => read.map_err(|reason| garbled(&arguments, &Malformed(reason))),
        };
        kill_group(child.id());
        let status = child.wait().await;
        match (result, status) {
            (Ok(()), _) => Ok(()),
            (Err(error), Ok(status)) => Err(last_words(child, status.code(), error).await),
            (Err(error), Err(_)) => Err(error),
        }
    }
}

/// Prefers what the program said at its end over the bare fact that the stream ended.
async fn last_words(mut child: Child, code: Option<i32>, error: JitError) -> JitError {
    let mut words = Vec::new();
    if let Some(stderr) = child.stderr.take()
        && stderr.take(64 << 10).read_to_end(&mut words).await.is_err()
    {
        return error;
    }
    match code.and_then(JitErrorKind::from_exit) {
        Some(kind) if !words.is_empty() => JitError::Said {
            kind,
            answer: wire::parse_error(&words),
        },
        _ => error,
    }
}

/// Writes a span as `jit` reads it.
fn duration_argument(span: Duration) -> String {
    if span.subsec_nanos() == 0 {
        format!("{}s", span.as_secs())
    } else {
        format!("{}ms", span.as_millis())
    }
}

fn kill_group(pid: Option<u32>) {
    let pid = pid
        .and_then(|pid| i32::try_from(pid).ok())
        .and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended in this very moment; then there is nobody left to kill.
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
}
