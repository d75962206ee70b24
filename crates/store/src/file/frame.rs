//! One transaction as bytes: the frame of the write-ahead log.
//!
//! Owns the encoding and its checksum. Refuses to read or write files.

use crate::fs::{At, RelPath, Root};
use std::fmt;

/// First bytes of every frame; the last one is the version of the encoding.
pub(crate) const MAGIC: [u8; 8] = *b"jitwal\0\x01";

/// Bytes before the payload: magic, sequence number, wall clock, payload length, checksum, reserved.
const HEADER: usize = 8 + 8 + 8 + 8 + 4 + 4;

/// Longest payload that a frame may have, in bytes.
pub(crate) const MAX_PAYLOAD: u64 = 1 << 30;

/// The hash of a file's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ContentHash([u8; 32]);

impl ContentHash {
    /// Returns the hash of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// Returns the hash of a file that may be absent.
    pub(crate) fn of_file(bytes: Option<&[u8]>) -> Option<Self> {
        bytes.map(Self::of)
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex()[..16])
    }
}

/// One file before and after a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileChange {
    /// Where it lies.
    pub(crate) at: At,
    /// The hash of what it held before; `None` when it did not exist.
    pub(crate) pre: Option<ContentHash>,
    /// What it holds after; `None` when it is removed.
    pub(crate) post: Option<Vec<u8>>,
}

/// The lines that a transaction adds to an event segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventAppend {
    /// The segment, below the shared root.
    pub(crate) segment: RelPath,
    /// Its length before.
    pub(crate) offset: u64,
    /// Whole lines.
    pub(crate) bytes: Vec<u8>,
}

/// One transaction: all of it happened, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// One more than the frame before it.
    pub(crate) seq: u64,
    /// When it was written, microseconds since 1970.
    pub(crate) wall_us: i64,
    /// The files, each at most once.
    pub(crate) changes: Vec<FileChange>,
    /// The events, when there are any.
    pub(crate) events: Option<EventAppend>,
}

impl Frame {
    /// Returns the frame as it stands in the log.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; HEADER];
        put_u64(&mut bytes, self.changes.len() as u64);
        for change in &self.changes {
            put_change(&mut bytes, change);
        }
        match &self.events {
            None => bytes.push(0),
            Some(events) => {
                bytes.push(1);
                put_bytes(&mut bytes, events.segment.as_str().as_bytes());
                put_u64(&mut bytes, events.offset);
                put_bytes(&mut bytes, &events.bytes);
            }
        }
        let len = (bytes.len() - HEADER) as u64;
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.seq.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.wall_us.to_le_bytes());
        bytes[24..32].copy_from_slice(&len.to_le_bytes());
        let checksum = checksum(&bytes);
        bytes[32..36].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads the frame at the start of `bytes` and returns it with its length; `None` when there is no good one.
    pub(crate) fn decode(bytes: &[u8]) -> Option<(Self, usize)> {
        let header = bytes.get(..HEADER)?;
        let len = u64::from_le_bytes(header[24..32].try_into().ok()?);
        if header[..8] != MAGIC || len > MAX_PAYLOAD {
            return None;
        }
        let end = HEADER + usize::try_from(len).ok()?;
        let whole = bytes.get(..end)?;
        if checksum(whole) != u32::from_le_bytes(header[32..36].try_into().ok()?) {
            return None;
        }
        let seq = u64::from_le_bytes(header[8..16].try_into().ok()?);
        let wall_us = i64::from_le_bytes(header[16..24].try_into().ok()?);
        let mut rest = &whole[HEADER..];
        let (changes, events) = take_payload(&mut rest)?;
        rest.is_empty().then_some((
            Self {
                seq,
                wall_us,
                changes,
                events,
            },
            end,
        ))
    }
}

/// Covers everything but the checksum itself.
fn checksum(frame: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&frame[..32]), &frame[36..])
}

fn put_change(bytes: &mut Vec<u8>, change: &FileChange) {
    bytes.push(match change.at.root {
        Root::Shared => 0,
        Root::Private => 1,
    });
    put_bytes(bytes, change.at.path.as_str().as_bytes());
    match &change.pre {
        None => bytes.push(0),
        Some(hash) => {
            bytes.push(1);
            bytes.extend_from_slice(&hash.0);
        }
    }
    match &change.post {
        None => bytes.push(0),
        Some(post) => {
            bytes.push(1);
            put_bytes(bytes, post);
        }
    }
}

fn put_u64(bytes: &mut Vec<u8>, number: u64) {
    bytes.extend_from_slice(&number.to_le_bytes());
}

fn put_bytes(bytes: &mut Vec<u8>, part: &[u8]) {
    put_u64(bytes, part.len() as u64);
    bytes.extend_from_slice(part);
}

fn take_payload(rest: &mut &[u8]) -> Option<(Vec<FileChange>, Option<EventAppend>)> {
    let n_changes = take_u64(rest)?;
    let mut changes = Vec::new();
    for _ in 0..n_changes {
        changes.push(take_change(rest)?);
    }
    let events = match take(rest, 1)?[0] {
        0 => None,
        1 => {
            let segment = take_path(rest)?;
            let offset = take_u64(rest)?;
            Some(EventAppend {
                segment,
                offset,
                bytes: take_bytes(rest)?.to_vec(),
            })
        }
        _ => return None,
    };
    Some((changes, events))
}

fn take_change(rest: &mut &[u8]) -> Option<FileChange> {
    let root = match take(rest, 1)?[0] {
        0 => Root::Shared,
        1 => Root::Private,
        _ => return None,
    };
    let path = take_path(rest)?;
    let pre = match take(rest, 1)?[0] {
        0 => None,
        1 => Some(ContentHash(take(rest, 32)?.try_into().ok()?)),
        _ => return None,
    };
    let post = match take(rest, 1)?[0] {
        0 => None,
        1 => Some(take_bytes(rest)?.to_vec()),
        _ => return None,
    };
    Some(FileChange {
        at: At::new(root, path),
        pre,
        post,
    })
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (part, after) = rest.split_at_checked(len)?;
    *rest = after;
    Some(part)
}

fn take_u64(rest: &mut &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(take(rest, 8)?.try_into().ok()?))
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = usize::try_from(take_u64(rest)?).ok()?;
    take(rest, len)
}

fn take_path(rest: &mut &[u8]) -> Option<RelPath> {
    RelPath::parse(std::str::from_utf8(take_bytes(rest)?).ok()?).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Returns a frame with everything that a frame can hold.
    pub(crate) fn frame(seq: u64) -> Frame {
        Frame {
            seq,
            wall_us: 1_700_000_000_000_000,
            changes: vec![
                FileChange {
                    at: At::shared("issues/aa/aa.json"),
                    pre: None,
                    post: Some(b"{}\n".to_vec()),
                },
                FileChange {
                    at: At::private("leases/aa.json"),
                    pre: Some(ContentHash::of(b"x")),
                    post: None,
                },
            ],
            events: Some(EventAppend {
                segment: RelPath::known("events/202601/x.jsonl"),
                offset: 7,
                bytes: b"{}\n".to_vec(),
            }),
        }
    }

    #[test]
    fn a_frame_reads_back_as_it_was_written() {
        let bytes = frame(3).encode();
        assert_eq!(Frame::decode(&bytes), Some((frame(3), bytes.len())));
    }

    #[test]
    fn no_changed_bit_and_no_missing_byte_goes_unnoticed() {
        let bytes = frame(3).encode();
        for place in 0..bytes.len() {
            // The four reserved bytes are covered too.
            let mut broken = bytes.clone();
            broken[place] ^= 0x10;
            assert_eq!(Frame::decode(&broken), None, "bit at {place}");
            assert_eq!(Frame::decode(&bytes[..place]), None, "cut at {place}");
        }
    }
}
