//! The command `issue link`.
//!
//! Refuses to make anything wait: that is `dep add`.

use crate::args::values;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::issue::LinkKind;

/// Say how an issue is related to others
///
/// A link never blocks. It is kept when its target is deleted.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit issue link k7m2 duplicates abcd\n  jit issue link k7m2 discovered_from abcd,bcde\n  jit issue link k7m2 related abcd --remove"
)]
pub(crate) struct Args {
    /// The issue: an id or a unique prefix
    #[arg(value_name = "ID")]
    id: String,

    /// How it is related
    #[arg(value_name = "KIND", value_parser = values::link_kind())]
    kind: LinkKind,

    /// The other issue; several separated by spaces or commas
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,

    /// Remove the link
    #[arg(long)]
    remove: bool,
}

/// Changes the links.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let id = context.input.id(&args.id)?;
    let targets = context.input.ids(&args.targets)?;
    let call = context.call(false)?;
    let tracker = context.tracker()?;
    let written = if args.remove {
        tracker.unlink(&call, &id, args.kind, &targets)?
    } else {
        tracker.link(&call, &id, args.kind, &targets)?
    };
    answer::written(context, &written, |issue| {
        let n_links = issue.links.len();
        let noun = if n_links == 1 { "link" } else { "links" };
        format!("{} has {n_links} {noun} now.", issue.id)
    })
}
