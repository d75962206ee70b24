//! The rules of the tracker, as rows of little scripts and what they lead to.

mod claims;
mod conditions;
mod gates;
mod graph;
mod leases;
mod script;
mod states;
