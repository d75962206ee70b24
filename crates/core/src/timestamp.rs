//! Points in time as the tracker stores and shows them.
//!
//! Owns the RFC 3339 form with microseconds in UTC. Refuses to read a clock.

use std::fmt;
use std::time::Duration;

/// A point in time in whole microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text that is not a point in time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a time, write one like 2026-01-31T12:00:00Z or a duration from now like 30m"
)]
pub struct TimestampError {
    /// The text that was given.
    pub text: String,
}

/// The first point that can be written: the year -9999.
const FIRST: i64 = -377_705_023_201_000_000;
/// The last whole second that can be written; fractions after it can be read, but not always written.
const LAST: i64 = 253_402_207_200_000_000;

impl Timestamp {
    /// Returns the point `micros` microseconds after the epoch, clamped to the years that RFC 3339 can write.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(FIRST, LAST))
    }

    /// Returns the microseconds since the epoch.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// Reads an RFC 3339 time with any offset.
    pub fn parse(text: &str) -> Result<Self, TimestampError> {
        text.parse::<jiff::Timestamp>()
            .map(|point| Self::from_micros(point.as_microsecond()))
            .map_err(|_| TimestampError {
                text: text.to_owned(),
            })
    }

    /// Returns the point that lies `duration` later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// Returns the point that lies `duration` earlier.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_sub(micros))
    }

    /// Returns how long after `earlier` this point lies, or zero when it does not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Returns the year and month as `yyyymm`, the name of the directory of the events of that month.
    pub fn month(self) -> String {
        let text = self.to_string();
        format!("{}{}", &text[..4], &text[5..7])
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let point = jiff::Timestamp::from_microsecond(self.0)
            .expect("the constructor clamps to the writable years");
        write!(f, "{point:.6}")
    }
}

/// Reads a duration such as `30s`, `45m`, `2h 30m`, `1d` (a day is 24 hours, a week is 7 days).
pub fn parse_duration(text: &str) -> Result<Duration, TimestampError> {
    let fail = || TimestampError {
        text: text.to_owned(),
    };
    let span: jiff::Span = text.parse().map_err(|_| fail())?;
    let relative = jiff::SpanRelativeTo::days_are_24_hours();
    let duration = span.to_duration(relative).map_err(|_| fail())?;
    Duration::try_from(duration).map_err(|_| fail())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_microseconds() {
        let check = |text: &str, expected: &str| {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), expected);
        };
        check(
            "2025-11-02T21:58:07.295058-08:00",
            "2025-11-03T05:58:07.295058Z",
        );
        check("2025-11-02T21:58:07Z", "2025-11-02T21:58:07.000000Z");
        assert!(Timestamp::parse("yesterday").is_err());
        assert_eq!(
            Timestamp::parse("2025-11-02T21:58:07Z").unwrap().month(),
            "202511"
        );
    }

    #[test]
    fn every_point_can_be_written() {
        assert_eq!(FIRST, jiff::Timestamp::MIN.as_second() * 1_000_000);
        assert_eq!(LAST, jiff::Timestamp::MAX.as_second() * 1_000_000);
        for micros in [i64::MIN, FIRST, 0, LAST, i64::MAX] {
            let point = Timestamp::from_micros(micros);
            assert_eq!(Timestamp::parse(&point.to_string()), Ok(point));
        }
        let last = Timestamp::parse("9999-12-30T22:00:00.999999Z").unwrap();
        assert_eq!(last.to_string(), "9999-12-30T22:00:00.000000Z");
        let far = Timestamp::from_micros(0).plus(Duration::MAX);
        assert_eq!(far.as_micros(), LAST);
    }

    #[test]
    fn durations_read_in_the_usual_short_forms() {
        let check = |text: &str, seconds: u64| {
            assert_eq!(parse_duration(text).unwrap().as_secs(), seconds, "{text}");
        };
        check("30s", 30);
        check("45m", 2_700);
        check("2h 30m", 9_000);
        check("1d", 86_400);
        check("1w", 604_800);
        assert!(parse_duration("-5m").is_err());
        assert!(parse_duration("soon").is_err());
    }
}
