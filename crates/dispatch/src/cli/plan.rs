//! Owns `jit-dispatch plan`: a dry run that touches nothing.

use std::process::ExitCode;

use super::context::Context;
use super::{CliError, Global};
use crate::output::{self, Format, Printer};

pub(super) fn run(global: &Global) -> Result<ExitCode, CliError> {
    let context = Context::open(global)?;
    let printer = Printer {
        format: global.format(),
        is_stream: false,
    };
    let mut runner = context.runner(printer)?;
    let (plan, issues) = context.runtime.block_on(runner.preview())?;
    match global.format() {
        Format::Text => output::data_lines(&output::plan_text(&plan, &issues)),
        Format::Json => output::data(&output::json_text(&output::plan_object(&plan, &issues))),
    }
    Ok(ExitCode::SUCCESS)
}
