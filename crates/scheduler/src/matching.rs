//! Owns which sets of issues fit on the agents together. Issues come in one by one, best first, and each is placed if
//! any rearrangement of what was placed before makes room: the sets that fit form a transversal matroid, so what comes
//! out is the lexicographically best set. Live runs are never moved; they are not in here at all.

use std::collections::{BTreeMap, VecDeque};

/// Counts how many issues of each kind are placed in each class of agents. Kinds and classes are indices that the caller
/// gives a meaning.
#[derive(Debug)]
pub(crate) struct Matching {
    /// For each kind, the classes that could run it, best first.
    options: Vec<Vec<usize>>,
    /// Free slots of each class.
    free: Vec<usize>,
    /// For each class, how many issues of each kind it has.
    placed: Vec<BTreeMap<usize, usize>>,
    /// Classes that are full for good.
    is_closed: Vec<bool>,
}

/// How a class was reached by a search: by moving an issue of this kind over from that class.
#[derive(Debug, Clone, Copy)]
struct Step {
    class: usize,
    kind: usize,
}

/// What a search for a free slot found.
#[derive(Debug)]
struct Search {
    /// The class with a free slot.
    found: Option<usize>,
    /// The visited classes, in the order of the visit.
    visited: Vec<usize>,
    /// For each class, how it was reached; nothing for those where the search began.
    came_by: BTreeMap<usize, Option<Step>>,
}

impl Matching {
    /// Starts with nothing placed.
    pub(crate) fn new(options: Vec<Vec<usize>>, free: Vec<usize>) -> Self {
        let placed = vec![BTreeMap::new(); free.len()];
        let is_closed = vec![false; free.len()];
        Self {
            options,
            free,
            placed,
            is_closed,
        }
    }

    /// Places one more issue of the kind. Returns the class that has one more issue than before, or nothing if it does
    /// not fit: then it never will, whatever else is placed.
    pub(crate) fn place(&mut self, kind: usize) -> Option<usize> {
        if let Some(class) = self.options[kind]
            .iter()
            .copied()
            .find(|&class| self.free[class] > 0)
        {
            self.free[class] -= 1;
            *self.placed[class].entry(kind).or_insert(0) += 1;
            return Some(class);
        }
        let search = self.search(kind);
        let Some(end) = search.found else {
            // No slot is free in these classes, and whatever could leave them can only go to another of them.
            for class in search.visited {
                self.is_closed[class] = true;
            }
            return None;
        };
        self.free[end] -= 1;
        let mut class = end;
        while let Some(step) = search.came_by[&class] {
            *self.placed[class].entry(step.kind).or_insert(0) += 1;
            take_one(&mut self.placed[step.class], step.kind);
            class = step.class;
        }
        *self.placed[class].entry(kind).or_insert(0) += 1;
        Some(end)
    }

    /// Says whether one more issue of the kind would fit.
    pub(crate) fn has_place(&self, kind: usize) -> bool {
        self.search(kind).found.is_some()
    }

    /// Returns every class whose issues could make room for one of the kind by leaving or moving.
    pub(crate) fn rivals(&self, kind: usize) -> Vec<usize> {
        self.walk(kind, |_| false).visited
    }

    /// Returns, for each class, how many issues of each kind it has; those it has none of are not named.
    pub(crate) fn placed(&self) -> &[BTreeMap<usize, usize>] {
        &self.placed
    }

    /// Looks for a free slot that becomes the kind's by moving placed issues along a chain of classes.
    fn search(&self, kind: usize) -> Search {
        self.walk(kind, |class| self.is_closed[class])
    }

    /// Visits the classes nearest first, so that as few issues as possible move.
    fn walk(&self, kind: usize, is_skipped: impl Fn(usize) -> bool) -> Search {
        let mut search = Search {
            found: None,
            visited: Vec::new(),
            came_by: BTreeMap::new(),
        };
        let mut queue = VecDeque::new();
        let mut expanded = vec![false; self.options.len()];
        expanded[kind] = true;
        let discover =
            |search: &mut Search, queue: &mut VecDeque<usize>, kind: usize, step: Option<Step>| {
                for &class in &self.options[kind] {
                    if !is_skipped(class) && !search.came_by.contains_key(&class) {
                        search.came_by.insert(class, step);
                        queue.push_back(class);
                    }
                }
            };
        discover(&mut search, &mut queue, kind, None);
        while let Some(class) = queue.pop_front() {
            if self.free[class] > 0 {
                search.found = Some(class);
                return search;
            }
            search.visited.push(class);
            for &moved in self.placed[class].keys() {
                if !expanded[moved] {
                    expanded[moved] = true;
                    discover(
                        &mut search,
                        &mut queue,
                        moved,
                        Some(Step { class, kind: moved }),
                    );
                }
            }
        }
        search
    }
}

/// Takes one issue of the kind from what a class has. Expects that there is one.
pub(crate) fn take_one(placed: &mut BTreeMap<usize, usize>, kind: usize) {
    let count = placed.get_mut(&kind).expect("only what is placed is taken");
    *count -= 1;
    if *count == 0 {
        placed.remove(&kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places kinds in the order given; `options` has one word of class digits per kind. Answers with the ends of the
    /// paths, `-` where nothing fits, then with the final load of each class.
    fn check(options: &str, free: &[usize], order: &[usize], expected: &str) {
        let options: Vec<Vec<usize>> = options
            .split(' ')
            .map(|word| {
                word.chars()
                    .filter_map(|c| c.to_digit(10))
                    .map(|class| class as usize)
                    .collect()
            })
            .collect();
        let mut matching = Matching::new(options, free.to_vec());
        let ends: Vec<String> = order
            .iter()
            .map(|&kind| {
                let has_place = matching.has_place(kind);
                let end = matching.place(kind);
                assert_eq!(has_place, end.is_some(), "kind {kind}");
                end.map_or_else(|| "-".to_owned(), |end| end.to_string())
            })
            .collect();
        let loads: Vec<String> = matching
            .placed()
            .iter()
            .map(|kinds| kinds.values().sum::<usize>().to_string())
            .collect();
        assert_eq!(
            format!("{} | {}", ends.join(" "), loads.join(" ")),
            expected
        );
    }

    #[test]
    fn the_first_option_with_a_free_slot_is_taken() {
        check("01", &[1, 1], &[0, 0, 0], "0 1 - | 1 1");
        check("10", &[1, 1], &[0, 0, 0], "1 0 - | 1 1");
        check("0 ", &[2], &[0, 1, 0, 0], "0 - 0 - | 2");
    }

    #[test]
    fn placed_issues_move_to_make_room() {
        check("01 0", &[1, 1], &[0, 1], "0 1 | 1 1");
        check("01 0", &[2, 2], &[0, 0, 1, 1], "0 0 1 1 | 2 2");
        check("01 12 0", &[1, 1, 1], &[0, 1, 2], "0 1 2 | 1 1 1");
        check("01 0 1", &[1, 1], &[0, 1, 2], "0 1 - | 1 1");
        check(
            "01 12 2 0",
            &[1, 1, 2],
            &[0, 1, 2, 3, 3, 2],
            "0 1 2 2 - - | 1 1 2",
        );
    }

    #[test]
    fn what_is_full_for_good_does_not_close_the_rest() {
        check("0 012", &[1, 0, 1], &[0, 0, 1, 1], "0 - 2 - | 1 0 1");
        check("0 1 01", &[1, 2], &[2, 0, 0, 1, 1, 2], "0 1 - 1 - - | 1 2");
    }
}
