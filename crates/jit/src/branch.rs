//! The part of the command tree that was typed.
//!
//! Owns the short way to it: a tree of all commands takes longer to build than most of them take to run. Refuses to show
//! anything: help and what is not recognised need the whole tree.

use crate::args::global::GlobalArgs;
use crate::commands::{dep, events, gate, graph, issue, lease, query};
use clap::{Args as _, Command, Subcommand as _};
use std::ffi::OsString;
use std::mem::{self, ManuallyDrop};

/// Returns a command tree with nothing but the command that the first words name; none when the whole tree is needed.
pub(crate) fn named(arguments: &[OsString]) -> Option<Command> {
    if arguments
        .iter()
        .any(|word| word == "-h" || word == "--help")
    {
        return None;
    }
    let mut words = arguments.iter().skip(1).map(|word| word.to_str());
    let first = words.next()??;
    let command = match short(first) {
        Some(command) => command,
        None => verb(first, words.next()??)?,
    };
    let trunk = GlobalArgs::augment_args(Command::new("jit")).subcommand_required(true);
    Some(trunk.subcommand(command))
}

/// Returns a command that has no verbs.
fn short(name: &str) -> Option<Command> {
    Some(match name {
        "ready" => query::ready::Args::augment_args(Command::new("ready")),
        "show" => issue::show::Args::augment_args(Command::new("show")),
        "claim" => issue::claim::Args::augment_args(Command::new("claim")),
        "done" => issue::done::Args::augment_args(Command::new("done")),
        _ => return None,
    })
}

/// Returns a group of commands with only one of its verbs.
fn verb(group: &str, verb: &str) -> Option<Command> {
    let (name, with_verbs): (&'static str, fn(Command) -> Command) = match group {
        "dep" => ("dep", dep::Command::augment_subcommands),
        "events" => ("events", events::Command::augment_subcommands),
        "gate" => ("gate", gate::Command::augment_subcommands),
        "graph" => ("graph", graph::Command::augment_subcommands),
        "issue" => ("issue", issue::Command::augment_subcommands),
        "lease" => ("lease", lease::Command::augment_subcommands),
        "query" => ("query", query::Command::augment_subcommands),
        _ => return None,
    };
    // What is left of the group goes with the process; to take it apart costs more than to build it.
    let mut all = ManuallyDrop::new(with_verbs(Command::new(name)));
    let verb = mem::take(all.find_subcommand_mut(verb)?);
    let group = Command::new(name)
        .subcommand_required(true)
        .arg_required_else_help(true);
    Some(group.subcommand(verb))
}
