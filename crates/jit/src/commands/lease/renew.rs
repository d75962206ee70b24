//! The command `lease renew`.
//!
//! Owns the lines of a batch. Refuses to grant a lease: only a claim does.

use crate::args::input;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::process::{self, Named};
use crate::reply::{Audience, Body, Reply, Shape};
use jit_core::decide::{RenewOutcome, Renewed};
use jit_core::{ErrorKind, HolderProcess, IdPrefix, Refusal, Value};
use jit_tracker::AskedRenewal;

/// Prolong leases
///
/// One lease: `jit lease renew ID --epoch N`. Many at once: one JSON object {"id","epoch"}, perhaps with "pid", a line on standard input, one a line out, in the same order.
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

    /// The process that does the work: after a reboot of its host the lease ends at once
    #[arg(long, value_name = "PID[:START]", value_parser = Named::parse, conflicts_with = "batch")]
    pid: Option<Named>,
}

/// Renews one lease or many.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    match (&args.id, &args.batch) {
        (Some(id), _) => one(id, args.pid, context),
        (None, Some(file)) => batch(file, context),
        (None, None) => Err(CliError::usage("name an issue, or --batch -")),
    }
}

fn one(id: &str, named: Option<Named>, context: &Context) -> Result<Reply, CliError> {
    let prefix = context.input.id(id)?;
    let call = context.call(false)?;
    let environment = call.fence.environment.as_ref();
    let meant = environment.filter(|(id, _)| id.as_str().starts_with(prefix.as_str()));
    let (issue, epoch) = match (call.fence.flag, meant) {
        (Some(epoch), _) => (prefix, epoch),
        // The environment names its issue in full, so that a prefix of it is no guess.
        (None, Some((id, epoch))) => (input::id(id.as_str())?, *epoch),
        (None, None) => {
            return Err(CliError::usage(
                "--epoch is needed: it says which lease is meant",
            ));
        }
    };
    // To prolong the lease matters more than to know the process.
    let found = named.map(process::holder).transpose();
    let unknown = found.as_ref().err().map(ToString::to_string);
    let renewal = AskedRenewal {
        issue,
        epoch,
        process: found.unwrap_or_default(),
    };
    let answers = context.tracker()?.lease_renew(&call, &[renewal])?;
    let answer = answers.into_iter().next();
    let answer = answer.expect("one question has one answer")?;
    let refusal = match answer.outcome {
        RenewOutcome::Renewed { .. } => {
            let mut reply = renewed(&answer, context);
            reply.warnings.extend(unknown);
            return Ok(reply);
        }
        RenewOutcome::Fenced { current } => Refusal::LeaseLost {
            id: answer.id,
            presented: answer.epoch,
            current,
        },
        RenewOutcome::NotFound => Refusal::NotFound {
            id: answer.id.to_string(),
        },
    };
    Err(refusal.into())
}

fn renewed(answer: &Renewed, context: &Context) -> Reply {
    let mut reply = Reply::new(Shape::Renewal, Body::One(object(answer)));
    reply.audience = Audience::Nobody;
    if !context.globals.dry_run {
        reply.talk.push(format!(
            "Renewed the lease of {} (epoch {}).",
            answer.id, answer.epoch
        ));
    }
    conclude(&mut reply, context);
    reply
}

fn conclude(reply: &mut Reply, context: &Context) {
    let is_dry = context.globals.dry_run;
    reply.has_written = !is_dry;
    reply.warnings = context.warnings();
    reply
        .notes
        .extend(is_dry.then(|| answer::DRY_RUN.to_owned()));
}

fn batch(file: &str, context: &Context) -> Result<Reply, CliError> {
    if context.globals.epoch.is_some() {
        return Err(CliError::usage(
            "--epoch means one lease: a batch names its epochs itself",
        ));
    }
    let text = context.input.file(file)?;
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| Line::parse(number + 1, line))
        .collect::<Result<Vec<_>, _>>()?;
    let renewals: Vec<AskedRenewal> = lines.iter().filter_map(Line::renewal).collect();
    let answers = context
        .tracker()?
        .lease_renew(&context.call(false)?, &renewals)?;
    let mut answers = answers.into_iter();
    let objects: Vec<_> = lines
        .iter()
        .map(|line| match line.renewal().and_then(|_| answers.next()) {
            Some(Ok(answer)) => object(&answer),
            Some(Err(refusal)) => refused(line, refusal.kind()),
            None => refused(line, ErrorKind::NotFound),
        })
        .map(|object| Ok(Some(object)))
        .collect();
    let mut reply = Reply::new(Shape::Renewal, Body::Stream(Box::new(objects.into_iter())));
    conclude(&mut reply, context);
    Ok(reply)
}

/// A line of a batch.
struct Line {
    id: String,
    epoch: u64,
    process: Option<HolderProcess>,
}

impl Line {
    fn parse(number: usize, line: &str) -> Result<Self, CliError> {
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
        let (Some(id), Some(epoch)) = (id, epoch) else {
            return Err(fail("an object with `id` and `epoch` is expected"));
        };
        let named = match member("pid") {
            None | Some(Value::Null) => None,
            Some(pid) => {
                let text = pid.as_str().map(str::to_owned);
                let text = text.or_else(|| pid.as_u64().map(|pid| pid.to_string()));
                let named = Named::parse(&text.unwrap_or_default());
                Some(named.map_err(|problem| fail(&format!("pid: {problem}")))?)
            }
        };
        // One process that has just ended must not keep the other leases from being prolonged.
        let process = named.and_then(|named| process::holder(named).ok());
        Ok(Self {
            id: id.to_owned(),
            epoch,
            process,
        })
    }

    /// Returns what to ask for; nothing where the text can be no id.
    fn renewal(&self) -> Option<AskedRenewal> {
        Some(AskedRenewal {
            issue: IdPrefix::parse(&self.id).ok()?,
            epoch: self.epoch,
            process: self.process,
        })
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

/// Returns the answer to a line that names no issue, or several.
fn refused(line: &Line, kind: ErrorKind) -> Value {
    Value::object([
        ("id", Value::from(line.id.as_str())),
        ("epoch", line.epoch.into()),
        ("ok", false.into()),
        ("fenced", false.into()),
        ("cancel_requested", false.into()),
        ("expires_at", Value::Null),
        ("current", Value::Null),
        ("code", kind.code().into()),
    ])
}
