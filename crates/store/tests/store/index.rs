//! The index against a naive reading of the files, over random histories of every kind of change.
//!
//! Both have to say the same at every step. The one exception is the stated one: a resolved issue that was edited in place
//! is seen by the next full pass.

use crate::lab::{Lab, id, open, search};
use crate::segments::copy_dir;
use jit_core::id::IdPrefix;
use jit_core::{
    Assignee, Changeset, Issue, IssueId, Lease, LeaseState, Now, Policy, Priority, Readiness,
    Snapshot, State, Timestamp, query,
};
use jit_store::file::{Options, locate};
use jit_store::{FileStore, Store as _};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// How many issues there are at most: few, so that changes meet.
const N_ISSUES: u64 = 14;

/// A sequence of numbers that look random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn issue(&mut self) -> IssueId {
        id(self.roll(N_ISSUES))
    }
}

/// One history on one store.
struct History {
    lab: Lab,
    dice: Dice,
    indexed: [FileStore; 2],
    plain: FileStore,
    /// Resolved issues that were edited in place since the last full pass.
    unseen: BTreeSet<IssueId>,
    log: Vec<String>,
}

fn store(lab: &Lab, index_from: usize) -> FileStore {
    let location = locate(&search(&lab.path(""))).unwrap();
    let options = Options {
        index_from,
        ..Options::default()
    };
    FileStore::open(location, options).unwrap()
}

fn now() -> Now {
    Now {
        wall: Timestamp::from_micros(1_700_000_000_000_000),
        host: "here".to_owned(),
        boot_id: "boot".to_owned(),
        boottime_ms: 1_000_000,
    }
}

impl History {
    fn new(seed: u64) -> Self {
        let lab = Lab::new();
        let history = Self {
            indexed: [store(&lab, 0), store(&lab, 0)],
            plain: store(&lab, usize::MAX),
            lab,
            dice: Dice(seed),
            unseen: BTreeSet::new(),
            log: Vec::new(),
        };
        history.git(&["init", "-q", "-b", "main"]);
        history.git(&["add", "-A"]);
        history.git(&["commit", "-q", "-m", "the store"]);
        history
    }

    fn step(&mut self) {
        let kind = self.dice.roll(20);
        let done = match kind {
            0..=7 => self.write(),
            8 => self.renew(),
            9 | 10 => self.edit(true),
            11 | 12 => self.edit(false),
            13 => self.disturb(),
            14 => self.remove(),
            15 => self.damage_index(),
            16 => self.repair(),
            _ => self.use_git(),
        };
        self.log.push(done);
    }

    /// Writes some issues and leases through the store.
    fn write(&mut self) -> String {
        let who = usize::try_from(self.dice.roll(2)).unwrap();
        let mut txn = self.indexed[who].begin().unwrap();
        let mut changes = Changeset::default();
        let mut ids = BTreeSet::new();
        for _ in 0..=self.dice.roll(3) {
            ids.insert(self.dice.issue());
        }
        for id in &ids {
            let old = txn.snapshot().record(id).cloned();
            changes.issues.push(self.changed(id, old));
            if self.dice.roll(3) == 0 {
                changes.leases.push(self.lease(id));
            }
        }
        txn.apply(&changes);
        match txn.commit() {
            Ok(_) => format!("write {ids:?}"),
            Err(error) => format!("write {ids:?}: {error}"),
        }
    }

    fn changed(&mut self, id: &IssueId, old: Option<Issue>) -> Issue {
        let at = Timestamp::from_micros(
            1_600_000_000_000_000 + i64::try_from(self.dice.roll(5)).unwrap(),
        );
        let by = Assignee::parse("human:ada").unwrap();
        let mut issue = old.unwrap_or_else(|| Issue::new(id.clone(), "title".to_owned(), by, at));
        let n = self.dice.roll(1_000);
        issue.title = format!("title {n}");
        match self.dice.roll(9) {
            0 => issue.dependencies = BTreeSet::from([self.dice.issue(), self.dice.issue()]),
            1 => issue.dependencies.clear(),
            2 => issue.parent = Some(self.dice.issue()),
            3 => issue.parent = None,
            4 => issue.priority = Priority::ALL[usize::try_from(self.dice.roll(4)).unwrap()],
            5 => {
                issue.assignee = n
                    .is_multiple_of(2)
                    .then(|| Assignee::parse("agent:x").unwrap());
            }
            6 => {
                let wait = std::time::Duration::from_secs(n % 3);
                issue.not_before = n.is_multiple_of(2).then(|| now().wall.plus(wait));
            }
            7 => {
                let at = n.is_multiple_of(4).then_some(at);
                issue.deleted = at.map(|at| jit_core::issue::Deleted {
                    at,
                    by: Assignee::parse("human:ada").unwrap(),
                });
            }
            _ => {
                let states = State::ALL;
                issue.state = states[usize::try_from(self.dice.roll(states.len() as u64)).unwrap()];
                issue.closed_at = issue.state.is_resolved().then_some(at);
            }
        }
        issue.etag = issue.compute_etag();
        issue
    }

    fn lease(&mut self, id: &IssueId) -> Lease {
        let who = Assignee::parse("agent:x").unwrap();
        let states = LeaseState::ALL;
        Lease {
            issue: id.clone(),
            epoch: self.dice.roll(3),
            state: states[usize::try_from(self.dice.roll(3)).unwrap()],
            holder: who.clone(),
            actor: who,
            key: None,
            host: "here".to_owned(),
            boot_id: if self.dice.roll(4) == 0 {
                "other"
            } else {
                "boot"
            }
            .to_owned(),
            granted_wall: now().wall,
            renewed_wall: now().wall,
            renewed_boottime_ms: 990_000,
            ttl_ms: (self.dice.roll(3) > 0).then(|| 5_000 + self.dice.roll(3) * 5_000),
            renew_seq: 0,
            cancel_requested: false,
            slots: BTreeSet::new(),
            process: None,
            extra: BTreeMap::new(),
        }
    }

    /// Prolongs what is held.
    fn renew(&mut self) -> String {
        let mut txn = self.indexed[0].begin().unwrap();
        let held: Vec<Lease> = txn.snapshot().held_leases().cloned().collect();
        let leases: Vec<Lease> = held
            .into_iter()
            .map(|lease| Lease {
                renewed_boottime_ms: 999_000,
                renew_seq: lease.renew_seq + 1,
                ..lease
            })
            .collect();
        let n = leases.len();
        txn.apply(&Changeset {
            leases,
            ..Changeset::default()
        });
        txn.commit().unwrap();
        format!("renew {n}")
    }

    fn path_of(&self, id: &IssueId) -> PathBuf {
        self.lab
            .path(&format!(".jit/issues/{}/{id}.json", id.shard()))
    }

    /// Edits an issue as an editor does: a new file in its place, or the same file written over.
    fn edit(&mut self, by_rename: bool) -> String {
        let id = self.dice.issue();
        let snapshot = self.plain.read().unwrap();
        let Some(issue) = snapshot.record(&id) else {
            return "no edit".to_owned();
        };
        let was_resolved = issue.state.is_resolved() || issue.is_deleted();
        let edited = self.changed(&id, Some(issue.clone()));
        let (_, bytes) = jit_store::file::raw::issue_file(&edited);
        let path = self.path_of(&id);
        if by_rename {
            let beside = path.with_extension("json.new~");
            fs::write(&beside, bytes).unwrap();
            fs::rename(&beside, &path).unwrap();
        } else {
            let mut file = fs::OpenOptions::new()
                .write(true)
                .truncate(true)
                .open(&path)
                .unwrap();
            file.write_all(&bytes).unwrap();
            if was_resolved {
                self.unseen.insert(id.clone());
            }
        }
        format!("edit {id} by_rename={by_rename} was_resolved={was_resolved}")
    }

    /// Leaves something that is no issue.
    fn disturb(&mut self) -> String {
        let id = self.dice.issue();
        let path = self.path_of(&id);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let beside = path.with_file_name("notes.txt");
        match self.dice.roll(4) {
            0 => {
                let temporary = path.with_extension("json.new~");
                fs::write(&temporary, "{ not json").unwrap();
                fs::rename(&temporary, &path).unwrap();
                format!("break {id}")
            }
            1 if beside.exists() => {
                fs::remove_file(beside).unwrap();
                "no foreign file".to_owned()
            }
            1 | 2 => {
                fs::write(beside, "mine").unwrap();
                "foreign file".to_owned()
            }
            _ => {
                let temporary = path.with_extension("json.new~");
                std::os::unix::fs::symlink("/etc/hostname", &temporary).unwrap();
                fs::rename(&temporary, &path).unwrap();
                format!("link {id}")
            }
        }
    }

    /// Writes an issue over whatever lies at its place, as an editor does that keeps the file.
    fn repair(&mut self) -> String {
        let id = self.dice.issue();
        let path = self.path_of(&id);
        let is_broken = path.is_file() && self.plain.read().unwrap().record(&id).is_none();
        if !is_broken || path.is_symlink() {
            return "nothing to repair".to_owned();
        }
        let (_, bytes) = jit_store::file::raw::issue_file(&self.changed(&id, None));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(&path)
            .unwrap();
        file.write_all(&bytes).unwrap();
        format!("repair {id}")
    }

    fn remove(&mut self) -> String {
        let id = self.dice.issue();
        let path = self.path_of(&id);
        if self.dice.roll(3) == 0 {
            let _was_there = fs::remove_dir_all(path.parent().unwrap()).is_ok();
        } else {
            let _was_there = fs::remove_file(path).is_ok();
        }
        format!("remove {id}")
    }

    fn damage_index(&mut self) -> String {
        let path = self.lab.path(".jit/local/index.db");
        let Ok(bytes) = fs::read(&path) else {
            return "no index".to_owned();
        };
        match self.dice.roll(4) {
            0 => fs::remove_file(&path).unwrap(),
            1 => fs::write(&path, &bytes[..bytes.len() / 2]).unwrap(),
            2 => fs::write(&path, b"").unwrap(),
            _ => fs::write(
                &path,
                b"this is no database, and longer than a header".repeat(9),
            )
            .unwrap(),
        }
        "damage the index".to_owned()
    }

    /// Lets git change files behind the store's back.
    fn use_git(&mut self) -> String {
        self.git(&["add", "-A", ".jit/issues"]);
        let branch = ["main", "side"][usize::try_from(self.dice.roll(2)).unwrap()];
        match self.dice.roll(5) {
            0 => self.git(&["stash", "-q", "-u"]),
            1 => self.git(&["stash", "pop", "-q"]),
            2 => {
                self.git(&["commit", "-q", "-m", "change"]);
                self.git(&["branch", "side"]);
                self.git(&["checkout", "-q", "-f", branch]);
            }
            3 => {
                self.git(&["commit", "-q", "-m", "change"]);
                self.git(&["merge", "-q", "-X", "ours", branch]);
                self.git(&["merge", "--abort"]);
            }
            _ => self.git(&["reset", "-q", "--hard"]),
        }
        "git".to_owned()
    }

    /// Runs git; that it refuses is as good a history as any.
    fn git(&self, arguments: &[&str]) {
        #[expect(clippy::disallowed_methods, reason = "git is the other program here")]
        let git = Command::new("git")
            .args([
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@b",
                "-c",
                "core.hooksPath=/dev/null",
            ])
            .args(arguments)
            .current_dir(self.lab.path(""))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output();
        assert!(git.is_ok(), "git is there, whatever it says");
    }

    /// Compares what the index says with what the files say.
    fn compare(&mut self, seed: u64) {
        if self.dice.roll(3) == 0 {
            let _full_pass = self.indexed[0].read_files().unwrap();
            self.unseen.clear();
        }
        let files = self.plain.read().unwrap();
        for (place, store) in self.indexed.iter().enumerate() {
            let told = answers(&store.read().unwrap());
            let expected = answers(&files);
            if !self.unseen.is_empty() {
                // What follows from an unseen edit may differ too; that the issue itself is shown right is checked below.
                continue;
            }
            let differing: Vec<_> = told.iter().zip(&expected).filter(|(a, b)| a != b).collect();
            assert!(
                told == expected,
                "seed {seed}, store {place}, after {:#?}: (index, files) {differing:#?}",
                self.log
            );
        }
        // A decision takes what is ready by the files, whatever the index says.
        let txn = self.indexed[1].begin().unwrap();
        let taken = next(txn.snapshot());
        drop(txn);
        if self.unseen.is_empty() {
            assert_eq!(taken, next(&files), "seed {seed}, {:#?}", self.log);
        }
        // An issue that is named is looked at, however it was changed.
        let named = self.indexed[1].read_named().unwrap();
        for n in 0..N_ISSUES {
            assert_eq!(
                named.record(&id(n)),
                files.record(&id(n)),
                "seed {seed}, {:#?}",
                self.log
            );
        }
    }
}

/// Returns the issue that the next claim takes.
fn next(snapshot: &Snapshot) -> Option<IssueId> {
    let (policy, now) = (Policy::default(), now());
    let readiness = Readiness {
        snapshot,
        policy: &policy,
        now: &now,
    };
    let who = Assignee::parse("agent:x").unwrap();
    query::next(&readiness, &who, |_| true).map(|issue| issue.id.clone())
}

/// Returns everything that can be asked, in words.
fn answers(snapshot: &Snapshot) -> Vec<String> {
    let mut said = Vec::new();
    let now = now();
    for rejected_blocks in [false, true] {
        let policy = Policy {
            rejected_blocks,
            ..Policy::default()
        };
        let readiness = Readiness {
            snapshot,
            policy: &policy,
            now: &now,
        };
        for limit in [2, usize::MAX] {
            let page = query::ready(&readiness, limit);
            let ids: Vec<&str> = page.issues.iter().map(|issue| issue.id.as_str()).collect();
            said.push(format!("ready {rejected_blocks} {ids:?} of {}", page.n_all));
        }
        let who = Assignee::parse("agent:x").unwrap();
        let next = query::next(&readiness, &who, |issue| issue.priority != Priority::Low);
        said.push(format!("next {:?}", next.map(|issue| &issue.id)));
        for issue in query::blocked(&readiness) {
            said.push(format!(
                "blocked {} {:?}",
                issue.id,
                readiness.blockers(issue)
            ));
        }
    }
    said.extend((0..N_ISSUES).flat_map(|n| answers_about(snapshot, &id(n))));
    said.push(format!(
        "{:?}",
        snapshot
            .unresolved()
            .map(|issue| &issue.id)
            .collect::<Vec<_>>()
    ));
    said.push(format!("{:?}", snapshot.held_leases().collect::<Vec<_>>()));
    said.push(format!(
        "{:?}",
        snapshot.lapsed_leases(&now).collect::<Vec<_>>()
    ));
    let mut problems = snapshot.problems().to_vec();
    problems.sort_by(|left, right| left.path.cmp(&right.path));
    said.push(format!("{problems:#?}"));
    said.push(format!("{:#?}", snapshot.records().collect::<Vec<_>>()));
    assert!(
        snapshot.health().failure().is_none(),
        "{:?}",
        snapshot.health()
    );
    said
}

/// Returns everything that can be asked about one issue.
fn answers_about(snapshot: &Snapshot, id: &IssueId) -> Vec<String> {
    let mut said = Vec::new();
    let now = now();
    let names = |issues: Vec<&Issue>| -> Vec<String> {
        issues.iter().map(|issue| issue.id.to_string()).collect()
    };
    said.push(format!(
        "dependents {:?}",
        names(snapshot.dependents(id).collect())
    ));
    said.push(format!(
        "children {:?}",
        names(snapshot.children(id).collect())
    ));
    said.push(format!("short {}", snapshot.short_id(id)));
    said.push(format!("cyclic {}", snapshot.is_cyclic(id)));
    said.push(format!("live {:?}", snapshot.live_lease(id, &now)));
    for n_characters in [4, 5, 10] {
        let prefix = IdPrefix::parse(&id.as_str()[..n_characters]).unwrap();
        said.push(format!("{prefix} is {:?}", snapshot.resolve(&prefix)));
    }
    said
}

#[test]
fn the_index_says_what_the_files_say_whatever_happened_to_them() {
    let n_histories = std::env::var("JIT_TEST_HISTORIES").map_or(6, |n| n.parse().unwrap());
    let mut n_steps = 0;
    for seed in 0..n_histories {
        let mut history = History::new(seed);
        for _ in 0..60 {
            history.step();
            history.compare(seed);
            n_steps += 1;
        }
    }
    println!("{n_histories} histories, {n_steps} steps, no difference");
}

#[test]
fn a_copied_store_does_not_believe_the_index_of_its_original() {
    let lab = Lab::new();
    let original = store(&lab, 0);
    crate::lab::write(&original, 1, "one").unwrap();
    let _makes_the_index = original.read().unwrap();
    copy_dir(&lab.path(""), &lab.outside("copy"));
    let copy = open(&lab.outside("copy")).unwrap();
    crate::lab::write(&copy, 2, "two").unwrap();
    let titles = |store: &FileStore| -> Vec<String> {
        store
            .read()
            .unwrap()
            .issues()
            .map(|issue| issue.title.clone())
            .collect()
    };
    assert_eq!(titles(&copy), ["one", "two"]);
    assert_eq!(titles(&original), ["one"]);
}

#[test]
fn somebody_elses_database_is_left_alone() {
    let lab = Lab::new();
    let store = store(&lab, 0);
    crate::lab::write(&store, 1, "one").unwrap();
    let place = lab.path(".jit/local/index.db");
    let other = lab.outside("other.db");
    fs::rename(&place, &other).unwrap();
    let before = fs::read(&other).unwrap();
    let check = |n| {
        assert_eq!(store.read().unwrap().issues().count() as u64, n - 1);
        crate::lab::write(&store, n, "one more").unwrap();
        assert_eq!(fs::read(&other).unwrap(), before);
        assert!(place.symlink_metadata().unwrap().is_file());
        fs::remove_file(&place).unwrap();
    };
    std::os::unix::fs::symlink(&other, &place).unwrap();
    check(2);
    fs::hard_link(&other, &place).unwrap();
    check(3);
}
