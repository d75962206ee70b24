//! Reading all records of a store, in parallel, with damaged ones named instead of lost.
//!
//! Owns which files are records and what a broken one is reported as. Refuses to know the log: see `reader`.

use super::format::{self, FormatError};
use super::layout;
use crate::error::{Result, StoreError, is_link, told};
use crate::fs::{self, Access, At, Fs, Root, Stat, absent_ok};
use jit_core::{GateDefinition, GateKey, Issue, IssueId, Lease, Problem, Snapshot};
use std::collections::BTreeMap;
use std::io;

/// From how many files or directories on looking at them in several threads pays.
const PARALLEL_FROM: usize = 200;

/// The most threads that read.
const MAX_THREADS: usize = 8;

/// What a file of the store holds.
#[derive(Debug)]
pub(crate) enum Record {
    Issue(Box<Issue>),
    Gate(GateDefinition),
    Lease(Box<Lease>),
    Broken(Problem),
}

/// One file as it was read.
#[derive(Debug)]
pub(crate) struct Loaded {
    record: Record,
    stat: Option<Stat>,
}

impl Loaded {
    /// Returns what the file holds.
    pub(crate) fn into_record(self) -> Record {
        self.record
    }

    /// Returns what the file holds.
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    /// Returns how the file looked when it was read.
    pub(crate) fn stat(&self) -> Option<Stat> {
        self.stat
    }
}

/// All records of a store by their files.
#[derive(Debug, Default)]
pub(crate) struct Records {
    files: BTreeMap<At, Loaded>,
    problems: Vec<Problem>,
}

impl Records {
    /// Reads every file that holds a record.
    pub(crate) fn load(fs: &dyn Fs) -> Result<Self> {
        let (mut dirs, mut problems) = shards(fs)?;
        dirs.extend([layout::gates(), layout::leases()]);
        let mut places = Vec::new();
        for (found, wrong) in in_parallel(&dirs, |dir| list_records(fs, dir))? {
            places.extend(found);
            problems.extend(wrong);
        }
        let files = in_parallel(&places, |at| Ok((at.clone(), read_record(fs, at)?)))?;
        let files = files
            .into_iter()
            .filter_map(|(at, loaded)| loaded.map(|loaded| (at, loaded)));
        Ok(Self {
            files: files.collect(),
            problems,
        })
    }

    /// Puts this content in the place of what was read, as a reader does with what the log already knows.
    pub(crate) fn overlay(&mut self, at: &At, content: Option<&[u8]>) {
        match content {
            None => {
                self.files.remove(at);
            }
            Some(bytes) => {
                if is_record(at) {
                    self.files.insert(
                        at.clone(),
                        Loaded {
                            record: parse(at, bytes),
                            stat: None,
                        },
                    );
                }
            }
        }
    }

    /// Notes something else that is wrong, once.
    pub(crate) fn add_problem(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Returns how many files there are.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// Returns every file with what it holds and how it looked when it was read.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&At, &Record, Option<Stat>)> {
        let files = self.files.iter();
        files.map(|(at, loaded)| (at, &loaded.record, loaded.stat))
    }

    /// Returns the view of all records, and how each file looked when it was read.
    pub(crate) fn into_snapshot(self) -> (Snapshot, BTreeMap<At, Stat>) {
        let (mut issues, mut gates, mut leases) = (Vec::new(), Vec::new(), Vec::new());
        let mut problems = self.problems;
        let mut seen = BTreeMap::new();
        for (at, loaded) in self.files {
            match loaded.record {
                Record::Issue(issue) => issues.push(*issue),
                Record::Gate(gate) => gates.push(gate),
                Record::Lease(lease) => leases.push(*lease),
                Record::Broken(problem) => problems.push(problem),
            }
            if let Some(stat) = loaded.stat {
                seen.insert(at, stat);
            }
        }
        (Snapshot::new(issues, gates, leases, problems), seen)
    }
}

/// Returns what the place is when its content can't tell.
pub(crate) fn problem(at: &At, code: &str, message: String) -> Problem {
    Problem {
        path: at.to_string(),
        issue: issue_of(at),
        code: code.to_owned(),
        message,
    }
}

/// Returns whether an error concerns this one file only; others would concern all of them, such as a lack of descriptors.
pub(super) fn is_local(error: &io::Error) -> bool {
    is_link(error)
        || matches!(
            error.kind(),
            io::ErrorKind::InvalidInput
                | io::ErrorKind::FileTooLarge
                | io::ErrorKind::PermissionDenied
                | io::ErrorKind::IsADirectory
                | io::ErrorKind::NotADirectory
        )
        // A socket or a device without a driver.
        || error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error())
}

/// Asks about every item, in several threads when there are many, and returns the answers in order.
pub(crate) fn in_parallel<T: Sync, A: Send>(
    items: &[T],
    ask: impl Fn(&T) -> Result<A> + Sync,
) -> Result<Vec<A>> {
    if items.len() < PARALLEL_FROM {
        return items.iter().map(ask).collect();
    }
    in_threads(items, ask)
}

pub(super) fn in_threads<T: Sync, A: Send>(
    items: &[T],
    ask: impl Fn(&T) -> Result<A> + Sync,
) -> Result<Vec<A>> {
    let n_threads = std::thread::available_parallelism()
        .map_or(2, usize::from)
        .clamp(2, MAX_THREADS);
    std::thread::scope(|scope| {
        let ask_all = |part: &[T]| part.iter().map(&ask).collect::<Result<Vec<A>>>();
        let parts = items.chunks(items.len().div_ceil(n_threads));
        let threads: Vec<_> = parts
            .map(|part| scope.spawn(move || ask_all(part)))
            .collect();
        let mut answers = Vec::with_capacity(items.len());
        for thread in threads {
            answers.extend(
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?,
            );
        }
        Ok(answers)
    })
}

/// Looks at files below a directory, in several threads when there are many; `None`: absent.
pub(crate) fn stat_in_parallel(
    fs: &dyn Fs,
    dir: &At,
    names: &[String],
) -> Result<Vec<Option<Stat>>> {
    let parts: Vec<&[String]> = names.chunks(PARALLEL_FROM).collect();
    let failed = |error| StoreError::io("look into", dir, error);
    let look = |part: &&[String]| fs.stat_each(dir, part).map_err(failed);
    let stats = if parts.len() < 2 {
        parts.iter().map(look).collect::<Result<Vec<_>>>()?
    } else {
        in_threads(&parts, look)?
    };
    Ok(stats.into_iter().flatten().collect())
}

/// Editors and file managers keep hidden files and copies beside what they show.
fn is_by_product(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~')
}

/// Returns the directories that hold issues.
fn shards(fs: &dyn Fs) -> Result<(Vec<At>, Vec<Problem>)> {
    let top = layout::issues();
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for name in names_in_top(fs)? {
        match top.path.join(&name) {
            Ok(path) => found.push(At::new(Root::Shared, path)),
            Err(error) => problems.push(problem(&top, "foreign_file", error.to_string())),
        }
    }
    Ok((found, problems))
}

/// Returns the names of the directories that hold issues.
pub(crate) fn shard_names(fs: &dyn Fs) -> Result<Vec<String>> {
    let (shards, _) = shards(fs)?;
    Ok(shards.iter().map(|at| at.path.name().to_owned()).collect())
}

/// Returns what lies beside those directories and can't be one.
pub(crate) fn top_problems(fs: &dyn Fs) -> Result<Vec<Problem>> {
    Ok(shards(fs)?.1)
}

fn names_in_top(fs: &dyn Fs) -> Result<Vec<String>> {
    let top = layout::issues();
    let entries = absent_ok(fs.list(&top)).map_err(|error| StoreError::io("list", &top, error))?;
    let names = entries.unwrap_or_default().into_iter();
    Ok(names
        .map(|entry| entry.name)
        .filter(|name| !is_by_product(name))
        .collect())
}

/// Returns the files of a directory whose names say that they hold a record, and what else is there.
pub(crate) fn list_records(fs: &dyn Fs, dir: &At) -> Result<(Vec<At>, Vec<Problem>)> {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    let entries = match absent_ok(fs.list(dir)) {
        Ok(entries) => entries.unwrap_or_default(),
        Err(error) if is_local(&error) => {
            problems.push(unlisted(dir, &error));
            return Ok((found, problems));
        }
        Err(error) => return Err(StoreError::io("list", dir, error)),
    };
    for entry in entries
        .into_iter()
        .filter(|entry| !is_by_product(&entry.name))
    {
        let at = dir
            .path
            .join(&entry.name)
            .map(|path| At::new(dir.root, path));
        match at {
            Ok(at) if is_record(&at) => found.push(at),
            Ok(at) => problems.push(problem(
                &at,
                "foreign_file",
                "no record has this name".to_owned(),
            )),
            Err(error) => problems.push(problem(dir, "foreign_file", error.to_string())),
        }
    }
    Ok((found, problems))
}

/// Returns the problem of a directory that can't be read. What has another name than the directories of issues, and is none,
/// is in the way of nothing.
fn unlisted(dir: &At, error: &io::Error) -> Problem {
    let name = dir.path.as_str().strip_prefix("issues/");
    let is_of_issues =
        |name: &str| name.len() == 2 && name.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_foreign = name.is_some_and(|name| !is_of_issues(name));
    if is_foreign && error.kind() == io::ErrorKind::NotADirectory {
        return problem(dir, "foreign_file", "no record has this name".to_owned());
    }
    problem(dir, "unreadable_directory", told(error))
}

/// The kinds of records, by where their files lie.
pub(crate) enum Place {
    Issue(IssueId),
    Gate,
    Lease(IssueId),
}

pub(crate) fn place_of(at: &At) -> Option<Place> {
    let stem = at.path.name().strip_suffix(".json")?;
    let exact_id = || IssueId::parse(stem).ok().filter(|id| id.as_str() == stem);
    let place = match (at.root, at.path.as_str().split('/').next()?) {
        (Root::Shared, "issues") => Place::Issue(exact_id().filter(|id| layout::issue(id) == *at)?),
        (Root::Shared, "gates") => GateKey::parse(stem).ok().map(|_| Place::Gate)?,
        (Root::Private, "leases") => Place::Lease(exact_id()?),
        _ => return None,
    };
    Some(place)
}

fn is_record(at: &At) -> bool {
    place_of(at).is_some()
}

fn issue_of(at: &At) -> Option<IssueId> {
    match place_of(at)? {
        Place::Issue(id) | Place::Lease(id) => Some(id),
        Place::Gate => None,
    }
}

/// Reads one file; `None` when it has gone since it was listed.
pub(crate) fn read_record(fs: &dyn Fs, at: &At) -> Result<Option<Loaded>> {
    let read = || -> io::Result<(Stat, Vec<u8>)> {
        let file = fs.open(at, Access::Read)?;
        let stat = file.opened()?;
        Ok((stat, fs::read_to_end(&*file, 0, format::MAX_FILE)?))
    };
    match absent_ok(read()) {
        Ok(None) => Ok(None),
        Ok(Some((stat, bytes))) => Ok(Some(Loaded {
            record: parse(at, &bytes),
            stat: Some(stat),
        })),
        Err(error) if is_local(&error) => {
            let record = Record::Broken(problem(at, code_of(at), told(&error)));
            Ok(Some(Loaded { record, stat: None }))
        }
        Err(error) => Err(StoreError::io("read", at, error)),
    }
}

fn parse(at: &At, bytes: &[u8]) -> Record {
    let parsed = match place_of(at) {
        Some(Place::Issue(id)) => {
            format::read_issue(&id, bytes).map(|issue| Record::Issue(Box::new(issue)))
        }
        Some(Place::Gate) => format::read_gate(bytes).and_then(|gate| named(at, gate)),
        Some(Place::Lease(id)) => format::read_lease(bytes).and_then(|lease| {
            if lease.issue == id {
                Ok(Record::Lease(Box::new(lease)))
            } else {
                Err(FormatError::OtherName(lease.issue.to_string()))
            }
        }),
        None => Err(FormatError::NotAnObject),
    };
    parsed.unwrap_or_else(|error| Record::Broken(problem(at, code_of(at), error.to_string())))
}

fn named(at: &At, gate: GateDefinition) -> std::result::Result<Record, FormatError> {
    if layout::gate(&gate.key) == *at {
        Ok(Record::Gate(gate))
    } else {
        Err(FormatError::OtherName(gate.key.to_string()))
    }
}

fn code_of(at: &At) -> &'static str {
    match place_of(at) {
        Some(Place::Issue(_)) => "unreadable_issue",
        Some(Place::Gate) => "unreadable_gate",
        Some(Place::Lease(_)) => "unreadable_lease",
        None => "foreign_file",
    }
}
