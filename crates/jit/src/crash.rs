//! What remains when the program breaks off on a mistake of its own.
//!
//! Owns the way from a panic to a failure like any other: whoever reads exit codes and JSON never meets a bare panic.
//! Refuses to go on after one.

use crate::error::CliError;
use jit_core::ErrorKind;
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Where the last panic of the main thread happened, and what it said.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Keeps panics of this thread off standard error: `guard` reports them. Those of other threads are told as usual.
pub(crate) fn listen() {
    let usual = std::panic::take_hook();
    let main = thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        if thread::current().id() == main {
            *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(told(info));
        } else {
            usual(info);
        }
    }));
}

/// Does the work; a panic in it becomes a failure. `has_written` says whether a change was written before.
pub(crate) fn guard<T>(has_written: bool, work: impl FnOnce() -> T) -> Result<T, CliError> {
    // Nothing that the work has touched is used afterwards.
    std::panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure(&last.unwrap_or_default(), has_written)
    })
}

fn failure(told: &str, has_written: bool) -> CliError {
    if has_written {
        let message = format!("the change is done, but jit broke off before its answer: {told}");
        return CliError::new(ErrorKind::OutcomeUnknown, message);
    }
    CliError::new(ErrorKind::Unexpected, format!("jit broke off: {told}"))
        .hint("this is a mistake in jit; jit events tail -n 5 shows whether anything was written")
}

fn told(info: &PanicHookInfo<'_>) -> String {
    let said = info.payload_as_str().unwrap_or("no words");
    match info.location() {
        Some(place) => format!("{said} ({}:{})", place.file(), place.line()),
        None => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_failure_that_says_what_is_written() {
        let check = |has_written: bool, kind: ErrorKind, code: u8| {
            let broken = guard(has_written, || -> u8 { panic!("no such case") });
            let failure = broken.expect_err("a panic is no success");
            assert_eq!(failure.kind, kind);
            assert_eq!(jit_wire::exit_code(failure.kind), code);
        };
        check(false, ErrorKind::Unexpected, 1);
        check(true, ErrorKind::OutcomeUnknown, 11);
        assert_eq!(guard(true, || 7), Ok(7));
    }

    #[test]
    fn what_the_panic_said_is_told() {
        let failure = failure("index out of bounds (src/x.rs:3)", false);
        assert_eq!(
            failure.message,
            "jit broke off: index out of bounds (src/x.rs:3)"
        );
    }
}
