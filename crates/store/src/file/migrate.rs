//! From an older version of the format to this one (`docs/design/storage.md` S10).
//!
//! Owns the table of steps and the one transaction that carries them out. Refuses to do so unasked: no other command ever
//! raises the version of a store.

use super::format::{self, read_fields};
use super::repair::Repair;
use super::store::FileStore;
use super::txn::FileTxn;
use super::{layout, version};
use crate::error::{Result, StoreError};
use crate::fs::{self, absent_ok};
use jit_core::Value;
use jit_core::fields::Fields;

/// A step from one version of the format to the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The version that it begins with.
    pub(crate) from: u64,
    /// What it does, as a sentence.
    pub(crate) what: &'static str,
    /// Puts the files of the next version into the transaction.
    pub(crate) run: fn(&mut Repair<'_>) -> Result<()>,
}

/// The steps that there are. Version 1 is the first one that ever was.
const STEPS: [Step; 0] = [];

/// What a migration does, or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The version of the store before.
    pub from: u64,
    /// The version of the store after.
    pub to: u64,
    /// What each step does.
    pub steps: Vec<&'static str>,
    /// Where the files are kept as they were before.
    pub backup: Option<String>,
}

impl FileStore {
    /// Brings the store to the version of this program; a rehearsal only says what that takes. A store that is newer is an
    /// error, and one that is not older is left alone.
    pub fn migrate(&self, is_dry: bool) -> Result<Migration> {
        self.migrate_by(&STEPS, version::SUPPORTED, is_dry)
    }

    pub(crate) fn migrate_by(
        &self,
        table: &[Step],
        supported: u64,
        is_dry: bool,
    ) -> Result<Migration> {
        let (from, _) = stated(self)?;
        let steps = way(table, from, supported)?;
        let mut migration = Migration {
            from,
            to: from.max(supported),
            steps: steps.iter().map(|step| step.what).collect(),
            backup: None,
        };
        if steps.is_empty() || is_dry {
            return Ok(migration);
        }
        let txn = FileTxn::begin_any_version(self.env(), self.location().git.as_ref())?;
        let mut repair = Repair::of(self, txn);
        // Somebody else may have done it while this one waited for the lock.
        let (now, fields) = stated(self)?;
        if now != from {
            migration.from = now;
            migration.steps.clear();
            return Ok(migration);
        }
        for step in steps {
            (step.run)(&mut repair)?;
        }
        repair.replace(&layout::format().to_string(), raised(fields, supported));
        migration.backup = repair.commit()?.1;
        Ok(migration)
    }
}

/// Returns the version that the store states, with everything else that it states.
fn stated(store: &FileStore) -> Result<(u64, Fields)> {
    let at = layout::format();
    let damaged = |reason: String| StoreError::Damaged {
        path: at.to_string(),
        reason,
    };
    let bytes = absent_ok(fs::read(&*store.env().fs, &at, format::MAX_FILE))
        .map_err(|error| StoreError::io("read", &at, error))?;
    let bytes = bytes.ok_or_else(|| damaged("it is missing".to_owned()))?;
    let fields = read_fields(&bytes).map_err(|error| damaged(error.to_string()))?;
    let version = fields.get("format").and_then(Value::as_u64);
    let version = version.ok_or_else(|| damaged("`format` is missing or no number".to_owned()))?;
    Ok((version, fields))
}

/// Returns the steps from one version to another; none when the store is there already.
fn way(table: &[Step], from: u64, to: u64) -> Result<Vec<Step>> {
    if from > to {
        return Err(StoreError::FormatTooNew {
            action: "write",
            needed: from,
        });
    }
    let mut steps = Vec::new();
    for version in from..to {
        let step = table.iter().find(|step| step.from == version);
        let step = step.ok_or_else(|| StoreError::Damaged {
            path: layout::format().to_string(),
            reason: format!("no version {version} of the format ever was that leads to {to}"),
        })?;
        steps.push(*step);
    }
    Ok(steps)
}

/// Returns the statement of the new version; what else was stated stays value for value.
fn raised(mut fields: Fields, version: u64) -> Vec<u8> {
    for name in ["format", "min_reader", "min_writer"] {
        fields.insert(name.to_owned(), version.into());
    }
    let mut text = serde_json::to_vec(&Value::Object(fields)).expect("a tree of values is JSON");
    text.push(b'\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::{Options, Search, init, locate, place_for_new};
    use jit_core::{Assignee, Changeset, Issue, IssueId, Timestamp};

    /// A step that a later version may take: every issue gets a member.
    const NEXT: Step = Step {
        from: 1,
        what: "give every issue a colour",
        run: |repair| {
            let issues: Vec<Issue> = repair.snapshot().records().cloned().collect();
            for mut issue in issues {
                issue.extra.insert("colour".to_owned(), "blue".into());
                repair.apply(&Changeset {
                    issues: vec![issue],
                    ..Changeset::default()
                });
            }
            Ok(())
        },
    };

    fn store(dir: &std::path::Path) -> FileStore {
        let search = Search {
            start: dir.to_owned(),
            ..Search::default()
        };
        init(&place_for_new(&search).unwrap()).unwrap();
        FileStore::open_damaged(locate(&search).unwrap(), Options::default()).unwrap()
    }

    #[test]
    fn a_step_is_one_transaction_and_keeps_what_it_does_not_know() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        let by = Assignee::parse("human:ada").unwrap();
        let id = IssueId::parse("k7m2abcdef").unwrap();
        let issue = Issue::new(id.clone(), "T".to_owned(), by, Timestamp::from_micros(0));
        let mut repair = store.repair().unwrap();
        repair.apply(&Changeset {
            issues: vec![issue],
            ..Changeset::default()
        });
        repair.commit().unwrap();
        let format = dir.path().join(".jit/format.json");
        let stated =
            r#"{"features":[],"format":1,"min_reader":1,"min_writer":1,"x_odd":[1e2,{"a":null}]}"#;
        std::fs::write(&format, stated).unwrap();
        let dry = store.migrate_by(&[NEXT], 2, true).unwrap();
        assert_eq!((dry.from, dry.to, dry.steps.len()), (1, 2, 1));
        assert_eq!(std::fs::read_to_string(&format).unwrap(), stated);
        let done = store.migrate_by(&[NEXT], 2, false).unwrap();
        assert!(done.backup.is_some(), "the old files are kept");
        let raised = stated.replace(":1,", ":2,").replace("1e2", "100.0") + "\n";
        assert_eq!(std::fs::read_to_string(&format).unwrap(), raised);
        let path = dir.path().join(".jit/issues/k7/k7m2abcdef.json");
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains("\"colour\": \"blue\""), "{text}");
        // From here on it is a store for newer programs only.
        let refused = store.repair().unwrap_err();
        assert!(
            matches!(refused, StoreError::FormatTooNew { .. }),
            "{refused}"
        );
        let again = store.migrate_by(&[NEXT], 2, false).unwrap();
        assert_eq!((again.from, again.to, again.steps.len()), (2, 2, 0));
    }

    #[test]
    fn there_is_a_way_or_a_reason() {
        let check = |from, to, expected: std::result::Result<usize, &str>| {
            let found = way(&[NEXT], from, to).map(|steps| steps.len());
            let found = found.map_err(|error| error.to_string());
            assert_eq!(
                found.as_ref().map_err(String::as_str),
                expected.as_ref().map_err(|it| *it)
            );
        };
        check(1, 1, Ok(0));
        check(1, 2, Ok(1));
        check(
            3,
            2,
            Err("the store needs version 3 of the format to write it, this program has 1"),
        );
        check(
            0,
            1,
            Err(
                "`.jit/format.json` is damaged: no version 0 of the format ever was that leads to 1",
            ),
        );
        assert!(
            STEPS.is_empty(),
            "a step needs a fixture of the version before it"
        );
    }
}
