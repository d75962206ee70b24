//! The command `init`.
//!
//! Refuses to overwrite anything: doing it twice is harmless.

use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Audience, Body, Reply, Shape};
use jit_core::Value;
use jit_store::file;

/// Make a store for this repository
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit init")]
pub(crate) struct Args {}

/// Makes the store where it belongs.
pub(crate) fn run(context: &Context) -> Result<Reply, CliError> {
    let location = file::place_for_new(&context.search()?)?;
    let is_dry = context.globals.dry_run;
    let made = if is_dry {
        None
    } else {
        Some(file::init(&location)?)
    };
    let created = made
        .as_ref()
        .map(|made| made.created.clone())
        .unwrap_or_default();
    let mut object = super::r#where::place(&location);
    if let Value::Object(members) = &mut object {
        members.insert("created".to_owned(), created.clone().into());
        members.insert("changed".to_owned(), (!created.is_empty()).into());
    }
    let mut reply = Reply::new(Shape::Place, Body::One(object));
    reply.audience = Audience::Nobody;
    reply.has_written = !created.is_empty();
    let path = location.store.display();
    reply.talk.push(match made {
        None => format!("The store would be `{path}`."),
        Some(made) if made.is_new() => format!("Made the store `{path}`."),
        Some(_) if reply.has_written => format!("Completed the store `{path}`."),
        Some(_) => format!("The store `{path}` is there already."),
    });
    Ok(reply)
}
