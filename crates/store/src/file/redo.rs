//! Which files a log still has to change, decided from the frames and what the files hold.
//!
//! Owns the rules of `docs/design/storage.md` S4 for files, for recovery and for readers alike. Refuses to write: recovery
//! performs the answer, a reader lays it over what it has read.

use super::frame::{ContentHash, Frame};
use crate::fs::{At, Root};
use crate::seeded::{self, Bug};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// How far the `applied` mark can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The mark is of this boot: what was written is in the files as they can be read now.
    SameBoot,
    /// The machine was restarted, or there is no mark: any file may have lost what was not synced.
    Restarted,
    /// A sync failed: even a file that reads well may never reach the disk unless it is written anew.
    Suspect,
}

/// What has to become of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It holds what it shall hold.
    Done,
    /// It gets the content of the log, or is removed when there is none.
    Write {
        /// What it shall hold.
        post: Option<Vec<u8>>,
        /// What it holds now is worth keeping aside.
        saves_current: bool,
    },
    /// Somebody else changed it meanwhile: it stays, and the content of the log is kept aside.
    Keep {
        /// What the log wanted it to hold.
        post: Option<Vec<u8>>,
    },
}

/// All that the log says about one file.
#[derive(Clone, Debug)]
struct Chain<'a> {
    /// Every version of the file that the log knows.
    known: BTreeSet<Option<ContentHash>>,
    /// The last one.
    post: Option<&'a [u8]>,
}

/// What a file is found to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// This content.
    Content {
        /// What it is.
        bytes: Vec<u8>,
        /// When the file was last changed, nanoseconds since 1970.
        ctime_ns: i64,
    },
    /// Nothing; the nearest directory above it was last changed then, nanoseconds since 1970.
    Missing {
        /// When, nanoseconds since 1970.
        dir_ctime_ns: i64,
    },
}

/// How far the clock of the file system and that of the host may differ, microseconds.
const CLOCK_SLACK_US: i64 = 2_000_000;

/// Decides the fate of every file that the frames name, asking `find` for what each holds.
///
/// Since `quiet_since_us` the store itself has touched no directory; `None`: nobody knows. It tells a file that somebody
/// removed from one whose name never reached the disk.
pub(crate) fn fates(
    frames: &[Frame],
    trust: Trust,
    quiet_since_us: Option<i64>,
    mut find: impl FnMut(&At) -> io::Result<Found>,
) -> io::Result<BTreeMap<At, Fate>> {
    let mut fates = BTreeMap::new();
    for (at, chain) in chains(frames) {
        let found = find(at)?;
        fates.insert(at.clone(), fate(at, &chain, trust, quiet_since_us, found));
    }
    Ok(fates)
}

fn chains(frames: &[Frame]) -> BTreeMap<&At, Chain<'_>> {
    let mut chains: BTreeMap<&At, Chain<'_>> = BTreeMap::new();
    for frame in frames {
        for change in &frame.changes {
            let chain = chains.entry(&change.at).or_insert_with(|| Chain {
                known: BTreeSet::new(),
                post: None,
            });
            chain.known.insert(change.pre);
            chain
                .known
                .insert(ContentHash::of_file(change.post.as_deref()));
            chain.post = change.post.as_deref();
        }
    }
    chains
}

fn fate(
    at: &At,
    chain: &Chain<'_>,
    trust: Trust,
    quiet_since_us: Option<i64>,
    found: Found,
) -> Fate {
    let post = || chain.post.map(<[u8]>::to_vec);
    let write = |saves_current| Fate::Write {
        post: post(),
        saves_current,
    };
    // What changed after the store had come to rest was changed by somebody: a power cut only brings back what was before.
    let is_late = |ctime_ns: i64| {
        let is_after = |since: i64| ctime_ns / 1_000 > since.saturating_add(CLOCK_SLACK_US);
        at.root == Root::Shared && trust == Trust::Restarted && quiet_since_us.is_some_and(is_after)
    };
    let (bytes, ctime_ns) = match found {
        Found::Missing { dir_ctime_ns } => {
            return match chain.post {
                None => Fate::Done,
                Some(_) if is_late(dir_ctime_ns) => Fate::Keep { post: post() },
                Some(_) => write(false),
            };
        }
        Found::Content { bytes, ctime_ns } => (bytes, ctime_ns),
    };
    if chain.post == Some(bytes.as_slice()) {
        return if trust == Trust::Suspect {
            write(false)
        } else {
            Fate::Done
        };
    }
    if chain.known.contains(&Some(ContentHash::of(&bytes))) {
        return if is_late(ctime_ns) {
            Fate::Keep { post: post() }
        } else {
            write(false)
        };
    }
    match trust {
        _ if seeded::has(Bug::OverwriteEdits) => write(false),
        Trust::SameBoot => Fate::Keep { post: post() },
        Trust::Restarted | Trust::Suspect if is_whole(at, &bytes) => Fate::Keep { post: post() },
        Trust::Restarted | Trust::Suspect => write(bytes.iter().any(|byte| *byte != 0)),
    }
}

/// Returns whether the content can be somebody's work rather than what a power cut leaves.
fn is_whole(at: &At, bytes: &[u8]) -> bool {
    if at.path.name().strip_suffix(".json").is_some() {
        serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
    } else {
        !bytes.is_empty() && !bytes.contains(&0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::FileChange;
    use super::*;

    const PATH: &str = "issues/aa/aa.json";

    /// A log that made the file `A` from nothing and then `B` from that.
    fn log() -> Vec<Frame> {
        let change = |pre: Option<&str>, post: &str| FileChange {
            at: At::shared(PATH),
            pre: pre.map(|text| ContentHash::of(text.as_bytes())),
            post: Some(post.as_bytes().to_vec()),
        };
        let frame = |seq, change| Frame {
            seq,
            wall_us: 1_000_000,
            changes: vec![change],
            events: None,
        };
        vec![
            frame(1, change(None, "{\"v\":1}")),
            frame(2, change(Some("{\"v\":1}"), "{\"v\":2}")),
        ]
    }

    fn check(trust: Trust, found: &Found, expected: &str) {
        let fates = fates(&log(), trust, Some(1_500_000), |_| Ok(found.clone())).unwrap();
        let answer = match &fates[&At::shared(PATH)] {
            Fate::Done => "done",
            Fate::Write {
                saves_current: false,
                ..
            } => "write",
            Fate::Write {
                saves_current: true,
                ..
            } => "save and write",
            Fate::Keep { .. } => "keep",
        };
        assert_eq!(answer, expected, "{trust:?} {found:?}");
    }

    #[test]
    fn the_fate_of_a_file_follows_its_content_and_the_boot() {
        use Trust::{Restarted, SameBoot};
        let content = |text: &str| Found::Content {
            bytes: text.as_bytes().to_vec(),
            ctime_ns: 1_000_000_000,
        };
        for trust in [SameBoot, Restarted] {
            check(trust, &content("{\"v\":2}"), "done");
            check(trust, &content("{\"v\":1}"), "write");
            check(trust, &content("{\"v\":\"mine\"}"), "keep");
            check(
                trust,
                &Found::Missing {
                    dir_ctime_ns: 1_000_000_000,
                },
                "write",
            );
        }
        check(Restarted, &content(""), "write");
        check(Restarted, &content("\0\0\0"), "write");
        check(Restarted, &content("{\"v\":2\0\0"), "save and write");
        check(SameBoot, &content("<<<<<<< ours"), "keep");
        // An older version that was put there long after the last frame: somebody went back to it on purpose.
        let late = |text: &str| Found::Content {
            bytes: text.as_bytes().to_vec(),
            ctime_ns: 9_000_000_000,
        };
        check(Restarted, &late("{\"v\":1}"), "keep");
        check(Restarted, &late("{\"v\":2}"), "done");
        check(Restarted, &late(""), "write");
        check(SameBoot, &late("{\"v\":1}"), "write");
        // The directory changed long after the last frame: somebody removed the file on purpose.
        check(
            Restarted,
            &Found::Missing {
                dir_ctime_ns: 9_000_000_000,
            },
            "keep",
        );
        check(
            SameBoot,
            &Found::Missing {
                dir_ctime_ns: 9_000_000_000,
            },
            "write",
        );
    }
}
