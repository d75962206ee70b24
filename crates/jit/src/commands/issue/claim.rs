//! The command `issue claim`.
//!
//! Refuses to wait: an issue that is held is a conflict.

use crate::args::claim::TermsArgs;
use crate::args::values;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::Assignee;

/// Claim issues for somebody
///
/// Grants a lease and raises the epoch, the fencing token of later writes. Without --ttl the claim never expires. Several issues are claimed together or not at all. A claim with --slot is refused while the slot has no place left, exit 6.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit issue claim k7m2 copilot-1\n  jit issue claim k7m2 agent:copilot-1 --ttl 1m --key run-42 --json\n  jit issue claim k7m2 copilot-1 --ttl 1m --slot account:main=4"
)]
pub(crate) struct Args {
    /// The issue, or several separated by commas; - reads them from standard input
    #[arg(value_name = "ID")]
    ids: String,

    /// Who takes it; the actor when left out
    #[arg(value_name = "WHO", value_parser = values::who)]
    who: Option<Assignee>,

    #[command(flatten)]
    terms: TermsArgs,
}

/// Claims the issues.
pub(crate) fn run(args: Args, context: &Context) -> Result<Reply, CliError> {
    let ids = context.input.ids(&[args.ids])?;
    let who = args.who.map_or_else(|| context.actor(), Ok)?;
    let terms = args.terms.terms()?;
    let written = context
        .tracker()?
        .claim(&context.call(false)?, &ids, &who, &terms)?;
    answer::written(context, &written, |issue| {
        format!("Claimed {} for {who} (epoch {}).", issue.id, issue.epoch)
    })
}
