//! Processes that claim, renew, write, release and finish a few issues, each disturbed now and then.
//!
//! Owns the workers, their choices and the faults. Refuses to judge what they are told.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::history::{Call, History, Nanos, Op, Outcome};
use crate::support::chance::Chance;
use crate::support::program::{Answer, jit};
use crate::support::repo::Repo;

/// Whether the epoch that a worker presents reaches `jit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fencing {
    /// It does.
    Kept,
    /// It is dropped on the way: a tracker that forgets to check it.
    Dropped,
}

/// How a history is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) n_workers: usize,
    pub(super) n_issues: usize,
    /// Calls of all workers together.
    pub(super) n_calls: usize,
    pub(super) ttl: Duration,
    /// The longest that a process is stopped.
    pub(super) longest_pause: Duration,
    pub(super) fencing: Fencing,
}

/// What was done to the processes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    /// Processes that were killed.
    pub(super) kills: usize,
    /// Processes that were stopped for a while.
    pub(super) pauses: usize,
    /// Calls that were told to come again later.
    pub(super) busy: usize,
}

/// What a worker knows of an issue: perhaps no longer true, which is the point.
#[derive(Clone, Copy, Debug, Default)]
struct Knowledge {
    epoch: Option<u64>,
    /// A claim whose answer never came.
    unanswered: Option<u64>,
}

struct Worker<'a> {
    repo: &'a Repo,
    issues: &'a [String],
    plan: Plan,
    begun: Instant,
    number: usize,
    chance: Chance,
    known: Vec<Knowledge>,
    n_keys: u64,
    faults: Faults,
}

/// Lets all workers run, and returns what each issue saw.
pub(super) fn run(repo: &Repo, plan: Plan) -> (BTreeMap<String, History>, Faults) {
    let issues: Vec<String> = (0..plan.n_issues)
        .map(|number| repo.create(&format!("issue {number}")))
        .collect();
    let begun = Instant::now();
    let kept: Mutex<Vec<(usize, Op)>> = Mutex::default();
    let faults: Mutex<Faults> = Mutex::default();
    thread::scope(|scope| {
        for number in 0..plan.n_workers {
            let (issues, kept, faults) = (&issues, &kept, &faults);
            scope.spawn(move || {
                let mut worker = Worker {
                    repo,
                    issues,
                    plan,
                    begun,
                    number,
                    chance: Chance::new(plan.seed * 1_000 + number as u64),
                    known: vec![Knowledge::default(); issues.len()],
                    n_keys: 0,
                    faults: Faults::default(),
                };
                let ops = worker.work(plan.n_calls / plan.n_workers);
                kept.lock().expect("no worker panics").extend(ops);
                let mut all = faults.lock().expect("no worker panics");
                all.kills += worker.faults.kills;
                all.pauses += worker.faults.pauses;
                all.busy += worker.faults.busy;
            });
        }
    });
    let mut by_issue: BTreeMap<String, Vec<Op>> = BTreeMap::new();
    for (place, op) in kept.into_inner().expect("no worker panics") {
        by_issue.entry(issues[place].clone()).or_default().push(op);
    }
    let ttl = nanos(plan.ttl);
    let histories = by_issue
        .into_iter()
        .map(|(issue, ops)| (issue, History::new(ttl, ops)));
    (
        histories.collect(),
        faults.into_inner().expect("no worker panics"),
    )
}

fn nanos(span: Duration) -> Nanos {
    u64::try_from(span.as_nanos()).expect("a test takes less than centuries")
}

impl Worker<'_> {
    fn work(&mut self, n_calls: usize) -> Vec<(usize, Op)> {
        let mut ops = Vec::with_capacity(n_calls);
        for _ in 0..n_calls {
            let place = self.chance.below(self.issues.len() as u64);
            let place = usize::try_from(place).expect("it is small");
            let call = self.choose(place);
            let called = nanos(self.begun.elapsed());
            let answer = self.ask(place, call);
            let returned = nanos(self.begun.elapsed());
            let Some(outcome) = self.understand(call, &answer) else {
                continue;
            };
            self.learn(place, call, outcome);
            ops.push((
                place,
                Op {
                    call,
                    outcome,
                    called,
                    returned,
                },
            ));
        }
        ops
    }

    fn choose(&mut self, place: usize) -> Call {
        let known = self.known[place];
        if let Some(key) = known.unanswered {
            return Call::Claim(key);
        }
        let die = self.chance.below(100);
        match known.epoch {
            Some(epoch) => match die {
                0..25 => Call::Renew(epoch),
                25..50 => Call::Write(epoch),
                50..65 => Call::Release(epoch),
                65..80 => Call::Done(epoch),
                80..95 => self.new_claim(),
                _ => Call::Reopen,
            },
            None if die < 75 => self.new_claim(),
            None => Call::Reopen,
        }
    }

    fn new_claim(&mut self) -> Call {
        self.n_keys += 1;
        Call::Claim(self.number as u64 * 1_000_000 + self.n_keys)
    }

    fn arguments(&mut self, place: usize, call: Call) -> Vec<String> {
        let id = self.issues[place].as_str();
        let mark = format!("m{}", self.chance.below(1 << 20));
        let ttl = format!("{}ms", self.plan.ttl.as_millis());
        let who = format!("agent:w{}", self.number);
        let (words, epoch): (Vec<&str>, _) = match call {
            Call::Claim(_) => (vec!["issue", "claim", id, &who, "--ttl", &ttl], None),
            Call::Renew(epoch) => (vec!["lease", "renew", id], Some(epoch)),
            Call::Write(epoch) => (vec!["issue", "update", id, "--label", &mark], Some(epoch)),
            Call::Release(epoch) => (vec!["issue", "release", id, "--force"], Some(epoch)),
            Call::Done(epoch) => (vec!["issue", "done", id], Some(epoch)),
            Call::Reopen => (vec!["issue", "reopen", id], None),
        };
        let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        if let Call::Claim(key) = call {
            words.extend(["--key".to_owned(), format!("key-{key}")]);
        }
        let is_renewal = matches!(call, Call::Renew(_));
        if let Some(epoch) = epoch.filter(|_| self.plan.fencing == Fencing::Kept || is_renewal) {
            words.extend(["--epoch".to_owned(), epoch.to_string()]);
        }
        words.push("--json".to_owned());
        words
    }

    fn ask(&mut self, place: usize, call: Call) -> Answer {
        let arguments = self.arguments(place, call);
        let mut command = jit(self.repo.root(), &arguments);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().expect("jit can be started");
        self.disturb(&child);
        child
            .wait_with_output()
            .expect("a child can be waited for")
            .into()
    }

    /// Kills or stops the process at a random moment of its short life, or lets it be.
    fn disturb(&mut self, child: &Child) {
        let signal = |signal| {
            let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
            // It may have ended by itself; nobody has buried it yet, so that its number is still its own.
            kill_process(pid.expect("a child has a number"), signal).expect("it is our child");
        };
        let moment = Duration::from_micros(self.chance.below(25_000));
        match self.chance.below(100) {
            0..4 => {
                thread::sleep(moment);
                signal(Signal::KILL);
                self.faults.kills += 1;
            }
            4..8 => {
                let longest = u64::try_from(self.plan.longest_pause.as_millis());
                let pause = 100 + self.chance.below(longest.expect("pauses are short"));
                thread::sleep(moment);
                signal(Signal::STOP);
                thread::sleep(Duration::from_millis(pause));
                signal(Signal::CONT);
                self.faults.pauses += 1;
            }
            _ => {}
        }
    }

    /// Returns what an answer means; none if nothing was done because others were in the way.
    fn understand(&mut self, call: Call, answer: &Answer) -> Option<Outcome> {
        let outcome = match answer.code {
            Some(0) => match call {
                Call::Claim(_) => {
                    let epoch = answer.json()["epoch"].as_u64();
                    Outcome::Granted(epoch.expect("a claim has an epoch"))
                }
                Call::Renew(_) => Outcome::Done(true),
                Call::Write(_) | Call::Release(_) | Call::Done(_) | Call::Reopen => {
                    Outcome::Done(answer.json()["changed"] == true)
                }
            },
            Some(4) => Outcome::Refused,
            Some(6) => Outcome::Held,
            Some(7) => Outcome::Lost,
            Some(8) => {
                self.faults.busy += 1;
                return None;
            }
            Some(11) => Outcome::Unknown,
            None if answer.signal == Some(Signal::KILL.as_raw()) => Outcome::Unknown,
            _ => panic!("{call:?} ended otherwise than it can: {answer:?}"),
        };
        Some(outcome)
    }

    /// A worker often goes on with an epoch that it was told is over, as one does that was not listening.
    fn learn(&mut self, place: usize, call: Call, outcome: Outcome) {
        let forgets = self.chance.below(2) == 0;
        let known = &mut self.known[place];
        match (call, outcome) {
            (Call::Claim(key), Outcome::Unknown) => known.unanswered = Some(key),
            (Call::Claim(_), Outcome::Granted(epoch)) => {
                (known.epoch, known.unanswered) = (Some(epoch), None);
            }
            (Call::Claim(_), _) => known.unanswered = None,
            (_, Outcome::Lost) if forgets => known.epoch = None,
            _ => {}
        }
    }
}
