//! Things that are no plain files.
//!
//! Owns the rows. Refuses to judge them: see `corpus`.

use super::super::lab::file;
use super::{Fix, Lab, Reads, Row, broken, instead, row};
use crate::harness::git;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

/// Returns the rows.
pub(super) fn rows() -> Vec<Row> {
    kinds()
}

fn kinds() -> Vec<Row> {
    use Fix::Person;
    let mut rows = vec![
        broken("symbolic link to a file", Person, |lab| {
            instead(lab, |path| symlink("/etc/hostname", path).unwrap());
        }),
        broken("symbolic link to nowhere", Person, |lab| {
            instead(lab, |path| symlink("nowhere", path).unwrap());
        }),
        broken("pipe", Person, |lab| {
            instead(lab, |path| {
                git(
                    lab.root(),
                    &[
                        "-c",
                        &format!("alias.fifo=!mkfifo {}", path.display()),
                        "fifo",
                    ],
                );
            });
        }),
        broken("socket", Person, |lab| {
            instead(lab, |path| {
                // A path to a socket has at most 108 bytes.
                let short = lab.root().parent().unwrap().join("s");
                drop(UnixListener::bind(&short).unwrap());
                std::fs::rename(short, path).unwrap();
            });
        }),
        broken("directory in place of a file", Person, |lab| {
            instead(lab, |path| std::fs::create_dir(path).unwrap());
        }),
        Row {
            hidden: |ids| {
                let all = [
                    &ids.parser,
                    &ids.tests,
                    &ids.docs,
                    &ids.chapter,
                    &ids.held,
                    &ids.late,
                ];
                let in_shard = all.into_iter().filter(|id| id[..2] == ids.docs[..2]);
                in_shard.cloned().collect()
            },
            ..row(
                "symbolic link in place of a shard",
                "unreadable_directory",
                Person,
                |lab| {
                    let shard = format!(".jit/issues/{}", &lab.ids.docs[..2]);
                    let aside = lab.root().join("aside");
                    std::fs::rename(lab.path(&shard), &aside).unwrap();
                    symlink(&aside, lab.path(&shard)).unwrap();
                },
            )
        },
        row(
            "file in place of a shard",
            "unreadable_directory",
            Person,
            |lab| {
                lab.write(".jit/issues/zz", "no directory");
            },
        ),
        row("file beside the shards", "foreign_file", Person, |lab| {
            lab.write(".jit/issues/README", "no directory");
        }),
        Row {
            reads: Reads::Refused(9),
            ..row(
                "symbolic link in place of all issues",
                "not_a_directory",
                Fix::Refused(9),
                |lab| link_aside(lab, ".jit/issues"),
            )
        },
        row(
            "symbolic link in place of all events",
            "not_a_directory",
            Person,
            |lab| link_aside(lab, ".jit/events"),
        ),
        Row {
            reads: Reads::Nothing(9),
            ..row(
                "symbolic link in place of the store",
                "damaged",
                Fix::Refused(9),
                |lab| {
                    let aside = lab.root().join("aside");
                    std::fs::rename(lab.path(".jit"), &aside).unwrap();
                    symlink(&aside, lab.path(".jit")).unwrap();
                },
            )
        },
    ];
    if !rustix_is_root() {
        rows.push(broken("no permission to read", Person, |lab| {
            use std::os::unix::fs::PermissionsExt as _;
            let path = lab.path(&file(&lab.ids.docs));
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o0)).unwrap();
        }));
    }
    rows
}

/// Moves a directory out of the store and puts a link to it in its place.
fn link_aside(lab: &Lab, path: &str) {
    let aside = lab.root().join("aside");
    std::fs::rename(lab.path(path), &aside).unwrap();
    symlink(&aside, lab.path(path)).unwrap();
}

/// Nothing is unreadable for root, so that row would prove nothing.
fn rustix_is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0)
}
