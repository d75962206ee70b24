//! Owns what the end of a call means: its exit code is taken at its word.

use std::process::Output;

use super::error::{JitError, JitErrorKind};
use super::wire::{self, Malformed};

/// Returns what a call printed, or why it brought nothing.
pub(super) fn understand(call: String, output: Output) -> Result<Vec<u8>, JitError> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    match output.status.code().and_then(JitErrorKind::from_exit) {
        Some(kind) => Err(JitError::Said {
            kind,
            answer: wire::parse_error(&output.stderr),
        }),
        None => Err(JitError::Crashed {
            call,
            status: output.status.to_string(),
            words: String::from_utf8_lossy(&output.stderr)
                .trim()
                .chars()
                .take(300)
                .collect(),
        }),
    }
}

/// Says that the answer to a call makes no sense.
pub(super) fn garbled(arguments: &[&str], malformed: &Malformed) -> JitError {
    JitError::Garbled {
        call: arguments
            .iter()
            .take(2)
            .copied()
            .collect::<Vec<_>>()
            .join(" "),
        reason: malformed.0.clone(),
    }
}
