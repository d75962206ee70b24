//! The table of what follows from the end of a run, row by row.

use super::*;

/// Parses a run. `exit:N`, `signal:N`, `nostart`; `start-timeout`, `idle-timeout`, `total-timeout`, `operator`, `fenced`;
/// a report as its outcome, then `after:SECONDS` and `because:WORDS`; a standing, `ours` if none is named.
fn ended(words: &str) -> Ended {
    let standing = Standing::Ours {
        has_blockers: false,
    };
    let mut ended = Ended {
        issue: "k7m2".into(),
        exit: Exit::Code(0),
        stopped: None,
        report: None,
        standing,
    };
    for word in words.split_whitespace() {
        match word.split_once(':').unwrap_or((word, "")) {
            ("exit", code) => ended.exit = Exit::Code(code.parse().unwrap()),
            ("signal", signal) => ended.exit = Exit::Signal(signal.parse().unwrap()),
            ("nostart", "") => ended.exit = Exit::NotStarted,
            ("after", seconds) => {
                let after = Duration::from_secs(seconds.parse().unwrap());
                ended.report.as_mut().unwrap().retry_after = Some(after);
            }
            ("because", reason) => {
                ended.report.as_mut().unwrap().reason = Some(reason.replace('_', " "));
            }
            ("blocked", "") => ended.standing = Standing::Ours { has_blockers: true },
            ("done", "") => ended.standing = Standing::Done,
            ("gated", "") => ended.standing = Standing::Gated,
            ("refused", "") => {
                let reason = "child x is open\n".to_owned();
                ended.standing = Standing::DoneRefused { reason };
            }
            ("gone", "") => ended.standing = Standing::NotOurs,
            (word, "") => match report(word) {
                Some(outcome) => {
                    ended.report = Some(Report {
                        outcome,
                        reason: None,
                        retry_after: None,
                    });
                }
                None => ended.stopped = Some(stop(word)),
            },
            (word, rest) => panic!("unknown word `{word}:{rest}`"),
        }
    }
    ended
}

fn report(word: &str) -> Option<ReportedOutcome> {
    Some(match word {
        "says-done" => ReportedOutcome::Done,
        "says-failed" => ReportedOutcome::Failed,
        "says-blocked" => ReportedOutcome::Blocked,
        "says-waiting" => ReportedOutcome::Waiting,
        "says-retry" => ReportedOutcome::Retry,
        _ => return None,
    })
}

fn stop(word: &str) -> Stop {
    match word {
        "start-timeout" => Stop::StartTimeout,
        "idle-timeout" => Stop::IdleTimeout,
        "total-timeout" => Stop::TotalTimeout,
        "operator" => Stop::Operator,
        "fenced" => Stop::Fenced,
        _ => panic!("unknown word `{word}`"),
    }
}

/// Judges and answers with `OUTCOME; SETTLING; CHARGE; failures N`, a delay as the number of failures it belongs to.
fn verdict(words: &str, failures: u32) -> String {
    let policy = RetryPolicy::default();
    let verdict = judge(&ended(words), History { failures }, &policy);
    let settle = match &verdict.settle {
        Settle::Done => "done".to_owned(),
        Settle::Leave => "leave".to_owned(),
        Settle::Hold { reason } => format!("hold `{reason}`"),
        Settle::Release { after } => {
            match (1..=6).find(|&n| delay(&"k7m2".into(), n, &policy) == *after) {
                Some(n) => format!("release after d({n})"),
                None => format!("release after {} s", after.as_secs()),
            }
        }
    };
    let (outcome, charge) = (verdict.outcome, verdict.charge);
    format!(
        "{outcome:?}; {settle}; {charge:?}; failures {}",
        verdict.history.failures
    )
}

/// Each line is `RUN, FAILURES BEFORE => VERDICT`.
fn check(rows: &str) {
    let mut n_rows = 0;
    for row in rows.lines().filter(|row| !row.trim().is_empty()) {
        let (given, expected) = row.split_once("=>").unwrap();
        let (words, failures) = given.split_once(',').unwrap();
        let found = verdict(words, failures.trim().parse().unwrap());
        assert_eq!(found, expected.trim(), "{}", given.trim());
        n_rows += 1;
    }
    assert!(n_rows > 0, "a table without rows checks nothing");
}

#[test]
fn a_content_agent_is_believed_as_far_as_the_tracker_agrees() {
    check(
        "
        exit:0,                    3 => Succeeded; done; Nobody; failures 0
        exit:0 says-done,          3 => Succeeded; done; Nobody; failures 0
        exit:0 blocked,            0 => Succeeded; done; Nobody; failures 0
        exit:0 done,               3 => Succeeded; leave; Nobody; failures 0
        exit:0 gated,              3 => Succeeded; leave; Nobody; failures 0
        exit:1 done,               3 => SucceededWithWarning; leave; Nobody; failures 0
        signal:9 gated,            3 => SucceededWithWarning; leave; Nobody; failures 0
        exit:0 total-timeout done, 3 => SucceededWithWarning; leave; Nobody; failures 0
        exit:0 refused,            0 => Failed(Incomplete); release after d(1); Issue; failures 1
        exit:0 refused,            4 => Failed(Incomplete); hold `given up after 5 failed runs in a row; the last one: the tracker refused to call it done: child x is open`; Issue; failures 5
        ",
    );
}

#[test]
fn failures_count_until_the_issue_is_given_up() {
    check(
        "
        exit:1,    0 => Failed(Agent); release after d(1); Issue; failures 1
        exit:1,    1 => Failed(Agent); release after d(2); Issue; failures 2
        exit:-1,   3 => Failed(Agent); release after d(4); Issue; failures 4
        exit:3,    4 => Failed(Agent); hold `given up after 5 failed runs in a row; the last one: the agent failed (exit status 3)`; Issue; failures 5
        exit:3,    9 => Failed(Agent); hold `given up after 10 failed runs in a row; the last one: the agent failed (exit status 3)`; Issue; failures 10
        signal:11, 1 => Failed(Signal); release after d(2); Issue; failures 2
        signal:11, 4 => Failed(Signal); hold `given up after 5 failed runs in a row; the last one: signal 11 killed it`; Issue; failures 5
        exit:75,   3 => Failed(Transient); release after d(1); Issue; failures 4
        exit:75,   4 => Failed(Transient); hold `given up after 5 failed runs in a row; the last one: the agent failed for the moment (exit status 75)`; Issue; failures 5
        exit:65,   0 => Failed(Permanent); hold `given up: the agent says that no further try can succeed (exit status 65)`; Issue; failures 1
        exit:77 says-failed because:no_right_to_push, 0 => Failed(Permanent); hold `given up: no right to push (exit status 77)`; Issue; failures 1
        ",
    );
}

#[test]
fn a_broken_agent_is_charged_and_the_issue_is_not() {
    check(
        "
        exit:78,                 4 => Failed(Broken); release after d(1); Agent; failures 4
        exit:126,                4 => Failed(Broken); release after d(1); Agent; failures 4
        exit:127,                4 => Failed(Broken); release after d(1); Agent; failures 4
        exit:127 says-done,      4 => Failed(Broken); release after d(1); Agent; failures 4
        nostart,                 4 => Failed(Broken); release after d(1); Agent; failures 4
        signal:15 start-timeout, 4 => TimedOut(Start); release after d(1); Agent; failures 4
        ",
    );
}

#[test]
fn our_own_reason_to_stop_a_run_comes_before_how_it_ended() {
    check(
        "
        signal:15 idle-timeout,  0 => Stalled; release after d(1); Issue; failures 1
        signal:9 total-timeout,  1 => TimedOut(Total); release after d(2); Issue; failures 2
        exit:0 total-timeout,    1 => TimedOut(Total); release after d(2); Issue; failures 2
        signal:9 total-timeout,  4 => TimedOut(Total); hold `given up after 5 failed runs in a row; the last one: it ran out of time`; Issue; failures 5
        signal:15 operator,      3 => Canceled; release after 0 s; Nobody; failures 3
        exit:1 operator,         4 => Canceled; release after 0 s; Nobody; failures 4
        signal:9 fenced,         3 => Lost; leave; Nobody; failures 3
        exit:0 fenced done,      3 => Lost; leave; Nobody; failures 3
        exit:1 gone,             3 => Lost; leave; Nobody; failures 3
        signal:15 operator gone, 3 => Lost; leave; Nobody; failures 3
        ",
    );
}

#[test]
fn the_worse_of_exit_status_and_report_wins() {
    check(
        "
        exit:0 says-failed,           0 => Failed(Agent); release after d(1); Issue; failures 1
        exit:1 says-done,             0 => Failed(Agent); release after d(1); Issue; failures 1
        exit:1 says-retry,            2 => Failed(Agent); release after d(3); Issue; failures 3
        exit:1 says-waiting blocked,  2 => Failed(Agent); release after d(3); Issue; failures 3
        exit:75 says-retry after:90,  2 => Failed(Transient); release after 90 s; Issue; failures 3
        exit:1 says-blocked,          4 => Blocked; hold `the agent cannot go on until a person acts (exit status 1)`; Nobody; failures 4
        exit:65 says-blocked because:x, 0 => Failed(Permanent); hold `given up: x (exit status 65)`; Issue; failures 1
        ",
    );
}

#[test]
fn an_agent_may_ask_to_come_back_later_but_not_to_be_forgotten() {
    check(
        "
        exit:0 says-retry,                   3 => Deferred; release after d(1); Nobody; failures 3
        exit:0 says-retry after:1,           3 => Deferred; release after d(1); Nobody; failures 3
        exit:0 says-retry after:90,          3 => Deferred; release after 90 s; Nobody; failures 3
        exit:0 says-retry after:99999999999, 3 => Deferred; release after 86400 s; Nobody; failures 3
        exit:0 says-failed after:60,         0 => Failed(Agent); release after 60 s; Issue; failures 1
        exit:0 says-failed after:1,          1 => Failed(Agent); release after d(2); Issue; failures 2
        ",
    );
}

#[test]
fn an_agent_may_hand_the_issue_to_a_person_or_to_other_issues() {
    check(
        "
        exit:0 says-waiting blocked, 2 => Waiting; release after 0 s; Nobody; failures 2
        exit:0 says-waiting,         2 => Waiting; hold `the agent waits for something that the tracker does not know of`; Nobody; failures 2
        exit:0 says-blocked because:which_colour?, 4 => Blocked; hold `which colour?`; Nobody; failures 4
        exit:0 says-blocked,         0 => Blocked; hold `the agent cannot go on until a person acts`; Nobody; failures 0
        ",
    );
}

#[test]
fn a_limit_of_zero_never_gives_up() {
    let lenient = RetryPolicy {
        max_failures: 0,
        ..RetryPolicy::default()
    };
    let history = History { failures: u32::MAX };
    let verdict = judge(&ended("exit:1"), history, &lenient);
    assert!(!verdict.is_dead(), "{verdict:?}");
    assert_eq!(verdict.history, history);
}

#[test]
fn only_an_issue_given_up_after_failures_is_dead() {
    let strict = RetryPolicy {
        max_failures: 1,
        ..RetryPolicy::default()
    };
    let is_dead = |words| judge(&ended(words), History::default(), &strict).is_dead();
    assert!(is_dead("exit:1"));
    assert!(is_dead("exit:65"));
    assert!(!is_dead("exit:0 says-blocked"));
    assert!(!is_dead("exit:127"));
}

#[test]
fn words_from_outside_become_one_short_line() {
    assert_eq!(one_line("\n a\tb\u{1b}[2Jc \r\n"), "a b [2Jc");
    let longest = "ä".repeat(WORDS_IN_A_HOLD);
    assert_eq!(one_line(&longest), longest);
    assert_eq!(one_line(&format!("{longest}ä")), format!("{longest}…"));
}
