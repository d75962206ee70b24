//! The command `import beads`.
//!
//! Owns how the report is told. Refuses to map anything: the tracker does.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Audience, Body, Reply, Shape};
use jit_core::Value;
use jit_tracker::ImportReport;
use std::collections::BTreeMap;

/// Take over the issues of a beads log (JSON lines)
///
/// One transaction. What was taken before is not taken again, so running it twice adds nothing.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit import beads issues.jsonl\n  jit import beads issues.jsonl --as-open --dry-run"
)]
pub(crate) struct Args {
    /// The file; - reads standard input
    #[arg(value_name = "FILE")]
    file: String,

    /// Open everything, without holds and assignees, to replay the graph
    #[arg(long)]
    as_open: bool,
}

/// Imports the file and reports what became of it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let text = context.input.file(&args.file)?;
    let call = context.call(false)?;
    let (written, report) = context
        .tracker()?
        .import_beads(&call, &text, args.as_open)?;
    let mut object = report.to_value();
    if let Value::Object(members) = &mut object {
        members.insert("changed".to_owned(), written.changed.into());
    }
    let mut reply = Reply::new(Shape::Import, Body::One(object));
    reply.audience = Audience::Nobody;
    answer::conclude(context, &mut reply, &written);
    reply.talk = told(&report);
    Ok(reply)
}

/// Returns the report in sentences.
fn told(report: &ImportReport) -> Vec<String> {
    let mut talk = vec![format!(
        "Took {} of {} records.",
        report.n_taken, report.n_records
    )];
    for (title, counts) in [
        ("Skipped", &report.skipped),
        ("Mapped", &report.mapped),
        ("Edges", &report.edges),
    ] {
        talk.extend(listed(title, counts));
    }
    for left in &report.left_out {
        talk.push(format!(
            "Left out: {} of {} on {} ({}).",
            left.kind, left.from, left.to, left.reason
        ));
    }
    talk
}

fn listed(title: &str, counts: &BTreeMap<String, usize>) -> Option<String> {
    let parts: Vec<String> = counts
        .iter()
        .map(|(what, n)| format!("{n} {what}"))
        .collect();
    (!parts.is_empty()).then(|| format!("{title}: {}.", parts.join(", ")))
}
