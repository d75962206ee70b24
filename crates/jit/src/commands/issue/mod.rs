//! The commands `issue …`.
//!
//! Owns the list of verbs. Refuses their arguments: each verb has a file.

mod archive;
mod assign;
pub(crate) mod claim;
mod claim_next;
mod comment;
mod create;
mod delete;
pub(crate) mod done;
mod edit;
mod hold;
mod label;
mod link;
mod list;
mod reject;
mod release;
mod reopen;
pub(crate) mod show;
mod unassign;
mod unhold;
mod update;

use crate::args::global::Condition;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Reply, Shape};

/// A verb of `issue`.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Create(create::Args),
    List(list::Args),
    Show(show::Args),
    Update(update::Args),
    Edit(edit::Args),
    Claim(claim::Args),
    ClaimNext(claim_next::Args),
    Assign(assign::Args),
    Unassign(unassign::Args),
    Release(release::Args),
    Done(done::Args),
    Reject(reject::Args),
    Reopen(reopen::Args),
    Hold(hold::Args),
    Unhold(unhold::Args),
    Comment(comment::Args),
    Label(label::Args),
    Link(link::Args),
    Archive(archive::Args),
    Delete(delete::Args),
}

impl Command {
    /// Returns what the answer consists of.
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Create(_)
            | Self::List(_)
            | Self::Show(_)
            | Self::Update(_)
            | Self::Edit(_)
            | Self::Claim(_)
            | Self::ClaimNext(_)
            | Self::Assign(_)
            | Self::Unassign(_)
            | Self::Release(_)
            | Self::Done(_)
            | Self::Reject(_)
            | Self::Reopen(_)
            | Self::Hold(_)
            | Self::Unhold(_)
            | Self::Comment(_)
            | Self::Label(_)
            | Self::Link(_)
            | Self::Archive(_)
            | Self::Delete(_) => Shape::Issue,
        }
    }

    /// Returns the conditions that the verb honours.
    pub(crate) fn conditions(&self) -> &'static [Condition] {
        match self {
            Self::List(_) | Self::Show(_) => Condition::NONE,
            // What is new has no version and no lease.
            Self::Create(_) => &[Condition::Key],
            // What somebody types is not repeated.
            Self::Edit(_) => &[Condition::Etag, Condition::Epoch],
            _ => Condition::ALL,
        }
    }

    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Result<Reply, CliError> {
        match self {
            Self::Create(args) => create::run(args, context),
            Self::List(args) => list::run(&args, context),
            Self::Show(args) => show::run(&args, context),
            Self::Update(args) => update::run(args, context),
            Self::Edit(args) => edit::run(&args, context),
            Self::Claim(args) => claim::run(args, context),
            Self::ClaimNext(args) => claim_next::run(args, context),
            Self::Assign(args) => assign::run(args, context),
            Self::Unassign(args) => unassign::run(&args, context),
            Self::Release(args) => release::run(args, context),
            Self::Done(args) => done::run(&args, context),
            Self::Reject(args) => reject::run(args, context),
            Self::Reopen(args) => reopen::run(&args, context),
            Self::Hold(args) => hold::run(args, context),
            Self::Unhold(args) => unhold::run(&args, context),
            Self::Comment(args) => comment::run(&args, context),
            Self::Label(args) => label::run(args, context),
            Self::Link(args) => link::run(&args, context),
            Self::Archive(args) => archive::run(&args, context),
            Self::Delete(args) => delete::run(&args, context),
        }
    }
}
