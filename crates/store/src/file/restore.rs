//! Bringing back what git has taken away (`docs/design/storage.md` S13).
//!
//! Owns the one transaction that does it. Refuses to find out what is lost, and to overwrite anything that was not written
//! here or has changed since it was looked at.

use super::frame::{ContentHash, FileChange};
use super::git;
use super::git_dirs::GitDirs;
use super::head;
use super::lost::{self, InPlace, Lost, LostEvent, LostFile};
use super::options::{Env, Warning};
use super::recover::keep_aside;
use super::session::{NewEvents, Session, change};
use super::{format, segment, store};
use crate::error::{Result, StoreError};
use crate::fs::{self, At, absent_ok};
use jit_core::{Assignee, Event, EventDraft, EventId, EventKind, GateKey, Timestamp};
use std::collections::BTreeMap;

/// What the event of a restored file says.
const NOTE: &str = "recovered";

/// What was brought back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restored {
    /// The files that hold their last version again.
    pub files: Vec<LostFile>,
    /// The lines that are in the log again.
    pub events: Vec<LostEvent>,
    /// Files that hold something else, with the place where the last version of ours is kept.
    pub kept_aside: Vec<(LostFile, String)>,
    /// What was noticed on the way; the transaction is complete all the same.
    pub warnings: Vec<Warning>,
}

/// Brings back what is lost.
pub(crate) fn restore(
    env: &Env,
    git: Option<&GitDirs>,
    lost: &Lost,
    by: &Assignee,
) -> Result<Restored> {
    let mut session = Session::begin(env)?;
    store::read_format(&*env.fs)?.check_write()?;
    let mut restored = Restored::default();
    let mut changes = Vec::new();
    for file in &lost.files {
        let current = absent_ok(fs::read(&*env.fs, &file.at, format::MAX_FILE))
            .map_err(|error| StoreError::io("read", &file.at, error))?;
        if ContentHash::of_file(current.as_deref()) != file.current {
            continue;
        }
        match file.found {
            InPlace::Nothing | InPlace::Older => {
                let post = Some(file.bytes.clone());
                changes.push(change(file.at.clone(), current.as_deref(), post));
                restored.files.push(file.clone());
            }
            InPlace::Foreign => {
                let saved = keep_aside(&*env.fs, &aside(file), &file.bytes)?;
                restored.kept_aside.push((file.clone(), saved));
            }
        }
    }
    let present = lost::present(env)?;
    let is_gone = |event: &&LostEvent| !present.contains(&event.id);
    restored.events = lost.events.iter().filter(is_gone).cloned().collect();
    if !changes.is_empty() || !restored.events.is_empty() {
        write(&mut session, git, changes, &restored, by)?;
    }
    restored.warnings = std::mem::take(&mut session.warnings);
    Ok(restored)
}

fn write(
    session: &mut Session,
    git: Option<&GitDirs>,
    changes: Vec<FileChange>,
    restored: &Restored,
    by: &Assignee,
) -> Result<()> {
    if let Some(git) = git {
        let files = changes.iter().map(|change| &change.at);
        git::check_unmerged(git, &session.env.shared, files)?;
    }
    let events = lines(session, git, restored, by)?;
    session.commit(changes, events)?;
    Ok(())
}

/// Returns the lost lines as they were, and a new one for each file.
fn lines(
    session: &mut Session,
    git: Option<&GitDirs>,
    restored: &Restored,
    by: &Assignee,
) -> Result<Option<NewEvents>> {
    let env = session.env.clone();
    let mut bytes = Vec::new();
    for event in &restored.events {
        bytes.extend_from_slice(&event.line);
        bytes.push(b'\n');
    }
    segment::observe(&*env.fs, &mut session.mark.clock)?;
    let clock = &mut session.mark.clock.lc;
    *clock = restored
        .events
        .iter()
        .map(|it| it.lc)
        .fold(*clock, u64::max);
    let ts = Timestamp::from_micros(env.host.now_us());
    let random = env
        .host
        .random()
        .map_err(|error| StoreError::at_path("draw", "random bits".to_owned(), error))?;
    let first = EventId::new(ts, random);
    for (place, file) in restored.files.iter().enumerate() {
        *clock += 1;
        let draft = draft(file, ts, by);
        let event = Event {
            id: first.offset(place),
            lc: *clock,
            txn: first,
            extra: head::members(git, &draft),
            draft,
        };
        serde_json::to_writer(&mut bytes, &event.to_fields())
            .expect("writing to memory does not fail");
        bytes.push(b'\n');
    }
    segment::place(&env, session.mark.segment.as_ref(), ts, bytes).map(Some)
}

/// It writes no revision of its own: the issue is what it was.
fn draft(file: &LostFile, ts: Timestamp, by: &Assignee) -> EventDraft {
    EventDraft {
        ts,
        actor: by.clone(),
        kind: EventKind::ExternalChanged,
        issue: file.issue.clone(),
        gate: gate_of(&file.at),
        rev: None,
        etag: None,
        prev: Vec::new(),
        epoch: None,
        key: None,
        note: Some(NOTE.to_owned()),
        changes: BTreeMap::new(),
    }
}

/// Returns the gate whose file this is.
fn gate_of(at: &At) -> Option<GateKey> {
    let name = at.path.as_str().strip_prefix("gates/")?;
    GateKey::parse(name.strip_suffix(".json")?).ok()
}

/// The name follows from the content, so that doing it twice makes one file.
fn aside(file: &LostFile) -> At {
    let flat = file.at.path.as_str().replace('/', "+");
    At::private(&format!(
        "backup/recovered-{}/{flat}",
        ContentHash::of(&file.bytes)
    ))
}
