//! Bringing rows up to files.
//!
//! Owns what a row says about an issue, and which other rows follow from it. Refuses to look for differences.

use super::schema::stamp_at;
use super::{Attempt, Stamp, Unusable};
use crate::file::frame::FileChange;
use crate::file::load::{self, Place, Record, Records};
use crate::file::options::Env;
use crate::file::{format, layout};
use crate::fs::{At, Fs, Root};
use jit_core::readiness::is_plain;
use jit_core::{Issue, IssueId, Lease, LeaseState, Problem, State, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::BTreeSet;

/// From how many changed issues on everything is counted anew at once.
const RECOUNT_ALL_FROM: usize = 500;

/// An edge from a dependency to who waits for it.
const DEPENDENCY: i64 = 0;

/// An edge from a parent to its child.
const PARENT: i64 = 1;

const COUNTS: &str = "
UPDATE issues SET
  n_open = (SELECT count(*) FROM edges e LEFT JOIN issues d ON d.id = e.target AND d.is_deleted = 0
            WHERE e.id = issues.id AND e.kind = 0 AND (d.id IS NULL OR d.state < 3)),
  n_rejected = (SELECT count(*) FROM edges e JOIN issues d ON d.id = e.target AND d.is_deleted = 0
            WHERE e.id = issues.id AND e.kind = 0 AND d.state = 4),
  n_children = (SELECT count(*) FROM edges e JOIN issues c ON c.id = e.id AND c.is_deleted = 0
            WHERE e.target = issues.id AND e.kind = 1 AND c.state < 3),
  since = max(own_since,
            ifnull((SELECT max(d.closed) FROM edges e JOIN issues d ON d.id = e.target AND d.is_deleted = 0
                    WHERE e.id = issues.id AND e.kind = 0), 0),
            ifnull((SELECT max(c.closed) FROM edges e JOIN issues c ON c.id = e.id AND c.is_deleted = 0
                    WHERE e.target = issues.id AND e.kind = 1), 0))";

/// Fills an empty database.
pub(super) fn put_all(connection: &Connection, env: &Env, records: &Records) -> Attempt<()> {
    let now_ns = env.host.now_us().saturating_mul(1_000);
    for name in records.shards() {
        put_shard(connection, name, Stamp::UNKNOWN)?;
    }
    for (at, record, stat) in records.files() {
        let stamp = stat.map_or(Stamp::UNKNOWN, |stat| Stamp::of(&stat, now_ns));
        match record {
            Record::Issue(issue) => put_issue(connection, issue, stamp)?,
            // What can't be read may be held: as long as one lease is such, the files answer.
            Record::Broken(_) if is_lease(at) => {
                return Err(Unusable);
            }
            Record::Broken(problem) => put_problem(connection, at, problem, stamp)?,
            Record::Lease(lease) => put_lease(connection, lease)?,
            Record::Gate(_) => {}
        }
    }
    connection.execute(COUNTS, [])?;
    Ok(())
}

/// Takes over what a transaction wrote. Its files are so young that the next check looks at them again.
pub(super) fn record(connection: &Connection, fs: &dyn Fs, changes: &[FileChange]) -> Attempt<()> {
    let mut touched = BTreeSet::new();
    for change in changes {
        match (load::place_of(&change.at), &change.post) {
            (Some(Place::Issue(id)), Some(bytes)) => {
                let issue = format::read_issue(&id, bytes).map_err(|_| Unusable)?;
                concerned(connection, &id, &mut touched)?;
                put_issue(connection, &issue, Stamp::UNKNOWN)?;
                concerned(connection, &id, &mut touched)?;
                put_shard(connection, id.shard(), Stamp::UNKNOWN)?;
            }
            (Some(Place::Issue(id)), None) => {
                concerned(connection, &id, &mut touched)?;
                remove_issue(connection, &id)?;
                put_shard(connection, id.shard(), Stamp::UNKNOWN)?;
            }
            (Some(Place::Lease(id)), _) => reload_lease(connection, fs, &id)?,
            (Some(Place::Gate) | None, _) => {}
        }
    }
    recount(connection, &touched)
}

/// Takes over the leases that a transaction wrote.
pub(super) fn record_leases(
    connection: &Connection,
    fs: &dyn Fs,
    changes: &[FileChange],
) -> Attempt<()> {
    for change in changes {
        if let Some(Place::Lease(id)) = load::place_of(&change.at) {
            reload_lease(connection, fs, &id)?;
        }
    }
    Ok(())
}

/// Adds the issues whose counts may change when `id` does.
pub(super) fn concerned(
    connection: &Connection,
    id: &IssueId,
    touched: &mut BTreeSet<String>,
) -> Attempt<()> {
    touched.insert(id.to_string());
    let mut waiting =
        connection.prepare_cached("SELECT id FROM edges WHERE target = ?1 AND kind = 0")?;
    for other in waiting.query_map([id.as_str()], |row| row.get(0))? {
        touched.insert(other?);
    }
    let mut parents =
        connection.prepare_cached("SELECT target FROM edges WHERE id = ?1 AND kind = 1")?;
    for other in parents.query_map([id.as_str()], |row| row.get(0))? {
        touched.insert(other?);
    }
    Ok(())
}

pub(super) fn recount(connection: &Connection, touched: &BTreeSet<String>) -> Attempt<()> {
    if touched.len() >= RECOUNT_ALL_FROM {
        connection.execute(COUNTS, [])?;
        return Ok(());
    }
    let mut update = connection.prepare_cached(&format!("{COUNTS} WHERE id = ?1"))?;
    for id in touched {
        update.execute([id])?;
    }
    Ok(())
}

pub(super) fn put_issue(connection: &Connection, issue: &Issue, stamp: Stamp) -> Attempt<()> {
    let id = issue.id.as_str();
    let micros = |at: Option<Timestamp>| at.map(Timestamp::as_micros);
    // What a release set for the next attempt makes no issue younger.
    let planned = issue.not_before.filter(|_| issue.epoch == 0);
    let own_since = [planned, issue.queued_at].into_iter().flatten();
    let own_since = own_since.fold(issue.created_at, Timestamp::max);
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO issues(id, ino, len, mtime, ctime, state, is_deleted, is_held, is_plain, priority,
               assignee, not_before, own_since, closed)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            id,
            stamp.ino,
            stamp.len,
            stamp.mtime,
            stamp.ctime,
            state_number(issue.state),
            issue.is_deleted(),
            issue.hold.is_some(),
            is_plain(issue),
            issue.priority as i64,
            issue.assignee.as_ref().map(ToString::to_string),
            micros(issue.not_before),
            own_since.as_micros(),
            micros(issue.closed_at),
        ])?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO bodies(id, body) VALUES(?1, ?2)")?
        .execute(params![id, format::write_issue(issue)])?;
    connection
        .prepare_cached("DELETE FROM edges WHERE id = ?1")?
        .execute([id])?;
    let mut insert = connection
        .prepare_cached("INSERT OR IGNORE INTO edges(target, kind, id) VALUES(?1, ?2, ?3)")?;
    for dependency in &issue.dependencies {
        insert.execute(params![dependency.as_str(), DEPENDENCY, id])?;
    }
    if let Some(parent) = &issue.parent {
        insert.execute(params![parent.as_str(), PARENT, id])?;
    }
    remove_problem(connection, &layout::issue(&issue.id))
}

/// Returns the issue that a row holds.
pub(super) fn issue(connection: &Connection, id: &IssueId) -> Attempt<Option<Box<Issue>>> {
    let mut select = connection.prepare_cached("SELECT body FROM bodies WHERE id = ?1")?;
    let body: Option<Vec<u8>> = select
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?;
    let Some(body) = body else { return Ok(None) };
    let issue = format::read_issue(id, &body).map_err(|_| Unusable)?;
    Ok(Some(Box::new(issue)))
}

/// Returns whether this is known of a file that can't be read.
pub(super) fn has_problem(connection: &Connection, problem: &Problem) -> Attempt<bool> {
    let mut select = connection.prepare_cached(
        "SELECT count(*) FROM problems WHERE path = ?1 AND code = ?2 AND message = ?3",
    )?;
    let n: i64 = select.query_row(
        params![problem.path, problem.code, problem.message],
        |row| row.get(0),
    )?;
    Ok(n > 0)
}

/// Notes which version of its file a row holds.
pub(super) fn stamp(connection: &Connection, at: &At, id: &IssueId, stamp: Stamp) -> Attempt<()> {
    connection
        .prepare_cached(
            "UPDATE issues SET ino = ?2, len = ?3, mtime = ?4, ctime = ?5 WHERE id = ?1",
        )?
        .execute(params![
            id.as_str(),
            stamp.ino,
            stamp.len,
            stamp.mtime,
            stamp.ctime
        ])?;
    connection
        .prepare_cached(
            "UPDATE problems SET ino = ?2, len = ?3, mtime = ?4, ctime = ?5 WHERE path = ?1",
        )?
        .execute(params![
            at.to_string(),
            stamp.ino,
            stamp.len,
            stamp.mtime,
            stamp.ctime
        ])?;
    Ok(())
}

pub(super) fn remove_issue(connection: &Connection, id: &IssueId) -> Attempt<()> {
    for statement in [
        "DELETE FROM issues WHERE id = ?1",
        "DELETE FROM bodies WHERE id = ?1",
        "DELETE FROM edges WHERE id = ?1",
    ] {
        connection
            .prepare_cached(statement)?
            .execute([id.as_str()])?;
    }
    Ok(())
}

/// Notes a file that can't be read.
pub(super) fn put_problem(
    connection: &Connection,
    at: &At,
    problem: &Problem,
    stamp: Stamp,
) -> Attempt<()> {
    if at.root != Root::Shared || !at.path.as_str().starts_with("issues/") {
        return Ok(());
    }
    let shard = at.path.as_str().split('/').nth(1).unwrap_or_default();
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO problems(path, shard, issue, code, message, ino, len, mtime, ctime)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            problem.path,
            shard,
            problem.issue.as_ref().map(IssueId::as_str),
            problem.code,
            problem.message,
            stamp.ino,
            stamp.len,
            stamp.mtime,
            stamp.ctime,
        ])?;
    Ok(())
}

pub(super) fn remove_problem(connection: &Connection, at: &At) -> Attempt<()> {
    connection
        .prepare_cached("DELETE FROM problems WHERE path = ?1")?
        .execute([at.to_string()])?;
    Ok(())
}

pub(super) fn put_shard(connection: &Connection, name: &str, stamp: Stamp) -> Attempt<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO shards(name, ino, len, mtime, ctime) VALUES(?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![name, stamp.ino, stamp.len, stamp.mtime, stamp.ctime])?;
    Ok(())
}

pub(super) fn shard_stamps(connection: &Connection) -> Attempt<Vec<(String, Stamp)>> {
    let mut select = connection.prepare("SELECT name, ino, len, mtime, ctime FROM shards")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, stamp_at(row, 1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Keeps a lease that nobody has ended, and forgets one that somebody has.
pub(super) fn put_lease(connection: &Connection, lease: &Lease) -> Attempt<()> {
    if lease.state != LeaseState::Held {
        connection
            .prepare_cached("DELETE FROM leases WHERE id = ?1")?
            .execute([lease.issue.as_str()])?;
        return Ok(());
    }
    let lapses = lease
        .ttl_ms
        .map(|ttl| lease.renewed_boottime_ms.saturating_add(ttl));
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO leases(id, body, boot, lapses) VALUES(?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            lease.issue.as_str(),
            format::write_lease(lease),
            lease.boot_id,
            lapses.map(|at| i64::try_from(at).unwrap_or(i64::MAX)),
        ])?;
    Ok(())
}

fn reload_lease(connection: &Connection, fs: &dyn Fs, id: &IssueId) -> Attempt<()> {
    let loaded = load::read_record(fs, &layout::lease(id))?;
    match loaded.map(load::Loaded::into_record) {
        Some(Record::Lease(lease)) => return put_lease(connection, &lease),
        Some(Record::Broken(_)) => return Err(Unusable),
        Some(Record::Issue(_) | Record::Gate(_)) | None => {}
    }
    connection
        .prepare_cached("DELETE FROM leases WHERE id = ?1")?
        .execute([id.as_str()])?;
    Ok(())
}

fn is_lease(at: &At) -> bool {
    matches!(load::place_of(at), Some(Place::Lease(_)))
}

/// Reads all leases anew.
pub(super) fn reload_leases(connection: &Connection, fs: &dyn Fs) -> Attempt<()> {
    connection.execute("DELETE FROM leases", [])?;
    let (places, problems) = load::list_records(fs, &layout::leases())?;
    if problems
        .iter()
        .any(|problem| problem.code == "unreadable_directory")
    {
        return Err(Unusable);
    }
    for at in places {
        if let Some(Place::Lease(id)) = load::place_of(&at) {
            reload_lease(connection, fs, &id)?;
        }
    }
    Ok(())
}

/// Numbers the states so that the resolved ones come last.
fn state_number(state: State) -> i64 {
    match state {
        State::Open => 0,
        State::InProgress => 1,
        State::Gated => 2,
        State::Done => 3,
        State::Rejected => 4,
        State::Archived => 5,
    }
}
