//! Waking up when events arrive.
//!
//! Owns the watch on the directory of events. Refuses to read them, and to poll: whoever waits looks again by itself now
//! and then, since a watch may miss what happens in a directory that is just being made.

use super::layout;
use crate::traits::Watch;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

/// How long to wait between looks where the operating system grants no watch.
const UNWATCHED: Duration = Duration::from_millis(250);

/// Wakes on changes below `.jit/events/`.
#[derive(Debug)]
pub(crate) struct FileWatch {
    /// `None`: the operating system has no watch to give, and time has to do.
    watching: Option<Watching>,
}

#[derive(Debug)]
struct Watching {
    changes: Receiver<()>,
    _watcher: RecommendedWatcher,
}

impl FileWatch {
    /// Begins to watch; events written from now on wake the waiter.
    ///
    /// Watches are scarce (their number per user is limited), so having none only makes the waiter slower.
    pub(crate) fn new(store: &Path) -> Self {
        let events = store.join(layout::events().path.as_str());
        let dir = if events.is_dir() {
            events
        } else {
            store.to_owned()
        };
        Self {
            watching: watch(&dir).ok(),
        }
    }
}

fn watch(dir: &Path) -> notify::Result<Watching> {
    let (sender, changes) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading makes events too; waking on those would never end.
        let is_change = event.is_ok_and(|event| !matches!(event.kind, EventKind::Access(_)));
        if is_change {
            // Nobody waits any more when this fails.
            sender.send(()).ok();
        }
    })?;
    watcher.watch(dir, RecursiveMode::Recursive)?;
    Ok(Watching {
        changes,
        _watcher: watcher,
    })
}

impl Watch for FileWatch {
    fn wait(&mut self, timeout: Duration) -> bool {
        let answer = self
            .watching
            .as_ref()
            .map(|it| it.changes.recv_timeout(timeout));
        match (answer, &self.watching) {
            (Some(Ok(())), Some(watching)) => {
                // One look covers all that has come by now.
                while watching.changes.try_recv().is_ok() {}
                true
            }
            (Some(Err(RecvTimeoutError::Timeout)), _) => false,
            (Some(_) | None, _) => {
                self.watching = None;
                std::thread::sleep(timeout.min(UNWATCHED));
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_watch_the_waiter_looks_again_by_itself() {
        let mut watch = FileWatch { watching: None };
        assert!(watch.wait(Duration::from_millis(1)));
    }

    #[test]
    fn a_change_wakes_and_a_look_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let month = dir.path().join("events/202601");
        std::fs::create_dir_all(&month).unwrap();
        let mut watch = FileWatch::new(dir.path());
        std::fs::write(month.join("x.jsonl"), "{}\n").unwrap();
        assert!(watch.wait(Duration::from_secs(10)));
        // Whatever the write still sends arrives; after that reading alone must be silent.
        while watch.wait(Duration::from_millis(50)) {}
        std::fs::read(month.join("x.jsonl")).unwrap();
        assert!(!watch.wait(Duration::from_millis(50)));
    }
}
