//! Owns the order of the queue: strict priority, then age, then id. It knows nothing of agents; the exception for those
//! who wait too long is in `reserve`.

use std::cmp::Ordering;

use crate::world::{Priority, ReadyIssue};

/// Returns the rank of a priority, 0 for the most urgent. An unknown word ranks as normal.
pub fn rank(priority: &Priority) -> u8 {
    match priority {
        Priority::Critical => 0,
        Priority::High => 1,
        Priority::Normal | Priority::Other(_) => 2,
        Priority::Low => 3,
    }
}

/// Compares two issues by their place in the queue; the smaller one comes first.
pub fn by_place(a: &ReadyIssue, b: &ReadyIssue) -> Ordering {
    rank(&a.priority)
        .cmp(&rank(&b.priority))
        .then_with(|| by_age(a, b))
}

/// Compares two issues by age; the smaller one became ready first.
pub fn by_age(a: &ReadyIssue, b: &ReadyIssue) -> Ordering {
    a.ready_since
        .cmp(&b.ready_since)
        .then_with(|| a.id.cmp(&b.id))
}

/// Returns the issues in the order of the queue, each id once.
pub(crate) fn queue(ready: &[ReadyIssue]) -> Vec<&ReadyIssue> {
    let mut issues: Vec<&ReadyIssue> = ready.iter().collect();
    // The whole value breaks ties, so that which of two equal ids stays does not depend on the order of the list.
    issues.sort_unstable_by(|a, b| {
        a.id.cmp(&b.id)
            .then_with(|| by_place(a, b))
            .then_with(|| a.cmp(b))
    });
    issues.dedup_by(|a, b| a.id == b.id);
    issues.sort_unstable_by(|a, b| by_place(a, b));
    issues
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Millis;

    /// Each row is `id priority ready_since`.
    fn check(rows: &[&str], expected: &str) {
        let ready: Vec<ReadyIssue> = rows
            .iter()
            .map(|row| {
                let words: Vec<&str> = row.split(' ').collect();
                ReadyIssue::new(words[0], words[1].into(), Millis(words[2].parse().unwrap()))
            })
            .collect();
        let found: Vec<&str> = queue(&ready)
            .iter()
            .map(|issue| issue.id.as_str())
            .collect();
        assert_eq!(found.join(" "), expected);
    }

    #[test]
    fn priority_comes_before_age_and_age_before_id() {
        check(
            &["a low 1", "b normal 2", "c high 3", "d critical 4"],
            "d c b a",
        );
        check(&["a normal 3", "b normal 1", "c normal 2"], "b c a");
        check(&["c normal 1", "a normal 1", "b normal 1"], "a b c");
        check(&["a critical 9", "b critical 0", "c low 0"], "b a c");
    }

    #[test]
    fn an_unknown_priority_ranks_as_normal() {
        check(
            &["a low 0", "b urgent! 2", "c normal 1", "d high 9"],
            "d c b a",
        );
        check(&["a  0", "b low 0", "c CRITICAL 5"], "a c b");
    }

    #[test]
    fn an_issue_listed_twice_is_queued_once_at_its_best_place() {
        check(&["a low 5", "b normal 1", "a high 9"], "a b");
    }
}
