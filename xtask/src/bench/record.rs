//! The result of a run, as `quality/bench.json` keeps it.
//!
//! Owns the shape of that file, and what a value means against its goal. Refuses names of machines and paths.

use serde::{Deserialize, Serialize};

use super::series::{Spread, exponent};

/// One run of the bench.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// What was measured.
    pub commit: String,
    /// When, as a day.
    pub day: String,
    /// On what.
    pub machine: Machine,
    /// The sizes of the stores.
    pub sizes: Vec<usize>,
    /// What was measured at several sizes.
    pub rows: Vec<Row>,
    /// What was measured once.
    pub singles: Vec<Single>,
}

/// The machine, without anything that names it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Machine {
    /// Operating system and architecture.
    pub system: String,
    /// Cores.
    pub cores: usize,
    /// Memory in GiB.
    pub memory_gib: u64,
    /// The file system of the stores.
    pub file_system: String,
    /// How many processes wanted a core when the run began.
    pub load: f64,
}

/// One command at several sizes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Row {
    /// Short name, for `--only`.
    pub name: String,
    /// What was run.
    pub command: String,
    /// The goal, in words.
    pub goal: String,
    /// What the floor does, in words; empty when there is none.
    pub floor: String,
    /// Says why there are no points, when there are none.
    pub absent: Option<String>,
    /// What was measured.
    pub points: Vec<Point>,
}

/// One command at one size.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Point {
    /// Issues in the store.
    pub issues: usize,
    /// Milliseconds.
    pub value: Spread,
    /// Milliseconds of the floor.
    pub floor: Option<Spread>,
    /// What the goal allows, in milliseconds; none where it says nothing.
    pub limit: Option<f64>,
}

impl Point {
    /// Returns how many times the floor the value is.
    pub(super) fn ratio(&self) -> Option<f64> {
        let floor = self.floor?.median;
        (floor > 0.0).then_some(self.value.median / floor)
    }

    /// Says whether the goal is met; none where it says nothing.
    pub(super) fn is_met(&self) -> Option<bool> {
        self.limit.map(|limit| self.value.median <= limit)
    }
}

impl Row {
    /// Returns how the time grows with the number of issues.
    pub(super) fn growth(&self) -> Option<f64> {
        let size = |issues: usize| u32::try_from(issues).map_or(f64::MAX, f64::from);
        let points: Vec<(f64, f64)> = self
            .points
            .iter()
            .map(|point| (size(point.issues), point.value.median))
            .collect();
        exponent(&points)
    }

    /// Says whether the goal is met at every size that it speaks of; none when it speaks of none.
    pub(super) fn is_met(&self) -> Option<bool> {
        let judged: Vec<bool> = self.points.iter().filter_map(Point::is_met).collect();
        (!judged.is_empty()).then(|| judged.iter().all(|is_met| *is_met))
    }
}

/// A figure that has no size.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Single {
    /// Short name, for `--only`.
    pub name: String,
    /// What it is.
    pub what: String,
    /// The goal, in words.
    pub goal: String,
    /// The value.
    pub value: f64,
    /// What it counts.
    pub unit: String,
    /// A value to hold it against, in words and in the same unit.
    pub floor: Option<(String, f64)>,
    /// Says whether the goal is met; none when there is none.
    pub is_met: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::{Point, Row, Spread};

    fn row(limits: &[(f64, Option<f64>)]) -> Row {
        let point = |(value, limit): &(f64, Option<f64>)| Point {
            issues: 100,
            value: Spread::of(&[*value]).unwrap(),
            floor: Spread::of(&[2.0]),
            limit: *limit,
        };
        Row {
            name: String::new(),
            command: String::new(),
            goal: String::new(),
            floor: String::new(),
            absent: None,
            points: limits.iter().map(point).collect(),
        }
    }

    #[test]
    fn one_size_over_its_limit_misses_the_goal() {
        assert_eq!(row(&[(1.0, Some(1.0)), (9.0, None)]).is_met(), Some(true));
        assert_eq!(
            row(&[(1.0, Some(1.0)), (1.1, Some(1.0))]).is_met(),
            Some(false)
        );
        assert_eq!(row(&[(9.0, None)]).is_met(), None);
        assert_eq!(row(&[(9.0, None)]).points[0].ratio(), Some(4.5));
    }
}
