//! Files that can be read, and say what can't be.
//!
//! Owns the rows. Refuses to judge them: see `corpus`.

use super::super::lab::Ids;
use super::{Fix, Row, parser, row};
use serde_json::json;

/// Returns the rows.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = graph();
    rows.extend(fields());
    rows
}

fn graph() -> Vec<Row> {
    use Fix::{Mended, Person};
    vec![
        Row {
            unready: |ids| vec![ids.late.clone()],
            ..row("edge to itself", "cycle", Mended, |lab| {
                let id = lab.ids.late.clone();
                lab.edit(&id, |issue| issue["dependencies"] = json!([id]));
            })
        },
        Row {
            unready: parser,
            ..row("cycle", "cycle", Mended, |lab| {
                let tests = lab.ids.tests.clone();
                lab.edit(&lab.ids.parser, |issue| {
                    issue["dependencies"] = json!([tests]);
                });
            })
        },
        Row {
            unready: |ids| vec![ids.chapter.clone()],
            ..row("cycle of parents", "cycle", Mended, |lab| {
                let chapter = lab.ids.chapter.clone();
                lab.edit(&lab.ids.docs, |issue| issue["parent"] = json!(chapter));
            })
        },
        Row {
            unready: |ids| vec![ids.late.clone()],
            ..row("its own parent", "cycle", Mended, |lab| {
                let id = lab.ids.late.clone();
                lab.edit(&id, |issue| issue["parent"] = json!(id));
            })
        },
        Row {
            unready: |ids| vec![ids.late.clone()],
            ..row("dangling edge", "dangling_dependency", Person, |lab| {
                lab.edit(&lab.ids.late, |issue| {
                    issue["dependencies"] = json!(["zzzzzzzzzz"]);
                });
            })
        },
        row("dangling parent", "dangling_parent", Person, |lab| {
            lab.edit(&lab.ids.late, |issue| issue["parent"] = json!("zzzzzzzzzz"));
        }),
        row("edit by hand", "external_change", Mended, |lab| {
            lab.edit(&lab.ids.docs, |issue| issue["title"] = json!("By hand"));
        }),
        row("edge twice in a list", "external_change", Mended, |lab| {
            let (parser, late) = (lab.ids.parser.clone(), lab.ids.late.clone());
            lab.edit(&lab.ids.tests, |issue| {
                issue["dependencies"] = json!([parser, parser, late]);
            });
        }),
        row("garbled etag", "external_change", Mended, |lab| {
            lab.edit(&lab.ids.docs, |issue| issue["etag"] = json!("x"));
        }),
    ]
}

fn fields() -> Vec<Row> {
    use Fix::{Mended, Person};
    let of_late = |name, code, damage| Row {
        unready: |ids: &Ids| vec![ids.late.clone()],
        ..row(name, code, Person, damage)
    };
    vec![
        of_late("done, but never closed", "closed_at", |lab| {
            lab.edit(&lab.ids.late, |issue| issue["state"] = json!("done"));
        }),
        of_late("word of a newer version", "newer_values", |lab| {
            lab.edit(&lab.ids.late, |issue| issue["state"] = json!("paused"));
        }),
        of_late("in progress by nobody", "nobody_works", |lab| {
            lab.edit(&lab.ids.late, |issue| issue["state"] = json!("in_progress"));
        }),
        row("unknown type", "unknown_type", Person, |lab| {
            lab.edit(&lab.ids.late, |issue| issue["type"] = json!("molecule"));
        }),
        Row {
            hidden: |ids| vec![ids.held.clone()],
            ..row(
                "tombstone with a lease",
                "lease_of_tombstone",
                Mended,
                |lab| {
                    lab.edit(&lab.ids.held, |issue| {
                        issue["deleted"] = json!({"at": "2026-01-01T00:00:00Z", "by": "human:ada"});
                    });
                },
            )
        },
        Row {
            unready: parser,
            ..row("broken gate", "unreadable_gate", Mended, |lab| {
                lab.write(".jit/gates/review.json", "{");
            })
        },
        row("misnamed gate", "unreadable_gate", Person, |lab| {
            lab.write(".jit/gates/other.json", lab.read(".jit/gates/review.json"));
        }),
        Row {
            unready: parser,
            ..row("missing gate", "undefined_gate", Person, |lab| {
                lab.remove(".jit/gates/review.json");
            })
        },
    ]
}
