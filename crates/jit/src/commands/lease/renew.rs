//! The command `lease renew`.
//!
//! Owns the lines of a batch. Refuses to grant a lease: only a claim does.

use crate::args::input;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Audience, Body, Reply, Shape};
use jit_core::decide::{RenewOutcome, Renewed};
use jit_core::{ErrorKind, IdPrefix, Refusal, Value};

/// Prolong leases
///
/// One lease: `jit lease renew ID --epoch N`. Many at once: one JSON object {"id","epoch"} a line on standard input, one a line out, in the same order.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit lease renew k7m2 --epoch 3\n  jit lease renew --batch - --json < held.jsonl"
)]
pub(crate) struct Args {
    /// The issue whose lease to prolong
    #[arg(
        value_name = "ID",
        required_unless_present = "batch",
        conflicts_with = "batch"
    )]
    id: Option<String>,

    /// Read the leases to prolong from standard input (-) or from a file
    #[arg(long, value_name = "FILE")]
    batch: Option<String>,
}

/// Renews one lease or many.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    match (&args.id, &args.batch) {
        (Some(id), _) => one(id, context),
        (None, Some(file)) => batch(file, context),
        (None, None) => Err(CliError::usage("name an issue, or --batch -")),
    }
}

fn one(id: &str, context: &Context) -> Result<Reply, CliError> {
    let prefix = context.input.id(id)?;
    let call = context.call(false)?;
    let tracker = context.tracker()?;
    let id = tracker.view()?.snapshot.resolve(&prefix)?;
    let Some(epoch) = call.fence.epoch_for(&id) else {
        return Err(CliError::usage(
            "--epoch is needed: it says which lease is meant",
        ));
    };
    let answers = tracker.lease_renew(&call, &[(prefix, epoch)])?;
    let mut reply = Reply::new(Shape::Renewal, Body::List(Vec::new()));
    for answer in &answers {
        let refusal = match answer.outcome {
            RenewOutcome::Renewed { .. } => {
                reply.body = Body::One(object(answer));
                reply.talk.push(format!(
                    "Renewed the lease of {} (epoch {epoch}).",
                    answer.id
                ));
                continue;
            }
            RenewOutcome::Fenced { current } => Refusal::LeaseLost {
                id: answer.id.clone(),
                presented: epoch,
                current,
            },
            RenewOutcome::NotFound => Refusal::NotFound {
                id: answer.id.to_string(),
            },
        };
        return Err(refusal.into());
    }
    reply.audience = Audience::Nobody;
    reply.has_written = !context.globals.dry_run;
    reply.warnings = context.warnings();
    Ok(reply)
}

fn batch(file: &str, context: &Context) -> Result<Reply, CliError> {
    if context.globals.epoch.is_some() {
        return Err(CliError::usage(
            "--epoch means one lease: a batch names its epochs itself",
        ));
    }
    let text = context.input.file(file)?;
    let renewals = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| renewal(number + 1, line))
        .collect::<Result<Vec<_>, _>>()?;
    let answers = context
        .tracker()?
        .lease_renew(&context.call(false)?, &renewals)?;
    let objects: Vec<_> = answers
        .iter()
        .map(|answer| Ok(Some(object(answer))))
        .collect();
    let mut reply = Reply::new(Shape::Renewal, Body::Stream(Box::new(objects.into_iter())));
    reply.warnings = context.warnings();
    reply.has_written = !context.globals.dry_run;
    Ok(reply)
}

fn renewal(number: usize, line: &str) -> Result<(IdPrefix, u64), CliError> {
    let fail = |problem: &str| {
        CliError::new(ErrorKind::InvalidValue, format!("line {number}: {problem}"))
            .details(Value::object([("line", (number as u64).into())]))
    };
    let value: Value =
        serde_json::from_str(line).map_err(|error| fail(&format!("not JSON: {error}")))?;
    let member = |name: &str| value.as_object().and_then(|members| members.get(name));
    let id = member("id")
        .or_else(|| member("issue"))
        .and_then(Value::as_str);
    let epoch = member("epoch").and_then(Value::as_u64);
    match (id, epoch) {
        (Some(id), Some(epoch)) => Ok((input::id(id)?, epoch)),
        _ => Err(fail("an object with `id` and `epoch` is expected")),
    }
}

fn object(answer: &Renewed) -> Value {
    let (ok, expires_at, cancel_requested, current, code) = match &answer.outcome {
        RenewOutcome::Renewed {
            expires_at,
            cancel_requested,
        } => (
            true,
            *expires_at,
            *cancel_requested,
            Some(answer.epoch),
            None,
        ),
        RenewOutcome::Fenced { current } => {
            (false, None, false, *current, Some(ErrorKind::LeaseLost))
        }
        RenewOutcome::NotFound => (false, None, false, None, Some(ErrorKind::NotFound)),
    };
    Value::object([
        ("id", Value::from(answer.id.as_str())),
        ("epoch", answer.epoch.into()),
        ("ok", ok.into()),
        ("fenced", (code == Some(ErrorKind::LeaseLost)).into()),
        ("cancel_requested", cancel_requested.into()),
        ("expires_at", expires_at.map(|at| at.to_string()).into()),
        ("current", current.into()),
        ("code", code.map(ErrorKind::code).into()),
    ])
}
