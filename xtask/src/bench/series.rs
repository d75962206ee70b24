//! Measured values: how many, their median and their spread.
//!
//! Owns the statistics, and the loop that measures two things by turns. Refuses to know what is measured.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde::{Deserialize, Serialize};

/// What some measurements came to, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Spread {
    /// The middle one.
    pub median: f64,
    /// A tenth of them is below.
    pub p10: f64,
    /// A tenth of them is above.
    pub p90: f64,
    /// How many.
    pub runs: usize,
}

impl Spread {
    /// Returns the spread of these values; none when there are no values.
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        let at = |tenths: usize| sorted[(last * tenths + 5) / 10];
        Some(Self {
            median: at(5),
            p10: at(1),
            p90: at(9),
            runs: sorted.len(),
        })
    }
}

/// How often something is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// At least so often,
    pub fewest: usize,
    /// at most so often,
    pub most: usize,
    /// and no longer than that once the least is done.
    pub time: Duration,
}

/// Measures something and its floor by turns, so that both meet the same neighbours; both answer in milliseconds.
pub(super) fn by_turns(
    effort: Effort,
    mut value: impl FnMut() -> Result<f64>,
    mut floor: impl FnMut() -> Result<Option<f64>>,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let begun = Instant::now();
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    while values.len() < effort.fewest
        || values.len() < effort.most && begun.elapsed() < effort.time
    {
        floors.extend(floor()?);
        values.push(value()?);
    }
    Ok((values, floors))
}

/// Returns the exponent of the power law that fits best: by how much the logarithm of the time grows with that of the size.
pub(super) fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let n = f64::from(u32::try_from(logs.len()).ok()?);
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / n;
    let (mean_x, mean_y) = (mean(|point| point.0), mean(|point| point.1));
    let across: f64 = logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let along: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    (logs.len() > 1 && across > 0.0).then(|| along / across)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Effort, Spread, by_turns, exponent};

    #[test]
    fn the_median_is_the_middle_and_the_tenths_are_near_the_ends() {
        let values: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        let spread = Spread::of(&values).unwrap();
        assert_eq!(
            spread,
            Spread {
                median: 50.0,
                p10: 10.0,
                p90: 90.0,
                runs: 101
            }
        );
        assert_eq!(Spread::of(&[3.0]).map(|one| one.runs), Some(1));
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn a_power_law_is_recognised() {
        let check = |power: f64| {
            let point = |x: f64| (x, 3.0 * x.powf(power));
            let found = exponent(&[100.0, 1_000.0, 10_000.0].map(point)).unwrap();
            assert!((found - power).abs() < 1e-9, "{found}");
        };
        check(0.0);
        check(0.5);
        check(1.0);
        assert_eq!(exponent(&[(100.0, 1.0)]), None);
    }

    #[test]
    fn a_value_and_its_floor_take_turns() {
        let order = std::cell::RefCell::new(String::new());
        let effort = Effort {
            fewest: 3,
            most: 3,
            time: Duration::ZERO,
        };
        let say = |letter| {
            order.borrow_mut().push(letter);
            1.0
        };
        by_turns(effort, || Ok(say('v')), || Ok(Some(say('f')))).unwrap();
        assert_eq!(order.into_inner(), "fvfvfv");
    }
}
