//! The command `init`.
//!
//! Owns what a new store and a new clone need: the store itself, and git's merge driver in the clone's configuration. Refuses
//! to overwrite anything: doing it twice is harmless.

use crate::context::Context;
use crate::driver::{self, DriverState};
use crate::error::CliError;
use crate::reply::{Audience, Body, Reply, Shape};
use jit_core::Value;
use jit_store::file::{self, GitDirs, Initialised};

/// Make a store for this repository
///
/// In a git repository it also tells git, in this clone's own configuration, to merge issues by field. In a fresh clone of a
/// repository that has a store, that is all it does.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  jit init")]
pub(crate) struct Args {}

/// Makes the store where it belongs, and readies the clone.
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
    let driver = location.git.as_ref().map(|git| ready_clone(git, is_dry));
    let was_installed = matches!(&driver, Some(Ok(Driver { is_new: true, .. })));
    let mut object = super::r#where::place(&location);
    if let Value::Object(members) = &mut object {
        let has_changed = !created.is_empty() || was_installed;
        members.insert("created".to_owned(), created.clone().into());
        members.insert("changed".to_owned(), has_changed.into());
        let state = driver.as_ref().map(|driver| {
            let state = driver.as_ref().map_or(DriverState::Missing, |it| it.state);
            state.as_str()
        });
        members.insert("merge_driver".to_owned(), state.into());
    }
    let mut reply = Reply::new(Shape::Place, Body::One(object));
    reply.audience = Audience::Nobody;
    reply.has_written = !created.is_empty() || was_installed;
    reply
        .talk
        .push(told(&location.store.display().to_string(), made.as_ref()));
    if was_installed {
        let told = "Git merges issues by field in this clone now.";
        reply.talk.push(told.to_owned());
    }
    if let Some(Err(error)) = driver {
        // The store is made, and merging as text loses nothing: `jit resolve` mends it.
        reply.warnings.push(error.message);
    }
    Ok(reply)
}

fn told(path: &str, made: Option<&Initialised>) -> String {
    match made {
        None => format!("The store would be `{path}`."),
        Some(made) if made.is_new() => format!("Made the store `{path}`."),
        Some(made) if !made.created.is_empty() => format!("Completed the store `{path}`."),
        Some(_) => format!("The store `{path}` is there already."),
    }
}

/// The merge driver of the clone.
struct Driver {
    state: DriverState,
    /// It was installed just now.
    is_new: bool,
}

fn ready_clone(git: &GitDirs, is_dry: bool) -> Result<Driver, CliError> {
    let state = driver::state(git)?;
    if is_dry || state == DriverState::Installed {
        return Ok(Driver {
            state,
            is_new: false,
        });
    }
    driver::install(git)?;
    Ok(Driver {
        state: DriverState::Installed,
        is_new: true,
    })
}
