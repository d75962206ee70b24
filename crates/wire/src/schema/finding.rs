//! The documents of findings and repairs.
//!
//! Owns their members. Refuses everything else.

use super::{document, id, objects, one_of, text, text_or_null, time_or_null, truth};
use crate::finding;
use jit_core::audit::Severity;
use jit_core::graph::EdgeKind;
use serde_json::{Value, json};

/// Describes a finding of `validate` and `doctor`.
pub(super) fn finding_document() -> Value {
    let edge = json!({
        "from": id(),
        "to": id(),
        "kind": one_of(EdgeKind::ALL.map(EdgeKind::as_str)),
        "event": text_or_null(),
        "actor": text_or_null(),
        "ts": time_or_null(),
    });
    document(
        "finding",
        "Something that should not be so, or with severity `notice` is worth knowing; `edges` are those of a cycle",
        &finding::FIELDS,
        &json!({
            "code": text(),
            "severity": one_of(Severity::ALL.map(Severity::as_str)),
            "issue": text_or_null(),
            "path": text_or_null(),
            "message": text(),
            "remedy": text_or_null(),
            "edges": objects(&["from", "to", "kind", "event", "actor", "ts"], &edge),
        }),
    )
}

/// Describes the report of `validate --fix`.
pub(super) fn repair_document() -> Value {
    let step = json!({
        "code": text(),
        "path": text(),
        "issue": text_or_null(),
        "action": text(),
    });
    document(
        "repair",
        "What `validate --fix` mended, or would; `left` are findings that take a person",
        &finding::REPAIR_FIELDS,
        &json!({
            "steps": objects(&["code", "path", "issue", "action"], &step),
            "left": {"type": "array", "items": {"type": "object"}},
            "backup": text_or_null(),
            "changed": truth(),
        }),
    )
}

/// Describes what `gc` removes.
pub(super) fn garbage_document() -> Value {
    document(
        "garbage",
        "Something that nobody needs any more; `removed` is false in a rehearsal",
        &["kind", "issue", "path", "removed"],
        &json!({
            "kind": one_of(["tombstone", "lease", "receipt", "backup", "leftover"]),
            "issue": text_or_null(),
            "path": text(),
            "removed": truth(),
        }),
    )
}

/// Describes the answer of `commit`.
pub(super) fn commit_document() -> Value {
    document(
        "commit",
        "A commit of the store; `commit` is null when there was nothing to commit, and in a rehearsal",
        &["commit", "message", "files", "changed"],
        &json!({
            "commit": text_or_null(),
            "message": text(),
            "files": {"type": "array", "items": text()},
            "changed": truth(),
        }),
    )
}

/// Describes what `export jsonl FILE` answers.
pub(super) fn export_document() -> Value {
    document(
        "export",
        "A file that an export has written, with the numbers of its records",
        &["file", "gates", "issues"],
        &json!({
            "file": text(),
            "gates": {"type": "integer", "minimum": 0},
            "issues": {"type": "integer", "minimum": 0},
        }),
    )
}

/// Describes the answer of `migrate`.
pub(super) fn migration_document() -> Value {
    document(
        "migration",
        "A change of the version of the format; `migration` says what each step does",
        &["from", "to", "migration", "backup", "changed"],
        &json!({
            "from": {"type": "integer", "minimum": 0},
            "to": {"type": "integer", "minimum": 0},
            "migration": {"type": "array", "items": text()},
            "backup": text_or_null(),
            "changed": truth(),
        }),
    )
}
