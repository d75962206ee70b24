//! What one issue and its lease may do, one call after the other.
//!
//! Owns the sequential rules of claims and leases (`docs/design/tracker.md` section 4), restated without the code that
//! is tested. Refuses to know anything about overlapping calls: that is the checker's.

use std::collections::BTreeSet;

use super::history::{Call, Nanos, Op, Outcome};

/// The clock of leases counts in milliseconds, so a lease may end so much earlier or later.
const GRAIN: Nanos = 1_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Open,
    InProgress,
    Done,
}

/// A lease that nobody has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Lease {
    key: u64,
    /// The call that granted or prolonged it last: its time runs from a moment between the two.
    since: (Nanos, Nanos),
}

/// An issue as a sequence of calls has left it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct State {
    status: Status,
    epoch: u64,
    lease: Option<Lease>,
    /// Whether a verb ended the last lease, and not time.
    was_ended_by_verb: bool,
    /// Keys that have an answer.
    answered: BTreeSet<u64>,
}

impl State {
    /// A new issue.
    pub(super) fn new() -> Self {
        Self {
            status: Status::Open,
            epoch: 0,
            lease: None,
            was_ended_by_verb: false,
            answered: BTreeSet::new(),
        }
    }

    /// Returns every state that `op` may lead to with the outcome that it had.
    pub(super) fn after(&self, op: &Op, ttl: Nanos) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        // Killed before it took effect.
        if op.outcome == Outcome::Unknown {
            found.push(self.clone());
        }
        for (outcome, state) in self.possible(op, ttl) {
            let fits = op.outcome == Outcome::Unknown || op.outcome == outcome;
            if fits && !found.contains(&state) {
                found.push(state);
            }
        }
        found
    }

    fn possible(&self, op: &Op, ttl: Nanos) -> Vec<(Outcome, Self)> {
        let swept = self.swept(op, ttl);
        match op.call {
            Call::Renew(epoch) => {
                // A renewal records no end, so that one which is late still counts if nobody came first.
                let mut found = vec![self.renew(op, epoch)];
                found.extend(
                    swept
                        .filter(|_| self.lease.is_some())
                        .map(|it| it.renew(op, epoch)),
                );
                found
            }
            Call::Claim(_) | Call::Write(_) | Call::Release(_) | Call::Done(_) | Call::Reopen => {
                let may_live = self
                    .lease
                    .is_none_or(|lease| op.called < lease.since.1 + ttl + GRAIN);
                let unswept = may_live.then(|| self.clone());
                unswept
                    .into_iter()
                    .chain(swept)
                    .map(|state| state.step(op))
                    .collect()
            }
        }
    }

    /// Returns the state after the end of a lease whose time may be over has been recorded.
    fn swept(&self, op: &Op, ttl: Nanos) -> Option<Self> {
        let lease = self.lease?;
        (op.returned + GRAIN >= lease.since.0 + ttl).then(|| Self {
            status: Status::Open,
            lease: None,
            was_ended_by_verb: false,
            ..self.clone()
        })
    }

    fn step(self, op: &Op) -> (Outcome, Self) {
        match op.call {
            Call::Claim(key) => self.claim(op, key),
            Call::Renew(epoch) => self.renew(op, epoch),
            Call::Write(epoch) => (self.write(epoch), self),
            Call::Release(epoch) => self.end(epoch, Status::Open),
            Call::Done(epoch) => self.end(epoch, Status::Done),
            Call::Reopen => match self.status {
                Status::Open => (Outcome::Done(false), self),
                Status::InProgress => (Outcome::Refused, self),
                Status::Done => {
                    let status = Status::Open;
                    (Outcome::Done(true), Self { status, ..self })
                }
            },
        }
    }

    fn claim(mut self, op: &Op, key: u64) -> (Outcome, Self) {
        if self.answered.contains(&key) {
            let is_held = self.lease.is_some_and(|lease| lease.key == key);
            let outcome = if is_held {
                Outcome::Granted(self.epoch)
            } else {
                Outcome::Lost
            };
            return (outcome, self);
        }
        match (self.lease, self.status) {
            (Some(_), _) => (Outcome::Held, self),
            (None, Status::Done) => (Outcome::Refused, self),
            (None, Status::Open | Status::InProgress) => {
                self.status = Status::InProgress;
                self.epoch += 1;
                self.answered.insert(key);
                self.lease = Some(Lease {
                    key,
                    since: (op.called, op.returned),
                });
                (Outcome::Granted(self.epoch), self)
            }
        }
    }

    fn renew(&self, op: &Op, epoch: u64) -> (Outcome, Self) {
        let mut state = self.clone();
        match &mut state.lease {
            Some(lease) if epoch == state.epoch => {
                lease.since = (op.called, op.returned);
                (Outcome::Done(true), state)
            }
            _ => (Outcome::Lost, state),
        }
    }

    fn write(&self, epoch: u64) -> Outcome {
        if self.lease.is_some() && epoch == self.epoch {
            Outcome::Done(true)
        } else {
            Outcome::Lost
        }
    }

    /// A verb that ends the lease; its repetition changes nothing.
    fn end(mut self, epoch: u64, status: Status) -> (Outcome, Self) {
        if epoch != self.epoch {
            return (Outcome::Lost, self);
        }
        if self.lease.take().is_some() {
            self.status = status;
            self.was_ended_by_verb = true;
            return (Outcome::Done(true), self);
        }
        let is_repetition = self.was_ended_by_verb && self.status == status;
        let outcome = if is_repetition {
            Outcome::Done(false)
        } else {
            Outcome::Lost
        };
        (outcome, self)
    }
}
