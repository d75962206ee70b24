//! The command `issue claim-next`.
//!
//! Refuses to choose: the order of `query ready` does.

use crate::args::claim::TermsArgs;
use crate::args::values;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::decide::NextFilter;
use jit_core::issue::IssueType;
use jit_core::{Assignee, Label, Priority};

/// Claim the most urgent ready issue for somebody
///
/// Prints its id on standard output. Issues that are assigned to WHO come first. When there is nothing to take, standard output is empty and the exit code is 3; while a slot has no place left, it is 6.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit issue claim-next copilot-1\n  id=$(jit issue claim-next copilot-1 --label area:core --ttl 10m) && work on \"$id\""
)]
pub(crate) struct Args {
    /// Who takes it; the actor when left out
    #[arg(value_name = "WHO", value_parser = values::who)]
    who: Option<Assignee>,

    /// Only issues with all of these labels
    #[arg(long = "label", value_name = "LABEL", value_delimiter = ',', value_parser = values::label)]
    labels: Vec<Label>,

    /// Only issues of this type
    #[arg(long = "type", value_name = "TYPE", value_parser = values::kind)]
    kind: Option<IssueType>,

    /// Only issues of this priority
    #[arg(long, value_parser = values::priority())]
    priority: Option<Priority>,

    #[command(flatten)]
    terms: TermsArgs,
}

/// Claims the first issue of `query ready` that passes the filters.
pub(crate) fn run(args: Args, context: &Context) -> Result<Reply, CliError> {
    let filter = NextFilter {
        labels: args.labels,
        kind: args.kind,
        priority: args.priority,
    };
    let terms = args.terms.terms()?;
    let tracker = context.tracker()?;
    let who = args.who.map_or_else(|| context.actor(), Ok)?;
    let written = tracker.claim_next(&context.call(false)?, &who, &filter, &terms)?;
    let mut reply = answer::written(context, &written, |issue| {
        format!(
            "Claimed {} for {who} (epoch {}): {}",
            issue.id, issue.epoch, issue.title
        )
    })?;
    reply.audience = answer::audience_of_ids(context);
    Ok(reply)
}
