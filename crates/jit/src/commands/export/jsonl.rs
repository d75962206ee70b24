//! The command `export jsonl`.
//!
//! Owns the order of the lines and the file that they may go to. Refuses to overwrite anything unasked, and to leave half a
//! file behind.

use super::{check_whole, counted, incomplete};
use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::output::json_line;
use crate::reply::{Audience, Body, Objects, Reply, Shape};
use jit_core::{ErrorKind, GateKey, IssueId, Value};
use jit_tracker::View;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use tempfile::Builder;

/// Write every record as a line of JSON
///
/// Gate definitions first, in order of their keys, then issues in order of their ids, archived ones too; each as it is stored, without what is computed. The same store gives the same lines.
///
/// Where something can't be read, the rest is written and the exit code is 9.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit export jsonl > issues.jsonl\n  jit export jsonl backup/issues.jsonl --all"
)]
pub(crate) struct Args {
    /// The file to write; standard output when left out, or -
    #[arg(value_name = "FILE")]
    file: Option<String>,

    /// Write deleted issues too
    #[arg(long)]
    all: bool,

    /// Replace the file if there is one
    #[arg(long)]
    force: bool,
}

/// Writes the records.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    check_whole(context)?;
    let view = context.view_of_files()?;
    let warnings = answer::problems(context, &view);
    let verdict = incomplete(view.snapshot.problems().len(), "file");
    let records = Records::of(view, args.all);
    let mut reply = match args.file.as_deref().filter(|file| *file != "-") {
        None => Reply::new(Shape::Export, Body::Lines(records.into_objects())),
        Some(_) if context.globals.dry_run => {
            return Err(CliError::usage("--dry-run writes no file: leave FILE out"));
        }
        Some(file) => to_file(records, file, args.force)?,
    };
    reply.warnings = warnings;
    reply.verdict = verdict;
    Ok(reply)
}

/// What is to be written, in order.
struct Records {
    view: View,
    gates: Vec<GateKey>,
    issues: Vec<IssueId>,
}

impl Records {
    fn of(view: View, deleted_too: bool) -> Self {
        let gates = view.snapshot.gates().map(|gate| gate.key.clone());
        let issues = view.snapshot.records();
        let wanted = issues.filter(|issue| deleted_too || !issue.is_deleted());
        Self {
            gates: gates.collect(),
            issues: wanted.map(|issue| issue.id.clone()).collect(),
            view,
        }
    }

    fn into_objects(self) -> Objects {
        let Self {
            view,
            gates,
            issues,
        } = self;
        let snapshot = std::rc::Rc::new(view.snapshot);
        let of_gates = std::rc::Rc::clone(&snapshot);
        let gates = gates
            .into_iter()
            .map(move |key| of_gates.gate(&key).map(jit_wire::gate::gate));
        let issues = issues
            .into_iter()
            .map(move |id| snapshot.record(&id).map(jit_wire::record::issue));
        Box::new(gates.chain(issues).map(Ok))
    }
}

/// Writes a new file beside the place and moves it there once it is whole.
fn to_file(records: Records, file: &str, replaces: bool) -> Result<Reply, CliError> {
    let (n_gates, n_issues) = (records.gates.len(), records.issues.len());
    let fail = |error: io::Error| CliError::io("write", file, &error);
    let path = Path::new(file);
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let exists = || {
        CliError::new(ErrorKind::Exists, format!("`{file}` exists already"))
            .hint("choose another name")
    };
    if !replaces && path.symlink_metadata().is_ok() {
        return Err(exists());
    }
    let draft = Builder::new()
        .prefix(".jit-export-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666))
        .tempfile_in(dir)
        // The error names a file that nobody knows.
        .map_err(|error| fail(error.kind().into()))?;
    let mut out = BufWriter::new(draft.as_file());
    for object in records.into_objects() {
        if let Some(object) = object? {
            writeln!(out, "{}", json_line(&object)).map_err(fail)?;
        }
    }
    out.flush().map_err(fail)?;
    drop(out);
    draft.as_file().sync_all().map_err(fail)?;
    if replaces {
        draft.persist(path).map_err(|error| fail(error.error))?;
    } else {
        draft
            .persist_noclobber(path)
            .map_err(|error| match error.error.kind() {
                io::ErrorKind::AlreadyExists => exists(),
                _ => fail(error.error),
            })?;
    }
    let object = Value::object([
        ("file", Value::from(file)),
        ("gates", (n_gates as u64).into()),
        ("issues", (n_issues as u64).into()),
    ]);
    let mut reply = Reply::new(Shape::Export, Body::One(object));
    reply.audience = Audience::Nobody;
    reply.talk.push(format!(
        "Wrote {} and {} to {file}.",
        counted(n_issues, "issue"),
        counted(n_gates, "gate")
    ));
    Ok(reply)
}
