//! Answering a snapshot's questions from the index, and from the files where those are surer.
//!
//! Owns which of the two is believed. A writer holds the lock, so the files are the truth of its moment. A reader began at
//! a moment that the index shows until the end: a file that differs from its row belongs to that moment only as long as no
//! transaction has come since. Refuses to write anything but what it learned about a file under the lock.

use super::schema::stamp_at;
use super::{Attempt, Index, Stamp, rows};
use crate::error::StoreError;
use crate::file::load::{self, Loaded, Record, Records};
use crate::file::mark::Mark;
use crate::file::options::Env;
use crate::file::{format, layout};
use crate::fs::{At, Stat, absent_ok};
use jit_core::{
    Assignee, Candidate, GateDefinition, Issue, IssueId, Lease, LeaseState, Now, Policy, Priority,
    Problem, Source, Sourced, Timestamp,
};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// How far a reader looks for edits that moved no directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// It will name single issues, whose files are looked at one by one.
    Names,
    /// It will ask about everything that is not resolved.
    Unresolved,
}

/// What a writer has read, so that it can tell whether somebody changed it before the commit.
pub(crate) type Seen = Arc<Mutex<BTreeMap<At, Stat>>>;

/// Who asks.
#[derive(Debug)]
enum Asker {
    /// The holder of the lock.
    Writer(Seen),
    /// Somebody who began when this was the last transaction.
    Reader { seq: u64 },
}

/// Answers of one moment.
#[derive(Debug)]
pub(crate) struct IndexSource {
    index: Arc<Index>,
    env: Env,
    asker: Asker,
    /// Damage that was met on the way.
    met: Mutex<Vec<Problem>>,
}

impl IndexSource {
    pub(crate) fn for_writer(index: Arc<Index>, env: &Env, seen: Seen) -> Self {
        Self::new(index, env, Asker::Writer(seen))
    }

    pub(crate) fn for_reader(index: Index, env: &Env, mark: &Mark) -> Self {
        Self::new(Arc::new(index), env, Asker::Reader { seq: mark.seq })
    }

    fn new(index: Arc<Index>, env: &Env, asker: Asker) -> Self {
        Self {
            index,
            env: env.clone(),
            asker,
            met: Mutex::default(),
        }
    }

    /// Returns whether no transaction has come since the reader began; nothing can come while a writer holds the lock.
    fn is_still_its_moment(&self) -> Sourced<bool> {
        match self.asker {
            Asker::Writer(_) => Ok(true),
            Asker::Reader { seq } => {
                let mark = Mark::read(&*self.env.fs)?.unwrap_or_default();
                let log = absent_ok(self.env.fs.stat(&layout::wal()))?;
                let log_len = log.map_or(0, |stat| stat.len);
                Ok(mark.seq == seq && mark.offset >= log_len)
            }
        }
    }

    fn note_read(&self, at: &At, stat: Option<Stat>) {
        if let (Asker::Writer(seen), Some(stat)) = (&self.asker, stat) {
            seen.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(at.clone(), stat);
        }
    }

    fn note_met(&self, problem: Problem) {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if !met.contains(&problem) {
            met.push(problem);
        }
    }

    /// Reads a file, and notes what a writer has to know about it later.
    fn load(&self, at: &At) -> Sourced<Option<Loaded>> {
        let loaded = load::read_record(&*self.env.fs, at)?;
        self.note_read(at, loaded.as_ref().and_then(Loaded::stat));
        Ok(loaded)
    }

    /// Returns the issue of a file that is not what its row says.
    fn of_file(&self, connection: &Connection, id: &IssueId) -> Sourced<Option<Issue>> {
        let at = layout::issue(id);
        let loaded = self.load(&at)?;
        let stat = loaded.as_ref().and_then(Loaded::stat);
        match loaded.map(Loaded::into_record) {
            Some(Record::Issue(issue)) => {
                if matches!(self.asker, Asker::Writer(_)) && !self.index.has_ended() {
                    self.learn(connection, &issue, stat)?;
                }
                Ok(Some(*issue))
            }
            Some(Record::Broken(problem)) => {
                self.note_met(problem);
                Ok(None)
            }
            Some(Record::Gate(_) | Record::Lease(_)) | None => Ok(None),
        }
    }

    /// Brings the row up to a file that was edited in place, when it says something else.
    fn learn(&self, connection: &Connection, issue: &Issue, stat: Option<Stat>) -> Sourced<()> {
        if body_of(connection, &issue.id)?.is_some_and(|known| known == *issue) {
            return Ok(());
        }
        let now_ns = self.env.host.now_us().saturating_mul(1_000);
        let stamp = stat.map_or(Stamp::UNKNOWN, |stat| Stamp::of(&stat, now_ns));
        let update = || -> Attempt<()> {
            let mut touched = BTreeSet::new();
            rows::concerned(connection, &issue.id, &mut touched)?;
            rows::put_issue(connection, issue, stamp)?;
            rows::concerned(connection, &issue.id, &mut touched)?;
            rows::recount(connection, &touched)
        };
        update().map_err(|_| "the index could not be written".into())
    }

    fn ids(&self, statement: &str, parameters: impl rusqlite::Params) -> Sourced<Vec<IssueId>> {
        let connection = self.index.connection();
        let mut select = connection.prepare_cached(statement)?;
        let rows = select.query_map(parameters, |row| row.get::<_, String>(0))?;
        let mut ids = Vec::new();
        for row in rows {
            ids.push(IssueId::parse(&row?)?);
        }
        Ok(ids)
    }
}

/// Returns the issue that its row holds.
fn body_of(connection: &Connection, id: &IssueId) -> Sourced<Option<Issue>> {
    let found = rows::issue(connection, id).map_err(|_| unreadable(id.as_str()))?;
    Ok(found.map(|issue| *issue))
}

impl Source for IndexSource {
    fn issue(&self, id: &IssueId) -> Sourced<Option<Issue>> {
        let connection = self.index.connection();
        if matches!(self.asker, Asker::Writer(_)) {
            return self.of_file(&connection, id);
        }
        let mut select =
            connection.prepare_cached("SELECT ino, len, mtime, ctime FROM issues WHERE id = ?1")?;
        let row = select
            .query_row([id.as_str()], |row| stamp_at(row, 0))
            .optional()?;
        let name = format!("{}/{id}.json", id.shard());
        let stats = self.env.fs.stat_each(&layout::issues(), &[name])?;
        let stat = stats.into_iter().next().flatten();
        if row == stat.map(|stat| Stamp::exact(&stat)) {
            return body_of(&connection, id);
        }
        let in_file = self.of_file(&connection, id)?;
        // A transaction that came meanwhile may have written what was just read.
        if self.is_still_its_moment()? {
            Ok(in_file)
        } else {
            body_of(&connection, id)
        }
    }

    fn lease(&self, id: &IssueId) -> Sourced<Option<Lease>> {
        let in_file = match self.load(&layout::lease(id))?.map(Loaded::into_record) {
            Some(Record::Lease(lease)) => Some(*lease),
            Some(Record::Broken(problem)) => {
                self.note_met(problem);
                None
            }
            Some(Record::Gate(_) | Record::Issue(_)) | None => None,
        };
        if matches!(self.asker, Asker::Writer(_)) {
            return Ok(in_file);
        }
        let connection = self.index.connection();
        let mut select = connection.prepare_cached("SELECT body FROM leases WHERE id = ?1")?;
        let body: Option<Vec<u8>> = select
            .query_row([id.as_str()], |row| row.get(0))
            .optional()?;
        let held = body.map(|body| format::read_lease(&body)).transpose()?;
        // A renewal belongs to no transaction; a grant or an end that the index does not know came after our moment.
        Ok(match (in_file, held) {
            (Some(file), Some(held)) if is_prolonged(&held, &file) => Some(file),
            (Some(file), None) if file.state != LeaseState::Held => Some(file),
            (_, held) => held,
        })
    }

    fn gates(&self) -> Sourced<Vec<GateDefinition>> {
        let (places, problems) = load::list_records(&*self.env.fs, &layout::gates())?;
        for problem in problems {
            self.note_met(problem);
        }
        let mut gates = Vec::with_capacity(places.len());
        for at in places {
            match self.load(&at)?.map(Loaded::into_record) {
                Some(Record::Gate(gate)) => gates.push(gate),
                Some(Record::Broken(problem)) => self.note_met(problem),
                Some(Record::Issue(_) | Record::Lease(_)) | None => {}
            }
        }
        Ok(gates)
    }

    fn problems(&self) -> Sourced<Vec<Problem>> {
        let mut found = load::top_problems(&*self.env.fs)?;
        let connection = self.index.connection();
        let mut select = connection
            .prepare_cached("SELECT path, issue, code, message FROM problems ORDER BY path")?;
        let rows = select.query_map([], |row| {
            let issue: Option<String> = row.get(1)?;
            Ok(Problem {
                path: row.get(0)?,
                issue: issue.and_then(|id| IssueId::parse(&id).ok()),
                code: row.get(2)?,
                message: row.get(3)?,
            })
        })?;
        for row in rows {
            found.push(row?);
        }
        drop(select);
        drop(connection);
        self.gates()?;
        let met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        for problem in &*met {
            if !found.contains(problem) {
                found.push(problem.clone());
            }
        }
        found.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(found)
    }

    fn dependents(&self, id: &IssueId) -> Sourced<Vec<IssueId>> {
        self.ids(
            "SELECT id FROM edges WHERE target = ?1 AND kind = 0 ORDER BY id",
            [id.as_str()],
        )
    }

    fn children(&self, id: &IssueId) -> Sourced<Vec<IssueId>> {
        self.ids(
            "SELECT id FROM edges WHERE target = ?1 AND kind = 1 ORDER BY id",
            [id.as_str()],
        )
    }

    fn with_prefix(&self, prefix: &str, limit: usize) -> Sourced<Vec<IssueId>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        // `~` sorts after every character of an id.
        self.ids(
            "SELECT id FROM issues WHERE id >= ?1 AND id < ?1 || '~' ORDER BY id LIMIT ?2",
            params![prefix, limit],
        )
    }

    fn neighbours(&self, id: &IssueId) -> Sourced<[Option<IssueId>; 2]> {
        let before = self.ids(
            "SELECT id FROM issues WHERE id < ?1 ORDER BY id DESC LIMIT 1",
            [id.as_str()],
        )?;
        let after = self.ids(
            "SELECT id FROM issues WHERE id > ?1 ORDER BY id LIMIT 1",
            [id.as_str()],
        )?;
        Ok([before.into_iter().next(), after.into_iter().next()])
    }

    fn unresolved(&self) -> Sourced<Vec<IssueId>> {
        self.ids(
            "SELECT id FROM issues INDEXED BY unresolved WHERE state < 3 AND is_deleted = 0 ORDER BY id",
            [],
        )
    }

    fn held(&self) -> Sourced<Vec<IssueId>> {
        self.ids("SELECT id FROM leases ORDER BY id", [])
    }

    fn lapsing(&self, now: &Now) -> Sourced<Vec<IssueId>> {
        let boottime = i64::try_from(now.boottime_ms).unwrap_or(i64::MAX);
        self.ids(
            "SELECT id FROM leases WHERE lapses IS NOT NULL AND NOT (boot = ?1 AND lapses > ?2) ORDER BY id",
            params![now.boot_id, boottime],
        )
    }

    fn candidates(
        &self,
        policy: &Policy,
        now: &Now,
        who: Option<&Assignee>,
    ) -> Sourced<Vec<Candidate>> {
        let held: BTreeSet<IssueId> = self.held()?.into_iter().collect();
        // Another branch may show an issue in progress whose lease was ended since.
        let unheld = self.ids(
            "SELECT id FROM issues INDEXED BY working WHERE state = 1 AND is_deleted = 0
               AND id NOT IN (SELECT id FROM leases)",
            [],
        )?;
        let most_rejected = if policy.rejected_blocks { 0 } else { i64::MAX };
        let connection = self.index.connection();
        let mut select = connection.prepare_cached(
            "SELECT id, priority, since, assignee, is_plain FROM issues INDEXED BY queue
             WHERE state = 0 AND is_deleted = 0 AND is_held = 0 AND n_open = 0 AND n_children = 0
               AND n_rejected <= ?1 AND (not_before IS NULL OR not_before <= ?2)
               AND (assignee IS NULL OR assignee = ?3)
             ORDER BY priority, since, id",
        )?;
        let rows = select.query_map(
            params![
                most_rejected,
                now.wall.as_micros(),
                who.map(Assignee::as_str)
            ],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, i64>(2)?,
                    row.get::<_, Option<String>>(3)?,
                    row.get::<_, bool>(4)?,
                ))
            },
        )?;
        let mut found: Vec<Candidate> = unheld.into_iter().map(uncertain).collect();
        for row in rows {
            let (id, priority, since, assignee, is_plain) = row?;
            let id = IssueId::parse(&id)?;
            let priority = usize::try_from(priority).ok();
            found.push(Candidate {
                is_certain: is_plain && !held.contains(&id),
                id,
                priority: *priority
                    .and_then(|place| Priority::ALL.get(place))
                    .ok_or("the index holds no such priority")?,
                since: Timestamp::from_micros(since),
                assignee: assignee.map(|name| Assignee::parse(&name)).transpose()?,
            });
        }
        Ok(found)
    }

    fn issues(&self) -> Sourced<Vec<Issue>> {
        let connection = self.index.connection();
        let mut select = connection.prepare_cached(
            "SELECT i.id, i.ino, i.len, i.mtime, i.ctime, b.body FROM issues i JOIN bodies b ON b.id = i.id ORDER BY i.id",
        )?;
        let rows = select.query_map([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                stamp_at(row, 1)?,
                row.get::<_, Vec<u8>>(5)?,
            ))
        })?;
        let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        let fs = &*self.env.fs;
        let names: Vec<String> = rows
            .iter()
            .map(|(id, ..)| format!("{}/{id}.json", &id[..2]))
            .collect();
        let stats = load::stat_in_parallel(fs, &layout::issues(), &names)?;
        let asked: Vec<_> = rows.into_iter().zip(stats).collect();
        let parsed = load::in_parallel(&asked, |((id, stamp, body), stat)| {
            let id = IssueId::parse(id).map_err(|_| unreadable(id))?;
            if stat.map(|stat| Stamp::exact(&stat)).as_ref() != Some(stamp) {
                return Ok((id, None));
            }
            let issue = format::read_issue(&id, body).map_err(|_| unreadable(id.as_str()))?;
            Ok((id, Some(issue)))
        })?;
        let mut issues = Vec::with_capacity(parsed.len());
        for (id, issue) in parsed {
            if issue.is_some() {
                issues.extend(issue);
                continue;
            }
            let in_file = self.of_file(&connection, &id)?;
            issues.extend(if self.is_still_its_moment()? {
                in_file
            } else {
                body_of(&connection, &id)?
            });
        }
        Ok(issues)
    }

    fn leases(&self) -> Sourced<Vec<Lease>> {
        let (places, problems) = load::list_records(&*self.env.fs, &layout::leases())?;
        for problem in problems {
            self.note_met(problem);
        }
        let mut leases = Vec::with_capacity(places.len());
        for at in places {
            if let Some(load::Place::Lease(id)) = load::place_of(&at) {
                leases.extend(self.lease(&id)?);
            }
        }
        Ok(leases)
    }
}

/// Returns an issue that has to be judged to be ranked.
fn uncertain(id: IssueId) -> Candidate {
    Candidate {
        id,
        priority: Priority::default(),
        since: Timestamp::from_micros(0),
        assignee: None,
        is_certain: false,
    }
}

/// Returns whether `new` is the same grant as `old`, perhaps renewed.
fn is_prolonged(old: &Lease, new: &Lease) -> bool {
    old.epoch == new.epoch && new.state == LeaseState::Held
}

fn unreadable(id: &str) -> StoreError {
    StoreError::Damaged {
        path: "index.db".to_owned(),
        reason: format!("the row of {} can't be read", id.escape_default()),
    }
}

/// Everything that a full reading found, for building the index.
impl Records {
    /// Returns the names of the directories that hold issues.
    pub(super) fn shards(&self) -> BTreeSet<&str> {
        let places = self.files().map(|(at, ..)| at);
        let issues = places.filter_map(|at| at.path.as_str().strip_prefix("issues/"));
        issues.filter_map(|path| path.split('/').next()).collect()
    }
}
