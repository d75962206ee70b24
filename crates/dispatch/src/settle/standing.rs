//! Owns how an issue stands for a run, by what the tracker shows of it.

use jit_scheduler::retry::Standing;

use crate::jit_client::{Held, Issue, State};

/// Returns how `issue` stands for the run that held it as `held`.
pub(super) fn standing_of(issue: &Issue, held: &Held) -> Standing {
    if issue.epoch > held.epoch {
        return Standing::NotOurs;
    }
    let is_ours = issue
        .lease
        .and_then(|lease| lease.epoch)
        .is_none_or(|epoch| epoch == held.epoch);
    match &issue.state {
        State::Done => Standing::Done,
        State::Gated => Standing::Gated,
        State::InProgress if is_ours => Standing::Ours {
            has_blockers: issue
                .blocked_by
                .iter()
                .any(|blocker| matches!(blocker.kind.as_str(), "dependency" | "child")),
        },
        State::InProgress
        | State::Open
        | State::Ready
        | State::Rejected
        | State::Archived
        | State::Other(_) => Standing::NotOurs,
    }
}
