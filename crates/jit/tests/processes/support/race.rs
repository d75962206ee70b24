//! A starting line for processes.
//!
//! Owns the simultaneous start. Refuses to judge who won.

use std::path::Path;
use std::process::{Child, Stdio};

use super::program::{Answer, JIT, program};

/// Starts one waiting process for each command, lets all go at once, and returns their answers in order.
///
/// Each command is arguments of `jit`.
pub(crate) fn race<'a>(commands: impl IntoIterator<Item = (&'a Path, Vec<String>)>) -> Vec<Answer> {
    let of_jit = |(dir, arguments): (&'a Path, Vec<String>)| {
        let program = std::iter::once(JIT.to_owned());
        (dir, program.chain(arguments).collect())
    };
    race_of(commands.into_iter().map(of_jit))
}

/// Starts one waiting process for each command line, lets all go at once, and returns their answers in order.
///
/// Each racer is a shell that blocks in a read of one common pipe and then becomes the program. Closing the only write end wakes
/// every reader in the same moment, so nobody is ahead by the time it takes to start the others.
pub(crate) fn race_of<'a>(
    commands: impl IntoIterator<Item = (&'a Path, Vec<String>)>,
) -> Vec<Answer> {
    let (reader, writer) = std::io::pipe().expect("a pipe can be made");
    let racers: Vec<Child> = commands
        .into_iter()
        .map(|(dir, arguments)| {
            let line = reader.try_clone().expect("a pipe end can be shared");
            let mut shell = program("sh", dir);
            shell
                .args(["-c", "read -r _; exec \"$@\"", "sh"])
                .args(arguments);
            shell
                .stdin(line)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            shell.spawn().expect("a shell can be started")
        })
        .collect();
    drop(writer);
    racers
        .into_iter()
        .map(|racer| racer.wait_with_output().expect("a racer ends").into())
        .collect()
}

/// Returns the same command for many actors or items, all in one directory.
pub(crate) fn field(
    dir: &Path,
    n_racers: usize,
    command: impl Fn(usize) -> Vec<String>,
) -> Vec<(&Path, Vec<String>)> {
    (0..n_racers).map(|number| (dir, command(number))).collect()
}
