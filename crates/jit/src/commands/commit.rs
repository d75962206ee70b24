//! The command `commit`.
//!
//! Owns which files go into a commit: those of the store, as they are on disk, and nothing else that is staged. Refuses
//! every hook, filter and signature: the commit is built from objects, and runs nothing of the repository.

mod files;
mod guard;
mod message;

use crate::commands::answer;
use crate::commands::validate::Target;
use crate::context::Context;
use crate::error::CliError;
use crate::git::Git;
use crate::reply::{Audience, Body, Reply, Shape};
use files::{Change, Comparison};
use jit_core::{ErrorKind, Value};
use jit_store::file::Location;
use std::path::Path;
use std::time::Duration;

/// How often everything is read again because somebody wrote meanwhile.
const MAX_TRIES: u32 = 5;

/// How long to wait before the second try; each further one waits that much longer.
const PAUSE: Duration = Duration::from_millis(40);

/// Variables by which a user says who commits; git's own are scrubbed otherwise.
const IDENTITY: [&str; 6] = [
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_DATE",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_DATE",
];

/// Commit the store to git, and nothing else
///
/// Files that are staged beside the store stay staged and out of the commit. No hook runs, and the commit is not signed.
/// Without a message one is made from the events since the last commit.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit commit --auto\n  jit commit -m \"Plan the release\"\n  jit commit --dry-run"
)]
pub(crate) struct Args {
    /// Make the message from the events since the last commit (the default)
    #[arg(long, conflicts_with = "message")]
    auto: bool,

    /// The message
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
}

/// Commits the store.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    if args
        .message
        .as_ref()
        .is_some_and(|text| text.trim().is_empty())
    {
        return Err(CliError::usage("the message can't be empty"));
    }
    let target = Target::open_sound(context)?;
    let (git, dirs) = match (Git::around(&target.location), &target.location.git) {
        (Some(git), Some(dirs)) if is_inside(&target.location) => (git, dirs),
        _ => {
            let message = "the store lies in no worktree of git";
            return Err(CliError::new(ErrorKind::Git, message).hint("jit where"));
        }
    };
    for round in 0..MAX_TRIES {
        std::thread::sleep(PAUSE * round);
        guard::refuse_unfinished(&git, dirs)?;
        if let Some(reply) = attempt(args, context, &target, &git)? {
            return Ok(reply);
        }
    }
    Err(CliError::new(
        ErrorKind::Busy,
        "others move the branch all the time",
    ))
}

/// Commits on top of the last commit; `None` when somebody else was faster and moved the branch.
fn attempt(
    args: &Args,
    context: &Context,
    target: &Target,
    git: &Git,
) -> Result<Option<Reply>, CliError> {
    let head = tip(git)?;
    let is_dry = context.globals.dry_run;
    let found = consistent(target, git, head.as_deref(), is_dry)?;
    guard::refuse_ignored(git, &found)?;
    let changes = &found.changes;
    if changes.is_empty() {
        let mut reply = reply(context, None, "", changes, false);
        if !is_dry {
            // A commit that was killed may have left the index behind.
            reply.warnings.extend(stage(git, &found));
        }
        reply.talk.push("Nothing to commit.".to_owned());
        return Ok(Some(reply));
    }
    guard::refuse_unreadable(&target.location, git, changes)?;
    guard::refuse_removals(target, git, changes)?;
    let text = match &args.message {
        Some(text) => text.clone(),
        None => message::of_changes(target, git, changes)?,
    };
    if is_dry {
        let mut reply = reply(context, None, &text, changes, false);
        reply.notes.push(answer::DRY_RUN.to_owned());
        return Ok(Some(reply));
    }
    let private = &target.location.private;
    let Some(commit) = make(git, private, head.as_deref(), &found, &text)? else {
        return Ok(None);
    };
    let mut reply = reply(context, Some(&commit), &text, changes, true);
    reply.warnings.extend(stage(git, &found));
    let subject = text.lines().next().unwrap_or_default();
    let short = commit.get(..10).unwrap_or(&commit);
    reply.talk.push(format!("Committed {short}: {subject}"));
    Ok(Some(reply))
}

/// Returns the last commit of the branch, if it has any.
fn tip(git: &Git) -> Result<Option<String>, CliError> {
    git.line(&["rev-parse", "--verify", "-q", "HEAD^{commit}"])
}

fn is_inside(location: &Location) -> bool {
    let git = location.git.as_ref();
    git.is_some_and(|git| location.store.starts_with(&git.worktree))
}

/// Compares the files with the last commit, all as of one moment between two transactions.
fn consistent(
    target: &Target,
    git: &Git,
    head: Option<&str>,
    is_dry: bool,
) -> Result<Comparison, CliError> {
    for _ in 0..MAX_TRIES {
        let before = if is_dry {
            target.store.last_transaction()?
        } else {
            target.store.settle()?
        };
        let found = files::compare(&target.location, git, head, !is_dry)?;
        if target.store.last_transaction()? == before {
            return Ok(found);
        }
    }
    Err(CliError::new(
        ErrorKind::Busy,
        "others write to the store all the time",
    ))
}

/// Makes the commit from the last one and the changes, in an index of its own, and moves the branch to it; `None` when the
/// branch has moved, or somebody is about to move it.
fn make(
    git: &Git,
    private: &Path,
    head: Option<&str>,
    found: &Comparison,
    text: &str,
) -> Result<Option<String>, CliError> {
    // Only init makes this directory otherwise, and a fresh clone needs none.
    let dir = private.join("tmp");
    std::fs::create_dir_all(&dir)
        .map_err(|error| CliError::io("make", &dir.display().to_string(), &error))?;
    let index = dir.join(format!("commit-{}", std::process::id()));
    let index_text = index.display().to_string();
    let environment = [("GIT_INDEX_FILE", index_text.as_str())];
    let made = (|| {
        let step = |arguments: &[&str], input: &[u8]| git.step(arguments, input, &environment);
        match head {
            Some(head) => step(&["read-tree", head], b"")?,
            None => step(&["read-tree", "--empty"], b"")?,
        };
        step(
            &["update-index", "-z", "--index-info"],
            &files::index_lines(&found.changes, &found.no_object),
        )?;
        step(&["write-tree"], b"")
    })();
    // The index was only a means; a failure to remove it says nothing about the commit, and gc finds it.
    drop(std::fs::remove_file(&index));
    let tree = made?;
    let parents: Vec<&str> = head.into_iter().flat_map(|head| ["-p", head]).collect();
    let arguments = [&["commit-tree", tree.as_str()][..], &parents, &["-F", "-"]].concat();
    let who = identity();
    let who: Vec<(&str, &str)> = who.iter().map(|(name, it)| (*name, it.as_str())).collect();
    let commit = git.step(&arguments, text.as_bytes(), &who)?;
    let subject = text.lines().next().unwrap_or_default();
    let reason = format!("jit commit: {subject}");
    let old = head.unwrap_or_default();
    let moved = git.step(
        &["update-ref", "-m", &reason, "HEAD", &commit, old],
        b"",
        &who,
    );
    match moved {
        Ok(_) => Ok(Some(commit)),
        // Git says so of a lock that somebody else holds.
        Err(error) if error.message.contains("File exists") => Ok(None),
        Err(error) if tip(git)?.as_deref() == head => Err(error),
        Err(_) => Ok(None),
    }
}

fn identity() -> Vec<(&'static str, String)> {
    let set = IDENTITY.into_iter().filter_map(|name| {
        let value = std::env::var_os(name)?.into_string().ok()?;
        Some((name, value))
    });
    set.collect()
}

/// Tells git's own index what was committed, so that `git status` is clean; everything else that is staged stays.
fn stage(git: &Git, found: &Comparison) -> Option<String> {
    if found.unstaged.is_empty() {
        return None;
    }
    let lines = files::index_lines(&found.unstaged, &found.no_object);
    // To write its index, git compares files that it is not sure of; no filter of the repository's may run for that.
    let update = || git.answer_unfiltered(&["update-index", "-z", "--index-info"], &lines);
    let mut staged = update();
    for round in 1..MAX_TRIES {
        if !staged
            .as_ref()
            .is_err_and(|error| error.to_string().contains("File exists"))
        {
            break;
        }
        std::thread::sleep(PAUSE * round);
        staged = update();
    }
    staged.err().map(|error| {
        format!(
            "the commit is made, but git's index could not be brought up to it ({error}): git reset -q -- .jit"
        )
    })
}

fn reply(
    context: &Context,
    commit: Option<&str>,
    text: &str,
    changes: &[Change],
    is_done: bool,
) -> Reply {
    let paths = changes.iter().map(|change| change.path.as_str().into());
    let object = Value::object([
        ("commit", commit.map(str::to_owned).into()),
        ("message", text.into()),
        ("files", Value::Array(paths.collect())),
        ("changed", is_done.into()),
    ]);
    let mut reply = Reply::new(Shape::Commit, Body::One(object));
    reply.audience = if context.globals.dry_run {
        Audience::Reader
    } else {
        Audience::Nobody
    };
    reply.has_written = is_done;
    reply
}
