//! Making a store.
//!
//! Owns the files that a new store begins with (`docs/design/storage.md` S1). Refuses to overwrite anything: whatever is
//! already there stays, so doing it twice is harmless; only lines that git needs are added to its attributes.

use super::format::MAX_FILE;
use super::git_dirs::{GitDirs, normal};
use super::layout::PRIVATE_DIR;
use super::locate::Location;
use super::pointer::{self, Pointer};
use super::{layout, lock, version};
use crate::error::{Result, StoreError};
use crate::fs::{self, Access, At, Fs, Kind, LockMode, RealFs, Root, absent_ok};
use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The settings that a new store begins with; all are defaults, so the file may as well be empty.
const NEW_CONFIG: &str = "\
# Settings of this repository for jit. What stands behind `#` is the default.

# [store]
# durability = \"commit\"      # fast | commit | paranoid: what exit code 0 promises
# lock_timeout = \"10s\"       # how long to wait for another writer
# allow_network_fs = false   # writing from one host only makes it safe

# [issues]
# types = []                 # beside task, bug, feature, epic, chore
# rejected_blocks = false    # whether a rejected dependency keeps blocking
";

/// What the files that git reads must say.
pub mod git_files {
    /// What git must not track.
    pub const IGNORE: &str = "/local/\n";

    /// How git must treat the files: none is ever rewritten with other ends of lines, whatever the settings of a clone say.
    pub const ATTRIBUTES: &str = "\
* -text
issues/** merge=jit eol=lf
gates/** merge=jit eol=lf
events/** merge=union eol=lf
";

    /// Returns a text with the lines that it lacks added behind its own; `None` when it has them all.
    pub fn completed(text: &str, lines: &str) -> Option<String> {
        let is_present = |wanted: &str| text.lines().any(|line| line.trim() == wanted);
        let absent: Vec<&str> = lines.lines().filter(|line| !is_present(line)).collect();
        if absent.is_empty() {
            return None;
        }
        let mut content = text.to_owned();
        if !content.is_empty() && !content.ends_with('\n') {
            content.push('\n');
        }
        for line in absent {
            content.push_str(line);
            content.push('\n');
        }
        Some(content)
    }
}

/// How long to wait for another process at the same store.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many pointers this process has begun to write; gives each a temporary name of its own.
static N_POINTERS: AtomicU64 = AtomicU64::new(0);

/// What making a store has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Initialised {
    /// The files that were not there before or not complete, below `.jit`.
    pub created: Vec<String>,
    is_new: bool,
}

impl Initialised {
    /// Returns whether there was no store before, nor what is left of one.
    pub fn is_new(&self) -> bool {
        self.is_new
    }
}

/// Makes the store at a place that [`super::place_for_new`] named, or completes one.
pub fn init(location: &Location) -> Result<Initialised> {
    let fs = RealFs::new(&location.store, &location.private);
    fs.make_root(Root::Shared)
        .map_err(|error| root_failed("make", Root::Shared, error))?;
    let lock = lock::acquire_on(&fs, &location.store, LockMode::Exclusive, PATIENCE)?;
    let had_content = has_content(&fs)?;
    let created = make(&fs)?;
    write_pointer(location)?;
    drop(lock);
    let is_new = !had_content && created.iter().any(|name| name == "format.json");
    Ok(Initialised { created, is_new })
}

/// Returns whether issues, gates or events are there already, with or without a version.
fn has_content(fs: &dyn Fs) -> Result<bool> {
    for dir in [layout::issues(), layout::gates(), layout::events()] {
        let entries =
            absent_ok(fs.list(&dir)).map_err(|error| StoreError::io("list", &dir, error))?;
        if entries.is_some_and(|entries| !entries.is_empty()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn root_failed(action: &'static str, root: Root, error: io::Error) -> StoreError {
    StoreError::at_path(
        action,
        format!("the {root:?} directory").to_lowercase(),
        error,
    )
}

/// Makes the files of a store and returns those that were not there.
pub(crate) fn make(fs: &dyn Fs) -> Result<Vec<String>> {
    for root in [Root::Shared, Root::Private] {
        fs.make_root(root)
            .map_err(|error| root_failed("make", root, error))?;
    }
    let shared = ["issues", "gates", "events", "local", "local/tmp"].map(At::shared);
    let private = ["leases", "tmp"].map(At::private);
    for at in shared.iter().chain(&private) {
        fs::make_dirs(fs, at.root, &at.path).map_err(|error| StoreError::io("make", at, error))?;
    }
    let mut created = Vec::new();
    // The version comes last: only a whole store has one.
    let files = [
        (At::shared(".gitignore"), git_files::IGNORE),
        (At::shared(".gitattributes"), git_files::ATTRIBUTES),
        (layout::config(), NEW_CONFIG),
        (layout::format(), version::NEW_FORMAT),
    ];
    for (at, text) in files {
        if write_if_absent(fs, &at, text).map_err(|error| StoreError::io("write", &at, error))? {
            created.push(at.path.as_str().to_owned());
        }
    }
    let attributes = At::shared(".gitattributes");
    if complete(fs, &attributes).map_err(|error| StoreError::io("complete", &attributes, error))? {
        created.push(attributes.path.as_str().to_owned());
    }
    for root in [Root::Shared, Root::Private] {
        fs.sync_dir(root, None)
            .map_err(|error| root_failed("sync", root, error))?;
    }
    Ok(created)
}

/// Writes a file whole, or leaves the one that is there.
fn write_if_absent(fs: &dyn Fs, at: &At, text: &str) -> io::Result<bool> {
    if absent_ok(fs.stat(at))?.is_some() {
        return Ok(false);
    }
    write(fs, at, text)?;
    Ok(true)
}

/// Adds the lines that an older program did not write; what is no plain file of text is left to a person.
fn complete(fs: &dyn Fs, at: &At) -> io::Result<bool> {
    let stat = absent_ok(fs.stat(at))?;
    if stat.is_none_or(|stat| stat.kind != Kind::File) {
        return Ok(false);
    }
    let Ok(text) = String::from_utf8(fs::read(fs, at, MAX_FILE)?) else {
        return Ok(false);
    };
    let Some(text) = git_files::completed(&text, git_files::ATTRIBUTES) else {
        return Ok(false);
    };
    write(fs, at, &text)?;
    Ok(true)
}

/// Writes a file whole, in place of what is there.
fn write(fs: &dyn Fs, at: &At, text: &str) -> io::Result<()> {
    let tag = format!("init-{}", at.path.name());
    let temporary = At::new(at.root, layout::temporary(at.root, &tag));
    absent_ok(fs.unlink(&temporary))?;
    let mut file = fs.open(&temporary, Access::New)?;
    fs::write_all_at(&mut *file, 0, text.as_bytes())?;
    file.sync()?;
    fs.rename(&temporary, &at.path)
}

/// Notes in git's common directory where the store is, so that every worktree finds it.
///
/// The path is relative where both are likely to be moved together. A pointer that was copied or outlived a move is replaced.
fn write_pointer(location: &Location) -> Result<()> {
    let Some(git) = &location.git else {
        return Ok(());
    };
    let target = pointer::text_for(&location.store, &git.common);
    let private = git.common.join(PRIVATE_DIR);
    let pointer = pointer::path(git);
    // The lock keeps other writers of this store away; those of another store of the clone have another lock.
    let temporary = private.join(format!(
        "tmp/init-store-{}-{}",
        std::process::id(),
        N_POINTERS.fetch_add(1, Ordering::Relaxed)
    ));
    let text = format!("{}\n", target.display());
    let written = write_new(&temporary, &text)
        .and_then(|()| place(&temporary, &pointer))
        .and_then(|is_placed| File::open(&private)?.sync_all().map(|()| is_placed));
    let outcome = written
        .map_err(|error| StoreError::at_path("write", pointer.display().to_string(), error))
        .and_then(|is_placed| {
            if is_placed {
                Ok(())
            } else {
                replace_stale(location, git, &temporary)
            }
        });
    absent_ok(std::fs::remove_file(&temporary))
        .map_err(|error| StoreError::at_path("remove", temporary.display().to_string(), error))?;
    outcome
}

/// Writes a file whole, in place of what a process of the same number may have left.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    absent_ok(std::fs::remove_file(path))?;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())?;
    file.sync_all()
}

/// Gives a whole file its name; returns `false` when the name is taken, for the first one stays.
fn place(temporary: &Path, path: &Path) -> io::Result<bool> {
    if absent_ok(std::fs::symlink_metadata(path))?.is_some() {
        return Ok(false);
    }
    match std::fs::hard_link(temporary, path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        // Some file systems have no links.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported
            ) =>
        {
            std::fs::rename(temporary, path).map(|()| true)
        }
        Err(error) => Err(error),
    }
}

/// Replaces a pointer that names nothing of this clone; refuses one that names another store of it, as somebody who was
/// faster may have written it.
fn replace_stale(location: &Location, git: &GitDirs, temporary: &Path) -> Result<()> {
    match pointer::read(git)? {
        Pointer::Absent => Ok(()),
        Pointer::Names { store, .. } if normal(&store) == normal(&location.store) => Ok(()),
        Pointer::Names { store, .. } => Err(StoreError::OtherStore {
            named: location.store.clone(),
            store,
        }),
        Pointer::Stale { .. } => {
            let pointer = pointer::path(git);
            let renamed = std::fs::rename(temporary, &pointer)
                .and_then(|()| File::open(git.common.join(PRIVATE_DIR))?.sync_all());
            renamed
                .map_err(|error| StoreError::at_path("write", pointer.display().to_string(), error))
        }
    }
}
