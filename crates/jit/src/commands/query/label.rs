//! The command `query label`.
//!
//! Refuses to give any label a meaning.

use crate::args::values;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::label::LabelPattern;
use jit_core::query;

/// List the unresolved issues with a label
///
/// A * at the end stands for any rest, so that area:* finds every label of that namespace.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit query label urgent\n  jit query label 'area:*' --json\n  jit query label area:core --all"
)]
pub(crate) struct Args {
    /// The label, or how it begins followed by *
    #[arg(value_name = "LABEL", value_parser = values::label_pattern)]
    label: LabelPattern,

    /// Show resolved issues too
    #[arg(long)]
    all: bool,
}

/// Lists them.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let view = context.view()?;
    let found = query::labelled(&view.readiness(), &args.label, args.all);
    Ok(answer::issues(context, &view, &found))
}
