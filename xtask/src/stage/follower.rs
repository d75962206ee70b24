//! `jit events tail --follow`, as somebody who watches sees it.
//!
//! Owns the child and its lines. Refuses to be a proof: it only shows; what happened is read from the log afterwards.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::process::Call;

/// A child that follows the log; nothing is lost when it is killed.
pub(super) struct Follower {
    child: Child,
    lines: Receiver<String>,
}

impl Follower {
    /// Starts following.
    pub(super) fn start(call: Call) -> Result<Self> {
        let mut child = call.start(Stdio::piped(), Stdio::inherit())?;
        let output = child.stdout.take().context("the events have no pipe")?;
        let (sender, lines) = mpsc::channel();
        // It ends with the pipe, and the pipe with the child.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, lines })
    }

    /// Waits at most `patience` for the next event.
    pub(super) fn next(&self, patience: Duration) -> Result<Option<Value>> {
        match self.lines.recv_timeout(patience) {
            Ok(line) => serde_json::from_str(&line)
                .map(Some)
                .context("an event of the tracker is not JSON"),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                // The watched run matters, not the watcher: go on at the same pace without it.
                std::thread::sleep(patience);
                Ok(None)
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone after this.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
