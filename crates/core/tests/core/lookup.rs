//! Prefixes and short ids.

use jit_core::id::IdPrefix;
use jit_core::{Assignee, Issue, IssueId, Problem, Refusal, Snapshot, Timestamp};

fn snapshot(ids: &[&str]) -> Snapshot {
    let issue = |id: &&str| {
        let by = Assignee::parse("human:ada").unwrap();
        Issue::new(
            IssueId::parse(id).unwrap(),
            "A title".to_owned(),
            by,
            Timestamp::from_micros(0),
        )
    };
    let problem = Problem {
        path: ".jit/issues/dd/dddddddddd.json".to_owned(),
        issue: IssueId::parse("dddddddddd").ok(),
        code: "unreadable_issue".to_owned(),
        message: "it is empty".to_owned(),
    };
    Snapshot::new(ids.iter().map(issue), [], [], vec![problem])
}

#[test]
fn a_unique_prefix_in_any_case_stands_for_its_id() {
    let snapshot = snapshot(&["abcd000000", "abcd111111", "bbbb000000"]);
    let resolve = |text: &str| snapshot.resolve(&IdPrefix::parse(text).unwrap());
    assert_eq!(resolve("ABCD0").unwrap().as_str(), "abcd000000");
    assert_eq!(resolve("bbbb").unwrap().as_str(), "bbbb000000");
    assert!(
        matches!(resolve("abcd"), Err(Refusal::Ambiguous { candidates, .. }) if candidates.len() == 2)
    );
    assert!(matches!(resolve("cccc"), Err(Refusal::NotFound { .. })));
    assert!(matches!(resolve("dddd"), Err(Refusal::Unreadable { .. })));
}

#[test]
fn a_short_id_is_unique_and_at_least_four_long() {
    let snapshot = snapshot(&["abcd000000", "abcd001111", "bbbb000000"]);
    let short = |text: &str| snapshot.short_id(&IssueId::parse(text).unwrap()).to_owned();
    assert_eq!(short("abcd000000"), "abcd000");
    assert_eq!(short("abcd001111"), "abcd001");
    assert_eq!(short("bbbb000000"), "bbbb");
}
