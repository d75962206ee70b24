//! The user's own editor, on a text of ours.
//!
//! Owns the running of the editor and the file that it works on. Refuses every editor but the one that the environment of
//! the user names: what a repository says is never run.

use crate::error::CliError;
use crate::output::{canvas, is_attended};
use jit_core::{ErrorKind, Value};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use tempfile::{Builder, TempPath};

/// Longest text that is taken back from an editor, in bytes; the rules are stricter.
const MAX_TEXT: u64 = 1024 * 1024;

/// What does the same without one.
const WITHOUT_EDITOR: &str = "jit issue update ID --title T --desc D";

/// The command line of an editor, as a shell reads it.
#[derive(Debug)]
pub(crate) struct Editor(OsString);

impl Editor {
    /// Returns the editor of the user: `VISUAL`, else `EDITOR`. Refused where there is nobody to use it.
    pub(crate) fn of_the_user(no_input: bool) -> Result<Self, CliError> {
        if no_input {
            return Err(
                CliError::usage("--no-input forbids to open an editor").hint(WITHOUT_EDITOR)
            );
        }
        if !is_attended() {
            return Err(CliError::usage("an editor needs a terminal").hint(WITHOUT_EDITOR));
        }
        let is_named = |value: &OsString| !value.to_string_lossy().trim().is_empty();
        let named = |name| std::env::var_os(name).filter(is_named);
        let found = named("VISUAL").or_else(|| named("EDITOR"));
        found.map(Self).ok_or_else(|| {
            CliError::usage("neither VISUAL nor EDITOR names an editor")
                .hint("set VISUAL or EDITOR")
        })
    }

    /// Lets the user edit the draft and returns its text.
    pub(crate) fn edit(&self, draft: &Draft) -> Result<String, CliError> {
        let mut script = self.0.clone();
        script.push(" \"$1\"");
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where the program of the user is started"
        )]
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script).arg("jit").arg(&draft.path);
        let canvas = canvas().map_err(|error| failed(&error))?;
        let status = command
            .stdout(canvas)
            .status()
            .map_err(|error| failed(&error))?;
        if !status.success() {
            let message = format!("the editor broke off ({status}), so nothing was changed");
            return Err(CliError::new(ErrorKind::Io, message));
        }
        draft.read()
    }
}

fn failed(error: &io::Error) -> CliError {
    CliError::new(
        ErrorKind::Io,
        format!("the editor can't be started: {error}"),
    )
}

/// A text that is being edited, in a file of its own that only the user may read; it vanishes unless it is kept.
#[derive(Debug)]
pub(crate) struct Draft {
    path: TempPath,
    original: String,
}

impl Draft {
    /// Writes the text to a new file outside of the repository; `name` is a part of the file's name.
    pub(crate) fn new(name: &str, text: String) -> Result<Self, CliError> {
        let dir = std::env::temp_dir();
        let fail = |error: io::Error| CliError::io("write", &dir.display().to_string(), &error);
        let mut file = Builder::new()
            .prefix(&format!("jit-{name}-"))
            .suffix(".md")
            .tempfile()
            .map_err(fail)?;
        file.write_all(text.as_bytes()).map_err(fail)?;
        Ok(Self {
            path: file.into_temp_path(),
            original: text,
        })
    }

    /// Returns the failure, with a hint at the file that keeps what the user wrote, if that is more than there was.
    pub(crate) fn keep(mut self, mut error: CliError) -> CliError {
        let is_untouched = self.read().is_ok_and(|text| text == self.original);
        if is_untouched || !self.path.exists() {
            return error;
        }
        self.path.disable_cleanup(true);
        let path = self.path.display().to_string();
        if let Value::Object(members) = &mut error.details {
            members.insert("kept".to_owned(), path.as_str().into());
        } else {
            error.details = Value::object([("kept", Value::from(path.as_str()))]);
        }
        error.hint(format!("your text is kept in `{path}`"))
    }

    fn read(&self) -> Result<String, CliError> {
        let path: &Path = &self.path;
        let name = path.display().to_string();
        // Editors that save by renaming have put another file there.
        let file = File::open(path).map_err(|error| CliError::io("read", &name, &error))?;
        let mut bytes = Vec::new();
        file.take(MAX_TEXT + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| CliError::io("read", &name, &error))?;
        let invalid = |problem: String| CliError::new(ErrorKind::InvalidValue, problem);
        if bytes.len() as u64 > MAX_TEXT {
            return Err(invalid(format!("the text is longer than {MAX_TEXT} bytes")));
        }
        String::from_utf8(bytes).map_err(|_| invalid("the text is not UTF-8".to_owned()))
    }
}
