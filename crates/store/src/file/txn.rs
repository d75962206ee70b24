//! One transaction of the file store: from a changeset to the files and lines of a frame.
//!
//! Owns which file each record goes to, the ids and clocks of events, and the size limits. Refuses to decide anything
//! about issues.

use super::frame::FileChange;
use super::git;
use super::git_dirs::GitDirs;
use super::head;
use super::index::{Index, IndexSource, Pass, Seen};
use super::load::{self, Place, Records};
use super::options::Env;
use super::scan::scan;
use super::session::{NewEvents, Session, change};
use super::{format, layout, segment, store};
use crate::error::{Result, StoreError, confirm};
use crate::fs::{self, Access, At, Stat, absent_ok};
use crate::traits::{Committed, Txn};
use jit_core::{
    Changeset, Event, EventDraft, EventId, IssueId, Lease, LeaseState, Receipt, Snapshot, Timestamp,
};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// A transaction of the file store; it holds the lock.
#[derive(Debug)]
pub(crate) struct FileTxn {
    session: Session,
    git: Option<GitDirs>,
    snapshot: Snapshot,
    /// How each file looked when it was read.
    seen: Seen,
    pending: Pending,
}

/// What is to be written.
#[derive(Debug, Default)]
struct Pending {
    /// The files as they shall be; `None`: gone.
    files: BTreeMap<At, Option<Vec<u8>>>,
    events: Vec<EventDraft>,
    /// Everything so far is a renewal of leases.
    has_more_than_renewals: bool,
}

impl FileTxn {
    /// Takes the lock, recovers, and reads everything anew.
    pub(crate) fn begin(env: &Env, git: Option<&GitDirs>) -> Result<Self> {
        let txn = Self::begin_any_version(env, git)?;
        store::read_format(&*env.fs)?.check_write()?;
        Ok(txn)
    }

    /// Does the same in a store of an older version, which only a migration may write.
    pub(crate) fn begin_any_version(env: &Env, git: Option<&GitDirs>) -> Result<Self> {
        let mut session = Session::begin(env)?;
        let (snapshot, seen) = Self::view(&mut session)?;
        Ok(Self {
            session,
            git: git.cloned(),
            snapshot,
            seen,
            pending: Pending::default(),
        })
    }

    /// Puts this content in the place of a file, whatever it holds; `None`: it goes.
    pub(crate) fn replace_file(&mut self, at: At, content: Option<Vec<u8>>) {
        self.pending.has_more_than_renewals = true;
        self.pending.files.insert(at, content);
    }

    /// Returns the files that will be written.
    pub(crate) fn files(&self) -> impl Iterator<Item = &At> {
        self.pending.files.keys()
    }

    /// Returns the session that writes.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the view that the transaction decides on: over the index where it can be brought up to the files, else over
    /// all records.
    fn view(session: &mut Session) -> Result<(Snapshot, Seen)> {
        let env = &session.env;
        let log = || {
            Ok(scan(&session.read_wal(0)?, 0)
                .frames
                .into_iter()
                .map(|(frame, _)| frame)
                .collect())
        };
        if let Ok(index) = Index::open_to_write(env, &session.mark, Pass::Names, log) {
            let index = Arc::new(index);
            let seen = Seen::default();
            let source = IndexSource::for_writer(Arc::clone(&index), env, Arc::clone(&seen));
            session.index = Some(index);
            return Ok((Snapshot::over(Arc::new(source)), seen));
        }
        let records = Records::load(&*env.fs)?;
        if env.index.is_some() && records.len() >= env.options.index_from {
            // Without one, the next command reads all files again, and that is all.
            let _has_index = Index::build(env, &session.mark, || Ok(&records)).is_ok();
        }
        let (snapshot, seen) = records.into_snapshot();
        Ok((snapshot, Arc::new(Mutex::new(seen))))
    }

    /// Returns how a file looked when it was read.
    fn seen(&self, at: &At) -> Option<Stat> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(at).copied()
    }

    /// Returns the changes of the frame, each with what the file holds now.
    fn changes(&self) -> Result<Vec<FileChange>> {
        let files = self.pending.files.iter();
        let changes = files.map(|(at, post)| {
            let current = self.current(at)?;
            if let (Some(Place::Issue(id)), Some(_)) = (load::place_of(at), &current) {
                self.refuse_unread_lease(&id)?;
            }
            Ok(change(at.clone(), current.as_deref(), post.clone()))
        });
        changes.collect()
    }

    /// Refuses to change an issue whose lease could not be read when that was decided: somebody may hold it.
    fn refuse_unread_lease(&self, id: &IssueId) -> Result<()> {
        let at = layout::lease(id);
        if self.pending.files.contains_key(&at) || self.seen(&at).is_some() {
            return Ok(());
        }
        match absent_ok(fs::read(&*self.session.env.fs, &at, format::MAX_FILE)) {
            Ok(None) => Ok(()),
            // Over an index only what matters is read, and it knows who holds what.
            Ok(Some(_)) if self.session.index.is_some() => Ok(()),
            Ok(Some(_)) => Err(StoreError::ChangedMeanwhile {
                path: at.to_string(),
            }),
            // What is no file of ours is no lease for anybody.
            Err(error)
                if load::is_local(&error) && error.kind() != io::ErrorKind::PermissionDenied =>
            {
                Ok(())
            }
            Err(error) => Err(StoreError::io("read", &at, error)),
        }
    }

    /// Reads what a file holds now; if it is not what the decision was made on, there is nothing to build upon.
    fn current(&self, at: &At) -> Result<Option<Vec<u8>>> {
        let failed = |error| StoreError::io("read", at, error);
        let file = absent_ok(self.session.env.fs.open(at, Access::Read)).map_err(failed)?;
        let Some(file) = file else {
            return if self.seen(at).is_some() {
                Err(StoreError::ChangedMeanwhile {
                    path: at.to_string(),
                })
            } else {
                Ok(None)
            };
        };
        let stat = file.opened().map_err(failed)?;
        let is_record =
            at.path.as_str().starts_with("issues/") || at.path.as_str().starts_with("gates/");
        if is_record && self.seen(at) != Some(stat) {
            return Err(StoreError::ChangedMeanwhile {
                path: at.to_string(),
            });
        }
        Ok(Some(
            fs::read_to_end(&*file, 0, format::MAX_FILE).map_err(failed)?,
        ))
    }

    /// Gives the drafts their ids and clocks and returns them with their lines.
    fn finish_events(&mut self) -> Result<(Vec<Event>, Option<NewEvents>)> {
        let drafts = std::mem::take(&mut self.pending.events);
        if drafts.is_empty() {
            return Ok((Vec::new(), None));
        }
        let env = &self.session.env;
        segment::observe(&*env.fs, &mut self.session.mark.clock)?;
        let ts = Timestamp::from_micros(env.host.now_us());
        let random = env
            .host
            .random()
            .map_err(|error| StoreError::at_path("draw", "random bits".to_owned(), error))?;
        let first = EventId::new(ts, random);
        let mut lines = Vec::new();
        let mut events = Vec::with_capacity(drafts.len());
        let clock = &mut self.session.mark.clock.lc;
        for (place, draft) in drafts.into_iter().enumerate() {
            *clock += 1;
            let event = Event {
                id: first.offset(place),
                lc: *clock,
                txn: first,
                extra: head::members(self.git.as_ref(), &draft),
                draft,
            };
            push_line(&mut lines, &event)?;
            events.push(event);
        }
        let placed = segment::place(env, self.session.mark.segment.as_ref(), ts, lines)?;
        Ok((events, Some(placed)))
    }

    /// Refuses to write issues that git holds in several versions.
    fn check_merge(&self) -> Result<()> {
        match &self.git {
            None => Ok(()),
            Some(git) => {
                git::check_unmerged(git, &self.session.env.shared, self.pending.files.keys())
            }
        }
    }
}

impl Txn for FileTxn {
    fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    fn receipt(&self, key: &str) -> Result<Option<Receipt>> {
        match self.pending.files.get(&layout::receipt(key)) {
            Some(Some(bytes)) => Ok(format::read_receipt(bytes).ok()),
            _ => store::read_receipt(&self.session.env, key),
        }
    }

    fn apply(&mut self, changes: &Changeset) {
        let renews = |lease: &Lease| {
            self.snapshot
                .lease(&lease.issue)
                .is_some_and(|old| is_renewal(old, lease))
        };
        let is_renewal_only = changes.issues.is_empty()
            && changes.removed_issues.is_empty()
            && changes.gates.is_empty()
            && changes.removed_gates.is_empty()
            && changes.events.is_empty()
            && changes.receipt.is_none()
            && changes.leases.iter().all(renews);
        self.pending.has_more_than_renewals |= !is_renewal_only;
        let files = &mut self.pending.files;
        files.extend(
            changes
                .issues
                .iter()
                .map(|issue| (layout::issue(&issue.id), Some(format::write_issue(issue)))),
        );
        files.extend(
            changes
                .removed_issues
                .iter()
                .map(|id| (layout::issue(id), None)),
        );
        files.extend(changes.leases.iter().map(|lease| {
            (
                layout::lease(&lease.issue),
                Some(format::write_lease(lease)),
            )
        }));
        files.extend(
            changes
                .gates
                .iter()
                .map(|gate| (layout::gate(&gate.key), Some(format::write_gate(gate)))),
        );
        files.extend(
            changes
                .removed_gates
                .iter()
                .map(|key| (layout::gate(key), None)),
        );
        files.extend(
            changes
                .receipt
                .iter()
                .map(|it| (layout::receipt(&it.key), Some(format::write_receipt(it)))),
        );
        self.pending.events.extend(changes.events.iter().cloned());
        self.snapshot.apply(changes);
    }

    fn commit(mut self: Box<Self>) -> Result<Committed> {
        confirm(&self.snapshot.health())?;
        check_sizes(&self.pending.files)?;
        if self.pending.files.is_empty() && self.pending.events.is_empty() {
            return Ok(Committed {
                events: Vec::new(),
                warnings: std::mem::take(&mut self.session.warnings),
            });
        }
        if !self.pending.has_more_than_renewals {
            let renewed: Vec<&Lease> = self
                .pending
                .files
                .keys()
                .filter_map(|at| self.snapshot.lease(&lease_of(at)?))
                .collect();
            let files = self.pending.files.clone().into_iter();
            let files: Vec<_> = files
                .filter_map(|(at, post)| post.map(|post| (at, post)))
                .collect();
            self.session.put_directly(&files)?;
            if let Some(index) = &self.session.index {
                // At worst it takes a lease for older than it is, and reads its file to be sure.
                let _is_known = index.renew(&renewed).is_ok();
            }
            return Ok(Committed {
                events: Vec::new(),
                warnings: std::mem::take(&mut self.session.warnings),
            });
        }
        self.check_merge()?;
        let changes = self.changes()?;
        let (events, placed) = self.finish_events()?;
        self.session.commit(changes, placed)?;
        Ok(Committed {
            events,
            warnings: std::mem::take(&mut self.session.warnings),
        })
    }
}

/// Returns whether only the time of a held lease is prolonged: nothing else in the store depends on that.
fn is_renewal(old: &Lease, new: &Lease) -> bool {
    let prolonged = Lease {
        renewed_wall: new.renewed_wall,
        renewed_boottime_ms: new.renewed_boottime_ms,
        renew_seq: new.renew_seq,
        ..old.clone()
    };
    old.state == LeaseState::Held && prolonged == *new
}

/// Returns the issue whose lease lies at this place.
fn lease_of(at: &At) -> Option<IssueId> {
    match load::place_of(at)? {
        load::Place::Lease(id) => Some(id),
        load::Place::Issue(_) | load::Place::Gate => None,
    }
}

fn check_sizes(files: &BTreeMap<At, Option<Vec<u8>>>) -> Result<()> {
    for (at, post) in files {
        let len = post.as_ref().map_or(0, |bytes| bytes.len() as u64);
        if len > format::MAX_FILE {
            return Err(StoreError::TooLarge {
                path: at.to_string(),
                len,
                max: format::MAX_FILE,
            });
        }
    }
    Ok(())
}

fn push_line(lines: &mut Vec<u8>, event: &Event) -> Result<()> {
    let start = lines.len();
    serde_json::to_writer(&mut *lines, &event.to_fields())
        .expect("writing to memory does not fail");
    lines.push(b'\n');
    let len = lines.len() - start;
    if len > segment::MAX_LINE {
        let path = format!("the event {}", event.draft.kind);
        return Err(StoreError::TooLarge {
            path,
            len: len as u64,
            max: segment::MAX_LINE as u64,
        });
    }
    Ok(())
}
