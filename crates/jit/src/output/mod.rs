//! The one door to the terminal.
//!
//! Owns the choice of form and every write to standard output and standard error: stdout is data, stderr is talk. Refuses
//! to print text that somebody else wrote as it is.

mod color;
mod human;
mod json;
mod page;
mod table;
mod untrusted;

pub(crate) use color::ColorChoice;
pub(crate) use json::line as json_line;
pub(crate) use untrusted::is_deceptive;

use crate::args::global::{Format, GlobalArgs};
use crate::error::CliError;
use crate::reply::{Audience, Body, Objects, Reply, Shape};
use color::Style;
use jit_core::{ErrorKind, Value};
use page::Page;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::os::fd::AsFd as _;
use std::process::{ExitCode, Stdio};

/// Standard output and standard error, and the form in which to use them.
#[derive(Debug)]
pub(crate) struct Terminal {
    format: Option<Format>,
    fields: Vec<String>,
    is_quiet: bool,
    has_key: bool,
    stdout: Stream,
    stderr: Stream,
}

/// What is known of one of the two streams.
#[derive(Clone, Copy, Debug)]
struct Stream {
    is_interactive: bool,
    is_colored: bool,
}

impl Stream {
    fn new(is_interactive: bool, color: ColorChoice) -> Self {
        Self {
            is_interactive,
            is_colored: color.is_on(is_interactive, |name| std::env::var_os(name)),
        }
    }
}

impl Terminal {
    /// Returns the terminal in the form that the flags ask for.
    pub(crate) fn new(globals: &GlobalArgs) -> Self {
        Self {
            fields: globals.fields.clone(),
            is_quiet: globals.quiet,
            has_key: globals.key.is_some(),
            ..Self::plain(globals.format(), globals.color)
        }
    }

    /// Returns the terminal for a command line that could not be read.
    pub(crate) fn plain(format: Option<Format>, color: ColorChoice) -> Self {
        Self {
            format,
            fields: Vec::new(),
            is_quiet: false,
            has_key: false,
            stdout: Stream::new(io::stdout().is_terminal(), color),
            stderr: Stream::new(io::stderr().is_terminal(), color),
        }
    }

    /// Prints what a command answered and returns its exit code.
    pub(crate) fn answer(&self, mut reply: Reply) -> ExitCode {
        if let Some(verdict) = reply.verdict.as_mut().filter(|_| self.is_for_machines()) {
            // A machine finds one object on standard error and nothing beside it.
            verdict.add_warnings(std::mem::take(&mut reply.warnings));
        }
        for warning in &reply.warnings {
            self.say(Style::Yellow, "warning: ", warning);
        }
        let mut out = BufWriter::new(io::stdout().lock());
        let printed = self.print(&mut out, reply.body, reply.shape, reply.audience);
        let flushed = printed.and_then(|()| out.flush().map_err(Failure::Output));
        match flushed {
            Ok(()) => {}
            // Whoever read has had enough; the command itself is done.
            Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(Failure::Output(error)) => {
                return self.fail(&unprinted(&error, reply.has_written));
            }
            Err(Failure::Source(error)) => return self.fail(&error),
        }
        if !self.is_quiet {
            let is_for_people = !self.is_for_machines();
            let talk = reply.talk.iter().filter(|_| is_for_people);
            for sentence in talk.chain(&reply.notes) {
                self.say(Style::Plain, "", sentence);
            }
        }
        reply
            .verdict
            .map_or(ExitCode::SUCCESS, |verdict| self.fail(&verdict))
    }

    /// Says how a command failed and returns its exit code.
    pub(crate) fn fail(&self, error: &CliError) -> ExitCode {
        let error = error.clone().hint_outcome(self.has_key);
        if self.is_for_machines() {
            let line = json::line(&error.to_object().to_value());
            write_stderr(&format!("{line}\n"));
        } else {
            self.say(Style::Red, "error: ", &error.message);
            let hints = error.hints.iter().filter(|_| !self.is_quiet);
            for hint in hints {
                self.say(Style::Cyan, "hint: ", hint);
            }
        }
        ExitCode::from(jit_wire::exit_code(error.kind))
    }

    /// Shows people the help that they need, and machines the failure.
    pub(crate) fn fail_with_help(&self, error: &CliError, help: &str) -> ExitCode {
        if self.is_for_machines() {
            return self.fail(error);
        }
        write_stderr(help);
        ExitCode::from(jit_wire::exit_code(error.kind))
    }

    /// Prints help or the version.
    pub(crate) fn help(&self, text: &str) -> ExitCode {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                self.fail(&unprinted(&error, false))
            }
            _ => ExitCode::SUCCESS,
        }
    }

    fn is_for_machines(&self) -> bool {
        matches!(self.format, Some(Format::Json | Format::Jsonl))
    }

    fn say(&self, style: Style, prefix: &str, sentence: &str) {
        let mut page = Page::default();
        page.text(style, prefix);
        let mut lines = sentence.trim_end().lines();
        page.plain(lines.next().unwrap_or_default()).end();
        for line in lines {
            page.block("  ", line);
        }
        write_stderr(&page.render(self.stderr.is_colored));
    }

    fn print(
        &self,
        out: &mut impl Write,
        body: Body,
        shape: Shape,
        audience: Audience,
    ) -> Result<(), Failure> {
        let text = match body {
            Body::Stream(objects) => return self.print_stream(out, objects, shape),
            Body::Lines(objects) => return print_lines(out, objects),
            Body::One(object) => self.one(object, shape, audience),
            Body::List(objects) => self.list(objects, shape, audience),
            Body::Document { text, object } => match self.format {
                Some(Format::Json | Format::Jsonl) => self.one(object, shape, audience),
                _ => untrusted::block(&text),
            },
        };
        out.write_all(text.as_bytes()).map_err(Failure::Output)
    }

    fn print_stream(
        &self,
        out: &mut impl Write,
        objects: Objects,
        shape: Shape,
    ) -> Result<(), Failure> {
        for object in objects {
            let Some(object) = object.map_err(Failure::Source)? else {
                // Nothing to write now would tell whether anybody still reads.
                if is_deserted() {
                    return Ok(());
                }
                continue;
            };
            let text = match self.format {
                Some(Format::Json | Format::Jsonl) => self.json_line(object),
                _ => self.list(vec![object], shape, Audience::Reader),
            };
            out.write_all(text.as_bytes())
                .and_then(|()| out.flush())
                .map_err(Failure::Output)?;
        }
        Ok(())
    }

    fn one(&self, object: Value, shape: Shape, audience: Audience) -> String {
        match self.format {
            Some(Format::Json) => self.json(&json::select(object, &self.fields)),
            Some(Format::Jsonl) => self.json_line(object),
            None if audience == Audience::Reader && self.fields.is_empty() => {
                human::page(shape, &object).render(self.stdout.is_colored)
            }
            None | Some(Format::Table | Format::Tsv | Format::Id) => {
                self.list(vec![object], shape, audience)
            }
        }
    }

    fn list(&self, objects: Vec<Value>, shape: Shape, audience: Audience) -> String {
        let width = self.stdout.is_interactive.then(terminal_width).flatten();
        match (self.format, audience) {
            (Some(Format::Json), _) => {
                let chosen = objects
                    .into_iter()
                    .map(|object| json::select(object, &self.fields));
                self.json(&Value::Array(chosen.collect()))
            }
            (Some(Format::Jsonl), _) => objects
                .into_iter()
                .map(|object| self.json_line(object))
                .collect(),
            (Some(Format::Id), _) => names(&objects, shape),
            (Some(Format::Tsv), _) => self.tsv(&objects, shape),
            // Whoever chooses fields wants to see them.
            (None | Some(Format::Table), _) if !self.fields.is_empty() => {
                human::rows(&objects, &self.fields, width).render(self.stdout.is_colored)
            }
            (Some(Format::Table), _) => {
                human::rows(&objects, shape.columns(), width).render(self.stdout.is_colored)
            }
            (None, Audience::Script) => names(&objects, shape),
            (None, Audience::Nobody) => String::new(),
            (None, Audience::Reader) => {
                human::list(shape, &objects, width).render(self.stdout.is_colored)
            }
        }
    }

    fn tsv(&self, objects: &[Value], shape: Shape) -> String {
        let columns: Vec<&str> = if self.fields.is_empty() {
            shape.columns().to_vec()
        } else {
            self.fields.iter().map(String::as_str).collect()
        };
        let mut text = String::new();
        for object in objects {
            let cells = columns.iter().map(|column| {
                let shown = human::member(object, column).map(human::brief);
                untrusted::line(&shown.unwrap_or_default())
            });
            text.push_str(&cells.collect::<Vec<_>>().join("\t"));
            text.push('\n');
        }
        text
    }

    fn json(&self, value: &Value) -> String {
        let text = if self.stdout.is_interactive {
            json::pretty(value)
        } else {
            json::line(value)
        };
        text + "\n"
    }

    fn json_line(&self, object: Value) -> String {
        json::line(&json::select(object, &self.fields)) + "\n"
    }
}

/// Prints each object as a line of JSON; they are all there, so that none is waited for.
fn print_lines(out: &mut impl Write, objects: Objects) -> Result<(), Failure> {
    for object in objects {
        if let Some(object) = object.map_err(Failure::Source)? {
            writeln!(out, "{}", json::line(&object)).map_err(Failure::Output)?;
        }
    }
    Ok(())
}

/// Returns the bare names, one a line.
fn names(objects: &[Value], shape: Shape) -> String {
    let names = objects
        .iter()
        .map(|object| human::text(object, shape.name()));
    names
        .filter(|name| !name.is_empty())
        .map(|name| untrusted::line(name) + "\n")
        .collect()
}

/// Why data could not be printed.
enum Failure {
    /// Standard output refused them.
    Output(io::Error),
    /// There were no more to print.
    Source(CliError),
}

/// Returns whether somebody sits at a terminal, types there and sees what is said.
pub(crate) fn is_attended() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Returns where a program of the user may draw: standard output, or where that is for data, the place of the talk.
pub(crate) fn canvas() -> io::Result<Stdio> {
    if io::stdout().is_terminal() {
        return Ok(Stdio::inherit());
    }
    let talk = io::stderr().as_fd().try_clone_to_owned()?;
    Ok(talk.into())
}

fn unprinted(error: &io::Error, has_written: bool) -> CliError {
    if has_written {
        let message = format!("the change is done, but its answer could not be printed: {error}");
        return CliError::new(ErrorKind::OutcomeUnknown, message);
    }
    CliError::new(
        ErrorKind::Io,
        format!("could not print the answer: {error}"),
    )
}

/// Writes talk. Where nobody can hear it, the exit code still says what happened.
fn write_stderr(text: &str) {
    let mut err = io::stderr().lock();
    drop(err.write_all(text.as_bytes()).and_then(|()| err.flush()));
}

/// Returns whether the reader of standard output is gone.
fn is_deserted() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdout = io::stdout();
    let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    poll(&mut watched, Some(&at_once)).is_ok() && watched[0].revents().contains(PollFlags::ERR)
}

fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then(|| usize::from(size.ws_col))
}
