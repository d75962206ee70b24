//! The founding document's examples and its automatic transitions, as they are written there.

use crate::harness::Repo;

#[test]
fn its_examples_work_as_written() {
    let repo = Repo::bare();
    repo.ok(&["init"]);
    let parser = repo.ok(&["issue", "create", "-t", "Implement parser", "-p", "high"]);
    let tests = repo.ok(&["issue", "create", "-t", "Write tests", "-p", "normal"]);
    repo.ok(&["dep", "add", &tests, &parser]);
    let ready = repo.ok(&["query", "ready", "--json"]);
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    assert_eq!(ready.as_array().unwrap().len(), 1);
    assert_eq!(ready[0]["id"], parser.as_str());
    repo.ok(&["issue", "claim", &parser, "copilot-1"]);
    let tasks = repo.ok(&["query", "assignee", "copilot-1", "--json"]);
    let tasks: serde_json::Value = serde_json::from_str(&tasks).unwrap();
    assert_eq!(tasks[0]["id"], parser.as_str());
    repo.ok(&["issue", "update", &parser, "--state", "done"]);
    assert_eq!(repo.ready(), [tests]);
}

#[test]
fn an_issue_without_blockers_is_ready_at_once() {
    let repo = Repo::new();
    let id = repo.create("A");
    assert_eq!(repo.state(&id), "ready");
}

#[test]
fn adding_a_dependency_makes_a_ready_issue_open() {
    let repo = Repo::new();
    let (first, second) = (repo.create("A"), repo.create("B"));
    let changed = repo.json(&["dep", "add", &second, &first]);
    assert_eq!(
        changed["transitions"],
        serde_json::json!([{"id": second, "from": "ready", "to": "open"}])
    );
    assert_eq!(repo.state(&second), "open");
}

#[test]
fn adding_a_gate_makes_a_ready_issue_open() {
    let repo = Repo::new();
    repo.ok(&["gate", "define", "review", "--title", "Review"]);
    let id = repo.create("A");
    repo.ok(&["gate", "add", &id, "review"]);
    assert_eq!(repo.state(&id), "open");
}

#[test]
fn completing_a_dependency_readies_its_dependents() {
    let repo = Repo::new();
    let first = repo.create("A");
    let second = repo.create_with("B", &["--dep", &first]);
    let third = repo.create_with("C", &["--dep", &first, "--dep", &second]);
    repo.ok(&["issue", "claim", &first, "copilot-1"]);
    let done = repo.json(&["issue", "done", &first]);
    let expected = serde_json::json!([
        {"id": first, "from": "in_progress", "to": "done"},
        {"id": second, "from": "open", "to": "ready"},
    ]);
    assert_eq!(done["transitions"], expected);
    assert_eq!(
        (repo.state(&second), repo.state(&third)),
        ("ready".into(), "open".into())
    );
}

#[test]
fn passing_gates_readies_an_issue_once_nothing_else_blocks() {
    let repo = Repo::new();
    repo.ok(&["gate", "define", "review", "--title", "Review"]);
    repo.ok(&["gate", "define", "tests", "--title", "Tests"]);
    let first = repo.create("A");
    let id = repo.create_with("B", &["--gate", "review,tests", "--dep", &first]);
    repo.ok(&["gate", "pass", &id, "review"]);
    assert_eq!(repo.state(&id), "open");
    repo.ok(&["gate", "pass", &id, "tests"]);
    assert_eq!(repo.state(&id), "open", "the dependency still blocks");
    repo.ok(&["issue", "done", &first]);
    assert_eq!(repo.state(&id), "ready");
}

#[test]
fn an_epic_is_ready_when_its_tasks_are_done() {
    let repo = Repo::new();
    let epic = repo.create_with("Epic", &["--type", "epic"]);
    let tasks = ["A", "B"].map(|title| repo.create_with(title, &["--parent", &epic]));
    assert_eq!(repo.state(&epic), "open");
    repo.ok(&["issue", "done", &tasks.join(",")]);
    assert_eq!(repo.ready(), [epic]);
}

#[test]
fn a_released_issue_is_ready_again() {
    let repo = Repo::new();
    let id = repo.create("A");
    let claimed = repo.json(&["issue", "claim", &id, "copilot-1"]);
    assert_eq!(claimed["epoch"], 1);
    assert!(repo.ready().is_empty());
    repo.ok(&["issue", "release", &id, "--actor", "copilot-1"]);
    assert_eq!(repo.ready(), std::slice::from_ref(&id));
    assert_eq!(repo.json(&["issue", "claim", &id, "copilot-2"])["epoch"], 2);
}

#[test]
fn a_chain_is_worked_off_from_any_directory() {
    let repo = Repo::new();
    repo.write("deep/er/file", "");
    let titles = ["A", "B", "C", "D"];
    let mut ids: Vec<String> = Vec::new();
    for title in titles {
        let flags: Vec<&str> = ids
            .last()
            .map_or(Vec::new(), |id| vec!["--dep", id.as_str()]);
        let id = repo.create_with(title, &flags);
        ids.push(id);
    }
    let deep = repo.root().join("deep/er");
    for id in &ids {
        let next = repo.ok(&[
            "-C",
            deep.to_str().unwrap(),
            "issue",
            "claim-next",
            "copilot-1",
        ]);
        assert_eq!(next, *id);
        repo.ok(&["-C", deep.to_str().unwrap(), "issue", "done", id]);
    }
    assert_eq!(repo.jit(&["issue", "claim-next", "copilot-1"]).code, 3);
    assert_eq!(repo.json(&["status"])["counts"]["done"], titles.len());
}
