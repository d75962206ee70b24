//! Owns what one `[[agents]]` entry means. Refuses to compare entries with each other.

use std::collections::{BTreeMap, BTreeSet};

use jit_scheduler::{Accept, AgentId, Tag};

use super::section::Section;
use super::{Agent, ConfigError, Work};

/// Longest agent id in bytes.
const MAX_ID: usize = 64;

/// Keys of an agent that later versions act upon.
const LATER: &[&str] = &[
    "account",
    "adapter",
    "evidence",
    "executor",
    "health_command",
    "health_secs",
    "memory_max",
    "pids_max",
    "prompt",
    "repos",
    "resume",
    "role",
    "sandbox",
    "secret_env",
    "shell",
    "weight",
    "workspace",
];

/// Reads one agent.
pub(super) fn read(section: &Section<'_, '_>, strict: bool) -> Result<Agent, ConfigError> {
    let agent = Agent {
        id: id(section)?,
        kind: section.string("type")?.unwrap_or_else(|| "exec".to_owned()),
        capacity: capacity(section)?,
        tags: section
            .strings("tags")?
            .unwrap_or_default()
            .into_iter()
            .map(Tag::from)
            .collect(),
        accept: accept(section)?,
        work: work(section)?,
        env: env(section)?,
        env_pass: env_pass(section)?,
        idle: section.secs("idle_secs")?,
        total: section.secs("total_secs")?,
    };
    section.finish(LATER, strict)?;
    Ok(agent)
}

fn id(section: &Section<'_, '_>) -> Result<AgentId, ConfigError> {
    let id = section
        .string("id")?
        .ok_or_else(|| section.invalid("an agent needs an `id`"))?;
    let starts_well = id.starts_with(|first: char| first.is_ascii_alphanumeric());
    let is_plain = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_' | '.');
    if !starts_well || id.len() > MAX_ID || !id.chars().all(is_plain) {
        let message = format!(
            "{id:?} cannot be an agent's id: it must start with a letter or digit and hold only letters, digits, `-`, `_` \
             and `.`, {MAX_ID} at most"
        );
        return Err(section.invalid_key("id", message));
    }
    Ok(AgentId::from(id))
}

fn capacity(section: &Section<'_, '_>) -> Result<usize, ConfigError> {
    let (capacity, max_concurrent) = (section.count("capacity")?, section.count("max_concurrent")?);
    if let (Some(one), Some(other)) = (capacity, max_concurrent)
        && one != other
    {
        let message = format!(
            "`capacity` = {one} and `max_concurrent` = {other} are two names of one thing and differ"
        );
        return Err(section.invalid_key("max_concurrent", message));
    }
    let slots = capacity.or(max_concurrent).unwrap_or(1);
    usize::try_from(slots)
        .map_err(|_| section.invalid("the capacity is too large for this machine"))
}

fn accept(section: &Section<'_, '_>) -> Result<Accept, ConfigError> {
    match section.string("accept")?.as_deref() {
        None | Some("any") => Ok(Accept::Any),
        Some("tagged_only") => Ok(Accept::TaggedOnly),
        Some(other) => Err(section.invalid_key(
            "accept",
            format!("`accept` is \"any\" or \"tagged_only\", not {other:?}"),
        )),
    }
}

fn work(section: &Section<'_, '_>) -> Result<Work, ConfigError> {
    let argv = if section.is_array("command") {
        section.strings("command")?
    } else {
        section
            .string("command")?
            .map(|line| words(section, &line))
            .transpose()?
    };
    let Some(argv) = argv else {
        return Ok(Work::ClaimOnly);
    };
    check_argv(section, &argv)?;
    Ok(Work::Runs(argv))
}

/// Splits a command as a shell would, without ever asking one.
fn words(section: &Section<'_, '_>, line: &str) -> Result<Vec<String>, ConfigError> {
    shlex::split(line)
        .ok_or_else(|| section.invalid_key("command", "`command` has a quote that is never closed"))
}

/// Refuses an argument vector that cannot be started.
pub(super) fn check_argv(section: &Section<'_, '_>, argv: &[String]) -> Result<(), ConfigError> {
    if argv.first().is_none_or(String::is_empty) {
        return Err(section.invalid_key("command", "`command` is empty"));
    }
    if argv.iter().any(|word| word.contains('\0')) {
        return Err(section.invalid_key("command", "`command` holds a NUL character"));
    }
    Ok(())
}

fn env(section: &Section<'_, '_>) -> Result<BTreeMap<String, String>, ConfigError> {
    let env = section.string_map("env")?;
    for (name, value) in &env {
        check_variable(section, "env", name)?;
        if value.contains('\0') {
            return Err(section.invalid_key(
                "env",
                format!("the value of `{name}` holds a NUL character"),
            ));
        }
    }
    Ok(env)
}

fn env_pass(section: &Section<'_, '_>) -> Result<BTreeSet<String>, ConfigError> {
    let names = section.strings("env_pass")?.unwrap_or_default();
    for name in &names {
        check_variable(section, "env_pass", name)?;
    }
    Ok(names.into_iter().collect())
}

fn check_variable(section: &Section<'_, '_>, key: &str, name: &str) -> Result<(), ConfigError> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(section.invalid_key(key, format!("{name:?} cannot be the name of a variable")));
    }
    // The run's own variables say which issue and lease it has: a configuration must not forge them.
    if name.starts_with("JIT_") {
        return Err(section.invalid_key(
            key,
            format!("`{name}` is set by the dispatcher, for each run"),
        ));
    }
    Ok(())
}
