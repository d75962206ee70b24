//! The command `resolve`.
//!
//! Owns the order of its two halves: files that git holds in several versions are merged and handed back to git; then what a merge
//! left undecided in issues is settled, and the log is told. Refuses to merge by itself (`jit_core::merge`), to commit, and to
//! touch files outside of `.jit`.

mod file;
mod marked;
mod markers;

use crate::context::{self, Context};
use crate::error::CliError;
use crate::reply::{Body, Reply, Shape};
use crate::unmerged::{Prepared, Unmerged, segments};
use file::{Chosen, Resolved, with_ours};
use jit_core::decide::{Settlement, Take};
use jit_core::id::IdPrefix;
use jit_core::merge::Conflict;
use jit_core::{Assignee, ErrorKind, Issue, IssueId, Timestamp, Value};
use jit_store::file::{
    GitDirs, Mergeable, PRIVATE_DIR, Replacement, STORE_DIR, enclosing, unfinished,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Merge by field what git left unmerged, and settle what no rule decides
///
/// Without `--take` and `--value` it merges what git left unmerged (where no merge driver ran), lists what is still to decide, and
/// exits with 4 if there is anything. What is settled is added to git's index, so that `git commit` or `git rebase --continue` can
/// follow. `ours` and `theirs` are git's while the merge is under way; later, `ours` is the version that was written last.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit resolve\n  jit resolve --take theirs\n  jit resolve k7m2 --field title --value \"Parse and check\""
)]
pub(crate) struct Args {
    /// Only these issues, or gates by their keys; several separated by spaces or commas
    #[arg(value_name = "ID")]
    ids: Vec<String>,

    /// Settle all that is undecided by one side, or by what stands there
    #[arg(long, value_enum, conflicts_with = "value")]
    take: Option<Side>,

    /// Settle only this field, such as `title` or `context/port`
    #[arg(long, value_name = "FIELD")]
    field: Option<String>,

    /// Settle the field by this value
    #[arg(long, value_name = "VALUE", requires = "field")]
    value: Option<String>,
}

/// A side of a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Side {
    Ours,
    Theirs,
    Merged,
}

/// Settles merges.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let settlement = settlement(args, context)?;
    let names = names(&args.ids);
    let start = context.search()?.start;
    let worktree = enclosing(&start)?;
    let unmerged = worktree.clone().map(Unmerged::find).transpose()?;
    if names.is_empty() {
        refuse_texts(unmerged.as_ref())?;
    }
    if let Some(git) = &worktree {
        marked::refuse_texts(&git.worktree)?;
    }
    let now = context::now()?;
    let own = worktree.as_ref().filter(|git| is_own(git, context));
    let is_merging = worktree.as_ref().map(is_merging).transpose()? == Some(true);
    let resolved = match worktree.as_ref().zip(unmerged.as_ref()) {
        Some(found) => {
            let chosen = Chosen {
                settlement: &settlement,
                holder: None,
                now,
            };
            resolve_files(context, found, (&names, own.is_some()), chosen)?
        }
        None => Vec::new(),
    };
    let is_dry = context.globals.dry_run;
    let mut aside = Vec::new();
    if let Some((git, unmerged)) = worktree.as_ref().zip(unmerged.as_ref())
        && !is_dry
        && !resolved.is_empty()
    {
        let prepared = prepare(unmerged, (&resolved, is_merging))?;
        aside = keep_aside(context, git, (&resolved, now))?;
        write(context, own.is_some(), &git.worktree, &resolved)?;
        unmerged.settle(&prepared)?;
    }
    let known = own.map(|git| segments(&git.worktree)).transpose();
    let known = known.map_err(|error| CliError::io("list", ".jit/events", &error))?;
    let told = tell(
        context,
        &settlement,
        (&names, own),
        (&resolved, unmerged.as_ref()),
    )?;
    if let Some((git, known)) = own.zip(known)
        && !is_dry
        && (is_merging || resolved.iter().any(|file| file.is_staged(false)))
    {
        let mut paths = staged(&resolved, is_merging);
        let told = told.issues.iter().filter(|_| told.changed);
        let told = told.filter(|issue| !issue.has_conflicts());
        paths.extend(told.map(|issue| path_of(&issue.id)));
        stage_all(unmerged.as_ref(), &git.worktree, (paths, &known))?;
    }
    let mut reply = reply(context, &resolved, told);
    reply.warnings.extend(aside);
    Ok(reply)
}

/// Merges the files that git holds unmerged, and those in which somebody has committed markers.
fn resolve_files(
    context: &Context,
    (git, unmerged): (&GitDirs, &Unmerged),
    (names, is_own): (&[String], bool),
    chosen: Chosen<'_>,
) -> Result<Vec<Resolved>, CliError> {
    let top = &git.worktree;
    let is_named =
        |record: &Mergeable| names.is_empty() || names.iter().any(|name| is_named(record, name));
    let mut files = Vec::new();
    for file in unmerged.files.iter().filter(|file| is_named(&file.record)) {
        files.push((file.clone(), unmerged.versions(file)?));
    }
    let is_meant = |record: &Mergeable, path: &str| {
        is_named(record) && unmerged.files.iter().all(|file| file.path != path)
    };
    for (file, text) in marked::find(top, &is_meant)? {
        let versions = marked::versions(&file, &text)?;
        files.push((file, versions));
    }
    let mut resolved = Vec::new();
    for (file, versions) in files {
        let holder = if is_own {
            holder(context, &file.record)?
        } else {
            None
        };
        let chosen = Chosen {
            holder: holder.as_ref(),
            ..chosen
        };
        resolved.push(file::resolve(&file, (unmerged, versions), top, chosen)?);
    }
    Ok(resolved)
}

/// Returns what is to stand, as the flags say it.
fn settlement(args: &Args, context: &Context) -> Result<Settlement, CliError> {
    let field = args.field.clone();
    match (&args.take, &args.value, field) {
        (Some(side), _, field) => {
            let take = match side {
                Side::Ours => Take::Ours,
                Side::Theirs => Take::Theirs,
                Side::Merged => Take::Merged,
            };
            Ok(Settlement::Side {
                take,
                field,
                ours: None,
            })
        }
        (None, Some(value), Some(field)) => {
            let text = context.input.text(value)?;
            let value = value_for(&field, text);
            Ok(Settlement::Value { field, value })
        }
        (None, None, Some(_)) => {
            Err(CliError::usage("--field needs --take or --value").hint("jit resolve --help"))
        }
        (None, _, None) => Ok(Settlement::Nothing),
    }
}

/// Reads a value for a field: JSON where the field holds any JSON, a text elsewhere.
fn value_for(field: &str, text: String) -> Value {
    let top = field.split('/').next().unwrap_or_default();
    let is_text = jit_wire::issue::FIELDS.contains(&top)
        && !field.contains('/')
        && !matches!(top, "estimate_minutes" | "deleted" | "context");
    if is_text {
        return text.into();
    }
    serde_json::from_str(&text).unwrap_or_else(|_| text.into())
}

/// Returns the words that name records.
fn names(ids: &[String]) -> Vec<String> {
    let words = ids.iter().flat_map(|word| word.split(','));
    let words = words.map(|word| word.trim().to_ascii_lowercase());
    words.filter(|word| !word.is_empty()).collect()
}

fn is_named(record: &Mergeable, name: &str) -> bool {
    match record {
        Mergeable::Issue(id) => IdPrefix::parse(name).is_ok() && id.as_str().starts_with(name),
        Mergeable::Gate(key) => key.as_str() == name,
    }
}

/// Returns whether the store that commands write to lies in this worktree.
fn is_own(git: &GitDirs, context: &Context) -> bool {
    let location = context.location();
    location.is_ok_and(|it| it.store.parent() == Some(git.worktree.as_path()))
}

/// Refuses to call a store resolved while files of it are unmerged for which there is no rule.
fn refuse_texts(unmerged: Option<&Unmerged>) -> Result<(), CliError> {
    let others = unmerged.map(|unmerged| unmerged.others.as_slice());
    let Some([first, rest @ ..]) = others else {
        return Ok(());
    };
    let more = match rest.len() {
        0 => String::new(),
        _ => format!(" (and {})", rest.join(", ")),
    };
    let message =
        format!("`{first}`{more} is unmerged, and no rule merges it: a person has to, as a text");
    let error = CliError::new(ErrorKind::Invalid, message);
    Err(error.hint(format!("edit it, then git add {first}")))
}

/// Returns whether git is in the middle of something that its next commit will hold.
fn is_merging(git: &GitDirs) -> Result<bool, CliError> {
    Ok(unfinished(git)?.is_some())
}

/// Returns who has the live lease on an issue.
fn holder(context: &Context, record: &Mergeable) -> Result<Option<Assignee>, CliError> {
    let Mergeable::Issue(id) = record else {
        return Ok(None);
    };
    let view = context.view()?;
    let lease = view.snapshot.live_lease(id, &view.now);
    Ok(lease.map(|lease| lease.holder.clone()))
}

fn path_of(id: &IssueId) -> String {
    format!("{STORE_DIR}/{}", Mergeable::Issue(id.clone()).path())
}

/// Keeps what hands have written into the files; returns where, as warnings.
fn keep_aside(
    context: &Context,
    git: &GitDirs,
    (files, now): (&[Resolved], Timestamp),
) -> Result<Vec<String>, CliError> {
    let private = match context.location() {
        Ok(location) if is_own(git, context) => location.private.clone(),
        _ => git.common.join(PRIVATE_DIR),
    };
    let mut warnings = Vec::new();
    for file in files {
        let Some(bytes) = file.by_hand() else {
            continue;
        };
        let place = file::keep_aside(&private, &file.record, (bytes, now))
            .map_err(|error| CliError::io("keep a copy of", &file.path, &error))?;
        warnings.push(format!(
            "`{}` held what git does not keep; it is kept in `{}`",
            file.path,
            place.display()
        ));
    }
    Ok(warnings)
}

/// Returns the paths of the files that git's index is to be told of.
fn staged(files: &[Resolved], is_merging: bool) -> Vec<String> {
    let staged = files.iter().filter(|file| file.is_staged(is_merging));
    staged.map(|file| file.path.clone()).collect()
}

/// Puts the merged files in their places; into the store under its lock and through its log.
fn write(context: &Context, is_own: bool, top: &Path, files: &[Resolved]) -> Result<(), CliError> {
    if is_own {
        let files: Vec<Replacement> = files.iter().map(Resolved::replacement).collect();
        context.tracker()?.put_merged(&files)?;
        return Ok(());
    }
    for file in files {
        file::replace(&top.join(&file.path), &file.bytes)
            .map_err(|error| CliError::io("write", &file.path, &error))?;
    }
    Ok(())
}

/// Gives git the merged contents, before anything is written: what git can't take is noticed while all is as it was.
fn prepare(
    unmerged: &Unmerged,
    (files, is_merging): (&[Resolved], bool),
) -> Result<Prepared, CliError> {
    let staged = files.iter().filter(|file| file.is_staged(is_merging));
    let entries: Vec<(String, &[u8])> = staged
        .map(|file| (file.path.clone(), file.bytes.as_slice()))
        .collect();
    unmerged.prepare(&entries)
}

/// Tells git of the files as the store has left them, and of the events that this command wrote.
fn stage_all(
    unmerged: Option<&Unmerged>,
    top: &Path,
    (mut paths, known): (Vec<String>, &BTreeMap<String, u64>),
) -> Result<(), CliError> {
    let Some(unmerged) = unmerged else {
        return Ok(());
    };
    let now = segments(top).map_err(|error| CliError::io("list", ".jit/events", &error))?;
    let is_new = |path: &String| known.get(path) != now.get(path);
    paths.extend(now.keys().filter(|path| is_new(path)).cloned());
    let mut entries = Vec::with_capacity(paths.len());
    for path in paths {
        let bytes = read(top, &path)?;
        entries.push((path, bytes));
    }
    let entries: Vec<(String, &[u8])> = entries
        .iter()
        .map(|(path, bytes)| (path.clone(), bytes.as_slice()))
        .collect();
    unmerged.settle(&unmerged.prepare(&entries)?)
}

fn read(top: &Path, path: &str) -> Result<Vec<u8>, CliError> {
    std::fs::read(top.join(path)).map_err(|error| CliError::io("read", path, &error))
}

/// What the second half has done.
struct Told {
    issues: Vec<Issue>,
    changed: bool,
    warnings: Vec<String>,
}

/// Settles what is stored as undecided, and tells the log of merges.
fn tell(
    context: &Context,
    settlement: &Settlement,
    (names, own): (&[String], Option<&GitDirs>),
    (resolved, unmerged): (&[Resolved], Option<&Unmerged>),
) -> Result<Told, CliError> {
    let mut told = Told {
        issues: Vec::new(),
        changed: false,
        warnings: Vec::new(),
    };
    let whole = resolved.iter().filter(|file| !file.is_open());
    let merged = whole.filter_map(|file| match &file.record {
        Mergeable::Issue(id) => Some(id.clone()),
        Mergeable::Gate(_) => None,
    });
    let merged: Vec<IssueId> = merged.filter(|_| own.is_some()).collect();
    let mut parts = vec![(merged, Settlement::Nothing)];
    let others = others(context, names, resolved, settlement)?;
    match (own, unmerged) {
        (Some(git), Some(unmerged)) if is_merging(git)? => {
            for id in others {
                let ours = unmerged.our_etag(&id, &path_of(&id));
                parts.push((vec![id], with_ours(settlement, ours.as_deref())));
            }
        }
        _ => parts.push((others, settlement.clone())),
    }
    for (ids, settlement) in &parts {
        if ids.is_empty() || (context.globals.dry_run && *settlement == Settlement::Nothing) {
            continue;
        }
        let ids: Vec<IdPrefix> = ids
            .iter()
            .filter_map(|id| IdPrefix::parse(id.as_str()).ok())
            .collect();
        let call = context.call(false)?;
        let written = context
            .tracker()?
            .resolve_conflicts(&call, &ids, settlement)?;
        let find = |id: &IssueId| written.view.snapshot.record(id).cloned();
        told.issues.extend(written.issues.iter().filter_map(find));
        told.changed |= written.changed && !context.globals.dry_run;
        told.warnings.extend(written.warnings.iter().cloned());
    }
    Ok(told)
}

/// Returns the issues that no file of git's names: those that the caller does, or all that wait for a decision.
fn others(
    context: &Context,
    names: &[String],
    resolved: &[Resolved],
    settlement: &Settlement,
) -> Result<Vec<IssueId>, CliError> {
    if context.location().is_err() && names.is_empty() {
        return Ok(Vec::new());
    }
    let done: BTreeSet<&Mergeable> = resolved.iter().map(|file| &file.record).collect();
    let view = context.view()?;
    if names.is_empty() {
        if matches!(settlement, Settlement::Value { .. }) {
            return Err(CliError::usage("a value is one issue's: name it"));
        }
        let waiting = view
            .snapshot
            .records()
            .filter(|issue| issue.has_conflicts());
        let waiting = waiting.filter(|issue| !done.contains(&Mergeable::Issue(issue.id.clone())));
        return Ok(waiting.map(|issue| issue.id.clone()).collect());
    }
    let mut found = Vec::new();
    for name in names {
        if done.iter().any(|record| is_named(record, name)) {
            continue;
        }
        found.push(view.snapshot.resolve(&context.input.id(name)?)?);
    }
    Ok(found)
}

fn reply(context: &Context, resolved: &[Resolved], told: Told) -> Reply {
    let mut objects = Vec::new();
    let mut n_open = 0;
    for file in resolved {
        let conflicts = file
            .issue
            .as_ref()
            .map(Issue::conflicts)
            .unwrap_or_default();
        n_open += conflicts.len();
        let name = match &file.record {
            Mergeable::Issue(id) => id.to_string(),
            Mergeable::Gate(key) => key.to_string(),
        };
        objects.push(object(&name, Some(&file.path), &file.in_order(conflicts)));
    }
    let is_done = |issue: &&Issue| {
        let record = Mergeable::Issue(issue.id.clone());
        resolved.iter().all(|file| file.record != record)
    };
    for issue in told.issues.iter().filter(is_done) {
        n_open += issue.conflicts().len();
        objects.push(object(issue.id.as_str(), None, &issue.conflicts()));
    }
    let n_records = objects.len();
    let mut reply = Reply::new(Shape::Resolution, Body::List(objects));
    reply.warnings = context.warnings();
    reply.warnings.extend(told.warnings);
    reply.has_written = !context.globals.dry_run && (told.changed || !resolved.is_empty());
    if context.globals.dry_run {
        reply
            .notes
            .push(crate::commands::answer::DRY_RUN.to_owned());
    }
    if n_open > 0 {
        let noun = if n_open == 1 {
            "field is"
        } else {
            "fields are"
        };
        let message = format!("{n_open} {noun} still to decide");
        let error = CliError::new(ErrorKind::Invalid, message);
        reply.verdict = Some(error.hint("jit resolve --take ours"));
    } else {
        let noun = if n_records == 1 { "record" } else { "records" };
        reply.talk.push(match n_records {
            0 => "Nothing to resolve.".to_owned(),
            n => format!("Resolved {n} {noun}."),
        });
    }
    reply
}

fn object(name: &str, path: Option<&str>, conflicts: &[Conflict]) -> Value {
    let outcome = if conflicts.is_empty() {
        "resolved"
    } else {
        "open"
    };
    let open: Vec<String> = conflicts.iter().map(|it| it.field.clone()).collect();
    let conflicts = conflicts.iter().map(Conflict::to_value).collect();
    Value::object([
        ("id", Value::from(name)),
        ("path", path.map(str::to_owned).into()),
        ("outcome", outcome.into()),
        ("open", open.into()),
        ("conflicts", Value::Array(conflicts)),
    ])
}
