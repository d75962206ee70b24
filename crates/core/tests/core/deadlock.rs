//! What counts as a cycle is exactly what can never be finished.

use jit_core::{Assignee, Issue, IssueId, Snapshot, State, Timestamp, graph};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Number of issues in a case; edges are drawn between all of them, so most cases have cycles of some kind.
const N: usize = 6;

#[derive(Clone, Debug)]
struct Case {
    dependencies: Vec<(usize, usize)>,
    parents: Vec<Option<usize>>,
}

fn case() -> impl Strategy<Value = Case> {
    let parents = vec(proptest::option::weighted(0.4, 0..N), N);
    (vec((0..N, 0..N), 0..7), parents).prop_map(|(dependencies, parents)| Case {
        dependencies,
        parents,
    })
}

fn id(place: usize) -> IssueId {
    IssueId::from_random(place as u64)
}

impl Case {
    fn snapshot(&self) -> Snapshot {
        let by = Assignee::parse("human:ada").unwrap();
        let issue = |place: usize| Issue {
            dependencies: self.dependencies_of(place).map(id).collect(),
            parent: self.parents[place].map(id),
            ..Issue::new(
                id(place),
                "A title".to_owned(),
                by.clone(),
                Timestamp::from_micros(0),
            )
        };
        Snapshot::new((0..N).map(issue), [], [], Vec::new())
    }

    fn dependencies_of(&self, place: usize) -> impl Iterator<Item = usize> {
        self.dependencies
            .iter()
            .filter(move |(from, _)| *from == place)
            .map(|(_, to)| *to)
    }

    fn has_parent_circle(&self) -> bool {
        (0..N).any(|start| {
            let chain = std::iter::successors(self.parents[start], |place| self.parents[*place]);
            chain.take(N + 1).any(|place| place == start)
        })
    }

    /// Finishes whatever can be finished until nothing more can; says whether everything was.
    fn can_be_finished(&self) -> bool {
        let mut finished: BTreeSet<usize> = BTreeSet::new();
        loop {
            let may_finish = |place: &usize| {
                let ancestors =
                    std::iter::successors(self.parents[*place], |place| self.parents[*place]);
                let waits = std::iter::once(*place)
                    .chain(ancestors.take(N))
                    .all(|place| {
                        self.dependencies_of(place)
                            .all(|dependency| finished.contains(&dependency))
                    });
                let children = (0..N).filter(|child| self.parents[*child] == Some(*place));
                waits && children.into_iter().all(|child| finished.contains(&child))
            };
            let next: Vec<usize> = (0..N)
                .filter(|place| !finished.contains(place))
                .filter(may_finish)
                .collect();
            if next.is_empty() {
                return finished.len() == N;
            }
            finished.extend(next);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_known_of_cycles_stays_true_through_changes(cases in vec((case(), vec(any::<bool>(), N)), 1..5)) {
        let mut known = Snapshot::default();
        for (case, resolved) in cases {
            for (place, is_resolved) in resolved.into_iter().enumerate() {
                let state = if is_resolved { State::Done } else { State::Open };
                let issue = case.snapshot().issue(&id(place)).cloned().expect("every case has every issue");
                known.put_issue(Issue { state, ..issue });
                let fresh = Snapshot::new(known.issues().cloned(), [], [], Vec::new());
                prop_assert_eq!(known.cyclic(), fresh.cyclic());
            }
        }
    }

    #[test]
    fn a_graph_has_a_cycle_exactly_if_it_cannot_be_finished(case in case()) {
        let snapshot = case.snapshot();
        let cyclic = graph::cyclic_issues(&snapshot, snapshot.issues());
        prop_assert_eq!(cyclic.is_empty(), case.can_be_finished() && !case.has_parent_circle());
        for place in 0..N {
            let path = graph::cycle_through(&snapshot, &id(place));
            prop_assert_eq!(path.is_some(), cyclic.contains(&id(place)));
        }
    }
}
