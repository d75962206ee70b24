//! The command `issue create`.
//!
//! Owns its flags. Refuses to check values that only a repository can judge.

use crate::args::values::{self, Moment};
use crate::commands::answer;
use crate::context::{Context, now};
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::decide::NewIssue;
use jit_core::issue::IssueType;
use jit_core::{Assignee, GateKey, Label, Priority, Value};

/// Create an issue
///
/// Prints the new id on standard output. The issue is ready at once unless something blocks it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit issue create -t \"Implement parser\" -p high\n  jit issue create -t \"Write tests\" --dep k7m2 --gate review,tests\n  jit issue create -t \"Report\" -d @report.md --label area:docs"
)]
pub(crate) struct Args {
    /// Say in one line what is to be done
    #[arg(short, long, value_name = "TITLE", allow_hyphen_values = true)]
    title: String,

    /// Describe it in Markdown; - reads standard input, @FILE a file
    #[arg(
        short = 'd',
        long = "desc",
        visible_alias = "description",
        value_name = "TEXT",
        allow_hyphen_values = true
    )]
    description: Option<String>,

    /// Say how urgent it is
    #[arg(short, long, value_parser = values::priority(), default_value = "normal")]
    priority: Priority,

    /// Say what sort of work it is: task, bug, feature, epic, chore, or one of the repository's own
    #[arg(long = "type", value_name = "TYPE", value_parser = values::kind)]
    kind: Option<IssueType>,

    /// Label it; several separated by commas
    #[arg(long = "label", value_name = "LABEL", value_delimiter = ',', value_parser = values::label)]
    labels: Vec<Label>,

    /// Let it wait for these issues
    #[arg(long = "dep", value_name = "ID")]
    dependencies: Vec<String>,

    /// Make it a part of this issue
    #[arg(long, value_name = "ID")]
    parent: Option<String>,

    /// Require these gates, separated by commas
    #[arg(long = "gate", value_name = "KEY", value_delimiter = ',', value_parser = values::gate)]
    gates: Vec<GateKey>,

    /// Add an acceptance criterion
    #[arg(long = "check", value_name = "TEXT", allow_hyphen_values = true)]
    checklist: Vec<String>,

    /// Say who shall do it
    #[arg(long, value_name = "WHO", value_parser = values::who)]
    assignee: Option<Assignee>,

    /// Say when it should be done: a time, or a duration from now
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    due: Option<Moment>,

    /// Keep it out of the ready issues until then
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    not_before: Option<Moment>,

    /// Say how many minutes it may take
    #[arg(long, value_name = "MINUTES")]
    estimate: Option<u32>,

    /// Keep a value for agents: key=text, or key:=JSON
    #[arg(long, value_name = "PAIR", value_parser = values::pair)]
    context: Vec<(String, Value)>,
}

/// Creates the issue.
pub(crate) fn run(args: Args, context: &Context) -> Result<Reply, CliError> {
    let input = &context.input;
    let description = input
        .optional(args.description.as_deref())?
        .unwrap_or_default();
    let now = now()?;
    let new = NewIssue {
        title: args.title,
        description,
        kind: args.kind.unwrap_or_default(),
        priority: args.priority,
        assignee: args.assignee,
        labels: args.labels,
        dependencies: if args.dependencies.is_empty() {
            Vec::new()
        } else {
            input.ids(&args.dependencies)?
        },
        parent: args.parent.map(|parent| input.id(&parent)).transpose()?,
        gates: args.gates,
        checklist: args.checklist,
        due: args.due.map(|moment| moment.resolve(now)),
        not_before: args.not_before.map(|moment| moment.resolve(now)),
        estimate_minutes: args.estimate,
        context: args.context,
    };
    let written = context.tracker()?.create(&context.call(false)?, &new)?;
    let mut reply = answer::written(context, &written, |issue| {
        format!("Created {} ({}).", issue.id, answer::shown(&written, issue))
    })?;
    reply.audience = answer::audience_of_ids(context);
    let texts = [
        ("title", new.title.as_str()),
        ("description", new.description.as_str()),
    ];
    reply.warnings.extend(answer::deceptive(texts));
    Ok(reply)
}
