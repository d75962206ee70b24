//! What a command works on: the store of this directory, under its settings, as somebody.
//!
//! Owns the reading of the environment and the way from a directory to a `Tracker`. Refuses to parse arguments and to print.

use crate::args::global::GlobalArgs;
use crate::args::input::Input;
use crate::config::Settings;
use crate::error::CliError;
use crate::identity;
use jit_core::{Assignee, Fence, Health, IssueId, Timestamp};
use jit_store::FileStore;
use jit_store::file::{Location, Options, Search};
use jit_tracker::{Call, Clock as _, SystemClock, SystemIds, Tracker, View};
use std::cell::{OnceCell, RefCell};
use std::ffi::OsString;
use std::path::PathBuf;
use std::rc::Rc;

/// Everything that a command needs beside its own arguments.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) globals: GlobalArgs,
    pub(crate) input: Input,
    fence: Fence,
    opened: OnceCell<Opened>,
    healths: RefCell<Vec<Health>>,
}

/// An open store.
#[derive(Debug)]
struct Opened {
    tracker: Rc<Tracker>,
    location: Location,
    warnings: Vec<String>,
}

impl Context {
    /// Returns the context of a command with these flags; an environment that means nothing is refused, whatever the
    /// command, since a fence that is ignored is none.
    pub(crate) fn new(globals: GlobalArgs) -> Result<Self, CliError> {
        let fence = Fence {
            flag: globals.epoch,
            environment: fence_from(|name| std::env::var_os(name))?,
        };
        Ok(Self {
            globals,
            input: Input::default(),
            fence,
            opened: OnceCell::new(),
            healths: RefCell::default(),
        })
    }

    /// Returns where to search for the store.
    pub(crate) fn search(&self) -> Result<Search, CliError> {
        let named = |name: &str| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let start = match &self.globals.repo {
            Some(dir) => dir.clone(),
            None => std::env::current_dir()
                .map_err(|error| CliError::io("find", "the current directory", &error))?,
        };
        let safe = std::env::var_os("JIT_SAFE_DIRECTORY").unwrap_or_default();
        Ok(Search {
            start,
            jit_dir: named("JIT_DIR").filter(|_| self.globals.repo.is_none()),
            home: named("HOME"),
            safe_dirs: std::env::split_paths(&safe)
                .filter(|path| !path.as_os_str().is_empty())
                .collect(),
        })
    }

    /// Returns the tracker of this directory.
    pub(crate) fn tracker(&self) -> Result<&Tracker, CliError> {
        Ok(&self.opened()?.tracker)
    }

    /// Returns the tracker for an answer that goes on after the command.
    pub(crate) fn shared_tracker(&self) -> Result<Rc<Tracker>, CliError> {
        Ok(Rc::clone(&self.opened()?.tracker))
    }

    /// Returns where the store is.
    pub(crate) fn location(&self) -> Result<&Location, CliError> {
        Ok(&self.opened()?.location)
    }

    /// Returns what the settings warn about.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let opened = self.opened.get();
        opened
            .map(|opened| opened.warnings.clone())
            .unwrap_or_default()
    }

    /// Returns everything as it is now.
    pub(crate) fn view(&self) -> Result<View, CliError> {
        let view = if self.globals.fresh {
            self.tracker()?.view_of_files()?
        } else {
            self.tracker()?.view()?
        };
        Ok(self.seen(view))
    }

    /// Returns a view for a question about issues that are named.
    pub(crate) fn view_of_named(&self) -> Result<View, CliError> {
        if self.globals.fresh {
            return self.view();
        }
        Ok(self.seen(self.tracker()?.view_of_named()?))
    }

    /// Returns what the files say by themselves, whatever the index remembers of them.
    pub(crate) fn view_of_files(&self) -> Result<View, CliError> {
        Ok(self.seen(self.tracker()?.view_of_files()?))
    }

    /// Returns an error when something that a view was asked for could not be read: then the answer may be wrong.
    pub(crate) fn confirm(&self) -> Result<(), CliError> {
        for health in &*self.healths.borrow() {
            jit_store::confirm(health).map_err(jit_tracker::Error::from)?;
        }
        Ok(())
    }

    fn seen(&self, view: View) -> View {
        self.healths.borrow_mut().push(view.snapshot.health());
        view
    }

    /// Returns the epochs that the asker claims to hold.
    pub(crate) fn fence(&self) -> &Fence {
        &self.fence
    }

    /// Returns what a writing command brings along.
    pub(crate) fn call(&self, force: bool) -> Result<Call, CliError> {
        Ok(self.call_of(self.actor()?, force))
    }

    /// Returns what a writing command brings along to a store that may be too damaged to be opened.
    pub(crate) fn call_at(&self, location: &Location, force: bool) -> Result<Call, CliError> {
        let actor = match self.named_actor()? {
            Some(actor) => actor,
            None => person(location)?,
        };
        Ok(self.call_of(actor, force))
    }

    fn call_of(&self, actor: Assignee, force: bool) -> Call {
        Call {
            actor,
            fence: self.fence.clone(),
            if_etag: self.globals.if_etag.clone(),
            key: self.globals.key.clone(),
            force,
            dry_run: self.globals.dry_run,
        }
    }

    /// Returns who acts: the flag, the environment, or the person at the keyboard.
    pub(crate) fn actor(&self) -> Result<Assignee, CliError> {
        match self.named_actor()? {
            Some(actor) => Ok(actor),
            None => person(self.location()?),
        }
    }

    fn named_actor(&self) -> Result<Option<Assignee>, CliError> {
        if let Some(name) = &self.globals.actor {
            let actor = Assignee::parse(name);
            return actor
                .map(Some)
                .map_err(|error| CliError::usage(format!("--actor: {error}")));
        }
        let Some(name) = variable(&|name| std::env::var_os(name), "JIT_ACTOR")? else {
            return Ok(None);
        };
        let actor = Assignee::parse(&name);
        actor
            .map(Some)
            .map_err(|error| CliError::usage(format!("JIT_ACTOR: {error}")))
    }

    fn opened(&self) -> Result<&Opened, CliError> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened);
        }
        let opened = self.open()?;
        Ok(self.opened.get_or_init(|| opened))
    }

    fn open(&self) -> Result<Opened, CliError> {
        let location = jit_store::file::locate(&self.search()?)?;
        let store = FileStore::open(location.clone(), Options::default())?;
        let path = location.store.join("config.toml").display().to_string();
        let settings = match store.config()? {
            Some(text) => Settings::parse(&text, &path)?,
            None => Settings::default(),
        };
        let store = store.with_options(settings.options);
        Ok(Opened {
            tracker: Rc::new(Tracker::new(
                Box::new(store),
                settings.policy,
                Box::new(SystemClock),
                Box::new(SystemIds),
            )),
            location,
            warnings: settings.warnings,
        })
    }
}

/// Returns the person at the keyboard.
fn person(location: &Location) -> Result<Assignee, CliError> {
    let common = location.git.as_ref().map(|git| git.common.as_path());
    identity::person(common, |name| std::env::var_os(name))
        .ok_or_else(|| CliError::usage("nobody knows who you are").hint("set --actor or JIT_ACTOR"))
}

/// Returns the present moment.
pub(crate) fn now() -> Result<Timestamp, CliError> {
    let now = SystemClock
        .now()
        .map_err(|error| CliError::io("read", "the clock", &error))?;
    Ok(now.wall)
}

/// Reads a variable as text; an empty one counts as absent.
fn variable(
    environment: &impl Fn(&str) -> Option<OsString>,
    name: &str,
) -> Result<Option<String>, CliError> {
    let Some(value) = environment(name).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let text = value.into_string();
    text.map(Some)
        .map_err(|_| CliError::usage(format!("the environment variable {name} is not UTF-8")))
}

/// Reads the fence of the environment: both halves, or neither.
fn fence_from(
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<(IssueId, u64)>, CliError> {
    let issue = variable(&environment, "JIT_ISSUE")?;
    let epoch = variable(&environment, "JIT_EPOCH")?;
    let (issue, epoch) = match (issue, epoch) {
        (None, None) => return Ok(None),
        (Some(issue), Some(epoch)) => (issue, epoch),
        (Some(_), None) => return Err(half_fence("JIT_ISSUE", "JIT_EPOCH")),
        (None, Some(_)) => return Err(half_fence("JIT_EPOCH", "JIT_ISSUE")),
    };
    let id = IssueId::parse(&issue).map_err(|_| {
        CliError::usage(format!("JIT_ISSUE is `{issue}`, which is no full issue id"))
    })?;
    let number = epoch
        .parse()
        .map_err(|_| CliError::usage(format!("JIT_EPOCH is `{epoch}`, which is no epoch")))?;
    Ok(Some((id, number)))
}

fn half_fence(set: &str, unset: &str) -> CliError {
    CliError::usage(format!("{set} is set, but {unset} is not"))
        .hint("together they fence every write to that issue; set both or neither")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jit_core::ErrorKind;

    #[test]
    fn a_fence_is_whole_or_refused() {
        let check = |issue: Option<&str>, epoch: Option<&str>, expected: Result<bool, ()>| {
            let look = |name: &str| match name {
                "JIT_ISSUE" => issue.map(OsString::from),
                _ => epoch.map(OsString::from),
            };
            let found = fence_from(look).map(|fence| fence.is_some());
            assert_eq!(
                found.map_err(|error| assert_eq!(error.kind, ErrorKind::Usage)),
                expected
            );
        };
        check(None, None, Ok(false));
        check(Some(""), Some(""), Ok(false));
        check(Some("k7m2abcdef"), Some("3"), Ok(true));
        check(Some("k7m2"), Some("3"), Err(()));
        check(Some("k7m2abcdef"), Some("-3"), Err(()));
        check(Some("k7m2abcdef"), Some("three"), Err(()));
        check(Some("k7m2abcdef"), None, Err(()));
        check(None, Some("3"), Err(()));
    }
}
