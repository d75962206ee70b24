//! What git keeps, as the store asks for it.
//!
//! Owns the question. Refuses to run git: whoever opens the store knows how.

use crate::fs::RelPath;
use std::io;

/// A content that git keeps of a file.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// The file, below the store's shared directory.
    pub path: &'a str,
    /// What it held.
    pub content: &'a [u8],
}

/// Git's memory of the store's files.
pub trait History {
    /// Shows `visit` every content that git keeps of these files and directories: at any commit that a ref or a reflog
    /// reaches, in a stash, or in the index.
    fn visit(&self, paths: &[RelPath], visit: &mut dyn FnMut(Kept<'_>)) -> io::Result<()>;
}

/// The history of a store that git does not know.
#[derive(Clone, Copy, Debug)]
pub struct NoHistory;

impl History for NoHistory {
    fn visit(&self, _: &[RelPath], _: &mut dyn FnMut(Kept<'_>)) -> io::Result<()> {
        Ok(())
    }
}
