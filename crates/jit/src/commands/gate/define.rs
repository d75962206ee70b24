//! The command `gate define`.
//!
//! Refuses to require the gate of any issue: that is `gate add`.

use crate::args::values;
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Audience, Body, Reply, Shape};
use jit_core::fields::{description_from_text, title_from_text};
use jit_core::{Assignee, ErrorKind, GateDefinition, GateKey, GateMode, GateStage, Value};

/// Define a gate for the repository
///
/// An entry gate keeps an issue out of the ready ones until it is passed, an exit gate keeps it out of done.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit gate define review --title \"Code review\"\n  jit gate define tests --title \"Tests pass\" --stage exit"
)]
pub(crate) struct Args {
    /// The name of the gate: lower-case letters, digits, - and _
    #[arg(id = "gate", value_name = "KEY", value_parser = values::gate)]
    key: GateKey,

    /// Say in one line what must hold
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

    /// Say what it guards
    #[arg(long, value_parser = values::stage(), default_value = "entry")]
    stage: GateStage,

    /// Let only somebody of this kind pass it, such as human
    #[arg(long, value_name = "KIND")]
    role: Option<String>,

    /// Replace another definition of the same key
    #[arg(long)]
    force: bool,
}

/// Defines the gate.
pub(crate) fn run(args: Args, context: &Context) -> Result<Reply, CliError> {
    let description = context
        .input
        .optional(args.description.as_deref())?
        .unwrap_or_default();
    let invalid = |problem: String| CliError::new(ErrorKind::InvalidValue, problem);
    let role = args.role.as_deref().map(role).transpose()?;
    let gate = GateDefinition {
        key: args.key,
        title: title_from_text(&args.title).map_err(invalid)?,
        description: description_from_text(&description).map_err(invalid)?,
        stage: args.stage,
        mode: GateMode::Manual,
        extra: role
            .map(|kind| ("role".to_owned(), kind))
            .into_iter()
            .collect(),
    };
    let written = context
        .tracker()?
        .gate_define(&context.call(args.force)?, &gate)?;
    let mut object = jit_wire::gate::gate(&gate);
    jit_wire::transition::add_outcome(&mut object, written.changed, &written.transitions);
    let mut reply = Reply::new(Shape::Gate, Body::One(object));
    reply.audience = Audience::Nobody;
    answer::conclude(context, &mut reply, &written);
    if !written.changed {
        reply.talk.push("Nothing to change.".to_owned());
    } else if !context.globals.dry_run {
        let stage = gate.stage.as_str();
        reply
            .talk
            .push(format!("Defined gate {} ({stage}).", gate.key));
        reply.talk.extend(answer::others_ready(&written));
    }
    Ok(reply)
}

/// Reads the kind of somebody: what stands before the colon in `human:ada`.
fn role(kind: &str) -> Result<Value, CliError> {
    match Assignee::parse(&format!("{kind}:somebody")) {
        Ok(example) if example.kind() == kind => Ok(kind.into()),
        _ => Err(CliError::usage(format!(
            "--role: `{kind}` is not a kind of somebody, such as human, agent or ci"
        ))),
    }
}
