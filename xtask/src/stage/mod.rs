//! A temporary place where both programs run, and the record of what they did.
//!
//! Owns the directories, the environment and the reading of both logs. Refuses to leave anything behind unless asked, and to
//! use the state of the person who runs it.

mod follower;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::Value;
use tempfile::TempDir;

use crate::audit::{self, Agent, History, Verdict};
use crate::output;
use crate::process::Call;
use crate::workspace::Programs;
use follower::Follower;

/// How long a dispatcher that is asked to stop may take before it is killed.
const LAST_MOMENT: Duration = Duration::from_secs(20);

/// A temporary place.
pub(crate) struct Stage {
    /// The programs that run in it.
    pub(crate) programs: Programs,
    /// The git repository.
    pub(crate) repository: PathBuf,
    folder: PathBuf,
    _owner: Option<TempDir>,
}

impl Stage {
    /// Makes the place; it is removed at the end unless `keep`.
    pub(crate) fn new(programs: Programs, prefix: &str, keep: bool) -> Result<Self> {
        let owner = tempfile::Builder::new()
            .prefix(prefix)
            .tempdir()
            .context("cannot make a temporary directory")?;
        let folder = owner.path().to_owned();
        let repository = folder.join("repository");
        fs::create_dir(&repository)?;
        let owner = if keep {
            drop(owner.keep());
            None
        } else {
            Some(owner)
        };
        Ok(Self {
            programs,
            repository,
            folder,
            _owner: owner,
        })
    }

    /// The directory that holds everything.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns a call of the tracker in the repository.
    pub(crate) fn jit(&self, arguments: &[&str]) -> Call {
        self.in_place(Call::new(&self.programs.jit, arguments))
    }

    /// An enclosing run, or the store of whoever runs this, must not leak in.
    fn in_place(&self, call: Call) -> Call {
        [
            "JIT_DIR",
            "JIT_ISSUE",
            "JIT_EPOCH",
            "JIT_ACTOR",
            "JIT_RUN_ID",
            "JIT_RUN_DIR",
            "JIT_ISSUE_FILE",
        ]
        .into_iter()
        .fold(call, Call::without_env)
        .within(&self.repository)
        .env("XDG_STATE_HOME", self.folder.join("state"))
        .env("PATH", self.path())
    }

    /// The agents call `jit` by name.
    fn path(&self) -> std::ffi::OsString {
        let own = self.programs.jit.parent().map(Path::to_owned);
        let before = std::env::var_os("PATH").unwrap_or_default();
        std::env::join_paths(own.into_iter().chain(std::env::split_paths(&before)))
            .unwrap_or(before)
    }

    /// Runs the dispatcher until nothing is left to do, and tells `on_event` each event of the tracker as it happens.
    ///
    /// A dispatcher that takes longer than `limit` is killed, and that is an error.
    pub(crate) fn dispatch(
        &self,
        config: &Path,
        limit: Duration,
        on_event: &mut dyn FnMut(&Value),
    ) -> Result<()> {
        let follower = Follower::start(self.jit(&["events", "tail", "--follow", "--json"]))?;
        let log = self.folder.join("dispatcher.log");
        let output = File::options().create(true).append(true).open(&log)?;
        let config = config
            .to_str()
            .context("the temporary directory is not UTF-8")?;
        let arguments = [
            "start",
            "--until-idle",
            "--on-stop",
            "kill",
            "--config",
            config,
        ];
        let mut dispatcher = self
            .in_place(Call::new(&self.programs.dispatch, arguments))
            .start(output.try_clone()?.into(), output.into())?;
        let begun = Instant::now();
        let status = loop {
            if let Some(event) = follower.next(Duration::from_millis(50))? {
                on_event(&event);
            } else if let Some(status) = dispatcher.try_wait()? {
                break status;
            }
            if begun.elapsed() > limit {
                stop(&mut dispatcher)?;
                return Err(
                    self.last_words(&log, &format!("did not end within {} s", limit.as_secs()))
                );
            }
        };
        // The last events may still be on their way when the dispatcher is gone.
        while let Some(event) = follower.next(Duration::from_millis(300))? {
            on_event(&event);
        }
        if status.success() {
            Ok(())
        } else {
            Err(self.last_words(&log, &format!("ended with {status}")))
        }
    }

    fn last_words(&self, log: &Path, what: &str) -> anyhow::Error {
        let said = fs::read_to_string(log).unwrap_or_else(|error| format!("no log: {error}"));
        let lines: Vec<&str> = said.lines().collect();
        for line in &lines[lines.len().saturating_sub(20)..] {
            output::talk(&output::plain(line));
        }
        anyhow!("jit-dispatch {what} in {}", self.repository.display())
    }

    /// Reads what both programs recorded.
    pub(crate) fn history(&self, agents: Vec<Agent>) -> Result<History> {
        let mut logs = Vec::new();
        find(&self.folder.join("state"), "events.jsonl", &mut logs)?;
        let [log] = logs.as_slice() else {
            bail!("expected one log of the dispatcher, found {}", logs.len())
        };
        let gates: Value = serde_json::from_str(&self.jit(&["gate", "list", "--json"]).read()?)?;
        let entry_gates: BTreeSet<String> = gates
            .as_array()
            .into_iter()
            .flatten()
            .filter(|gate| gate["stage"] == "entry")
            .filter_map(|gate| gate["key"].as_str().map(str::to_owned))
            .collect();
        Ok(History {
            tasks: audit::tasks(&self.jit(&["issue", "list", "--json"]).read()?)?,
            moments: audit::moments(&self.jit(&["events", "query", "--json"]).read()?)?,
            reports: audit::reports(&fs::read_to_string(log)?)?,
            agents,
            entry_gates,
        })
    }
}

/// Stops a dispatcher with its runs: killed at once, it would leave agents at work in a place that is about to be removed.
fn stop(dispatcher: &mut Child) -> Result<()> {
    let pid = dispatcher.id().to_string();
    Call::new("sh", ["-c", "kill -TERM \"$1\"", "sh", &pid]).run()?;
    let begun = Instant::now();
    while begun.elapsed() < LAST_MOMENT {
        if dispatcher.try_wait()?.is_some() {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(50));
    }
    dispatcher.kill()?;
    dispatcher.wait()?;
    Ok(())
}

fn find(folder: &Path, name: &str, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            find(&entry.path(), name, found)?;
        } else if entry.file_name() == name {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// Says an event in words, if it is one that a watcher wants to see; `title` gives the title of an issue.
pub(crate) fn told(event: &Value, title: &dyn Fn(&str) -> String) -> Option<String> {
    let issue = event["issue"].as_str()?;
    let actor = output::plain(event["actor"].as_str().unwrap_or("?"));
    let after = |field: &str| output::plain(event["changes"][field][1].as_str().unwrap_or("?"));
    let what = match event["type"].as_str()? {
        "issue.ready" => "is ready".to_owned(),
        "issue.claimed" => format!("taken by {}, attempt {}", after("assignee"), event["epoch"]),
        "issue.released" => "failed, will be tried again".to_owned(),
        "issue.gated" => "waits for a gate".to_owned(),
        "issue.done" => "done".to_owned(),
        "gate.passed" => format!("gate passed by {actor}"),
        "lease.expired" => "lost its agent".to_owned(),
        _ => return None,
    };
    Some(format!(
        "{}  {:<42} {what}",
        output::plain(issue),
        output::plain(&title(issue))
    ))
}

/// Prints the verdicts and fails when one of them is bad.
pub(crate) fn judge(verdicts: &[Verdict]) -> Result<()> {
    for verdict in verdicts {
        let word = if verdict.holds() { "ok    " } else { "FAILED" };
        output::line(&format!(
            "{word} {} ({} cases)",
            verdict.rule, verdict.n_checked
        ));
        for violation in verdict.violations.iter().take(10) {
            output::line(&format!("         {}", output::plain(violation)));
        }
    }
    if verdicts.iter().all(Verdict::holds) {
        return Ok(());
    }
    bail!("the run broke a rule");
}
