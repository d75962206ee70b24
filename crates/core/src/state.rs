//! The states of an issue: those that are stored and those that are shown.
//!
//! Owns their names and order. Refuses to say when an issue may move: that is the verbs' business in `decide`.

use std::fmt;

/// The stored state of an issue (`docs/design/tracker.md` section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Not begun, or given back.
    Open,
    /// Somebody holds it.
    InProgress,
    /// Finished but for exit gates that are not passed yet.
    Gated,
    /// Finished.
    Done,
    /// Will not be done.
    Rejected,
    /// Finished or rejected, and out of the daily lists.
    Archived,
}

impl State {
    /// Every stored state.
    pub const ALL: [Self; 6] = [
        Self::Open,
        Self::InProgress,
        Self::Gated,
        Self::Done,
        Self::Rejected,
        Self::Archived,
    ];

    /// Returns the name used in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InProgress => "in_progress",
            Self::Gated => "gated",
            Self::Done => "done",
            Self::Rejected => "rejected",
            Self::Archived => "archived",
        }
    }

    /// Returns the stored state with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Returns whether nothing waits for an issue in this state any more.
    pub fn is_resolved(self) -> bool {
        match self {
            Self::Done | Self::Rejected | Self::Archived => true,
            Self::Open | Self::InProgress | Self::Gated => false,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The state as it is shown: an open issue that nothing blocks is `ready`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShownState {
    /// Open, and nothing blocks it.
    Ready,
    /// Open and blocked.
    Open,
    /// Somebody holds it.
    InProgress,
    /// Waits for its exit gates.
    Gated,
    /// Finished.
    Done,
    /// Will not be done.
    Rejected,
    /// Out of the daily lists.
    Archived,
}

impl ShownState {
    /// Every shown state.
    pub const ALL: [Self; 7] = [
        Self::Ready,
        Self::Open,
        Self::InProgress,
        Self::Gated,
        Self::Done,
        Self::Rejected,
        Self::Archived,
    ];

    /// Returns the name used in outputs and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Open => "open",
            Self::InProgress => "in_progress",
            Self::Gated => "gated",
            Self::Done => "done",
            Self::Rejected => "rejected",
            Self::Archived => "archived",
        }
    }

    /// Returns the shown state with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Returns how a stored state is shown, given whether anything blocks the issue.
    pub fn of(state: State, is_blocked: bool) -> Self {
        match state {
            State::Open if is_blocked => Self::Open,
            State::Open => Self::Ready,
            State::InProgress => Self::InProgress,
            State::Gated => Self::Gated,
            State::Done => Self::Done,
            State::Rejected => Self::Rejected,
            State::Archived => Self::Archived,
        }
    }
}

impl fmt::Display for ShownState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
