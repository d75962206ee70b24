//! The rules of the tracker, written down a second time.
//!
//! Owns a small model of `docs/design/tracker.md` sections 2 to 4: states, dependencies, gates, holds, claims and leases. It
//! knows nothing of the program's own rules, and where the contract is silent it does not predict.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// The gate that keeps issues out of `ready`.
pub(crate) const ENTRY: &str = "entry";

/// The gate that keeps issues out of `done`.
pub(crate) const EXIT: &str = "exit";

/// What is done to issues, which are known by their place.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    Create {
        waits_for: Option<usize>,
    },
    Claim {
        id: usize,
        who: &'static str,
        has_ttl: bool,
        epoch: Option<u64>,
    },
    Release {
        id: usize,
        who: &'static str,
        epoch: Option<u64>,
    },
    Done {
        id: usize,
        epoch: Option<u64>,
    },
    Reject {
        id: usize,
    },
    Reopen {
        id: usize,
    },
    Archive {
        id: usize,
    },
    Hold {
        id: usize,
    },
    Unhold {
        id: usize,
    },
    Comment {
        id: usize,
    },
    Label {
        id: usize,
        label: &'static str,
    },
    DepAdd {
        id: usize,
        on: usize,
    },
    DepRm {
        id: usize,
        on: usize,
    },
    GateAdd {
        id: usize,
        gate: &'static str,
    },
    GateRm {
        id: usize,
        gate: &'static str,
    },
    GatePass {
        id: usize,
        gate: &'static str,
    },
    GateFail {
        id: usize,
        gate: &'static str,
    },
}

/// What the contract says of a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// It is done.
    Done,
    /// It is refused, and nothing changes.
    Refused,
    /// The contract is silent.
    Unsaid,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Open,
    InProgress,
    Gated,
    Done,
    Rejected,
    Archived,
}

/// Whether somebody holds an issue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lease {
    Free,
    Held,
    /// Held until then, in seconds.
    HeldUntil(u64),
}

/// One issue.
#[derive(Clone, Debug)]
struct Issue {
    state: State,
    assignee: Option<&'static str>,
    epoch: u64,
    lease: Lease,
    waits_for: BTreeSet<usize>,
    gates: BTreeMap<&'static str, &'static str>,
    is_held: bool,
    labels: BTreeSet<&'static str>,
    n_comments: usize,
}

/// All issues at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reference {
    issues: Vec<Issue>,
    now: u64,
}

/// How long a lease with a time to live lives, in seconds.
pub(crate) const TTL: u64 = 300;

impl Issue {
    fn is_resolved(&self) -> bool {
        matches!(self.state, State::Done | State::Rejected | State::Archived)
    }

    fn return_to_open(&mut self) {
        self.state = State::Open;
        self.assignee = None;
        self.lease = Lease::Free;
        if self.gates.get(EXIT) == Some(&"passed") {
            self.gates.insert(EXIT, "pending");
        }
    }

    fn settle(&mut self) {
        self.lease = Lease::Free;
        let is_guarded = self
            .gates
            .get(EXIT)
            .is_some_and(|status| *status != "passed");
        self.state = if is_guarded {
            State::Gated
        } else {
            State::Done
        };
    }

    /// Whether a write under this epoch is fenced off.
    fn fences(&self, epoch: Option<u64>) -> bool {
        epoch.is_some_and(|epoch| self.lease == Lease::Free || epoch != self.epoch)
    }
}

impl Reference {
    pub(crate) fn len(&self) -> usize {
        self.issues.len()
    }

    /// Returns the epoch that was granted last.
    pub(crate) fn epoch(&self, id: usize) -> u64 {
        self.issues[id].epoch
    }

    /// Returns whether nobody holds anything.
    pub(crate) fn is_idle(&self) -> bool {
        self.issues.iter().all(|issue| issue.lease == Lease::Free)
    }

    /// Returns how many seconds have passed.
    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// Lets time pass; leases run out. Answers whether that takes back a pass of an exit gate, which is seen when somebody
    /// has recorded it.
    pub(crate) fn pass(&mut self, seconds: u64) -> bool {
        self.now += seconds;
        let mut takes_back = false;
        for issue in &mut self.issues {
            if matches!(issue.lease, Lease::HeldUntil(end) if end <= self.now) {
                issue.lease = Lease::Free;
                if issue.state == State::InProgress {
                    takes_back |= issue.gates.get(EXIT) == Some(&"passed");
                    issue.return_to_open();
                }
            }
        }
        takes_back
    }

    /// Puts a label on an issue, as somebody with an editor does.
    pub(crate) fn edit(&mut self, id: usize, label: &'static str) {
        self.issues[id].labels.insert(label);
    }

    fn blockers(&self, id: usize) -> Vec<Value> {
        let issue = &self.issues[id];
        let mut blockers: Vec<Value> = Vec::new();
        for on in &issue.waits_for {
            if !self.issues[*on].is_resolved() {
                blockers.push(json!(["dependency", on]));
            }
        }
        if issue
            .gates
            .get(ENTRY)
            .is_some_and(|status| *status != "passed")
        {
            blockers.push(json!(["gate", ENTRY]));
        }
        if issue.is_held {
            blockers.push(json!(["hold", null]));
        }
        blockers
    }

    fn reaches(&self, from: usize, to: usize) -> bool {
        from == to
            || self.issues[from]
                .waits_for
                .iter()
                .any(|on| self.reaches(*on, to))
    }

    /// Says what the contract says of a command, and does it if it is to be done.
    pub(crate) fn run(&mut self, command: &Command) -> Verdict {
        let verdict = self.verdict(command);
        if verdict == Verdict::Done {
            self.perform(command);
        }
        verdict
    }

    fn verdict(&self, command: &Command) -> Verdict {
        use Verdict::{Done, Refused, Unsaid};
        let allowed = |is_allowed: bool| if is_allowed { Done } else { Refused };
        match command {
            Command::Create { .. } | Command::Comment { .. } | Command::Label { .. } => Done,
            Command::Claim { id, who, epoch, .. } => {
                let issue = &self.issues[*id];
                let is_free = issue.assignee.is_none_or(|assignee| assignee == *who);
                let is_ready = issue.state == State::Open && self.blockers(*id).is_empty();
                allowed(epoch.is_none() && is_ready && is_free && issue.lease == Lease::Free)
            }
            Command::Release { id, who, epoch } => {
                let issue = &self.issues[*id];
                match issue.state {
                    State::InProgress if issue.fences(*epoch) => Refused,
                    State::InProgress => allowed(epoch.is_some() || issue.assignee == Some(who)),
                    _ => Unsaid,
                }
            }
            Command::Done { id, epoch } => {
                let issue = &self.issues[*id];
                match issue.state {
                    State::InProgress if issue.fences(*epoch) => Refused,
                    State::Open if epoch.is_some() => Refused,
                    State::Open | State::InProgress => allowed(self.blockers(*id).is_empty()),
                    _ => Unsaid,
                }
            }
            _ => self.verdict_on_shape(command),
        }
    }

    fn verdict_on_shape(&self, command: &Command) -> Verdict {
        use Verdict::{Done, Refused, Unsaid};
        let allowed = |is_allowed: bool| if is_allowed { Done } else { Refused };
        let said = |is_said: bool| if is_said { Done } else { Unsaid };
        let state = |id: &usize| self.issues[*id].state;
        match command {
            Command::Reject { id } => match state(id) {
                State::Done => Refused,
                State::Open | State::InProgress | State::Gated => Done,
                State::Rejected | State::Archived => Unsaid,
            },
            Command::Reopen { id } => said(self.issues[*id].is_resolved()),
            Command::Archive { id } => match state(id) {
                State::Done | State::Rejected => Done,
                State::Archived => Unsaid,
                State::Open | State::InProgress | State::Gated => Refused,
            },
            Command::Hold { id } if self.issues[*id].is_held => Unsaid,
            Command::Hold { id } => allowed(!self.issues[*id].is_resolved()),
            Command::Unhold { id } => said(self.issues[*id].is_held),
            Command::DepAdd { id, on } => {
                if state(id) != State::Open || self.issues[*id].waits_for.contains(on) {
                    Unsaid
                } else {
                    allowed(!self.reaches(*on, *id))
                }
            }
            Command::DepRm { id, on } => said(self.issues[*id].waits_for.contains(on)),
            Command::GateAdd { id, gate } => {
                said(state(id) == State::Open && !self.issues[*id].gates.contains_key(gate))
            }
            Command::GateRm { id, gate } => {
                said(state(id) == State::Open && self.issues[*id].gates.contains_key(gate))
            }
            Command::GatePass { id, gate } | Command::GateFail { id, gate } => {
                let is_open = matches!(state(id), State::Open | State::Gated);
                let status = self.issues[*id].gates.get(gate);
                let is_new = status.is_some_and(|status| *status == "pending");
                // What becomes of a gated issue that is blocked meanwhile is nowhere said.
                let is_plain =
                    state(id) == State::Open || (*gate == EXIT && self.blockers(*id).is_empty());
                said(is_open && is_new && is_plain)
            }
            _ => Unsaid,
        }
    }

    fn perform(&mut self, command: &Command) {
        let now = self.now;
        match command {
            Command::Create { waits_for } => self.issues.push(Issue {
                state: State::Open,
                assignee: None,
                epoch: 0,
                lease: Lease::Free,
                waits_for: waits_for.iter().copied().collect(),
                gates: BTreeMap::new(),
                is_held: false,
                labels: BTreeSet::new(),
                n_comments: 0,
            }),
            Command::Claim {
                id, who, has_ttl, ..
            } => {
                let issue = &mut self.issues[*id];
                issue.state = State::InProgress;
                issue.assignee = Some(who);
                issue.epoch += 1;
                issue.lease = if *has_ttl {
                    Lease::HeldUntil(now + TTL)
                } else {
                    Lease::Held
                };
            }
            Command::Release { id, .. } => self.issues[*id].return_to_open(),
            Command::Done { id, .. } => self.issues[*id].settle(),
            Command::Reject { id } => {
                self.issues[*id].state = State::Rejected;
                self.issues[*id].lease = Lease::Free;
            }
            Command::Reopen { id } => self.issues[*id].return_to_open(),
            Command::Archive { id } => self.issues[*id].state = State::Archived,
            Command::Hold { id } => self.issues[*id].is_held = true,
            Command::Unhold { id } => self.issues[*id].is_held = false,
            Command::Comment { id } => self.issues[*id].n_comments += 1,
            Command::Label { id, label } => _ = self.issues[*id].labels.insert(label),
            Command::DepAdd { id, on } => _ = self.issues[*id].waits_for.insert(*on),
            Command::DepRm { id, on } => _ = self.issues[*id].waits_for.remove(on),
            Command::GateAdd { id, gate } => _ = self.issues[*id].gates.insert(gate, "pending"),
            Command::GateRm { id, gate } => _ = self.issues[*id].gates.remove(gate),
            Command::GatePass { id, gate } => {
                let issue = &mut self.issues[*id];
                issue.gates.insert(gate, "passed");
                if issue.state == State::Gated {
                    issue.settle();
                }
            }
            Command::GateFail { id, gate } => {
                let issue = &mut self.issues[*id];
                issue.gates.insert(gate, "failed");
                if issue.state == State::Gated {
                    issue.return_to_open();
                }
            }
        }
    }

    /// Returns what the JSON of each issue must say.
    pub(crate) fn shown(&self) -> Vec<Value> {
        (0..self.issues.len())
            .map(|id| self.shown_one(id))
            .collect()
    }

    fn shown_one(&self, id: usize) -> Value {
        let issue = &self.issues[id];
        let blockers = self.blockers(id);
        let state = match issue.state {
            State::Open if blockers.is_empty() => "ready",
            State::Open => "open",
            State::InProgress => "in_progress",
            State::Gated => "gated",
            State::Done => "done",
            State::Rejected => "rejected",
            State::Archived => "archived",
        };
        let dependents: Vec<usize> = (0..self.issues.len())
            .filter(|other| self.issues[*other].waits_for.contains(&id))
            .collect();
        json!({
            "state": state,
            "assignee": issue.assignee,
            "epoch": issue.epoch,
            "lease": (issue.lease != Lease::Free).then_some(issue.epoch),
            "dependencies": issue.waits_for,
            "dependents": dependents,
            "blocked_by": if issue.state == State::Open { blockers } else { Vec::new() },
            "gates": issue.gates,
            "hold": issue.is_held,
            "labels": issue.labels,
            "comments": issue.n_comments,
        })
    }
}
