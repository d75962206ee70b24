//! Owns how a run is brought to life and reached afterwards, behind a trait: today on this machine, later on others.
//! Refuses to know why a run starts.

pub mod group;
mod local;
pub mod shim;

use std::future::Future;
use std::pin::Pin;

pub use local::LocalExecutor;

use crate::state::{RunDir, RunLock, StateError};

/// Resolves when the owner of a run is gone, whether it settled the run or died.
pub type Ended = Pin<Box<dyn Future<Output = ()>>>;

/// Brings runs to life.
pub trait Executor {
    /// Starts the owner of a claimed run, which takes over its lock: from here on the run looks after itself.
    fn start(&self, run: &RunDir, lock: RunLock) -> Result<Ended, ExecutorError>;

    /// Asks the owner of a run to stop its agent and give the issue back, uncounted.
    fn stop(&self, run: &RunDir) -> Result<(), ExecutorError>;
}

/// Why a run cannot be started or reached.
#[derive(Debug, thiserror::Error)]
pub enum ExecutorError {
    /// The shim cannot be started.
    #[error("the shim of a run cannot be started")]
    Spawn(#[source] std::io::Error),
    /// The shim cannot be signalled.
    #[error("the shim of a run cannot be reached")]
    Signal(#[source] std::io::Error),
    /// The run's own files cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}
