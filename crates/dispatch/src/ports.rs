//! Owns the doors to time and chance, so that tests can stand in for both. Refuses to wait: sleeping is the business of
//! the runtime, which has a simulated clock of its own.

use std::time::Duration;

use jit_scheduler::Millis;

/// Tells the time.
pub trait Clock {
    /// Returns the wall clock: for people, for order, and for moments that are written down.
    fn wall(&self) -> Millis;

    /// Returns the time since the machine started, suspend included: the only clock that spans are measured with.
    fn boottime(&self) -> Duration;
}

/// Draws random bytes.
pub trait Rng {
    /// Fills `bytes` with random bits.
    fn fill(&self, bytes: &mut [u8]);
}

/// The clocks and the random source of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Clock for System {
    fn wall(&self) -> Millis {
        let now = jiff::Timestamp::now().as_millisecond();
        Millis(u64::try_from(now).unwrap_or(0))
    }

    fn boottime(&self) -> Duration {
        #[cfg(target_os = "linux")]
        let clock = rustix::time::ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        let clock = rustix::time::ClockId::Monotonic;
        let now = rustix::time::clock_gettime(clock);
        Duration::new(
            u64::try_from(now.tv_sec).unwrap_or(0),
            u32::try_from(now.tv_nsec).unwrap_or(0),
        )
    }
}

impl Rng for System {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes)
            .expect("the operating system always has random bytes once it has started");
    }
}

/// Returns `moment` as RFC 3339 in UTC with milliseconds.
pub fn rfc3339(moment: Millis) -> String {
    let millis = i64::try_from(moment.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis)
        .map_or_else(|_| format!("{}ms", moment.0), |stamp| format!("{stamp:.3}"))
}

/// Returns the moment that `text` (RFC 3339) names, if it names one after 1970.
pub fn parse_rfc3339(text: &str) -> Option<Millis> {
    let stamp: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(stamp.as_millisecond()).ok().map(Millis)
}

/// Returns the boot id of this machine: a process of another boot is dead for sure.
pub fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map_or_else(|_| "unknown".to_owned(), |id| id.trim().to_owned())
}
