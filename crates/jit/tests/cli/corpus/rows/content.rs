//! Files that hold something wrong, or lie under a wrong name.
//!
//! Owns the rows. Refuses to judge them: see `corpus`.

use super::super::lab::{Ids, commit, file};
use super::{Fix, Row, broken, none, overwrite, parser, replace, row};
use crate::harness::git;
use serde_json::json;

/// Returns the rows.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = contents();
    rows.extend(names());
    rows
}

fn contents() -> Vec<Row> {
    use Fix::{Mended, Person};
    vec![
        broken("truncated", Mended, |lab| {
            let content = lab.read(&file(&lab.ids.docs));
            overwrite(lab, &content[..content.len() / 2]);
        }),
        broken("truncated, only git has it", Mended, |lab| {
            commit(lab.root());
            lab.forget();
            overwrite(lab, "{");
        }),
        broken("truncated, git has an older version", Mended, |lab| {
            lab.forget();
            overwrite(lab, "{");
        }),
        Row {
            hidden: |ids| vec![ids.late.clone()],
            ..broken("truncated, only the events have it", Mended, |lab| {
                lab.forget();
                lab.write(&file(&lab.ids.late), "{");
            })
        },
        broken("truncated, nobody has it", Person, |lab| {
            lab.forget();
            lab.remove(".jit/events");
            git(lab.root(), &["checkout", "-q", "--orphan", "empty"]);
            overwrite(lab, "{");
        }),
        broken("empty", Mended, |lab| overwrite(lab, "")),
        broken("filled with zeros", Mended, |lab| overwrite(lab, [0; 700])),
        broken("bad UTF-8", Mended, |lab| {
            let mut content = lab.read(&file(&lab.ids.docs));
            let place = content.iter().position(|byte| *byte == b'A').unwrap();
            content[place] = 0xff;
            overwrite(lab, content);
        }),
        broken("byte order mark", Mended, |lab| {
            replace(lab, |text| format!("\u{feff}{text}"));
        }),
        broken("conflict markers", Person, |lab| {
            replace(lab, |text| {
                text.replacen("  \"", "<<<<<<< ours\n=======\n>>>>>>> theirs\n  \"", 1)
            });
        }),
        broken("duplicate keys", Mended, |lab| {
            replace(lab, |text| text.replacen('{', "{\"title\": \"Other\",", 1));
        }),
        broken("depth bomb", Mended, |lab| {
            overwrite(lab, format!("{{\"x\":{}", "[".repeat(100_000)));
        }),
        broken("huge number", Mended, |lab| {
            replace(lab, |text| text.replacen('{', "{\"x\": 1e999,", 1));
        }),
        broken("number beyond the range", Mended, |lab| {
            lab.edit(&lab.ids.docs, |issue| issue["rev"] = json!(1_u64 << 60));
        }),
        broken("lone surrogate", Mended, |lab| {
            replace(lab, |text| text.replacen('{', "{\"x\": \"\\ud800\",", 1));
        }),
        broken("no object", Mended, |lab| overwrite(lab, "[]")),
        broken("huge file", Person, |lab| {
            overwrite(lab, format!("{{\"x\":\"{}\"}}", "x".repeat(2 << 20)));
        }),
        broken("title too long", Mended, |lab| {
            lab.edit(&lab.ids.docs, |issue| {
                issue["title"] = json!("x".repeat(600));
            });
        }),
        broken("wrong type of a field", Mended, |lab| {
            lab.edit(&lab.ids.docs, |issue| issue["labels"] = json!("area:x"));
        }),
        broken("garbled tombstone", Mended, |lab| {
            lab.edit(&lab.ids.docs, |issue| {
                issue["deleted"] = json!({"at": "never"});
            });
        }),
    ]
}

fn names() -> Vec<Row> {
    use Fix::{Mended, Person};
    const OTHER: &str = ".jit/issues/zz/zzzzzzzzzz.json";
    vec![
        broken("holds another issue", Mended, |lab| {
            overwrite(lab, lab.read(&file(&lab.ids.late)));
        }),
        row(
            "copy under a free name",
            "unreadable_issue",
            Mended,
            |lab| {
                lab.write(OTHER, lab.read(&file(&lab.ids.late)));
            },
        ),
        row(
            "edited copy under a free name",
            "unreadable_issue",
            Person,
            |lab| {
                let text = String::from_utf8(lab.read(&file(&lab.ids.late))).unwrap();
                lab.write(OTHER, text.replace("Late", "Later"));
            },
        ),
        Row {
            hidden: |ids| vec![ids.late.clone()],
            ..row("moved to a wrong name", "unreadable_issue", Mended, |lab| {
                lab.write(OTHER, lab.read(&file(&lab.ids.late)));
                lab.remove(&file(&lab.ids.late));
            })
        },
        row("copy in a wrong shard", "foreign_file", Person, |lab| {
            let id = &lab.ids.late;
            let shard = if id.starts_with("zz") { "yy" } else { "zz" };
            let content = lab.read(&file(id));
            lab.write(&format!(".jit/issues/{shard}/{id}.json"), content);
        }),
        row("copy in capitals", "foreign_file", Person, |lab| {
            let id = &lab.ids.late;
            let name = format!(".jit/issues/{}/{}.json", &id[..2], id.to_uppercase());
            lab.write(&name, lab.read(&file(id)));
        }),
        row("foreign file in a shard", "foreign_file", Person, |lab| {
            lab.write(".jit/issues/zz/notes.txt", "notes");
        }),
        row("foreign file in the store", "foreign_file", Person, |lab| {
            lab.write(".jit/notes.txt", "notes");
        }),
        row(
            "foreign directory of events",
            "foreign_file",
            Person,
            |lab| {
                lab.write(".jit/events/old/x.jsonl", "{}\n");
            },
        ),
        Row {
            hidden: parser,
            unready: none,
            ..row(
                "missing issue that others wait for",
                "dangling_dependency",
                Person,
                |lab| {
                    lab.remove(&file(&lab.ids.parser));
                },
            )
        },
        Row {
            hidden: |ids| {
                let Ids {
                    parser,
                    tests,
                    docs,
                    chapter,
                    held,
                    late,
                } = ids.clone();
                vec![parser, tests, docs, chapter, held, late]
            },
            ..row(
                "missing directory of issues",
                "missing_directory",
                Person,
                |lab| {
                    lab.remove(".jit/issues");
                },
            )
        },
    ]
}
