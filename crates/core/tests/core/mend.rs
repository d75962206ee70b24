//! What `validate --fix` decides: the same on every clone, and nothing the second time.

use jit_core::audit::{self, History};
use jit_core::decide::{self, Mended, NewIssue};
use jit_core::{
    Assignee, Changeset, Event, EventId, Fence, Issue, IssueId, Lease, LeaseState, Now, Policy,
    Request, Snapshot, Timestamp,
};
use std::collections::BTreeMap;

fn id(name: &str) -> IssueId {
    IssueId::parse(&name.repeat(10)).unwrap()
}

fn request(actor: &str, minute: u8) -> Request {
    Request {
        actor: Assignee::parse(actor).unwrap(),
        now: Now {
            wall: Timestamp::parse(&format!("2030-01-01T00:{minute:02}:00Z")).unwrap(),
            host: "here".to_owned(),
            boot_id: "boot".to_owned(),
            boottime_ms: 1,
        },
        policy: Policy::default(),
        fence: Fence::default(),
        if_etag: None,
        key: None,
        force: false,
    }
}

/// A clone: its issues and its log.
#[derive(Clone, Default)]
struct Clone {
    snapshot: Snapshot,
    events: Vec<Event>,
}

impl Clone {
    fn take(&mut self, changes: &Changeset, seed: u128) {
        let ts = Timestamp::from_micros(0);
        let first = EventId::new(ts, seed << 16);
        for (place, draft) in changes.events.iter().cloned().enumerate() {
            let lc = self.events.iter().map(|event| event.lc).max().unwrap_or(0) + 1;
            self.events.push(Event {
                id: first.offset(place),
                lc,
                txn: first,
                draft,
                extra: BTreeMap::new(),
            });
        }
        self.snapshot.apply(changes);
    }

    fn create(&mut self, name: &str, seed: u128) {
        let new = NewIssue {
            title: format!("Issue {name}"),
            ..NewIssue::default()
        };
        let changes = decide::create(&self.snapshot, &request("human:ada", 0), &id(name), &new);
        self.take(&changes.unwrap(), seed);
    }

    fn depend(&mut self, from: &str, to: &str, seed: u128) {
        let changes = decide::dep_add(
            &self.snapshot,
            &request("human:ada", 1),
            &id(from),
            &[id(to)],
        );
        self.take(&changes.unwrap(), seed);
    }

    /// Takes over what another clone did to one issue, as a merge of files and logs does.
    fn merge(&mut self, other: &Self, name: &str) {
        let theirs = other.snapshot.record(&id(name)).unwrap().clone();
        self.snapshot.put_issue(theirs);
        for event in &other.events {
            if !self.events.contains(event) {
                self.events.push(event.clone());
            }
        }
    }

    fn mend(&mut self, actor: &str, minute: u8, seed: u128) -> Vec<Mended> {
        let (changes, mended) = decide::mend(&self.snapshot, &request(actor, minute), &self.events);
        assert_eq!(changes.is_empty(), mended.is_empty());
        self.take(&changes, seed);
        let (again, nothing) = decide::mend(&self.snapshot, &request(actor, minute), &self.events);
        assert!(again.is_empty() && nothing.is_empty(), "{nothing:?}");
        assert_eq!(audit::audit(&self.snapshot, &Policy::default()), []);
        assert_eq!(audit::audit_history(&self.snapshot, &self.events), []);
        mended
    }

    fn edges(&self) -> Vec<String> {
        let issues = self.snapshot.issues();
        issues
            .flat_map(|issue| {
                let to = issue.dependencies.iter().chain(&issue.parent);
                to.map(|to| format!("{}{}", &issue.id.as_str()[..1], &to.as_str()[..1]))
            })
            .collect()
    }
}

#[test]
fn two_clones_that_mend_a_merged_cycle_alone_come_to_the_same_graph() {
    let mut base = Clone::default();
    for (place, name) in ["a", "b", "c"].into_iter().enumerate() {
        base.create(name, place as u128 + 1);
    }
    base.depend("b", "c", 4);
    let (mut ours, mut theirs) = (base.clone(), base);
    ours.depend("a", "b", 5);
    theirs.create("d", 6);
    theirs.depend("c", "a", 7);
    ours.merge(&theirs, "c");
    ours.merge(&theirs, "d");
    theirs.merge(&ours, "a");
    let findings = audit::audit(&ours.snapshot, &Policy::default());
    assert_eq!(findings.len(), 3, "{findings:?}");
    let mut told = findings;
    audit::add_origins(&mut told, &ours.events);
    let edges = &told[0].edges;
    assert!(
        edges.len() == 3 && edges.iter().all(|edge| edge.added.is_some()),
        "{edges:?}"
    );
    let ours_did = ours.mend("human:ada", 5, 100);
    let theirs_did = theirs.mend("agent:bob", 9, 200);
    assert_eq!(ours.edges(), ["ab", "bc"]);
    assert_eq!(ours.edges(), theirs.edges());
    assert_eq!(ours_did, theirs_did, "what is said follows from the log");
    assert_eq!(ours_did[0].issue, id("c"), "the edge that came last goes");
    let removal = ours.events.last().unwrap();
    assert_eq!(removal.draft.kind.as_str(), "issue.ready");
}

#[test]
fn an_edge_that_the_log_does_not_know_goes_first() {
    let mut clone = Clone::default();
    for (place, name) in ["a", "b"].into_iter().enumerate() {
        clone.create(name, place as u128 + 1);
    }
    clone.depend("a", "b", 3);
    let mut edited = clone.snapshot.issue(&id("b")).unwrap().clone();
    edited.dependencies.insert(id("a"));
    edited.dependencies.insert(id("b"));
    edited.parent = Some(id("b"));
    clone.snapshot.put_issue(edited);
    let mended = clone.mend("human:ada", 5, 10);
    let codes: Vec<_> = mended
        .iter()
        .map(|it| (it.code, it.issue.clone()))
        .collect();
    // Its own edit is recorded first, so its edges are in the log by then, but not in the log that decides.
    assert_eq!(codes[0], ("external_change", id("b")));
    assert!(codes[1..].iter().all(|found| *found == ("cycle", id("b"))));
    assert_eq!(clone.edges(), ["ab"]);
}

#[test]
fn an_outside_change_is_recorded_field_by_field_and_can_be_replayed() {
    let mut clone = Clone::default();
    clone.create("a", 1);
    let mut edited = clone.snapshot.issue(&id("a")).unwrap().clone();
    edited.title = "By hand".to_owned();
    edited.etag = "garbled".to_owned();
    clone.snapshot.put_issue(edited);
    let mended = clone.mend("human:ada", 5, 10);
    assert_eq!(mended.len(), 1);
    let event = clone.events.last().unwrap();
    assert_eq!(event.draft.kind.as_str(), "external.changed");
    assert_eq!(event.draft.changes["title"].1.as_str(), Some("By hand"));
    let issue = clone.snapshot.issue(&id("a")).unwrap();
    let history = History::new(&clone.events);
    assert_eq!(history.head(&id("a")), Some(issue.etag.as_str()));
    let rebuilt = history.rebuild(&id("a"), &issue.etag, &[]);
    assert_eq!(rebuilt.as_ref(), Some(issue));
}

#[test]
fn a_version_is_rebuilt_from_the_log_or_from_a_base_or_not_at_all() {
    let mut clone = Clone::default();
    clone.create("a", 1);
    clone.create("b", 2);
    let first = clone.snapshot.issue(&id("a")).unwrap().clone();
    clone.depend("a", "b", 3);
    let last = clone.snapshot.issue(&id("a")).unwrap().clone();
    let rebuild = |events: &[Event], bases: &[Issue]| {
        History::new(events).rebuild(&id("a"), &last.etag, bases)
    };
    assert_eq!(rebuild(&clone.events, &[]), Some(last.clone()));
    let later: Vec<Event> = clone.events[2..].to_vec();
    assert_eq!(rebuild(&later, &[]), None, "its beginning is lost");
    assert_eq!(
        rebuild(&later, std::slice::from_ref(&first)),
        Some(last.clone())
    );
    let mut altered = clone.events.clone();
    let title = altered[0].draft.changes.get_mut("title").unwrap();
    title.1 = "Another".into();
    assert_eq!(
        rebuild(&altered, &[]),
        None,
        "the outcome is not what the etag names"
    );
}

#[test]
fn a_lease_that_holds_nothing_is_ended() {
    let mut clone = Clone::default();
    clone.create("a", 1);
    let changes = decide::claim(
        &clone.snapshot,
        &request("agent:bob", 2),
        &[id("a")],
        &Assignee::parse("agent:bob").unwrap(),
        &decide::ClaimTerms::default(),
    );
    clone.take(&changes.unwrap(), 2);
    let lease: Lease = clone.snapshot.lease(&id("a")).unwrap().clone();
    let mut ahead = clone.snapshot.issue(&id("a")).unwrap().clone();
    ahead.epoch = 7;
    clone.snapshot.put_issue(ahead);
    let mended = clone.mend("human:ada", 5, 10);
    let codes: Vec<_> = mended.iter().map(|it| it.code).collect();
    assert_eq!(codes, ["external_change", "lease_overtaken"]);
    assert_eq!(
        clone.snapshot.lease(&id("a")),
        Some(&Lease {
            state: LeaseState::Expired,
            ..lease
        })
    );
}

#[test]
fn a_segment_gives_away_what_was_lost_moved_or_altered() {
    let mut clone = Clone::default();
    clone.create("a", 1);
    clone.create("b", 2);
    clone.depend("a", "b", 3);
    let events = clone.events;
    assert_eq!(
        events.len(),
        6,
        "each change is told with what became ready by it"
    );
    let check = |events: &[Event], expected: &[&str]| {
        let findings = audit::audit_segment("s", events);
        let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, expected);
    };
    check(&events, &[]);
    check(&[&events[..1], &events[..]].concat(), &[]);
    let mut moved = events.clone();
    moved.swap(1, 3);
    check(&moved, &["events_out_of_order"]);
    let mut lost = events.clone();
    lost.remove(2);
    check(&lost, &["missing_event"]);
    let mut altered = events[5].clone();
    altered.draft.note = Some("other words".to_owned());
    let copies = [
        ("one", &events[..]),
        ("two", std::slice::from_ref(&altered)),
    ];
    assert_eq!(audit::audit_copies(copies)[0].code, "conflicting_event");
    assert_eq!(audit::audit_copies([copies[0], copies[0]]), []);
}
