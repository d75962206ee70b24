//! Every reading command there is, where it must change nothing and where nothing can be changed.
//!
//! Owns two laws: a reading command leaves `git status` and the times of tracked files as they were, and works on a read-only
//! file system. The commands are taken from the program's own help, so that a new one is asked for here. Refuses to
//! judge the answers: what matters is that they are the same everywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::support::figures;
use crate::support::program::{Answer, JIT, git, jit, program};
use crate::support::repo::Repo;

/// Ways to ask every reading command, in which OPEN and HELD stand for the ids of two issues.
const READING: [&str; 60] = [
    "branch status",
    "dep tree OPEN",
    "dep tree OPEN --depth 1",
    "doctor",
    "events export",
    "events query",
    "events query --type issue.created",
    "events tail",
    "events tail -n 1",
    "export jsonl",
    "gate list",
    "gate show review",
    "graph downstream HELD",
    "graph export --format dot",
    "graph export --format mermaid",
    "graph export --all",
    "graph roots",
    "graph show OPEN",
    "issue list",
    "issue list --all",
    "issue list --label area:*",
    "issue show OPEN HELD",
    "lease check HELD --epoch 1",
    "lease list",
    "query assignee agent:a",
    "query blocked",
    "query label area:core",
    "query priority normal",
    "query ready",
    "query state open",
    "ready",
    "recover --dry-run",
    "registry list",
    "registry show review",
    "show OPEN",
    "status",
    "validate",
    "validate --level fast",
    "validate --level git",
    "validate --fix --dry-run",
    "where",
    "why OPEN",
    // Rehearsals decide under the lock, and so only where one can be had.
    "claim OPEN agent:b --dry-run",
    "dep add HELD OPEN --dry-run",
    "dep rm OPEN HELD --dry-run",
    "done HELD --dry-run",
    "issue archive HELD --dry-run",
    "issue assign OPEN agent:b --dry-run",
    "issue comment OPEN text --dry-run",
    "issue create -t X --dry-run",
    "issue delete OPEN --dry-run",
    "issue hold OPEN later --dry-run",
    "issue label OPEN x --dry-run",
    "issue reject OPEN why --dry-run",
    "issue release HELD why --dry-run",
    "issue update OPEN -p low --dry-run",
    "gate define other --title T --dry-run",
    "gate pass OPEN review --dry-run",
    "gate fail OPEN review --dry-run",
    "gc --dry-run",
];

/// How many issues a store has at least that keeps an index.
const ENOUGH_FOR_AN_INDEX: usize = 205;

/// Verbs that write, or that are no business of the store.
const OTHERS: [&str; 42] = [
    "claim",
    "commit",
    "dep add",
    "dep rm",
    "done",
    "gate add",
    "gate define",
    "gate fail",
    "gate pass",
    "gate remove",
    "gate rm",
    "gc",
    "import beads",
    "init",
    "issue archive",
    "issue assign",
    "issue claim",
    "issue claim-next",
    "issue comment",
    "issue create",
    "issue delete",
    "issue done",
    "issue edit",
    "issue hold",
    "issue label",
    "issue link",
    "issue reject",
    "issue release",
    "issue reopen",
    "issue unassign",
    "issue unhold",
    "issue update",
    "lease cancel",
    "lease renew",
    "lease sweep",
    "merge-driver",
    "migrate",
    "recover",
    "registry define",
    "registry remove",
    "resolve",
    "export",
];

/// Returns the verbs that the program has, without those that only group others.
fn verbs() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut groups = vec![String::new()];
    while let Some(group) = groups.pop() {
        for name in below(&group) {
            let verb = format!("{group} {name}").trim().to_owned();
            if below(&verb).is_empty() {
                found.insert(verb);
            } else {
                groups.push(verb);
            }
        }
    }
    found
}

/// Returns the names that help lists below a verb.
fn below(verb: &str) -> Vec<String> {
    let words = verb.split_whitespace().chain(["--help"]);
    let words: Vec<&str> = words.collect();
    let help = Answer::of(&mut jit(Path::new("/"), &words)).succeeded("help");
    let section = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    section
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// Returns the verb of a row.
fn verb_of<'a>(row: &str, verbs: &'a BTreeSet<String>) -> Option<&'a String> {
    verbs
        .iter()
        .find(|verb| row == verb.as_str() || row.starts_with(&format!("{verb} ")))
}

#[test]
fn every_command_reads_or_is_known_to_write() {
    let verbs = verbs();
    assert!(verbs.len() > 40, "{verbs:?}");
    let reads: BTreeSet<&String> = READING
        .iter()
        .filter(|row| !row.contains("--dry-run") || **row == "recover --dry-run")
        .filter_map(|row| verb_of(row, &verbs))
        .collect();
    let unknown: Vec<&String> = verbs
        .iter()
        .filter(|verb| !reads.contains(verb) && !OTHERS.contains(&verb.as_str()))
        .collect();
    assert!(
        unknown.is_empty(),
        "say of these whether they read: {unknown:?}"
    );
}

/// A repository with something of everything, all of it committed.
struct Furnished {
    repo: Repo,
    open: String,
    held: String,
}

impl Furnished {
    fn new() -> Self {
        let repo = Repo::new();
        let held = repo.ok(&["issue", "create", "-t", "parser", "--label", "area:core"]);
        let held = held.trim().to_owned();
        let open = repo.create("test");
        repo.ok(&["dep", "add", &open, &held]);
        repo.ok(&["gate", "define", "review", "--title", "Review"]);
        repo.ok(&["gate", "add", &open, "review"]);
        repo.ok(&["issue", "claim", &held, "agent:a", "--ttl", "8h"]);
        let line = |number: usize| {
            let record = serde_json::json!({
                "id": format!("b-{number}"), "title": format!("many {number}"), "status": "open", "priority": 2,
                "issue_type": "task", "created_at": "2025-01-01T00:00:00Z",
            });
            format!("{record}\n")
        };
        let many: String = (0..ENOUGH_FOR_AN_INDEX).map(line).collect();
        fs::write(repo.root().join("many.jsonl"), many).expect("a file can be written");
        repo.ok(&["import", "beads", "many.jsonl"]);
        let it = Self { repo, open, held };
        it.commit();
        it
    }

    fn commit(&self) {
        git(self.repo.root(), &["add", "-A"]);
        git(self.repo.root(), &["commit", "-q", "-m", "state"]);
    }

    /// Returns the rows for the verbs that there are, as arguments.
    fn rows(&self) -> Vec<Vec<String>> {
        let verbs = verbs();
        let rows = READING.iter().filter(|row| verb_of(row, &verbs).is_some());
        let named = |word: &str| match word {
            "OPEN" => self.open.clone(),
            "HELD" => self.held.clone(),
            _ => word.to_owned(),
        };
        rows.map(|row| row.split(' ').map(named).collect())
            .collect()
    }

    fn path_of(&self, id: &str) -> PathBuf {
        self.repo
            .root()
            .join(format!(".jit/issues/{}/{id}.json", &id[..2]))
    }

    fn ask(&self, words: &[String]) -> Answer {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.repo.jit(&words)
    }

    /// Takes a change back out of everything but the log, as if its writer had died right after the commit.
    fn leave_pending(&self) {
        let root = self.repo.root();
        // A log that is old enough to be emptied is emptied by this one.
        self.repo.ok(&["issue", "comment", &self.open, "before"]);
        let read = |path: &Path| fs::read(path).expect("a file can be read");
        let touched = private_files(root)
            .into_iter()
            .filter(|path| !path.ends_with("wal"));
        let before: BTreeMap<PathBuf, Vec<u8>> = touched
            .chain([self.path_of(&self.open)])
            .map(|path| (path.clone(), read(&path)))
            .collect();
        self.repo
            .ok(&["issue", "update", &self.open, "-p", "critical"]);
        remove_index(root);
        for (path, bytes) in before {
            fs::write(path, bytes).expect("a file can be written");
        }
    }
}

/// Takes the index away; whether there was one is not for this test to know.
fn remove_index(root: &Path) {
    for path in private_files(root).iter().filter(|path| is_index(path)) {
        fs::remove_file(path).expect("it was just listed");
    }
}

/// Returns whether this is a file of the index, which reading may write: nothing depends on it.
fn is_index(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("index"))
}

fn private_files(root: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    collect(&root.join(".git/jit"), &mut paths);
    paths
}

/// What must stay as it is: what git says, and the times and bytes of all that it tracks, and of what the clone keeps.
#[derive(Debug, PartialEq, Eq)]
struct Traces {
    status: String,
    files: BTreeMap<PathBuf, (SystemTime, Vec<u8>)>,
}

impl Traces {
    fn of(root: &Path) -> Self {
        let tracked = git(root, &["ls-files", "-z"]);
        let mut paths: Vec<PathBuf> = tracked
            .split_terminator('\0')
            .map(|path| root.join(path))
            .collect();
        let private = private_files(root).into_iter();
        paths.extend(private.filter(|path| !is_index(path)));
        paths.push(root.join(".git/index"));
        let file = |path: PathBuf| {
            let modified = fs::metadata(&path).and_then(|it| it.modified());
            let bytes = fs::read(&path).expect("a file can be read");
            (path, (modified.expect("a file has a time"), bytes))
        };
        Self {
            files: paths.into_iter().map(file).collect(),
            // Asked without locks, so that asking itself leaves no trace in git's index.
            status: git(root, &["--no-optional-locks", "status", "--porcelain"]),
        }
    }
}

fn collect(dir: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a directory can be listed") {
        let path = entry.expect("a directory can be listed").path();
        if path.is_dir() {
            collect(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

#[test]
fn reading_leaves_git_status_and_all_tracked_files_alone() {
    let it = Furnished::new();
    let stages: [&dyn Fn(); 4] = [
        &|| {},
        // Untracked and modified files too.
        &|| {
            it.repo.create("not committed");
            it.repo
                .ok(&["issue", "update", &it.held, "--label", "more"]);
        },
        &|| it.leave_pending(),
        // Without anything that is derived.
        &|| {
            remove_index(it.repo.root());
            fs::remove_dir_all(it.repo.root().join(".jit/local")).expect("it is there");
        },
    ];
    let rows = it.rows();
    for (number, stage) in stages.into_iter().enumerate() {
        stage();
        let before = Traces::of(it.repo.root());
        // A rehearsal takes the lock and, like every writer, finishes what the log has begun.
        let is_pending = number == 2;
        for row in rows.iter().filter(|row| !is_pending || !is_rehearsal(row)) {
            let answer = it.ask(row);
            assert_ne!(answer.code, Some(1), "{row:?}: {answer:?}");
            let after = Traces::of(it.repo.root());
            assert!(
                after == before,
                "stage {number}: jit {row:?} left traces: {answer:?}\n{}\n{}",
                before.status,
                after.status
            );
        }
        if is_pending {
            it.repo
                .ok(&["issue", "comment", &it.open, "the next writer"]);
        }
    }
    figures::record(
        "reading: commands that leave traces",
        &serde_json::json!({"tried": rows.len(), "bad": 0}),
    );
}

/// Returns whether a row only tries a change.
fn is_rehearsal(row: &[String]) -> bool {
    row.iter().any(|word| word == "--dry-run") && row[0] != "recover"
}

/// How a tree is made read-only for a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    /// By a mount in a namespace of the command's own.
    Mount,
    /// By its permissions, which bind everybody but root.
    Modes,
}

impl Guard {
    /// Returns what this machine has.
    fn available() -> Option<Self> {
        let probe = tempfile::tempdir().expect("a temporary directory can be made");
        [Self::Mount, Self::Modes].into_iter().find(|guard| {
            let mut touch = guard.command(probe.path(), "touch", &["x".to_owned()]);
            let answer = guard.run(probe.path(), &mut touch);
            answer.code.is_some_and(|code| code != 0)
                && !probe.path().join("x").exists()
                && answer.stderr.contains("touch")
        })
    }

    fn command(self, root: &Path, name: &str, arguments: &[String]) -> std::process::Command {
        let mut command = match self {
            Self::Mount => {
                let mut command = program("unshare", root);
                let script = "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\" && cd \"$0\" && exec \"$@\"";
                command
                    .args(["--mount", "sh", "-c", script])
                    .arg(root)
                    .arg(name);
                command
            }
            Self::Modes => program(name, root),
        };
        command.args(arguments);
        command
    }

    fn run(self, root: &Path, command: &mut std::process::Command) -> Answer {
        match self {
            Self::Mount => Answer::of(command),
            Self::Modes => {
                set_writable(root, false);
                let answer = Answer::of(command);
                set_writable(root, true);
                answer
            }
        }
    }

    fn jit(self, root: &Path, arguments: &[String]) -> Answer {
        self.run(root, &mut self.command(root, JIT, arguments))
    }
}

fn set_writable(dir: &Path, is_writable: bool) {
    let mode = if is_writable { 0o755 } else { 0o555 };
    let set = || fs::set_permissions(dir, fs::Permissions::from_mode(mode)).expect("it is ours");
    if is_writable {
        set();
    }
    for entry in fs::read_dir(dir).expect("a directory can be listed") {
        let path = entry.expect("a directory can be listed").path();
        if path.is_dir() {
            set_writable(&path, is_writable);
        }
    }
    if !is_writable {
        set();
    }
}

#[test]
fn reading_works_where_nothing_can_be_written() {
    let Some(guard) = Guard::available() else {
        figures::note(
            "could not run: nothing on this machine makes a tree read-only for this user",
        );
        return;
    };
    let it = Furnished::new();
    let root = it.repo.root();
    let stages: [&dyn Fn(); 3] = [
        // Whatever reading derives and keeps is there.
        &|| {
            it.repo.ok(&["issue", "list"]);
        },
        // And is not.
        &|| {
            remove_index(root);
            fs::remove_dir_all(root.join(".jit/local")).expect("it is there");
        },
        // And is behind.
        &|| {
            it.repo.ok(&["issue", "list"]);
            it.leave_pending();
        },
    ];
    let rows: Vec<_> = it
        .rows()
        .into_iter()
        // Whether one can write is what the doctor looks at.
        .filter(|row| !is_rehearsal(row) && row[0] != "doctor")
        .collect();
    for (number, stage) in stages.into_iter().enumerate() {
        stage();
        let before = Traces::of(root);
        for row in &rows {
            let guarded = guard.jit(root, row);
            assert_ne!(
                guarded.code,
                Some(1),
                "stage {number}: {row:?}: {guarded:?}"
            );
            let free = it.ask(row);
            let told = |answer: &Answer| (answer.code, answer.stdout.clone());
            assert_eq!(
                told(&guarded),
                told(&free),
                "stage {number}: jit {row:?}\n{}",
                guarded.stderr
            );
        }
        assert!(Traces::of(root) == before, "stage {number}");
        let written = guard.jit(
            root,
            &["issue", "create", "-t", "nowhere"].map(str::to_owned),
        );
        assert_eq!(written.stdout, "", "{written:?}");
        assert!(matches!(written.code, Some(8 | 10)), "{written:?}");
    }
    let shown = guard.jit(
        root,
        &["show", &it.open, "--fields", "priority", "-o", "tsv"].map(str::to_owned),
    );
    assert_eq!(shown.stdout, "critical\n", "only the log has it: {shown:?}");
}
