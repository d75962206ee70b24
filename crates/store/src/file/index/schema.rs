//! The database: its tables, its settings, and what it says about itself.
//!
//! Owns the schema and its version. Refuses to know what changed in the files.

use super::{Attempt, Stamp, Unusable, home};
use crate::file::mark::Mark;
use crate::file::options::Env;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, params};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Version of the tables; another one is made anew.
const VERSION: i32 = 1;

/// How long the database may be busy before the files are read instead.
const PATIENCE: Duration = Duration::from_millis(50);

/// Tells an index from every other database.
const APPLICATION: i32 = 0x6a69_7478;

const FLAGS: OpenFlags = OpenFlags::SQLITE_OPEN_READ_WRITE
    .union(OpenFlags::SQLITE_OPEN_NO_MUTEX)
    .union(OpenFlags::SQLITE_OPEN_NOFOLLOW);

const TABLES: &str = "
CREATE TABLE meta(boot TEXT NOT NULL, home INTEGER NOT NULL, seq INTEGER NOT NULL);
CREATE TABLE shards(name TEXT PRIMARY KEY, ino INTEGER, len INTEGER, mtime INTEGER, ctime INTEGER) WITHOUT ROWID;
CREATE TABLE issues(
  id TEXT PRIMARY KEY, ino INTEGER, len INTEGER, mtime INTEGER, ctime INTEGER,
  state INTEGER NOT NULL, is_deleted INTEGER NOT NULL, is_held INTEGER NOT NULL, is_plain INTEGER NOT NULL,
  priority INTEGER NOT NULL, assignee TEXT, not_before INTEGER, own_since INTEGER NOT NULL, closed INTEGER,
  n_open INTEGER NOT NULL DEFAULT 0, n_rejected INTEGER NOT NULL DEFAULT 0, n_children INTEGER NOT NULL DEFAULT 0,
  since INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE bodies(id TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE INDEX queue ON issues(priority, since, id, assignee, not_before, is_plain, n_rejected)
  WHERE state = 0 AND is_deleted = 0 AND is_held = 0 AND n_open = 0 AND n_children = 0;
CREATE INDEX working ON issues(id) WHERE state = 1 AND is_deleted = 0;
CREATE INDEX unresolved ON issues(id, ino, len, mtime, ctime) WHERE state < 3 AND is_deleted = 0;
CREATE TABLE edges(target TEXT NOT NULL, kind INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY(target, kind, id)) WITHOUT ROWID;
CREATE INDEX sources ON edges(id, kind, target);
CREATE TABLE problems(path TEXT PRIMARY KEY, shard TEXT NOT NULL, issue TEXT, code TEXT NOT NULL, message TEXT NOT NULL,
  ino INTEGER, len INTEGER, mtime INTEGER, ctime INTEGER) WITHOUT ROWID;
CREATE TABLE leases(id TEXT PRIMARY KEY, body BLOB NOT NULL, boot TEXT NOT NULL, lapses INTEGER) WITHOUT ROWID;
";

const DROP: &str = "
DROP TABLE IF EXISTS meta; DROP TABLE IF EXISTS shards; DROP TABLE IF EXISTS issues; DROP TABLE IF EXISTS bodies;
DROP TABLE IF EXISTS edges; DROP TABLE IF EXISTS problems; DROP TABLE IF EXISTS leases;
";

/// What the database says about itself.
#[derive(Debug)]
pub(super) struct Meta {
    boot: String,
    home: i64,
    /// The last transaction that it knows.
    pub(super) seq: i64,
}

impl Meta {
    /// Returns whether it was made in this boot for the store at this place: in another one its stamps mean nothing.
    pub(super) fn is_of(&self, env: &Env) -> Attempt<bool> {
        Ok(self.boot == env.host.boot_id() && self.home == home(env)?)
    }
}

/// Opens a database that exists.
pub(super) fn open(path: &Path) -> Attempt<Connection> {
    let path = own_file(path)?.ok_or(Unusable)?;
    let connection = Connection::open_with_flags(path, FLAGS)?;
    set_up(&connection)?;
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    if number("application_id")? == APPLICATION && number("user_version")? == VERSION {
        Ok(connection)
    } else {
        Err(Unusable)
    }
}

/// Opens a database to fill it anew, under the store's lock; what is no index of ours is replaced, not emptied.
pub(super) fn create(path: &Path) -> Attempt<Connection> {
    match open(path) {
        Ok(connection) => return Ok(connection),
        Err(Unusable) if is_busy(path) => return Err(Unusable),
        Err(Unusable) => {}
    }
    let mut journal = path.as_os_str().to_owned();
    journal.push("-journal");
    for file in [path.as_os_str(), &journal] {
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
    }
    // The issues are anybody's in the repository, but who holds what under which key is private to the clone.
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let connection = Connection::open_with_flags(own_file(path)?.ok_or(Unusable)?, FLAGS)?;
    set_up(&connection)?;
    Ok(connection)
}

/// Returns the path with no link in it, if a file of its own lies there: a link that an unpacked archive brought would lead
/// to somebody else's database.
fn own_file(path: &Path) -> Attempt<Option<PathBuf>> {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Unusable);
    };
    let path = dir.canonicalize()?.join(name);
    match std::fs::symlink_metadata(&path) {
        Ok(stat) if stat.is_file() && stat.nlink() == 1 => Ok(Some(path)),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Returns whether another process is at work in a database, which may be in order then.
fn is_busy(path: &Path) -> bool {
    let look = || -> Attempt<bool> {
        let Some(path) = own_file(path)? else {
            return Ok(false);
        };
        let connection = Connection::open_with_flags(path, FLAGS)?;
        let answer = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
        Ok(answer.is_err_and(|error| {
            matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
            )
        }))
    };
    look().unwrap_or(false)
}

fn set_up(connection: &Connection) -> Attempt<()> {
    connection.busy_timeout(PATIENCE)?;
    // It may have come with a copied directory: nothing in its schema is trusted.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // What a power cut leaves of it is thrown away by the next boot's first command.
    connection.execute_batch(
        "PRAGMA synchronous=OFF; PRAGMA journal_mode=PERSIST; PRAGMA cell_size_check=ON",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Empties the database.
pub(super) fn reset(connection: &Connection) -> Attempt<()> {
    connection.execute_batch(DROP)?;
    connection.execute_batch(TABLES)?;
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    Ok(())
}

pub(super) fn read_meta(connection: &Connection) -> Attempt<Meta> {
    Ok(
        connection.query_row("SELECT boot, home, seq FROM meta", [], |row| {
            Ok(Meta {
                boot: row.get(0)?,
                home: row.get(1)?,
                seq: row.get(2)?,
            })
        })?,
    )
}

pub(super) fn write_meta(connection: &Connection, env: &Env, mark: &Mark) -> Attempt<()> {
    connection.execute(
        "INSERT INTO meta(boot, home, seq) VALUES(?1, ?2, ?3)",
        params![env.host.boot_id(), home(env)?, mark.seq.cast_signed()],
    )?;
    Ok(())
}

pub(super) fn set_seq(connection: &Connection, seq: u64) -> Attempt<()> {
    connection
        .prepare_cached("UPDATE meta SET seq = ?1")?
        .execute([seq.cast_signed()])?;
    Ok(())
}

/// Reads the stamp that begins at this column.
pub(super) fn stamp_at(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Stamp> {
    Ok(Stamp {
        ino: row.get(first)?,
        len: row.get(first + 1)?,
        mtime: row.get(first + 2)?,
        ctime: row.get(first + 3)?,
    })
}
