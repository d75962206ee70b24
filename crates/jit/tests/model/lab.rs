//! The real tracker on simulated files, with a clock and ids of its own.
//!
//! Owns how a command of the reference is put to it, and which members of its JSON are compared. Refuses to know the rules.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jit_core::decide::{ClaimTerms, GateVerdict, NewIssue};
use jit_core::id::IdPrefix;
use jit_core::{
    Assignee, Fence, GateDefinition, GateKey, GateMode, GateStage, IssueId, Label, Now, Policy,
    Timestamp,
};
use jit_store::conformance::lab::{new_files, open};
use jit_store::file::Options;
use jit_store::fs::sim::SimFs;
use jit_tracker::{Call, Clock, Error, IdSource, Tracker};
use serde_json::{Value, json};

use crate::reference::{Command, ENTRY, EXIT, TTL};

#[derive(Debug)]
struct LabClock(Arc<AtomicU64>);

impl Clock for LabClock {
    fn now(&self) -> io::Result<Now> {
        let seconds = self.0.load(Ordering::SeqCst);
        let start = Timestamp::parse("2030-01-01T00:00:00Z").map_err(io::Error::other)?;
        Ok(Now {
            wall: start.plus(Duration::from_secs(seconds)),
            host: "here".to_owned(),
            boot_id: "boot".to_owned(),
            boottime_ms: seconds * 1_000,
        })
    }
}

/// Counts up; where the files of a fork go on, so do its ids.
#[derive(Debug)]
struct LabIds(Arc<AtomicU64>);

impl IdSource for LabIds {
    fn issue_id(&self) -> io::Result<IssueId> {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        Ok(IssueId::from_random(
            number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        ))
    }
}

/// A store, its clock, and the ids of its issues in the order of their making.
pub(crate) struct Lab {
    pub(crate) fs: SimFs,
    pub(crate) ids: Vec<IssueId>,
    seconds: u64,
    n_boots: usize,
    n_ids: Arc<AtomicU64>,
}

/// How the caller may be wrong, to see that it is noticed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mistake {
    None,
    /// The epoch does not reach the program.
    ForgetEpochs,
    /// A lease lives for ever.
    ForgetTtl,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let lab = Self {
            fs: new_files().expect("a store can be made"),
            ids: Vec::new(),
            seconds: 0,
            n_boots: 0,
            n_ids: Arc::new(AtomicU64::new(1)),
        };
        for (key, stage) in [(ENTRY, GateStage::Entry), (EXIT, GateStage::Exit)] {
            let gate = GateDefinition {
                key: gate(key),
                title: key.to_owned(),
                description: String::new(),
                stage,
                mode: GateMode::Manual,
                extra: std::collections::BTreeMap::new(),
            };
            lab.tracker()
                .and_then(|tracker| tracker.gate_define(&call("human:ada", None), &gate))
                .expect("a gate can be defined");
        }
        lab
    }

    /// Returns the same on a copy of the files, as the next process finds them.
    pub(crate) fn fork(&self) -> Self {
        Self {
            fs: self.fs.after_death(),
            ids: self.ids.clone(),
            n_ids: Arc::new(AtomicU64::new(self.n_ids.load(Ordering::SeqCst))),
            ..*self
        }
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        self.seconds += seconds;
        self.fs.advance(Duration::from_secs(seconds));
    }

    /// Goes on with other files, in another boot.
    pub(crate) fn restart_with(&mut self, fs: SimFs) {
        self.fs = fs;
        self.n_boots += 1;
    }

    /// Opens the store, as each command does anew.
    fn tracker(&self) -> Result<Tracker, Error> {
        let boot = format!("boot {}", self.n_boots);
        let store = open(&self.fs, &boot, Options::default())?;
        Ok(Tracker::new(
            Box::new(store),
            Policy::default(),
            Box::new(LabClock(Arc::new(AtomicU64::new(self.seconds)))),
            Box::new(LabIds(Arc::clone(&self.n_ids))),
        ))
    }

    /// Gives a command; a new issue is known by the next place.
    pub(crate) fn run(&mut self, command: &Command, mistake: Mistake) -> Result<(), Error> {
        let tracker = self.tracker()?;
        let one = |id: &usize| vec![prefix(&self.ids[*id])];
        let known = |epoch: &Option<u64>| epoch.filter(|_| mistake != Mistake::ForgetEpochs);
        let by = |who: &str| call(who, None);
        let ada = by("human:ada");
        let verdict = GateVerdict::default();
        match command {
            Command::Create { waits_for } => {
                let new = NewIssue {
                    title: format!("issue {}", self.ids.len()),
                    dependencies: waits_for.iter().map(|id| prefix(&self.ids[*id])).collect(),
                    ..NewIssue::default()
                };
                let written = tracker.create(&ada, &new)?;
                self.ids.push(written.issues[0].clone());
            }
            Command::Claim {
                id,
                who,
                has_ttl,
                epoch,
            } => {
                let has_ttl = *has_ttl && mistake != Mistake::ForgetTtl;
                let terms = ClaimTerms::from(has_ttl.then(|| Duration::from_secs(TTL)));
                tracker.claim(&call(who, known(epoch)), &one(id), &assignee(who), &terms)?;
            }
            Command::Release { id, who, epoch } => {
                tracker.release(&call(who, known(epoch)), &one(id), None, None)?;
            }
            Command::Done { id, epoch } => {
                tracker.done(&call("human:ada", known(epoch)), &one(id))?;
            }
            Command::Reject { id } => drop(tracker.reject(&ada, &one(id), None)?),
            Command::Reopen { id } => drop(tracker.reopen(&ada, &one(id))?),
            Command::Archive { id } => drop(tracker.archive(&ada, &one(id))?),
            Command::Hold { id } => drop(tracker.hold(&ada, &one(id), "later")?),
            Command::Unhold { id } => drop(tracker.unhold(&ada, &one(id))?),
            Command::Comment { id } => drop(tracker.comment(&ada, &one(id)[0], "a word")?),
            Command::Label { id, label } => {
                let label = Label::parse(label).expect("it is a label");
                tracker.label(&ada, &one(id), &[label], &[])?;
            }
            Command::DepAdd { id, on } => drop(tracker.dep_add(&ada, &one(id)[0], &one(on))?),
            Command::DepRm { id, on } => drop(tracker.dep_rm(&ada, &one(id)[0], &one(on))?),
            Command::GateAdd { id, gate: key } => {
                tracker.gate_add(&ada, &one(id)[0], &[gate(key)])?;
            }
            Command::GateRm { id, gate: key } => {
                tracker.gate_rm(&ada, &one(id)[0], &[gate(key)])?;
            }
            Command::GatePass { id, gate: key } => {
                tracker.gate_pass(&ada, &one(id), &[gate(key)], &verdict)?;
            }
            Command::GateFail { id, gate: key } => {
                tracker.gate_fail(&ada, &one(id), &[gate(key)], &verdict)?;
            }
        }
        Ok(())
    }

    /// Lets a writer bring the files up to the log, as any does.
    pub(crate) fn recover(&self) {
        let tracker = self.tracker();
        let swept = tracker.and_then(|tracker| tracker.lease_sweep(&call("human:ada", None)));
        swept.expect("nothing stands in the way");
    }

    /// Returns the members of each issue's JSON that the reference knows, with places for ids.
    pub(crate) fn shown(&self) -> Result<Vec<Value>, String> {
        let view = self.tracker().and_then(|tracker| tracker.view());
        let view = view.map_err(|error| error.to_string())?;
        let readiness = view.readiness();
        let mut shown = Vec::new();
        for id in &self.ids {
            let issue = view
                .snapshot
                .issue(id)
                .ok_or(format!("{id} is not shown"))?;
            let value = jit_wire::issue::issue(&readiness, issue);
            let value = serde_json::to_value(&value).map_err(|error| error.to_string())?;
            shown.push(self.compared(&value));
        }
        let problems = view.snapshot.problems();
        if problems.is_empty() {
            Ok(shown)
        } else {
            Err(format!("{problems:?}"))
        }
    }

    fn place(&self, id: &Value) -> Option<usize> {
        self.ids.iter().position(|known| known.as_str() == id)
    }

    fn compared(&self, issue: &Value) -> Value {
        let places = |field: &str| {
            let ids = issue[field].as_array().into_iter().flatten();
            let mut places: Vec<_> = ids.filter_map(|id| self.place(id)).collect();
            places.sort_unstable();
            places
        };
        let blockers = issue["blocked_by"].as_array().into_iter().flatten();
        let mut blockers: Vec<Value> = blockers
            .map(|blocker| match blocker["kind"].as_str() {
                Some("dependency") => {
                    json!(["dependency", self.place(&blocker["id"])])
                }
                Some("gate") => json!(["gate", blocker["gate"]]),
                kind => json!([kind, null]),
            })
            .collect();
        blockers.sort_by_key(|blocker| (blocker[0].to_string(), blocker[1].as_u64()));
        let gates = issue["gates"].as_object().into_iter().flatten();
        let gates: serde_json::Map<String, Value> = gates
            .map(|(key, result)| (key.clone(), result["status"].clone()))
            .collect();
        json!({
            "state": issue["state"],
            "assignee": issue["assignee"],
            "epoch": issue["epoch"],
            "lease": issue["lease"]["epoch"],
            "dependencies": places("dependencies"),
            "dependents": places("dependents"),
            "blocked_by": blockers,
            "gates": gates,
            "hold": !issue["hold"].is_null(),
            "labels": issue["labels"],
            "comments": issue["comments"].as_array().map_or(0, Vec::len),
        })
    }
}

fn prefix(id: &IssueId) -> IdPrefix {
    IdPrefix::parse(id.as_str()).expect("an id is a prefix of itself")
}

fn gate(key: &str) -> GateKey {
    GateKey::parse(key).expect("it is a key")
}

fn assignee(who: &str) -> Assignee {
    Assignee::parse(who).expect("it is a name")
}

fn call(who: &str, epoch: Option<u64>) -> Call {
    Call {
        actor: assignee(who),
        fence: Fence {
            flag: epoch,
            environment: None,
        },
        if_etag: None,
        key: None,
        force: false,
        dry_run: false,
    }
}
