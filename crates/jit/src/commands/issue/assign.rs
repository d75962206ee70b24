//! The command `issue assign`.
//!
//! Refuses to grant a lease: that is `claim`.

use crate::args::values;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::Assignee;

/// Say who shall do issues
///
/// An issue that is assigned can be claimed by its assignee only. --force revokes a live lease of somebody else.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit issue assign k7m2 human:ada")]
pub(crate) struct Args {
    /// The issue, or several separated by commas; - reads them from standard input
    #[arg(value_name = "ID")]
    ids: String,

    /// Who shall do it; the actor when left out
    #[arg(value_name = "WHO", value_parser = values::who)]
    who: Option<Assignee>,

    /// Override what refuses
    #[arg(long)]
    force: bool,
}

/// Assigns the issues.
pub(crate) fn run(args: Args, context: &Context) -> Result<Reply, CliError> {
    let ids = context.input.ids(&[args.ids])?;
    let who = args.who.map_or_else(|| context.actor(), Ok)?;
    let written = context
        .tracker()?
        .assign(&context.call(args.force)?, &ids, &who)?;
    answer::written(context, &written, |issue| {
        format!("Assigned {} to {who}.", issue.id)
    })
}
