//! The command `issue delete`.
//!
//! Refuses to remove any file: a tombstone stays until the garbage collection, so that clones learn of the deletion.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::IssueId;

/// Delete issues
///
/// A deleted issue is hidden everywhere and resolves nothing. It stays in the store as a tombstone until gc removes that after 30 days; until then `jit issue delete --restore ID` takes the deletion back, which needs the whole id. Edges that --force has cut and a lease that it has ended do not come back: the log names them.
///
/// Refused while issues that are not deleted with it depend on it or are parts of it, or a lease holds it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit issue delete k7m2\n  jit issue delete k7m2,abcd --dry-run\n  jit issue delete --restore k7m2q9x3va"
)]
pub(crate) struct Args {
    /// The issues: ids or unique prefixes, separated by commas; - reads them from standard input
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,

    /// Cut the edges of issues that depend on it or are parts of it, and end its lease
    #[arg(long, conflicts_with = "restore")]
    force: bool,

    /// Take the deletion back; whole ids only
    #[arg(long)]
    restore: bool,
}

/// Deletes the issues, or takes that back.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let ids = context.input.ids(&args.ids)?;
    let tracker = context.tracker()?;
    let call = context.call(args.force)?;
    if args.restore {
        let written = tracker.restore(&call, &ids)?;
        return answer::written(context, &written, |issue| {
            format!(
                "Restored {} ({}).",
                issue.id,
                answer::shown(&written, issue)
            )
        });
    }
    let written = tracker.delete(&call, &ids)?;
    let mut reply = answer::written(context, &written, |issue| {
        format!("Deleted {} {}", issue.id, issue.title)
    })?;
    if reply.has_written {
        let ids: Vec<&str> = written.issues.iter().map(IssueId::as_str).collect();
        reply.talk.push(format!(
            "To take it back: jit issue delete --restore {}",
            ids.join(",")
        ));
    }
    Ok(reply)
}
