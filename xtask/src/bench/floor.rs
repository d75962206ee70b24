//! What the machine needs for the same work, without any tracker.
//!
//! Owns the building of the floor program and the floors that need threads. Refuses to be quicker than honest: each floor does
//! what its name says, whole.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::process::Call;

const SOURCE: &str = include_str!("floor.c");

/// Builds the floor program; the C compiler is the one that Rust links with, so there is one.
pub(super) fn build(folder: &Path) -> Result<PathBuf> {
    let (source, program) = (folder.join("floor.c"), folder.join("floor"));
    fs::write(&source, SOURCE)?;
    let words: [&std::ffi::OsStr; 4] = [
        "-O2".as_ref(),
        "-o".as_ref(),
        program.as_ref(),
        source.as_ref(),
    ];
    Call::new("cc", words)
        .read()
        .context("the floors need a C compiler")?;
    Ok(program)
}

/// Reads and parses every issue below a directory with two threads, and returns the milliseconds.
pub(super) fn parse(issues: &Path) -> Result<f64> {
    let begun = Instant::now();
    let mut shards = Vec::new();
    for entry in fs::read_dir(issues)? {
        shards.push(entry?.path());
    }
    let (left, right) = shards.split_at(shards.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| parse_shards(right));
        parse_shards(left)?;
        other.join().expect("a thread that panics is a bug")
    })?;
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}

fn parse_shards(shards: &[PathBuf]) -> Result<()> {
    for shard in shards {
        for entry in fs::read_dir(shard)? {
            let bytes = fs::read(entry?.path())?;
            let issue: Value = serde_json::from_slice(&bytes)?;
            std::hint::black_box(issue);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{build, parse};
    use crate::process::Call;

    #[test]
    fn each_floor_does_what_its_name_says() {
        let dir = tempfile::tempdir().unwrap();
        let floor = build(dir.path()).unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let run = |words: &[&str]| Call::new(&floor, words).read().unwrap();
        fs::write(path("in"), "x").unwrap();
        fs::write(path("list"), path("in")).unwrap();
        assert_eq!(run(&["empty"]), "");
        assert_eq!(run(&["read", &path("in")]), "");
        assert_eq!(run(&["write", "3"]), "xxx");
        assert_eq!(run(&["stat", &path("list")]), "");
        assert!(
            run(&["durable", &path("in"), &path("log")])
                .trim()
                .parse::<u64>()
                .unwrap()
                > 0
        );
        assert!(
            run(&["rate", &path("log"), "2"])
                .trim()
                .parse::<u64>()
                .unwrap()
                > 0
        );
        assert_eq!(fs::metadata(path("log")).unwrap().len(), 3 * 4096);
        run(&["peak", &path("peak"), "/bin/true"]);
        assert!(
            fs::read_to_string(path("peak"))
                .unwrap()
                .trim()
                .parse::<u64>()
                .unwrap()
                > 100
        );
        assert!(Call::new(&floor, ["read", &path("absent")]).read().is_err());
    }

    #[test]
    fn parsing_meets_every_file() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("aa")).unwrap();
        fs::write(dir.path().join("aa/a.json"), "{}").unwrap();
        parse(dir.path()).unwrap();
        fs::write(dir.path().join("aa/b.json"), "{").unwrap();
        parse(dir.path()).unwrap_err();
    }
}
