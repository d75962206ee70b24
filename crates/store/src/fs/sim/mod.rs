//! Files in memory that can fail, die and lose what was not synced.
//!
//! Owns a weak but possible file system: until a sync, contents, lengths and names reach the disk in any order or not at
//! all. Refuses to be fast.

mod crash;
mod op;
mod world;

use super::{
    Access, At, Entry, File, Fs, Held, LockError, LockGuard, LockMode, RelPath, Root, Stat,
};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use crash::{Loss, Survival};
use op::{Node, Op};
use world::World;

/// A fault to inject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of the call that fails, counted from 0.
    pub call: u64,
    /// What happens to it.
    pub kind: FaultKind,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It fails with this error number.
    Once(i32),
    /// It and all later ones fail with this error number.
    Forever(i32),
    /// A write puts half of its bytes in place and says so; other calls succeed.
    Short,
    /// A write puts half of its bytes in place and then fails with this error number; other calls just fail.
    Half(i32),
    /// The process dies: neither it nor any later call has an effect.
    Death,
    /// The process dies in the middle of a write: half of the bytes are in place.
    DeathHalfway,
}

/// The error number of every call of a process that has died.
pub const DEAD: i32 = 3;

/// Files in memory; clones share them.
#[derive(Clone, Debug)]
pub struct SimFs {
    world: Arc<Mutex<World>>,
}

impl Default for SimFs {
    fn default() -> Self {
        Self::new()
    }
}

impl SimFs {
    /// Returns empty roots, safe on disk.
    pub fn new() -> Self {
        Self::of(World::new())
    }

    fn of(world: World) -> Self {
        Self {
            world: Arc::new(Mutex::new(world)),
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the calls made so far and lets a later one fail.
    pub fn inject(&self, fault: Option<Fault>) {
        let mut world = self.world();
        world.fault = fault;
        world.calls.clear();
    }

    /// Returns the names of the calls since the last injection.
    pub fn calls(&self) -> Vec<&'static str> {
        self.world().calls.clone()
    }

    /// Makes everything written so far safe on disk.
    pub fn settle(&self) {
        self.world().perform(Op::SyncAll);
    }

    /// Returns how many operations have changed anything.
    pub fn n_ops(&self) -> usize {
        self.world().ops.len()
    }

    /// Returns the files as a new process finds them, after the old one died.
    #[must_use]
    pub fn after_death(&self) -> Self {
        Self::of(self.world().after_death())
    }

    /// Returns the files as they are found after the power was cut when `n_ops` operations had been done.
    #[must_use]
    pub fn after_power_cut(&self, n_ops: usize, loss: Loss) -> Self {
        Self::of(self.world().after_power_cut(n_ops, loss))
    }

    /// Returns the files as they are found after a power cut whose every choice is given: what became of the operations
    /// that no sync covered, and of some of them, named by their place among those, something else.
    #[must_use]
    pub fn after_exact_cut(
        &self,
        n_ops: usize,
        rest: Survival,
        others: &[(usize, Survival)],
    ) -> Self {
        Self::of(self.world().after_exact_cut(n_ops, rest, others))
    }

    /// Returns for each of the first `n_ops` operations that no sync among them covers whether it writes bytes.
    pub fn unsynced(&self, n_ops: usize) -> Vec<bool> {
        self.world().unsynced(n_ops)
    }

    /// Returns a number that two trees share only if nobody can tell them apart.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.world().nodes.hash(&mut hasher);
        hasher.finish()
    }

    /// Makes every later sync do nothing, as a writer that forgot it; for testing the tests.
    pub fn ignore_syncs(&self, call: &'static str) {
        self.world().ignored = Some(call);
    }

    /// Returns the time of the simulated clock, nanoseconds since 1970.
    pub fn now_ns(&self) -> i64 {
        self.world().now_ns
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.world().now_ns += i64::try_from(by.as_nanos()).unwrap_or(0);
    }
}

impl Fs for SimFs {
    fn open(&self, at: &At, access: Access) -> io::Result<Box<dyn File>> {
        let mut world = self.world();
        world.enter("open")?;
        let node = world.open(at, access)?;
        Ok(Box::new(SimFile {
            fs: self.clone(),
            node,
        }))
    }

    fn rename(&self, from: &At, to: &RelPath) -> io::Result<()> {
        let mut world = self.world();
        world.enter("rename")?;
        world.rename(from, to)
    }

    fn unlink(&self, at: &At) -> io::Result<()> {
        let mut world = self.world();
        world.enter("unlink")?;
        world.unlink(at)
    }

    fn make_dir(&self, at: &At) -> io::Result<()> {
        let mut world = self.world();
        world.enter("mkdir")?;
        world.make_dir(at)
    }

    fn list(&self, at: &At) -> io::Result<Vec<Entry>> {
        let mut world = self.world();
        world.enter("list")?;
        world.list(at)
    }

    fn stat(&self, at: &At) -> io::Result<Stat> {
        let mut world = self.world();
        world.enter("stat")?;
        let node = world.find(at)?;
        Ok(world.stat(node))
    }

    fn stat_root(&self, root: Root) -> io::Result<Stat> {
        let mut world = self.world();
        world.enter("stat")?;
        Ok(world.stat(World::root(root)))
    }

    fn sync_dir(&self, root: Root, dir: Option<&RelPath>) -> io::Result<()> {
        let mut world = self.world();
        let node = match dir {
            None => World::root(root),
            Some(dir) => world.find(&At::new(root, dir.clone()))?,
        };
        world.sync("fsync", node)
    }

    fn sync_all(&self, _root: Root) -> io::Result<()> {
        let mut world = self.world();
        world.enter("syncfs")?;
        if world.ignored != Some("syncfs") {
            world.perform(Op::SyncAll);
        }
        Ok(())
    }

    fn make_root(&self, _root: Root) -> io::Result<()> {
        self.world().enter("mkdir")
    }

    fn lock(&self, _mode: LockMode, timeout: Duration) -> Result<LockGuard, LockError> {
        let mut world = self.world();
        world.enter("flock")?;
        if world.is_locked {
            return Err(LockError::Timeout { waited: timeout });
        }
        world.is_locked = true;
        Ok(LockGuard::new(SimLock(self.clone())))
    }

    fn network_name(&self, _root: Root) -> io::Result<Option<&'static str>> {
        self.world().enter("statfs")?;
        Ok(None)
    }
}

#[derive(Debug)]
struct SimLock(SimFs);

impl Held for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.0.world().is_locked = false;
    }
}

#[derive(Debug)]
struct SimFile {
    fs: SimFs,
    node: Node,
}

impl File for SimFile {
    fn opened(&self) -> io::Result<Stat> {
        self.stat()
    }

    fn stat(&self) -> io::Result<Stat> {
        let mut world = self.fs.world();
        world.enter("fstat")?;
        Ok(world.stat(self.node))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut world = self.fs.world();
        world.enter("pread")?;
        Ok(world.read(self.node, offset, buffer))
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.fs.world().write(self.node, offset, bytes)
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        let mut world = self.fs.world();
        world.enter("ftruncate")?;
        world.set_len(self.node, len);
        Ok(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.fs.world().sync("fdatasync", self.node)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.fs.world().sync("fsync", self.node)
    }
}
