//! The command `merge-driver`, which git runs in the middle of a merge.
//!
//! Owns what git expects of a driver: the result in the file of our version, 0 when it is whole, 1 when people must look, more
//! than 128 when nothing could be done. Refuses to open the store, to take its lock, to write events and to run anything: the
//! working tree is in flux, and other branches' files are what it reads.

use crate::error::CliError;
use jit_core::ErrorKind;
use jit_store::file::{Mergeable, MergedFile, merge_files, read_version};
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What git takes for a failure of the driver itself.
const FAILED: u8 = 129;

/// Merge two versions of an issue's file, as git asks for it
///
/// `jit init` names it in git's configuration of the clone; nobody else needs to run it. The result replaces the file OURS. Fields
/// that both sides changed to something else are listed in the issue, as `_conflicts`, and git shows the file as unmerged;
/// `jit resolve` settles them. There are never conflict markers.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  git config merge.jit.driver \"jit merge-driver %O %A %B %L %P\""
)]
pub(crate) struct Args {
    /// The version that both sides were made from; an empty file when there is none
    #[arg(value_name = "BASE")]
    base: PathBuf,

    /// Our version, which the result replaces
    #[arg(value_name = "OURS")]
    ours: PathBuf,

    /// Their version
    #[arg(value_name = "THEIRS")]
    theirs: PathBuf,

    /// The length of a conflict marker; there are none
    #[arg(value_name = "LENGTH")]
    length: String,

    /// The path of the file in the repository
    #[arg(value_name = "PATH", allow_hyphen_values = true)]
    path: OsString,
}

/// What git is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// The exit code.
    pub(crate) code: u8,
    /// What people are told.
    pub(crate) error: Option<CliError>,
}

/// Merges the files.
pub(crate) fn run(args: &Args) -> Answer {
    let path = args.path.to_string_lossy();
    let unmerged = |reason: String| {
        let message = format!("`{path}` was not merged: {reason}; our version stands");
        let error = CliError::new(ErrorKind::MergeInProgress, message);
        Answer {
            code: 1,
            error: Some(error.hint("jit resolve")),
        }
    };
    let Some(record) = Mergeable::of_path(&path) else {
        return unmerged("its name is no issue's and no gate's".to_owned());
    };
    let versions = [&args.base, &args.ours, &args.theirs].map(|file| read_version(file));
    let [base, ours, theirs] = match versions {
        [Ok(base), Ok(ours), Ok(theirs)] => [base, ours, theirs],
        [base, ours, theirs] => {
            let errors = [base.err(), ours.err(), theirs.err()];
            let reasons: Vec<String> = errors.iter().flatten().map(ToString::to_string).collect();
            return unmerged(reasons.join("; "));
        }
    };
    // Git has an empty file where there is no common version.
    let base = Some(&base[..]).filter(|base| !base.is_empty());
    match merge_files(&record, base, [&ours, &theirs]) {
        Ok(merged) => finish(&args.ours, &path, &ours, &merged),
        Err(error) => unmerged(error.to_string()),
    }
}

fn finish(place: &Path, path: &str, ours: &[u8], merged: &MergedFile) -> Answer {
    if merged.bytes != ours
        && let Err(error) = replace(place, &merged.bytes)
    {
        let error = CliError::io("write", &place.display().to_string(), &error);
        return Answer {
            code: FAILED,
            error: Some(error),
        };
    }
    if merged.n_conflicts == 0 {
        return Answer {
            code: 0,
            error: None,
        };
    }
    let noun = if merged.n_conflicts == 1 {
        "field"
    } else {
        "fields"
    };
    let message = format!("`{path}`: {} {noun} to decide", merged.n_conflicts);
    let error = CliError::new(ErrorKind::MergeInProgress, message);
    Answer {
        code: 1,
        error: Some(error.hint("jit resolve")),
    }
}

/// Replaces the file at once, so that a failure leaves our version as it was.
fn replace(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = place.parent().filter(|dir| !dir.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .prefix(".merge_file_jit_")
        .tempfile_in(dir.unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    let permissions = std::fs::metadata(place)?.permissions();
    file.as_file().set_permissions(permissions)?;
    file.persist(place)?;
    Ok(())
}
