//! Whether a lock that one process holds keeps another one out.
//!
//! Owns the two processes. Refuses to wait: a store that is busy is one where locks work.

use super::{Finding, Target, found, notice};
use jit_store::StoreError;
use std::process::{Command, Stdio};

/// Takes the lock, and has another process try it while it is held and after.
pub(super) fn test(target: &Target) -> Option<Finding> {
    let path = Some(target.location.store.display().to_string());
    let unknown = |reason: String| {
        let message = format!("whether locks work can't be told: {reason}");
        notice(found("untested_lock", path.clone(), message, "jit doctor"))
    };
    let guard = match target.store.try_lock() {
        Ok(Some(guard)) => guard,
        // Somebody writes just now, and it is kept out: that is the proof.
        Ok(None) => return None,
        Err(error) => return Some(refused(&error, path.clone())),
    };
    let while_held = match probe(target) {
        Ok(is_free) => is_free,
        Err(reason) => return Some(unknown(reason)),
    };
    drop(guard);
    if while_held {
        let message = "two processes held the lock at once: writes can be lost".to_owned();
        let remedy = "move the repository to a local disk";
        return Some(found("locks_fail", path, message, remedy));
    }
    match probe(target) {
        Ok(_) => None,
        Err(reason) => Some(unknown(reason)),
    }
}

fn refused(error: &StoreError, path: Option<String>) -> Finding {
    let message = format!("the lock can't be taken: {error}");
    found(
        "locks_fail",
        path,
        message,
        "move the repository to a local disk",
    )
}

/// Asks another process whether the lock is free.
fn probe(target: &Target) -> Result<bool, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let root = target
        .location
        .store
        .parent()
        .unwrap_or(&target.location.store);
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where this program starts itself"
    )]
    let mut command = Command::new(program);
    command
        .args(["doctor", "--probe-lock", "--json", "--repo"])
        .arg(root)
        .env_remove("JIT_DIR")
        .stdin(Stdio::null());
    let output = command.output().map_err(|error| error.to_string())?;
    let answer = String::from_utf8_lossy(&output.stdout);
    match answer.trim() {
        "{\"free\":true}" => Ok(true),
        "{\"free\":false}" => Ok(false),
        _ => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}
