//! The one closed list of the ways in which a command can fail.
//!
//! Owns the kinds and their machine-readable codes. Refuses to know exit codes (`wire`) and hints (`jit`).

/// How a command failed (`docs/design/tracker.md` section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    missing_docs,
    reason = "each kind is named for what happened, and its code says it again"
)]
pub enum ErrorKind {
    Unexpected,
    Usage,
    InvalidValue,
    Config,
    NotFound,
    NoStore,
    AmbiguousId,
    NothingReady,
    NotReady,
    Refused,
    Cycle,
    Invalid,
    Untrusted,
    NotPermitted,
    AlreadyClaimed,
    SlotFull,
    Assigned,
    Exists,
    EtagMismatch,
    KeyReused,
    LeaseLost,
    Busy,
    Unavailable,
    Damaged,
    FormatTooNew,
    MergeInProgress,
    Io,
    Git,
    StateDirUnwritable,
    OutcomeUnknown,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 30] = [
        Self::Unexpected,
        Self::Usage,
        Self::InvalidValue,
        Self::Config,
        Self::NotFound,
        Self::NoStore,
        Self::AmbiguousId,
        Self::NothingReady,
        Self::NotReady,
        Self::Refused,
        Self::Cycle,
        Self::Invalid,
        Self::Untrusted,
        Self::NotPermitted,
        Self::AlreadyClaimed,
        Self::SlotFull,
        Self::Assigned,
        Self::Exists,
        Self::EtagMismatch,
        Self::KeyReused,
        Self::LeaseLost,
        Self::Busy,
        Self::Unavailable,
        Self::Damaged,
        Self::FormatTooNew,
        Self::MergeInProgress,
        Self::Io,
        Self::Git,
        Self::StateDirUnwritable,
        Self::OutcomeUnknown,
    ];

    /// Returns the code that error objects carry.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unexpected => "unexpected",
            Self::Usage => "usage",
            Self::InvalidValue => "invalid_value",
            Self::Config => "config",
            Self::NotFound => "not_found",
            Self::NoStore => "no_store",
            Self::AmbiguousId => "ambiguous_id",
            Self::NothingReady => "nothing_ready",
            Self::NotReady => "not_ready",
            Self::Refused => "refused",
            Self::Cycle => "cycle",
            Self::Invalid => "invalid",
            Self::Untrusted => "untrusted",
            Self::NotPermitted => "not_permitted",
            Self::AlreadyClaimed => "already_claimed",
            Self::SlotFull => "slot_full",
            Self::Assigned => "assigned",
            Self::Exists => "exists",
            Self::EtagMismatch => "etag_mismatch",
            Self::KeyReused => "key_reused",
            Self::LeaseLost => "lease_lost",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
            Self::Damaged => "damaged",
            Self::FormatTooNew => "format_too_new",
            Self::MergeInProgress => "merge_in_progress",
            Self::Io => "io",
            Self::Git => "git",
            Self::StateDirUnwritable => "state_dir_unwritable",
            Self::OutcomeUnknown => "outcome_unknown",
        }
    }

    /// Returns whether the same command may succeed later without any change by the caller.
    pub fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::Busy
                | Self::Unavailable
                | Self::NothingReady
                | Self::SlotFull
                | Self::OutcomeUnknown
        )
    }
}
