//! The orchestrator: finds ready issues with `jit`, gives them to agents, and supervises the agents.
//!
//! Owns the effects around the decisions of `jit-scheduler`. Refuses to store issues, to read `.jit/`, and to link any
//! part of `jit`: that program is called as a subprocess, and its `--json` output and exit codes are the whole contract.

// The way in, and everything that is printed.
pub mod cli;
pub mod config;
pub mod output;

// The loop: what is seen, what is decided by the scheduler, what is done about it.
pub mod observe;
pub mod runner;

// One run, from its start to what it leaves behind.
pub mod executor;
pub mod settle;

// What everything stands on: the tracker, the memory on disk, processes, time and chance.
mod error_chain;
pub mod jit_client;
pub mod ports;
pub mod process;
pub mod run_id;
pub mod state;
