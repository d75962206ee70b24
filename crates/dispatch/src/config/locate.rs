//! Owns where `dispatch.toml` is looked for and when a found one is believed. Refuses to interpret it.

use std::path::{Path, PathBuf};

use super::{ConfigError, Parsed, Tracked, is_tracked, parse};

/// The name that is looked for.
const NAME: &str = "dispatch.toml";

/// Where a configuration comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The operator named the file, and with it said that it may be believed.
    Named(PathBuf),
    /// Look for it in this directory and its parents, up to the root of the repository.
    FoundFrom(PathBuf),
}

/// Finds, checks and reads the configuration; returns it with the path it was read from.
pub fn load(source: &Source) -> Result<(Parsed, PathBuf), ConfigError> {
    let path = match source {
        Source::Named(path) => path.clone(),
        Source::FoundFrom(dir) => {
            let path = find(dir)?;
            if is_tracked(&path)? == Tracked::Yes {
                return Err(ConfigError::Untrusted(path));
            }
            path
        }
    };
    let text = std::fs::read_to_string(&path).map_err(|source| ConfigError::Read {
        path: path.clone(),
        source,
    })?;
    let name = path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    );
    Ok((parse(&name, &text)?, path))
}

fn find(start: &Path) -> Result<PathBuf, ConfigError> {
    let absolute = start.canonicalize().map_err(|source| ConfigError::Read {
        path: start.to_path_buf(),
        source,
    })?;
    let root = repository_root(&absolute);
    for dir in absolute.ancestors() {
        let candidate = dir.join(NAME);
        if candidate.symlink_metadata().is_ok() {
            return Ok(candidate);
        }
        if dir == root {
            break;
        }
    }
    Err(ConfigError::NotFound(absolute))
}

/// Returns the nearest directory at or above `start` that looks like the root of a repository, else `start` itself.
pub fn repository_root(start: &Path) -> &Path {
    let is_root = |dir: &&Path| {
        [".jit", ".git"]
            .iter()
            .any(|name| dir.join(name).symlink_metadata().is_ok())
    };
    start.ancestors().find(is_root).unwrap_or(start)
}
