//! The version of the format, and who may read and write it (`docs/design/storage.md` S10).
//!
//! Owns `format.json`. Refuses to migrate anything.

use super::format::read_fields;
use crate::error::{Result, StoreError};
use jit_core::Value;

/// What a new store states about its format.
pub(crate) const NEW_FORMAT: &str =
    "{\"format\":1,\"min_reader\":1,\"min_writer\":1,\"features\":[]}\n";

/// The version of the format that this program reads and writes.
pub(crate) const SUPPORTED: u64 = 1;

/// What the store states about its format, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FormatVersion {
    format: u64,
    min_writer: u64,
    unknown_feature: bool,
}

impl FormatVersion {
    /// Reads `format.json`; a store that this program must not even read is an error.
    pub(crate) fn read(path: &str, bytes: &[u8]) -> Result<Self> {
        let damaged = |reason: String| StoreError::Damaged {
            path: path.to_owned(),
            reason,
        };
        let fields = read_fields(bytes).map_err(|error| damaged(error.to_string()))?;
        let number = |name: &str| {
            let value = fields.get(name).and_then(Value::as_u64);
            value.ok_or_else(|| damaged(format!("`{name}` is missing or no number")))
        };
        let (format, min_reader, min_writer) = (
            number("format")?,
            number("min_reader")?,
            number("min_writer")?,
        );
        if min_reader > SUPPORTED {
            return Err(StoreError::FormatTooNew {
                action: "read",
                needed: min_reader,
            });
        }
        let features = fields
            .get("features")
            .and_then(Value::as_array)
            .unwrap_or_default();
        Ok(Self {
            format,
            min_writer,
            unknown_feature: !features.is_empty(),
        })
    }

    /// Refuses to write a store that asks for a newer writer, and one that `jit migrate` has to raise first.
    pub(crate) fn check_write(&self) -> Result<()> {
        if self.format < SUPPORTED {
            return Err(StoreError::FormatTooOld { found: self.format });
        }
        let needed = if self.unknown_feature {
            self.min_writer.max(SUPPORTED + 1)
        } else {
            self.min_writer
        };
        if needed > SUPPORTED {
            return Err(StoreError::FormatTooNew {
                action: "write",
                needed,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_states_who_may_read_and_write() {
        let check = |text: &str, expected: &str| {
            let answer = FormatVersion::read("format.json", text.as_bytes())
                .and_then(|version| version.check_write());
            assert_eq!(
                answer.map_or_else(|error| error.to_string(), |()| "ok".to_owned()),
                expected
            );
        };
        check(NEW_FORMAT, "ok");
        check(
            r#"{"format":2,"min_reader":1,"min_writer":2}"#,
            "the store needs version 2 of the format to write it, this program has 1",
        );
        check(
            r#"{"format":3,"min_reader":3,"min_writer":3}"#,
            "the store needs version 3 of the format to read it, this program has 1",
        );
        check(
            r#"{"format":1,"min_reader":1,"min_writer":1,"features":["x"]}"#,
            "the store needs version 2 of the format to write it, this program has 1",
        );
        check(
            r#"{"format":0,"min_reader":0,"min_writer":0}"#,
            "the store has version 0 of the format, this program writes 1",
        );
        check(
            "{}",
            "`format.json` is damaged: `format` is missing or no number",
        );
    }
}
