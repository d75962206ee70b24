//! The flags of every command that grants a lease.
//!
//! Owns their names and how they become terms. Refuses to know what is claimed.

use crate::args::values;
use crate::error::CliError;
use crate::process::{self, Named};
use jit_core::SlotName;
use jit_core::decide::ClaimTerms;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a lease is to be like.
#[derive(Debug, clap::Args)]
pub(crate) struct TermsArgs {
    /// Let the lease run out after this time unless it is renewed
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    ttl: Option<Duration>,

    /// Take a place of a slot that MAX leases may hold at once; may be repeated
    #[arg(long = "slot", value_name = "NAME=MAX", value_parser = values::slot)]
    slots: Vec<(SlotName, u32)>,

    /// The process that does the work: after a reboot of its host the lease ends at once
    #[arg(long, value_name = "PID[:START]", value_parser = Named::parse)]
    pid: Option<Named>,
}

impl TermsArgs {
    /// Returns the terms that the flags spell; a slot has one limit.
    pub(crate) fn terms(self) -> Result<ClaimTerms, CliError> {
        let mut slots = BTreeMap::new();
        for (name, max) in self.slots {
            if let Some(other) = slots.insert(name.clone(), max)
                && other != max
            {
                return Err(CliError::usage(format!(
                    "--slot {name} is given with two limits, {other} and {max}"
                )));
            }
        }
        Ok(ClaimTerms {
            ttl: self.ttl,
            slots,
            process: self.pid.map(process::holder).transpose()?,
        })
    }
}
