//! The operating system's files below the roots of one store.
//!
//! Owns opening without following symbolic links, the directory lock and the recognition of network file systems. Refuses
//! to cache anything that is read.

use super::{
    Access, At, Entry, File, Fs, Held, Kind, LockError, LockGuard, LockMode, RelPath, Root, Stat,
};
use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, mpsc};
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

const DIR_FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

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
        builder.recursive(true).create(&directory.path)
    }

    fn lock(&self, mode: LockMode, timeout: Duration) -> Result<LockGuard, LockError> {
        let deadline = Instant::now() + timeout;
        for _ in 0..MAX_RELOCKS {
            let fd = self.shared.open_anew()?;
            let fd = flock_until(fd, mode, deadline, timeout)?;
            if self.shared.is_current(fd.as_fd())? {
                if !self.shared.is_current(self.shared.open()?.as_fd())? {
                    self.shared.reopen()?;
                }
                return Ok(LockGuard::new(HeldFd { _fd: fd }));
            }
        }
        Err(LockError::Timeout { waited: timeout })
    }

    fn network_name(&self, root: Root) -> io::Result<Option<&'static str>> {
        network_file_system(self.directory(root).open()?.as_fd())
    }
}

/// A locked descriptor; closing it unlocks.
#[derive(Debug)]
struct HeldFd {
    _fd: OwnedFd,
}

impl Held for HeldFd {}

/// Locks `fd`; while somebody else holds the lock a thread waits for it, since `flock` itself knows no timeout.
///
/// After a timeout the thread stays in its wait; when it gets the lock at last nobody receives the descriptor, which
/// closes it and so unlocks at once.
fn flock_until(
    fd: OwnedFd,
    mode: LockMode,
    deadline: Instant,
    timeout: Duration,
) -> Result<OwnedFd, LockError> {
    let (now, wait) = match mode {
        LockMode::Exclusive => (
            FlockOperation::NonBlockingLockExclusive,
            FlockOperation::LockExclusive,
        ),
        LockMode::Shared => (
            FlockOperation::NonBlockingLockShared,
            FlockOperation::LockShared,
        ),
    };
    match rustix::fs::flock(&fd, now) {
        Ok(()) => return Ok(fd),
        Err(Errno::WOULDBLOCK) => {}
        Err(errno) => return Err(io::Error::from(errno).into()),
    }
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::Builder::new()
        .name("jit-lock".to_owned())
        .spawn(move || {
            let outcome = rustix::io::retry_on_intr(|| rustix::fs::flock(&fd, wait));
            // A receiver that gave up is no error: the descriptor closes here.
            sender.send(outcome.map(|()| fd)).ok();
        })?;
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(Ok(fd)) => Ok(fd),
        Ok(Err(errno)) => Err(io::Error::from(errno).into()),
        Err(_) => Err(LockError::Timeout { waited: timeout }),
    }
}

/// Opens a path without leaving `top` and without following any symbolic link.
fn open_beneath(
    top: BorrowedFd<'_>,
    path: &RelPath,
    flags: OFlags,
    mode: Mode,
) -> io::Result<OwnedFd> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::ResolveFlags;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        match rustix::fs::openat2(top, path.as_str(), flags | OFlags::NOFOLLOW, mode, resolve) {
            // An old kernel, or a sandbox that does not know the call.
            Err(Errno::NOSYS | Errno::PERM) => {}
            other => return Ok(other?),
        }
    }
    open_by_steps(top, path, flags, mode)
}

/// Opens a path name by name, for kernels that can't be told to stay beneath a directory.
fn open_by_steps(
    top: BorrowedFd<'_>,
    path: &RelPath,
    flags: OFlags,
    mode: Mode,
) -> io::Result<OwnedFd> {
    let mut holder: Option<OwnedFd> = None;
    if let Some(parent) = path.parent() {
        for name in parent.as_str().split('/') {
            let from = holder.as_ref().map_or(top, AsFd::as_fd);
            holder = Some(rustix::fs::openat(
                from,
                name,
                DIR_FLAGS | OFlags::NOFOLLOW,
                Mode::empty(),
            )?);
        }
    }
    let from = holder.as_ref().map_or(top, AsFd::as_fd);
    Ok(rustix::fs::openat(
        from,
        path.name(),
        flags | OFlags::NOFOLLOW,
        mode,
    )?)
}

#[cfg(target_os = "linux")]
fn sync_file_system(fd: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::fs::syncfs(fd)?)
}

#[cfg(not(target_os = "linux"))]
fn sync_file_system(_fd: BorrowedFd<'_>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Names the file systems on which a lock of one machine may mean nothing to another.
#[cfg(target_os = "linux")]
fn network_file_system(fd: BorrowedFd<'_>) -> io::Result<Option<&'static str>> {
    // The magic number is 32 bits wide; the type of the field differs between architectures.
    let magic = u32::try_from(i128::from(rustix::fs::fstatfs(fd)?.f_type) & 0xffff_ffff)
        .map_err(io::Error::other)?;
    Ok(match magic {
        0x6969 => Some("nfs"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("smb"),
        0x0102_1997 => Some("9p"),
        0x6573_5546 => Some("fuse or virtiofs"),
        0x5346_414f => Some("afs"),
        0x00c3_6400 => Some("ceph"),
        0x7375_7245 => Some("coda"),
        0x5346_4846 => Some("wslfs"),
        _ => None,
    })
}

#[cfg(not(target_os = "linux"))]
fn network_file_system(_fd: BorrowedFd<'_>) -> io::Result<Option<&'static str>> {
    Ok(None)
}

/// Refuses what is no regular file, and for writing in place what has a second name elsewhere.
fn check_plain(stat: &rustix::fs::Stat, access: Access) -> io::Result<()> {
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a regular file",
        ));
    }
    if access != Access::Read && stat.st_nlink > 1 {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "file has a second hard link",
        ));
    }
    Ok(())
}

/// An open regular file of the operating system.
#[derive(Debug)]
struct RealFile {
    fd: OwnedFd,
    opened: Stat,
}

impl File for RealFile {
    fn opened(&self) -> io::Result<Stat> {
        Ok(self.opened)
    }

    fn stat(&self) -> io::Result<Stat> {
        Ok(to_stat(&rustix::fs::fstat(&self.fd)?))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::retry_on_intr(|| {
            rustix::io::pread(&self.fd, &mut *buffer, offset)
        })?)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::retry_on_intr(|| {
            rustix::io::pwrite(&self.fd, bytes, offset)
        })?)
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        Ok(rustix::fs::ftruncate(&self.fd, len)?)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        Ok(rustix::fs::fdatasync(&self.fd)?)
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.fd)?)
    }
}

fn to_stat(stat: &rustix::fs::Stat) -> Stat {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink
        | FileType::Fifo
        | FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice
        | FileType::Unknown => Kind::Other,
    };
    let nanos = |seconds: i64, part: i128| {
        let part = i64::try_from(part).unwrap_or(0);
        seconds.saturating_mul(1_000_000_000).saturating_add(part)
    };
    Stat {
        kind,
        len: u64::try_from(stat.st_size).unwrap_or(0),
        ino: stat.st_ino,
        mtime_ns: nanos(stat.st_mtime, i128::from(stat.st_mtime_nsec)),
        ctime_ns: nanos(stat.st_ctime, i128::from(stat.st_ctime_nsec)),
    }
}
