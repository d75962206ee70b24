//! Waking up when events arrive.
//!
//! Owns the watch on the directory of events. Refuses to read them, and to poll: whoever waits looks again by itself now
//! and then, since a watch may miss what happens in a directory that is just being made.

use super::layout;
use crate::error::{Result, StoreError};
use crate::traits::Watch;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::io;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

/// Wakes on changes below `.jit/events/`.
#[derive(Debug)]
pub(crate) struct FileWatch {
    changes: Receiver<()>,
    _watcher: RecommendedWatcher,
}

impl FileWatch {
    /// Begins to watch; events written from now on wake the waiter.
    pub(crate) fn new(store: &Path) -> Result<Self> {
        let events = store.join(layout::events().path.as_str());
        let dir = if events.is_dir() {
            events
        } else {
            store.to_owned()
        };
        let failed = |error: notify::Error| {
            StoreError::at_path("watch", dir.display().to_string(), io::Error::other(error))
        };
        let (sender, changes) = mpsc::channel();
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                // Reading makes events too; waking on those would never end.
                let is_change =
                    event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_)));
                if is_change {
                    // Nobody waits any more when this fails.
                    sender.send(()).ok();
                }
            })
            .map_err(failed)?;
        watcher
            .watch(&dir, RecursiveMode::Recursive)
            .map_err(failed)?;
        Ok(Self {
            changes,
            _watcher: watcher,
        })
    }
}

impl Watch for FileWatch {
    fn wait(&mut self, timeout: Duration) -> bool {
        match self.changes.recv_timeout(timeout) {
            Ok(()) => {
                // One look covers all that has come by now.
                while self.changes.try_recv().is_ok() {}
                true
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => {
                // The watch has died; the caller's own looking remains.
                std::thread::park_timeout(timeout);
                false
            }
        }
    }
}
