//! The settings of a repository: `.jit/config.toml` over the defaults.
//!
//! Owns the shape of the file and where in it something is wrong. Refuses to read the file (`context` does) and to act on a
//! setting: it becomes a `Policy` for the rules and `Options` for the store.

mod reader;

use jit_core::Policy;
use jit_core::issue::IssueType;
use jit_core::timestamp::parse_duration;
use jit_store::file::{Durability, Options};
use reader::{Fault, Section, Source};

pub(crate) use reader::ConfigError;

/// What the file says, with defaults for the rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    /// What rules depend on.
    pub(crate) policy: Policy,
    /// How the store is used.
    pub(crate) options: Options,
    /// What is in the file that nobody reads.
    pub(crate) warnings: Vec<String>,
}

const SECTIONS: [&str; 2] = ["store", "issues"];
const STORE_KEYS: [&str; 3] = ["durability", "lock_timeout", "allow_network_fs"];
const ISSUES_KEYS: [&str; 2] = ["types", "rejected_blocks"];
const DURABILITIES: [(&str, Durability); 3] = [
    ("fast", Durability::Fast),
    ("commit", Durability::Commit),
    ("paranoid", Durability::Paranoid),
];

impl Settings {
    /// Reads the text of a file that errors shall call `name`.
    pub(crate) fn parse(text: &str, name: &str) -> Result<Self, ConfigError> {
        let source = Source { text, name };
        let document = source.parse()?;
        let root = Section::root(&document);
        let mut settings = Self::default();
        settings.warnings.extend(root.unknown(&source, &SECTIONS));
        if let Some(section) = root.section("store").map_err(|fault| source.at(fault))? {
            settings
                .warnings
                .extend(section.unknown(&source, &STORE_KEYS));
            settings
                .read_store(&section)
                .map_err(|fault| source.at(fault))?;
        }
        if let Some(section) = root.section("issues").map_err(|fault| source.at(fault))? {
            settings
                .warnings
                .extend(section.unknown(&source, &ISSUES_KEYS));
            settings
                .read_issues(&section)
                .map_err(|fault| source.at(fault))?;
        }
        Ok(settings)
    }

    fn read_store(&mut self, section: &Section<'_>) -> Result<(), Fault> {
        let options = &mut self.options;
        if let Some((word, span)) = section.text("durability")? {
            let known = DURABILITIES.iter().find(|(name, _)| *name == word);
            let problem =
                || Fault::new(span, format!("`{word}` is none of fast, commit, paranoid"));
            options.durability = known.ok_or_else(problem)?.1;
        }
        if let Some((word, span)) = section.text("lock_timeout")? {
            let problem = |_| Fault::new(span, format!("`{word}` is no duration such as 10s"));
            options.lock_timeout = parse_duration(word).map_err(problem)?;
        }
        if let Some(truth) = section.truth("allow_network_fs")? {
            options.allow_network_fs = truth;
        }
        Ok(())
    }

    fn read_issues(&mut self, section: &Section<'_>) -> Result<(), Fault> {
        for (word, span) in section.texts("types")? {
            let kind =
                IssueType::parse(word).map_err(|error| Fault::new(span, error.to_string()))?;
            self.policy.types.insert(kind);
        }
        if let Some(truth) = section.truth("rejected_blocks")? {
            self.policy.rejected_blocks = truth;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a snapshot is made for one check"
    )]
    fn check(text: &str, expected: Expect) {
        let shown = match Settings::parse(text, ".jit/config.toml") {
            Ok(settings) => format!(
                "{:?} {:?} types={} rejected_blocks={} {:?}",
                settings.options.durability,
                settings.options.lock_timeout,
                settings.policy.types.len(),
                settings.policy.rejected_blocks,
                settings.warnings
            ),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn settings_replace_defaults() {
        check("", expect!["Commit 10s types=5 rejected_blocks=false []"]);
        check(
            "[store]\ndurability = 'fast'\nlock_timeout = '2s'\n[issues]\ntypes = ['spike']\nrejected_blocks = true\n",
            expect!["Fast 2s types=6 rejected_blocks=true []"],
        );
    }

    #[test]
    fn unknown_keys_warn_with_the_nearest_name() {
        check(
            "[store]\ndurabilty = 'fast'\n[isues]\ntypes = []\n",
            expect![[
                r#"Commit 10s types=5 rejected_blocks=false [".jit/config.toml:3:2: `isues` is not a setting (did you mean `issues`?)", ".jit/config.toml:2:1: `durabilty` is not a setting (did you mean `durability`?)"]"#
            ]],
        );
    }

    #[test]
    fn errors_name_line_and_column() {
        check(
            "[store]\ndurability = 'quick'\n",
            expect![".jit/config.toml:2:14: `quick` is none of fast, commit, paranoid"],
        );
        check(
            "[issues]\ntypes = 'spike'\n",
            expect![".jit/config.toml:2:9: `types` must be an array, not a string"],
        );
        check(
            "[issues]\ntypes = ['Spike']\n",
            expect![
                ".jit/config.toml:2:10: `Spike` is not an issue type (a lower-case word of letters, digits and `-`)"
            ],
        );
        check(
            "store = 1\n",
            expect![".jit/config.toml:1:9: `store` must be a table, not a integer"],
        );
        check(
            "[store\n",
            expect![".jit/config.toml:1:7: unclosed table, expected `]`"],
        );
    }
}
