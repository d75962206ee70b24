//! The command `validate`.
//!
//! Owns the levels, and how findings of different sources are brought into one list. Refuses to mend anything by itself:
//! `--fix` asks the tracker.

mod fix;
mod git_level;
mod remedy;
mod target;

use crate::commands::{answer, recover};
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};
pub(crate) use git_level::git_files;
use jit_core::audit::{self, Finding, Severity};
use jit_core::{ErrorKind, Value};
use jit_store::file::Depth;
pub(crate) use remedy::{added as with_remedy, of_problem};
pub(crate) use target::Target;

/// How thorough to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Level {
    /// The files, their fields and the graph
    Fast,
    /// The log, the leases and what is private to this clone too
    Full,
    /// What git makes of the store too
    Git,
}

/// Check the store: every file, every rule, and that the log accounts for every revision
///
/// Findings are listed on standard output; with any but notices, the exit code is 4. `--fix` mends what has one safe
/// answer, keeps a copy of each file that it changes, and lists the rest; with `--dry-run` it only says what it would do.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit validate\n  jit validate --level fast --json\n  jit validate --fix --dry-run\n  jit validate --fix"
)]
pub(crate) struct Args {
    /// How thorough to be; `--fix` always looks at everything
    #[arg(long, value_name = "LEVEL", default_value = "full")]
    level: Level,

    /// Mend what can be mended without asking anybody
    #[arg(long)]
    fix: bool,
}

impl Args {
    /// Returns what the answer consists of.
    pub(crate) fn shape(&self) -> Shape {
        if self.fix {
            Shape::Repair
        } else {
            Shape::Finding
        }
    }
}

/// Lists what is wrong, or mends it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let target = Target::open(context)?;
    if args.fix {
        return fix::run(context, &target);
    }
    let (findings, n_issues) = look(&target, args.level)?;
    let n_errors = errors(&findings).count();
    let n_all = findings.len();
    let objects = findings.iter().map(jit_wire::finding::finding).collect();
    let mut reply = answer::objects(context, Shape::Finding, objects);
    reply.warnings = target.warnings;
    if n_all == 0 {
        let noun = if n_issues == 1 { "issue" } else { "issues" };
        reply
            .talk
            .push(format!("{n_issues} {noun}, nothing is wrong."));
    }
    reply.verdict = verdict(n_errors);
    Ok(reply)
}

/// Returns the findings that are no mere notices.
pub(crate) fn errors(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
}

/// Returns the failure that findings are.
pub(crate) fn verdict(n_errors: usize) -> Option<CliError> {
    let message = match n_errors {
        0 => return None,
        1 => "1 finding".to_owned(),
        n => format!("{n} findings"),
    };
    let details = Value::object([("findings", (n_errors as u64).into())]);
    Some(CliError::new(ErrorKind::Invalid, message).details(details))
}

/// Returns everything that is wrong at this level, and how many issues and tombstones there are.
fn look(target: &Target, level: Level) -> Result<(Vec<Finding>, usize), CliError> {
    let depth = if level == Level::Fast {
        Depth::Records
    } else {
        Depth::Everything
    };
    let seen = target.store.examine(depth)?;
    let problems = seen.snapshot.problems().iter().map(remedy::of_problem);
    let mut findings: Vec<Finding> = problems.collect();
    findings.extend(target.findings.iter().cloned());
    findings.extend(seen.findings.iter().cloned().map(remedy::added));
    let mut broken = audit::audit(&seen.snapshot, &target.policy);
    if level >= Level::Full {
        audit::add_origins(&mut broken, seen.lines());
        findings.extend(broken);
        let unaccounted = audit::audit_history(&seen.snapshot, seen.lines());
        findings.extend(unaccounted.into_iter().map(remedy::added));
        let lost = recover::findings(&target.store, &target.location)?;
        let absent = audit::audit_absent(&seen.snapshot, seen.lines()).into_iter();
        // What is lost has a finding already, and so has a whole directory that is missing.
        let is_told = |absent: &Finding| lost.iter().any(|lost| lost.issue == absent.issue);
        let is_dir_missing = findings.iter().any(|it| it.code == "missing_directory");
        let absent = absent.filter(|absent| !is_dir_missing && !is_told(absent));
        let absent: Vec<Finding> = absent.collect();
        findings.extend(absent);
        findings.extend(lost);
    } else {
        findings.extend(broken);
    }
    if level == Level::Git {
        findings.extend(git_level::look(&target.location)?);
    }
    Ok((findings, seen.snapshot.records().count()))
}
