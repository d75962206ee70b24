//! Owns what an agent prints: it goes to files that cannot grow without end, and the moment of it counts as progress.

use std::cell::Cell;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::watch;

use crate::ports::Clock;

/// The size at which a log is set aside and begun again; one older part is kept.
const PART: u64 = 8 << 20;

/// The most that a pipe holds.
const PIPE: u64 = 64 << 10;

/// When an agent last showed that it is at work.
#[derive(Debug, Default)]
pub(super) struct Progress {
    last: Cell<Option<Duration>>,
}

impl Progress {
    /// Returns the moment of the last output, on the boot clock.
    pub(super) fn last(&self) -> Option<Duration> {
        self.last.get()
    }

    fn touch(&self, now: Duration) {
        self.last.set(Some(now));
    }
}

/// A file that is set aside when it is full.
struct CappedLog {
    path: PathBuf,
    file: File,
    written: u64,
}

impl CappedLog {
    fn create(path: PathBuf) -> std::io::Result<Self> {
        let file = File::create(&path)?;
        Ok(Self {
            path,
            file,
            written: 0,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if self.written >= PART {
            let mut older = self.path.clone().into_os_string();
            older.push(".1");
            std::fs::rename(&self.path, older)?;
            self.file = File::create(&self.path)?;
            self.written = 0;
        }
        self.file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }
}

/// Copies a pipe into the log at `path` until its end, or until `drain` says that nobody is left to write: then what is
/// in the pipe is still taken.
pub(super) async fn pump<K: Clock>(
    pipe: OwnedFd,
    path: PathBuf,
    progress: Rc<Progress>,
    clock: K,
    mut drain: watch::Receiver<bool>,
) -> std::io::Result<()> {
    // Without a log the pipe is emptied all the same: a full one would stop the agent.
    let (mut log, mut result) = match CappedLog::create(path) {
        Ok(log) => (Some(log), Ok(())),
        Err(error) => (None, Err(error)),
    };
    let mut keep = |bytes: &[u8]| log.as_mut().map_or(Ok(()), |log| log.write(bytes));
    let mut pipe = Receiver::from_owned_fd(pipe)?;
    let mut buffer = vec![0; 16 << 10];
    loop {
        let read = tokio::select! {
            read = pipe.read(&mut buffer) => read?,
            _ = drain.wait_for(|is_over| *is_over) => break,
        };
        if read == 0 {
            return result;
        }
        progress.touch(clock.boottime());
        // A full disk must not stop the agent by a full pipe: what cannot be kept is let go.
        result = result.and(keep(&buffer[..read]));
    }
    // Somebody who left the group may write for ever: only what was in the pipe is taken.
    let mut rest = File::from(pipe.into_nonblocking_fd()?).take(PIPE);
    while let Ok(read) = rest.read(&mut buffer)
        && read > 0
    {
        result = result.and(keep(&buffer[..read]));
    }
    result
}
