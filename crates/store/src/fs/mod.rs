//! What the store does with files, as a trait with a real and a simulated version.
//!
//! Owns paths below the two roots, the operations on them, and the protection against symbolic links, pipes and over-long
//! files. Refuses to know what the files mean.

mod path;
mod real;
#[cfg(any(test, feature = "conformance"))]
pub mod sim;

use crate::seeded::{self, Bug};
use std::fmt::Debug;
use std::io;
use std::time::Duration;

pub use path::{At, PathError, RelPath, Root};
pub use real::RealFs;

/// What the caller will do with a file that it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read an existing file.
    Read,
    /// Read and write an existing file in place.
    Write,
    /// Read and write in place a file that is created when it is missing.
    Create,
    /// Write a file that must not exist yet.
    New,
}

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// Anything else: a symbolic link, a pipe, a device.
    Other,
}

/// What the file system says about a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// Its length in bytes.
    pub len: u64,
    /// Its inode number.
    pub ino: u64,
    /// When its content changed last, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// When its inode changed last, nanoseconds since 1970.
    pub ctime_ns: i64,
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name; bytes that are no UTF-8 are replaced, so such a name never opens a file.
    pub name: String,
}

/// Whether others may hold the lock at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// Nobody else: writers.
    Exclusive,
    /// Other shared holders: readers as a last resort.
    Shared,
}

/// A held lock; dropping it unlocks.
#[derive(Debug)]
pub struct LockGuard {
    _held: Box<dyn Held>,
}

impl LockGuard {
    /// Wraps whatever unlocks when it is dropped.
    pub fn new(held: impl Held + 'static) -> Self {
        Self {
            _held: Box::new(held),
        }
    }
}

/// Something that unlocks when it is dropped.
pub trait Held: Debug + Send + Sync {}

/// Why the lock could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else held it for the whole time.
    #[error("lock was held for {} ms", .waited.as_millis())]
    Timeout {
        /// How long was waited.
        waited: Duration,
    },
    /// The operating system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// An open regular file.
pub trait File: Debug + Send {
    /// Returns what the file system said about it when it was opened.
    fn opened(&self) -> io::Result<Stat>;

    /// Returns what the file system says about it.
    fn stat(&self) -> io::Result<Stat>;

    /// Reads up to `buffer.len()` bytes at `offset`; fewer mean the end of the file.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes at `offset` with one call and returns how many bytes went in.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize>;

    /// Cuts or extends the file.
    fn set_len(&mut self, len: u64) -> io::Result<()>;

    /// Waits until the content and the length are on disk.
    fn sync_data(&mut self) -> io::Result<()>;

    /// Waits until the file is on disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// Everything the store does with files; paths never leave their root and never follow a symbolic link.
pub trait Fs: Debug + Send + Sync {
    /// Opens a regular file; anything else is an error.
    fn open(&self, at: &At, access: Access) -> io::Result<Box<dyn File>>;

    /// Moves a file within its root, replacing what is there.
    fn rename(&self, from: &At, to: &RelPath) -> io::Result<()>;

    /// Removes a file.
    fn unlink(&self, at: &At) -> io::Result<()>;

    /// Makes one directory; its parent must exist.
    fn make_dir(&self, at: &At) -> io::Result<()>;

    /// Lists a directory in order of the names.
    fn list(&self, at: &At) -> io::Result<Vec<Entry>>;

    /// Returns what lies at a path, without following a symbolic link at its end.
    fn stat(&self, at: &At) -> io::Result<Stat>;

    /// Returns what lies at each of these paths below a directory, as [`Fs::stat`] does; `None`: absent. The links on the
    /// way may be followed: the answer tells whether something has to be read, not what it holds.
    fn stat_each(&self, dir: &At, names: &[String]) -> io::Result<Vec<Option<Stat>>> {
        let look = |name: &String| {
            let path = dir.path.join(name).map_err(io::Error::other)?;
            absent_ok(self.stat(&At::new(dir.root, path)))
        };
        names.iter().map(look).collect()
    }

    /// Returns what the root directory itself is.
    fn stat_root(&self, root: Root) -> io::Result<Stat>;

    /// Waits until the names in a directory are on disk; `None` is the root itself.
    fn sync_dir(&self, root: Root, dir: Option<&RelPath>) -> io::Result<()>;

    /// Waits until everything below the file system of this root is on disk.
    fn sync_all(&self, root: Root) -> io::Result<()>;

    /// Makes the root directory when it is missing, for this user only when it is private. What it lies in has to be there:
    /// a git directory that is gone must not be made up.
    fn make_root(&self, root: Root) -> io::Result<()>;

    /// Locks the store, waiting up to `timeout`.
    fn lock(&self, mode: LockMode, timeout: Duration) -> Result<LockGuard, LockError>;

    /// Returns the name of the network file system that the root is on, if it is on one.
    fn network_name(&self, root: Root) -> io::Result<Option<&'static str>>;
}

/// Returns `None` for a path that does not exist; every other error stays one.
pub fn absent_ok<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(_) if seeded::has(Bug::BlurErrors) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a whole open file from `offset` on; more than `cap` bytes are an error.
pub fn read_to_end(file: &dyn File, offset: u64, cap: u64) -> io::Result<Vec<u8>> {
    let expected = file.opened()?.len.saturating_sub(offset);
    if expected > cap {
        return Err(too_long(cap));
    }
    let expected = usize::try_from(expected).map_err(io::Error::other)?;
    let mut bytes = vec![0; expected + 1];
    let mut filled = 0;
    loop {
        let n_read = file.read_at(offset + filled as u64, &mut bytes[filled..])?;
        filled += n_read;
        // A regular file answers with fewer bytes than asked for only at its end.
        if filled < bytes.len() {
            break;
        }
        if filled as u64 > cap {
            return Err(too_long(cap));
        }
        bytes.resize(bytes.len() * 2, 0);
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Reads a whole file of at most `cap` bytes.
pub fn read(fs: &dyn Fs, at: &At, cap: u64) -> io::Result<Vec<u8>> {
    let file = fs.open(at, Access::Read)?;
    read_to_end(&*file, 0, cap)
}

/// Writes all bytes at `offset`, continuing after short writes.
pub fn write_all_at(file: &mut dyn File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        match file.write_at(offset + done as u64, &bytes[done..])? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n_written => done += n_written,
        }
    }
    Ok(())
}

/// Makes a directory and those above it; existing ones are fine.
pub fn make_dirs(fs: &dyn Fs, root: Root, dir: &RelPath) -> io::Result<()> {
    let at = At::new(root, dir.clone());
    match fs.make_dir(&at) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            match dir.parent() {
                Some(parent) => make_dirs(fs, root, &parent)?,
                None => fs.make_root(root)?,
            }
            match fs.make_dir(&at) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                other => other,
            }
        }
        other => other,
    }
}

fn too_long(cap: u64) -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("longer than {cap} bytes"),
    )
}
