//! `validate --fix`: what is mended, and what is left to a person.
//!
//! Owns the order: the version of the format first, then everything else in one transaction, then a second look. Refuses
//! to choose between versions: the tracker does.

use super::{Level, errors, git_level, look, verdict};
use crate::commands::validate::target::Target;
use crate::context::Context;
use crate::error::CliError;
use crate::git::Git;
use crate::reply::{Audience, Body, Reply, Shape};
use jit_core::audit::Finding;
use jit_core::{ErrorKind, Value};
use jit_store::file::Depth;
use jit_tracker::{Mending, Step};

/// Asks git what its last commit has of a file.
type Ask<'a> = dyn Fn(&str) -> Result<Option<Vec<u8>>, CliError> + 'a;

/// Mends what has one safe answer.
pub(super) fn run(context: &Context, target: &Target) -> Result<Reply, CliError> {
    let call = context.call_at(&target.location, false)?;
    let git = Git::around(&target.location);
    let committed = |path: &str| -> Result<Option<Vec<u8>>, CliError> {
        match (&git, path.strip_prefix(".jit/")) {
            (Some(git), Some(rest)) => git.committed(&format!("{}/{rest}", git.prefix())),
            _ => Ok(None),
        }
    };
    let mut mending = Mending::default();
    let has_version = version(target, call.dry_run, &committed, &mut mending)?;
    if has_version {
        let extra = git_level::files(&target.location);
        let ask =
            |path: &str| committed(path).map_err(|error| jit_tracker::Error::Git(error.message));
        let more = jit_tracker::mend(&target.store, &target.policy, &call, &ask, &extra)?;
        mending.steps.extend(more.steps);
        mending.backup = more.backup;
        mending.warnings.extend(more.warnings);
    }
    reply(context, target, mending)
}

/// Restores the version of the format, without which nothing can be written; says whether there is one.
fn version(
    target: &Target,
    is_dry: bool,
    committed: &Ask<'_>,
    mending: &mut Mending,
) -> Result<bool, CliError> {
    const PATH: &str = ".jit/format.json";
    let findings = target.store.examine(Depth::Records)?.findings;
    if !findings.iter().any(|found| found.code == "broken_format") {
        return Ok(true);
    }
    let Some(bytes) = committed(PATH)? else {
        return Ok(false);
    };
    if !is_dry {
        target.store.restore_format(&bytes)?;
    }
    mending.steps.push(Step {
        code: "broken_format".to_owned(),
        path: PATH.to_owned(),
        issue: None,
        action: "restore it from the last commit".to_owned(),
    });
    Ok(!is_dry)
}

fn reply(context: &Context, target: &Target, mending: Mending) -> Result<Reply, CliError> {
    let is_dry = context.globals.dry_run;
    let has_git = target.location.git.is_some();
    let level = if has_git { Level::Git } else { Level::Full };
    let (mut left, _) = look(target, level)?;
    if is_dry {
        left.retain(|finding| !is_planned(&mending.steps, finding));
    }
    let n_errors = errors(&left).count();
    let changed = !mending.steps.is_empty() && !is_dry;
    let object = Value::object([
        (
            "steps",
            Value::Array(mending.steps.iter().map(step).collect()),
        ),
        (
            "left",
            Value::Array(left.iter().map(jit_wire::finding::finding).collect()),
        ),
        ("backup", mending.backup.clone().into()),
        ("changed", changed.into()),
    ]);
    let mut reply = Reply::new(Shape::Repair, Body::One(object));
    reply.audience = Audience::Reader;
    reply.has_written = changed;
    reply.warnings.clone_from(&target.warnings);
    reply.warnings.extend(mending.warnings);
    if is_dry {
        reply
            .notes
            .push(crate::commands::answer::DRY_RUN.to_owned());
    } else if !changed {
        reply.talk.push("There is nothing to mend.".to_owned());
    } else if let Some(backup) = &mending.backup {
        reply
            .talk
            .push(format!("The files as they were before are in `{backup}`."));
    }
    reply.verdict = verdict(n_errors)
        .filter(|_| !is_dry)
        .map(|failure| CliError {
            kind: ErrorKind::Invalid,
            message: format!("{} left for a person", failure.message),
            ..failure
        });
    Ok(reply)
}

/// Returns whether a step is about a finding; one edge that goes may end several cycles.
fn is_planned(steps: &[Step], finding: &Finding) -> bool {
    let object = jit_wire::finding::finding(finding);
    let path = object.as_object().and_then(|object| object.get("path"));
    let path = path.and_then(Value::as_str);
    steps.iter().any(|step| {
        step.code == finding.code && (step.code == "cycle" || Some(step.path.as_str()) == path)
    })
}

fn step(step: &Step) -> Value {
    Value::object([
        ("code", Value::from(step.code.as_str())),
        ("path", step.path.as_str().into()),
        ("issue", step.issue.as_ref().map(ToString::to_string).into()),
        ("action", step.action.as_str().into()),
    ])
}
