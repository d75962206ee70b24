//! Both programs as they are, with real agents.

mod crashes;
mod ground;
mod outcomes;
mod pool;
mod safety;
mod stopping;
