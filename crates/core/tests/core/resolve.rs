//! Merged issues in the life of a tracker: what they wait for, what the log is told, how they are settled.

use jit_core::audit::{audit, audit_history};
use jit_core::decide::{self, Decision, NewIssue, Settlement, Take, Update};
use jit_core::merge::merge;
use jit_core::{
    Assignee, Changeset, Event, EventId, EventKind, Fence, Issue, IssueId, Now, Policy, Priority,
    Readiness, Request, Snapshot, State, Timestamp, Value,
};
use std::collections::BTreeMap;

fn id() -> IssueId {
    IssueId::parse("k7m2abcdef").unwrap()
}

/// A clone: what its files say, and its log.
#[derive(Clone, Debug, Default)]
struct Clone {
    snapshot: Snapshot,
    log: Vec<Event>,
    second: i64,
}

impl Clone {
    fn new() -> Self {
        let mut clone = Self::default();
        let new = NewIssue {
            title: "Parse".to_owned(),
            ..NewIssue::default()
        };
        clone.apply(|snapshot, request| decide::create(snapshot, request, &id(), &new));
        clone
    }

    fn request(&self) -> Request {
        Request {
            actor: Assignee::parse("human:ada").unwrap(),
            now: Now {
                wall: Timestamp::from_micros(self.second * 1_000_000),
                host: "here".to_owned(),
                boot_id: "boot-1".to_owned(),
                boottime_ms: 0,
            },
            policy: Policy::default(),
            fence: Fence::default(),
            if_etag: None,
            key: None,
            force: false,
        }
    }

    fn apply(&mut self, decide: impl Fn(&Snapshot, &Request) -> Decision) -> Changeset {
        self.second += 1;
        let changes = decide(&self.snapshot, &self.request()).unwrap();
        self.snapshot.apply(&changes);
        for draft in changes.events.clone() {
            let n = self.log.len();
            let event_id = EventId::new(draft.ts, 0).offset(n);
            self.log.push(Event {
                id: event_id,
                lc: n as u64,
                txn: event_id,
                draft,
                extra: BTreeMap::new(),
            });
        }
        changes
    }

    fn update(&mut self, update: &Update) {
        self.apply(|snapshot, request| decide::update(snapshot, request, &[id()], update));
    }

    fn title(&mut self, title: &str) {
        self.update(&Update {
            title: Some(title.to_owned()),
            ..Update::default()
        });
    }

    fn comment(&mut self, text: &str) {
        self.apply(|snapshot, request| decide::comment(snapshot, request, &id(), text));
    }

    fn resolve(&mut self, settlement: &Settlement) -> Changeset {
        self.apply(|snapshot, request| decide::resolve(snapshot, request, &[id()], settlement))
    }

    fn issue(&self) -> &Issue {
        self.snapshot.issue(&id()).unwrap()
    }

    /// Does what git does with the driver: the merged file, and the events of both.
    fn pull(&mut self, base: &Self, other: &Self) {
        let merged = merge(Some(base.issue()), self.issue(), other.issue()).unwrap();
        self.snapshot.put_issue(merged.issue);
        for event in &other.log {
            if !self.log.contains(event) {
                self.log.push(event.clone());
            }
        }
        self.second = self.second.max(other.second);
    }

    /// What `validate` says.
    fn findings(&self) -> Vec<&'static str> {
        let findings = audit(&self.snapshot, &Policy::default()).into_iter();
        let history = audit_history(&self.snapshot, &self.log).into_iter();
        findings
            .chain(history)
            .map(|finding| finding.code)
            .collect()
    }

    fn blockers(&self) -> Vec<String> {
        let request = self.request();
        let readiness = Readiness {
            snapshot: &self.snapshot,
            policy: &request.policy,
            now: &request.now,
        };
        let blockers = readiness.blockers(self.issue());
        blockers.iter().map(ToString::to_string).collect()
    }
}

/// Two clones of one store that change the title differently, and other things beside.
fn diverged() -> [Clone; 3] {
    let base = Clone::new();
    let (mut ours, mut theirs) = (base.clone(), base.clone());
    ours.title("Lex");
    ours.comment("c1");
    theirs.second += 10;
    theirs.title("Tokenise");
    theirs.update(&Update {
        priority: Some(Priority::High),
        ..Update::default()
    });
    theirs.comment("c2");
    [base, ours, theirs]
}

fn all(take: Take) -> Settlement {
    Settlement::Side {
        take,
        field: None,
        ours: None,
    }
}

#[test]
fn a_merged_issue_waits_until_somebody_decides() {
    let [base, mut ours, theirs] = diverged();
    ours.pull(&base, &theirs);
    assert_eq!(ours.blockers(), ["a merge left title undecided"]);
    assert_eq!(ours.findings(), ["conflict"]);
    let request = ours.request();
    let refusal = decide::done(&ours.snapshot, &request, &[id()]).unwrap_err();
    assert!(refusal.to_string().contains("undecided"), "{refusal}");
    ours.resolve(&all(Take::Theirs));
    assert_eq!(ours.blockers(), [""; 0]);
    assert_eq!(ours.findings(), [""; 0]);
    let comments = ours.issue().comments.iter().map(|it| it.text.as_str());
    assert_eq!(comments.collect::<Vec<_>>(), ["c1", "c2"]);
}

#[test]
fn either_side_or_a_value_can_be_taken() {
    let check = |settlement: &Settlement, expected: &str| {
        let [base, mut ours, theirs] = diverged();
        ours.pull(&base, &theirs);
        ours.resolve(settlement);
        assert_eq!(ours.issue().title, expected);
        assert!(!ours.issue().has_conflicts());
    };
    // The later version is the first one.
    check(&all(Take::Ours), "Tokenise");
    check(&all(Take::Theirs), "Lex");
    check(&all(Take::Merged), "Tokenise");
    let [_, ours, _] = diverged();
    let side = |take| Settlement::Side {
        take,
        field: Some("title".to_owned()),
        ours: Some(ours.issue().etag.clone()),
    };
    check(&side(Take::Ours), "Lex");
    check(&side(Take::Theirs), "Tokenise");
    let value = Settlement::Value {
        field: "title".to_owned(),
        value: Value::from("Both"),
    };
    check(&value, "Both");
}

#[test]
fn only_what_is_in_question_can_be_settled() {
    let [base, mut ours, theirs] = diverged();
    ours.pull(&base, &theirs);
    let refused = |settlement: &Settlement| {
        let request = ours.request();
        decide::resolve(&ours.snapshot, &request, &[id()], settlement)
            .unwrap_err()
            .to_string()
    };
    let value = |field: &str, value: Value| Settlement::Value {
        field: field.to_owned(),
        value,
    };
    assert!(refused(&value("state", "done".into())).contains("title is"));
    assert!(refused(&value("title", 3_u64.into())).contains("must be a text"));
}

#[test]
fn the_log_is_told_of_a_merge_by_the_next_writer() {
    let [base, mut ours, mut theirs] = diverged();
    let sides = [ours.issue().etag.clone(), theirs.issue().etag.clone()];
    let before = theirs.clone();
    theirs.pull(&base, &ours);
    ours.pull(&base, &before);
    // Both clones have the same file now, whichever way they merged.
    assert_eq!(ours.issue(), theirs.issue());
    ours.comment("c3");
    let merges: Vec<&Event> = ours
        .log
        .iter()
        .filter(|event| event.draft.kind == EventKind::MergeResolved)
        .collect();
    assert_eq!(merges.len(), 1);
    assert!(sides.iter().all(|etag| merges[0].draft.prev.contains(etag)));
    assert_eq!(ours.findings(), ["conflict"]);
    assert!(ours.issue().unrecorded_merges().is_empty());
    // The other clone tells its own log, and that is no second merge; what it has settled stays settled.
    let unsettled = theirs.clone();
    theirs.resolve(&all(Take::Merged));
    theirs.pull(&unsettled, &ours);
    assert_eq!(theirs.findings(), [""; 0]);
    assert!(!theirs.issue().has_conflicts());
}

#[test]
fn a_merge_without_conflicts_is_told_without_a_new_version() {
    let [base, mut ours, theirs] = diverged();
    ours.title("Parse");
    ours.pull(&base, &theirs);
    let (rev, etag) = (ours.issue().rev, ours.issue().etag.clone());
    let changes = ours.resolve(&Settlement::Nothing);
    assert_eq!(changes.events[0].kind, EventKind::MergeResolved);
    assert_eq!((ours.issue().rev, ours.issue().etag.clone()), (rev, etag));
    assert_eq!(ours.findings(), [""; 0]);
    assert!(ours.resolve(&Settlement::Nothing).is_empty());
}

#[test]
fn a_history_with_a_gap_is_still_found() {
    let [base, mut ours, theirs] = diverged();
    ours.pull(&base, &theirs);
    ours.log.clear();
    assert_eq!(ours.findings(), ["conflict", "history"]);
    let mut forged = ours.issue().clone();
    forged.rev += 1;
    forged.etag = forged.compute_etag();
    ours.snapshot.put_issue(forged);
    assert_eq!(ours.findings(), ["conflict", "history"]);
}

#[test]
fn taking_a_state_takes_what_belongs_to_it() {
    let base = Clone::new();
    let (mut ours, mut theirs) = (base.clone(), base.clone());
    ours.apply(|snapshot, request| decide::done(snapshot, request, &[id()]));
    theirs.apply(|snapshot, request| decide::reject(snapshot, request, &[id()], Some("no")));
    ours.pull(&base, &theirs);
    assert_eq!(ours.issue().state, State::Done);
    assert_eq!(ours.findings(), ["conflict"]);
    let value = |state: &str| Settlement::Value {
        field: "state".to_owned(),
        value: state.into(),
    };
    for state in ["open", "rejected", "done"] {
        let mut clone = ours.clone();
        clone.resolve(&value(state));
        assert_eq!(clone.issue().state.as_str(), state);
        assert_eq!(clone.findings(), [""; 0]);
    }
}
