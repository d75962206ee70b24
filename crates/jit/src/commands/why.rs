//! The command `why`.
//!
//! Owns the sentences about states in which nothing blocks. Refuses to judge readiness.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};
use jit_core::{Issue, ShownState};
use jit_tracker::View;

/// Say why an issue is not ready
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit why k7m2")]
pub(crate) struct Args {
    /// The issue: an id or a unique prefix
    #[arg(value_name = "ID")]
    id: String,
}

/// Explains the issue.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let prefix = context.input.id(&args.id)?;
    let view = context.view_of_named()?;
    let id = view.snapshot.resolve(&prefix)?;
    let issues: Vec<&Issue> = view.snapshot.issue(&id).into_iter().collect();
    let mut reply = answer::named(context, &view, &issues);
    reply.shape = Shape::Why;
    reply
        .talk
        .extend(issues.iter().filter_map(|issue| conclusion(&view, issue)));
    Ok(reply)
}

/// Returns what keeps people from taking an issue that nothing blocks.
fn conclusion(view: &View, issue: &Issue) -> Option<String> {
    let readiness = view.readiness();
    let holder = readiness.assignee(issue);
    match (readiness.shown(issue), holder) {
        (ShownState::Open, _) => None,
        (ShownState::Ready, None) => Some("Nothing blocks it: it can be claimed.".to_owned()),
        (ShownState::Ready, Some(who)) => Some(format!(
            "Nothing blocks it, but it is assigned to {who}, who alone can claim it."
        )),
        (ShownState::InProgress, Some(who)) => Some(format!("{who} is working on it.")),
        (ShownState::InProgress, None) => Some("Somebody is working on it.".to_owned()),
        (ShownState::Gated, _) => {
            let unpassed = readiness.unpassed(issue, jit_core::GateStage::Exit);
            let reasons: Vec<String> = unpassed.iter().map(ToString::to_string).collect();
            Some(format!("The work is done, but {}.", reasons.join(", ")))
        }
        (ShownState::Done | ShownState::Rejected | ShownState::Archived, _) => {
            Some("Nothing is left to do.".to_owned())
        }
    }
}
