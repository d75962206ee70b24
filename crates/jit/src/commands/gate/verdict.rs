//! The commands `gate pass` and `gate fail`.
//!
//! Refuses to run checkers.

use crate::args::values;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::decide::GateVerdict;
use jit_core::id::IdPrefix;
use jit_core::{Assignee, GateKey};
use jit_tracker::{Call, Error, Tracker, Written};

/// What both verbs take.
#[derive(Debug, clap::Args)]
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

/// Records that the gates are passed.
pub(crate) fn pass(args: Args, context: &Context) -> Result<Reply, CliError> {
    record(args, context, "Passed", Tracker::gate_pass)
}

/// Records that the gates failed.
pub(crate) fn fail(args: Args, context: &Context) -> Result<Reply, CliError> {
    record(args, context, "Failed", Tracker::gate_fail)
}

/// The use case of a verdict.
type Record = fn(&Tracker, &Call, &[IdPrefix], &[GateKey], &GateVerdict) -> Result<Written, Error>;

fn record(args: Args, context: &Context, verb: &str, record: Record) -> Result<Reply, CliError> {
    let ids = context.input.ids(&[args.ids])?;
    let verdict = GateVerdict {
        by: args.by,
        note: context.input.remark("the note", args.note.as_deref())?,
    };
    let call = context.call(false)?;
    let written = record(context.tracker()?, &call, &ids, &args.keys, &verdict)?;
    let keys = super::joined(&args.keys);
    answer::written(context, &written, |issue| {
        let shown = answer::shown(&written, issue);
        format!("{verb} {keys} of {} ({shown}).", issue.id)
    })
}
