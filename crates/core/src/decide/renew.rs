//! Prolongs leases.
//!
//! Owns the rule who may still do so. Refuses to write issues or events: a renewal is no news.

use super::edit::Edit;
use crate::{Changeset, HolderProcess, IssueId, Lease, LeaseState, Request, Snapshot, Timestamp};

/// A lease to prolong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// The issue.
    pub id: IssueId,
    /// The epoch that the asker holds.
    pub epoch: u64,
    /// The process that does the work, where the asker names it.
    pub process: Option<HolderProcess>,
}

/// What became of a renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RenewOutcome {
    /// The lease lives on.
    Renewed {
        /// When it ends unless it is renewed again; none: never.
        expires_at: Option<Timestamp>,
        /// Whether somebody asks the holder to stop.
        cancel_requested: bool,
    },
    /// The lease has ended, or somebody else has it under the epoch `current`.
    Fenced {
        /// The epoch of the live lease, if there is one.
        current: Option<u64>,
    },
    /// There is no such issue.
    NotFound,
}

/// The answer to one renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewed {
    /// The issue.
    pub id: IssueId,
    /// The epoch that was presented.
    pub epoch: u64,
    /// What became of it.
    pub outcome: RenewOutcome,
}

/// Prolongs each lease whose epoch is presented. A lease that ran out can be prolonged until a writer has recorded its
/// end, since nobody else can have taken the issue, or a place of its slots, before that.
pub fn renew(
    snapshot: &Snapshot,
    request: &Request,
    renewals: &[Renewal],
) -> (Changeset, Vec<Renewed>) {
    let mut edit = Edit::new(snapshot, request);
    let answers = renewals
        .iter()
        .map(|renewal| renew_one(&mut edit, renewal))
        .collect();
    (edit.finish(), answers)
}

fn renew_one(edit: &mut Edit<'_>, renewal: &Renewal) -> Renewed {
    let outcome = match (edit.issue(&renewal.id), edit.snapshot().lease(&renewal.id)) {
        (Err(_), _) => RenewOutcome::NotFound,
        (Ok(issue), Some(lease))
            if is_holding(lease, renewal.epoch, issue.epoch) && !is_fenced(edit, renewal) =>
        {
            let now = &edit.request.now;
            // A number from another boot names nobody any more.
            let known = lease.process.filter(|_| lease.boot_id == now.boot_id);
            let renewed = Lease {
                host: now.host.clone(),
                boot_id: now.boot_id.clone(),
                renewed_wall: now.wall,
                renewed_boottime_ms: now.boottime_ms,
                renew_seq: lease.renew_seq + 1,
                process: renewal.process.or(known),
                ..lease.clone()
            };
            let outcome = RenewOutcome::Renewed {
                expires_at: renewed.expires_at(),
                cancel_requested: renewed.cancel_requested,
            };
            edit.put_lease(renewed);
            outcome
        }
        (Ok(_), _) => RenewOutcome::Fenced {
            current: edit.live_lease(&renewal.id).map(|lease| lease.epoch),
        },
    };
    Renewed {
        id: renewal.id.clone(),
        epoch: renewal.epoch,
        outcome,
    }
}

fn is_holding(lease: &Lease, presented: u64, known: u64) -> bool {
    lease.state == LeaseState::Held && lease.epoch == presented && lease.epoch >= known
}

/// Whether the asker's surroundings say that it holds the issue under another epoch than the one it presents.
fn is_fenced(edit: &Edit<'_>, renewal: &Renewal) -> bool {
    let environment = edit.request.fence.environment.as_ref();
    environment.is_some_and(|(id, epoch)| *id == renewal.id && *epoch != renewal.epoch)
}
