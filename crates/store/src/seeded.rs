//! Bugs that tests turn on, to show that the harnesses notice them.
//!
//! Owns the list and the switch. Refuses to exist elsewhere: outside of this crate's own tests every bug is off, and the
//! compiler drops the question.

/// A mistake that a store could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// The files are written before the log.
    ApplyFirst,
    /// The log is not synced.
    SkipLogSync,
    /// The log is emptied before the files are synced.
    SkipFileSync,
    /// A sync that failed is tried again, and believed.
    RetrySync,
    /// What goes wrong behind the commit is told as a failure.
    FailAfterCommit,
    /// A frame that was never finished stays in the log.
    KeepTornFrame,
    /// The mark of another boot is believed.
    TrustAfterRestart,
    /// Recovery does not look what it overwrites.
    OverwriteEdits,
    /// Every error means that there is no such file.
    BlurErrors,
}

#[cfg(test)]
thread_local! {
    static ON: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Returns whether a test has turned the bug on in this thread.
#[cfg(test)]
pub(crate) fn has(bug: Bug) -> bool {
    ON.get() == Some(bug)
}

/// Returns `false`.
#[cfg(not(test))]
pub(crate) const fn has(_bug: Bug) -> bool {
    false
}

/// Turns a bug on, or all off, in this thread.
#[cfg(test)]
pub(crate) fn turn_on(bug: Option<Bug>) {
    ON.set(bug);
}
