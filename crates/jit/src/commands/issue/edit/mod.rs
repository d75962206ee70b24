//! The command `issue edit`.
//!
//! Owns the way from an issue through the user's editor and back. Refuses to hold anything while the editor runs, and to
//! lose what the user wrote: a text that can't be taken stays in its file.

mod form;

use crate::commands::answer;
use crate::context::{Context, now};
use crate::editor::{Draft, Editor};
use crate::error::CliError;
use crate::reply::Reply;
use form::Form;
use jit_core::decide::Update;
use jit_core::id::IdPrefix;
use jit_core::{ErrorKind, IssueId, Refusal};
use jit_tracker::View;

/// Change an issue in an editor
///
/// Opens the editor that VISUAL or EDITOR names on the title, type, priority, labels, times, estimate and description. State, assignee and edges have verbs of their own. Nothing is locked meanwhile; if the issue has changed when the editor ends, nothing is written and the text is kept in a file.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit issue edit k7m2\n  EDITOR=\"code --wait\" jit issue edit k7m2"
)]
pub(crate) struct Args {
    /// The issue: an id or a unique prefix
    #[arg(value_name = "ID")]
    id: String,
}

/// Lets the user edit the issue.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let editor = Editor::of_the_user(context.globals.no_input)?;
    let prefix = context.input.id(&args.id)?;
    let seen = Seen::look(&prefix, context)?;
    let draft = Draft::new(&prefix.to_string(), seen.form.render(seen.id.as_str()))?;
    match editor
        .edit(&draft)
        .and_then(|text| take(&seen, &text, context))
    {
        Ok(reply) => Ok(reply),
        Err(error) => Err(draft.keep(error)),
    }
}

/// The issue as it was when the editor was opened.
struct Seen {
    id: IdPrefix,
    etag: String,
    form: Form,
}

impl Seen {
    fn look(prefix: &IdPrefix, context: &Context) -> Result<Self, CliError> {
        let mut view = context.view_of_named()?;
        let id = view.snapshot.resolve(prefix)?;
        if has_lapsed(&view, &id) {
            // The next writer records that, which is another version: better this one, before the work, than after it.
            context.tracker()?.lease_sweep(&context.call(false)?)?;
            view = context.view_of_named()?;
        }
        let gone = || Refusal::NotFound { id: id.to_string() };
        let issue = view.snapshot.issue(&id).ok_or_else(gone)?;
        // What is refused in the end is better refused before the work.
        if let Some(expected) = &context.globals.if_etag
            && *expected != issue.etag
        {
            return Err(Refusal::EtagDiffers {
                id,
                expected: expected.clone(),
                actual: issue.etag.clone(),
            }
            .into());
        }
        Ok(Self {
            id: IdPrefix::parse(id.as_str()).expect("an id is a prefix of itself"),
            etag: issue.etag.clone(),
            form: Form::of(issue),
        })
    }
}

/// Returns whether a lease of the issue has run out and nobody has recorded it yet.
fn has_lapsed(view: &View, id: &IssueId) -> bool {
    let issue = view.snapshot.issue(id);
    issue.is_some_and(|issue| view.readiness().state(issue) != issue.state)
}

/// Writes what the user has changed, provided that nobody else has changed the issue meanwhile.
fn take(seen: &Seen, text: &str, context: &Context) -> Result<Reply, CliError> {
    let update = if text.trim().is_empty() {
        Update::default()
    } else {
        let invalid = |problem: String| CliError::new(ErrorKind::InvalidValue, problem);
        let edited = Form::parse(text).map_err(invalid)?;
        seen.form.changes(&edited, now()?).map_err(invalid)?
    };
    let mut call = context.call(false)?;
    // Whoever has changed nothing overwrites nothing.
    call.if_etag = (update != Update::default()).then(|| seen.etag.clone());
    let ids = std::slice::from_ref(&seen.id);
    let written = context.tracker()?.update(&call, ids, &update)?;
    let mut reply = answer::written(context, &written, |issue| {
        format!("Updated {} ({}).", issue.id, answer::shown(&written, issue))
    })?;
    let texts = [
        ("title", &update.title),
        ("description", &update.description),
    ];
    let given = texts
        .iter()
        .filter_map(|(name, text)| Some((*name, text.as_deref()?)));
    reply.warnings.extend(answer::deceptive(given));
    Ok(reply)
}
