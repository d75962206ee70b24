//! The store that is checked, opened as far as it can be.
//!
//! Owns what becomes a finding here and an error everywhere else: a broken version, broken settings. Refuses a store that
//! only newer programs may read.

use crate::config::Settings;
use crate::context::Context;
use crate::error::CliError;
use jit_core::Policy;
use jit_core::audit::Finding;
use jit_store::FileStore;
use jit_store::file::{Location, Options};

/// A store that may be damaged.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) store: FileStore,
    pub(crate) location: Location,
    pub(super) policy: Policy,
    pub(super) findings: Vec<Finding>,
    allows_network_fs: bool,
    pub(crate) warnings: Vec<String>,
}

impl Target {
    /// Opens the store of this directory.
    pub(crate) fn open(context: &Context) -> Result<Self, CliError> {
        let location = jit_store::file::locate(&context.search()?)?;
        let store = FileStore::open_damaged(location.clone(), Options::default())?;
        let (settings, findings) = settings(&store, &location);
        Ok(Self {
            allows_network_fs: settings.options.allow_network_fs,
            store: store.with_options(settings.options),
            location,
            policy: settings.policy,
            findings,
            warnings: settings.warnings,
        })
    }
}

impl Target {
    /// Opens the store of this directory for a command that needs it to be in order; it reads files, not the index.
    pub(crate) fn open_sound(context: &Context) -> Result<Self, CliError> {
        // The ordinary way says best what is wrong.
        context.location()?;
        Self::open(context)
    }
}

impl Target {
    /// Returns what is wrong with the settings.
    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns whether the settings allow a network file system.
    pub(crate) fn allows_network_fs(&self) -> bool {
        self.allows_network_fs
    }
}

/// Reads the settings; broken ones count as absent, and are a finding.
fn settings(store: &FileStore, location: &Location) -> (Settings, Vec<Finding>) {
    let path = location.store.join("config.toml").display().to_string();
    let read = store.config().map_err(CliError::from).and_then(|text| {
        text.map_or_else(
            || Ok(Settings::default()),
            |text| Settings::parse(&text, &path).map_err(CliError::from),
        )
    });
    match read {
        Ok(settings) => (settings, Vec::new()),
        Err(error) => {
            let place = Some(".jit/config.toml".to_owned());
            let finding = Finding::of_file("broken_config", place, error.message);
            (Settings::default(), vec![super::remedy::added(finding)])
        }
    }
}
