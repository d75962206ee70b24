//! What decisions need from the world: the present moment and fresh ids.
//!
//! Owns the traits and their system versions. Refuses to be used inside a decision: its values are.

use jit_core::{IssueId, Now, Timestamp};
use std::fmt::Debug;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the present moment.
pub trait Clock: Debug + Send + Sync {
    /// Returns the present moment as this host sees it.
    fn now(&self) -> io::Result<Now>;
}

/// Draws ids.
pub trait IdSource: Debug + Send + Sync {
    /// Returns an id that nobody has, but for a chance of one in a thousand million millions for each that exists.
    fn issue_id(&self) -> io::Result<IssueId>;
}

/// The clocks of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> io::Result<Now> {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let uname = rustix::system::uname();
        Ok(Now {
            wall: Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX)),
            host: uname.nodename().to_string_lossy().into_owned(),
            boot_id: jit_store::SystemHost::new()
                .map(|host| jit_store::Host::boot_id(&host).to_owned())?,
            boottime_ms: boottime_ms(),
        })
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const SINCE_BOOT: rustix::time::ClockId = rustix::time::ClockId::Boottime;
/// Elsewhere the monotonic clock is the nearest: a lease lives longer by the time that the host slept.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const SINCE_BOOT: rustix::time::ClockId = rustix::time::ClockId::Monotonic;

fn boottime_ms() -> u64 {
    let time = rustix::time::clock_gettime(SINCE_BOOT);
    let millis = i128::from(time.tv_sec) * 1_000 + i128::from(time.tv_nsec) / 1_000_000;
    u64::try_from(millis).unwrap_or(0)
}

/// The random numbers of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    fn issue_id(&self) -> io::Result<IssueId> {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(IssueId::from_random(u64::from_le_bytes(bytes)))
    }
}
