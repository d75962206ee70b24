//! The command `gate fail`.
//!
//! Refuses to run checkers.

use crate::args::values;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::decide::GateVerdict;
use jit_core::{Assignee, GateKey};

/// Fail gates of issues
///
/// An issue that waits for its exit gates is open again, unassigned.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit gate fail k7m2 review --note \"read twice\"")]
pub(crate) struct Args {
    /// The issue, or several separated by commas; - reads them from standard input
    #[arg(value_name = "ID")]
    ids: String,

    /// The gates, separated by commas
    #[arg(value_name = "KEY", required = true, value_delimiter = ',', value_parser = values::gate)]
    keys: Vec<GateKey>,

    /// Who decided; the actor when left out
    #[arg(long, value_name = "WHO", value_parser = values::who)]
    by: Option<Assignee>,

    /// What they said; - reads standard input, @FILE a file
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    note: Option<String>,
}

/// Records the verdict.
pub(crate) fn run(args: Args, context: &Context) -> Result<Reply, CliError> {
    let ids = context.input.ids(&[args.ids])?;
    let verdict = GateVerdict {
        by: args.by,
        note: context.input.remark("the note", args.note.as_deref())?,
    };
    let call = context.call(false)?;
    let written = context
        .tracker()?
        .gate_fail(&call, &ids, &args.keys, &verdict)?;
    let keys = super::joined(&args.keys);
    answer::written(context, &written, |issue| {
        format!(
            "Failed {} of {} ({}).",
            keys,
            issue.id,
            answer::shown(&written, issue)
        )
    })
}
