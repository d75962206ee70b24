//! A reader stops at every call while a writer does a whole transaction.
//!
//! Owns the files that let something happen between two calls. Refuses threads: every interleaving comes back.

use super::{Env, N_STEPS, Options, SimHost, fresh, let_log_age, open, records_of, states, step};
use crate::file::reader;
use crate::fs::sim::SimFs;
use crate::fs::{Access, At, Entry, File, Fs, LockError, LockGuard, LockMode, RelPath, Root, Stat};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What happens, and before which call.
struct Plan {
    n_calls: u64,
    at: u64,
    action: Option<Box<dyn FnOnce() + Send>>,
}

/// Files that let something happen before one call.
#[derive(Clone)]
struct PausingFs {
    inner: SimFs,
    plan: Arc<Mutex<Plan>>,
}

impl std::fmt::Debug for PausingFs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PausingFs")
    }
}

impl PausingFs {
    fn new(inner: &SimFs, at: u64, action: impl FnOnce() + Send + 'static) -> Self {
        let plan = Plan {
            n_calls: 0,
            at,
            action: Some(Box::new(action)),
        };
        Self {
            inner: inner.clone(),
            plan: Arc::new(Mutex::new(plan)),
        }
    }

    /// Returns whether the time for the action has come.
    fn has_acted(&self) -> bool {
        self.plan
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .action
            .is_none()
    }

    fn tick(&self) {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let is_now = plan.n_calls == plan.at;
        plan.n_calls += 1;
        let action = if is_now { plan.action.take() } else { None };
        drop(plan);
        if let Some(action) = action {
            action();
        }
    }
}

impl Fs for PausingFs {
    fn open(&self, at: &At, access: Access) -> io::Result<Box<dyn File>> {
        self.tick();
        let inner = self.inner.open(at, access)?;
        Ok(Box::new(PausingFile {
            fs: self.clone(),
            inner,
        }))
    }

    fn rename(&self, from: &At, to: &RelPath) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn unlink(&self, at: &At) -> io::Result<()> {
        self.inner.unlink(at)
    }

    fn make_dir(&self, at: &At) -> io::Result<()> {
        self.inner.make_dir(at)
    }

    fn list(&self, at: &At) -> io::Result<Vec<Entry>> {
        self.tick();
        self.inner.list(at)
    }

    fn stat(&self, at: &At) -> io::Result<Stat> {
        self.tick();
        self.inner.stat(at)
    }

    fn stat_root(&self, root: Root) -> io::Result<Stat> {
        self.inner.stat_root(root)
    }

    fn sync_dir(&self, root: Root, dir: Option<&RelPath>) -> io::Result<()> {
        self.inner.sync_dir(root, dir)
    }

    fn sync_all(&self, root: Root) -> io::Result<()> {
        self.inner.sync_all(root)
    }

    fn make_root(&self, root: Root) -> io::Result<()> {
        self.inner.make_root(root)
    }

    fn lock(&self, mode: LockMode, timeout: Duration) -> Result<LockGuard, LockError> {
        self.inner.lock(mode, timeout)
    }

    fn network_name(&self, root: Root) -> io::Result<Option<&'static str>> {
        self.inner.network_name(root)
    }
}

#[derive(Debug)]
struct PausingFile {
    fs: PausingFs,
    inner: Box<dyn File>,
}

impl File for PausingFile {
    fn opened(&self) -> io::Result<Stat> {
        self.inner.opened()
    }

    fn stat(&self) -> io::Result<Stat> {
        self.inner.stat()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.fs.tick();
        self.inner.read_at(offset, buffer)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write_at(offset, bytes)
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.inner.sync_data()
    }

    fn sync(&mut self) -> io::Result<()> {
        self.inner.sync()
    }
}

/// Reads the records while `action` happens before call `at`; `None` when the reader was done before.
fn read_with_pause(
    fs: &SimFs,
    boot: &str,
    at: u64,
    action: impl FnOnce() + Send + 'static,
) -> Option<String> {
    let pausing = PausingFs::new(fs, at, action);
    let env = Env {
        fs: Arc::new(pausing.clone()),
        host: Arc::new(SimHost::new(fs, boot)),
        options: Options::default(),
        private: PathBuf::from("/sim/private"),
        shared: PathBuf::from("/sim/.jit"),
        index: None,
    };
    let snapshot = reader::read(&env).unwrap().into_snapshot().0;
    pausing.has_acted().then(|| records_of(&snapshot))
}

/// Leaves out the line of the receipt, which is no part of a snapshot.
fn without_receipt(state: &str) -> String {
    let lines = state.split_inclusive('\n');
    lines.filter(|line| !line.starts_with("receipt")).collect()
}

/// Lets a writer take `n_steps` steps during every call of a reader; one of them empties the log if asked.
fn check(n: usize, n_steps: usize, emptied_by: Option<usize>, is_restarted: bool) -> u64 {
    let states = states();
    // Emptied by the last step, or with all of the steps in it.
    let starts_empty = n >= 2 && n_steps == 2;
    let base = fresh();
    for done in 0..n {
        if starts_empty && done + 1 == n {
            let_log_age(&base);
        }
        step(&base, "boot", done).unwrap();
    }
    let boot = if is_restarted { "other boot" } else { "boot" };
    let mut n_pauses = 0;
    loop {
        let fs = base.after_death();
        let writer = fs.clone();
        let action = move || {
            for next in n..n + n_steps {
                if emptied_by == Some(next - n) {
                    let_log_age(&writer);
                }
                step(&writer, boot, next).unwrap();
            }
        };
        let Some(seen) = read_with_pause(&fs, boot, n_pauses, action) else {
            break;
        };
        let is_state = (n..=n + n_steps).any(|state| without_receipt(&states[state].0) == seen);
        assert!(
            is_state,
            "paused at call {n_pauses}, step {n} and {n_steps} in all, log emptied by: {emptied_by:?}: {seen}"
        );
        n_pauses += 1;
        open(&fs, boot).unwrap();
    }
    n_pauses
}

#[test]
fn a_reader_that_is_overtaken_sees_one_moment() {
    let mut n_pauses = 0;
    for n in 0..N_STEPS {
        for n_steps in 1..=(N_STEPS - n).min(3) {
            for emptied_by in [None, Some(0), Some(n_steps - 1)] {
                for is_restarted in [false, true] {
                    n_pauses += check(n, n_steps, emptied_by, is_restarted);
                }
            }
        }
    }
    assert!(n_pauses > 500, "only {n_pauses} pauses");
    super::record("store: readers overtaken at every call", n_pauses);
}
