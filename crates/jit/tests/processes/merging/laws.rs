//! What must hold once all branches are one.
//!
//! Owns the laws. Each says how it was broken instead of ending the test, so that a wrong driver can be shown to break one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Tally;
use super::branches::World;
use crate::support::program::{Answer, git, jit};

/// How a law was broken.
#[derive(Clone, Debug)]
pub(super) struct Broken(pub(super) String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Breaks off unless it is so.
pub(super) fn insist(is_so: bool, told: impl FnOnce() -> String) -> Result<(), Broken> {
    if is_so { Ok(()) } else { Err(Broken(told())) }
}

/// Checks the merged repository, and a clone of it.
pub(super) fn hold(world: &World, mut tally: Tally) -> Result<Tally, Broken> {
    check_files(world)?;
    let files = issues(world.repo.root())?;
    check_added(world, &files)?;
    let events = events(world.repo.root())?;
    check_events(world, &events)?;
    tally.events = u32::try_from(events.len()).expect("there are few");
    let ready = world.repo.jit(&["query", "ready", "--json"]);
    insist(ready.code == Some(0), || format!("query ready: {ready:?}"))?;
    let clone = clone(world)?;
    let there = self::events(&clone)?;
    insist(there == events, || {
        "the clone tells another order of events".to_owned()
    })?;
    let has_cycle = has_cycle(&files);
    tally.cycles = u32::from(has_cycle);
    check_validate(world, has_cycle)?;
    if has_cycle {
        mend_alike(world.repo.root(), &clone)?;
    }
    Ok(tally)
}

/// Every file of the store is whole: valid JSON, its own issue, no markers.
pub(super) fn check_files(world: &World) -> Result<(), Broken> {
    for (id, (text, issue)) in issues(world.repo.root())? {
        insist(issue["id"] == id.as_str(), || format!("{id} holds {text}"))?;
    }
    for path in files(&world.repo.root().join(".jit")) {
        let bytes = std::fs::read(&path).unwrap_or_default();
        let has_markers = bytes
            .split(|byte| *byte == b'\n')
            .any(|line| line.starts_with(b"<<<<<<<"));
        insist(!has_markers, || format!("markers in {}", path.display()))?;
    }
    Ok(())
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Reads every issue file.
fn issues(root: &Path) -> Result<BTreeMap<String, (String, Value)>, Broken> {
    let mut found = BTreeMap::new();
    for path in files(&root.join(".jit/issues")) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let id = stem.unwrap_or_default().to_owned();
        let issue: Value = serde_json::from_str(&text)
            .map_err(|error| Broken(format!("{} is no JSON: {error}", path.display())))?;
        found.insert(id, (text, issue));
    }
    Ok(found)
}

/// What a branch added to a set or a list is there.
fn check_added(world: &World, files: &BTreeMap<String, (String, Value)>) -> Result<(), Broken> {
    for (id, text) in world.added.borrow().iter() {
        let stored = files.get(id).map(|(text, _)| text.as_str());
        let is_there = stored.is_some_and(|stored| stored.contains(text));
        insist(is_there, || format!("{id} has lost {text}: {stored:?}"))?;
    }
    Ok(())
}

/// Returns the ids of all events in the order that is shown.
fn events(root: &Path) -> Result<Vec<String>, Broken> {
    let answer = Answer::of(&mut jit(root, &["events", "export", "--json"]));
    insist(answer.code == Some(0), || {
        format!("events export: {answer:?}")
    })?;
    let lines = answer.stdout.lines().map(|line| {
        let event: Value = serde_json::from_str(line).unwrap_or_default();
        event["id"].as_str().unwrap_or_default().to_owned()
    });
    Ok(lines.collect())
}

/// No event of any branch is missing, and none is told twice.
fn check_events(world: &World, events: &[String]) -> Result<(), Broken> {
    let found: BTreeSet<&String> = events.iter().collect();
    insist(found.len() == events.len(), || {
        "an event is told twice".to_owned()
    })?;
    let known = world.events.borrow();
    let lost: Vec<&String> = known.iter().filter(|id| !found.contains(id)).collect();
    insist(lost.is_empty(), || format!("lost events: {lost:?}"))
}

fn clone(world: &World) -> Result<PathBuf, Broken> {
    let status = git(world.repo.root(), &["status", "--porcelain"]);
    insist(status.is_empty(), || {
        format!("not all is committed: {status}")
    })?;
    let place = world.repo.neighbour("clone");
    let path = place.to_str().expect("it is UTF-8");
    git(world.repo.root(), &["clone", "-q", ".", path]);
    Answer::of(&mut jit(&place, &["init"])).succeeded("jit init in a clone");
    Ok(place)
}

/// `validate` finds nothing but the cycles that there are.
fn check_validate(world: &World, has_cycle: bool) -> Result<(), Broken> {
    let arguments = ["validate", "--level", "full", "--json"];
    let answer = world.repo.jit(&arguments);
    let findings: Vec<Value> = serde_json::from_str(&answer.stdout).unwrap_or_default();
    let codes: BTreeSet<&str> = findings
        .iter()
        .filter_map(|it| it["code"].as_str())
        .collect();
    let expected = BTreeSet::from_iter(has_cycle.then_some("cycle"));
    insist(codes == expected, || {
        format!("expected {expected:?}, validate says {answer:?}")
    })
}

/// Two clones that mend the cycle each by itself come to the same edges.
fn mend_alike(here: &Path, there: &Path) -> Result<(), Broken> {
    let mut edges = Vec::new();
    for root in [here, there] {
        let answer = Answer::of(&mut jit(root, &["validate", "--fix"]));
        insist(answer.code == Some(0), || {
            format!("validate --fix: {answer:?}")
        })?;
        let files = issues(root)?;
        insist(!has_cycle(&files), || "the cycle is still there".to_owned())?;
        edges.push(dependencies(&files));
    }
    insist(edges[0] == edges[1], || {
        format!("mended differently: {edges:?}")
    })
}

/// The edges between issues that are there.
type Edges = BTreeMap<String, BTreeSet<String>>;

fn dependencies(files: &BTreeMap<String, (String, Value)>) -> Edges {
    let targets = |issue: &Value| {
        let items = issue["dependencies"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let ids = items.iter().filter_map(Value::as_str);
        let known = ids.filter(|id| files.contains_key(*id));
        known.map(str::to_owned).collect()
    };
    let edges = files.iter();
    edges
        .map(|(id, (_, issue))| (id.clone(), targets(issue)))
        .collect()
}

/// Returns whether unresolved issues wait for themselves, found by taking away what waits for nothing.
fn has_cycle(files: &BTreeMap<String, (String, Value)>) -> bool {
    let edges = dependencies(files);
    let mut left: BTreeSet<&String> = edges.keys().collect();
    loop {
        let is_free = |id: &&String| edges[*id].iter().all(|target| !left.contains(target));
        let free: Vec<&String> = left.iter().copied().filter(|id| is_free(id)).collect();
        if free.is_empty() {
            return !left.is_empty();
        }
        for id in free {
            left.remove(id);
        }
    }
}
