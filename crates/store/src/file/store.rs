//! The file store as everyone above sees it.
//!
//! Owns opening and the version check. Refuses the work itself: reading is `reader`'s, writing `txn`'s.

use super::format::{self, FormatError};
use super::index::Sight;
use super::locate::Location;
use super::lost::{self, Lost};
use super::merging::{self, Replacement};
use super::options::{Env, Options, Warning};
use super::restore::{self, Restored};
use super::txn::FileTxn;
use super::version::FormatVersion;
use super::watch::FileWatch;
use super::{layout, log, reader};
use crate::error::{Result, StoreError};
use crate::fs::{self, Fs, RealFs, absent_ok};
use crate::history::History;
use crate::host::{Host, SystemHost};
use crate::traits::{Cursor, Events, Store, Txn, Watch};
use jit_core::{Assignee, Receipt, Snapshot};
use std::path::Path;
use std::sync::Arc;

/// Longest `config.toml`, in bytes.
const MAX_CONFIG: u64 = 1024 * 1024;

/// A store in files.
#[derive(Clone, Debug)]
pub struct FileStore {
    env: Env,
    location: Location,
}

impl FileStore {
    /// Opens the store at a place that [`super::locate()`] found; a store that this program must not read is an error.
    pub fn open(location: Location, options: Options) -> Result<Self> {
        let host = SystemHost::new()
            .map_err(|error| StoreError::at_path("read", "the boot id".to_owned(), error))?;
        let fs = Arc::new(RealFs::new(&location.store, &location.private));
        let index = location.private.join(layout::INDEX);
        let mut store = Self::with(location, options, fs, Arc::new(host))?;
        // Only the real file system can be asked whether a file is still the one that the index knows.
        store.env.index = Some(index);
        Ok(store)
    }

    /// Opens a store whose version may be unreadable, to look at what is wrong with it and to mend it. It knows no index,
    /// so what it says is what the files say.
    ///
    /// One that only newer programs may read is an error still.
    pub fn open_damaged(location: Location, options: Options) -> Result<Self> {
        let host = SystemHost::new()
            .map_err(|error| StoreError::at_path("read", "the boot id".to_owned(), error))?;
        let fs = Arc::new(RealFs::new(&location.store, &location.private));
        let store = Self::unchecked(location, options, fs, Arc::new(host));
        match store.format() {
            Err(error @ StoreError::FormatTooNew { .. }) => Err(error),
            _ => Ok(store),
        }
    }

    /// Opens a store on files and a host of the caller's choice.
    pub fn with(
        location: Location,
        options: Options,
        fs: Arc<dyn Fs>,
        host: Arc<dyn Host>,
    ) -> Result<Self> {
        let store = Self::unchecked(location, options, fs, host);
        store.format()?;
        Ok(store)
    }

    fn unchecked(
        location: Location,
        options: Options,
        fs: Arc<dyn Fs>,
        host: Arc<dyn Host>,
    ) -> Self {
        let (private, shared) = (location.private.clone(), location.store.clone());
        Self {
            env: Env {
                fs,
                host,
                options,
                private,
                shared,
                index: None,
            },
            location,
        }
    }

    /// Returns what sessions at this store need.
    pub(crate) fn env(&self) -> &Env {
        &self.env
    }

    /// Returns where the store lies and why.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Returns the text of `config.toml`, if there is one.
    pub fn config(&self) -> Result<Option<String>> {
        let at = layout::config();
        let bytes = absent_ok(fs::read(&*self.env.fs, &at, MAX_CONFIG))
            .map_err(|error| StoreError::io("read", &at, error))?;
        let not_text = |_| StoreError::Damaged {
            path: at.to_string(),
            reason: "it is not UTF-8".to_owned(),
        };
        bytes
            .map(|bytes| String::from_utf8(bytes).map_err(not_text))
            .transpose()
    }

    /// Returns the same store with other options, such as those that its own settings ask for.
    #[must_use]
    pub fn with_options(mut self, options: Options) -> Self {
        self.env.options = options;
        self
    }

    /// Returns the directory of the shared files.
    pub fn path(&self) -> &Path {
        &self.location.store
    }

    /// Reads and checks the version of the format.
    pub(crate) fn format(&self) -> Result<FormatVersion> {
        read_format(&*self.env.fs)
    }
}

pub(crate) fn read_format(fs: &dyn Fs) -> Result<FormatVersion> {
    let at = layout::format();
    match absent_ok(fs::read(fs, &at, format::MAX_FILE)) {
        Ok(Some(bytes)) => FormatVersion::read(&at.to_string(), &bytes),
        Ok(None) => Err(StoreError::Damaged {
            path: at.to_string(),
            reason: "it is missing".to_owned(),
        }),
        Err(error) => Err(StoreError::io("read", &at, error)),
    }
}

/// Reads the answer that was kept for a key.
pub(crate) fn read_receipt(env: &Env, key: &str) -> Result<Option<Receipt>> {
    let at = layout::receipt(key);
    let damaged = |error: FormatError| StoreError::Damaged {
        path: at.to_string(),
        reason: error.to_string(),
    };
    reader::read_one(env, &at)?
        .map(|bytes| format::read_receipt(&bytes).map_err(damaged))
        .transpose()
}

impl Store for FileStore {
    fn read(&self) -> Result<Snapshot> {
        reader::view(&self.env, Sight::Unresolved)
    }

    fn read_named(&self) -> Result<Snapshot> {
        reader::view(&self.env, Sight::Names)
    }

    fn read_files(&self) -> Result<Snapshot> {
        reader::view_of_files(&self.env)
    }

    fn begin(&self) -> Result<Box<dyn Txn>> {
        Ok(Box::new(FileTxn::begin(
            &self.env,
            self.location.git.as_ref(),
        )?))
    }

    fn receipt(&self, key: &str) -> Result<Option<Receipt>> {
        read_receipt(&self.env, key)
    }

    fn events(&self, since: Option<&Cursor>) -> Result<Events> {
        log::read(&self.env, since)
    }

    fn newest_events(&self, n: usize) -> Result<Events> {
        log::newest(&self.env, n)
    }

    fn watch(&self) -> Result<Box<dyn Watch>> {
        Ok(Box::new(FileWatch::new(&self.location.store)))
    }

    fn put_merged(&self, files: &[Replacement]) -> Result<Vec<Warning>> {
        merging::put_merged(&self.env, files)
    }

    fn lost(&self, history: &dyn History) -> Result<Lost> {
        lost::find(&self.env, history)
    }

    fn restore(&self, lost: &Lost, by: &Assignee) -> Result<Restored> {
        restore::restore(&self.env, self.location.git.as_ref(), lost, by)
    }
}
