//! The issue: one unit of work, as a value.
//!
//! Owns the record and its size limits. Refuses to decide anything about it and to know how it is written down (`fields`).

use crate::gate::{GateKey, GateResult};
use crate::merge::MERGED;
use crate::{Assignee, IssueId, Label, Priority, State, Timestamp, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Longest title in bytes.
pub const MAX_TITLE: usize = 512;
/// Longest description in bytes.
pub const MAX_DESCRIPTION: usize = 256 * 1024;
/// Most dependencies of one issue.
pub const MAX_DEPENDENCIES: usize = 1_000;
/// Longest comment, reason or note in bytes.
pub const MAX_TEXT: usize = 64 * 1024;

/// One unit of work (`docs/design/tracker.md` section 1).
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    /// Its id.
    pub id: IssueId,
    /// One line, 1 to [`MAX_TITLE`] bytes.
    pub title: String,
    /// Markdown, up to [`MAX_DESCRIPTION`] bytes.
    pub description: String,
    /// What sort of work it is.
    pub kind: IssueType,
    /// The stored state.
    pub state: State,
    /// How urgent it is.
    pub priority: Priority,
    /// Who has it.
    pub assignee: Option<Assignee>,
    /// The highest lease epoch ever granted for it.
    pub epoch: u64,
    /// Its labels.
    pub labels: BTreeSet<Label>,
    /// The issues it waits for.
    pub dependencies: BTreeSet<IssueId>,
    /// The issue it is a part of.
    pub parent: Option<IssueId>,
    /// Relations that never block.
    pub links: BTreeSet<Link>,
    /// The required gates and where they stand.
    pub gates: BTreeMap<GateKey, GateResult>,
    /// Somebody said "not now".
    pub hold: Option<Hold>,
    /// Acceptance criteria.
    pub checklist: Vec<ChecklistItem>,
    /// What was said about it, oldest first.
    pub comments: Vec<Comment>,
    /// Files that belong to it.
    pub documents: Vec<Document>,
    /// Free values for agents.
    pub context: BTreeMap<String, Value>,
    /// When it should be done.
    pub due: Option<Timestamp>,
    /// Before this point it is not ready.
    pub not_before: Option<Timestamp>,
    /// How long it may take, in minutes.
    pub estimate_minutes: Option<u32>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Who created it.
    pub created_by: Assignee,
    /// When it was last written.
    pub updated_at: Timestamp,
    /// When it was last reopened or its hold last ended; counts for `ready_since`.
    pub queued_at: Option<Timestamp>,
    /// When it was resolved.
    pub closed_at: Option<Timestamp>,
    /// Why it was resolved.
    pub close_reason: Option<String>,
    /// Where imported text came from.
    pub origin: Option<String>,
    /// Present when it is a tombstone.
    pub deleted: Option<Deleted>,
    /// Number of writes so far; the first is 1.
    pub rev: u64,
    /// Names this version; computed from everything else in it.
    pub etag: String,
    /// Members that this version does not know, kept value for value.
    pub extra: BTreeMap<String, Value>,
    /// Known members with values that only a newer version knows, as they are; the member itself is at its default.
    /// Invariant: while there is any, nothing writes the issue (`docs/design/storage.md` S10).
    pub newer: BTreeMap<String, Value>,
}

impl Issue {
    /// Returns a fresh open issue; its `rev` is 0 until the first write.
    pub fn new(id: IssueId, title: String, created_by: Assignee, now: Timestamp) -> Self {
        Self {
            id,
            title,
            description: String::new(),
            kind: IssueType::default(),
            state: State::Open,
            priority: Priority::default(),
            assignee: None,
            epoch: 0,
            labels: BTreeSet::new(),
            dependencies: BTreeSet::new(),
            parent: None,
            links: BTreeSet::new(),
            gates: BTreeMap::new(),
            hold: None,
            checklist: Vec::new(),
            comments: Vec::new(),
            documents: Vec::new(),
            context: BTreeMap::new(),
            due: None,
            not_before: None,
            estimate_minutes: None,
            created_at: now,
            created_by,
            updated_at: now,
            queued_at: None,
            closed_at: None,
            close_reason: None,
            origin: None,
            deleted: None,
            rev: 0,
            etag: String::new(),
            extra: BTreeMap::new(),
            newer: BTreeMap::new(),
        }
    }

    /// Returns whether a newer version has written values that this one can't judge, so that it must not write.
    pub fn is_read_only(&self) -> bool {
        !self.newer.is_empty()
    }

    /// Returns whether the issue is a tombstone.
    pub fn is_deleted(&self) -> bool {
        self.deleted.is_some()
    }

    /// Returns whether nothing waits for the issue any more; a tombstone resolves nothing.
    pub fn is_resolved(&self) -> bool {
        self.state.is_resolved() && !self.is_deleted()
    }

    /// Returns the etag that this content must have: a hash over every field but the etag itself, and what the log still
    /// has to be told about merges.
    pub fn compute_etag(&self) -> String {
        let mut fields = self.to_fields();
        fields.remove("etag");
        fields.remove(MERGED);
        let mut hasher = blake3::Hasher::new();
        Value::Object(fields).hash_into(&mut hasher);
        hasher.finalize().to_hex()[..20].to_owned()
    }
}

/// What sort of work an issue is: a lower-case word such as `task`, `bug` or `epic`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IssueType(Box<str>);

/// A text that can't name a type of issue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an issue type (a lower-case word of letters, digits and `-`)")]
pub struct IssueTypeError(pub String);

impl IssueType {
    /// Returns the type that `text` names; whether the repository knows it is for the policy to say.
    pub fn parse(text: &str) -> Result<Self, IssueTypeError> {
        let is_plain = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_'
        };
        if text.is_empty()
            || text.len() > 64
            || text.starts_with('-')
            || !text.bytes().all(is_plain)
        {
            return Err(IssueTypeError(text.to_owned()));
        }
        Ok(Self(text.into()))
    }

    /// Returns the type as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for IssueType {
    fn default() -> Self {
        Self("task".into())
    }
}

impl fmt::Display for IssueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How two issues are related without blocking each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkKind {
    /// They have to do with each other.
    Related,
    /// This one repeats the target.
    Duplicates,
    /// This one was found while working on the target.
    DiscoveredFrom,
    /// This one replaces the target.
    Supersedes,
    /// The target is the reason for this one.
    CausedBy,
}

impl LinkKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Related,
        Self::Duplicates,
        Self::DiscoveredFrom,
        Self::Supersedes,
        Self::CausedBy,
    ];

    /// Returns the name used in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Related => "related",
            Self::Duplicates => "duplicates",
            Self::DiscoveredFrom => "discovered_from",
            Self::Supersedes => "supersedes",
            Self::CausedBy => "caused_by",
        }
    }

    /// Returns the kind with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A relation to another issue that never blocks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// How they are related.
    pub kind: LinkKind,
    /// The other issue.
    pub target: IssueId,
}

/// Somebody's "not now".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Who said it.
    pub by: Assignee,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// One acceptance criterion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChecklistItem {
    /// Short id within the issue, counted from 1.
    pub id: String,
    /// What must hold.
    pub text: String,
    /// Whether it holds.
    pub done: bool,
}

/// What a comment is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommentKind {
    /// A remark.
    #[default]
    Note,
    /// What the next worker must know.
    Handoff,
}

impl CommentKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Note, Self::Handoff];

    /// Returns the name used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Handoff => "handoff",
        }
    }

    /// Returns the kind with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Something that was said about an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Random id, unique within the issue.
    pub id: String,
    /// Who said it.
    pub by: Assignee,
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
    /// What for.
    pub kind: CommentKind,
}

/// A file that belongs to an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Path relative to the repository.
    pub path: String,
    /// Git commit it is meant at.
    pub commit: Option<String>,
    /// What to call it.
    pub label: Option<String>,
    /// What sort of file it is.
    pub kind: Option<String>,
}

/// The mark of a tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// When it was deleted.
    pub at: Timestamp,
    /// Who deleted it.
    pub by: Assignee,
}
