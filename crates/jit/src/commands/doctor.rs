//! The command `doctor`.
//!
//! Owns what has to be right around a store: git's configuration, the file system, locks, clocks, space. Refuses to judge
//! issues (`validate` does) and to mend anything.

mod lock;

use crate::commands::answer;
use crate::commands::validate::{self, Target};
use crate::context::{self, Context};
use crate::driver::{self, DriverState};
use crate::error::CliError;
use crate::git::Git;
use crate::reply::{Body, Reply, Shape};
use jit_core::Value;
use jit_core::audit::{Finding, Severity};
use jit_core::timestamp::Timestamp;
use jit_store::SystemHost;
use jit_store::file::{self, Depth, Ground, IndexState};
use std::time::Duration;

/// From how many free bytes on a file system is nearly full.
const LITTLE_SPACE: u64 = 64 * 1024 * 1024;

/// From how many files that can still be made on a file system is nearly full.
const FEW_FILES: u64 = 1_000;

/// How far the clock may be behind the newest event.
const SLACK: Duration = Duration::from_mins(1);

/// No clock of a machine that runs this program is behind the day on which it was begun.
const EARLIEST: &str = "2025-01-01T00:00:00Z";

/// Findings of the store itself that tell about its surroundings.
const OF_STORE: [&str; 9] = [
    "broken_format",
    "older_format",
    "newer_format",
    "broken_log",
    "broken_mark",
    "torn_log",
    "pending_log",
    "stopped",
    "leftover_file",
];

/// Check what the store stands on: git's configuration, the file system, locks, clocks and space
///
/// Findings are listed on standard output; with any but notices, the exit code is 4.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit doctor\n  jit doctor --json")]
pub(crate) struct Args {
    /// Say whether another process may write, and nothing else: the second half of the check of locks
    #[arg(long, hide = true)]
    probe_lock: bool,
}

/// Lists what is wrong.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let target = Target::open(context)?;
    if args.probe_lock {
        let is_free = target.store.try_lock()?.is_some();
        let object = Value::object([("free", Value::from(is_free))]);
        return Ok(Reply::new(Shape::Finding, Body::One(object)));
    }
    let mut findings = target.findings().to_vec();
    findings.extend(of_git(&target));
    findings.extend(of_ground(&target)?);
    findings.extend(lock::test(&target));
    findings.extend(of_store(&target)?);
    findings.extend(of_clock(&target)?);
    let n_errors = validate::errors(&findings).count();
    let is_fine = findings.is_empty();
    let objects = findings.iter().map(jit_wire::finding::finding).collect();
    let mut reply = answer::objects(context, Shape::Finding, objects);
    reply.warnings.clone_from(&target.warnings);
    if is_fine {
        reply.talk.push("Everything is in order.".to_owned());
    }
    reply.verdict = validate::verdict(n_errors);
    Ok(reply)
}

fn found(code: &'static str, path: Option<String>, message: String, remedy: &str) -> Finding {
    Finding {
        remedy: Some(remedy.to_owned()),
        ..Finding::of_file(code, path, message)
    }
}

fn notice(finding: Finding) -> Finding {
    Finding {
        severity: Severity::Notice,
        ..finding
    }
}

/// Whether git is there, merges issues by field, and leaves alone what it shall.
fn of_git(target: &Target) -> Vec<Finding> {
    let Some(dirs) = &target.location.git else {
        return of_outer(target).into_iter().collect();
    };
    let mut findings = Vec::new();
    let config = Some(dirs.common.join("config").display().to_string());
    match driver::state(dirs) {
        Ok(DriverState::Installed) => {}
        Ok(DriverState::Missing) => findings.push(found(
            "no_merge_driver",
            config,
            "this clone merges issues as text, and edits of one issue on two branches conflict"
                .to_owned(),
            "jit init",
        )),
        Ok(DriverState::Broken) => findings.push(found(
            "broken_merge_driver",
            config,
            "the program that shall merge issues in this clone is not there".to_owned(),
            "jit init",
        )),
        Err(error) => findings.push(found(
            "unreadable_git",
            config,
            error.message,
            "git config --list --show-origin",
        )),
    }
    findings.extend(validate::git_files(&target.location));
    let git = Git::around(&target.location);
    if git.is_some_and(|git| git.command([]).is_err()) {
        findings.push(notice(found(
            "no_git_program",
            None,
            "there is no git on the search path: recover, commit and merges need it".to_owned(),
            "install git",
        )));
    }
    findings
}

/// Whether a repository that the store does not lie at the top of may clean its leases away.
fn of_outer(target: &Target) -> Option<Finding> {
    let private = target.location.private.display().to_string();
    let outer = match file::enclosing(&target.location.store) {
        Ok(outer) => outer?,
        Err(error) => {
            let remedy = "git status";
            let error = CliError::from(error).message;
            return Some(found("unreadable_git", None, error, remedy));
        }
    };
    let message = format!(
        "the leases lie inside the repository `{}`, where git clean -x removes them",
        outer.worktree.display()
    );
    let remedy = "move .jit to the top of the repository while nobody works, then run jit init";
    Some(notice(found(
        "leases_in_worktree",
        Some(private),
        message,
        remedy,
    )))
}

/// Whether the file systems keep what is written.
fn of_ground(target: &Target) -> Result<Vec<Finding>, CliError> {
    let mut findings = Vec::new();
    for ground in target.store.grounds()? {
        let path = Some(ground.path.display().to_string());
        if let Some(name) = ground.network {
            let message = format!("it is on {name}, where locks may mean nothing to other hosts");
            let remedy = "move the repository to a local disk, or set allow_network_fs = true in .jit/config.toml if one host alone uses it";
            let finding = found("network_fs", path.clone(), message, remedy);
            findings.push(if target.allows_network_fs() {
                notice(finding)
            } else {
                finding
            });
        }
        if let Some(reason) = &ground.unwritable {
            let message = format!("you can't write there: {reason}");
            let remedy = "grant write access to that directory; the state is kept nowhere else";
            findings.push(found("unwritable", path.clone(), message, remedy));
        }
        findings.extend(of_space(&ground, path));
    }
    Ok(findings)
}

fn of_space(ground: &Ground, path: Option<String>) -> Option<Finding> {
    let message = if ground.free_bytes < LITTLE_SPACE {
        format!("{} MiB are free", ground.free_bytes / (1024 * 1024))
    } else if ground.free_files.is_some_and(|n| n < FEW_FILES) {
        let n = ground.free_files.unwrap_or_default();
        format!("{n} more files can be made")
    } else {
        return None;
    };
    Some(found("disk_full", path, message, "make room on that disk"))
}

/// What the store's own files tell about its surroundings.
fn of_store(target: &Target) -> Result<Vec<Finding>, CliError> {
    let seen = target.store.examine(Depth::Everything)?;
    let problems = seen.snapshot.problems().iter().map(validate::of_problem);
    let all = problems.chain(seen.findings.into_iter().map(validate::with_remedy));
    let mut findings: Vec<Finding> = all
        .filter(|finding| OF_STORE.contains(&finding.code))
        .collect();
    if target.store.index_state()? == IndexState::Broken {
        let path = Some(target.store.index_path().display().to_string());
        let message = "it is no index, so every command reads all files".to_owned();
        let remedy = "move it away; the next command that writes makes it anew";
        findings.push(notice(found("broken_index", path, message, remedy)));
    }
    Ok(findings)
}

/// Whether the clocks can be read, and tell no nonsense.
fn of_clock(target: &Target) -> Result<Vec<Finding>, CliError> {
    let mut findings = Vec::new();
    if let Err(error) = SystemHost::new() {
        findings.push(found(
            "no_boot_id",
            None,
            format!("the boot can't be told from another one: {error}"),
            "make /proc/sys/kernel/random/boot_id readable",
        ));
    }
    let now = context::now()?;
    let earliest = Timestamp::parse(EARLIEST).expect("a constant that is a time");
    let seen = target.store.examine(Depth::Everything)?;
    let events = seen.segments.iter().flat_map(|segment| &segment.events);
    let newest = events.map(|event| event.draft.ts).max();
    let is_behind = newest.is_some_and(|newest| now.plus(SLACK) < newest);
    if now < earliest || is_behind {
        let message = format!("the clock says {now}, but events are newer");
        findings.push(found("clock_behind", None, message, "set the clock"));
    }
    Ok(findings)
}
