//! Git as a program, for the few questions that its files alone can't answer.
//!
//! Owns the starting of git: its environment is scrubbed, its settings that run programs are off, and it is never found in
//! the current directory. No reading or everyday command comes here. Refuses to know what the answers mean to the store.

mod run;

use jit_store::file::{GitDirs, Location, STORE_DIR};
use jit_store::fs::RelPath;
use jit_store::{History, Kept};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Settings under which a repository can't make git run anything.
const SAFE_SETTINGS: [&str; 12] = [
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.pager=cat",
    "-c",
    "protocol.allow=never",
    "-c",
    "log.showSignature=false",
    "-c",
    "log.showRoot=true",
];

/// How many paths are named one by one; more are asked for by their directory.
const MAX_PATHS: usize = 500;

/// Longest file that is looked at, in bytes.
const MAX_CONTENT: u64 = 64 * 1024 * 1024;

/// Objects by their names, each with the path that it was kept under.
type Objects = BTreeSet<(String, String)>;

/// The git repository that a store lies in.
#[derive(Debug)]
pub(crate) struct Git {
    dirs: GitDirs,
    /// The store's directory as git's paths begin.
    prefix: String,
}

impl Git {
    /// Returns the repository around a store, if there is one.
    pub(crate) fn around(location: &Location) -> Option<Self> {
        let dirs = location.git.clone()?;
        let below = location.store.strip_prefix(&dirs.worktree);
        let prefix = below.ok().and_then(Path::to_str).unwrap_or(STORE_DIR);
        Some(Self {
            prefix: prefix.to_owned(),
            dirs,
        })
    }

    /// Returns the repository of a worktree, whose store lies at its top.
    pub(crate) fn within(dirs: GitDirs) -> Self {
        Self {
            dirs,
            prefix: STORE_DIR.to_owned(),
        }
    }

    /// Runs git with this input and returns what it wrote; another exit code than 0 is an error with its words.
    pub(crate) fn answer(&self, arguments: &[&str], input: &[u8]) -> io::Result<Vec<u8>> {
        let command = self.command(arguments.iter().copied())?;
        feed(command, arguments, input)
    }

    /// Runs git likewise, for what makes it compare files: no filter runs, whatever the clone's configuration says.
    pub(crate) fn answer_unfiltered(
        &self,
        arguments: &[&str],
        input: &[u8],
    ) -> io::Result<Vec<u8>> {
        let list = ["config", "--list", "--name-only", "-z"];
        let names = self.answer(&list, b"")?;
        let names = String::from_utf8_lossy(&names).into_owned();
        let is_program = |name: &&str| {
            name.starts_with("filter.")
                && [".clean", ".smudge", ".process", ".required"]
                    .iter()
                    .any(|end| name.ends_with(end))
        };
        let mut command = self.command(arguments.iter().copied())?;
        let mut n_off = 0;
        for name in names.split('\0').filter(is_program) {
            let value = if name.ends_with(".required") {
                "false"
            } else {
                ""
            };
            command.env(format!("GIT_CONFIG_KEY_{n_off}"), name);
            command.env(format!("GIT_CONFIG_VALUE_{n_off}"), value);
            n_off += 1;
        }
        command.env("GIT_CONFIG_COUNT", n_off.to_string());
        feed(command, arguments, input)
    }

    /// Returns git with arguments, to be started at the top of the worktree; an error when it is not on the search path.
    #[expect(
        clippy::disallowed_methods,
        reason = "this module is the one that starts git"
    )]
    pub(crate) fn command<'a>(
        &self,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> io::Result<Command> {
        let mut command = Command::new(find(std::env::var_os("PATH"))?);
        command
            .current_dir(&self.dirs.worktree)
            .arg("--git-dir")
            .arg(&self.dirs.dir)
            .arg("--work-tree")
            .arg(&self.dirs.worktree)
            .args(SAFE_SETTINGS)
            .args(arguments);
        // Hooks and editors of git set variables that would lead it elsewhere.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        command
            // Empty allows none, whatever the repository's settings say of single protocols.
            .env("GIT_ALLOW_PROTOCOL", "")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        Ok(command)
    }

    /// Runs git and returns what it wrote; another exit code than 0 is an error with its words.
    fn ask(&self, arguments: &[&str], paths: &[String]) -> io::Result<Vec<u8>> {
        let words = arguments.iter().copied();
        let paths = paths.iter().map(String::as_str);
        let output = self.command(words.chain(["--"]).chain(paths))?.output()?;
        succeeded(output, arguments)
    }

    /// Returns the objects that git keeps under these paths, each with its path.
    fn objects(&self, paths: &[String]) -> io::Result<Objects> {
        let mut found = Objects::new();
        let log = [
            "log",
            "--all",
            "--reflog",
            "--full-history",
            "-m",
            "--raw",
            "-z",
            "--no-abbrev",
            "--no-renames",
            "--no-ext-diff",
            "--no-color",
            "--format=",
        ];
        let text = self.ask(&log, paths)?;
        note_changes(&text, &mut found);
        let staged = self.ask(&["ls-files", "--stage", "-z"], paths)?;
        note_entries(&staged, &mut found);
        Ok(found)
    }

    /// Shows `visit` the content of each object.
    fn read(&self, objects: &Objects, visit: &mut dyn FnMut(&str, &[u8])) -> io::Result<()> {
        let mut child = self
            .command(["cat-file", "--batch"])?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut names = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut answers = BufReader::new(child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
        let outcome = std::thread::scope(|scope| {
            let writer = scope.spawn(move || -> io::Result<()> {
                for (object, _) in objects {
                    writeln!(names, "{object}")?;
                }
                Ok(())
            });
            for (_, path) in objects {
                if let Some(content) = read_answer(&mut answers)? {
                    visit(path, &content);
                }
            }
            drop(answers);
            let written = writer.join();
            written.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        let status = child.wait()?;
        outcome?;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other("git cat-file ended early"))
        }
    }
}

impl History for Git {
    fn visit(&self, paths: &[RelPath], visit: &mut dyn FnMut(Kept<'_>)) -> io::Result<()> {
        let named = |path: &RelPath| format!(":(top,literal){}/{path}", self.prefix);
        let paths: Vec<String> = if paths.len() > MAX_PATHS {
            vec![format!(":(top,literal){}", self.prefix)]
        } else {
            paths.iter().map(named).collect()
        };
        let objects = self.objects(&paths)?;
        let prefix = format!("{}/", self.prefix);
        self.read(&objects, &mut |path, content| {
            if let Some(path) = path.strip_prefix(&prefix) {
                visit(Kept { path, content });
            }
        })
    }
}

/// Runs a command with this input.
fn feed(mut command: Command, arguments: &[&str], input: &[u8]) -> io::Result<Vec<u8>> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let output = std::thread::scope(|scope| {
        // A git that reads no more has its reasons, and its exit code tells them.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output()
    })?;
    succeeded(output, arguments)
}

fn succeeded(output: Output, arguments: &[&str]) -> io::Result<Vec<u8>> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let verb = arguments.first().copied().unwrap_or_default();
    Err(io::Error::other(format!("git {verb}: {}", text.trim())))
}

/// Finds git on the search path; a relative directory there is the current one in disguise.
fn find(search_path: Option<OsString>) -> io::Result<PathBuf> {
    let search_path = search_path.unwrap_or_default();
    let mut places = std::env::split_paths(&search_path)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join("git"));
    places
        .find(|place| place.is_file())
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "git is not on the search path"))
}

/// Notes the objects of lines such as `:100644 100644 OLD NEW M`, each followed by its path.
fn note_changes(text: &[u8], found: &mut Objects) {
    let mut parts = text.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    while let Some(head) = parts.next() {
        // Between two commits stands a line of its own.
        let Some(head) = head.trim_start_matches('\n').strip_prefix(':') else {
            continue;
        };
        let Some(path) = parts.next() else {
            return;
        };
        let words: Vec<&str> = head.split(' ').collect();
        let objects = words.get(2..4).unwrap_or_default();
        for object in objects.iter().filter(|object| is_object(object)) {
            found.insert(((*object).to_owned(), path.clone().into_owned()));
        }
    }
}

/// Notes the objects of entries such as `100644 OBJECT 0\tPATH`.
fn note_entries(text: &[u8], found: &mut Objects) {
    for entry in text.split(|byte| *byte == 0).map(String::from_utf8_lossy) {
        let Some((head, path)) = entry.split_once('\t') else {
            continue;
        };
        if let Some(object) = head.split(' ').nth(1).filter(|object| is_object(object)) {
            found.insert((object.to_owned(), path.to_owned()));
        }
    }
}

/// Returns whether this names an object; zeros stand for none.
fn is_object(text: &str) -> bool {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    [40, 64].contains(&text.len()) && is_hex && text.bytes().any(|byte| byte != b'0')
}

/// Reads one answer of `cat-file --batch`; `None` for an object that git does not have or that is no file.
fn read_answer(answers: &mut impl io::BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut head = String::new();
    if answers.read_line(&mut head)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let words: Vec<&str> = head.split_whitespace().collect();
    let [_, kind, len] = words[..] else {
        return Ok(None);
    };
    let len: u64 = len.parse().map_err(io::Error::other)?;
    let mut content = Vec::new();
    if len > MAX_CONTENT {
        io::copy(&mut answers.take(len + 1), &mut io::sink())?;
        return Ok(None);
    }
    answers.take(len + 1).read_to_end(&mut content)?;
    if content.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((kind == "blob").then_some(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read_from_what_git_writes() {
        let [a, b, none] = ["a", "b", "0"].map(|digit| digit.repeat(40));
        let mut found = Objects::new();
        let text = format!(
            ":000000 100644 {none} {a} A\0.jit/one\0\n:100644 000000 {b} {none} D\0.jit/two\0"
        );
        note_changes(text.as_bytes(), &mut found);
        note_entries(format!("100644 {b} 0\t.jit/three\0").as_bytes(), &mut found);
        let expected = [(a, ".jit/one"), (b.clone(), ".jit/two"), (b, ".jit/three")];
        let expected = expected.map(|(object, path)| (object, path.to_owned()));
        assert_eq!(found, Objects::from(expected));
        for broken in ["", "\0", ":100644", ":1 2\0", "\n\n\0"] {
            note_changes(broken.as_bytes(), &mut found);
            note_entries(broken.as_bytes(), &mut found);
        }
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn no_setting_of_a_repository_makes_git_run_a_transport() {
        let dir = tempfile::tempdir().unwrap();
        let git = Git::within(GitDirs {
            dir: dir.path().join(".git"),
            common: dir.path().join(".git"),
            worktree: dir.path().to_owned(),
        });
        git.answer(&["init", "-q"], b"").unwrap();
        let allowed = ["config", "protocol.ext.allow", "always"];
        git.answer(&allowed, b"").unwrap();
        let remote = ["ls-remote", "ext::touch made"];
        git.answer(&remote, b"").unwrap_err();
        assert!(!dir.path().join("made").exists());
        // The same without the protection: what is tried here does run.
        let mut unprotected = git.command(remote).unwrap();
        unprotected.env_remove("GIT_ALLOW_PROTOCOL");
        assert!(!unprotected.output().unwrap().status.success());
        assert!(dir.path().join("made").exists());
    }

    #[test]
    fn git_is_never_found_in_the_current_directory() {
        for path in ["", ".", "bin:.", "bin"] {
            assert!(find(Some(path.into())).is_err(), "{path:?}");
        }
        find(std::env::var_os("PATH")).unwrap();
    }
}
