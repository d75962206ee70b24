//! Mending a store in one transaction: broken files get an earlier version back, the graph and the log are put in order.
//!
//! Owns the choice among versions, and the order of the steps. Refuses whatever takes a person's judgement; what it leaves
//! is still named by the next look.

use crate::call::Call;
use crate::error::Error;
use crate::ports::{Clock as _, SystemClock};
use jit_core::audit::History;
use jit_core::{Changeset, Fence, Issue, IssueId, Policy, Problem, Request, Snapshot, decide};
use jit_store::FileStore;
use jit_store::file::{
    Condition, Depth, Examination, Record, Source, is_event_line, read_after_bom, read_misnamed,
    read_record,
};
use std::collections::BTreeSet;

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The code of the finding.
    pub code: String,
    /// The file concerned.
    pub path: String,
    /// The issue concerned.
    pub issue: Option<IssueId>,
    /// What is done, as a sentence.
    pub action: String,
}

/// A file that holds no record, with what it shall hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The code of the finding.
    pub code: &'static str,
    /// The file, as problems name it.
    pub path: String,
    /// What it shall hold.
    pub content: Vec<u8>,
}

/// What was mended, or would be.
#[derive(Clone, Debug, Default)]
pub struct Mending {
    /// The steps in their order.
    pub steps: Vec<Step>,
    /// Where the files are kept as they were before, if any was replaced.
    pub backup: Option<String>,
    /// What was noticed on the way.
    pub warnings: Vec<String>,
}

/// What git has of a file in its last commit, by its path as problems name it.
pub type Committed<'a> = dyn Fn(&str) -> Result<Option<Vec<u8>>, Error> + 'a;

/// What is to be written beside the decision of `decide::mend`.
#[derive(Debug, Default)]
struct Draft {
    records: Changeset,
    replaced: Vec<(String, Vec<u8>)>,
    removed: Vec<String>,
    steps: Vec<Step>,
}

/// Mends what has one safe answer; for a dry run only says what that would be, and writes nothing at all.
///
/// `extra` are files beside the records that shall hold something else.
pub fn mend(
    store: &FileStore,
    policy: &Policy,
    call: &Call,
    committed: &Committed<'_>,
    extra: &[Replacement],
) -> Result<Mending, Error> {
    let request = Request {
        actor: call.actor.clone(),
        now: SystemClock.now().map_err(Error::System)?,
        policy: policy.clone(),
        fence: Fence::default(),
        if_etag: None,
        key: None,
        force: false,
    };
    if call.dry_run {
        let seen = store.examine(Depth::Everything)?;
        let draft = draft(store, &seen, committed, extra)?;
        let mut snapshot = seen.snapshot.clone();
        snapshot.apply(&draft.records);
        let (_, decided) = decide::mend(&snapshot, &request, &seen.events());
        return Ok(Mending {
            steps: steps(draft.steps, decided),
            ..Mending::default()
        });
    }
    let mut repair = store.repair()?;
    let seen = repair.examine()?;
    let draft = draft(store, &seen, committed, extra)?;
    repair.apply(&draft.records);
    for (path, content) in draft.replaced {
        repair.replace(&path, content);
    }
    for path in draft.removed {
        repair.remove(&path);
    }
    let (changes, decided) = decide::mend(repair.snapshot(), &request, &seen.events());
    repair.apply(&changes);
    let (done, backup) = repair.commit()?;
    Ok(Mending {
        steps: steps(draft.steps, decided),
        backup,
        warnings: done.warnings.iter().map(ToString::to_string).collect(),
    })
}

fn steps(mut steps: Vec<Step>, decided: Vec<decide::Mended>) -> Vec<Step> {
    steps.extend(decided.into_iter().map(|mended| Step {
        code: mended.code.to_owned(),
        path: format!(".jit/issues/{}/{}.json", mended.issue.shard(), mended.issue),
        issue: Some(mended.issue),
        action: mended.action,
    }));
    steps
}

fn draft(
    store: &FileStore,
    seen: &Examination,
    committed: &Committed<'_>,
    extra: &[Replacement],
) -> Result<Draft, Error> {
    let mut draft = Draft::default();
    let events = seen.events();
    let history = History::new(&events);
    for problem in seen.snapshot.problems() {
        if let "unreadable_issue" | "unreadable_gate" | "unreadable_lease" = problem.code.as_str() {
            Restoration {
                store,
                committed,
                history: &history,
                snapshot: &seen.snapshot,
            }
            .draft(problem, &mut draft)?;
        }
    }
    let broken: BTreeSet<&str> = seen
        .findings
        .iter()
        .filter(|finding| LINES.contains(&finding.code))
        .filter_map(|finding| finding.path.as_deref())
        .collect();
    for path in broken {
        segment(store, committed, path, &mut draft)?;
    }
    for replacement in extra {
        draft.steps.push(Step {
            code: replacement.code.to_owned(),
            path: replacement.path.clone(),
            issue: None,
            action: "write what git has to be told".to_owned(),
        });
        let content = replacement.content.clone();
        draft.replaced.push((replacement.path.clone(), content));
    }
    Ok(draft)
}

/// Findings about the lines of a segment.
const LINES: [&str; 4] = [
    "unreadable_event",
    "torn_segment",
    "missing_event",
    "events_out_of_order",
];

/// Takes a segment from the last commit, if that has every line which can be read here, and no broken one.
fn segment(
    store: &FileStore,
    committed: &Committed<'_>,
    path: &str,
    draft: &mut Draft,
) -> Result<(), Error> {
    let (Condition::Readable, here) = store.condition(path)? else {
        return Ok(());
    };
    let Some(there) = committed(path)?.filter(|there| *there != here) else {
        return Ok(());
    };
    let lines = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let lines = bytes.split(|byte| *byte == b'\n');
        lines
            .filter(|line| !line.is_empty())
            .map(<[u8]>::to_vec)
            .collect()
    };
    let is_event = |line: &Vec<u8>| is_event_line(line);
    let good: BTreeSet<Vec<u8>> = lines(&there).into_iter().collect();
    let has_all = lines(&here)
        .iter()
        .filter(|line| is_event(line))
        .all(|line| good.contains(line));
    if has_all && good.iter().all(is_event) {
        draft.steps.push(Step {
            code: "unreadable_event".to_owned(),
            path: path.to_owned(),
            issue: None,
            action: format!(
                "restore it from {}, which has all of its lines",
                Source::Commit.as_str()
            ),
        });
        draft.replaced.push((path.to_owned(), there));
    }
    Ok(())
}

/// What is needed to find the right version of a broken record.
struct Restoration<'a> {
    store: &'a FileStore,
    committed: &'a Committed<'a>,
    history: &'a History<'a>,
    snapshot: &'a Snapshot,
}

impl Restoration<'_> {
    fn draft(&self, problem: &Problem, draft: &mut Draft) -> Result<(), Error> {
        let (condition, bytes) = self.store.condition(&problem.path)?;
        if condition == Condition::OutOfReach || has_markers(&bytes) {
            return Ok(());
        }
        if let Some(record) = read_after_bom(&problem.path, &bytes) {
            let action = "write it without the byte order mark".to_owned();
            put(draft, problem, record, action);
            return Ok(());
        }
        let found = self.version(problem)?;
        let is_other = |other: &Issue| Some(&other.id) != problem.issue.as_ref();
        if let Some(other) = read_misnamed(&bytes).filter(is_other)
            && !self.rename(problem, other, found.is_some(), draft)
        {
            return Ok(());
        }
        if let Some((source, record)) = found {
            let version = match &record {
                Record::Issue(issue) => format!("revision {}", issue.rev),
                Record::Gate(_) => "its definition".to_owned(),
                Record::Lease(lease) => format!("epoch {}", lease.epoch),
            };
            let action = format!("restore {version} from {}", source.as_str());
            put(draft, problem, record, action);
        }
        Ok(())
    }

    /// Gives an issue that lies under another name its own file back; says whether the name is free then.
    fn rename(
        &self,
        problem: &Problem,
        other: Issue,
        is_replaced: bool,
        draft: &mut Draft,
    ) -> bool {
        let is_broken = |id: &IssueId| {
            let mut problems = self.snapshot.problems().iter();
            problems.any(|problem| problem.issue.as_ref() == Some(id))
        };
        let present = self.snapshot.record(&other.id);
        if present.is_some_and(|present| *present != other) || is_broken(&other.id) {
            return false;
        }
        let mut step = |action| {
            draft.steps.push(Step {
                code: problem.code.clone(),
                path: problem.path.clone(),
                issue: Some(other.id.clone()),
                action,
            });
        };
        if present.is_none() {
            step(format!("write issue {} to its own file", other.id));
        }
        if !is_replaced {
            step("remove the copy under the wrong name".to_owned());
            draft.removed.push(problem.path.clone());
        }
        if present.is_none() {
            draft.records.issues.push(other);
        }
        true
    }

    /// Returns the version to restore: the last one that the log of events knows, wherever it is found; else the first of
    /// the write-ahead log, backups, the last commit and the log of events.
    fn version(&self, problem: &Problem) -> Result<Option<(Source, Record)>, Error> {
        let mut versions = self.store.earlier_versions(&problem.path)?;
        let committed = (self.committed)(&problem.path)?;
        let committed = committed.and_then(|bytes| read_record(&problem.path, &bytes));
        versions.extend(committed.map(|record| (Source::Commit, record)));
        if let Some(id) = problem
            .issue
            .as_ref()
            .filter(|_| problem.code == "unreadable_issue")
            && let Some(head) = self.history.head(id)
        {
            let is_head = |(_, record): &&(Source, Record)| matches!(record, Record::Issue(issue) if issue.etag == head);
            if let Some(last) = versions.iter().find(is_head) {
                return Ok(Some(last.clone()));
            }
            let bases: Vec<Issue> = versions
                .iter()
                .filter_map(|(_, record)| match record {
                    Record::Issue(issue) => Some((**issue).clone()),
                    Record::Gate(_) | Record::Lease(_) => None,
                })
                .collect();
            if let Some(rebuilt) = self.history.rebuild(id, head, &bases) {
                return Ok(Some((Source::Events, Record::Issue(Box::new(rebuilt)))));
            }
        }
        Ok(versions.into_iter().next())
    }
}

fn put(draft: &mut Draft, problem: &Problem, record: Record, action: String) {
    draft.steps.push(Step {
        code: problem.code.clone(),
        path: problem.path.clone(),
        issue: problem.issue.clone(),
        action,
    });
    match record {
        Record::Issue(issue) => draft.records.issues.push(*issue),
        Record::Gate(gate) => draft.records.gates.push(gate),
        Record::Lease(lease) => draft.records.leases.push(*lease),
    }
}

/// Two versions in one file are for `jit resolve`: either alone would lose the other.
fn has_markers(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    lines.any(|line| line.starts_with(b"<<<<<<<"))
}
