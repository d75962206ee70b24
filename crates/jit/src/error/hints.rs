//! What to do about a failure.
//!
//! Owns one hint for each kind of failure that has one. Refuses every command that destroys anything, and every guess: the
//! nearest name is suggested, never assumed.

use jit_core::{Blocker, Refusal};
use jit_store::StoreError;
use std::path::Path;

/// Returns what helps against a refusal. No hint passes a gate or lifts a hold: whoever put it there meant it.
pub(super) fn of_refusal(refusal: &Refusal) -> Vec<String> {
    match refusal {
        Refusal::NotFound { .. } | Refusal::MissingTarget { .. } => one("jit issue list"),
        Refusal::Ambiguous { .. } => one("type more characters of the id"),
        Refusal::Unreadable { .. } => one("jit validate"),
        Refusal::ReadOnly { .. } => one("use a newer jit"),
        Refusal::UnknownGate { key, nearest } => {
            let mut hints = Vec::new();
            if let Some(nearest) = nearest {
                hints.push(format!("a gate with a similar key is defined: {nearest}"));
            }
            hints.push(format!("jit gate define {key} --title T"));
            hints
        }
        Refusal::GateNotRequired { id, .. } => one(&format!("jit issue show {id}")),
        Refusal::GateInUse { issues, .. } => issues
            .iter()
            .take(1)
            .map(|id| format!("jit issue show {id}"))
            .collect(),
        Refusal::GateExists { key } | Refusal::AutomaticGate { key } => {
            one(&format!("jit gate show {key}"))
        }
        Refusal::WrongRole { key, .. } => one(&format!("jit gate show {key}")),
        Refusal::NothingReady { .. } => one("jit query blocked"),
        Refusal::NotReady { id, .. } => one(&format!("jit why {id}")),
        Refusal::Unfinished { id, blockers } => unfinished(id.as_str(), blockers),
        Refusal::WrongState { id, .. }
        | Refusal::AlreadyClaimed { id, .. }
        | Refusal::AssignedToAnother { id, .. }
        | Refusal::NotTheHolder { id, .. }
        | Refusal::StillNeeded { id, .. }
        | Refusal::EtagDiffers { id, .. }
        | Refusal::LeaseLost { id, .. } => one(&format!("jit issue show {id}")),
        Refusal::SlotFull { .. } => one("jit lease list"),
        Refusal::Cycle { path } => one(&path
            .first()
            .map_or_else(String::new, |id| format!("jit graph show {id}"))),
        Refusal::KeyReused { .. } => one("choose a new --key for a new command"),
        Refusal::Invalid { .. } => Vec::new(),
    }
}

fn one(hint: &str) -> Vec<String> {
    vec![hint.to_owned()]
}

fn unfinished(id: &str, blockers: &[Blocker]) -> Vec<String> {
    let mut hints = Vec::new();
    for blocker in blockers {
        let hint = match blocker {
            Blocker::Gate { key, .. } => format!("jit gate show {key}"),
            Blocker::Dependency { id: other, .. } | Blocker::Child { id: other } => {
                format!("jit issue show {other}")
            }
            Blocker::Conflict { .. } => format!("jit resolve {id}"),
            Blocker::Hold { .. }
            | Blocker::Parent { .. }
            | Blocker::NotBefore { .. }
            | Blocker::Cycle
            | Blocker::Newer { .. }
            | Blocker::Checklist { .. } => format!("jit issue show {id}"),
        };
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    hints
}

/// Returns a path as a shell takes it for one word.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,@".contains(c);
    if text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// Returns what helps against a failure of the store.
pub(super) fn of_store(error: &StoreError) -> Vec<String> {
    match error {
        StoreError::NoStore { .. } => one("jit init"),
        StoreError::LostGitDir { pointer, .. } => one(&format!(
            "in the repository that was moved: git worktree repair {}",
            quoted(pointer.parent().unwrap_or(pointer))
        )),
        StoreError::NoMainWorktree { is_bare: true, .. } => {
            one("JIT_DIR=<one of its worktrees> jit init")
        }
        StoreError::NoMainWorktree { dir, .. } => one(&format!("JIT_DIR={} jit init", quoted(dir))),
        StoreError::OtherStore { store, .. } => one(&format!(
            "JIT_DIR={}",
            quoted(store.parent().unwrap_or(store))
        )),
        StoreError::BelowTop { named, top } => one(&format!(
            "JIT_DIR={} jit init, or make a repository of its own: git init {}",
            quoted(top),
            quoted(named.parent().unwrap_or(named))
        )),
        StoreError::DanglingPointer {
            store,
            is_tracked: true,
            ..
        } => one(&format!(
            "git -C {} checkout -- .jit",
            quoted(store.parent().unwrap_or(store))
        )),
        StoreError::DanglingPointer { .. } => {
            one("check out a branch that has the store, or jit init in the worktree that had it")
        }
        StoreError::WorktreeStoreEmpty { .. } => {
            one("jit init in the main worktree, or name the store with --repo or JIT_DIR")
        }
        StoreError::ForeignPointer { .. } => {
            one("JIT_DIR=<the worktree of this copy that shall hold the store> jit init")
        }
        StoreError::CopiedWorktree { .. } => {
            one("work in the original, or make a clone or a worktree of its own: git worktree add")
        }
        other => of_files(other),
    }
}

/// Returns what helps where the store was found, but not in order.
fn of_files(error: &StoreError) -> Vec<String> {
    match error {
        StoreError::NotOurs { .. } => one("work as the owner of the store"),
        StoreError::Busy { .. } => one("try again"),
        StoreError::FormatTooNew { .. } => one("use a newer jit"),
        StoreError::FormatTooOld { .. } => one("jit migrate"),
        StoreError::Damaged { .. } => one("jit validate"),
        StoreError::MergeInProgress { .. } => one("git status"),
        StoreError::StateDirUnwritable { .. } => {
            one("grant write access to that directory; the state is kept nowhere else")
        }
        StoreError::ReadOnly(_) => one("work where the store can be written"),
        // Whether repeating is safe depends on the command, which adds its hint.
        StoreError::OutcomeUnknown(_) => Vec::new(),
        StoreError::NetworkFs(_) => one(
            "move the repository to a local disk, or set allow_network_fs = true in .jit/config.toml if one host alone uses it",
        ),
        StoreError::NotADirectory { .. } => one("put a plain directory in its place"),
        StoreError::WorldWritable(path) => one(&format!("chmod o-w {}", quoted(path))),
        StoreError::BadCursor(_) => one("ask without a cursor; the answer brings one"),
        StoreError::Unanswered(_)
        | StoreError::StoppedByDiskError { .. }
        | StoreError::Git(_)
        | StoreError::Io { .. } => one("jit doctor"),
        _ => Vec::new(),
    }
}
