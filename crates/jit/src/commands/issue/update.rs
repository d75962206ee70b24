//! The command `issue update`.
//!
//! Owns its flags. Refuses to change a state otherwise than by that state's verb.

use crate::args::nearest;
use crate::args::values::{self, Moment};
use crate::commands::answer;
use crate::context::{Context, now};
use crate::error::CliError;
use crate::reply::Reply;
use jit_core::decide::{ClearedField, Update};
use jit_core::issue::IssueType;
use jit_core::{Assignee, Label, Priority, ShownState, Value};

const CLEARABLE: [&str; 9] = [
    "description",
    "assignee",
    "parent",
    "due",
    "not_before",
    "estimate",
    "labels",
    "checklist",
    "context",
];

/// Change fields of issues
///
/// --state brings an issue to a state by the verb of that state: open and ready release or reopen it, `in_progress` claims it for the actor, done finishes it, rejected rejects it. An empty text is a value, not "unset": use --clear for that.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit issue update k7m2 --state done\n  jit issue update k7m2 --priority high --label area:core --label -stale\n  jit issue update k7m2 --clear assignee,due"
)]
pub(crate) struct Args {
    /// The issues: ids or unique prefixes, separated by commas; - reads them from standard input
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,

    /// A new title
    #[arg(short, long, value_name = "TITLE", allow_hyphen_values = true)]
    title: Option<String>,

    /// A new description; - reads standard input, @FILE a file
    #[arg(
        short = 'd',
        long = "desc",
        visible_alias = "description",
        value_name = "TEXT",
        allow_hyphen_values = true
    )]
    description: Option<String>,

    /// A new priority
    #[arg(short, long, value_parser = values::priority())]
    priority: Option<Priority>,

    /// A new type
    #[arg(long = "type", value_name = "TYPE", value_parser = values::kind)]
    kind: Option<IssueType>,

    /// The state to bring it to
    #[arg(short, long, value_parser = values::state())]
    state: Option<ShownState>,

    /// A new assignee
    #[arg(long, value_name = "WHO", value_parser = values::who)]
    assignee: Option<Assignee>,

    /// A new parent
    #[arg(long, value_name = "ID")]
    parent: Option<String>,

    /// A new due time: a time, or a duration from now
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    due: Option<Moment>,

    /// A new earliest time
    #[arg(long, value_name = "TIME", value_parser = values::moment)]
    not_before: Option<Moment>,

    /// A new estimate
    #[arg(long, value_name = "MINUTES")]
    estimate: Option<u32>,

    /// Set a value for agents: key=text, or key:=JSON
    #[arg(long, value_name = "PAIR", value_parser = values::pair)]
    context: Vec<(String, Value)>,

    /// Add a label; -LABEL removes it
    #[arg(
        long = "label",
        value_name = "LABEL",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    labels: Vec<String>,

    /// Empty a field: description, assignee, parent, due, `not_before`, estimate, labels, checklist, context, context.KEY
    #[arg(long = "clear", value_name = "FIELD", value_delimiter = ',')]
    cleared: Vec<String>,

    /// Override what refuses
    #[arg(long)]
    force: bool,
}

/// Changes the fields that are given.
pub(crate) fn run(args: Args, context: &Context) -> Result<Reply, CliError> {
    let input = &context.input;
    let ids = input.ids(&args.ids)?;
    let now = now()?;
    let (removed, added): (Vec<&String>, Vec<&String>) =
        args.labels.iter().partition(|label| label.starts_with('-'));
    let update = Update {
        title: args.title,
        description: input.optional(args.description.as_deref())?,
        kind: args.kind,
        priority: args.priority,
        state: args.state,
        assignee: args.assignee,
        parent: args.parent.map(|parent| input.id(&parent)).transpose()?,
        due: args.due.map(|moment| moment.resolve(now)),
        not_before: args.not_before.map(|moment| moment.resolve(now)),
        estimate_minutes: args.estimate,
        context: args.context,
        add_labels: labels(added)?,
        remove_labels: labels(removed)?,
        cleared: args
            .cleared
            .iter()
            .map(|name| cleared(name))
            .collect::<Result<_, _>>()?,
    };
    if update == Update::default() {
        return Err(
            CliError::usage("nothing to update: name at least one field")
                .hint("jit issue update --help"),
        );
    }
    let written = context
        .tracker()?
        .update(&context.call(args.force)?, &ids, &update)?;
    let mut reply = answer::written(context, &written, |issue| {
        format!("Updated {} ({}).", issue.id, answer::shown(&written, issue))
    })?;
    let texts = [
        ("title", &update.title),
        ("description", &update.description),
    ];
    let given = texts
        .iter()
        .filter_map(|(name, text)| Some((*name, text.as_deref()?)));
    reply.warnings.extend(answer::deceptive(given));
    Ok(reply)
}

fn labels(words: Vec<&String>) -> Result<Vec<Label>, CliError> {
    let bare = words
        .into_iter()
        .map(|word| word.strip_prefix('-').unwrap_or(word));
    bare.map(|word| {
        values::label(word).map_err(|problem| CliError::usage(format!("--label: {problem}")))
    })
    .collect()
}

fn cleared(name: &str) -> Result<ClearedField, CliError> {
    ClearedField::parse(name).ok_or_else(|| {
        let error = CliError::usage(format!(
            "--clear: `{name}` is not a field that can be emptied"
        ));
        match nearest(name, CLEARABLE.into_iter()) {
            Some(tip) => error.hint(format!("did you mean {tip}?")),
            None => error.hint(format!("fields: {}, context.KEY", CLEARABLE.join(", "))),
        }
    })
}
