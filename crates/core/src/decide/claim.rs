//! Takes an issue and grants the lease, or picks the best one to take.
//!
//! Owns who may take what, and under which slots. Refuses to end a lease.

use super::Decision;
use super::edit::{AfterEnd, Edit, Step};
use crate::event::EventKind;
use crate::issue::IssueType;
use crate::{
    Assignee, HolderProcess, Issue, IssueId, Label, Lease, LeaseState, Priority, Refusal, Request,
    SlotName, Snapshot, State, query,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// The longest time to live, in milliseconds: the largest number that every reader of a lease can keep exact.
const LONGEST_TTL: u64 = (1 << 53) - 1;

/// What a claim asks for beside the issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimTerms {
    /// How long the lease lives without a renewal; none: for ever.
    pub ttl: Option<Duration>,
    /// The slots that each lease takes one place of, and how many places each has.
    pub slots: BTreeMap<SlotName, u32>,
    /// The process that will do the work, where it is known.
    pub process: Option<HolderProcess>,
}

impl From<Option<Duration>> for ClaimTerms {
    fn from(ttl: Option<Duration>) -> Self {
        Self {
            ttl,
            ..Self::default()
        }
    }
}

/// Takes each issue for `who`, all of them or none.
///
/// Issues that are taken together take places of a slot one after the other.
pub fn claim(
    snapshot: &Snapshot,
    request: &Request,
    ids: &[IssueId],
    who: &Assignee,
    terms: &ClaimTerms,
) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        claim_one(&mut edit, id, who, terms)?;
    }
    Ok(edit.finish())
}

/// Which ready issues `claim_next` may pick; every condition must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NextFilter {
    /// Labels that it must have.
    pub labels: Vec<Label>,
    /// The type that it must have.
    pub kind: Option<IssueType>,
    /// The priority that it must have.
    pub priority: Option<Priority>,
}

impl NextFilter {
    fn accepts(&self, issue: &Issue) -> bool {
        self.labels.iter().all(|label| issue.labels.contains(label))
            && self.kind.as_ref().is_none_or(|kind| *kind == issue.kind)
            && self
                .priority
                .is_none_or(|priority| priority == issue.priority)
    }
}

/// Takes the most urgent ready issue for `who`: those assigned to `who` first, then by the order of `query ready`.
pub fn claim_next(
    snapshot: &Snapshot,
    request: &Request,
    who: &Assignee,
    filter: &NextFilter,
    terms: &ClaimTerms,
) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    let found = query::next(&edit.readiness(), who, |issue| filter.accepts(issue));
    let found = found.map(|issue| issue.id.clone());
    let id = found.ok_or_else(|| Refusal::NothingReady { who: who.clone() })?;
    claim_one(&mut edit, &id, who, terms)?;
    Ok(edit.finish())
}

pub(super) fn claim_one(
    edit: &mut Edit<'_>,
    id: &IssueId,
    who: &Assignee,
    terms: &ClaimTerms,
) -> Result<(), Refusal> {
    edit.guard(id, AfterEnd::Nothing)?;
    let issue = edit.issue(id)?;
    if is_repetition(edit, issue, who)? {
        return Ok(());
    }
    check_free(edit, issue, who)?;
    check_slots(edit.snapshot(), id, &terms.slots)?;
    let epoch = issue
        .epoch
        .max(edit.snapshot().lease(id).map_or(0, |lease| lease.epoch))
        + 1;
    edit.put_lease(grant(edit.request, id, who, epoch, terms));
    let step = Step {
        epoch: Some(epoch),
        ..Step::new(EventKind::IssueClaimed)
    };
    edit.change(id, step, |issue| {
        issue.state = State::InProgress;
        issue.assignee = Some(who.clone());
        issue.epoch = epoch;
        issue.not_before = None;
    });
    Ok(())
}

/// Whether this very claim, by its key, has been granted before and still holds.
fn is_repetition(edit: &Edit<'_>, issue: &Issue, who: &Assignee) -> Result<bool, Refusal> {
    let Some(key) = &edit.request.key else {
        return Ok(false);
    };
    let granted = edit
        .snapshot()
        .lease(&issue.id)
        .filter(|lease| lease.key.as_ref() == Some(key));
    let Some(lease) = granted.filter(|lease| lease.holder == *who) else {
        return Ok(false);
    };
    let live = edit.live_lease(&issue.id).map(|live| live.epoch);
    if live == Some(lease.epoch) {
        return Ok(true);
    }
    // The first answer was a lease that has ended since; to grant another would give two winners one key.
    Err(Refusal::LeaseLost {
        id: issue.id.clone(),
        presented: lease.epoch,
        current: live,
    })
}

fn check_free(edit: &Edit<'_>, issue: &Issue, who: &Assignee) -> Result<(), Refusal> {
    let id = issue.id.clone();
    let readiness = edit.readiness();
    if let Some(lease) = edit.live_lease(&issue.id) {
        return Err(Refusal::AlreadyClaimed {
            id,
            holder: lease.holder.clone(),
            epoch: lease.epoch,
        });
    }
    match (readiness.state(issue), readiness.assignee(issue)) {
        (State::InProgress, holder) => {
            let holder = holder.unwrap_or(who).clone();
            return Err(Refusal::AlreadyClaimed {
                id,
                holder,
                epoch: issue.epoch,
            });
        }
        (State::Open, Some(assignee)) if assignee != who => {
            return Err(Refusal::AssignedToAnother {
                id,
                assignee: assignee.clone(),
            });
        }
        (State::Open, _) => {}
        (state @ (State::Gated | State::Done | State::Rejected | State::Archived), _) => {
            return Err(Refusal::WrongState {
                id,
                state,
                verb: "claimed",
            });
        }
    }
    let blockers = readiness.blockers(issue);
    if blockers.is_empty() {
        Ok(())
    } else {
        Err(Refusal::NotReady { id, blockers })
    }
}

/// Refuses a claim for which a slot has no place left. Only a claim that asks for slots looks at other leases.
fn check_slots(
    snapshot: &Snapshot,
    id: &IssueId,
    slots: &BTreeMap<SlotName, u32>,
) -> Result<(), Refusal> {
    for (slot, max) in slots {
        let holders: Vec<(IssueId, Assignee)> = snapshot
            .slot_holders(slot, id)
            .map(|lease| (lease.issue.clone(), lease.holder.clone()))
            .collect();
        if holders.len() as u64 >= u64::from(*max) {
            return Err(Refusal::SlotFull {
                id: id.clone(),
                slot: slot.clone(),
                max: *max,
                holders,
            });
        }
    }
    Ok(())
}

fn grant(request: &Request, id: &IssueId, who: &Assignee, epoch: u64, terms: &ClaimTerms) -> Lease {
    let now = &request.now;
    Lease {
        issue: id.clone(),
        epoch,
        state: LeaseState::Held,
        holder: who.clone(),
        actor: request.actor.clone(),
        key: request.key.clone(),
        host: now.host.clone(),
        boot_id: now.boot_id.clone(),
        granted_wall: now.wall,
        renewed_wall: now.wall,
        renewed_boottime_ms: now.boottime_ms,
        ttl_ms: terms.ttl.map(|ttl| {
            u64::try_from(ttl.as_millis()).map_or(LONGEST_TTL, |ms| ms.min(LONGEST_TTL))
        }),
        renew_seq: 0,
        cancel_requested: false,
        slots: terms.slots.keys().cloned().collect(),
        process: terms.process,
        extra: crate::fields::Fields::new(),
    }
}
