//! The command `issue comment`.
//!
//! Refuses to change anything that was said.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;

/// Say something about an issue
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit issue comment k7m2 \"the parser needs a lookahead\"\n  git log -1 --format=%B | jit issue comment k7m2 -"
)]
pub(crate) struct Args {
    /// The issue: an id or a unique prefix
    #[arg(value_name = "ID")]
    id: String,

    /// What to say; - reads standard input, @FILE a file, @@ begins a text with @
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    text: String,
}

/// Adds the comment.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let id = context.input.id(&args.id)?;
    let text = context.input.text(&args.text)?;
    let written = context
        .tracker()?
        .comment(&context.call(false)?, &id, &text)?;
    let mut reply = answer::written(context, &written, |issue| {
        format!("Commented on {}.", issue.id)
    })?;
    reply
        .warnings
        .extend(answer::deceptive([("comment", text.as_str())]));
    Ok(reply)
}
