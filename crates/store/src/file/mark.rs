//! The `applied` mark: how far the log has reached the files, and what the last writer knew.
//!
//! Owns its encoding. Being unreadable is no error: whoever can't read the mark redoes the whole log and looks at the
//! events again. Refuses to hold anything that could not be found out without it.

use super::frame::Frame;
use crate::fs::{self, Access, At, Fs, RelPath, absent_ok};
use crate::host::Host;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;

/// First bytes of the mark.
const MAGIC: [u8; 4] = *b"jitm";

/// Bytes before the content: magic, length, checksum.
const HEADER: usize = 12;

/// Longest mark in bytes.
const MAX_MARK: u64 = 64 * 1024;

/// How far the log has been applied, and what its writer knew about the events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// The last frame that is applied.
    pub(crate) seq: u64,
    /// Where that frame ends in the log.
    pub(crate) offset: u64,
    /// The boot in which it was applied; in another one the mark says nothing about the files.
    pub(crate) boot: String,
    /// How many frames the log holds.
    #[serde(default)]
    pub(crate) n_frames: u32,
    /// When the oldest of them was written, microseconds since 1970.
    #[serde(default)]
    pub(crate) oldest_us: i64,
    /// The name of the log is on disk; whoever made the log may have died before it was.
    #[serde(default)]
    pub(crate) has_safe_log: bool,
    /// When the last frame was applied and nothing else was under way, microseconds since 1970.
    #[serde(default)]
    pub(crate) settled_us: Option<i64>,
    /// A sync of the files failed: what they seem to hold may never reach the disk.
    #[serde(default)]
    pub(crate) is_suspect: bool,
    /// The segment that the next events may be appended to.
    #[serde(default)]
    pub(crate) segment: Option<SegmentMemory>,
    /// What is known of the history of events.
    #[serde(default)]
    pub(crate) clock: EventClock,
}

/// The one segment that this clone may extend, recognised by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SegmentMemory {
    /// Its path below the shared root.
    pub(crate) path: String,
    /// Its length.
    pub(crate) len: u64,
    /// The checksum of its content.
    pub(crate) crc: u32,
    /// The inode of `.jit/`: in a copied directory the memory is void.
    pub(crate) jit_ino: u64,
    /// The path of `.jit/`, for the same reason.
    pub(crate) jit_path: String,
    /// Its inode and change time when it was last seen with that content.
    pub(crate) seen: Option<(u64, i64)>,
}

/// The greatest logical clock of all events, and the state of the directories in which it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EventClock {
    /// The greatest `lc` seen.
    pub(crate) lc: u64,
    /// The inode and change time of each month's directory when it was looked at.
    pub(crate) months: BTreeMap<String, (u64, i64)>,
}

impl Mark {
    /// Notes that the frame, which ends at `offset`, is in the files.
    pub(crate) fn advance(&mut self, frame: &Frame, offset: u64, host: &dyn Host) {
        self.settled_us = Some(host.now_us());
        if self.n_frames == 0 {
            self.oldest_us = frame.wall_us;
        }
        self.n_frames = self.n_frames.saturating_add(1);
        self.seq = frame.seq;
        self.offset = offset;
        host.boot_id().clone_into(&mut self.boot);
    }

    /// Returns since when the store itself has touched no file, if the log ends with frame `last`.
    pub(crate) fn quiet_since_us(&self, last: u64) -> Option<i64> {
        self.settled_us.filter(|_| self.seq == last)
    }

    pub(crate) fn at() -> At {
        At::private("applied")
    }

    fn encode(&self) -> Vec<u8> {
        let content = serde_json::to_vec(self).expect("a struct of texts and numbers is JSON");
        let mut bytes = Vec::with_capacity(HEADER + content.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(
            &u32::try_from(content.len())
                .expect("a mark is small")
                .to_le_bytes(),
        );
        bytes.extend_from_slice(&crc32c::crc32c(&content).to_le_bytes());
        bytes.extend_from_slice(&content);
        bytes
    }

    /// Reads a mark; what lies after it is left over from a longer one.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let header = bytes.get(..HEADER)?;
        let len = u32::from_le_bytes(header[4..8].try_into().ok()?);
        let content = bytes.get(HEADER..HEADER.checked_add(usize::try_from(len).ok()?)?)?;
        let is_whole =
            header[..4] == MAGIC && crc32c::crc32c(content).to_le_bytes() == header[8..12];
        if is_whole {
            serde_json::from_slice(content).ok()
        } else {
            None
        }
    }

    /// Reads the mark; `None` when there is none or it can't be trusted.
    pub(crate) fn read(fs: &dyn Fs) -> io::Result<Option<Self>> {
        let bytes = absent_ok(fs::read(fs, &Self::at(), MAX_MARK))?;
        Ok(bytes.and_then(|bytes| Self::decode(&bytes)))
    }

    /// Writes the mark in place; a torn one is noticed by its checksum.
    pub(crate) fn write(&self, fs: &dyn Fs) -> io::Result<()> {
        let mut file = fs.open(&Self::at(), Access::Create)?;
        fs::write_all_at(&mut *file, 0, &self.encode())
    }

    /// Writes the mark and waits until it is on disk.
    pub(crate) fn write_and_sync(&self, fs: &dyn Fs) -> io::Result<()> {
        let mut file = fs.open(&Self::at(), Access::Create)?;
        fs::write_all_at(&mut *file, 0, &self.encode())?;
        file.sync()
    }
}

impl SegmentMemory {
    /// Returns the path, unless somebody wrote nonsense into the mark.
    pub(crate) fn rel_path(&self) -> Option<RelPath> {
        RelPath::parse(&self.path).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_back_over_a_longer_one_and_a_torn_one_is_none() {
        let mark = Mark {
            seq: 7,
            offset: 99,
            boot: "b".to_owned(),
            ..Mark::default()
        };
        let mut bytes = mark.encode();
        bytes.extend_from_slice(b"rest of a longer mark");
        assert_eq!(Mark::decode(&bytes), Some(mark.clone()));
        let whole = mark.encode();
        for cut in 0..whole.len() {
            assert_eq!(Mark::decode(&whole[..cut]), None);
        }
        let mut broken = whole;
        broken[HEADER + 3] ^= 1;
        assert_eq!(Mark::decode(&broken), None);
    }
}
