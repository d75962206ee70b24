//! What a command answers, before anybody has chosen a form for it.
//!
//! Owns the value between `commands` and `output`. Refuses to be printed by itself.

use crate::error::CliError;
use jit_core::Value;

/// What sort of objects an answer consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Issues.
    Issue,
    /// Blocked issues, with the reasons.
    Blocked,
    /// An issue, with the reasons why it is not ready.
    Why,
    /// Issues with their distance from the one that was asked for.
    Node,
    /// Issues of a tree, with what its lines say.
    Branch,
    /// Gate definitions.
    Gate,
    /// Leases.
    Lease,
    /// Answers to renewals.
    Renewal,
    /// Events.
    Event,
    /// Findings of `validate`.
    Finding,
    /// What was lost, and what became of it.
    Recovered,
    /// The report of a repair.
    Repair,
    /// What `gc` removed.
    Garbage,
    /// A commit of the store.
    Commit,
    /// A change of the version of the format.
    Migration,
    /// Merges that were settled.
    Resolution,
    /// Where the store is.
    Place,
    /// The state of the repository.
    Status,
    /// The report of an import.
    Import,
    /// A drawing of the graph.
    Drawing,
    /// What an export has written.
    Export,
}

/// The members of an issue and then those that a shape adds, the last one to fill what is left.
const fn with_issue<const N: usize>(added: &[&'static str]) -> [&'static str; N] {
    let n_issue = jit_wire::issue::FIELDS.len();
    let mut fields = [""; N];
    let mut place = 0;
    while place < N {
        fields[place] = if place < n_issue {
            jit_wire::issue::FIELDS[place]
        } else {
            added[place - n_issue]
        };
        place += 1;
    }
    fields
}

const N_ISSUE_FIELDS: usize = jit_wire::issue::FIELDS.len();
const NODE_FIELDS: [&str; N_ISSUE_FIELDS + 1] = with_issue(&["depth"]);
const BRANCH_FIELDS: [&str; N_ISSUE_FIELDS + 2] = with_issue(&["depth", "end"]);

impl Shape {
    /// Returns the members that `--fields` may name.
    pub(crate) fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Issue | Self::Blocked | Self::Why => &jit_wire::issue::FIELDS,
            Self::Node => &NODE_FIELDS,
            Self::Branch => &BRANCH_FIELDS,
            Self::Gate => &jit_wire::gate::FIELDS,
            Self::Lease => &jit_wire::lease::FIELDS,
            Self::Renewal => &[
                "id",
                "epoch",
                "ok",
                "fenced",
                "cancel_requested",
                "expires_at",
                "current",
                "code",
            ],
            Self::Event => &jit_wire::event::FIELDS,
            Self::Resolution => &["id", "path", "outcome", "open", "conflicts"],
            Self::Recovered => &[
                "kind", "issue", "path", "found", "outcome", "saved", "lines",
            ],
            Self::Finding => &jit_wire::finding::FIELDS,
            Self::Repair => &jit_wire::finding::REPAIR_FIELDS,
            Self::Garbage => &["kind", "issue", "path", "removed"],
            Self::Migration => &["from", "to", "migration", "backup", "changed"],
            Self::Commit => &["commit", "message", "files", "changed"],
            Self::Place => &[
                "store",
                "root",
                "private",
                "reason",
                "why",
                "git_dir",
                "created",
                "changed",
                "merge_driver",
            ],
            Self::Status => &["counts", "total", "leases", "problems", "store", "root"],
            Self::Import => &[
                "records", "taken", "skipped", "mapped", "edges", "left_out", "changed",
            ],
            Self::Drawing => &["nodes", "edges"],
            Self::Export => &["file", "gates", "issues"],
        }
    }

    /// Returns the members that a table or TSV shows unless `--fields` chooses.
    pub(crate) fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Issue | Self::Blocked | Self::Why => {
                &["id", "priority", "state", "assignee", "title"]
            }
            Self::Node => &["id", "depth", "priority", "state", "assignee", "title"],
            Self::Branch => &[
                "id", "depth", "end", "priority", "state", "assignee", "title",
            ],
            Self::Gate => &["key", "stage", "mode", "title"],
            Self::Lease => &["issue", "epoch", "state", "holder", "expires_at"],
            Self::Event => &["ts", "type", "issue", "actor", "note"],
            Self::Finding => &["code", "issue", "path", "message"],
            Self::Recovered => &["kind", "outcome", "path", "lines"],
            Self::Resolution => &["id", "outcome", "open"],
            Self::Garbage => &["kind", "path"],
            Self::Commit
            | Self::Migration
            | Self::Repair
            | Self::Renewal
            | Self::Place
            | Self::Status
            | Self::Import
            | Self::Drawing
            | Self::Export => self.fields(),
        }
    }

    /// Returns the member that `-o id` prints.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gate => "key",
            Self::Lease => "issue",
            Self::Recovered | Self::Garbage => "path",
            Self::Commit => "commit",
            Self::Migration => "to",
            Self::Finding | Self::Repair => "code",
            Self::Resolution => "id",
            Self::Place | Self::Status | Self::Import | Self::Drawing => "store",
            Self::Export => "file",
            Self::Issue
            | Self::Blocked
            | Self::Why
            | Self::Node
            | Self::Branch
            | Self::Renewal
            | Self::Event => "id",
        }
    }
}

/// Objects that come one after the other; `None` is a moment in which none came.
pub(crate) type Objects = Box<dyn Iterator<Item = Result<Option<Value>, CliError>>>;

/// The data of an answer.
pub(crate) enum Body {
    /// Any number of objects: a top-level array.
    List(Vec<Value>),
    /// Exactly one object.
    One(Value),
    /// A document in a format of its own, with the objects it was made from.
    Document { text: String, object: Value },
    /// Objects that come one after the other.
    Stream(Objects),
    /// Objects that are lines of JSON whoever reads them.
    Lines(Objects),
}

/// What people find on standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The objects themselves: a page for one, a table for several.
    #[default]
    Reader,
    /// The bare ids of what the command made or took.
    Script,
    /// Nothing: the talk says it all.
    Nobody,
}

/// What a command answers.
pub(crate) struct Reply {
    /// The data.
    pub(crate) body: Body,
    /// What the data consists of.
    pub(crate) shape: Shape,
    /// What people see of it.
    pub(crate) audience: Audience,
    /// Sentences for people, left out where a machine reads.
    pub(crate) talk: Vec<String>,
    /// Sentences for everybody.
    pub(crate) notes: Vec<String>,
    /// What is wrong, though the command succeeded.
    pub(crate) warnings: Vec<String>,
    /// Whether anything was written: its answer must not get lost silently.
    pub(crate) has_written: bool,
    /// A failure that follows the answer: findings are data, and a failure all the same.
    pub(crate) verdict: Option<CliError>,
}

impl Reply {
    /// Returns an answer of these data and nothing else.
    pub(crate) fn new(shape: Shape, body: Body) -> Self {
        Self {
            body,
            shape,
            audience: Audience::default(),
            talk: Vec::new(),
            notes: Vec::new(),
            warnings: Vec::new(),
            has_written: false,
            verdict: None,
        }
    }
}
