//! The command `recover`.
//!
//! Owns how a loss is told, here and among the findings of `validate`. Refuses to find it: the store does, and git says
//! what it keeps.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::git::Git;
use crate::reply::{Body, Reply, Shape};
use jit_core::audit::{Finding, Severity};
use jit_core::{ErrorKind, Value};
use jit_store::file::{InPlace, Location, Lost, LostFile, Restored};
use jit_store::{FileStore, History, NoHistory, Store as _};
use std::collections::BTreeMap;

/// Bring back what a git command removed before it was committed
///
/// git clean, stash, reset and checkout remove or revert files that no commit has. What `jit` acknowledged is kept aside in
/// the clone, and this command writes it back, byte for byte, in one transaction. What git itself can bring back is left to git.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit recover --dry-run\n  jit recover")]
pub(crate) struct Args {}

/// What becomes of something lost.
#[derive(Clone, Copy, Debug)]
enum Outcome<'a> {
    /// It is back.
    Restored,
    /// It would come back.
    WouldRestore,
    /// It would be kept aside.
    WouldKeepAside,
    /// Something else lies in its place; it is kept there.
    KeptAside(&'a str),
}

impl Outcome<'_> {
    fn as_str(self) -> &'static str {
        match self {
            Self::Restored => "restored",
            Self::WouldRestore => "would_restore",
            Self::WouldKeepAside => "would_keep_aside",
            Self::KeptAside(_) => "kept_aside",
        }
    }
}

/// Brings everything back, or says what would come back.
pub(crate) fn run(context: &Context) -> Result<Reply, CliError> {
    let lost = lost(context)?;
    let is_dry = context.globals.dry_run;
    if is_dry {
        let mut reply = answer::objects(context, Shape::Recovered, would(&lost));
        reply.notes.push(answer::DRY_RUN.to_owned());
        return Ok(reply);
    }
    let restored = if lost.is_empty() {
        Restored::default()
    } else {
        context.tracker()?.bring_back(&lost, &context.actor()?)?
    };
    let mut reply = Reply::new(Shape::Recovered, Body::List(done(&restored)));
    reply.has_written = !restored.files.is_empty() || !restored.events.is_empty();
    reply.warnings = context.warnings();
    let warnings = restored.warnings.iter().map(ToString::to_string);
    reply.warnings.extend(warnings);
    reply.warnings.extend(restored.kept_aside.iter().map(aside));
    reply.talk.push(told(&restored));
    Ok(reply)
}

/// Returns what is lost, as git sees it.
fn lost(context: &Context) -> Result<Lost, CliError> {
    let git = Git::around(context.location()?);
    let history: &dyn History = git.as_ref().map_or(&NoHistory, |git| git);
    Ok(context.tracker()?.lost(history)?)
}

/// Returns a finding for each loss; without git, for all that git might still have.
pub(crate) fn findings(store: &FileStore, location: &Location) -> Result<Vec<Finding>, CliError> {
    let git = Git::around(location);
    let history: &dyn History = git.as_ref().map_or(&NoHistory, |git| git);
    let (lost, doubt) = match store.lost(history).map_err(CliError::from) {
        Err(error) if matches!(error.kind, ErrorKind::Io | ErrorKind::Damaged) => {
            let doubt = format!(", as far as can be told ({error})");
            match store.lost(&NoHistory) {
                Ok(lost) => (lost, doubt),
                // What stands in the way is a finding of its own.
                Err(error) => return Ok(vec![unknown(&error.into())]),
            }
        }
        answer => (answer?, String::new()),
    };
    let files = lost.files.iter().map(|file| finding(file, &doubt));
    let events = segments(&lost.events)
        .into_iter()
        .map(|(segment, n_lines)| {
            let message =
                format!("{n_lines} of its lines are gone, and git does not have them{doubt}");
            found("lost_events", segment, message)
        });
    Ok(files.chain(events).collect())
}

fn unknown(error: &CliError) -> Finding {
    let message = format!("whether git took anything away can't be told: {error}");
    Finding {
        severity: Severity::Notice,
        ..Finding::of_file("unknown_losses", None, message)
    }
}

fn finding(file: &LostFile, doubt: &str) -> Finding {
    let (code, message) = match file.found {
        InPlace::Nothing => (
            "lost_file",
            "it was removed, and git does not have its last version",
        ),
        InPlace::Older => (
            "reverted_file",
            "it is older than what was written last, and git does not have that version",
        ),
        InPlace::Foreign => (
            "replaced_file",
            "it holds a version of elsewhere in the place of what was written last, which git does not have",
        ),
    };
    Finding {
        issue: file.issue.clone(),
        ..found(code, file.path(), format!("{message}{doubt}"))
    }
}

fn found(code: &'static str, path: String, message: String) -> Finding {
    Finding {
        remedy: Some("jit recover".to_owned()),
        ..Finding::of_file(code, Some(path), message)
    }
}

fn would(lost: &Lost) -> Vec<Value> {
    let of_file = |file: &LostFile| match file.found {
        InPlace::Nothing | InPlace::Older => object(file, Outcome::WouldRestore),
        InPlace::Foreign => object(file, Outcome::WouldKeepAside),
    };
    let mut rows: Vec<Value> = lost.files.iter().map(of_file).collect();
    rows.extend(lines(&lost.events, Outcome::WouldRestore));
    rows
}

fn done(restored: &Restored) -> Vec<Value> {
    let files = restored.files.iter();
    let mut rows: Vec<Value> = files.map(|file| object(file, Outcome::Restored)).collect();
    let aside = restored.kept_aside.iter();
    rows.extend(aside.map(|(file, saved)| object(file, Outcome::KeptAside(saved))));
    rows.extend(lines(&restored.events, Outcome::Restored));
    rows
}

fn object(file: &LostFile, outcome: Outcome<'_>) -> Value {
    let kind = if file.issue.is_some() {
        "issue"
    } else {
        "gate"
    };
    let saved = match outcome {
        Outcome::KeptAside(saved) => Some(saved.to_owned()),
        Outcome::Restored | Outcome::WouldRestore | Outcome::WouldKeepAside => None,
    };
    Value::object([
        ("kind", Value::from(kind)),
        ("issue", file.issue.as_ref().map(ToString::to_string).into()),
        ("path", file.path().into()),
        ("found", file.found.as_str().into()),
        ("outcome", outcome.as_str().into()),
        ("saved", saved.into()),
        ("lines", Value::Null),
    ])
}

/// Returns an object for each segment that has lost lines.
fn lines(events: &[jit_store::file::LostEvent], outcome: Outcome<'_>) -> Vec<Value> {
    let object = |(segment, n_lines): (String, u64)| {
        Value::object([
            ("kind", Value::from("events")),
            ("issue", Value::Null),
            ("path", segment.into()),
            ("found", Value::Null),
            ("outcome", outcome.as_str().into()),
            ("saved", Value::Null),
            ("lines", n_lines.into()),
        ])
    };
    segments(events).into_iter().map(object).collect()
}

fn segments(events: &[jit_store::file::LostEvent]) -> BTreeMap<String, u64> {
    let mut segments = BTreeMap::new();
    for event in events {
        *segments.entry(event.segment.clone()).or_default() += 1;
    }
    segments
}

fn aside((file, saved): &(LostFile, String)) -> String {
    format!(
        "`{}` holds a version of elsewhere and was left alone; ours is in `{saved}`",
        file.path()
    )
}

fn told(restored: &Restored) -> String {
    let counted = |n: usize, noun: &str| {
        let plural = if n == 1 { "" } else { "s" };
        format!("{n} {noun}{plural}")
    };
    match (restored.files.len(), restored.events.len()) {
        (0, 0) if restored.kept_aside.is_empty() => "Nothing is lost.".to_owned(),
        (0, 0) => "Nothing could be brought back.".to_owned(),
        (n_files, n_events) => format!(
            "Brought back {} and {}.",
            counted(n_files, "file"),
            counted(n_events, "event")
        ),
    }
}
