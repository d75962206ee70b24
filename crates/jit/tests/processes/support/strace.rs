//! System calls of a command: listing them, and making one of them the last or a failing one.
//!
//! Owns the strace command lines and the reading of a trace. Refuses to judge what a command did.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use tempfile::NamedTempFile;

use super::figures;
use super::program::{Answer, JIT, program};

/// Which threads strace counts the calls of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Thread {
    /// The first one alone; the others run untraced.
    Main,
    /// Any: strace counts for each thread by itself, and the first to get there is hit.
    Any,
}

/// One system call of a run: the `nth` of its name in its thread.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Point {
    /// Whose calls are counted.
    pub thread: Thread,
    /// The name of the call.
    pub name: String,
    /// The number of the call among those of its name, from 1.
    pub nth: usize,
}

/// How a call fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Persistence {
    /// Only this one.
    Once,
    /// This one and all later ones of its name.
    Forever,
}

/// What a run did, call by call.
pub(crate) struct Trace {
    /// How the traced run ended.
    pub answer: Answer,
    calls: Vec<TracedCall>,
}

struct TracedCall {
    point: Point,
    line: String,
}

/// Returns whether strace can be used; fails the test if it is missing and nobody said so.
pub(crate) fn is_available(test: &str) -> bool {
    let works = program("strace", &std::env::temp_dir())
        .args(["-qq", "-o", "/dev/null", "true"])
        .output();
    if works.is_ok_and(|output| output.status.success()) {
        return true;
    }
    let is_known = std::env::var("JIT_TEST_MISSING")
        .is_ok_and(|missing| missing.contains("strace"))
        || std::env::var_os("JIT_TESTS_OFFLINE").is_some();
    assert!(
        is_known,
        "strace is missing or may not trace; `cargo xtask test` installs it, JIT_TESTS_OFFLINE=1 goes without"
    );
    figures::leave_out(&format!("strace is missing: {test}"));
    false
}

/// Runs a `jit` command and lists its system calls.
pub(crate) fn trace(dir: &Path, command: &[String]) -> Trace {
    let log = NamedTempFile::new().expect("a temporary file can be made");
    let path = log.path().to_str().expect("its path is text");
    let answer = strace(dir, &["-f", "-o", path], command);
    let text = fs::read(log.path()).expect("the trace can be read");
    Trace {
        answer,
        calls: parse(&String::from_utf8_lossy(&text)),
    }
}

/// Runs a `jit` command and kills it with signal 9 instead of letting it make a call.
pub(crate) fn kill_at(point: &Point, dir: &Path, command: &[String]) -> Answer {
    let Point { name, nth, .. } = point;
    inject(
        point,
        &format!("inject={name}:signal=SIGKILL:when={nth}"),
        dir,
        command,
    )
}

/// Runs a `jit` command and makes a call fail without having done anything.
pub(crate) fn fail_at(
    point: &Point,
    errno: &str,
    persistence: Persistence,
    dir: &Path,
    command: &[String],
) -> Answer {
    let Point { name, nth, .. } = point;
    let rest = match persistence {
        Persistence::Once => "",
        Persistence::Forever => "+",
    };
    inject(
        point,
        &format!("inject={name}:error={errno}:when={nth}{rest}"),
        dir,
        command,
    )
}

/// Starts a `jit` command that pauses in front of each call of a name, and leaves it running.
pub(crate) fn pause_before(name: &str, pause: Duration, dir: &Path, command: &[String]) -> Child {
    let injection = format!("inject={name}:delay_enter={}", pause.as_micros());
    let mut strace = program("strace", dir);
    strace
        .args(["-qq", "-f", "-o", "/dev/null", "-e"])
        .arg(format!("trace={name}"))
        .args(["-e", &injection, JIT])
        .args(command);
    strace.stdout(Stdio::piped()).stderr(Stdio::piped());
    strace.spawn().expect("strace can be started")
}

fn inject(point: &Point, injection: &str, dir: &Path, command: &[String]) -> Answer {
    let traced = format!("trace={}", point.name);
    let common = ["-o", "/dev/null", "-e", &traced, "-e", injection];
    match point.thread {
        Thread::Main => strace(dir, &common, command),
        Thread::Any => strace(dir, &[&["-f"], &common[..]].concat(), command),
    }
}

fn strace(dir: &Path, options: &[&str], command: &[String]) -> Answer {
    Answer::in_time(
        program("strace", dir)
            .arg("-qq")
            .args(options)
            .arg(JIT)
            .args(command),
    )
}

impl Trace {
    /// Returns every call from the first that can concern the store, those of other threads included.
    ///
    /// What comes before is the loader's and the runtime's; no path of the repository was named yet and the working
    /// directory not asked for.
    pub(crate) fn points_from_store(&self, root: &Path) -> Vec<Point> {
        let root = root.to_string_lossy();
        let touches = |call: &TracedCall| {
            let line = call.line.as_str();
            !line.starts_with("execve(")
                && (line.contains(&*root)
                    || line.contains(".git")
                    || line.contains(".jit")
                    || line.starts_with("getcwd("))
        };
        let first = self
            .calls
            .iter()
            .position(touches)
            .expect("the command touches the store");
        // Two threads beside the main one may share a point, since strace counts for each.
        let mut known = BTreeSet::new();
        self.calls[first..]
            .iter()
            .map(|call| call.point.clone())
            .filter(|point| known.insert(point.clone()))
            .collect()
    }

    /// Returns how often each call of the run was made, whatever thread made it.
    pub(crate) fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for call in &self.calls {
            *counts.entry(call.point.name.as_str()).or_default() += 1;
        }
        counts
    }

    /// Returns the text of each call, as strace shows it.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        self.calls.iter().map(|call| call.line.as_str())
    }
}

fn parse(text: &str) -> Vec<TracedCall> {
    let mut main: Option<&str> = None;
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        let Some((thread, call)) = line
            .split_once(' ')
            .map(|(thread, rest)| (thread, rest.trim_start()))
        else {
            continue;
        };
        // Ends, signals and second halves of calls that were interrupted by another thread are no calls of their own.
        if call.starts_with(['<', '+', '-']) {
            continue;
        }
        let Some((name, _)) = call.split_once('(') else {
            continue;
        };
        let is_main = *main.get_or_insert(thread) == thread;
        let nth = counts.entry((thread, name)).or_default();
        *nth += 1;
        let point = Point {
            thread: if is_main { Thread::Main } else { Thread::Any },
            name: name.to_owned(),
            nth: *nth,
        };
        calls.push(TracedCall {
            point,
            line: call.to_owned(),
        });
    }
    calls
}

#[test]
fn a_trace_counts_the_calls_of_each_thread() {
    let text = "7 execve(\"/jit\", [\"jit\"], 0x7 /* 3 vars */) = 0\n7 openat(AT_FDCWD, \"a\", O_RDONLY) = 3\n8  read(3, <unfinished ...>\n\
                7 read(3, \"x\", 1) = 1\n8 <... read resumed>\"\", 1) = 0\n7 openat(AT_FDCWD, \"b\", O_RDONLY) = 4\n8 +++ exited with 0 +++\n";
    let points: Vec<String> = parse(text)
        .iter()
        .map(|call| {
            format!(
                "{:?} {} {}",
                call.point.thread, call.point.name, call.point.nth
            )
        })
        .collect();
    assert_eq!(
        points,
        [
            "Main execve 1",
            "Main openat 1",
            "Any read 1",
            "Main read 1",
            "Main openat 2"
        ]
    );
}
