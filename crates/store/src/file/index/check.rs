//! Finding what differs between the index and the files, the cheapest way first.
//!
//! Owns the three steps of `docs/design/storage.md` S6: directories, unresolved issues, everything. Refuses to write.

use super::rows;
use super::schema::stamp_at;
use super::{Attempt, Stamp};
use crate::file::layout;
use crate::file::load::{self, Loaded, Place, Record};
use crate::file::options::Env;
use crate::fs::{At, Fs, Kind, Root, Stat};
use jit_core::{IssueId, Problem};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

/// How many directories and files a reader looks at anew at every question before it has what it found kept.
const WORTH_KEEPING: usize = 16;

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// The directories: every change by rename.
    Names,
    /// The files of unresolved issues too: edits in place of anything that may be worked on.
    Unresolved,
    /// All files.
    Everything,
}

/// A file that is not what its row says.
#[derive(Debug)]
struct Difference {
    at: At,
    /// What it is now; `None`: gone.
    now: Option<Loaded>,
    stamp: Stamp,
    /// Only its stamp was not known: it says what its row says.
    is_same: bool,
}

/// What differs.
#[derive(Debug, Default)]
pub(super) struct Differences {
    files: Vec<Difference>,
    /// Shards that were listed, with what is to be remembered of them; `None`: gone.
    shards: Vec<(String, Option<Stamp>)>,
    /// Names in a listed shard that no record has, where they are not those that are known.
    foreign: Vec<(String, Vec<(At, Problem)>)>,
}

impl Differences {
    /// Returns whether an answer would be another one.
    pub(super) fn matters(&self) -> bool {
        self.files.iter().any(|it| !it.is_same) || !self.foreign.is_empty()
    }

    /// Returns whether so much had to be looked at in vain that the next question is worth sparing it.
    pub(super) fn is_worth_keeping(&self) -> bool {
        let shards = self.shards.iter();
        let settled = shards.filter(|(_, stamp)| *stamp != Some(Stamp::UNKNOWN));
        let files = self.files.iter();
        let known = files.filter(|it| it.is_same && it.stamp != Stamp::UNKNOWN);
        settled.count() + known.count() >= WORTH_KEEPING
    }

    /// Brings the rows up to the files.
    pub(super) fn write(self, connection: &Connection) -> Attempt<()> {
        let mut touched = BTreeSet::new();
        for difference in self.files {
            let Some(Place::Issue(id)) = load::place_of(&difference.at) else {
                continue;
            };
            if difference.is_same {
                rows::stamp(connection, &difference.at, &id, difference.stamp)?;
                continue;
            }
            rows::concerned(connection, &id, &mut touched)?;
            match difference.now.map(Loaded::into_record) {
                Some(Record::Issue(issue)) => {
                    rows::put_issue(connection, &issue, difference.stamp)?;
                }
                Some(Record::Broken(problem)) => {
                    rows::remove_issue(connection, &id)?;
                    rows::put_problem(connection, &difference.at, &problem, difference.stamp)?;
                }
                Some(Record::Gate(_) | Record::Lease(_)) | None => {
                    rows::remove_issue(connection, &id)?;
                    rows::remove_problem(connection, &difference.at)?;
                }
            }
            rows::concerned(connection, &id, &mut touched)?;
        }
        for (shard, problems) in self.foreign {
            connection.execute(
                "DELETE FROM problems WHERE shard = ?1 AND issue IS NULL",
                [&shard],
            )?;
            for (at, problem) in problems {
                rows::put_problem(connection, &at, &problem, Stamp::UNKNOWN)?;
            }
        }
        for (name, stamp) in self.shards {
            match stamp {
                Some(stamp) => rows::put_shard(connection, &name, stamp)?,
                None => {
                    connection.execute("DELETE FROM shards WHERE name = ?1", [&name])?;
                }
            }
        }
        rows::recount(connection, &touched)
    }
}

/// Compares the index with the files.
pub(super) fn differences(
    connection: &Connection,
    env: &Env,
    depth: Depth,
) -> Attempt<Differences> {
    let fs = &*env.fs;
    let now_ns = env.host.now_us().saturating_mul(1_000);
    let known: BTreeMap<String, Stamp> = rows::shard_stamps(connection)?.into_iter().collect();
    let mut found = Differences::default();
    let top = layout::issues();
    // A shard that came or went moved the directory above it, but so did our own writes: its names are few.
    let names: BTreeSet<String> = load::shard_names(fs)?.into_iter().collect();
    for gone in known.keys().filter(|name| !names.contains(*name)) {
        found.shards.push((gone.clone(), None));
        forget_shard(connection, gone, &mut found)?;
    }
    let names: Vec<String> = names.into_iter().collect();
    let stats = fs.stat_each(&top, &names)?;
    for (name, stat) in names.iter().zip(stats) {
        let stamp = stat.map(|stat| Stamp::exact(&stat));
        let is_known = stamp.is_some() && known.get(name) == stamp.as_ref();
        if !is_known || depth == Depth::Everything {
            look_into(connection, fs, (name, stat), now_ns, &mut found)?;
        }
    }
    look_at_broken(connection, fs, now_ns, &mut found)?;
    if depth == Depth::Unresolved {
        look_at_unresolved(connection, fs, now_ns, &mut found)?;
    }
    Ok(found)
}

/// Compares one directory, file by file.
fn look_into(
    connection: &Connection,
    fs: &dyn Fs,
    (name, before): (&str, Option<Stat>),
    now_ns: i64,
    found: &mut Differences,
) -> Attempt<()> {
    let Ok(path) = layout::issues().path.join(name) else {
        return Ok(());
    };
    let dir = At::new(Root::Shared, path);
    let (places, problems) = load::list_records(fs, &dir)?;
    let files: Vec<String> = places.iter().map(|at| at.path.name().to_owned()).collect();
    let stats = if before.is_some_and(|stat| stat.kind == Kind::Directory) {
        fs.stat_each(&dir, &files)?
    } else {
        Vec::new()
    };
    let mut rows = rows_of(connection, name)?;
    for (at, stat) in places.iter().zip(stats) {
        let row = rows.remove(&at.to_string());
        let stamp = stat.map(|stat| Stamp::exact(&stat));
        if stamp.is_some() && row == stamp {
            continue;
        }
        note(connection, fs, (at, row), now_ns, found)?;
    }
    for path in rows.into_keys() {
        let gone = path.trim_start_matches(".jit/");
        if let Ok(path) = crate::fs::RelPath::parse(gone) {
            let at = At::new(Root::Shared, path);
            note(connection, fs, (&at, None), now_ns, found)?;
        }
    }
    note_foreign(connection, name, &dir, problems, found)?;
    let after = fs.stat_each(&layout::issues(), &[name.to_owned()])?;
    let stamp = match (before, after.first().copied().flatten()) {
        (Some(before), Some(after)) if before == after => Stamp::of(&after, now_ns),
        _ => Stamp::UNKNOWN,
    };
    found.shards.push((name.to_owned(), Some(stamp)));
    Ok(())
}

/// Notes what a file is now that has this stamp in its row, if it has a row.
fn note(
    connection: &Connection,
    fs: &dyn Fs,
    (at, row): (&At, Option<Stamp>),
    now_ns: i64,
    found: &mut Differences,
) -> Attempt<()> {
    let now = load::read_record(fs, at)?;
    let stat = now.as_ref().and_then(Loaded::stat);
    let is_same = match now.as_ref().map(Loaded::record) {
        // Our own writes are too young for a stamp when they are recorded.
        Some(Record::Issue(issue)) if row == Some(Stamp::UNKNOWN) => {
            rows::issue(connection, &issue.id)?.as_ref() == Some(issue)
        }
        Some(Record::Broken(problem)) if row == Some(Stamp::UNKNOWN) => {
            rows::has_problem(connection, problem)?
        }
        _ => false,
    };
    found.files.push(Difference {
        at: at.clone(),
        now,
        stamp: stat.map_or(Stamp::UNKNOWN, |stat| Stamp::of(&stat, now_ns)),
        is_same,
    });
    Ok(())
}

/// Notes the names in a directory that no record has, if they are others than before.
fn note_foreign(
    connection: &Connection,
    shard: &str,
    dir: &At,
    problems: Vec<Problem>,
    found: &mut Differences,
) -> Attempt<()> {
    let mut select = connection.prepare_cached(
        "SELECT path, code, message FROM problems WHERE shard = ?1 AND issue IS NULL ORDER BY path",
    )?;
    let rows = select.query_map([shard], |row| {
        Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
    })?;
    let known = rows.collect::<rusqlite::Result<BTreeSet<(String, String, String)>>>()?;
    let now: BTreeSet<(String, String, String)> = problems
        .iter()
        .map(|it| (it.path.clone(), it.code.clone(), it.message.clone()))
        .collect();
    if known != now {
        let placed = problems.into_iter().map(|problem| (dir.clone(), problem));
        found.foreign.push((shard.to_owned(), placed.collect()));
    }
    Ok(())
}

fn forget_shard(connection: &Connection, name: &str, found: &mut Differences) -> Attempt<()> {
    for path in rows_of(connection, name)?.into_keys() {
        let gone = path.trim_start_matches(".jit/");
        if let Ok(path) = crate::fs::RelPath::parse(gone) {
            found.files.push(Difference {
                at: At::new(Root::Shared, path),
                now: None,
                stamp: Stamp::UNKNOWN,
                is_same: false,
            });
        }
    }
    let mut count = connection
        .prepare_cached("SELECT count(*) FROM problems WHERE shard = ?1 AND issue IS NULL")?;
    let n_foreign: i64 = count.query_row([name], |row| row.get(0))?;
    if n_foreign > 0 {
        found.foreign.push((name.to_owned(), Vec::new()));
    }
    Ok(())
}

/// Returns the stamps of everything that is known of a shard, by path.
fn rows_of(connection: &Connection, shard: &str) -> Attempt<BTreeMap<String, Stamp>> {
    let mut found = BTreeMap::new();
    // `~` sorts after every character of an id.
    let mut select = connection.prepare_cached(
        "SELECT id, ino, len, mtime, ctime FROM issues WHERE id >= ?1 AND id < ?1 || '~'",
    )?;
    let rows = select.query_map([shard], |row| {
        Ok((row.get::<_, String>(0)?, stamp_at(row, 1)?))
    })?;
    for row in rows {
        let (id, stamp) = row?;
        if let Ok(id) = IssueId::parse(&id) {
            found.insert(layout::issue(&id).to_string(), stamp);
        }
    }
    let mut select = connection.prepare_cached(
        "SELECT path, ino, len, mtime, ctime FROM problems WHERE shard = ?1 AND issue IS NOT NULL",
    )?;
    let rows = select.query_map([shard], |row| {
        Ok((row.get::<_, String>(0)?, stamp_at(row, 1)?))
    })?;
    for row in rows {
        let (path, stamp) = row?;
        found.insert(path, stamp);
    }
    Ok(found)
}

/// Compares the files that could not be read: whoever mends one in place moves no directory.
fn look_at_broken(
    connection: &Connection,
    fs: &dyn Fs,
    now_ns: i64,
    found: &mut Differences,
) -> Attempt<()> {
    let mut select = connection.prepare_cached(
        "SELECT issue, ino, len, mtime, ctime FROM problems WHERE issue IS NOT NULL",
    )?;
    let rows = select.query_map([], |row| Ok((row.get::<_, String>(0)?, stamp_at(row, 1)?)))?;
    for row in rows {
        let (id, stamp) = row?;
        let Ok(id) = IssueId::parse(&id) else {
            continue;
        };
        let at = layout::issue(&id);
        let name = format!("{}/{id}.json", id.shard());
        let stats = fs.stat_each(&layout::issues(), &[name])?;
        let now = stats.first().copied().flatten();
        let is_listed = found.files.iter().any(|it| it.at == at);
        if !is_listed && now.map(|stat| Stamp::exact(&stat)) != Some(stamp) {
            note(connection, fs, (&at, Some(stamp)), now_ns, found)?;
        }
    }
    Ok(())
}

/// Compares the files of all unresolved issues.
fn look_at_unresolved(
    connection: &Connection,
    fs: &dyn Fs,
    now_ns: i64,
    found: &mut Differences,
) -> Attempt<()> {
    let mut select = connection.prepare(
        "SELECT id, ino, len, mtime, ctime FROM issues INDEXED BY unresolved WHERE state < 3 AND is_deleted = 0",
    )?;
    let rows = select.query_map([], |row| Ok((row.get::<_, String>(0)?, stamp_at(row, 1)?)))?;
    let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let names: Vec<String> = rows
        .iter()
        .map(|(id, _)| format!("{}/{id}.json", &id[..2]))
        .collect();
    let listed: BTreeSet<At> = found.files.iter().map(|it| it.at.clone()).collect();
    let stats = load::stat_in_parallel(fs, &layout::issues(), &names)?;
    for ((id, stamp), stat) in rows.iter().zip(stats) {
        if stat.map(|stat| Stamp::exact(&stat)).as_ref() == Some(stamp) {
            continue;
        }
        let Ok(id) = IssueId::parse(id) else { continue };
        let at = layout::issue(&id);
        if !listed.contains(&at) {
            note(connection, fs, (&at, Some(*stamp)), now_ns, found)?;
        }
    }
    Ok(())
}
