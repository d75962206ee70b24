//! The orchestrator: finds ready issues with `jit`, gives them to agents, and supervises the agents.
//!
//! Owns the effects around the decisions of `jit-scheduler`. Refuses to store issues, to read `.jit/`, and to link any
//! part of `jit`: that program is called as a subprocess, and its `--json` output and exit codes are the whole contract.

pub mod cli;
pub mod config;
mod error_chain;
pub mod executor;
pub mod jit_client;
pub mod observe;
pub mod output;
pub mod ports;
pub mod process;
pub mod run_id;
pub mod runner;
pub mod settle;
pub mod state;
