//! The command `status`.
//!
//! Owns the counts. Refuses to check invariants: that is `validate`.

use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Body, Reply, Shape};
use jit_core::{LeaseState, Problem, ShownState, Value};
use std::collections::BTreeMap;

/// Show how many issues are in which state, who holds what, and what can't be read
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit status\n  jit status --json")]
pub(crate) struct Args {}

/// Counts the issues.
pub(crate) fn run(context: &Context) -> Result<Reply, CliError> {
    let view = context.view_of_files()?;
    let readiness = view.readiness();
    let mut counts: BTreeMap<&str, u64> = ShownState::ALL
        .into_iter()
        .map(|state| (state.as_str(), 0))
        .collect();
    for issue in view.snapshot.issues() {
        *counts.entry(readiness.shown(issue).as_str()).or_default() += 1;
    }
    let total: u64 = counts.values().sum();
    let held = view
        .snapshot
        .held_leases()
        .filter(|lease| lease.state == LeaseState::Held);
    let leases = held
        .map(|lease| jit_wire::lease::lease(lease, &view.now))
        .collect();
    let problems = view.snapshot.problems().iter().map(problem).collect();
    let location = context.location()?;
    let root = location.store.parent().unwrap_or(&location.store);
    let object = Value::object([
        (
            "counts",
            Value::object(counts.into_iter().map(|(state, n)| (state, n.into()))),
        ),
        ("total", total.into()),
        ("leases", Value::Array(leases)),
        ("problems", Value::Array(problems)),
        ("store", location.store.display().to_string().into()),
        ("root", root.display().to_string().into()),
    ]);
    let mut reply = Reply::new(Shape::Status, Body::One(object));
    reply.warnings = context.warnings();
    Ok(reply)
}

fn problem(problem: &Problem) -> Value {
    Value::object([
        ("code", Value::from(problem.code.as_str())),
        ("path", problem.path.as_str().into()),
        (
            "issue",
            problem.issue.as_ref().map(ToString::to_string).into(),
        ),
        ("message", problem.message.as_str().into()),
    ])
}
