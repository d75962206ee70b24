//! The operating system's files below the roots of one store.
//!
//! Owns opening without following symbolic links, the directory lock and the recognition of network file systems. Refuses
//! to cache anything that is read.

mod beneath;
mod file;
mod lock;
mod mount;

use super::{
    Access, At, Entry, File, Fs, LockError, LockGuard, LockMode, RelPath, Root, Stat, absent_ok,
};
use beneath::{DIR_FLAGS, open_beneath};
use file::{RealFile, check_plain, to_stat};
use lock::{HeldFds, flock_until};
use mount::{network_file_system, sync_file_system};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How often the lock is taken anew when the directory was replaced while waiting for it.
const MAX_RELOCKS: usize = 5;

/// The real file system below `.jit/` and the private directory of a clone.
#[derive(Debug)]
pub struct RealFs {
    shared: Directory,
    private: Directory,
}

/// A root that is opened when it is first needed.
#[derive(Debug)]
struct Directory {
    path: PathBuf,
    mode: u32,
    fd: RwLock<Option<Arc<OwnedFd>>>,
}

impl RealFs {
    /// Returns the files below these two directories; either may be missing still.
    pub fn new(shared: &Path, private: &Path) -> Self {
        Self {
            shared: Directory::new(shared, 0o777),
            private: Directory::new(private, 0o700),
        }
    }

    fn directory(&self, root: Root) -> &Directory {
        match root {
            Root::Shared => &self.shared,
            Root::Private => &self.private,
        }
    }

    /// Opens the directory that holds `path`, so that the last step can't be led astray by a link before it.
    fn open_parent(&self, root: Root, path: &RelPath) -> io::Result<Arc<OwnedFd>> {
        let top = self.directory(root).open()?;
        match path.parent() {
            None => Ok(top),
            Some(parent) => Ok(Arc::new(open_beneath(
                top.as_fd(),
                &parent,
                DIR_FLAGS,
                Mode::empty(),
            )?)),
        }
    }
}

impl Directory {
    fn new(path: &Path, mode: u32) -> Self {
        Self {
            path: path.to_owned(),
            mode,
            fd: RwLock::new(None),
        }
    }

    fn open(&self) -> io::Result<Arc<OwnedFd>> {
        if let Some(fd) = &*self.fd.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(Arc::clone(fd));
        }
        self.reopen()
    }

    fn reopen(&self) -> io::Result<Arc<OwnedFd>> {
        let fd = Arc::new(self.open_anew()?);
        *self.fd.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&fd));
        Ok(fd)
    }

    fn open_anew(&self) -> io::Result<OwnedFd> {
        Ok(rustix::fs::open(
            &self.path,
            DIR_FLAGS | OFlags::NOFOLLOW,
            Mode::empty(),
        )?)
    }

    /// Returns whether `fd` is still what the path names.
    fn is_current(&self, fd: BorrowedFd<'_>) -> io::Result<bool> {
        let held = rustix::fs::fstat(fd)?;
        match rustix::fs::lstat(&self.path) {
            Ok(named) => Ok((held.st_dev, held.st_ino) == (named.st_dev, named.st_ino)),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl Fs for RealFs {
    fn open(&self, at: &At, access: Access) -> io::Result<Box<dyn File>> {
        let top = self.directory(at.root).open()?;
        let flags = match access {
            Access::Read => OFlags::RDONLY,
            Access::Write => OFlags::RDWR,
            Access::Create => OFlags::RDWR | OFlags::CREATE,
            Access::New => OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL,
        };
        // The kernel refuses a mode where nothing can be created.
        let mode = match (access, at.root) {
            (Access::Read | Access::Write, _) => Mode::empty(),
            (Access::Create | Access::New, Root::Shared) => Mode::from_raw_mode(0o666),
            (Access::Create | Access::New, Root::Private) => Mode::from_raw_mode(0o600),
        };
        // A pipe must not block the open; what it is gets checked before the first byte is read.
        let guards = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = open_beneath(top.as_fd(), &at.path, flags | guards, mode)?;
        let stat = rustix::fs::fstat(&fd)?;
        check_plain(&stat, access)?;
        Ok(Box::new(RealFile {
            fd,
            opened: to_stat(&stat),
        }))
    }

    fn rename(&self, from: &At, to: &RelPath) -> io::Result<()> {
        let source = self.open_parent(from.root, &from.path)?;
        let target = self.open_parent(from.root, to)?;
        Ok(rustix::fs::renameat(
            &*source,
            from.path.name(),
            &*target,
            to.name(),
        )?)
    }

    fn unlink(&self, at: &At) -> io::Result<()> {
        let parent = self.open_parent(at.root, &at.path)?;
        Ok(rustix::fs::unlinkat(
            &*parent,
            at.path.name(),
            AtFlags::empty(),
        )?)
    }

    fn make_dir(&self, at: &At) -> io::Result<()> {
        let parent = self.open_parent(at.root, &at.path)?;
        let mode = Mode::from_raw_mode(self.directory(at.root).mode);
        Ok(rustix::fs::mkdirat(&*parent, at.path.name(), mode)?)
    }

    fn list(&self, at: &At) -> io::Result<Vec<Entry>> {
        let top = self.directory(at.root).open()?;
        let fd = open_beneath(top.as_fd(), &at.path, DIR_FLAGS, Mode::empty())?;
        let mut entries = Vec::new();
        for entry in rustix::fs::Dir::new(fd)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name != "." && name != ".." {
                entries.push(Entry { name });
            }
        }
        entries.sort();
        Ok(entries)
    }

    fn stat(&self, at: &At) -> io::Result<Stat> {
        let parent = self.open_parent(at.root, &at.path)?;
        let stat = rustix::fs::statat(&*parent, at.path.name(), AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(to_stat(&stat))
    }

    fn stat_each(&self, dir: &At, names: &[String]) -> io::Result<Vec<Option<Stat>>> {
        let top = self.directory(dir.root).open()?;
        let Some(fd) = absent_ok(open_beneath(
            top.as_fd(),
            &dir.path,
            DIR_FLAGS,
            Mode::empty(),
        ))?
        else {
            return Ok(vec![None; names.len()]);
        };
        let look =
            |name: &String| match rustix::fs::statat(&fd, name.as_str(), AtFlags::SYMLINK_NOFOLLOW)
            {
                Ok(stat) => Ok(Some(to_stat(&stat))),
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
                Err(errno) => Err(errno.into()),
            };
        names.iter().map(look).collect()
    }

    fn stat_root(&self, root: Root) -> io::Result<Stat> {
        Ok(to_stat(&rustix::fs::fstat(&*self.directory(root).open()?)?))
    }

    fn sync_dir(&self, root: Root, dir: Option<&RelPath>) -> io::Result<()> {
        let top = self.directory(root).open()?;
        match dir {
            None => rustix::fs::fsync(&*top)?,
            Some(dir) => {
                rustix::fs::fsync(open_beneath(top.as_fd(), dir, DIR_FLAGS, Mode::empty())?)?;
            }
        }
        Ok(())
    }

    fn sync_all(&self, root: Root) -> io::Result<()> {
        sync_file_system(self.directory(root).open()?.as_fd())
    }

    fn make_root(&self, root: Root) -> io::Result<()> {
        let directory = self.directory(root);
        let mut builder = std::fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, directory.mode);
        match builder.create(&directory.path) {
            Err(error)
                if error.kind() == io::ErrorKind::AlreadyExists && directory.path.is_dir() =>
            {
                Ok(())
            }
            other => other,
        }
    }

    fn lock(&self, mode: LockMode, timeout: Duration) -> Result<LockGuard, LockError> {
        let deadline = Instant::now() + timeout;
        for _ in 0..MAX_RELOCKS {
            let fd = self.shared.open_anew()?;
            let fd = flock_until(fd, mode, deadline, timeout)?;
            if !self.shared.is_current(fd.as_fd())? {
                continue;
            }
            // Git may remove the shared directory under a writer and make it anew; the private one stays, with the log.
            let private = match self.private.open_anew() {
                Ok(fd) => Some(flock_until(fd, mode, deadline, timeout)?),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error.into()),
            };
            if self.shared.is_current(fd.as_fd())? {
                if !self.shared.is_current(self.shared.open()?.as_fd())? {
                    self.shared.reopen()?;
                }
                return Ok(LockGuard::new(HeldFds {
                    _shared: fd,
                    _private: private,
                }));
            }
        }
        Err(LockError::Timeout { waited: timeout })
    }

    fn network_name(&self, root: Root) -> io::Result<Option<&'static str>> {
        network_file_system(self.directory(root).open()?.as_fd())
    }
}
