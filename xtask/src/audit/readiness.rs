//! When each issue was ready, computed from the history alone.
//!
//! Owns one question: was an issue ready at one moment, and still not taken at a later one. Refuses to use what the tracker
//! says about readiness: this is the second opinion.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Fact, History, Moment, Task};

/// The history, arranged by issue.
pub(super) struct Readiness<'a> {
    history: &'a History,
    tasks: BTreeMap<&'a str, &'a Task>,
    moments: BTreeMap<&'a str, Vec<&'a Moment>>,
    children: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Readiness<'a> {
    pub(super) fn new(history: &'a History) -> Self {
        let mut moments: BTreeMap<&str, Vec<&Moment>> = BTreeMap::new();
        for moment in &history.moments {
            moments.entry(&moment.issue).or_default().push(moment);
        }
        let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for task in &history.tasks {
            if let Some(parent) = &task.parent {
                children.entry(parent).or_default().push(&task.id);
            }
        }
        let tasks = history
            .tasks
            .iter()
            .map(|task| (task.id.as_str(), task))
            .collect();
        Self {
            history,
            tasks,
            moments,
            children,
        }
    }

    /// Says whether `id` was ready at `look` and nobody had taken it by `next_look`.
    pub(super) fn is_left_waiting(&self, id: &str, look: Timestamp, next_look: Timestamp) -> bool {
        let is_taken_between = self.facts(id).any(|moment| {
            moment.at >= look
                && moment.at <= next_look
                && matches!(moment.fact, Fact::Claimed { .. })
        });
        !is_taken_between && self.is_ready(id, look)
    }

    fn facts(&self, id: &str) -> impl Iterator<Item = &'a Moment> + use<'a> {
        self.moments
            .get(id)
            .cloned()
            .unwrap_or_default()
            .into_iter()
    }

    fn is_ready(&self, id: &str, at: Timestamp) -> bool {
        let Some(task) = self.tasks.get(id) else {
            return false;
        };
        let children = self.children.get(id).into_iter().flatten();
        self.is_open(id, at)
            && self.is_free(task, at)
            && children.into_iter().all(|child| self.is_done(child, at))
            && {
                let mut ancestor = task.parent.as_deref();
                // A parent chain longer than the number of issues would be a cycle.
                for _ in 0..self.tasks.len() {
                    let Some(parent) = ancestor.and_then(|id| self.tasks.get(id)) else {
                        break;
                    };
                    if !self.is_free(parent, at) {
                        return false;
                    }
                    ancestor = parent.parent.as_deref();
                }
                true
            }
    }

    /// Own dependencies and entry gates; what a child inherits from its ancestors.
    fn is_free(&self, task: &Task, at: Timestamp) -> bool {
        let is_passed = |key: &String| {
            self.facts(&task.id).any(|moment| {
                moment.at <= at
                    && matches!(&moment.fact, Fact::GatePassed { key: passed } if passed == key)
            })
        };
        task.dependencies
            .iter()
            .all(|dependency| self.is_done(dependency, at))
            && task
                .gates
                .iter()
                .filter(|key| self.history.entry_gates.contains(*key))
                .all(is_passed)
    }

    fn is_done(&self, id: &str, at: Timestamp) -> bool {
        self.facts(id)
            .any(|moment| moment.at <= at && moment.fact == Fact::Done)
    }

    fn is_open(&self, id: &str, at: Timestamp) -> bool {
        let last = self
            .facts(id)
            .filter(|moment| moment.at <= at && !matches!(moment.fact, Fact::GatePassed { .. }))
            .last();
        match last.map(|moment| &moment.fact) {
            None | Some(Fact::Released { not_before: None } | Fact::GatePassed { .. }) => true,
            Some(Fact::Released {
                not_before: Some(until),
            }) => *until <= at,
            Some(Fact::Claimed { .. } | Fact::Gated | Fact::Done) => false,
        }
    }
}
