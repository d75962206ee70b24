//! The laws of the merge, over random triples, and bugs that must break them.

use super::merge_edits::{Edit, any_edit, edited, issue};
use jit_core::Issue;
use jit_core::merge::{Irreconcilable, Merged, merge};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// How many triples are tried unless `JIT_MERGE_TRIPLES` says otherwise.
const N_TRIPLES: u32 = 5_000;

/// How many where every combination is tried.
const N_TRIPLES_THOROUGH: u32 = 500_000;

/// The version that both sides were made from, if anybody knows it, and the sides.
#[derive(Clone, Debug)]
struct Triple {
    base: Option<Issue>,
    ours: Issue,
    theirs: Issue,
}

fn any_triple() -> impl Strategy<Value = Triple> {
    let edits = || prop::collection::vec(any_edit(), 0..8);
    let side = || (edits(), 1_u8..5, prop::bool::weighted(0.1));
    let has_base = prop::bool::weighted(0.9);
    // A side may itself have been merged before.
    let merged = prop::option::weighted(0.2, side());
    (edits(), side(), side(), merged, has_base).prop_map(|(base, left, right, merged, has)| {
        let base = edited(&issue(), &base, 1, false);
        let make = |(edits, second, by_hand): (Vec<Edit>, u8, bool)| {
            edited(&base, &edits, second, by_hand)
        };
        let (mut ours, theirs) = (make(left), make(right));
        if let Some(third) = merged {
            ours = merge(Some(&base), &ours, &make(third)).unwrap().issue;
        }
        let base = has.then_some(base);
        Triple { base, ours, theirs }
    })
}

type MergeOf = fn(Option<&Issue>, &Issue, &Issue) -> Result<Merged, Irreconcilable>;

/// Returns every field with its bytes, so that what only looks equal is not.
fn bytes(issue: &Issue) -> String {
    format!("{:?}", issue.to_fields())
}

/// Tries all laws on one triple and says which one is broken.
fn broken_law(merge: MergeOf, triple: &Triple) -> Option<String> {
    let Triple { base, ours, theirs } = triple;
    let base = base.as_ref();
    let merged = match (merge(base, ours, theirs), merge(base, theirs, ours)) {
        (Ok(one), Ok(other)) if bytes(&one.issue) == bytes(&other.issue) => one,
        (one, other) => return Some(format!("m(O,A,B) = m(O,B,A): {one:?} {other:?}")),
    };
    let is = |base: &Issue, ours: &Issue, theirs: &Issue, expected: &Issue| {
        merge(Some(base), ours, theirs).is_ok_and(|merged| merged.issue == *expected)
    };
    if let Some(base) = base {
        if !is(base, ours, base, ours) || !is(base, base, theirs, theirs) {
            return Some("m(O,A,O) = A".to_owned());
        }
        let again = &merged.issue;
        if !is(base, again, again, again) || !is(ours, again, ours, again) {
            return Some("merging again changes nothing".to_owned());
        }
    }
    if !is(theirs, ours, ours, ours) {
        return Some("m(O,A,A) = A".to_owned());
    }
    lost(triple, &merged.issue).or_else(|| unsound(&merged))
}

/// Returns what a side added, or kept unknown, and the result has not.
fn lost(triple: &Triple, merged: &Issue) -> Option<String> {
    let nothing = issue();
    let base = triple.base.as_ref().unwrap_or(&nothing);
    for side in [&triple.ours, &triple.theirs] {
        let labels = side.labels.difference(&base.labels);
        let dependencies = side.dependencies.difference(&base.dependencies);
        let gates = side
            .gates
            .keys()
            .filter(|key| !base.gates.contains_key(*key));
        let comments = side.comments.iter().map(|comment| &comment.id);
        let mut new = comments.filter(|id| base.comments.iter().all(|it| it.id != **id));
        let texts = |issue: &Issue| -> Vec<String> {
            issue.checklist.iter().map(|it| it.text.clone()).collect()
        };
        let ids = |issue: &Issue| -> Vec<String> {
            issue.checklist.iter().map(|it| it.id.clone()).collect()
        };
        let criteria = side.checklist.iter();
        let mut criteria = criteria.filter(|item| !ids(base).contains(&item.id));
        let is_whole = labels.into_iter().all(|it| merged.labels.contains(it))
            && dependencies
                .into_iter()
                .all(|it| merged.dependencies.contains(it))
            && gates.into_iter().all(|it| merged.gates.contains_key(it))
            && new.all(|id| merged.comments.iter().any(|it| it.id == *id))
            && criteria.all(|item| texts(merged).contains(&item.text));
        if !is_whole {
            return Some(format!("an element that was added is lost: {side:?}"));
        }
        let unknown = side.extra.iter().filter(|(name, _)| name.starts_with("x_"));
        let stands = |name: &String| {
            let in_base = base.extra.get(name);
            merged.extra.contains_key(name)
                || in_base.is_some_and(|it| side.extra.get(name) == Some(it))
        };
        for (name, _) in unknown {
            if !stands(name) {
                return Some(format!("the unknown member {name} is lost"));
            }
        }
    }
    None
}

/// Returns what a merged issue must not be.
fn unsound(merged: &Merged) -> Option<String> {
    let issue = &merged.issue;
    if issue.state.is_resolved() != issue.closed_at.is_some() {
        return Some("the state and closed_at contradict each other".to_owned());
    }
    if Issue::from_fields(issue.to_fields()).as_ref() != Ok(issue) {
        return Some("the result does not read back".to_owned());
    }
    (merged.n_conflicts > 0 && issue.conflicts().is_empty())
        .then(|| "a conflict is not kept".to_owned())
}

/// Returns the first law that a merge breaks within so many triples.
fn first_broken(merge: MergeOf, n_triples: u32) -> Option<String> {
    let mut runner = TestRunner::new(Config {
        cases: n_triples,
        rng_seed: RngSeed::Fixed(0x6d65_7267_6500_0001),
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&any_triple(), |triple| match broken_law(merge, &triple) {
        None => Ok(()),
        Some(law) => Err(TestCaseError::fail(law)),
    });
    outcome.err().map(|error| error.to_string())
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the nightly lane asks for more")]
fn every_law_holds_for_random_triples() {
    let asked = std::env::var("JIT_MERGE_TRIPLES").ok();
    let is_thorough = std::env::var_os("JIT_TORTURE").is_some();
    let lane = if is_thorough {
        N_TRIPLES_THOROUGH
    } else {
        N_TRIPLES
    };
    let n_triples = asked.map_or(lane, |text| text.parse().expect("a number"));
    if let Some(law) = first_broken(merge, n_triples) {
        panic!("{law}");
    }
}

/// The later version, whole.
fn last_writer_wins(
    base: Option<&Issue>,
    ours: &Issue,
    theirs: &Issue,
) -> Result<Merged, Irreconcilable> {
    if base == Some(ours) || base == Some(theirs) {
        return merge(base, ours, theirs);
    }
    let key = |issue: &Issue| (issue.updated_at, bytes(issue));
    let issue = if key(ours) >= key(theirs) {
        ours
    } else {
        theirs
    }
    .clone();
    Ok(Merged {
        issue,
        n_conflicts: 0,
    })
}

/// Sides named after whoever merges.
fn ours_first(
    base: Option<&Issue>,
    ours: &Issue,
    theirs: &Issue,
) -> Result<Merged, Irreconcilable> {
    let mut merged = merge(base, ours, theirs)?;
    if merged.n_conflicts > 0 {
        merged.issue.title.clone_from(&ours.title);
    }
    Ok(merged)
}

/// Sets as the intersection of the sides.
fn intersect(base: Option<&Issue>, ours: &Issue, theirs: &Issue) -> Result<Merged, Irreconcilable> {
    let mut merged = merge(base, ours, theirs)?;
    if ours != theirs && base != Some(ours) && base != Some(theirs) {
        merged.issue.labels = ours.labels.intersection(&theirs.labels).cloned().collect();
    }
    Ok(merged)
}

/// Members that nobody knows are left out.
fn forgetful(base: Option<&Issue>, ours: &Issue, theirs: &Issue) -> Result<Merged, Irreconcilable> {
    let mut merged = merge(base, ours, theirs)?;
    merged.issue.extra.retain(|name, _| !name.starts_with("x_"));
    Ok(merged)
}

/// Every merge is a new version, also where nothing was to be merged.
fn restless(base: Option<&Issue>, ours: &Issue, theirs: &Issue) -> Result<Merged, Irreconcilable> {
    let mut merged = merge(base, ours, theirs)?;
    merged.issue.rev += 1;
    Ok(merged)
}

#[test]
fn every_seeded_bug_breaks_a_law() {
    let bugs: [(&str, MergeOf); 5] = [
        ("last writer wins", last_writer_wins),
        ("ours first", ours_first),
        ("intersect", intersect),
        ("forgetful", forgetful),
        ("restless", restless),
    ];
    for (name, bug) in bugs {
        assert!(first_broken(bug, 500).is_some(), "{name} went unnoticed");
    }
}
