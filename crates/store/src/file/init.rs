//! Making a store.
//!
//! Owns the files that a new store begins with (`docs/design/storage.md` S1). Refuses to overwrite anything: whatever is
//! already there stays, so doing it twice is harmless.

use super::layout::{PRIVATE_DIR, STORE_DIR};
use super::{layout, locate::Location, version};
use crate::error::{Result, StoreError};
use crate::fs::{self, Access, At, Fs, RealFs, Root};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

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

/// What git must not track.
const NEW_IGNORE: &str = "/local/\n";

/// How git must treat the files.
const NEW_ATTRIBUTES: &str = "issues/** merge=jit eol=lf\nevents/** merge=union eol=lf\n";

/// What making a store has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Initialised {
    /// The files that were not there before, below `.jit`.
    pub created: Vec<String>,
}

impl Initialised {
    /// Returns whether there was no store before.
    pub fn is_new(&self) -> bool {
        self.created.iter().any(|name| name == "format.json")
    }
}

/// Makes the store at a place that [`super::place_for_new`] named, or completes one.
pub fn init(location: &Location) -> Result<Initialised> {
    let created = make(&RealFs::new(&location.store, &location.private))?;
    write_pointer(location)?;
    Ok(Initialised { created })
}

/// Makes the files of a store and returns those that were not there.
pub(crate) fn make(fs: &dyn Fs) -> Result<Vec<String>> {
    let failed = |action, root: Root| {
        move |error| {
            StoreError::at_path(
                action,
                format!("the {root:?} directory").to_lowercase(),
                error,
            )
        }
    };
    for root in [Root::Shared, Root::Private] {
        fs.make_root(root).map_err(failed("make", root))?;
    }
    let shared = ["issues", "gates", "events", "local", "local/tmp"].map(At::shared);
    let private = ["leases", "tmp"].map(At::private);
    for at in shared.iter().chain(&private) {
        fs::make_dirs(fs, at.root, &at.path).map_err(|error| StoreError::io("make", at, error))?;
    }
    let mut created = Vec::new();
    // The version comes last: only a whole store has one.
    let files = [
        (At::shared(".gitignore"), NEW_IGNORE),
        (At::shared(".gitattributes"), NEW_ATTRIBUTES),
        (layout::config(), NEW_CONFIG),
        (layout::format(), version::NEW_FORMAT),
    ];
    for (at, text) in files {
        if write_if_absent(fs, &at, text).map_err(|error| StoreError::io("write", &at, error))? {
            created.push(at.path.as_str().to_owned());
        }
    }
    for root in [Root::Shared, Root::Private] {
        fs.sync_dir(root, None).map_err(failed("sync", root))?;
    }
    Ok(created)
}

/// Writes a file whole, or leaves the one that is there.
fn write_if_absent(fs: &dyn Fs, at: &At, text: &str) -> io::Result<bool> {
    if fs::absent_ok(fs.stat(at))?.is_some() {
        return Ok(false);
    }
    let temporary = At::new(at.root, layout::temporary(at.root, "init"));
    fs::absent_ok(fs.unlink(&temporary))?;
    let mut file = fs.open(&temporary, Access::New)?;
    fs::write_all_at(&mut *file, 0, text.as_bytes())?;
    file.sync()?;
    fs.rename(&temporary, &at.path)?;
    Ok(true)
}

/// Notes in git's common directory where the store is, so that every worktree finds it.
///
/// The path is relative where the store lies beside that directory, so that moving the whole repository is harmless.
fn write_pointer(location: &Location) -> Result<()> {
    let Some(git) = &location.git else {
        return Ok(());
    };
    let is_beside = location.store.parent() == git.common.parent();
    let target = if is_beside {
        Path::new("..").join(STORE_DIR)
    } else {
        location.store.clone()
    };
    let pointer = git.common.join(PRIVATE_DIR).join("store");
    let failed = |error| StoreError::at_path("write", pointer.display().to_string(), error);
    let mut options = std::fs::OpenOptions::new();
    let opened = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&pointer);
    match opened {
        Ok(mut file) => {
            let text = format!("{}\n", target.display());
            io::Write::write_all(&mut file, text.as_bytes())
                .and_then(|()| file.sync_all())
                .map_err(failed)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(error)),
    }
}
