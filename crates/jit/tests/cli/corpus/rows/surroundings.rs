//! The log, what is private to the clone, settings, and git.
//!
//! Owns the rows. Refuses to judge them: see `corpus`.

use super::super::lab::{commit, file};
use super::{Fix, Reads, Row, row};
use crate::harness::git;
use serde_json::json;
use std::os::unix::fs::symlink;

/// Returns the rows.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = events();
    rows.extend(private());
    rows.extend(settings());
    rows
}

fn events() -> Vec<Row> {
    use Fix::{Mended, Person};
    vec![
        row("segment with a torn end", "torn_segment", Person, |lab| {
            let path = lab.segment();
            let content = lab.read(&path);
            lab.write(&path, &content[..content.len() - 40]);
        }),
        row("truncated segment", "history", Person, |lab| {
            let path = lab.segment();
            let content = lab.read(&path);
            lab.write(&path, &content[..content.len() / 2]);
        }),
        row(
            "truncated segment that git has",
            "torn_segment",
            Mended,
            |lab| {
                commit(lab.root());
                let path = lab.segment();
                let content = lab.read(&path);
                lab.write(&path, &content[..content.len() - 40]);
            },
        ),
        row("garbled line", "unreadable_event", Person, |lab| {
            lab.edit_lines(|lines| {
                let last = lines.last_mut().unwrap();
                last.truncate(30);
            });
        }),
        row(
            "garbled line that git has",
            "unreadable_event",
            Mended,
            |lab| {
                commit(lab.root());
                lab.edit_lines(|lines| lines[1].truncate(30));
            },
        ),
        row(
            "segment filled with zeros",
            "unreadable_event",
            Mended,
            |lab| {
                commit(lab.root());
                let path = lab.segment();
                let n = lab.read(&path).len();
                let mut zeros = vec![0; n - 1];
                zeros.push(b'\n');
                lab.write(&path, zeros);
            },
        ),
        row(
            "missing middle of a transaction",
            "missing_event",
            Person,
            |lab| {
                lab.edit_lines(|lines| {
                    let place = lines
                        .iter()
                        .rposition(|line| line.contains("issue.created"));
                    lines.remove(place.unwrap());
                });
            },
        ),
        row("missing line", "history", Person, |lab| {
            lab.edit_lines(|lines| {
                let place = lines
                    .iter()
                    .rposition(|line| line.contains("issue.commented"));
                lines.remove(place.unwrap());
            });
        }),
        row(
            "lines in another order",
            "events_out_of_order",
            Person,
            |lab| {
                lab.edit_lines(|lines| {
                    let n = lines.len();
                    lines.swap(1, n - 2);
                });
            },
        ),
        row(
            "event with other words",
            "conflicting_event",
            Person,
            |lab| {
                let text = String::from_utf8(lab.read(&lab.segment())).unwrap();
                let line = text
                    .lines()
                    .find(|line| line.contains("issue.created"))
                    .unwrap();
                let path = lab.segment().replace(".jsonl", "-copy.jsonl");
                lab.write(&path, line.replace("Parser", "Lexer") + "\n");
            },
        ),
        row(
            "symbolic link in place of a segment",
            "unreadable_segment",
            Person,
            |lab| {
                let path = lab.segment().replace(".jsonl", "-link.jsonl");
                symlink("/etc/hostname", lab.path(&path)).unwrap();
            },
        ),
        row(
            "file in place of a month",
            "unreadable_directory",
            Person,
            |lab| {
                lab.write(".jit/events/209901", "no directory");
            },
        ),
    ]
}

fn private() -> Vec<Row> {
    use Fix::{Mended, Person, Refused};
    vec![
        row("garbled lease", "unreadable_lease", Mended, |lab| {
            lab.write(&format!("<private>/leases/{}.json", lab.ids.held), "{");
        }),
        row(
            "garbled lease that nobody has",
            "unreadable_lease",
            Person,
            |lab| {
                lab.forget();
                lab.write(&format!("<private>/leases/{}.json", lab.ids.held), "{");
            },
        ),
        row(
            "lease below the epoch of its issue",
            "lease_overtaken",
            Mended,
            |lab| {
                lab.edit(&lab.ids.held, |issue| issue["epoch"] = json!(9));
            },
        ),
        row(
            "lease above the epoch of its issue",
            "epoch_behind",
            Person,
            |lab| {
                lab.edit_lease(&lab.ids.held, |lease| lease["epoch"] = json!(9));
            },
        ),
        Row {
            hidden: |ids| vec![ids.held.clone()],
            ..row("lease of a missing issue", "orphan_lease", Person, |lab| {
                lab.remove(&file(&lab.ids.held));
            })
        },
        row("garbled mark", "broken_mark", Mended, |lab| {
            lab.write("<private>/applied", "jitm?");
        }),
        row("log with a torn end", "torn_log", Mended, |lab| {
            let mut log = lab.read("<private>/wal");
            let n = log.len();
            log.extend_from_within(..n.min(60));
            lab.write("<private>/wal", log);
        }),
        row(
            "log broken in the middle",
            "broken_log",
            Refused(9),
            |lab| {
                let mut log = lab.read("<private>/wal");
                log[40] ^= 0xff;
                lab.write("<private>/wal", log);
                lab.remove("<private>/applied");
            },
        ),
        row(
            "writing stopped by a disk error",
            "stopped",
            Refused(10),
            |lab| {
                lab.write("<private>/read_only_io_error", "input/output error");
            },
        ),
        row(
            "garbled answer to a key",
            "unreadable_receipt",
            Person,
            |lab| {
                let shard = std::fs::read_dir(lab.path("<private>/keys"))
                    .unwrap()
                    .next();
                let file = std::fs::read_dir(shard.unwrap().unwrap().path())
                    .unwrap()
                    .next();
                std::fs::write(file.unwrap().unwrap().path(), "{").unwrap();
            },
        ),
        row(
            "temporary file of the dead",
            "leftover_file",
            Person,
            |lab| {
                lab.write(".jit/local/tmp/7-0", "half");
                let file = std::fs::File::options()
                    .write(true)
                    .open(lab.path(".jit/local/tmp/7-0"))
                    .unwrap();
                file.set_modified(std::time::UNIX_EPOCH).unwrap();
            },
        ),
    ]
}

fn settings() -> Vec<Row> {
    use Fix::{Mended, Person, Refused};
    let version = |name, damage| Row {
        reads: Reads::Refused(9),
        ..row(name, "broken_format", Mended, damage)
    };
    vec![
        version("missing version", |lab| lab.remove(".jit/format.json")),
        version("garbled version", |lab| {
            lab.write(".jit/format.json", "{\"format\":");
        }),
        Row {
            reads: Reads::Nothing(9),
            ..row(
                "version for newer readers",
                "format_too_new",
                Refused(9),
                |lab| {
                    lab.write(
                        ".jit/format.json",
                        "{\"format\":2,\"min_reader\":2,\"min_writer\":2,\"features\":[]}\n",
                    );
                },
            )
        },
        row(
            "version for newer writers",
            "newer_format",
            Refused(9),
            |lab| {
                lab.write(
                    ".jit/format.json",
                    "{\"format\":2,\"min_reader\":1,\"min_writer\":2,\"features\":[]}\n",
                );
            },
        ),
        row(
            "version that never was",
            "older_format",
            Refused(9),
            |lab| {
                lab.write(
                    ".jit/format.json",
                    "{\"format\":0,\"min_reader\":0,\"min_writer\":0,\"features\":[]}\n",
                );
            },
        ),
        Row {
            reads: Reads::Refused(2),
            ..row("broken settings", "broken_config", Person, |lab| {
                lab.write(".jit/config.toml", "[store\n");
            })
        },
        row("missing attributes", "missing_attributes", Mended, |lab| {
            lab.remove(".jit/.gitattributes");
        }),
        row(
            "attributes without one of the lines",
            "missing_attributes",
            Mended,
            |lab| {
                lab.write(".jit/.gitattributes", "# ours\nissues/** merge=jit eol=lf");
            },
        ),
        row(
            "missing list of ignored files",
            "missing_ignore",
            Mended,
            |lab| {
                lab.remove(".jit/.gitignore");
            },
        ),
        row(
            "overruled attributes",
            "overruled_attributes",
            Person,
            |lab| {
                lab.write(".git/info/attributes", "*.json merge=binary\n");
            },
        ),
        row("issues that git ignores", "ignored", Person, |lab| {
            lab.write(".git/info/exclude", ".jit/issues/\n");
        }),
        row("unmerged in git", "unmerged", Person, |lab| {
            let path = file(&lab.ids.docs);
            git(lab.root(), &["update-index", "--force-remove", &path]);
            for stage in ["2", "3"] {
                let script = format!(
                    "alias.put-stage=!printf '100644 %s {stage}\\t%s\\n' $(git rev-parse HEAD:{path}) {path} | git update-index --index-info"
                );
                git(lab.root(), &["-c", &script, "put-stage"]);
            }
        }),
    ]
}
