//! Git commands that remove, revert and move files, in the middle of many writers.
//!
//! Owns one law: what was acknowledged is in the files, or in git, or named by `jit validate` and brought back by
//! `jit recover`; and no lease is lost. What was acknowledged is noted outside of the repository. Refuses to know how the
//! store remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::figures;
use crate::support::program::{Answer, git, jit, program};
use crate::support::repo::Repo;

/// How many writers there are.
const N_WRITERS: usize = 6;

/// How many times a writer gives each of its issues another text.
const N_STEPS: u64 = 4;

/// What git does to the files, again and again; a command that fails because a writer was faster is tried again next time.
const STORM: [&[&str]; 10] = [
    &["stash push -q -u", "stash pop -q"],
    &["clean -xfdq"],
    &["add -A", "commit -q -m state"],
    &["reset -q --hard"],
    &[
        "switch -q -c branch-%",
        "add -A",
        "commit -q -m branch",
        "checkout -q -f main",
    ],
    &["checkout -q -- ."],
    &["checkout -q -f plain", "checkout -q -f main"],
    &["gc -q"],
    &[
        "worktree add -q --detach ../linked-%",
        "worktree remove --force ../linked-%",
    ],
    &["stash push -q -u", "stash drop -q"],
];

/// How often git does all of it at least, however slow the machine is.
const MIN_ROUNDS: u64 = 2;

/// Exit codes of a writer to whom nothing was promised: not found, busy, no store at the moment, I/O.
const NOT_ACKNOWLEDGED: [i32; 4] = [3, 8, 9, 10];

/// How `jit validate` names a file that git took away.
const CODES: [&str; 3] = ["lost_file", "reverted_file", "replaced_file"];

/// What was acknowledged of one issue.
#[derive(Clone, Debug, Default)]
struct Acknowledged {
    /// The greatest step.
    step: u64,
    /// The epoch of a lease that was never given back.
    epoch: u64,
}

/// What was acknowledged of all issues.
type Promises = BTreeMap<String, Acknowledged>;

/// How long the storm lasts: minutes where there is time.
fn length() -> Duration {
    if std::env::var_os("JIT_TORTURE").is_some() {
        Duration::from_mins(3)
    } else {
        Duration::from_secs(12)
    }
}

fn prepared() -> Repo {
    let repo = Repo::in_memory();
    let root = repo.root();
    for (name, value) in [
        ("user.name", "t"),
        ("user.email", "t@example.org"),
        ("gc.auto", "0"),
    ] {
        git(root, &["config", name, value]);
    }
    std::fs::write(root.join("code"), "1\n").expect("a file can be written");
    git(root, &["add", "code"]);
    git(root, &["commit", "-q", "-m", "code"]);
    git(root, &["branch", "plain"]);
    git(root, &["add", "-A"]);
    git(root, &["commit", "-q", "-m", "tracker"]);
    repo
}

/// Writes until told to stop: makes issues, claims them, and gives each a few texts.
fn write(root: &Path, writer: usize, stop: &AtomicBool, promises: &Mutex<Promises>) {
    let name = format!("agent:w{writer}");
    let note = |id: &str, change: &dyn Fn(&mut Acknowledged)| {
        let mut promises = promises.lock().expect("no writer panics");
        change(promises.entry(id.to_owned()).or_default());
    };
    let ask = |arguments: &[&str]| {
        let answer = Answer::of(&mut jit(root, arguments));
        match answer.code {
            Some(0) => Some(answer),
            Some(code) if NOT_ACKNOWLEDGED.contains(&code) => None,
            _ => panic!("jit {arguments:?}: {answer:?}"),
        }
    };
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let title = format!("w{writer} {number}");
        let Some(made) = ask(&["issue", "create", "-t", &title, "-d", "step 0"]) else {
            continue;
        };
        let id = made.stdout.trim().to_owned();
        note(&id, &|_| {});
        if let Some(claimed) = ask(&["issue", "claim", &id, &name, "--json"]) {
            let epoch = claimed.json()["epoch"]
                .as_u64()
                .expect("a claim has an epoch");
            note(&id, &|it| it.epoch = epoch);
        }
        for step in 1..=N_STEPS {
            let text = format!("step {step}");
            if ask(&["issue", "update", &id, "-d", &text]).is_some() {
                note(&id, &|it| it.step = step);
            }
        }
    }
}

/// Lets git loose and counts what it did.
fn blow(root: &Path, length: Duration) -> BTreeMap<String, u64> {
    let deadline = Instant::now() + length;
    let mut done = BTreeMap::new();
    for round in 0_u64.. {
        for commands in STORM {
            if round >= MIN_ROUNDS && Instant::now() > deadline {
                return done;
            }
            for words in commands {
                let words = words.replace('%', &round.to_string());
                let arguments: Vec<&str> = words.split(' ').collect();
                let answer = Answer::of(program("git", root).args(&arguments));
                let verb = arguments[..arguments.len().min(2)].join(" ");
                *done.entry(verb).or_default() += u64::from(answer.code == Some(0));
            }
        }
    }
    done
}

/// Runs writers in a storm; returns what was acknowledged and what git did.
fn storm(repo: &Repo, length: Duration) -> (Promises, BTreeMap<String, u64>) {
    let (stop, promises) = (AtomicBool::new(false), Mutex::new(Promises::new()));
    let done = thread::scope(|scope| {
        for writer in 0..N_WRITERS {
            let (stop, promises) = (&stop, &promises);
            scope.spawn(move || write(repo.root(), writer, stop, promises));
        }
        let done = blow(repo.root(), length);
        stop.store(true, Ordering::Relaxed);
        done
    });
    // Whatever was half done is ended, and the branch with the store is there.
    git(repo.root(), &["checkout", "-q", "-f", "main"]);
    (promises.into_inner().expect("no writer panicked"), done)
}

/// Returns the step that a file's content tells.
fn step_of(content: &str) -> Option<u64> {
    let issue: Value = serde_json::from_str(content).ok()?;
    issue["description"]
        .as_str()?
        .strip_prefix("step ")?
        .parse()
        .ok()
}

fn path_of(id: &str) -> String {
    format!(".jit/issues/{}/{id}.json", &id[..2])
}

/// Returns the greatest step that any commit or stash has of an issue.
fn step_in_git(root: &Path, id: &str) -> Option<u64> {
    let path = path_of(id);
    let log = [
        "log",
        "--all",
        "--reflog",
        "--full-history",
        "-m",
        "--format=%H",
        "--",
        &path,
    ];
    let commits = git(root, &log);
    let steps = commits.lines().filter_map(|commit| {
        let shown = Answer::of(program("git", root).args(["show", &format!("{commit}:{path}")]));
        step_of(&shown.stdout)
    });
    steps.max()
}

/// What does not hold after a storm.
#[derive(Debug, Default)]
struct Verdict {
    /// Issues that were neither in the files, nor in git, nor named.
    unnamed: Vec<String>,
    /// Issues that did not come back.
    missing: Vec<String>,
    /// Leases that are gone.
    leases: Vec<String>,
    /// Issues of whose making no event tells.
    events: Vec<String>,
    /// How many files and lines came back.
    n_restored: usize,
    /// How many are kept aside, since another branch's version lies there.
    n_aside: usize,
}

impl Verdict {
    fn n_bad(&self) -> usize {
        self.unnamed.len() + self.missing.len() + self.leases.len() + self.events.len()
    }
}

fn judge(repo: &Repo, promises: &Promises) -> Verdict {
    let root = repo.root();
    let in_files = |id: &str| {
        let content = std::fs::read_to_string(root.join(path_of(id))).unwrap_or_default();
        step_of(&content)
    };
    let findings = Answer::of(&mut jit(root, &["validate", "--json"]));
    let named: BTreeSet<String> = findings
        .json()
        .as_array()
        .into_iter()
        .flatten()
        .filter(|finding| CODES.iter().any(|code| finding["code"] == *code))
        .filter_map(|finding| finding["path"].as_str().map(str::to_owned))
        .collect();
    let mut verdict = Verdict::default();
    let absent = |id: &str, step: u64| {
        in_files(id).is_none_or(|found| found < step)
            && step_in_git(root, id).is_none_or(|found| found < step)
    };
    for (id, promise) in promises {
        if !named.contains(&path_of(id)) && absent(id, promise.step) {
            verdict.unnamed.push(id.clone());
        }
    }
    let recovered = repo.json(&["recover"]);
    let rows = recovered.as_array().expect("a list");
    let aside: BTreeSet<&str> = rows
        .iter()
        .filter(|row| row["outcome"] == "kept_aside")
        .filter_map(|row| row["issue"].as_str())
        .collect();
    verdict.n_aside = aside.len();
    verdict.n_restored = rows.len() - aside.len();
    let lost = |(id, promise): &(&String, &Acknowledged)| {
        !aside.contains(id.as_str()) && absent(id, promise.step)
    };
    verdict.missing = promises
        .iter()
        .filter(lost)
        .map(|(id, _)| id.clone())
        .collect();
    let leases = repo.json(&["lease", "list"]);
    let held: BTreeSet<(&str, u64)> = leases
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|lease| Some((lease["issue"].as_str()?, lease["epoch"].as_u64()?)))
        .collect();
    let ended = |(id, promise): &(&String, &Acknowledged)| {
        promise.epoch > 0 && !held.contains(&(id.as_str(), promise.epoch))
    };
    verdict.leases = promises
        .iter()
        .filter(ended)
        .map(|(id, _)| id.clone())
        .collect();
    verdict.events = untold(repo, promises);
    verdict
}

/// Returns the issues whose making neither the log nor any segment in git tells.
fn untold(repo: &Repo, promises: &Promises) -> Vec<String> {
    let told: BTreeSet<String> = repo
        .events(&["--type", "issue.created"])
        .iter()
        .filter_map(|event| event["issue"].as_str().map(str::to_owned))
        .collect();
    let log = [
        "log",
        "--all",
        "--reflog",
        "--full-history",
        "-m",
        "-p",
        "--format=",
        "--",
        ".jit/events",
    ];
    let in_git = git(repo.root(), &log);
    let is_untold = |id: &&String| {
        let created = format!("\"issue\":\"{id}\"");
        let tells = |line: &str| line.contains(&created) && line.contains("\"issue.created\"");
        !told.contains(*id) && !in_git.lines().any(tells)
    };
    promises.keys().filter(is_untold).cloned().collect()
}

#[test]
fn what_was_acknowledged_survives_git() {
    let repo = prepared();
    let (promises, done) = storm(&repo, length());
    let verdict = judge(&repo, &promises);
    let n_acknowledged: u64 = promises
        .values()
        .map(|it| 1 + it.step + u64::from(it.epoch > 0))
        .sum();
    let n_git: u64 = done.values().sum();
    figures::record(
        "git storms: acknowledged changes",
        &json!({
            "writers": N_WRITERS,
            "acknowledged": n_acknowledged,
            "git_commands": n_git,
            "brought_back": verdict.n_restored,
            "kept_aside": verdict.n_aside,
            "bad": verdict.n_bad(),
        }),
    );
    assert_eq!(
        verdict.n_bad(),
        0,
        "{verdict:#?}\n{done:?}\nin {}",
        repo.root().display()
    );
    assert!(
        n_acknowledged > 50,
        "only {n_acknowledged} changes were acknowledged: {done:?}"
    );
    assert!(verdict.n_restored > 0, "git removed nothing: {done:?}");
    for verb in ["clean -xfdq", "reset -q", "checkout -q", "stash push"] {
        assert!(done[verb] > 0, "git never managed to {verb}: {done:?}");
    }
    // The store goes on, and nothing is lost any more.
    repo.create("after the storm");
    assert_eq!(
        repo.jit(&["recover"]).stdout.lines().count(),
        verdict.n_aside
    );
}

#[test]
fn a_store_without_a_spool_would_be_caught() {
    let repo = prepared();
    let promises = Mutex::new(Promises::new());
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| write(repo.root(), 0, &stop, &promises));
        let deadline = Instant::now() + Duration::from_mins(1);
        while promises.lock().expect("no panic").len() < 15 && Instant::now() < deadline {
            thread::yield_now();
        }
        stop.store(true, Ordering::Relaxed);
    });
    git(repo.root(), &["clean", "-xfdq"]);
    for name in ["spool", "wal"] {
        let path = repo.root().join(".git/jit").join(name);
        let gone = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        gone.expect("it was there");
    }
    let verdict = judge(&repo, &promises.into_inner().expect("no panic"));
    assert!(
        verdict.unnamed.len() >= 15 && verdict.missing.len() >= 15,
        "{verdict:?}"
    );
    assert!(
        verdict.leases.is_empty(),
        "git does not reach them: {verdict:?}"
    );
}
