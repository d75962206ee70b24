//! What processes asked of one issue, when, and what they were told.
//!
//! Owns the record. Refuses to judge it: that is the model's.

/// Nanoseconds of the monotonic clock since the history began.
pub(super) type Nanos = u64;

/// What a process asks of an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// `issue claim --key`, where the number stands for the key.
    Claim(u64),
    /// `lease renew --epoch`.
    Renew(u64),
    /// `issue update --label --epoch`.
    Write(u64),
    /// `issue release --epoch`.
    Release(u64),
    /// `issue done --epoch`.
    Done(u64),
    /// `issue reopen`.
    Reopen,
}

/// What it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// A claim holds the issue under this epoch.
    Granted(u64),
    /// It is done; the flag says whether that changed anything.
    Done(bool),
    /// Exit 6: somebody holds the issue.
    Held,
    /// Exit 7: the epoch is over.
    Lost,
    /// Exit 4: the issue is in no state for it.
    Refused,
    /// The process was killed before it could tell.
    Unknown,
}

/// One call from before the process was started to after it had ended: a process that is dead writes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Op {
    pub(super) call: Call,
    pub(super) outcome: Outcome,
    pub(super) called: Nanos,
    pub(super) returned: Nanos,
}

/// All that was asked of one issue, in the order of the calls, and the ttl of every claim.
#[derive(Clone, Debug)]
pub(super) struct History {
    pub(super) ttl: Nanos,
    pub(super) ops: Vec<Op>,
}

impl History {
    pub(super) fn new(ttl: Nanos, mut ops: Vec<Op>) -> Self {
        ops.sort_by_key(|op| op.called);
        Self { ttl, ops }
    }
}
