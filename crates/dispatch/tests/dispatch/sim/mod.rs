//! The dispatcher's loop with everything around it simulated: tracker, agents, clock and chance.

mod chance;
mod fakes;
mod laws;
mod storms;
mod tracker;
