//! The page of patterns, block by block, where a block can be run on one machine.
//!
//! Owns the stand-ins for what is elsewhere: a `make`, a receiver of webhooks, a sender of them. Refuses the network beyond
//! this machine.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use crate::commands::parts;
use crate::ground::Ground;
use crate::programs::{Answer, Running, eventually, is_available, package};

/// Returns the one block of the page in `language` that contains `mark`.
fn block(language: &str, mark: &str) -> String {
    let page = fs::read_to_string(package().join("examples/integration-patterns.md"));
    let (blocks, _) = parts(&page.expect("the page is there"));
    let mut found = blocks
        .into_iter()
        .filter(|block| block.language == language && block.text.contains(mark));
    let block = found
        .next()
        .unwrap_or_else(|| panic!("no {language} with {mark}"));
    assert!(
        found.next().is_none(),
        "{mark} is not the mark of one block"
    );
    block.text
}

/// Returns a shell that runs `text` at the root, and finds the stand-ins first.
fn shell(ground: &Ground, text: &str) -> Command {
    let path = ground.script("pattern.sh", text);
    let mut command = ground.program("sh");
    let inherited = command
        .get_envs()
        .find_map(|(name, value)| (name == "PATH").then_some(value?))
        .expect("a search path is set")
        .to_owned();
    let all = std::iter::once(ground.home().to_owned()).chain(std::env::split_paths(&inherited));
    let joined = std::env::join_paths(all).expect("a search path can be extended");
    command.arg(path).env("PATH", joined);
    command
}

#[test]
fn an_agent_without_a_dispatcher_settles_what_it_took() {
    let ground = Ground::new();
    ground.script("make", "#!/bin/sh\nexit \"$RESULT\"\n");
    let text = block("sh", "claim-next agent:me");
    let run = |result: &str| Answer::of(shell(&ground, &text).env("RESULT", result)).code;
    assert_eq!(run("0"), Some(3), "there is nothing to take");
    let failed = ground.ok(&["issue", "create", "-t", "hard"]);
    assert_eq!(run("1"), Some(0));
    let failed = ground.json(&["issue", "show", failed.trim()]);
    assert_eq!(failed["blocked_by"][0]["kind"], "not_before", "{failed}");
    let done = ground.ok(&["issue", "create", "-t", "easy"]);
    assert_eq!(run("0"), Some(0));
    assert_eq!(ground.in_state("done"), [done.trim()]);
}

#[test]
fn a_webhook_hears_of_everything_once_also_over_a_restart() {
    let ground = Ground::new();
    ground.script(
        "curl",
        "#!/bin/sh\ncat >> \"$WORK_LOG\"\necho >> \"$WORK_LOG\"\n",
    );
    let text = block("sh", "curl");
    let mut ids = Vec::new();
    for round in 1..=2 {
        let id = ground.ok(&["issue", "create", "-t", "news"]);
        ground.ok(&["issue", "done", id.trim()]);
        ids.push(id.trim().to_owned());
        let running = Running::start(shell(&ground, &text).env("HOOK_URL", "http://127.0.0.1:9/"));
        eventually("it was told", || ground.work().len() == round);
        let cursor = ground.root().join("cursor");
        let told = ground.work().pop().expect("there is a line");
        eventually("it knows how far it came", || {
            fs::read_to_string(&cursor).is_ok_and(|cursor| told.contains(&cursor))
        });
        running.kill();
    }
    for (line, id) in ground.work().iter().zip(&ids) {
        assert!(line.contains(id) && line.contains("issue.done"), "{line}");
    }
}

/// Posts what `argv` says to the receiver and prints the answer's status.
const SENDER: &str = r#"
import hashlib, hmac, json, sys, urllib.error, urllib.request
port, secret, delivery = sys.argv[1:]
body = json.dumps({"action": "opened", "issue": {"title": "-x @y 'z'", "body": "two\nlines"}}).encode()
signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
headers = {"X-Hub-Signature-256": signature, "X-GitHub-Delivery": delivery}
request = urllib.request.Request(f"http://127.0.0.1:{port}/", data=body, headers=headers)
try:
    print(urllib.request.urlopen(request, timeout=60).status)
except urllib.error.HTTPError as error:
    print(error.code)
"#;

#[test]
fn a_received_webhook_is_one_issue_however_often_it_comes() {
    if !is_available("python3", "webhooks") {
        return;
    }
    let ground = Ground::new();
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port is free")
        .port();
    let text = block("python", "X-Hub-Signature-256");
    assert!(text.contains("8080"), "{text}");
    let receiver = ground.script("receiver.py", &text.replace("8080", &port.to_string()));
    let mut command = ground.program("python3");
    let running = Running::start(command.arg(receiver).env("WEBHOOK_SECRET", "right"));
    let sender = ground.script("sender.py", SENDER);
    let send = |secret: &str, delivery: &str| {
        let words = [sender.as_str(), &port.to_string(), secret, delivery];
        Answer::of(ground.program("python3").args(words)).stdout
    };
    eventually("it listens", || send("wrong", "d0") == "401\n");
    assert_eq!(send("right", "d1"), "204\n");
    assert_eq!(send("right", "d1"), "204\n");
    running.kill();
    let ready = ground.json(&["query", "ready"]);
    assert_eq!(ready.as_array().map(Vec::len), Some(1), "{ready}");
    assert_eq!(ready[0]["title"], "-x @y 'z'");
    assert_eq!(ready[0]["description"], "two\nlines");
}

#[test]
fn an_issue_waits_for_one_in_another_repository() {
    let ground = Ground::bare();
    let make = "for name in core web; do git init -q $name && jit -C $name init; done";
    Answer::of(&mut shell(&ground, make)).succeeded(make);
    let create = |repo: &str| {
        ground
            .ok(&["-C", repo, "issue", "create", "-t", "it"])
            .trim()
            .to_owned()
    };
    let (core, web) = (create("core"), create("web"));
    let text = block("sh", "waits for core").replace("sleep 60", "sleep 0.1");
    let mut command = shell(&ground, &text);
    let running = Running::start(command.env("core_issue", &core).env("web_issue", &web));
    let is_held = || !ground.json(&["-C", "web", "issue", "show", &web])["hold"].is_null();
    eventually("it is on hold", is_held);
    ground.ok(&["-C", "core", "issue", "done", &core]);
    running.finish().succeeded("the bridge");
    assert!(!is_held());
}
