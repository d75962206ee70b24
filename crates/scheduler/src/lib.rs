//! Decides which ready issue starts on which agent, and what follows from the end of a run.
//!
//! Owns the decisions of the dispatcher and nothing else: [`plan()`] turns a [`World`] into a [`Plan`], [`retry::judge`]
//! turns the end of a run into a verdict. Both are functions of their arguments: no clock, no chance, no I/O, no state
//! kept between calls, and no knowledge of how the tracker is reached.

#![warn(clippy::wildcard_enum_match_arm)]

// The words: who and when.
pub mod id;
pub mod time;

// The question and the answer.
pub mod audit;
pub mod plan;
pub mod why;
pub mod world;

// The rules, one in each file.
mod capacity;
pub mod need;
pub mod order;
pub mod reserve;

// The way from the question to the answer.
mod classes;
mod demand;
mod explain;
mod fill;
mod matching;
mod survey;

// What follows from the end of a run.
mod backoff;
pub mod breaker;
mod ended;
pub mod retry;
mod verdict;

pub use audit::{Finding, audit};
pub use id::{AgentId, IssueId, RunId, Tag};
pub use need::Need;
pub use plan::{Action, Assignment, Held, Plan, Turn, plan};
pub use reserve::ReserveState;
pub use time::Millis;
pub use why::{Hindrance, Why};
pub use world::{
    Accept, Agent, AgentKind, Health, LiveRun, Policy, Priority, ReadyIssue, Wait, World,
};
