//! What the manual and the examples promise: the scripts finish a graph with the real `jit`, and every command line that a
//! page shows is one that the programs accept.
//!
//! Refuses to look inside: scripts are judged by the event log and by what their workers wrote down.

mod commands;
mod ground;
mod laws;
mod pages;
mod patterns;
mod programs;
mod scripts;
