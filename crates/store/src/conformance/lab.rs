//! A file store on simulated files, for tests of those above it.
//!
//! Owns the host, whose clock is that of the files. Refuses to inject anything: the files do.

use crate::error::Result;
use crate::file::{FileStore, Location, Options, Why, make};
use crate::fs::sim::SimFs;
use crate::host::Host;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A host whose clock is that of its files.
#[derive(Debug)]
pub(crate) struct SimHost {
    fs: SimFs,
    boot: String,
    drawn: AtomicU64,
}

impl SimHost {
    /// Returns a host in a boot of that name.
    pub(crate) fn new(fs: &SimFs, boot: &str) -> Self {
        Self {
            fs: fs.clone(),
            boot: boot.to_owned(),
            drawn: AtomicU64::new(0),
        }
    }
}

impl Host for SimHost {
    fn now_us(&self) -> i64 {
        self.fs.now_ns() / 1_000
    }

    fn boot_id(&self) -> &str {
        &self.boot
    }

    fn random(&self) -> std::io::Result<u128> {
        // Other boots must not draw the same names again.
        let n = self.drawn.fetch_add(1, Ordering::Relaxed);
        Ok(u128::from(n) << 64 | u128::from(self.fs.now_ns().unsigned_abs()))
    }
}

/// Returns simulated files that hold a new store, safe on disk.
pub fn new_files() -> Result<SimFs> {
    let fs = SimFs::new();
    make(&fs)?;
    fs.settle();
    Ok(fs)
}

/// Opens the store on simulated files, in a boot of that name.
pub fn open(fs: &SimFs, boot: &str, options: Options) -> Result<FileStore> {
    let location = Location {
        store: PathBuf::from("/sim/.jit"),
        private: PathBuf::from("/sim/private"),
        git: None,
        why: Why::Named,
    };
    let host = SimHost::new(fs, boot);
    FileStore::with(location, options, Arc::new(fs.clone()), Arc::new(host))
}
