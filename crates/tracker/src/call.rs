//! What every writing command brings along, and what it answers.
//!
//! Owns the two values. Refuses to parse them.

use crate::View;
use jit_core::{Assignee, Fence, IssueId, Transition};

/// Who asks, and under which conditions.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who asks.
    pub actor: Assignee,
    /// The epochs that the asker claims to hold.
    pub fence: Fence,
    /// The version that the issue must have.
    pub if_etag: Option<String>,
    /// The idempotency key.
    pub key: Option<String>,
    /// Whether to override the rules that may be overridden.
    pub force: bool,
    /// Whether to decide only and write nothing.
    pub dry_run: bool,
}

/// What a writing command answers.
#[derive(Clone, Debug)]
pub struct Written {
    /// Everything as it is now; for a dry run, as it would be.
    pub view: View,
    /// The issues to answer with.
    pub issues: Vec<IssueId>,
    /// Whether anything was written.
    pub changed: bool,
    /// How shown states changed.
    pub transitions: Vec<Transition>,
    /// What was noticed on the way; the command is complete all the same.
    pub warnings: Vec<String>,
}
