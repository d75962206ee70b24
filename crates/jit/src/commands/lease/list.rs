//! The command `lease list`.
//!
//! Refuses to record that a lease ran out.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};
use jit_core::Lease;

/// List leases
///
/// Those that somebody holds now. With --all also the last lease of every other issue, and how it ended.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit lease list --json")]
pub(crate) struct Args {
    /// Show leases that have ended or run out too
    #[arg(long)]
    all: bool,
}

/// Lists them in order of their issues.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    let view = context.view_of_named()?;
    let is_live = |lease: &Lease| view.snapshot.live_lease(&lease.issue, &view.now).is_some();
    let object = |lease| jit_wire::lease::lease(lease, &view.now);
    let leases = if args.all {
        view.snapshot.leases().map(object).collect()
    } else {
        let held = view.snapshot.held_leases();
        held.filter(|lease| is_live(lease)).map(object).collect()
    };
    let mut reply = answer::objects(context, Shape::Lease, leases);
    reply.warnings = answer::problems(context, &view);
    Ok(reply)
}
