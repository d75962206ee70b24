//! Owns the shape of `dispatch.toml`: which keys there are, what they default to, and which combinations are nonsense.
//! Refuses to read files.

use std::collections::BTreeSet;
use std::time::Duration;

use toml::de::DeTable;

use super::section::{Document, Section};
use super::{Config, ConfigError, JitSettings, Lease, Limits, Reserve, Retry, Warning, agent};

/// A configuration with what was found odd in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The configuration.
    pub config: Config,
    /// What was found odd, in the order of the file.
    pub warnings: Vec<Warning>,
}

/// Top-level tables that later versions act upon.
const LATER: &[&str] = &[
    "budget",
    "caps",
    "fairness",
    "federation",
    "hierarchy",
    "hooks",
    "labels",
    "repos",
    "server",
    "success",
    "workspace",
];

/// Reads a configuration from `text`; `name` is the file's name in complaints.
pub fn parse(name: &str, text: &str) -> Result<Parsed, ConfigError> {
    let document = Document::new(name, text);
    let table = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        document.invalid(&span, error.message().replace('\n', " "))
    })?;
    let top = Section::new(&document, "", table.get_ref(), 0..0);
    let config = read(&top)?;
    Ok(Parsed {
        config,
        warnings: document.into_warnings(),
    })
}

fn read(top: &Section<'_, '_>) -> Result<Config, ConfigError> {
    let strict = top.boolean("strict")?.unwrap_or(false);
    let config = Config {
        poll_interval: positive(top, "poll_interval_secs", 30)?,
        max_concurrent: usize::try_from(top.count("max_concurrent")?.unwrap_or(0))
            .unwrap_or(usize::MAX),
        jit: jit(top, strict)?,
        lease: lease(top, strict)?,
        limits: limits(top, strict)?,
        retry: retry(top, strict)?,
        reserve: reserve(top, strict)?,
        agents: top
            .tables("agents")?
            .iter()
            .map(|section| agent::read(section, strict))
            .collect::<Result<_, _>>()?,
    };
    let mut seen = BTreeSet::new();
    for (section, agent) in top.tables("agents")?.iter().zip(&config.agents) {
        if !seen.insert(&agent.id) {
            return Err(section.invalid_key("id", format!("two agents have the id `{}`", agent.id)));
        }
    }
    top.finish(LATER, strict)?;
    Ok(config)
}

/// Returns a span in seconds that must not be zero.
fn positive(
    section: &Section<'_, '_>,
    key: &'static str,
    default: u64,
) -> Result<Duration, ConfigError> {
    let span = section.secs(key)?.unwrap_or(Duration::from_secs(default));
    if span.is_zero() {
        return Err(section.invalid_key(key, format!("`{key}` must be more than 0")));
    }
    Ok(span)
}

fn jit(top: &Section<'_, '_>, strict: bool) -> Result<JitSettings, ConfigError> {
    let mut settings = JitSettings {
        command: None,
        timeout: Duration::from_secs(30),
    };
    let Some(section) = top.table("jit")? else {
        return Ok(settings);
    };
    settings.command = section.strings("command")?;
    if let Some(argv) = &settings.command {
        agent::check_argv(&section, argv)?;
    }
    settings.timeout = positive(&section, "timeout_secs", 30)?;
    section.finish(&["server"], strict)?;
    Ok(settings)
}

fn lease(top: &Section<'_, '_>, strict: bool) -> Result<Lease, ConfigError> {
    let mut lease = Lease {
        ttl: Duration::from_mins(1),
        renew: Duration::from_secs(15),
        claim_ttl: Duration::ZERO,
    };
    let Some(section) = top.table("lease")? else {
        return Ok(lease);
    };
    lease.ttl = positive(&section, "ttl_secs", 60)?;
    lease.renew = positive(&section, "renew_secs", 15)?;
    lease.claim_ttl = section.secs("claim_ttl_secs")?.unwrap_or_default();
    if lease.renew * 3 >= lease.ttl * 2 {
        let message = "`renew_secs` must be less than two thirds of `ttl_secs`, or leases run out beside live agents";
        return Err(section.invalid_key("renew_secs", message));
    }
    section.finish(&["grace_secs", "store_loss"], strict)?;
    Ok(lease)
}

fn limits(top: &Section<'_, '_>, strict: bool) -> Result<Limits, ConfigError> {
    let mut limits = Limits {
        start: Duration::from_mins(2),
        idle: Duration::from_mins(15),
        total: Duration::from_hours(4),
        kill_grace: Duration::from_secs(10),
    };
    let Some(section) = top.table("limits")? else {
        return Ok(limits);
    };
    limits.start = positive(&section, "start_secs", 120)?;
    limits.idle = positive(&section, "idle_secs", 900)?;
    limits.total = positive(&section, "total_secs", 14_400)?;
    limits.kill_grace = section
        .secs("kill_grace_secs")?
        .unwrap_or(limits.kill_grace);
    section.finish(&["min_free_mb", "psi_memory_some10"], strict)?;
    Ok(limits)
}

fn retry(top: &Section<'_, '_>, strict: bool) -> Result<Retry, ConfigError> {
    let mut retry = Retry {
        base: Duration::from_secs(10),
        cap: Duration::from_mins(5),
        max_failures: 5,
    };
    let Some(section) = top.table("retry")? else {
        return Ok(retry);
    };
    retry.base = section.secs("base_secs")?.unwrap_or(retry.base);
    retry.cap = section.secs("cap_secs")?.unwrap_or(retry.cap);
    retry.max_failures = section.count("max_failures")?.unwrap_or(retry.max_failures);
    if retry.cap < retry.base {
        return Err(section.invalid_key("cap_secs", "`cap_secs` is less than `base_secs`"));
    }
    section.finish(&["max_losses", "on_dead"], strict)?;
    Ok(retry)
}

fn reserve(top: &Section<'_, '_>, strict: bool) -> Result<Reserve, ConfigError> {
    let mut reserve = Reserve {
        share: 0.1,
        after: Duration::from_hours(1),
    };
    let Some(section) = top.table("escalation")? else {
        return Ok(reserve);
    };
    reserve.share = section.number("reserve")?.unwrap_or(reserve.share);
    if reserve.share > 1.0 {
        return Err(
            section.invalid_key("reserve", "`reserve` is a share of the starts, from 0 to 1")
        );
    }
    reserve.after = section.secs("reserve_after_secs")?.unwrap_or(reserve.after);
    section.finish(&["critical_strict", "step_secs", "write_back"], strict)?;
    Ok(reserve)
}
