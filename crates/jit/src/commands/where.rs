//! The command `where`.
//!
//! Owns the shape of a place. Refuses to open the store: a damaged one has a place too.

use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Body, Reply, Shape};
use jit_core::Value;
use jit_store::file::{self, Location};

/// Say which store is used, and why
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit where\n  jit where --json")]
pub(crate) struct Args {}

/// Names the store.
pub(crate) fn run(context: &Context) -> Result<Reply, CliError> {
    let location = file::locate(&context.search()?)?;
    Ok(Reply::new(Shape::Place, Body::One(place(&location))))
}

/// Returns a place as an object.
pub(super) fn place(location: &Location) -> Value {
    let root = location.store.parent().unwrap_or(&location.store);
    let git = location
        .git
        .as_ref()
        .map(|git| git.common.display().to_string());
    Value::object([
        ("store", Value::from(location.store.display().to_string())),
        ("root", root.display().to_string().into()),
        ("private", location.private.display().to_string().into()),
        ("git_dir", git.into()),
        ("reason", location.why.as_str().into()),
        ("why", location.why.to_string().into()),
    ])
}
