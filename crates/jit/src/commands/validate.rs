//! The command `validate`.
//!
//! Owns how findings of different sources are brought into one list. Refuses to mend anything.

use crate::commands::{answer, recover};
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};
use jit_core::audit::{self, Finding};
use jit_core::{ErrorKind, Problem, Value};

/// How thorough to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Level {
    /// The files and the rules
    Fast,
    /// The log too
    Full,
}

/// Check the store: every file, every rule, and that the log accounts for every revision
///
/// Findings are listed on standard output; with any, the exit code is 4.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit validate\n  jit validate --level fast --json")]
pub(crate) struct Args {
    /// How thorough to be
    #[arg(long, value_name = "LEVEL", default_value = "full")]
    level: Level,
}

/// Lists what is wrong.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let tracker = context.tracker()?;
    let view = tracker.view()?;
    let mut findings: Vec<Value> = view.snapshot.problems().iter().map(unreadable).collect();
    findings.extend(
        audit::audit(&view.snapshot, &view.policy)
            .iter()
            .map(broken),
    );
    if args.level == Level::Full {
        // The log is read last: a write in between is in it, and takes nothing from what it accounts for.
        let log = tracker.events(None)?;
        findings.extend(log.problems.iter().map(|problem| unreadable_event(problem)));
        findings.extend(
            audit::audit_history(&view.snapshot, &log.events)
                .iter()
                .map(broken),
        );
        findings.extend(recover::findings(context)?);
    }
    let n_findings = findings.len();
    let mut reply = answer::objects(context, Shape::Finding, findings);
    if n_findings == 0 {
        let n_issues = view.snapshot.records().count();
        let noun = if n_issues == 1 { "issue" } else { "issues" };
        reply
            .talk
            .push(format!("{n_issues} {noun}, nothing is wrong."));
    } else {
        let message = match n_findings {
            1 => "1 finding".to_owned(),
            n => format!("{n} findings"),
        };
        let details = Value::object([("findings", (n_findings as u64).into())]);
        reply.verdict = Some(CliError::new(ErrorKind::Invalid, message).details(details));
    }
    Ok(reply)
}

fn unreadable(problem: &Problem) -> Value {
    Value::object([
        ("code", Value::from(problem.code.as_str())),
        (
            "issue",
            problem.issue.as_ref().map(ToString::to_string).into(),
        ),
        ("path", problem.path.as_str().into()),
        ("message", problem.message.as_str().into()),
        ("remedy", remedy(problem).into()),
    ])
}

/// What git tracks it can give back; the log and the leases are this clone's own.
fn remedy(problem: &Problem) -> &'static str {
    match problem.code.as_str() {
        "broken_log" => {
            "keep a copy of the log, which is not in git; git status shows what the issues have beyond the last commit"
        }
        "foreign_file" => "move it out of the store",
        _ if problem.path.starts_with(".jit/") => "mend the file by hand, or take it back from git",
        _ => "mend the file by hand; it is not in git",
    }
}

fn unreadable_event(problem: &str) -> Value {
    Value::object([
        ("code", Value::from("unreadable_event")),
        ("issue", Value::Null),
        ("path", Value::Null),
        ("message", problem.into()),
        ("remedy", "take the segment back from git".into()),
    ])
}

fn broken(finding: &Finding) -> Value {
    let issue = finding.issue.as_ref();
    let path = issue.map(|id| format!(".jit/issues/{}/{id}.json", id.shard()));
    Value::object([
        ("code", Value::from(finding.code)),
        ("issue", issue.map(ToString::to_string).into()),
        ("path", path.into()),
        ("message", finding.message.as_str().into()),
        ("remedy", finding.remedy.clone().into()),
    ])
}
