//! Deaths, power cuts and I/O errors at every call, on simulated files.
//!
//! Owns the script that is tortured and the one question that is asked afterwards: is the store in a state that the
//! answers so far allow? Refuses to look inside: it asks as any user would.

mod deaths;
mod editing;
mod errors;
mod exhaustive;
mod meddling;
mod pauses;
mod power;
mod seeded;
mod sequences;
mod walks;

use super::options::{Env, Options, Warning};
use super::store::FileStore;
use crate::conformance::lab::{self, SimHost};
use crate::error::{Result, StoreError};
use crate::fs::sim::SimFs;
use crate::traits::{Committed, Store as _, Txn};
use jit_core::{
    Assignee, Changeset, EventDraft, EventKind, GateDefinition, GateKey, GateMode, GateStage,
    Issue, IssueId, Lease, LeaseState, Receipt, Snapshot, Timestamp,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

fn open(fs: &SimFs, boot: &str) -> Result<FileStore> {
    lab::open(fs, boot, Options::default())
}

/// Returns a new store that is safe on disk.
fn fresh() -> SimFs {
    lab::new_files().unwrap()
}

/// Appends how much was tried to the file that `JIT_FIGURES` names, if it does.
fn record(figure: &str, tried: u64) {
    let line = serde_json::json!({ "figure": figure, "values": { "tried": tried, "bad": 0, "thorough": is_thorough() } });
    if let Some(path) = std::env::var_os("JIT_FIGURES") {
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        std::io::Write::write_all(&mut file, format!("{line}\n").as_bytes()).unwrap();
    }
}

/// Returns whether to try every combination, which takes minutes instead of seconds.
fn is_thorough() -> bool {
    std::env::var_os("JIT_TORTURE").is_some()
}

/// How many steps the script has.
const N_STEPS: usize = 6;

/// Takes one step of the script in a transaction of its own.
fn step(fs: &SimFs, boot: &str, n: usize) -> Result<Committed> {
    let store = open(fs, boot)?;
    let mut txn = store.begin()?;
    let changes = changes(n, txn.snapshot());
    txn.apply(&changes);
    txn.commit()
}

fn id(n: u64) -> IssueId {
    IssueId::from_random(n << 40 | n)
}

/// Returns what a step writes: new issues, several files at once, a file again and again, a removal, and a lease.
fn changes(n: usize, snapshot: &Snapshot) -> Changeset {
    let now = Timestamp::from_micros(1_700_000_000_000_000);
    let by = Assignee::parse("agent:a1").unwrap();
    let key = GateKey::parse("review").unwrap();
    let edited = |id: &IssueId, text: String| {
        let issue = snapshot.issue(id).cloned();
        let new = Issue::new(id.clone(), "New".to_owned(), by.clone(), now);
        let mut issue = issue.unwrap_or(new);
        issue.rev += 1;
        issue.description = text;
        issue
    };
    let mut changes = Changeset::default();
    match n {
        0 => changes.issues.push(edited(&id(1), "first".to_owned())),
        1 => {
            changes.issues.push(edited(&id(1), "x".repeat(1_500)));
            changes.issues.push(edited(&id(2), "second".to_owned()));
            changes.leases.push(lease(&by, now, 1));
            let receipt = Receipt {
                key: "once".to_owned(),
                verb: "issue claim".to_owned(),
                issues: vec![id(1)],
                epoch: Some(1),
                extra: BTreeMap::new(),
            };
            changes.receipt = Some(receipt);
        }
        2 => {
            changes.issues.push(edited(&id(1), "y".repeat(700)));
            changes.gates.push(GateDefinition {
                key,
                title: "Review".to_owned(),
                description: String::new(),
                stage: GateStage::Exit,
                mode: GateMode::Manual,
                extra: BTreeMap::new(),
            });
        }
        3 => {
            changes.removed_gates.push(key);
            changes.issues.push(edited(&id(2), "z".repeat(300)));
            changes.leases.push(lease(&by, now, 2));
        }
        4 => changes
            .issues
            .extend((3..8).map(|n| edited(&id(n), format!("one of five: {n}")))),
        _ => changes.issues.push(edited(&id(1), format!("step {n}"))),
    }
    changes.events = changes.issues.iter().map(|issue| event(issue, n)).collect();
    changes
}

fn event(issue: &Issue, n: usize) -> EventDraft {
    EventDraft {
        ts: issue.created_at,
        actor: issue.created_by.clone(),
        kind: EventKind::IssueUpdated,
        issue: Some(issue.id.clone()),
        gate: None,
        rev: Some(issue.rev),
        etag: None,
        prev: Vec::new(),
        epoch: None,
        key: None,
        note: Some(format!("step {n}")),
        changes: BTreeMap::new(),
    }
}

fn lease(by: &Assignee, now: Timestamp, epoch: u64) -> Lease {
    Lease {
        issue: id(1),
        epoch,
        state: LeaseState::Held,
        holder: by.clone(),
        actor: by.clone(),
        key: None,
        host: "h".to_owned(),
        boot_id: "b".to_owned(),
        granted_wall: now,
        renewed_wall: now,
        renewed_boottime_ms: 0,
        ttl_ms: Some(60_000),
        renew_seq: 0,
        cancel_requested: false,
        slots: BTreeSet::new(),
        process: None,
        extra: BTreeMap::new(),
    }
}

/// Everything that a user can see of the records.
fn records(store: &FileStore) -> Result<String> {
    let mut text = records_of(&store.read()?);
    writeln!(
        text,
        "receipt: {:?}",
        store.receipt("once")?.map(|receipt| receipt.epoch)
    )
    .unwrap();
    Ok(text)
}

fn records_of(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    for issue in snapshot.records() {
        writeln!(
            text,
            "{} rev {} {:.20}",
            issue.id, issue.rev, issue.description
        )
        .unwrap();
    }
    snapshot
        .gates()
        .for_each(|gate| writeln!(text, "gate {}", gate.key).unwrap());
    snapshot
        .leases()
        .for_each(|lease| writeln!(text, "lease {} epoch {}", lease.issue, lease.epoch).unwrap());
    snapshot
        .problems()
        .iter()
        .for_each(|problem| writeln!(text, "PROBLEM {problem:?}").unwrap());
    text
}

/// Everything that a user can see of the events, in the order that is the same everywhere.
fn events(store: &FileStore) -> Result<String> {
    let mut events = store.events(None)?;
    events.sort_for_display();
    let mut text = String::new();
    for event in &events.events {
        let note = event.draft.note.as_deref().unwrap_or_default();
        let issue = event
            .draft
            .issue
            .as_ref()
            .map(IssueId::to_string)
            .unwrap_or_default();
        writeln!(text, "{issue} {note}").unwrap();
    }
    events
        .problems
        .iter()
        .for_each(|problem| writeln!(text, "PROBLEM {problem}").unwrap());
    Ok(text)
}

/// The states that the script goes through: records and events after so many steps.
fn states() -> Vec<(String, String)> {
    let fs = fresh();
    let look = || {
        let store = open(&fs, "boot").unwrap();
        (records(&store).unwrap(), events(&store).unwrap())
    };
    let mut states = vec![look()];
    for n in 0..N_STEPS {
        assert_eq!(step(&fs, "boot", n).unwrap().warnings, []);
        states.push(look());
    }
    states
}

/// Checks files that something happened to after `acked` steps were acknowledged; `next` is one that was under way.
///
/// What a reader sees before any recovery, what everybody sees after it, and the events must be one state of the script,
/// at least the acknowledged one; and the next step must work.
fn judge(
    fs: &SimFs,
    boot: &str,
    states: &[(String, String)],
    acked: usize,
    is_next_allowed: bool,
) -> std::result::Result<usize, String> {
    let show = |error: StoreError| format!("{error:?}");
    let store = open(fs, boot).map_err(show)?;
    let before = records(&store).map_err(show)?;
    let last = acked + usize::from(is_next_allowed && acked < N_STEPS);
    let Some(state) = (acked..=last).find(|state| states[*state].0 == before) else {
        return Err(format!(
            "a reader sees no state from {acked} to {last}:\n{before}"
        ));
    };
    // A transaction that writes nothing recovers.
    store.begin().and_then(Txn::commit).map_err(show)?;
    let after = records(&store).map_err(show)?;
    if after != before {
        return Err(format!(
            "recovery changes what a reader saw:\n{before}\nto\n{after}"
        ));
    }
    let log = events(&store).map_err(show)?;
    if log != states[state].1 {
        return Err(format!(
            "state {state} has the events\n{log}\ninstead of\n{}",
            states[state].1
        ));
    }
    if state < N_STEPS {
        let warnings = step(fs, boot, state).map_err(show)?.warnings;
        let reached = (
            records(&store).map_err(show)?,
            events(&store).map_err(show)?,
        );
        if reached != states[state + 1]
            || warnings
                .iter()
                .any(|it| matches!(it, Warning::ApplyPending { .. }))
        {
            return Err(format!(
                "the step after state {state} leads to\n{}\n{}\n{warnings:?}",
                reached.0, reached.1
            ));
        }
        // Whatever is in the log has to read well from its start too.
        let restarted = open(fs, "boot after all").map_err(show)?;
        let left = records(&restarted).map_err(show)?;
        if left != states[state + 1].0 {
            return Err(format!("after a restart that is\n{left}"));
        }
    }
    Ok(state)
}

/// Lets so much time pass that the next step empties the log.
fn let_log_age(fs: &SimFs) {
    fs.advance(Duration::from_secs(31));
}
