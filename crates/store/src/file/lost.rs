//! What git has taken away before anybody committed it (`docs/design/storage.md` S13).
//!
//! Owns the comparison of what the log and the spool know with what lies there and what git keeps. Refuses to write: see
//! `restore`.

use super::frame::{ContentHash, Frame};
use super::mark::Mark;
use super::options::Env;
use super::recover::trust;
use super::redo::Trust;
use super::scan::scan;
use super::session::MAX_WAL;
use super::{format, layout, log, spool};
use crate::error::{Result, StoreError};
use crate::fs::{self, At, RelPath, Root, absent_ok};
use crate::history::{History, Kept};
use jit_core::{EventId, IssueId, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What was acknowledged, and is neither in the files nor in git.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Files of issues and gates.
    pub files: Vec<LostFile>,
    /// Lines of the log, the oldest first.
    pub events: Vec<LostEvent>,
}

impl Lost {
    /// Returns whether nothing is lost.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.events.is_empty()
    }
}

/// A file whose last acknowledged version is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostFile {
    /// The issue, unless it is a gate.
    pub issue: Option<IssueId>,
    /// What lies there instead.
    pub found: InPlace,
    pub(crate) at: At,
    /// The last version.
    pub(crate) bytes: Vec<u8>,
    /// What lay there when it was looked at.
    pub(crate) current: Option<ContentHash>,
}

impl LostFile {
    /// Returns the path as messages name it, below the store's directory.
    pub fn path(&self) -> String {
        self.at.to_string()
    }
}

/// What lies in the place of a lost version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InPlace {
    /// Nothing.
    Nothing,
    /// An older version that was written here.
    Older,
    /// Something that was not written here.
    Foreign,
}

impl InPlace {
    /// Returns the word for it in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Older => "older",
            Self::Foreign => "foreign",
        }
    }
}

/// A line that is gone from the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostEvent {
    /// The segment that it was in, as messages name it.
    pub segment: String,
    /// The issue that it is about.
    pub issue: Option<IssueId>,
    pub(crate) id: EventId,
    /// Its clock.
    pub(crate) lc: u64,
    /// The line without its end.
    pub(crate) line: Vec<u8>,
}

/// Every version of one file that was written here.
#[derive(Debug, Default)]
struct Versions {
    known: BTreeSet<ContentHash>,
    newest: Option<Vec<u8>>,
}

/// Finds what is lost.
pub(crate) fn find(env: &Env, history: &dyn History) -> Result<Lost> {
    let memory = Memory::read(env)?;
    let mut lost = Lost {
        files: memory.lost_files(env)?,
        events: memory.lost_events(env)?,
    };
    if lost.is_empty() {
        return Ok(lost);
    }
    let mut paths: Vec<RelPath> = lost.files.iter().map(|it| it.at.path.clone()).collect();
    if !lost.events.is_empty() {
        paths.push(layout::events().path);
    }
    let mut kept_files = BTreeSet::new();
    let mut missing: BTreeSet<EventId> = lost.events.iter().map(|it| it.id).collect();
    let versions = memory.versions();
    let asked = history.visit(&paths, &mut |kept| {
        let at = RelPath::parse(kept.path).map(|path| At::new(Root::Shared, path));
        let known = at.as_ref().ok().and_then(|at| versions.get(at));
        if known.is_some_and(|known| known.are_followed_by(kept.content)) {
            kept_files.insert(kept.path.to_owned());
        }
        note_lines(kept, &mut missing);
    });
    asked.map_err(StoreError::Git)?;
    lost.files
        .retain(|it| !kept_files.contains(it.at.path.as_str()));
    lost.events.retain(|it| missing.contains(&it.id));
    Ok(lost)
}

/// Strikes out the events whose lines git keeps.
fn note_lines(kept: Kept<'_>, missing: &mut BTreeSet<EventId>) {
    if missing.is_empty() || !kept.path.starts_with("events/") {
        return;
    }
    for line in kept.content.split(|byte| *byte == b'\n') {
        if let Some(line) = Line::parse(line) {
            missing.remove(&line.id);
        }
    }
}

impl Versions {
    /// Returns whether `content` is the newest version, or one from elsewhere that comes after it.
    fn are_followed_by(&self, content: &[u8]) -> bool {
        let Some(newest) = self.newest.as_deref().filter(|newest| *newest != content) else {
            return true;
        };
        // A revision alone proves nothing: what git reverted is counted on from there.
        if self.known.contains(&ContentHash::of(content)) {
            return false;
        }
        let read = |bytes: &[u8]| {
            let fields = format::read_fields(bytes).ok()?;
            let rev = fields.get("rev").and_then(Value::as_u64)?;
            let etag = fields.get("etag").and_then(Value::as_str)?.to_owned();
            Some((rev, etag))
        };
        let (Some((rev, etag)), Some((newest_rev, newest_etag))) = (read(content), read(newest))
        else {
            return false;
        };
        // An edit by hand leaves the etag behind; every writer counts on.
        etag == newest_etag || rev > newest_rev
    }
}

/// What the log and the spool know.
#[derive(Debug)]
struct Memory {
    frames: Vec<Frame>,
    /// The files that the log has still to change.
    pending: BTreeSet<At>,
}

impl Memory {
    fn read(env: &Env) -> Result<Self> {
        let fs = &*env.fs;
        let mark = Mark::read(fs).map_err(|error| StoreError::io("read", &Mark::at(), error))?;
        let mark = mark.unwrap_or_default();
        // The log first: what a writer moves into the spool meanwhile is found there.
        let at = layout::wal();
        let bytes = absent_ok(fs::read(fs, &at, MAX_WAL))
            .map_err(|error| StoreError::io("read", &at, error))?;
        let logged = scan(&bytes.unwrap_or_default(), 0).frames;
        let mut frames = spool::read(fs)?;
        let seen: BTreeSet<_> = frames.iter().map(|it| (it.seq, it.wall_us)).collect();
        let is_applied = trust(&mark, env.host.boot_id()) == Trust::SameBoot;
        let mut pending = BTreeSet::new();
        for (frame, _) in logged {
            if !is_applied || frame.seq > mark.seq {
                pending.extend(frame.changes.iter().map(|change| change.at.clone()));
            }
            if !seen.contains(&(frame.seq, frame.wall_us)) {
                frames.push(frame);
            }
        }
        Ok(Self { frames, pending })
    }

    fn versions(&self) -> BTreeMap<&At, Versions> {
        let mut versions: BTreeMap<&At, Versions> = BTreeMap::new();
        let changes = self.frames.iter().flat_map(|frame| &frame.changes);
        for change in changes.filter(|change| change.at.root == Root::Shared) {
            let versions = versions.entry(&change.at).or_default();
            versions.known.extend(change.pre);
            versions
                .known
                .extend(ContentHash::of_file(change.post.as_deref()));
            versions.newest.clone_from(&change.post);
        }
        versions
    }

    /// Returns the files that do not hold their newest version, in order of their paths.
    fn lost_files(&self, env: &Env) -> Result<Vec<LostFile>> {
        let mut lost = Vec::new();
        for (at, versions) in self.versions() {
            let newest = versions.newest.as_ref();
            let Some(newest) = newest.filter(|_| !self.pending.contains(at)) else {
                continue;
            };
            let current = absent_ok(fs::read(&*env.fs, at, format::MAX_FILE))
                .map_err(|error| StoreError::io("read", at, error))?;
            let hash = ContentHash::of_file(current.as_deref());
            let issue = issue_of(at);
            let found = match &current {
                None => InPlace::Nothing,
                Some(bytes) if versions.are_followed_by(bytes) => continue,
                Some(_) if hash.is_some_and(|hash| versions.known.contains(&hash)) => {
                    InPlace::Older
                }
                // A definition has no revision: whatever a person wrote there is later.
                Some(_) if issue.is_none() => continue,
                Some(_) => InPlace::Foreign,
            };
            lost.push(LostFile {
                issue,
                found,
                at: at.clone(),
                bytes: newest.clone(),
                current: hash,
            });
        }
        lost.sort_by(|a, b| a.at.path.cmp(&b.at.path));
        Ok(lost)
    }

    /// Returns the lines that the log does not have any more.
    fn lost_events(&self, env: &Env) -> Result<Vec<LostEvent>> {
        let remembered = remembered(&self.frames);
        if remembered.is_empty() {
            return Ok(Vec::new());
        }
        let present = present(env)?;
        let is_lost = |event: &LostEvent| !present.contains(&event.id);
        Ok(remembered.into_iter().filter(is_lost).collect())
    }
}

/// Returns the ids of all events of the log.
pub(crate) fn present(env: &Env) -> Result<BTreeSet<EventId>> {
    let events = log::read(env, None)?.events;
    Ok(events.iter().map(|event| event.id).collect())
}

/// Returns the events of the frames, each once.
fn remembered(frames: &[Frame]) -> Vec<LostEvent> {
    let mut seen = BTreeSet::new();
    let mut events = Vec::new();
    for added in frames.iter().filter_map(|frame| frame.events.as_ref()) {
        let segment = At::new(Root::Shared, added.segment.clone()).to_string();
        for bytes in added.bytes.split(|byte| *byte == b'\n') {
            let Some(line) = Line::parse(bytes).filter(|line| seen.insert(line.id)) else {
                continue;
            };
            events.push(LostEvent {
                segment: segment.clone(),
                issue: line.issue,
                id: line.id,
                lc: line.lc,
                line: bytes.to_vec(),
            });
        }
    }
    events
}

/// What has to be known of a line.
struct Line {
    id: EventId,
    lc: u64,
    issue: Option<IssueId>,
}

impl Line {
    fn parse(bytes: &[u8]) -> Option<Self> {
        #[derive(serde::Deserialize)]
        struct Members<'a> {
            id: &'a str,
            lc: u64,
            issue: Option<&'a str>,
        }
        let members: Members<'_> = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            id: EventId::parse(members.id)?,
            lc: members.lc,
            issue: members.issue.and_then(|id| IssueId::parse(id).ok()),
        })
    }
}

/// Returns the issue whose file this is.
fn issue_of(at: &At) -> Option<IssueId> {
    let name = at.path.as_str().strip_prefix("issues/")?;
    let (_, name) = name.split_once('/')?;
    IssueId::parse(name.strip_suffix(".json")?).ok()
}
