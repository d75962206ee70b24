//! Waiting for the lock of a directory.
//!
//! Owns the timeout that the operating system's call lacks. Refuses to know what the lock protects.

use crate::fs::{Held, LockError, LockMode};
use rustix::fs::FlockOperation;
use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Locked descriptors; closing them unlocks.
#[derive(Debug)]
pub(super) struct HeldFds {
    pub(super) _shared: OwnedFd,
    pub(super) _private: Option<OwnedFd>,
}

impl Held for HeldFds {}

/// Locks `fd`; while somebody else holds the lock a thread waits for it, since `flock` itself knows no timeout.
///
/// After a timeout the thread stays in its wait; when it gets the lock at last nobody receives the descriptor, which
/// closes it and so unlocks at once.
pub(super) fn flock_until(
    fd: OwnedFd,
    mode: LockMode,
    deadline: Instant,
    timeout: Duration,
) -> Result<OwnedFd, LockError> {
    let (now, wait) = match mode {
        LockMode::Exclusive => (
            FlockOperation::NonBlockingLockExclusive,
            FlockOperation::LockExclusive,
        ),
        LockMode::Shared => (
            FlockOperation::NonBlockingLockShared,
            FlockOperation::LockShared,
        ),
    };
    match rustix::fs::flock(&fd, now) {
        Ok(()) => return Ok(fd),
        Err(Errno::WOULDBLOCK) => {}
        Err(errno) => return Err(io::Error::from(errno).into()),
    }
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::Builder::new()
        .name("jit-lock".to_owned())
        .spawn(move || {
            let outcome = rustix::io::retry_on_intr(|| rustix::fs::flock(&fd, wait));
            // A receiver that gave up is no error: the descriptor closes here.
            sender.send(outcome.map(|()| fd)).ok();
        })?;
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(Ok(fd)) => Ok(fd),
        Ok(Err(errno)) => Err(io::Error::from(errno).into()),
        Err(_) => Err(LockError::Timeout { waited: timeout }),
    }
}
