//! Paths below the roots of a store.
//!
//! Owns the rule of which relative paths exist at all. Refuses absolute paths, `..` and anything that needs resolving.

use std::fmt;

/// A directory that the store keeps files in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// `.jit/`, which git tracks.
    Shared,
    /// The directory of this clone that git does not see.
    Private,
}

/// A path below a root, made of plain names.
///
/// Invariant: one or more names separated by `/`; no name is empty, `.`, `..`, or holds a NUL or a backslash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelPath(Box<str>);

/// A text that is no path below a root.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a path inside the store", .0.escape_debug())]
pub struct PathError(pub String);

impl RelPath {
    /// Returns the path that `text` spells.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let is_plain = |name: &str| {
            !name.is_empty()
                && name != "."
                && name != ".."
                && name.len() <= 255
                && !name.contains(['\0', '\\'])
        };
        if text.len() <= 1024 && text.split('/').all(is_plain) {
            Ok(Self(text.into()))
        } else {
            Err(PathError(text.to_owned()))
        }
    }

    /// Returns the path of a text that is known to be one.
    pub(crate) fn known(text: &str) -> Self {
        Self::parse(text).expect("built from plain names")
    }

    /// Returns the path of a name inside this directory.
    pub fn join(&self, name: &str) -> Result<Self, PathError> {
        Self::parse(&format!("{}/{name}", self.0))
    }

    /// Returns the directory that holds it, or `None` when that is the root.
    pub fn parent(&self) -> Option<Self> {
        self.0
            .rsplit_once('/')
            .map(|(parent, _)| Self(parent.into()))
    }

    /// Returns its last name.
    pub fn name(&self) -> &str {
        self.0
            .rsplit('/')
            .next()
            .expect("split yields at least one part")
    }

    /// Returns it as text with `/` between the names.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A place of the store: a root and a path below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// The root.
    pub root: Root,
    /// The path below it.
    pub path: RelPath,
}

impl At {
    /// Returns the place of `path` below `root`.
    pub fn new(root: Root, path: RelPath) -> Self {
        Self { root, path }
    }

    /// Returns a place in the shared directory.
    pub(crate) fn shared(text: &str) -> Self {
        Self::new(Root::Shared, RelPath::known(text))
    }

    /// Returns a place in the private directory.
    pub(crate) fn private(text: &str) -> Self {
        Self::new(Root::Private, RelPath::known(text))
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.root {
            Root::Shared => write!(f, ".jit/{}", self.path),
            Root::Private => write!(f, "<private>/{}", self.path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_make_a_path() {
        let check = |text: &str, is_path: bool| {
            assert_eq!(RelPath::parse(text).is_ok(), is_path, "{text:?}");
        };
        check("issues/k7/k7m2abcdef.json", true);
        check("wal", true);
        check("%2e%2e/x", true);
        check("", false);
        check("/etc/passwd", false);
        check("a//b", false);
        check("a/", false);
        check("..", false);
        check("issues/../../x", false);
        check("./x", false);
        check("a\0b", false);
        check("a\\..\\b", false);
        check(&"x".repeat(256), false);
    }
}
