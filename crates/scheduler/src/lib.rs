//! Decides which ready issue starts on which agent, and what follows from the end of a run.
//!
//! Owns the decisions of the dispatcher and nothing else: [`plan()`] turns a [`World`] into a [`Plan`], [`retry::judge`]
//! turns the end of a run into a verdict. Both are functions of their arguments: no clock, no chance, no I/O, no state
//! kept between calls, and no knowledge of how the tracker is reached.

#![warn(clippy::wildcard_enum_match_arm)]

pub mod id;
pub mod matching;
pub mod plan;
pub mod reserve;
pub mod retry;
pub mod time;
pub mod world;

pub use id::{AgentId, IssueId, RunId, Tag};
pub use plan::{Action, Assignment, Held, Hindrance, Plan, Turn, Why, plan};
pub use reserve::ReserveState;
pub use time::Millis;
pub use world::{
    Accept, Agent, AgentKind, Health, LiveRun, Policy, Priority, ReadyIssue, Wait, World,
};
