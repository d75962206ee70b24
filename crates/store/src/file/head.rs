//! The commit that a worktree stands on.
//!
//! Owns reading git's own files for that. Refuses to run git: whoever writes is not to wait for it.

use super::git_dirs::{GitDirs, read_pointer};
use jit_core::{EventDraft, EventKind, Value};
use std::collections::BTreeMap;

/// Longest list of packed references that is read, in bytes.
const MAX_PACKED: u64 = 16 * 1024 * 1024;

/// Name of the member of an event that says where git stood.
const MEMBER: &str = "head";

/// Returns what an event says beside its draft: where git stood when something else was found to have changed a file.
pub(super) fn members(git: Option<&GitDirs>, draft: &EventDraft) -> BTreeMap<String, Value> {
    if draft.kind != EventKind::ExternalChanged {
        return BTreeMap::new();
    }
    let head = git.and_then(head);
    head.map(|head| (MEMBER.to_owned(), head.into()))
        .into_iter()
        .collect()
}

/// Returns the commit; `None` on a branch without commits, and when git keeps its references in another way.
fn head(git: &GitDirs) -> Option<String> {
    let text = read(git, "HEAD")?;
    let Some(name) = text.strip_prefix("ref: ") else {
        return commit(&text);
    };
    let is_plain = name.starts_with("refs/")
        && name
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..");
    if !is_plain {
        return None;
    }
    match read(git, name) {
        Some(text) => commit(&text),
        None => packed(git, name),
    }
}

/// Reads a file of the worktree's own directory, or else of the common one.
fn read(git: &GitDirs, name: &str) -> Option<String> {
    let text = [&git.dir, &git.common]
        .into_iter()
        .find_map(|dir| read_pointer(&dir.join(name)).ok().flatten());
    text.map(|text| text.trim_end().to_owned())
}

/// Looks a reference up in the list of those that have no file of their own.
fn packed(git: &GitDirs, name: &str) -> Option<String> {
    let path = git.common.join("packed-refs");
    let len = std::fs::metadata(&path).ok()?.len();
    if len > MAX_PACKED {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    let named = |line: &str| {
        let (object, of) = line.split_once(' ')?;
        (of == name).then(|| commit(object)).flatten()
    };
    text.lines().find_map(named)
}

fn commit(text: &str) -> Option<String> {
    let is_object = [40, 64].contains(&text.len()) && text.bytes().all(|it| it.is_ascii_hexdigit());
    is_object.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_commit_is_found_wherever_git_keeps_it() {
        let dir = tempfile::tempdir().unwrap();
        let (own, common) = (dir.path().join("own"), dir.path().join("common"));
        fs::create_dir_all(&own).unwrap();
        fs::create_dir_all(common.join("refs/heads/deep")).unwrap();
        let [a, b, c] = ["a", "b", "c"].map(|digit| digit.repeat(40));
        fs::write(common.join("refs/heads/deep/er"), format!("{b}\n")).unwrap();
        let list = format!("# pack-refs with: peeled\n{c} refs/heads/packed\n^{a}\n");
        fs::write(common.join("packed-refs"), list).unwrap();
        let git = GitDirs {
            dir: own.clone(),
            common,
            worktree: dir.path().to_owned(),
        };
        let check = |text: &str, expected: Option<&String>| {
            fs::write(own.join("HEAD"), text).unwrap();
            assert_eq!(head(&git).as_ref(), expected, "{text}");
        };
        check(&format!("{a}\n"), Some(&a));
        check("ref: refs/heads/deep/er\n", Some(&b));
        check("ref: refs/heads/packed\n", Some(&c));
        check("ref: refs/heads/unborn\n", None);
        check("ref: refs/../../../etc/passwd\n", None);
        check("ref: /etc/passwd\n", None);
        check("ref: refs/heads/deep\n", None);
        check("nonsense\n", None);
        check("", None);
    }
}
