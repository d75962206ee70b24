//! The command line: what is typed, and which verb it means.
//!
//! Owns the list of commands and the way from arguments to an exit code. Refuses to know any verb's arguments.

use crate::args::global::{Condition, Format, GlobalArgs};
use crate::branch;
use crate::commands::{
    commit, dep, doctor, events, export, gate, gc, graph, import, init, issue, lease, merge_driver,
    migrate, query, recover, resolve, status, validate, r#where, why,
};
use crate::context::Context;
use crate::crash;
use crate::error::CliError;
use crate::output::{ColorChoice, Terminal};
use crate::reply::{Reply, Shape};
use clap::error::ErrorKind as ParseErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};
use std::ffi::OsString;
use std::mem::ManuallyDrop;
use std::process::ExitCode;

/// Track issues in the repository they are about
///
/// Issues form a graph; `ready` follows from it. People and agents claim ready issues, work, and finish them.
#[derive(Debug, clap::Parser)]
#[command(name = "jit", version)]
#[command(after_help = "Examples:
  jit init
  jit issue create -t \"Implement parser\" -p high
  jit dep add <test-id> <parser-id>
  jit query ready --json
  jit issue claim <id> copilot-1
  jit issue done <id>")]
struct Cli {
    #[command(flatten)]
    globals: GlobalArgs,

    #[command(subcommand)]
    command: Command,
}

/// A command.
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
enum Command {
    /// Make a store for this repository
    Init(init::Args),
    /// Say which store is used, and why
    Where(r#where::Args),
    /// Show how many issues are in which state, and who holds what
    Status(status::Args),
    /// Check the store
    Validate(validate::Args),
    /// Check what the store stands on
    Doctor(doctor::Args),
    /// Bring the store to this version of the format
    Migrate(migrate::Args),
    /// Remove old tombstones, and what nobody needs any more
    Gc(gc::Args),
    /// Commit the store to git, and nothing else
    Commit(commit::Args),
    /// Bring back what a git command removed before it was committed
    Recover(recover::Args),
    /// Merge by field what git left unmerged, and settle what no rule decides
    Resolve(resolve::Args),
    /// Create, show, change, claim and finish issues
    #[command(subcommand)]
    Issue(issue::Command),
    /// Change and show what an issue waits for
    #[command(subcommand)]
    Dep(dep::Command),
    /// Define, require and pass gates
    #[command(subcommand)]
    Gate(gate::Command),
    /// Define and list gates: other names for verbs of `gate`
    #[command(subcommand, mut_subcommand("define", |verb| verb.visible_alias("add")))]
    Registry(gate::Definition),
    /// Ask for issues
    #[command(subcommand)]
    Query(query::Command),
    /// Say why an issue is not ready
    Why(why::Args),
    /// Walk and draw the graph
    #[command(subcommand)]
    Graph(graph::Command),
    /// Renew and list leases
    #[command(subcommand)]
    Lease(lease::Command),
    /// Read and follow the log
    #[command(subcommand)]
    Events(events::Command),
    /// Merge two versions of an issue's file, as git asks for it
    MergeDriver(merge_driver::Args),
    /// Take over issues from other trackers
    #[command(subcommand)]
    Import(import::Command),
    /// Write the records for other programs, or to keep them
    #[command(subcommand)]
    Export(export::Command),
    /// Short for `query ready`
    Ready(query::ready::Args),
    /// Short for `issue show`
    Show(issue::show::Args),
    /// Short for `issue claim`
    Claim(issue::claim::Args),
    /// Short for `issue done`
    Done(issue::done::Args),
}

impl Command {
    fn shape(&self) -> Shape {
        match self {
            Self::Init(_) | Self::Where(_) | Self::MergeDriver(_) => Shape::Place,
            Self::Status(_) => Shape::Status,
            Self::Recover(_) => Shape::Recovered,
            Self::Validate(args) => args.shape(),
            Self::Doctor(_) => Shape::Finding,
            Self::Migrate(_) => Shape::Migration,
            Self::Gc(_) => Shape::Garbage,
            Self::Commit(_) => Shape::Commit,
            Self::Resolve(_) => Shape::Resolution,
            Self::Issue(verb) => verb.shape(),
            Self::Dep(verb) => verb.shape(),
            Self::Gate(verb) => verb.shape(),
            Self::Registry(_) => gate::Definition::SHAPE,
            Self::Query(verb) => verb.shape(),
            Self::Graph(verb) => verb.shape(),
            Self::Lease(verb) => verb.shape(),
            Self::Events(verb) => verb.shape(),
            Self::Import(verb) => verb.shape(),
            Self::Export(verb) => verb.shape(),
            Self::Why(_) => Shape::Why,
            Self::Ready(_) | Self::Show(_) | Self::Claim(_) | Self::Done(_) => Shape::Issue,
        }
    }

    /// Returns the conditions that the command honours; it refuses the others.
    fn conditions(&self) -> &'static [Condition] {
        match self {
            Self::Init(_)
            | Self::Where(_)
            | Self::MergeDriver(_)
            | Self::Status(_)
            | Self::Validate(_)
            | Self::Doctor(_)
            | Self::Migrate(_)
            | Self::Gc(_)
            | Self::Commit(_)
            | Self::Recover(_)
            | Self::Resolve(_)
            | Self::Query(_)
            | Self::Why(_)
            | Self::Graph(_)
            | Self::Events(_)
            | Self::Export(_)
            | Self::Ready(_)
            | Self::Show(_) => Condition::NONE,
            Self::Issue(verb) => verb.conditions(),
            Self::Dep(verb) => verb.conditions(),
            Self::Gate(verb) => verb.conditions(),
            Self::Registry(verb) => verb.conditions(),
            Self::Lease(verb) => verb.conditions(),
            Self::Import(_) => &[Condition::Key],
            Self::Claim(_) | Self::Done(_) => Condition::ALL,
        }
    }

    fn run(self, context: &Context) -> Result<Reply, CliError> {
        match self {
            Self::Init(_) => init::run(context),
            Self::MergeDriver(_) => {
                unreachable!("git's driver has its own exit codes: see `drive`")
            }
            Self::Where(_) => r#where::run(context),
            Self::Status(_) => status::run(context),
            Self::Validate(args) => validate::run(&args, context),
            Self::Doctor(args) => doctor::run(&args, context),
            Self::Migrate(_) => migrate::run(context),
            Self::Gc(_) => gc::run(context),
            Self::Commit(args) => commit::run(&args, context),
            Self::Recover(_) => recover::run(context),
            Self::Resolve(args) => resolve::run(&args, context),
            Self::Issue(verb) => verb.run(context),
            Self::Dep(verb) => verb.run(context),
            Self::Gate(verb) => verb.run(context),
            Self::Registry(verb) => verb.run(context),
            Self::Query(verb) => verb.run(context),
            Self::Why(args) => why::run(&args, context),
            Self::Graph(verb) => verb.run(context),
            Self::Lease(verb) => verb.run(context),
            Self::Events(verb) => verb.run(context),
            Self::Import(verb) => verb.run(context),
            Self::Export(verb) => verb.run(context),
            Self::Ready(_) => query::ready::run(context),
            Self::Show(args) => issue::show::run(&args, context),
            Self::Claim(args) => issue::claim::run(args, context),
            Self::Done(args) => issue::done::run(&args, context),
        }
    }
}

/// Runs the command that was typed.
pub(crate) fn main() -> ExitCode {
    crash::listen();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    crash::guard(false, || run(&arguments)).unwrap_or_else(|error| {
        Terminal::plain(form_of(&arguments), ColorChoice::Auto).fail(&error)
    })
}

/// Reads the arguments with the part of the command tree that they name.
fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let tree = branch::named(arguments).unwrap_or_else(Cli::command);
    parse_with(tree, arguments)
}

fn parse_with(tree: clap::Command, arguments: &[OsString]) -> Result<Cli, clap::Error> {
    // The tree goes with the process; to take it apart would be a third of the cost of parsing.
    let mut tree = ManuallyDrop::new(tree);
    let mut matches = tree.try_get_matches_from_mut(arguments)?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut tree))
}

fn run(arguments: &[OsString]) -> ExitCode {
    let cli = match parse(arguments) {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&error, arguments),
    };
    let terminal = Terminal::new(&cli.globals);
    if let Command::MergeDriver(args) = &cli.command {
        return drive(args, &terminal);
    }
    match answer(cli) {
        Ok(reply) => {
            let has_written = reply.has_written;
            crash::guard(has_written, || terminal.answer(reply))
                .unwrap_or_else(|error| terminal.fail(&error))
        }
        Err(error) => terminal.fail(&error),
    }
}

/// Merges for git, which reads its own meaning into exit codes.
fn drive(args: &merge_driver::Args, terminal: &Terminal) -> ExitCode {
    let answer = merge_driver::run(args);
    if let Some(error) = &answer.error {
        terminal.fail(error);
    }
    ExitCode::from(answer.code)
}

fn answer(cli: Cli) -> Result<Reply, CliError> {
    cli.globals
        .check(cli.command.shape(), cli.command.conditions())?;
    let context = Context::new(cli.globals)?;
    let answer = cli.command.run(&context);
    match (answer, context.confirm()) {
        // What was written is written, whatever could not be read for the answer.
        (Ok(mut reply), Err(error)) if reply.has_written => {
            reply.warnings.push(error.to_string());
            Ok(reply)
        }
        (_, Err(error)) => Err(error),
        (answer, Ok(())) => answer,
    }
}

/// Prints help where it was asked for, and an error like any other where the arguments mean nothing.
fn not_parsed(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let terminal = Terminal::plain(form_of(arguments), ColorChoice::Auto);
    match error.kind() {
        ParseErrorKind::DisplayHelp | ParseErrorKind::DisplayVersion => {
            terminal.help(&error.render().to_string())
        }
        ParseErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let missing = CliError::usage("a command is missing").hint("jit --help");
            terminal.fail_with_help(&missing, &error.render().to_string())
        }
        _ => terminal.fail(&usage_error(error)),
    }
}

/// Returns the form that arguments ask for which could not be parsed.
fn form_of(arguments: &[OsString]) -> Option<Format> {
    let words: Vec<&str> = arguments
        .iter()
        .skip(1)
        .filter_map(|argument| argument.to_str())
        .take_while(|word| *word != "--")
        .collect();
    let is_output = |word: &str| matches!(word, "-o" | "--output");
    let asks_for_json =
        |word: &str| word == "--json" || ["-ojson", "--output=json", "-o=json"].contains(&word);
    let is_named = words
        .windows(2)
        .any(|pair| is_output(pair[0]) && matches!(pair[1], "json" | "jsonl"));
    (is_named || words.iter().any(|word| asks_for_json(word))).then_some(Format::Json)
}

/// Takes clap's text apart: the first paragraph says what is wrong, tips and the usage help.
fn usage_error(error: &clap::Error) -> CliError {
    let text = error.render().to_string();
    let text = text.trim();
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let mut paragraphs = text.split("\n\n");
    let mut message = paragraphs.next().unwrap_or_default().to_owned();
    let mut failure = CliError::usage("");
    for paragraph in paragraphs {
        for line in paragraph.lines().map(str::trim) {
            if let Some(tip) = line.strip_prefix("tip: ") {
                failure = failure.hint(tip);
            } else if let Some(usage) = line.strip_prefix("Usage: ") {
                failure = failure.hint(format!("usage: {usage}"));
            } else if line.starts_with('[') {
                message.push(' ');
                message.push_str(line);
            }
        }
    }
    failure.message = message.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    /// Every way through the tree, without the verbs that clap adds.
    fn leaves(tree: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
        let path = [path, &[tree.get_name().to_owned()]].concat();
        let verbs = tree
            .get_subcommands()
            .filter(|verb| verb.get_name() != "help");
        let verbs: Vec<_> = verbs.collect();
        for verb in &verbs {
            leaves(verb, &path, found);
        }
        if verbs.is_empty() {
            found.push(path);
        }
    }

    #[test]
    fn a_part_of_the_tree_reads_the_same_as_the_whole() {
        let tails: [&[&str]; 10] = [
            &[],
            &["--help"],
            &["--no-such-flag"],
            &["abcd"],
            &["abcd", "agent:x", "--json"],
            &[
                "abcd", "efgh", "-C", "/", "--limit", "3", "--color", "never",
            ],
            &["abcd", "--limit", "many"],
            &["--title", "T", "--json", "--fields", "id,title"],
            &["--", "-x"],
            &["--versio"],
        ];
        let mut tree = Cli::command();
        tree.build();
        let mut paths = Vec::new();
        leaves(&tree, &[], &mut paths);
        let mut n_short = 0;
        for (path, tail) in paths.iter().flat_map(|path| tails.map(|tail| (path, tail))) {
            let tail = tail.iter().map(|word| (*word).to_owned());
            let typed: Vec<OsString> = path
                .iter()
                .cloned()
                .chain(tail)
                .map(OsString::from)
                .collect();
            n_short += usize::from(branch::named(&typed).is_some());
            let say = |answer: Result<Cli, clap::Error>| {
                answer.map_or_else(|error| error.render().to_string(), |cli| format!("{cli:?}"))
            };
            let (part, whole) = (parse(&typed), parse_with(Cli::command(), &typed));
            assert_eq!(say(part), say(whole), "{typed:?}");
        }
        assert!(
            n_short > paths.len(),
            "hardly any command has the short way"
        );
    }
}
