//! The command `issue release`.
//!
//! Refuses to settle work that is done.

use crate::args::values::{self, Moment};
use crate::commands::answer;
use crate::context::{Context, now};
use crate::error::CliError;
use crate::reply::Reply;

/// Give issues back
///
/// They become open and unassigned. Only the holder may do so, or anybody with --force.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit issue release k7m2 \"tests need a database\"\n  jit issue release k7m2 --epoch 3 --not-before 10m"
)]
pub(crate) struct Args {
    /// The issue, or several separated by commas; - reads them from standard input
    #[arg(value_name = "ID")]
    ids: String,

    /// Why; - reads standard input, @FILE a file
    #[arg(value_name = "REASON", allow_hyphen_values = true)]
    reason: Option<String>,

    /// Keep it out of the ready issues until then: a time, or a duration from now
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    not_before: Option<Moment>,

    /// Override what refuses
    #[arg(long)]
    force: bool,
}

/// Releases the issues.
pub(crate) fn run(args: Args, context: &Context) -> Result<Reply, CliError> {
    let ids = context.input.ids(&[args.ids])?;
    let reason = context.input.remark("the reason", args.reason.as_deref())?;
    let now = now()?;
    let not_before = args.not_before.map(|moment| moment.resolve(now));
    let call = context.call(args.force)?;
    let written = context
        .tracker()?
        .release(&call, &ids, reason.as_deref(), not_before)?;
    answer::written(context, &written, |issue| {
        let shown = answer::shown(&written, issue);
        let wait = issue.not_before.filter(|at| *at > now);
        let until = wait.map_or_else(String::new, |at| format!(", not before {at}"));
        format!("Released {} ({shown}{until}).", issue.id)
    })
}
