//! The binary `jit-dispatch`.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    jit_dispatch::cli::run(&arguments)
}
