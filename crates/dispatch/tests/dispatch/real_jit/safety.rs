//! What an agent is told, what it is not told, and that nothing a stranger wrote is executed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::ground::{Ground, agent, jit};

/// A run whose agent wrote down all that it was told, and where it did so.
struct Told {
    ground: Ground,
    issue: String,
    dir: PathBuf,
}

impl Told {
    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.dir.join(name)).unwrap_or_default()
    }

    fn read_json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap_or_default()
    }
}

fn ask_an_agent() -> Told {
    let script = r#"env -0 > "$JIT_RUN_DIR/env"; cat > "$JIT_RUN_DIR/stdin"; pwd > "$JIT_RUN_DIR/pwd"; printf '%s' "$1" > "$JIT_RUN_DIR/argument"; jit query assignee a1 --json > "$JIT_RUN_DIR/mine"; cat /proc/self/stat > "$JIT_RUN_DIR/stat""#;
    let config = agent(
        script,
        "env = { MODE = \"batch\" }\nenv_pass = [\"LD_LIBRARY_PATH\"]\n",
    )
    .replace(
        "\"]\nenv = ",
        "\", \"agent\", \"issue={issue_id}\"]\nenv = ",
    );
    let ground = Ground::new(&config);
    let issue = ground.issue("work");
    ground.run_well(&["once", "--wait"]);
    assert_eq!(ground.outcomes(&issue), ["succeeded"]);
    let (run, _) = ground.stories().remove(0);
    Told {
        dir: ground.state().run(&run).path().to_path_buf(),
        ground,
        issue,
    }
}

#[test]
fn an_agent_gets_its_variables_and_no_others() {
    let told = ask_an_agent();
    let (dir, env) = (&told.dir, told.read("env"));
    let run = dir
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let env: BTreeMap<&str, &str> = env
        .split('\0')
        .filter_map(|entry| entry.split_once('='))
        .collect();
    let file = dir.join("issue.json");
    let expected = [
        ("JIT_ISSUE", told.issue.as_str()),
        ("JIT_RUN_ID", run),
        ("JIT_EPOCH", "1"),
        ("JIT_ACTOR", "agent:a1"),
        ("JIT_RUN_DIR", dir.to_str().unwrap_or_default()),
        ("JIT_ISSUE_FILE", file.to_str().unwrap_or_default()),
        ("MODE", "batch"),
        ("USER", "tester"),
    ];
    for (name, value) in expected {
        assert_eq!(env.get(name), Some(&value), "{name}");
    }
    assert!(
        !env.contains_key("SECRET_CANARY"),
        "only what is allowed is handed on"
    );
    assert!(env["PATH"].starts_with(jit().parent().and_then(|dir| dir.to_str()).unwrap_or("?")));
    assert_eq!(told.read("pwd").trim_end(), env["JIT_DIR"]);
}

#[test]
fn an_agent_finds_its_issue_and_leads_its_own_group() {
    let told = ask_an_agent();
    let issue = &told.issue;
    assert_eq!(told.read("argument"), format!("issue={issue}"));
    assert_eq!(told.read("stdin"), "", "there is nobody to type");
    let mine = told.read_json("mine");
    assert_eq!(
        mine[0]["id"],
        issue.as_str(),
        "the founding document's agent finds its task first"
    );
    let document = told.read_json("issue.json");
    assert_eq!(
        (document["id"].as_str(), document["epoch"].as_u64()),
        (Some(issue.as_str()), Some(1))
    );
    let group = told
        .read("stat")
        .split_whitespace()
        .nth(4)
        .map(str::to_owned);
    let (_, story) = told.ground.stories().remove(0);
    assert_eq!(
        group,
        story.started.map(|started| started.pid.to_string()),
        "it leads a group of its own"
    );
}

#[test]
fn words_from_outside_are_never_executed() {
    let ground = Ground::new(&agent("cat \"$JIT_ISSUE_FILE\" > /dev/null; exit 65", ""));
    let titles = [
        "\"; touch PWN #",
        "$(touch PWN)",
        "`touch PWN`",
        "-rf",
        "'; touch PWN; '",
    ];
    for title in titles {
        ground.jit(&["issue", "create", "-q", &format!("--title={title}")]);
    }
    ground.run_well(&["start", "--until-idle"]);
    assert_eq!(ground.stories().len(), titles.len());
    assert!(!ground.path("PWN").exists());
}

#[test]
fn an_agents_own_words_reach_the_tracker_as_data() {
    let script = r#"printf '{"outcome":"blocked","reason":"$(touch PWN) \\"; touch PWN # -rf"}' > "$JIT_RUN_DIR/result.json""#;
    let ground = Ground::new(&agent(script, ""));
    let issue = ground.issue("work");
    ground.run_well(&["once", "--wait"]);
    assert_eq!(
        ground.show(&issue)["hold"]["reason"],
        "$(touch PWN) \"; touch PWN # -rf"
    );
    assert!(!ground.path("PWN").exists());
}

#[test]
fn hostile_titles_do_not_reach_the_terminal() {
    let ground = Ground::new(&agent("true", ""));
    ground.jit(&[
        "issue",
        "create",
        "-q",
        "-t",
        "red \u{9b}31m and \u{202e}reversed",
    ]);
    let plan = ground.run_well(&["plan"]);
    assert!(
        plan.contains("\\u{9b}31m") && !plan.contains('\u{9b}') && !plan.contains('\u{202e}'),
        "{plan}"
    );
    let json = ground.run_well(&["plan", "--json"]);
    assert!(
        json.contains("\\u009b") && !json.contains('\u{9b}'),
        "{json}"
    );
    let output = ground.run(&["start", "--until-idle"]);
    assert!(!String::from_utf8_lossy(&output.stderr).contains('\u{9b}'));
}

#[test]
fn a_configuration_that_came_with_the_clone_starts_nothing() {
    let ground = Ground::new(&agent("touch PWN", ""));
    let issue = ground.issue("work");
    let added = ground
        .command("git")
        .args(["add", "dispatch.toml"])
        .status()
        .expect("git can be started");
    assert!(added.success());
    let output = ground.run(&["once", "--wait", "--json"]);
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(5), b"".as_slice())
    );
    let error: Value = serde_json::from_slice(&output.stderr).expect("an error is one JSON object");
    assert_eq!(error["error"]["code"], "untrusted");
    assert_eq!(error["error"]["retryable"], false);
    assert_eq!(ground.state_of(&issue), "ready");
    let text = ground.run(&["start"]);
    let words = String::from_utf8_lossy(&text.stderr).into_owned();
    assert!(
        words.starts_with("error: ") && words.contains("\nhint: "),
        "{words}"
    );
    assert!(!ground.path("PWN").exists());
    ground.run_well(&["once", "--wait", "--config", "dispatch.toml"]);
    assert!(
        ground.path("PWN").exists(),
        "naming the file is the approval"
    );
}

#[test]
fn failures_have_the_agreed_exit_codes() {
    let ground = Ground::new("[[agents]]\nid = 'a1'\n");
    let code = |arguments: &[&str]| {
        let output = ground
            .command(super::ground::DISPATCH)
            .args(arguments)
            .output()
            .expect("it can be started");
        let error: Value = serde_json::from_slice(&output.stderr).unwrap_or_default();
        (
            output.status.code(),
            error["error"]["code"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    let jit = jit()
        .to_str()
        .expect("the target directory has a plain name");
    let rows = [
        (
            vec!["once", "--json", "--jit", "/no/such/jit"],
            10,
            "jit_not_found",
        ),
        (
            vec!["once", "--json", "--config", "/no/such/file"],
            2,
            "config_unreadable",
        ),
        (vec!["once", "--json", "--no-such-flag"], 2, "usage"),
        (vec!["once", "--json", "--repo", "/no/such/dir"], 2, "usage"),
    ];
    for (arguments, exit, word) in rows {
        assert_eq!(
            code(&arguments),
            (Some(exit), word.to_owned()),
            "{arguments:?}"
        );
    }
    ground.configure("agents = 3");
    assert_eq!(
        code(&["plan", "--json", "--jit", jit]),
        (Some(2), "config_invalid".to_owned())
    );
    ground.configure("");
    let empty = tempfile::TempDir::new().expect("a directory can be made");
    let elsewhere = empty.path().to_str().expect("a plain name");
    assert_eq!(
        code(&["plan", "--json", "--jit", jit, "--repo", elsewhere]),
        (Some(2), "no_config".to_owned())
    );
    std::fs::write(empty.path().join("dispatch.toml"), "").expect("it can be written");
    assert_eq!(
        code(&["plan", "--json", "--jit", jit, "--repo", elsewhere]),
        (Some(3), "no_store".to_owned())
    );
}
