//! What an issue waits for as a tree: a graph walked so that people can read it.
//!
//! Owns the order of the walk and what is not walked twice. Refuses to recurse, since a chain may be as long as the store.

use crate::{IssueId, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

/// Why a branch of the tree ends where the graph goes on, or has nothing to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BranchEnd {
    /// What is below was shown before, at the same issue.
    Repeated,
    /// The issue is one of those that wait for it.
    Cycle,
    /// No such issue exists.
    Missing,
    /// What is below lies deeper than was asked for.
    Cut,
}

impl BranchEnd {
    /// Every end.
    pub const ALL: [Self; 4] = [Self::Repeated, Self::Cycle, Self::Missing, Self::Cut];

    /// Returns the name used in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repeated => "repeated",
            Self::Cycle => "cycle",
            Self::Missing => "missing",
            Self::Cut => "cut",
        }
    }
}

/// One line of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The issue.
    pub id: IssueId,
    /// How many edges below the root.
    pub depth: usize,
    /// Why nothing of what it waits for follows; none when all of it does.
    pub end: Option<BranchEnd>,
}

/// Returns what `id` waits for, each issue before what it waits for itself, at most `max_depth` edges below `id`.
///
/// What an issue waits for follows at its first place only. A limit may have cut it there; it then follows again where it
/// lies less deep.
pub fn dependency_tree(snapshot: &Snapshot, id: &IssueId, max_depth: Option<usize>) -> Vec<Branch> {
    let mut walk = Walk {
        snapshot,
        max_depth,
        path: Vec::new(),
        on_path: BTreeSet::new(),
        expanded: BTreeMap::new(),
        truncated: BTreeSet::new(),
    };
    let mut branches = Vec::new();
    let mut stack = vec![(id, 0)];
    while let Some((id, depth)) = stack.pop() {
        let end = walk.enter(id, depth);
        branches.push(Branch {
            id: id.clone(),
            depth,
            end,
        });
        let below = snapshot.issue(id).filter(|_| end.is_none());
        let below = below
            .into_iter()
            .flat_map(|issue| issue.dependencies.iter());
        stack.extend(below.rev().map(|id| (id, depth + 1)));
    }
    branches
}

struct Walk<'a> {
    snapshot: &'a Snapshot,
    max_depth: Option<usize>,
    /// The issues from the root to where the walk is.
    path: Vec<&'a IssueId>,
    on_path: BTreeSet<&'a IssueId>,
    /// The least depth at which what is below an issue was walked.
    expanded: BTreeMap<&'a IssueId, usize>,
    /// The issues below which the limit has left something out.
    ///
    /// Invariant: with an issue on the path, all that are on the path above it are here too.
    truncated: BTreeSet<&'a IssueId>,
}

impl<'a> Walk<'a> {
    /// Goes to an issue and returns why the walk can't go on below it.
    fn enter(&mut self, id: &'a IssueId, depth: usize) -> Option<BranchEnd> {
        for left in self.path.drain(depth..) {
            self.on_path.remove(left);
        }
        if self.on_path.contains(id) {
            return Some(BranchEnd::Cycle);
        }
        let Some(issue) = self.snapshot.issue(id) else {
            return Some(BranchEnd::Missing);
        };
        if issue.dependencies.is_empty() {
            return None;
        }
        let before = self.expanded.get(id).copied();
        let is_truncated = self.truncated.contains(id);
        if before.is_some_and(|before| before <= depth || !is_truncated) {
            if is_truncated {
                self.truncate();
            }
            return Some(BranchEnd::Repeated);
        }
        if self.max_depth.is_some_and(|max| depth >= max) {
            self.truncate();
            return Some(BranchEnd::Cut);
        }
        self.truncated.remove(id);
        self.expanded.insert(id, depth);
        self.path.push(id);
        self.on_path.insert(id);
        None
    }

    /// Notes that something is left out below every issue on the path.
    fn truncate(&mut self) {
        for id in self.path.iter().rev() {
            if !self.truncated.insert(id) {
                break;
            }
        }
    }
}
