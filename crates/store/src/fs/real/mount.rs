//! What the file system as a whole is and can do.
//!
//! Owns the list of network file systems. Refuses to judge whether to use one.

use std::io;
use std::os::fd::BorrowedFd;

#[cfg(target_os = "linux")]
pub(super) fn sync_file_system(fd: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::fs::syncfs(fd)?)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn sync_file_system(_fd: BorrowedFd<'_>) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Names the file systems on which a lock of one machine may mean nothing to another.
#[cfg(target_os = "linux")]
pub(super) fn network_file_system(fd: BorrowedFd<'_>) -> io::Result<Option<&'static str>> {
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
pub(super) fn network_file_system(_fd: BorrowedFd<'_>) -> io::Result<Option<&'static str>> {
    Ok(None)
}
