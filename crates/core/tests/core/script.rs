//! Runs a script of verbs against an empty tracker and tells what came of it.
//!
//! Owns the little language of the rows. After every verb it checks the laws that hold whatever the verb was.

use crate::lazy::lazily;
use jit_core::decide::{
    self, ClaimTerms, Decision, GateVerdict, NewIssue, NextFilter, Renewal, Update,
};
use jit_core::fields::Fields;
use jit_core::id::IdPrefix;
use jit_core::issue::LinkKind;
use jit_core::{
    Assignee, Changeset, EventDraft, EventKind, Fence, GateDefinition, GateKey, GateMode,
    GateStage, HolderProcess, Issue, IssueId, Label, Now, Policy, Priority, Readiness, Refusal,
    Request, ShownState, SlotName, Snapshot, Timestamp, audit, changes,
};
use std::fmt::Write as _;
use std::time::Duration;

/// Runs `script` and compares what it tells with `expected`.
///
/// Statements are separated by `;`. Issues have one-letter names. A statement that is refused is told; at the end the
/// shown state of every issue is.
pub(crate) fn check(script: &str, expected: &expect_test::Expect) {
    expected.assert_eq(&run(script));
}

/// Runs `script` and returns what it tells.
pub(crate) fn run(script: &str) -> String {
    let mut world = World::new();
    let mut told = String::new();
    for statement in script
        .split(';')
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
    {
        if let Err(refusal) = world.step(statement) {
            let message = shorten(&refusal.to_string());
            writeln!(told, "{statement}: {} ({message})", refusal.kind().code()).unwrap();
        }
    }
    for note in &world.notes {
        writeln!(told, "{note}").unwrap();
    }
    told + &world.states()
}

/// Replaces every full id by its one-letter name.
fn shorten(text: &str) -> String {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "x"];
    names.iter().fold(text.to_owned(), |text, name| {
        text.replace(&name.repeat(10), name)
    })
}

fn id(name: &str) -> IssueId {
    IssueId::parse(&name.repeat(10)).unwrap()
}

struct World {
    snapshot: Snapshot,
    request: Request,
    notes: Vec<String>,
}

impl World {
    fn new() -> Self {
        let now = Now {
            wall: Timestamp::parse("2030-01-01T00:00:00Z").unwrap(),
            host: "here".to_owned(),
            boot_id: "boot-1".to_owned(),
            boottime_ms: 1_000_000,
        };
        let request = Request {
            actor: Assignee::parse("human:ada").unwrap(),
            now,
            policy: Policy::default(),
            fence: Fence::default(),
            if_etag: None,
            key: None,
            force: false,
        };
        Self {
            snapshot: Snapshot::default(),
            request,
            notes: Vec::new(),
        }
    }

    /// Runs one statement. `as`, `epoch`, `key`, `etag` and `force` set conditions; all but `as` last for one verb.
    fn step(&mut self, statement: &str) -> Result<(), Refusal> {
        let words: Vec<&str> = statement.split_whitespace().collect();
        let (verb, rest) = words.split_first().expect("a statement has a verb");
        match (*verb, rest) {
            ("as", [who]) => self.request.actor = Assignee::parse(who).unwrap(),
            ("epoch", [n]) => self.request.fence.flag = Some(n.parse().unwrap()),
            ("env", [issue, n]) => {
                self.request.fence.environment = Some((id(issue), n.parse().unwrap()));
            }
            ("key", [key]) => self.request.key = Some((*key).to_owned()),
            ("etag", [etag]) => self.request.if_etag = Some((*etag).to_owned()),
            ("force", []) => self.request.force = true,
            ("strict", []) => self.request.policy.rejected_blocks = true,
            ("tick", [seconds]) => self.tick(seconds.parse().unwrap()),
            ("seen", [name]) => {
                let issue = self.snapshot.issue(&id(name)).unwrap();
                self.request.if_etag = Some(issue.etag.clone());
            }
            ("set-back", [name]) => self.set_back(name),
            ("reboot", []) => self.request.now.boot_id.push('+'),
            ("move", [host]) => {
                (*host).clone_into(&mut self.request.now.host);
                self.request.now.boot_id = format!("boot-{host}");
            }
            ("ready", []) => self.note_ready(),
            ("show", [name]) => self.note_marks(name),
            ("tree", [name]) => self.note_tree(name, None),
            ("tree", [name, depth]) => self.note_tree(name, depth.parse().ok()),
            ("modernize", [name]) => self.modernize(name),
            ("close", [from, to]) => self.close(from, to),
            ("since", [name]) => self.note_since(name),
            ("renew", [name, epoch, rest @ ..]) => {
                let pid = rest.first().map(|pid| pid.parse().unwrap());
                self.renew(name, epoch.parse().unwrap(), pid);
            }
            ("check", [name]) => self.check(name)?,
            _ => {
                let decision = self.decide(&self.snapshot, verb, rest);
                let lazily = self.decide(&lazily(&self.snapshot), verb, rest);
                assert_eq!(
                    decision, lazily,
                    "record by record, `{verb}` is decided alike"
                );
                self.request.fence = Fence::default();
                (self.request.key, self.request.if_etag, self.request.force) = (None, None, false);
                self.take(&decision?);
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each verb")]
    fn decide(&self, snapshot: &Snapshot, verb: &str, rest: &[&str]) -> Decision {
        let request = &self.request;
        let ids: Vec<IssueId> = rest
            .iter()
            .take(1)
            .flat_map(|names| names.split(','))
            .filter(|name| name.len() == 1)
            .map(id)
            .collect();
        let second = rest.get(1).copied().unwrap_or_default();
        let who = || Assignee::parse(second).unwrap();
        let keys = || -> Vec<GateKey> {
            second
                .split(',')
                .map(|key| GateKey::parse(key).unwrap())
                .collect()
        };
        let verdict = || GateVerdict {
            by: rest.get(2).map(|who| Assignee::parse(who).unwrap()),
            note: None,
        };
        match verb {
            "create" => decide::create(snapshot, request, &ids[0], &new_issue(rest[0], &rest[1..])),
            "claim" => decide::claim(snapshot, request, &ids, &who(), &terms(rest)),
            "next" => {
                let who = Assignee::parse(rest[0]).unwrap();
                decide::claim_next(
                    snapshot,
                    request,
                    &who,
                    &NextFilter::default(),
                    &terms(rest),
                )
            }
            "release" => decide::release(snapshot, request, &ids, None, None),
            "later" => {
                let wait = Duration::from_secs(second.parse().unwrap());
                decide::release(
                    snapshot,
                    request,
                    &ids,
                    None,
                    Some(request.now.wall.plus(wait)),
                )
            }
            "done" => decide::done(snapshot, request, &ids),
            "reject" => decide::reject(snapshot, request, &ids, Some("no")),
            "reopen" => decide::reopen(snapshot, request, &ids),
            "archive" => decide::archive(snapshot, request, &ids),
            "delete" => decide::delete(snapshot, request, &ids),
            "restore" => decide::restore(snapshot, request, &ids),
            "tag" => {
                let (removed, added) = tags(second);
                decide::label(snapshot, request, &ids, &added, &removed)
            }
            "link" => decide::link(snapshot, request, &ids[0], kind(second), &[id(rest[2])]),
            "unlink" => decide::unlink(snapshot, request, &ids[0], kind(second), &[id(rest[2])]),
            "hold" => decide::hold(snapshot, request, &ids, "wait"),
            "unhold" => decide::unhold(snapshot, request, &ids),
            "assign" => decide::assign(snapshot, request, &ids, &who()),
            "unassign" => decide::unassign(snapshot, request, &ids),
            "comment" => decide::comment(snapshot, request, &ids[0], "said"),
            "dep" => decide::dep_add(
                snapshot,
                request,
                &ids[0],
                &second.split(',').map(id).collect::<Vec<_>>(),
            ),
            "undep" => decide::dep_rm(snapshot, request, &ids[0], &[id(second)]),
            "gate" => decide::gate_define(snapshot, request, gate(rest)),
            "ungate" => decide::gate_remove(snapshot, request, &GateKey::parse(rest[0]).unwrap()),
            "require" => decide::gate_add(snapshot, request, &ids[0], &keys()),
            "unrequire" => decide::gate_rm(snapshot, request, &ids[0], &keys()),
            "pass" => decide::gate_pass(snapshot, request, &ids, &keys(), &verdict()),
            "fail" => decide::gate_fail(snapshot, request, &ids, &keys(), &verdict()),
            "label" => decide::update(snapshot, request, &ids, &label(second)),
            "state" => decide::update(snapshot, request, &ids, &state(second)),
            "parent" => decide::update(snapshot, request, &ids, &parent(second)),
            "cancel" => decide::lease_cancel(snapshot, request, &ids),
            "sweep" => Ok(decide::sweep(snapshot, request)),
            other => panic!("`{other}` is no verb"),
        }
    }

    fn tick(&mut self, seconds: u64) {
        self.request.now.wall = self.request.now.wall.plus(Duration::from_secs(seconds));
        self.request.now.boottime_ms += seconds * 1_000;
    }

    /// Puts the issue back to how it was created, as git may do to its file.
    fn set_back(&mut self, name: &str) {
        let issue = self.snapshot.issue(&id(name)).unwrap();
        let by = issue.created_by.clone();
        let mut old = Issue::new(issue.id.clone(), issue.title.clone(), by, issue.created_at);
        old.rev = 1;
        old.etag = old.compute_etag();
        self.snapshot.put_issue(old);
    }

    fn renew(&mut self, name: &str, epoch: u64, pid: Option<u32>) {
        let renewals = [Renewal {
            id: id(name),
            epoch,
            process: pid.map(|pid| HolderProcess { pid, start: None }),
        }];
        let (changes, answers) = decide::renew(&self.snapshot, &self.request, &renewals);
        self.request.fence = Fence::default();
        assert!(
            changes.issues.is_empty() && changes.events.is_empty(),
            "a renewal is no news"
        );
        self.snapshot.apply(&changes);
        let outcome = format!("{:?}", answers[0].outcome);
        self.notes.push(format!(
            "renew {name}: {}",
            outcome.split([' ', '{']).next().unwrap()
        ));
    }

    /// Tells whether the lease that the request claims to hold is current.
    fn check(&mut self, name: &str) -> Result<(), Refusal> {
        let fence = std::mem::take(&mut self.request.fence);
        let now = &self.request.now;
        let lease = decide::lease_check(&self.snapshot, now, &fence, &id(name))?;
        let wish = if lease.cancel_requested {
            ", asked to stop"
        } else {
            ""
        };
        self.notes
            .push(format!("check {name}: epoch {}{wish}", lease.epoch));
        Ok(())
    }

    fn note_ready(&mut self) {
        let readiness = self.readiness();
        let lazily = lazily(&self.snapshot);
        let asked = Readiness {
            snapshot: &lazily,
            ..readiness
        };
        let names = |readiness: &Readiness<'_>| -> Vec<String> {
            let found = jit_core::query::ready(readiness, usize::MAX).issues;
            let ids = found.iter().map(|issue| shorten(issue.id.as_str()));
            ids.collect()
        };
        assert_eq!(names(&readiness), names(&asked), "record by record");
        let names = names(&readiness);
        self.notes.push(format!("ready: {}", names.join(" ")));
    }

    /// Notes what no state shows: labels, links, edges, holder, deletion.
    fn note_marks(&mut self, name: &str) {
        let issue = self.snapshot.record(&id(name)).unwrap();
        let mut marks: Vec<String> = issue.labels.iter().map(Label::to_string).collect();
        marks.extend(issue.links.iter().map(|link| {
            let target = shorten(link.target.as_str());
            format!("{} {target}", link.kind.as_str())
        }));
        let edges = issue.dependencies.iter().map(|id| format!("dep {id}"));
        marks.extend(edges.map(|edge| shorten(&edge)));
        let parent = issue.parent.iter().map(|id| format!("parent {id}"));
        marks.extend(parent.map(|edge| shorten(&edge)));
        marks.extend(
            issue
                .deleted
                .iter()
                .map(|it| format!("deleted by {}", it.by)),
        );
        marks.push(format!("rev {}", issue.rev));
        self.notes.push(format!("{name}: {}", marks.join(", ")));
    }

    /// Notes what an issue waits for: one digit for each edge from the root, and why a branch ends.
    fn note_tree(&mut self, name: &str, max_depth: Option<usize>) {
        let tree = jit_core::graph::dependency_tree(&self.snapshot, &id(name), max_depth);
        let lines = tree.iter().map(|branch| {
            let end = branch.end.map_or("", jit_core::graph::BranchEnd::as_str);
            let line = format!("{}{} {end}", branch.depth, branch.id);
            shorten(line.trim_end())
        });
        let lines: Vec<String> = lines.collect();
        self.notes.push(lines.join(", "));
    }

    /// Lets an issue wait for another without asking any rule, as a merge may.
    fn close(&mut self, from: &str, to: &str) {
        let mut issue = self.snapshot.issue(&id(from)).unwrap().clone();
        issue.dependencies.insert(id(to));
        self.snapshot.put_issue(issue);
    }

    /// Lets a newer version write a priority that this one does not know.
    fn modernize(&mut self, name: &str) {
        let mut fields = self.snapshot.issue(&id(name)).unwrap().to_fields();
        fields.insert("priority".to_owned(), "cosmic".into());
        let mut issue = Issue::from_fields(fields).unwrap();
        issue.etag = issue.compute_etag();
        self.snapshot.put_issue(issue);
    }

    fn note_since(&mut self, name: &str) {
        let since = self
            .readiness()
            .ready_since(self.snapshot.issue(&id(name)).unwrap())
            .to_string();
        self.notes
            .push(format!("{name} ready since {}", &since[11..19]));
    }

    /// Takes a decision over, checking the laws of every decision.
    fn take(&mut self, changes: &Changeset) {
        check_replay(&self.snapshot, changes);
        let mut after = self.snapshot.clone();
        after.apply(changes);
        for key in &changes.removed_gates {
            let told = |event: &EventDraft| event.gate.as_ref() == Some(key);
            assert!(changes.events.iter().any(told), "a removed gate is told");
        }
        for lease in &changes.leases {
            let read = jit_core::Lease::from_fields(lease.to_fields());
            assert_eq!(read.as_ref(), Ok(lease), "a lease reads as it was written");
        }
        for issue in &changes.issues {
            assert_eq!(
                issue.etag,
                issue.compute_etag(),
                "an etag names its content"
            );
            let old = self.snapshot.record(&issue.id).map_or(0, |old| old.rev);
            assert!(issue.rev > old, "every write raises rev");
        }
        let told = changes
            .transitions
            .iter()
            .filter(|transition| transition.from.is_some());
        let differ = self.differing(&after);
        assert_eq!(
            differ,
            told.map(|transition| transition.id.clone()).collect(),
            "transitions tell all that changed"
        );
        self.snapshot = after;
        let findings = audit::audit(&self.snapshot, &self.request.policy);
        let surprising: Vec<_> = findings
            .iter()
            .filter(|finding| {
                !["dangling_dependency", "epoch_behind", "undefined_gate"].contains(&finding.code)
            })
            .collect();
        assert!(surprising.is_empty(), "{surprising:?}");
    }

    fn differing(&self, after: &Snapshot) -> std::collections::BTreeSet<IssueId> {
        let judge = |snapshot| Readiness {
            snapshot,
            policy: &self.request.policy,
            now: &self.request.now,
        };
        let (old, new) = (judge(&self.snapshot), judge(after));
        let differs = |issue: &&Issue| {
            self.snapshot
                .issue(&issue.id)
                .is_some_and(|before| old.shown(before) != new.shown(issue))
        };
        after
            .issues()
            .filter(differs)
            .map(|issue| issue.id.clone())
            .collect()
    }

    fn readiness(&self) -> Readiness<'_> {
        Readiness {
            snapshot: &self.snapshot,
            policy: &self.request.policy,
            now: &self.request.now,
        }
    }

    fn states(&self) -> String {
        let readiness = self.readiness();
        let state = |issue: &Issue| {
            let who = readiness
                .assignee(issue)
                .map(|who| format!(" ({who})"))
                .unwrap_or_default();
            format!(
                "{} {}{who}",
                shorten(issue.id.as_str()),
                readiness.shown(issue)
            )
        };
        self.snapshot
            .issues()
            .map(state)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// The events of a decision must rebuild the issues that it writes.
fn check_replay(before: &Snapshot, changes: &Changeset) {
    for issue in &changes.issues {
        let mut fields: Fields = before
            .record(&issue.id)
            .map(Issue::to_fields)
            .unwrap_or_default();
        let mut etag = before.record(&issue.id).map(|old| old.etag.clone());
        let events = changes
            .events
            .iter()
            .filter(|event| event.issue.as_ref() == Some(&issue.id) && event.rev.is_some());
        for event in events {
            assert_eq!(
                event.prev.first(),
                etag.as_ref(),
                "prev names the version before"
            );
            fields = changes::replay(&fields, &event.changes)
                .expect("an event fits the version before it");
            if event.kind != EventKind::IssueCreated {
                fields.insert("updated_at".to_owned(), event.ts.to_string().into());
            }
            fields.insert("rev".to_owned(), event.rev.into());
            fields.insert("etag".to_owned(), event.etag.clone().into());
            etag.clone_from(&event.etag);
        }
        assert_eq!(
            Issue::from_fields(fields).as_ref(),
            Ok(issue),
            "events rebuild the issue"
        );
    }
}

fn new_issue(name: &str, options: &[&str]) -> NewIssue {
    let mut new = NewIssue {
        title: format!("Issue {name}"),
        ..NewIssue::default()
    };
    for option in options {
        let (key, value) = option.split_once('=').expect("an option has a value");
        let prefixes = || {
            value
                .split(',')
                .map(|name| IdPrefix::parse(&name.repeat(10)).unwrap())
        };
        match key {
            "dep" => new.dependencies = prefixes().collect(),
            "parent" => new.parent = prefixes().next(),
            "gate" => {
                new.gates = value
                    .split(',')
                    .map(|key| GateKey::parse(key).unwrap())
                    .collect();
            }
            "who" => new.assignee = Some(Assignee::parse(value).unwrap()),
            "prio" => new.priority = Priority::parse(value).unwrap(),
            "check" => new.checklist = vec![value.to_owned()],
            "after" => new.not_before = Some(Timestamp::parse(value).unwrap()),
            other => panic!("`{other}` is no option"),
        }
    }
    new
}

/// Reads `ttl=SECONDS`, `slot=NAME:MAX` and `pid=N`.
fn terms(words: &[&str]) -> ClaimTerms {
    let values = |name: &'static str| {
        words
            .iter()
            .filter_map(move |word| word.strip_prefix(name)?.strip_prefix('='))
    };
    let slot = |text: &str| {
        let (name, max) = text.split_once(':').expect("a slot has a limit");
        (SlotName::parse(name).unwrap(), max.parse().unwrap())
    };
    ClaimTerms {
        ttl: values("ttl")
            .next()
            .map(|n| Duration::from_secs(n.parse().unwrap())),
        slots: values("slot").map(slot).collect(),
        process: values("pid").next().map(|pid| HolderProcess {
            pid: pid.parse().unwrap(),
            start: Some(7),
        }),
    }
}

fn gate(words: &[&str]) -> GateDefinition {
    let stage = GateStage::parse(words[1]).unwrap();
    let is_auto = words.get(2) == Some(&"auto");
    let mode = if is_auto {
        GateMode::Auto
    } else {
        GateMode::Manual
    };
    let role = words.iter().find_map(|word| word.strip_prefix("role="));
    let key = GateKey::parse(words[0]).unwrap();
    GateDefinition {
        title: format!("Gate {key}"),
        key,
        description: String::new(),
        stage,
        mode,
        extra: role
            .map(|role| ("role".to_owned(), role.into()))
            .into_iter()
            .collect(),
    }
}

fn label(text: &str) -> Update {
    Update {
        add_labels: vec![Label::parse(text).unwrap()],
        ..Update::default()
    }
}

fn state(name: &str) -> Update {
    Update {
        state: Some(ShownState::parse(name).unwrap()),
        ..Update::default()
    }
}

fn parent(name: &str) -> Update {
    Update {
        parent: Some(IdPrefix::parse(&name.repeat(10)).unwrap()),
        ..Update::default()
    }
}

/// Splits `x,-y` into what is removed and what is added.
fn tags(text: &str) -> (Vec<Label>, Vec<Label>) {
    let label = |word: &str| Label::parse(word.trim_start_matches('-')).unwrap();
    let (removed, added): (Vec<&str>, Vec<&str>) =
        text.split(',').partition(|word| word.starts_with('-'));
    let labels = |words: Vec<&str>| words.into_iter().map(label).collect();
    (labels(removed), labels(added))
}

fn kind(name: &str) -> LinkKind {
    LinkKind::parse(name).unwrap()
}
