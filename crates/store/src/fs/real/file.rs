//! Open files of the operating system.
//!
//! Owns what counts as a plain file. Refuses to open them: see the parent module.

use crate::fs::{Access, File, Kind, Stat};
use rustix::fs::FileType;
use std::io;
use std::os::fd::OwnedFd;

/// Refuses what is no regular file, and for writing in place what has a second name elsewhere.
pub(super) fn check_plain(stat: &rustix::fs::Stat, access: Access) -> io::Result<()> {
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
pub(super) struct RealFile {
    pub(super) fd: OwnedFd,
    pub(super) opened: Stat,
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

pub(super) fn to_stat(stat: &rustix::fs::Stat) -> Stat {
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
