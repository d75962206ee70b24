//! Owns how long a failed issue is left alone. How often it is tried is in `retry`.

use std::time::Duration;

use crate::id::IssueId;

/// When and how often failed issues are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The delay after the first failure; each further one doubles it.
    pub base: Duration,
    /// The longest delay.
    pub cap: Duration,
    /// Counted failures in a row after which the issue is given up; 0 means never.
    pub max_failures: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            base: Duration::from_secs(10),
            cap: Duration::from_mins(5),
            max_failures: 5,
        }
    }
}

/// Returns how long an issue is left alone after its `n`th counted failure in a row: between half of and the whole
/// `min(cap, base * 2^(n-1))`, always the same for the same issue and `n`.
///
/// The spread keeps issues that failed together, as after an outage, from coming back together.
pub fn delay(issue: &IssueId, n: u32, policy: &RetryPolicy) -> Duration {
    let doublings = n.saturating_sub(1).min(31);
    let longest = policy.base.saturating_mul(1 << doublings).min(policy.cap);
    let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
    let half = millis / 2;
    Duration::from_millis(half + scatter(issue, n) % (millis - half).saturating_add(1))
}

/// Returns a number that looks like chance and depends on nothing but its arguments: FNV-1a, then the finalizer of
/// splitmix64, as FNV alone leaves its high bits alike for short texts.
fn scatter(issue: &IssueId, n: u32) -> u64 {
    let bytes = issue.as_str().bytes().chain(n.to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: RetryPolicy, n: u32, expected: std::ops::RangeInclusive<u64>) {
        let delays: Vec<u64> = (0..500)
            .map(|at| delay(&format!("issue{at}").into(), n, &policy))
            .map(|delay| u64::try_from(delay.as_millis()).unwrap())
            .collect();
        let (min, max) = (*delays.iter().min().unwrap(), *delays.iter().max().unwrap());
        assert!(
            expected.contains(&min) && expected.contains(&max),
            "n {n}: {min}..={max}"
        );
        // The spread is worth its name: nearly the whole range is used, and evenly enough.
        let width = expected.end() - expected.start();
        assert!(max - min >= width / 10 * 9, "n {n}: {min}..={max}");
        let n_low = delays
            .iter()
            .filter(|&&delay| delay < expected.start() + width / 2)
            .count();
        assert!(
            width < 2 || (150..350).contains(&n_low),
            "n {n}: {n_low} of 500 in the lower half"
        );
    }

    #[test]
    fn the_delay_doubles_up_to_the_cap() {
        let policy = RetryPolicy::default();
        check(policy, 0, 5_000..=10_000);
        check(policy, 1, 5_000..=10_000);
        check(policy, 2, 10_000..=20_000);
        check(policy, 5, 80_000..=160_000);
        check(policy, 6, 150_000..=300_000);
        check(policy, 40, 150_000..=300_000);
        check(policy, u32::MAX, 150_000..=300_000);
        check(
            RetryPolicy {
                base: Duration::ZERO,
                ..policy
            },
            3,
            0..=0,
        );
        check(
            RetryPolicy {
                base: Duration::from_millis(1),
                ..policy
            },
            1,
            0..=1,
        );
        check(
            RetryPolicy {
                base: Duration::from_hours(1),
                ..policy
            },
            1,
            150_000..=300_000,
        );
        check(
            RetryPolicy {
                base: Duration::MAX,
                cap: Duration::MAX,
                ..policy
            },
            9,
            u64::MAX / 2..=u64::MAX,
        );
    }

    #[test]
    fn the_delay_is_the_same_for_the_same_issue_and_count() {
        let delay = |issue: &str, n| delay(&issue.into(), n, &RetryPolicy::default()).as_millis();
        // Written out: a change of the hash would move the waits that are stored.
        assert_eq!(
            [delay("k7m2", 1), delay("k7m2", 2), delay("k7m3", 1)],
            [6336, 16342, 9435]
        );
    }
}
