//! The tour of the README, run as it is printed.
//!
//! Owns the walk through the `console` blocks: a line with `$` is typed into a shell, `>` goes on with it, the rest is what
//! must be answered. Refuses to know any command. In an answer `…` stands for any text, a line with only `…` for any lines,
//! and an issue id stands for whatever id came instead, from then on.

mod pattern;
mod script;
mod session;

use std::fs;
use std::path::{Path, PathBuf};

use pattern::Names;
use session::Session;

#[test]
fn every_command_of_the_readme_answers_as_printed() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README is there");
    let steps = script::steps(&readme);
    assert!(
        steps.len() >= 10,
        "the tour has only {} commands; is it still in `console` blocks?",
        steps.len()
    );
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    offer_programs(home.path());
    let mut session = Session::open(home.path());
    let mut names = Names::default();
    for step in steps {
        let command = names.translate(&step.command);
        let answer = session.type_in(&command);
        if let Err(why) = names.compare(&step.answer, &answer) {
            panic!(
                "README.md:{}: `{command}`\n{why}\nthe whole answer was:\n{}",
                step.line,
                answer.join("\n")
            );
        }
    }
}

/// The tour begins in a checkout, where the programs are in `target/debug`.
fn offer_programs(home: &Path) {
    let built = Path::new(env!("CARGO_BIN_EXE_xtask"))
        .parent()
        .expect("a program is in a directory");
    for program in ["jit", "jit-dispatch"] {
        assert!(
            built.join(program).is_file(),
            "{program} is not built; run `cargo xtask test`, or `cargo build -p jit -p jit-dispatch` first"
        );
    }
    fs::create_dir(home.join("target")).expect("the directory is new");
    std::os::unix::fs::symlink(built, home.join("target/debug")).expect("the directory is new");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
