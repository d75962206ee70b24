//! What a store must know about the machine it runs on.
//!
//! Owns the trait and its system version. Refuses every other use of clocks and chance: decisions get those as arguments.

use std::time::{SystemTime, UNIX_EPOCH};

/// Time, boot and chance, as the store needs them to write.
pub trait Host: std::fmt::Debug + Send + Sync {
    /// Returns the wall clock, microseconds since 1970.
    fn now_us(&self) -> i64;

    /// Returns a name of the current boot; another name means that unsynced writes may be lost.
    fn boot_id(&self) -> &str;

    /// Returns random bits.
    fn random(&self) -> std::io::Result<u128>;
}

/// The machine that the program runs on.
#[derive(Debug)]
pub struct SystemHost {
    boot_id: String,
}

impl SystemHost {
    /// Asks the operating system for the name of this boot.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            boot_id: boot_id()?,
        })
    }
}

impl Host for SystemHost {
    fn now_us(&self) -> i64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }

    fn boot_id(&self) -> &str {
        &self.boot_id
    }

    fn random(&self) -> std::io::Result<u128> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        Ok(u128::from_le_bytes(bytes))
    }
}

#[cfg(target_os = "linux")]
fn boot_id() -> std::io::Result<String> {
    Ok(std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?
        .trim()
        .to_owned())
}

/// Elsewhere the time of the boot names it, to the minute, since it is computed from two clocks.
#[cfg(not(target_os = "linux"))]
fn boot_id() -> std::io::Result<String> {
    let up = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic).tv_sec;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let up = u64::try_from(up).map_err(std::io::Error::other)?;
    Ok(format!("since-{}", now.saturating_sub(up) / 60))
}
