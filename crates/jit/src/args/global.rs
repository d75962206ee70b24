//! The flags that every command takes.
//!
//! Owns their names and meaning (`docs/design/tracker.md` section 5). Refuses flags that only some commands take.

use crate::error::CliError;
use crate::output::ColorChoice;
use crate::reply::Shape;
use std::path::PathBuf;

const HEADING: &str = "Global options";

/// The form of the data on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns
    Table,
    /// Columns separated by tabs
    Tsv,
    /// One JSON document
    Json,
    /// One JSON object a line
    Jsonl,
    /// Bare ids, one a line
    Id,
}

/// A condition that a command may be given and that must hold for its write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// `--if-etag`: there is one version of an issue to compare with.
    Etag,
    /// `--epoch`: there is a lease to compare with.
    Epoch,
    /// `--key`: the answer is kept for a repetition.
    Key,
}

impl Condition {
    /// What commands honour that change issues.
    pub(crate) const ALL: &[Self] = &[Self::Etag, Self::Epoch, Self::Key];
    /// What commands honour that read.
    pub(crate) const NONE: &[Self] = &[];

    fn flag(self) -> &'static str {
        match self {
            Self::Etag => "--if-etag",
            Self::Epoch => "--epoch",
            Self::Key => "--key",
        }
    }
}

/// Longest idempotency key, in bytes.
const MAX_KEY: usize = 256;

/// Flags of every command.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = HEADING)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own on the command line"
)]
pub(crate) struct GlobalArgs {
    /// Print data as JSON, errors as one JSON object
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Choose the form of the data
    #[arg(short, long, global = true, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,

    /// Choose the members to show, separated by commas
    #[arg(long, global = true, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) fields: Vec<String>,

    /// Show at most N, and say on stderr how many there are
    #[arg(long, global = true, value_name = "N")]
    pub(crate) limit: Option<usize>,

    /// Work in the repository of DIR
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    pub(crate) repo: Option<PathBuf>,

    /// Act as WHO [env: `JIT_ACTOR`]
    #[arg(long, global = true, value_name = "WHO", hide_short_help = true)]
    pub(crate) actor: Option<String>,

    /// Write only if the issue still has this etag
    #[arg(long, global = true, value_name = "ETAG", hide_short_help = true)]
    pub(crate) if_etag: Option<String>,

    /// Write only if the lease has this epoch [env: `JIT_ISSUE` with `JIT_EPOCH`]
    #[arg(long, global = true, value_name = "N", hide_short_help = true)]
    pub(crate) epoch: Option<u64>,

    /// Name the command, so that its repetition gets the first answer
    #[arg(long, global = true, value_name = "KEY", hide_short_help = true)]
    pub(crate) key: Option<String>,

    /// Say what would happen, and change nothing
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) dry_run: bool,

    /// Say only what is wrong
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,

    /// Choose when to colour
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_short_help = true
    )]
    pub(crate) color: ColorChoice,

    /// Read every file: shows a closed issue too that somebody edited in place
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) fresh: bool,

    /// Never ask anything, and open no editor
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) no_input: bool,
}

impl GlobalArgs {
    /// Returns the form that was asked for.
    pub(crate) fn format(&self) -> Option<Format> {
        if self.json {
            Some(Format::Json)
        } else {
            self.output
        }
    }

    /// Refuses flags that contradict each other, conditions that the command can't honour, and members that no answer
    /// has. Comes before the command, so that none is carried out whose answer could not be given.
    pub(crate) fn check(&self, shape: Shape, honoured: &[Condition]) -> Result<(), CliError> {
        self.check_conditions(honoured)?;
        match self.output {
            Some(format) if self.json && format != Format::Json => {
                return Err(CliError::usage(
                    "--json and --output ask for different forms",
                ));
            }
            _ => {}
        }
        let known = shape.fields();
        let Some(unknown) = self
            .fields
            .iter()
            .find(|name| !known.contains(&name.as_str()))
        else {
            return Ok(());
        };
        let mut error = CliError::usage(format!("`{unknown}` is not a field of the answer"));
        if let Some(nearest) = super::nearest(unknown, known.iter().copied()) {
            error = error.hint(format!("did you mean {nearest}?"));
        }
        Err(error.hint(format!("fields: {}", known.join(","))))
    }

    /// A condition that is ignored is worse than none: whoever gave it relies on it.
    fn check_conditions(&self, honoured: &[Condition]) -> Result<(), CliError> {
        let is_given = |condition: &Condition| match condition {
            Condition::Etag => self.if_etag.is_some(),
            Condition::Epoch => self.epoch.is_some(),
            Condition::Key => self.key.is_some(),
        };
        let given = Condition::ALL
            .iter()
            .filter(|condition| is_given(condition));
        for condition in given {
            if !honoured.contains(condition) {
                let flag = condition.flag();
                return Err(CliError::usage(format!("this command can't honour {flag}")));
            }
        }
        match self.key.as_deref().map(str::len) {
            Some(0) => Err(CliError::usage("--key can't be empty")),
            Some(length) if length > MAX_KEY => Err(CliError::usage(format!(
                "--key can't be longer than {MAX_KEY} bytes"
            ))),
            _ => Ok(()),
        }
    }
}
