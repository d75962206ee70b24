//! From what the tracker answers to a reply.
//!
//! Owns the order of `changed` and `transitions`, limits, and the sentences about what became ready. Refuses to print.

use crate::context::Context;
use crate::error::CliError;
use crate::output::is_deceptive;
use crate::reply::{Audience, Body, Reply, Shape};
use jit_core::{Issue, IssueId, Refusal, ShownState, Transition, Value};
use jit_tracker::{View, Written};

/// What a command says that decided only.
pub(crate) const DRY_RUN: &str = "Dry run: nothing was written.";

/// Returns these issues as a list, cut where `--limit` says so.
pub(crate) fn issues(context: &Context, view: &View, issues: &[&Issue]) -> Reply {
    let limit = context.globals.limit.unwrap_or(usize::MAX);
    page(
        context,
        view,
        &issues[..issues.len().min(limit)],
        issues.len(),
    )
}

/// Returns these issues as a list, of `n_all` that the question asks for.
pub(crate) fn page(context: &Context, view: &View, shown: &[&Issue], n_all: usize) -> Reply {
    let readiness = view.readiness();
    let objects = shown
        .iter()
        .map(|issue| jit_wire::issue::issue(&readiness, issue))
        .collect();
    let mut reply = Reply::new(Shape::Issue, Body::List(objects));
    reply.notes.extend(total(context, shown.len(), n_all));
    reply.warnings = problems(context, view);
    reply
}

/// Returns these objects as a list, cut where `--limit` says so.
pub(crate) fn objects(context: &Context, shape: Shape, mut objects: Vec<Value>) -> Reply {
    let n_all = objects.len();
    objects.truncate(context.globals.limit.unwrap_or(usize::MAX));
    let n_shown = objects.len();
    let mut reply = Reply::new(shape, Body::List(objects));
    reply.notes.extend(total(context, n_shown, n_all));
    reply.warnings = context.warnings();
    reply
}

/// Returns one issue, or several, as they are.
pub(crate) fn named(context: &Context, view: &View, issues: &[&Issue]) -> Reply {
    let readiness = view.readiness();
    let mut objects: Vec<Value> = issues
        .iter()
        .map(|issue| jit_wire::issue::issue(&readiness, issue))
        .collect();
    let body = if objects.len() == 1 {
        Body::One(objects.remove(0))
    } else {
        Body::List(objects)
    };
    let mut reply = Reply::new(Shape::Issue, body);
    reply.warnings = context.warnings();
    reply
}

/// Returns what a write has done: the issues with `changed` and `transitions`, and a sentence for people about each.
///
/// An issue that is not there any more is refused.
///
/// With several issues each carries its own transitions, and the first one those of issues that were not named.
pub(crate) fn written(
    context: &Context,
    written: &Written,
    sentence: impl Fn(&Issue) -> String,
) -> Result<Reply, CliError> {
    let readiness = written.view.readiness();
    let snapshot = &written.view.snapshot;
    // A key answers with what it named first, which may be gone since: another branch may be checked out.
    let find = |id: &IssueId| {
        let gone = || Refusal::NotFound { id: id.to_string() };
        snapshot.record(id).ok_or_else(gone)
    };
    let issues = written
        .issues
        .iter()
        .map(find)
        .collect::<Result<Vec<&Issue>, Refusal>>()?;
    let mut objects: Vec<Value> = Vec::with_capacity(issues.len());
    for (place, issue) in issues.iter().enumerate() {
        let mut object = jit_wire::issue::issue(&readiness, issue);
        let is_own = |transition: &&Transition| {
            transition.id == issue.id || (place == 0 && !written.issues.contains(&transition.id))
        };
        let own: Vec<Transition> = written.transitions.iter().filter(is_own).cloned().collect();
        jit_wire::transition::add_outcome(&mut object, written.changed, &own);
        objects.push(object);
    }
    let body = if objects.len() == 1 {
        Body::One(objects.remove(0))
    } else {
        Body::List(objects)
    };
    let mut reply = Reply::new(Shape::Issue, body);
    reply.audience = Audience::Nobody;
    conclude(context, &mut reply, written);
    if !written.changed {
        reply.talk.push("Nothing to change.".to_owned());
    } else if !context.globals.dry_run {
        reply
            .talk
            .extend(issues.iter().map(|issue| sentence(issue)));
        reply.talk.extend(others_ready(written));
    }
    Ok(reply)
}

/// Returns who reads the bare ids of what a command made or took: nobody, where it only would have.
pub(crate) fn audience_of_ids(context: &Context) -> Audience {
    if context.globals.dry_run {
        Audience::Nobody
    } else {
        Audience::Script
    }
}

/// Adds what every write says.
pub(crate) fn conclude(context: &Context, reply: &mut Reply, written: &Written) {
    reply.has_written = written.changed && !context.globals.dry_run;
    reply.warnings = context.warnings();
    reply.warnings.extend(written.warnings.iter().cloned());
    if context.globals.dry_run {
        reply.notes.push(DRY_RUN.to_owned());
    }
}

/// Returns a sentence for each issue that became ready or blocked though nobody named it.
pub(crate) fn others_ready(written: &Written) -> Vec<String> {
    let others = written
        .transitions
        .iter()
        .filter(|transition| !written.issues.contains(&transition.id));
    let sentence = |transition: &Transition| {
        let issue = written.view.snapshot.issue(&transition.id)?;
        match transition.to {
            ShownState::Ready => Some(format!("Now ready: {} {}", issue.id, issue.title)),
            ShownState::Open => Some(format!("Now blocked: {} {}", issue.id, issue.title)),
            ShownState::InProgress
            | ShownState::Gated
            | ShownState::Done
            | ShownState::Rejected
            | ShownState::Archived => None,
        }
    };
    others.filter_map(sentence).collect()
}

/// Returns the state of an issue as a sentence can name it.
pub(crate) fn shown(written: &Written, issue: &Issue) -> ShownState {
    written.view.readiness().shown(issue)
}

/// Returns what can't be read in the store, after what the settings warn about.
pub(crate) fn problems(context: &Context, view: &View) -> Vec<String> {
    let mut warnings = context.warnings();
    let problems = view.snapshot.problems().iter();
    warnings.extend(
        problems.map(|problem| format!("`{}` can't be read: {}", problem.path, problem.message)),
    );
    warnings
}

/// Returns a warning for each text that holds characters which hide or reorder others.
pub(crate) fn deceptive<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let found = texts
        .into_iter()
        .filter(|(_, text)| text.contains(is_deceptive));
    found
        .map(|(name, _)| format!("suspicious_unicode: the {name} holds characters that hide or reorder text; they are shown escaped"))
        .collect()
}

fn total(context: &Context, n_shown: usize, n_all: usize) -> Option<String> {
    context
        .globals
        .limit
        .map(|_| format!("Showing {n_shown} of {n_all}."))
}
