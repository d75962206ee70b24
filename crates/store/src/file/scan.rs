//! The good frames of a log, and how it goes on after them.
//!
//! Owns the difference between a frame that was never finished and damage. Refuses to mend either.

use super::frame::{Frame, MAGIC};

/// What a log holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    /// The good frames in order, each with the offset at which it ends.
    pub(crate) frames: Vec<(Frame, u64)>,
    /// How the log goes on after them.
    pub(crate) tail: Tail,
}

/// How a log goes on after its last good frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Not at all.
    Clean,
    /// With a frame that was never finished, from this offset on; it was never acknowledged.
    Torn(u64),
    /// With something broken at this offset and a good frame after it: this is damage, not a crash.
    Broken(u64),
}

/// Finds the frames of a piece of log that begins at `start`.
pub(crate) fn scan(bytes: &[u8], start: u64) -> Scan {
    let mut frames: Vec<(Frame, u64)> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let follows = |frame: &Frame| {
            frames
                .last()
                .is_none_or(|(last, _)| last.seq + 1 == frame.seq)
        };
        match Frame::decode(&bytes[at..]) {
            Some((frame, len)) if follows(&frame) => {
                at += len;
                frames.push((frame, start + at as u64));
            }
            _ => {
                let offset = start + at as u64;
                let tail = if has_frame(&bytes[at..]) {
                    Tail::Broken(offset)
                } else {
                    Tail::Torn(offset)
                };
                return Scan { frames, tail };
            }
        }
    }
    Scan {
        frames,
        tail: Tail::Clean,
    }
}

/// Returns whether a good frame begins anywhere in `bytes`.
///
/// A torn frame can hold old frames only if somebody stored log bytes in an issue; then the answer is on the safe side.
fn has_frame(bytes: &[u8]) -> bool {
    let mut from = 0;
    while let Some(found) = bytes[from..]
        .windows(MAGIC.len())
        .position(|window| window == MAGIC)
    {
        from += found;
        if Frame::decode(&bytes[from..]).is_some() {
            return true;
        }
        from += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::frame::tests::frame;
    use super::*;

    #[test]
    fn scan_tells_a_torn_end_from_damage_in_the_middle() {
        let check = |bytes: &[u8], n_frames: usize, tail: Tail| {
            let scan = scan(bytes, 100);
            assert_eq!((scan.frames.len(), scan.tail), (n_frames, tail));
        };
        let one = frame(1).encode();
        let two = frame(2).encode();
        let both = [one.clone(), two.clone()].concat();
        let len = one.len() as u64;
        check(&[], 0, Tail::Clean);
        check(&both, 2, Tail::Clean);
        check(&both[..both.len() - 1], 1, Tail::Torn(100 + len));
        check(
            &[one.clone(), vec![0; 600]].concat(),
            1,
            Tail::Torn(100 + len),
        );
        let mut broken = both.clone();
        broken[50] ^= 1;
        check(&broken, 0, Tail::Broken(100));
        check(
            &[one.clone(), frame(3).encode()].concat(),
            1,
            Tail::Broken(100 + len),
        );
    }

    proptest::proptest! {
        #![proptest_config(crate::chance::fixed())]

        #[test]
        fn no_bytes_make_the_scan_fail(bytes: Vec<u8>, cut in 0_usize..400) {
            let log = frame(1).encode();
            let cut = cut.min(log.len());
            drop(scan(&bytes, 0));
            // Whatever follows good frames, those are found.
            let found = scan(&[&log[..], &bytes].concat(), 0);
            assert_eq!(found.frames[0], (frame(1), log.len() as u64));
            assert_eq!(scan(&log[..cut], 0).frames.len(), usize::from(cut == log.len()));
        }
    }
}
