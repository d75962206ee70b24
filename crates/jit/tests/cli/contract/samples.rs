//! One answer of every command, and one of every kind of failure.
//!
//! Owns the life that the samples are taken from. Refuses to judge them.

use super::{Files, pretty};
use crate::harness::{Answer, Repo, Surroundings, git};
use serde_json::{Map, Value, json};

/// A run of `jit` whose answer is kept.
struct Sampler<'a> {
    repo: &'a Repo,
    files: &'a mut Files,
    commands: Map<String, Value>,
}

impl Sampler<'_> {
    /// Keeps what the command prints; returns its answer.
    fn keep(&mut self, name: &str, arguments: &[&str]) -> Answer {
        self.keep_with(name, arguments, "")
    }

    fn keep_with(&mut self, name: &str, arguments: &[&str], stdin: &str) -> Answer {
        let surroundings = Surroundings {
            stdin,
            ..Surroundings::default()
        };
        let arguments = [arguments, &["--json"]].concat();
        let answer = self.repo.jit_in(&arguments, surroundings);
        if name == "issue_create" {
            let issue: Value = serde_json::from_str(&answer.stdout).expect("it is JSON");
            self.repo
                .learn(issue["id"].as_str().expect("an issue has an id"));
        }
        let (kind, text) = if answer.code == 0 {
            ("samples", &answer.stdout)
        } else {
            ("samples/errors", &answer.stderr)
        };
        let is_stream = ["events", "export"].contains(&arguments[0]) || stdin.starts_with('{');
        let extension = if is_stream { "jsonl" } else { "json" };
        let path = format!("{kind}/{name}.{extension}");
        let text = self.repo.normal(text);
        let text = if is_stream {
            text
        } else {
            let value: Value = serde_json::from_str(&text)
                .unwrap_or_else(|error| panic!("{name}: {error}: {answer:?}"));
            pretty(&value)
        };
        let mut command = vec!["jit".to_owned()];
        command.extend(arguments.iter().map(|argument| self.repo.normal(argument)));
        let run = json!({"command": command, "exit": answer.code});
        self.commands.insert(path.clone(), run);
        assert!(
            self.files.insert(path, text).is_none(),
            "{name} is kept twice"
        );
        answer
    }
}

/// Returns the files of all samples.
pub(super) fn samples() -> Files {
    let mut kept = Files::new();
    let files = &mut kept;
    let repo = Repo::new();
    let mut sampler = Sampler {
        repo: &repo,
        files,
        commands: Map::new(),
    };
    let ids = life_of_an_issue(&mut sampler);
    graph_and_gates(&mut sampler, &ids);
    questions(&mut sampler, &ids);
    failures(&mut sampler, &ids);
    let commands = Value::Object(std::mem::take(&mut sampler.commands));
    files.insert("samples/commands.json".to_owned(), pretty(&commands));
    kept
}

/// The issues that samples are about.
struct Ids {
    parser: String,
    tests: String,
    docs: String,
}

fn life_of_an_issue(sampler: &mut Sampler<'_>) -> Ids {
    let repo = sampler.repo;
    sampler.keep(
        "gate_define",
        &[
            "gate",
            "define",
            "review",
            "--title",
            "Code review",
            "--stage",
            "exit",
        ],
    );
    let parser = repo.create_with(
        "Implement parser",
        &[
            "-p",
            "high",
            "-d",
            "A *recursive* one.",
            "--label",
            "area:core",
        ],
    );
    // The lines come in the order of random ids, so that one issue has to do.
    sampler.keep("export_jsonl", &["export", "jsonl"]);
    sampler.keep("export_jsonl_file", &["export", "jsonl", "issues.jsonl"]);
    sampler.keep("events_export", &["events", "export"]);
    let tests = repo.create_with(
        "Write tests",
        &["--gate", "review", "--check", "covers errors"],
    );
    let docs = repo.create("Write documentation");
    sampler.keep(
        "issue_create",
        &["issue", "create", "-t", "Draw a logo", "-p", "low"],
    );
    sampler.keep("dep_add", &["dep", "add", &tests, &parser]);
    sampler.keep("query_ready", &["query", "ready"]);
    sampler.keep("query_blocked", &["query", "blocked"]);
    work_on(sampler, &parser);
    Ids {
        parser,
        tests,
        docs,
    }
}

fn work_on(sampler: &mut Sampler<'_>, parser: &str) {
    sampler.keep(
        "issue_claim",
        &[
            "issue",
            "claim",
            parser,
            "copilot-1",
            "--ttl",
            "1h",
            "--key",
            "run-1",
        ],
    );
    sampler.keep("query_assignee", &["query", "assignee", "copilot-1"]);
    sampler.keep("lease_renew", &["lease", "renew", parser, "--epoch", "1"]);
    let held =
        format!("{{\"id\":\"{parser}\",\"epoch\":1}}\n{{\"id\":\"{parser}\",\"epoch\":9}}\n");
    sampler.keep_with(
        "lease_renew_batch",
        &["lease", "renew", "--batch", "-"],
        &held,
    );
    sampler.keep("lease_cancel", &["lease", "cancel", parser]);
    sampler.keep("lease_check", &["lease", "check", parser, "--epoch", "1"]);
    sampler.keep("lease_list", &["lease", "list"]);
    sampler.keep("issue_comment", &["issue", "comment", parser, "half way"]);
    sampler.keep(
        "issue_release",
        &["issue", "release", parser, "lunch", "--epoch", "1"],
    );
    sampler.keep("issue_claim_next", &["issue", "claim-next", "copilot-2"]);
    sampler.keep("issue_done", &["issue", "done", parser, "--epoch", "2"]);
}

fn graph_and_gates(sampler: &mut Sampler<'_>, ids: &Ids) {
    let repo = sampler.repo;
    let Ids { tests, docs, .. } = ids;
    sampler.keep(
        "issue_update",
        &[
            "issue",
            "update",
            docs,
            "--priority",
            "low",
            "--label",
            "area:docs",
        ],
    );
    sampler.keep("issue_assign", &["issue", "assign", docs, "human:ada"]);
    sampler.keep("issue_unassign", &["issue", "unassign", docs]);
    sampler.keep(
        "issue_hold",
        &["issue", "hold", docs, "waits for the release"],
    );
    sampler.keep("why", &["why", docs]);
    sampler.keep("issue_unhold", &["issue", "unhold", docs]);
    sampler.keep(
        "issue_reject",
        &["issue", "reject", docs, "generated instead"],
    );
    sampler.keep("issue_reopen", &["issue", "reopen", docs]);
    sampler.keep("gate_add", &["gate", "add", docs, "review"]);
    sampler.keep("gate_rm", &["gate", "rm", docs, "review"]);
    sampler.keep(
        "gate_fail",
        &["gate", "fail", tests, "review", "--note", "red"],
    );
    sampler.keep(
        "gate_pass",
        &["gate", "pass", tests, "review", "--by", "human:ada"],
    );
    sampler.keep("gate_list", &["gate", "list"]);
    sampler.keep("gate_show", &["gate", "show", "review"]);
    repo.ok(&[
        "gate",
        "define",
        "legal",
        "--title",
        "Somebody asked the lawyers",
    ]);
    sampler.keep("gate_remove", &["gate", "remove", "legal"]);
    sampler.keep("dep_rm", &["dep", "rm", tests, docs]);
    upkeep(sampler, ids);
}

fn upkeep(sampler: &mut Sampler<'_>, ids: &Ids) {
    let repo = sampler.repo;
    let Ids { parser, docs, .. } = ids;
    sampler.keep("issue_label", &["issue", "label", docs, "guide,-area:docs"]);
    sampler.keep("issue_link", &["issue", "link", docs, "related", parser]);
    let old = repo.create("Old");
    repo.ok(&["issue", "reject", &old]);
    sampler.keep("issue_archive", &["issue", "archive", &old]);
    sampler.keep("issue_delete", &["issue", "delete", &old]);
    sampler.keep("issue_restore", &["issue", "delete", "--restore", &old]);
}

fn questions(sampler: &mut Sampler<'_>, ids: &Ids) {
    let Ids {
        parser,
        tests,
        docs,
    } = ids;
    sampler.keep("issue_list", &["issue", "list"]);
    sampler.keep("issue_show", &["issue", "show", parser]);
    sampler.keep("issue_show_several", &["issue", "show", parser, docs]);
    sampler.keep("query_state", &["query", "state", "done"]);
    sampler.keep("query_priority", &["query", "priority", "low"]);
    sampler.keep("query_label", &["query", "label", "guide"]);
    sampler.keep("dep_tree", &["dep", "tree", tests]);
    sampler.keep("graph_show", &["graph", "show", tests]);
    sampler.keep("graph_downstream", &["graph", "downstream", parser]);
    sampler.keep("events_query", &["events", "query", "--issue", parser]);
    sampler.keep("events_tail", &["events", "tail", "-n", "3"]);
    sampler.keep("lease_sweep", &["lease", "sweep"]);
    sampler.keep("status", &["status"]);
    sampler.keep("validate", &["validate"]);
    sampler.keep("validate_git", &["validate", "--level", "git"]);
    sampler.keep("validate_fix", &["validate", "--fix", "--dry-run"]);
    sampler.repo.leave_behind(".jit/local/tmp/7-0");
    sampler.keep("gc", &["gc", "--dry-run"]);
    sampler.keep("doctor", &["doctor"]);
    sampler.keep("migrate", &["migrate"]);
    // What is committed depends on chance and on the month; that nothing is left to commit does not.
    let who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
    git(sampler.repo.root(), &["add", ".jit"]);
    let commit = [&who[..], &["commit", "-q", "-m", "Begin"]].concat();
    git(sampler.repo.root(), &commit);
    sampler.keep("commit", &["commit"]);
    sampler.keep("where", &["where"]);
    sampler.keep("init", &["init"]);
    sampler.repo.write(
        "log.jsonl",
        "{\"id\":\"b-1\",\"title\":\"One\",\"status\":\"closed\",\"priority\":1,\"issue_type\":\"message\",\"created_at\":\"2025-01-01T00:00:00Z\"}\n",
    );
    sampler.keep(
        "import_beads",
        &["import", "beads", "log.jsonl", "--dry-run"],
    );
    sampler.keep("fields", &["query", "ready", "--fields", "id,state,title"]);
    sampler.keep("graph_export", &["graph", "export", "--all"]);
    lose_an_issue(sampler.repo);
    sampler.keep("recover", &["recover"]);
    let torn = undecided(sampler.repo);
    sampler.keep("resolve", &["resolve", &torn, "--take", "theirs"]);
}

/// Makes an issue whose title two branches have changed.
fn undecided(repo: &Repo) -> String {
    let id = repo.create("Lex");
    let path = format!(".jit/issues/{}/{id}.json", &id[..2]);
    let text =
        std::fs::read_to_string(repo.root().join(&path)).expect("the file of the repository");
    let versions = ["0a".repeat(10), "0b".repeat(10)];
    let conflict = serde_json::json!([{
        "field": "title",
        "base": "Parse",
        "ours": "Lex",
        "theirs": "Scan",
        "versions": versions,
    }]);
    repo.write(
        &path,
        &text.replacen('{', &format!("{{\"_conflicts\":{conflict},"), 1),
    );
    id
}

/// Has git remove an issue that no commit has, and no other one.
fn lose_an_issue(repo: &Repo) {
    let git = |words: &[&str]| git(repo.root(), words);
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
    git(&["add", "-A"]);
    git(&[&identity[..], &["commit", "-q", "-m", "state"]].concat());
    repo.create("Draft");
    git(&["clean", "-q", "-f", ".jit/issues"]);
}

fn failures(sampler: &mut Sampler<'_>, ids: &Ids) {
    let repo = sampler.repo;
    let Ids {
        parser,
        tests,
        docs,
    } = ids;
    sampler.keep("usage", &["coord", "start"]);
    sampler.keep("not_found", &["issue", "show", "zzzz"]);
    sampler.keep(
        "nothing_ready",
        &[
            "issue",
            "claim-next",
            "copilot-1",
            "--label",
            "nobody-has-it",
        ],
    );
    repo.ok(&["issue", "hold", docs, "later"]);
    sampler.keep("not_ready", &["issue", "claim", docs, "copilot-1"]);
    sampler.keep("refused", &["issue", "reject", parser]);
    sampler.keep("invalid_value", &["issue", "create", "-t", " "]);
    let waits = repo.create_with("Waits", &["--dep", tests]);
    sampler.keep("cycle", &["dep", "add", tests, &waits]);
    repo.ok(&[
        "gate", "define", "audit", "--title", "Audit", "--role", "human",
    ]);
    repo.ok(&["gate", "add", docs, "audit"]);
    sampler.keep(
        "not_permitted",
        &["gate", "pass", docs, "audit", "--by", "agent:copilot-1"],
    );
    sampler.keep(
        "exists",
        &["gate", "define", "review", "--title", "Another"],
    );
    conflicts(sampler);
    repo.write(".jit/issues/zz/zzzzzzzzzz.json", "{");
    sampler.keep("damaged", &["issue", "show", "zzzzzzzzzz"]);
    sampler.keep("invalid", &["validate", "--fields", "code"]);
    repo.write(".jit/config.toml", "[store]\ndurability = 'quick'\n");
    sampler.keep("config", &["issue", "list"]);
    std::fs::remove_dir_all(repo.root().join(".jit")).expect("the store can go");
    std::fs::remove_dir_all(repo.root().join(".git/jit")).expect("its private part too");
    sampler.keep("no_store", &["issue", "list"]);
}

fn conflicts(sampler: &mut Sampler<'_>) {
    let repo = sampler.repo;
    let held = repo.create_with("Held", &["--key", "create-1"]);
    repo.ok(&[
        "issue",
        "claim",
        &held,
        "copilot-1",
        "--slot",
        "account:main=1",
    ]);
    let next = repo.create("Next");
    sampler.keep(
        "slot_full",
        &[
            "issue",
            "claim",
            &next,
            "copilot-2",
            "--slot",
            "account:main=1",
        ],
    );
    sampler.keep("already_claimed", &["issue", "claim", &held, "copilot-2"]);
    sampler.keep("lease_lost", &["issue", "done", &held, "--epoch", "7"]);
    sampler.keep("key_reused", &["issue", "done", &held, "--key", "create-1"]);
    let meant = repo.create_with("Meant for Ada", &["--assignee", "human:ada"]);
    sampler.keep("assigned", &["issue", "claim", &meant, "copilot-2"]);
    let old = "0123456789abcdef0123";
    sampler.keep(
        "etag_mismatch",
        &["issue", "update", &meant, "-p", "low", "--if-etag", old],
    );
}
