//! Opening a path without ever leaving the directory it is below.
//!
//! Owns the two ways to do it. Refuses to follow any symbolic link.

use crate::fs::RelPath;
use rustix::fs::{Mode, OFlags};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// How directories are opened.
pub(super) const DIR_FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// Opens a path without leaving `top` and without following any symbolic link.
pub(super) fn open_beneath(
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
            Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => {}
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
