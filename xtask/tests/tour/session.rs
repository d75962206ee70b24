//! A shell that commands are typed into.
//!
//! Owns one `sh` for the whole tour, so that `cd` and `export` last. Refuses to see standard output and standard error apart: a
//! reader of the page does not either.

use std::io::{BufRead as _, BufReader, PipeReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};

const END: &str = "--- end of the answer ---";

/// An open shell.
pub(crate) struct Session {
    shell: Child,
    keyboard: Option<ChildStdin>,
    screen: BufReader<PipeReader>,
}

impl Session {
    /// Opens a shell in `home`, which is also where it keeps all state.
    #[expect(
        clippy::disallowed_methods,
        reason = "a test has no process module, and needs one shell"
    )]
    pub(crate) fn open(home: &Path) -> Self {
        let (screen, terminal) = std::io::pipe().expect("a pipe can be made");
        let again = terminal.try_clone().expect("a pipe can be shared");
        let mut shell = std::process::Command::new("sh")
            .current_dir(home)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").expect("there is a path"))
            .env("HOME", home)
            .env("TMPDIR", home)
            .env("XDG_STATE_HOME", home.join("state"))
            .env("USER", "ada")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(Stdio::piped())
            .stdout(terminal)
            .stderr(again)
            .spawn()
            .expect("there is a shell");
        let keyboard = shell.stdin.take();
        Self {
            shell,
            keyboard,
            screen: BufReader::new(screen),
        }
    }

    /// Types a command and returns what it answered, line by line; a failure is shown as its exit code.
    pub(crate) fn type_in(&mut self, command: &str) -> Vec<String> {
        let keyboard = self.keyboard.as_mut().expect("the shell is open");
        // The braces keep the command in this shell; it must not read what is typed next.
        let typed = format!(
            "{{ {command}\n}} </dev/null; code=$?; [ $code = 0 ] || echo \"exit $code\"; echo '{END}'\n"
        );
        keyboard
            .write_all(typed.as_bytes())
            .expect("the shell listens");
        let mut answer = Vec::new();
        for line in self.screen.by_ref().lines() {
            let line = line.expect("the answer is text");
            if line == END {
                return answer;
            }
            answer.push(line);
        }
        panic!("the shell ended after: {}", answer.join("\n"));
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.keyboard.take());
        drop(self.shell.wait());
    }
}

#[test]
fn a_session_remembers_and_shows_failures() {
    let home = tempfile::tempdir().unwrap();
    let mut session = Session::open(home.path());
    assert_eq!(session.type_in("mkdir a && cd a"), [""; 0]);
    assert_eq!(
        session.type_in("basename \"$PWD\"; echo talk >&2"),
        ["a", "talk"]
    );
    assert_eq!(session.type_in("cat; (exit 3)"), ["exit 3"]);
}
