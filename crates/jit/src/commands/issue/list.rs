//! The command `issue list`.
//!
//! Owns its filters. Refuses every order but that of creation.

use crate::args::values;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::issue::IssueType;
use jit_core::{Assignee, Issue, IssueId, Label, Priority, Readiness, ShownState, query};
use jit_tracker::View;

/// List issues
///
/// Every issue but the archived ones, in order of creation. Filters must all hold.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit issue list --state ready,in_progress\n  jit issue list --label area:core --json"
)]
pub(crate) struct Args {
    /// Show the archived ones too
    #[arg(long)]
    all: bool,

    /// Only issues in these states
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = values::state())]
    state: Vec<ShownState>,

    /// Only issues of WHO; none for issues of nobody
    #[arg(long, value_name = "WHO")]
    assignee: Option<String>,

    /// Only issues of these priorities
    #[arg(long, value_delimiter = ',', value_parser = values::priority())]
    priority: Vec<Priority>,

    /// Only issues with all of these labels
    #[arg(long = "label", value_name = "LABEL", value_delimiter = ',', value_parser = values::label)]
    labels: Vec<Label>,

    /// Only issues of these types
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',', value_parser = values::kind)]
    kinds: Vec<IssueType>,

    /// Only parts of this issue
    #[arg(long, value_name = "ID")]
    parent: Option<String>,
}

/// Lists the issues that pass every filter.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let whose = args.assignee.as_deref().map(Whose::parse).transpose()?;
    let parent = args
        .parent
        .as_deref()
        .map(|id| context.input.id(id))
        .transpose()?;
    let view = context.view()?;
    let parent = parent
        .map(|prefix| view.snapshot.resolve(&prefix))
        .transpose()?;
    let readiness = view.readiness();
    // Asking for archived issues by name is asking for them.
    let wants_archived = args.all || args.state.contains(&ShownState::Archived);
    let found: Vec<&Issue> = query::all(&readiness, wants_archived)
        .into_iter()
        .filter(|issue| {
            whose
                .as_ref()
                .is_none_or(|whose| whose.accepts(readiness.assignee(issue)))
        })
        .filter(|issue| is_wanted(args, &readiness, issue, parent.as_ref()))
        .collect();
    let mut reply = answer::issues(context, &view, &found);
    reply.warnings.extend(unknown_types(args, &view));
    Ok(reply)
}

/// Issues of another version may have types that the settings do not name, so an unknown one is no error.
fn unknown_types(args: &Args, view: &View) -> Vec<String> {
    let known: Vec<&str> = view.policy.types.iter().map(IssueType::as_str).collect();
    let is_unknown = |kind: &&IssueType| {
        !view.policy.types.contains(kind)
            && view.snapshot.issues().all(|issue| issue.kind != **kind)
    };
    let unknown = args.kinds.iter().filter(is_unknown);
    unknown
        .map(|kind| {
            format!(
                "no type is called `{kind}`: it is one of {}",
                known.join(", ")
            )
        })
        .collect()
}

fn is_wanted(
    args: &Args,
    readiness: &Readiness<'_>,
    issue: &Issue,
    parent: Option<&IssueId>,
) -> bool {
    (args.state.is_empty() || args.state.contains(&readiness.shown(issue)))
        && (args.priority.is_empty() || args.priority.contains(&issue.priority))
        && (args.kinds.is_empty() || args.kinds.contains(&issue.kind))
        && args.labels.iter().all(|label| issue.labels.contains(label))
        && parent.is_none_or(|parent| issue.parent.as_ref() == Some(parent))
}

/// Whose issues are asked for.
enum Whose {
    Nobodys,
    Somebodys(Assignee),
}

impl Whose {
    fn parse(text: &str) -> Result<Self, CliError> {
        if text == "none" {
            return Ok(Self::Nobodys);
        }
        let who = values::who(text).map_err(CliError::usage)?;
        Ok(Self::Somebodys(who))
    }

    fn accepts(&self, assignee: Option<&Assignee>) -> bool {
        match self {
            Self::Nobodys => assignee.is_none(),
            Self::Somebodys(who) => assignee == Some(who),
        }
    }
}
