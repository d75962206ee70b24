//! Which file of a store lies where.
//!
//! Owns every name below `.jit/` and the private directory (`docs/design/storage.md` S1). Refuses to open them.

use crate::fs::{At, RelPath, Root};
use jit_core::{GateKey, IssueId};

/// Name of the shared directory.
pub const STORE_DIR: &str = ".jit";

/// Name of the private directory inside git's common directory.
pub const PRIVATE_DIR: &str = "jit";

/// The file that states the version of the format.
pub(crate) fn format() -> At {
    At::shared("format.json")
}

/// The settings of the repository.
pub(crate) fn config() -> At {
    At::shared("config.toml")
}

/// The directory of all issues.
pub(crate) fn issues() -> At {
    At::shared("issues")
}

/// The file of one issue.
pub(crate) fn issue(id: &IssueId) -> At {
    At::shared(&format!("issues/{}/{id}.json", id.shard()))
}

/// The directory of all gate definitions.
pub(crate) fn gates() -> At {
    At::shared("gates")
}

/// The file of one gate definition.
pub(crate) fn gate(key: &GateKey) -> At {
    At::shared(&format!("gates/{key}.json"))
}

/// The directory of all events.
pub(crate) fn events() -> At {
    At::shared("events")
}

/// The directory of all leases.
pub(crate) fn leases() -> At {
    At::private("leases")
}

/// The file of one lease.
pub(crate) fn lease(id: &IssueId) -> At {
    At::private(&format!("leases/{id}.json"))
}

/// The file of the answer to a command with an idempotency key.
pub(crate) fn receipt(key: &str) -> At {
    let name = blake3::hash(key.as_bytes()).to_hex();
    At::private(&format!("keys/{}/{}.json", &name[..2], &name[..40]))
}

/// Name of the index in the private directory, where no clone and no checkout can put one.
pub(crate) const INDEX: &str = "index.db";

/// The write-ahead log.
pub(crate) fn wal() -> At {
    At::private("wal")
}

/// The directory of what the log held before it was emptied.
pub(crate) fn spool() -> At {
    At::private("spool")
}

/// One file of it; later ones have greater numbers.
pub(crate) fn spooled(number: u64) -> At {
    At::private(&format!("spool/{number:012}"))
}

/// The file that keeps writers away after a disk error.
pub(crate) fn stop_marker() -> At {
    At::private("read_only_io_error")
}

/// A temporary file; it lies on the same file system as what it will become.
pub(crate) fn temporary(root: Root, tag: &str) -> RelPath {
    match root {
        Root::Shared => RelPath::known(&format!("local/tmp/{tag}")),
        Root::Private => RelPath::known(&format!("tmp/{tag}")),
    }
}

/// Where a version of a file is kept aside by the transaction with this number.
pub(crate) fn backup(seq: u64, wall_us: i64, at: &At, which: &str) -> At {
    let flat = flat(at);
    At::private(&format!("backup/{wall_us}-{seq}/{which}+{flat}"))
}

/// Returns the path of a file as one name, which its backups carry.
pub(crate) fn flat(at: &At) -> String {
    at.path.as_str().replace('/', "+")
}

/// Returns when a directory of backups was made, microseconds since 1970; `None` for any other name.
pub(crate) fn backup_time(name: &str) -> Option<i64> {
    let (wall_us, seq) = name.split_once('-')?;
    seq.parse::<u64>().ok()?;
    wall_us.parse().ok()
}
