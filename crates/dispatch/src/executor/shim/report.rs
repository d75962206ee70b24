//! Owns the reading of `result.json`, which an agent may leave in its run directory (`docs/design/dispatch.md` section
//! 2.11). What an agent writes is a claim: a report that cannot be read counts as a failure, never as a success.

use std::fs::OpenOptions;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use jit_scheduler::retry::{Report, ReportedOutcome};
use serde_json::{Map, Value};

/// The longest report that is read.
const MAX_REPORT: u64 = 64 << 10;

/// Reads the report at `path`; none if the agent left none.
pub(super) fn read(path: &Path) -> Option<Report> {
    match read_bytes(path) {
        Ok(None) => None,
        Ok(Some(bytes)) => Some(parse(&bytes)),
        Err(error) => Some(unreadable(&error.to_string())),
    }
}

fn read_bytes(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).expect("the flags of open are an int");
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_REPORT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_REPORT {
        return Err(std::io::Error::other("it is too long"));
    }
    Ok(Some(bytes))
}

fn parse(bytes: &[u8]) -> Report {
    let object: Map<String, Value> = match serde_json::from_slice(bytes) {
        Ok(object) => object,
        Err(error) => return unreadable(&error.to_string()),
    };
    let outcome = match object.get("outcome").and_then(Value::as_str) {
        Some("done") => ReportedOutcome::Done,
        Some("failed") => ReportedOutcome::Failed,
        Some("blocked") => ReportedOutcome::Blocked,
        Some("waiting") => ReportedOutcome::Waiting,
        Some("retry") => ReportedOutcome::Retry,
        Some(other) => return unreadable(&format!("unknown outcome {other:?}")),
        None => return unreadable("it has no `outcome`"),
    };
    let retry_after = object.get("retry_after_s").and_then(Value::as_f64);
    Report {
        outcome,
        reason: object
            .get("reason")
            .and_then(Value::as_str)
            .map(str::to_owned),
        retry_after: retry_after.and_then(span),
    }
}

/// Returns a number of seconds as a span: a negative one is none, one that no span can hold is the longest that a journal
/// can.
fn span(secs: f64) -> Option<Duration> {
    let longest = Duration::from_millis(u64::MAX);
    (secs >= 0.0).then(|| {
        Duration::try_from_secs_f64(secs)
            .unwrap_or(longest)
            .min(longest)
    })
}

fn unreadable(reason: &str) -> Report {
    Report {
        outcome: ReportedOutcome::Failed,
        reason: Some(format!("result.json cannot be read: {reason}")),
        retry_after: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, outcome: ReportedOutcome, reason: Option<&str>) {
        let report = parse(text.as_bytes());
        assert_eq!(
            (report.outcome, report.reason.as_deref()),
            (outcome, reason),
            "{text}"
        );
    }

    #[test]
    fn a_report_that_cannot_be_read_is_a_failure() {
        check(r#"{"outcome":"done"}"#, ReportedOutcome::Done, None);
        check(
            r#"{"outcome":"blocked","reason":"no key","usage":{}}"#,
            ReportedOutcome::Blocked,
            Some("no key"),
        );
        check(r#"{"outcome":"waiting"}"#, ReportedOutcome::Waiting, None);
        check(
            r#"{"outcome":"retry","retry_after_s":-1}"#,
            ReportedOutcome::Retry,
            None,
        );
        check(
            r#"{"outcome":"splendid"}"#,
            ReportedOutcome::Failed,
            Some(r#"result.json cannot be read: unknown outcome "splendid""#),
        );
        check(
            "{}",
            ReportedOutcome::Failed,
            Some("result.json cannot be read: it has no `outcome`"),
        );
        assert_eq!(parse(b"\xff").outcome, ReportedOutcome::Failed);
        assert_eq!(
            parse(br#"{"outcome":"retry","retry_after_s":2.5}"#).retry_after,
            Some(Duration::from_millis(2500))
        );
    }

    #[test]
    fn a_span_too_long_to_be_held_is_the_longest() {
        assert_eq!(span(1e300), Some(Duration::from_millis(u64::MAX)));
        assert_eq!(span(-1.0), None);
        assert_eq!(span(0.5), Some(Duration::from_millis(500)));
    }

    #[test]
    fn only_a_small_regular_file_is_a_report() {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let path = dir.path().join("result.json");
        assert_eq!(read(&path), None);
        std::fs::create_dir(&path).expect("it is free");
        assert_eq!(
            read(&path).map(|report| report.outcome),
            Some(ReportedOutcome::Failed)
        );
        std::fs::remove_dir(&path).expect("it is empty");
        std::os::unix::fs::symlink("/etc/hostname", &path).expect("it is free");
        assert_eq!(
            read(&path).map(|report| report.outcome),
            Some(ReportedOutcome::Failed)
        );
        std::fs::remove_file(&path).expect("it is a link");
        std::fs::write(&path, " ".repeat(70_000)).expect("it is free");
        assert_eq!(
            read(&path).map(|report| report.outcome),
            Some(ReportedOutcome::Failed)
        );
    }
}
