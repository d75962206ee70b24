//! The command `issue label`.
//!
//! Owns the spelling of what is added and removed. Refuses to give any label a meaning.

use crate::args::values;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::Label;

/// Put labels on issues, or take them off
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit issue label k7m2 area:core urgent\n  jit issue label k7m2,abcd -stale\n  jit issue label k7m2 area:core,-stale\n  jit issue label k7m2 --remove stale"
)]
pub(crate) struct Args {
    /// The issue, or several separated by commas; - reads them from standard input
    #[arg(value_name = "ID")]
    ids: String,

    /// Labels to add, separated by commas; one that is written -LABEL is removed
    // Only this one takes a hyphen: a list that did would swallow the flags behind it.
    #[arg(
        value_name = "LABEL",
        allow_hyphen_values = true,
        required_unless_present = "removed"
    )]
    first: Option<String>,

    /// More labels to add
    #[arg(value_name = "LABEL")]
    more: Vec<String>,

    /// Remove a label
    #[arg(long = "remove", id = "removed", value_name = "LABEL")]
    removed: Vec<String>,
}

/// Changes the labels.
pub(crate) fn run(args: Args, context: &Context) -> Result<Reply, CliError> {
    let words = args.first.iter().chain(&args.more);
    let (minus, plus): (Vec<&str>, Vec<&str>) = words
        .flat_map(|word| word.split(','))
        .partition(|word| word.starts_with('-'));
    let minus = minus.iter().filter_map(|word| word.strip_prefix('-'));
    let named = args.removed.iter().flat_map(|word| word.split(','));
    let added = labels(plus.into_iter())?;
    let removed = labels(minus.chain(named))?;
    let ids = context.input.ids(&[args.ids])?;
    let call = context.call(false)?;
    let written = context.tracker()?.label(&call, &ids, &added, &removed)?;
    let mut reply = answer::written(context, &written, |issue| {
        let labels: Vec<&str> = issue.labels.iter().map(Label::as_str).collect();
        match labels.as_slice() {
            [] => format!("{} has no labels now.", issue.id),
            labels => format!("{} is labelled {}.", issue.id, labels.join(", ")),
        }
    })?;
    let texts = added.iter().map(|label| ("label", label.as_str()));
    reply.warnings.extend(answer::deceptive(texts));
    Ok(reply)
}

fn labels<'a>(words: impl Iterator<Item = &'a str>) -> Result<Vec<Label>, CliError> {
    words
        .map(|word| values::label(word).map_err(CliError::usage))
        .collect()
}
