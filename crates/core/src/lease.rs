//! Leases: who holds an issue, until when, under which epoch.
//!
//! Owns the record, its fields and the rule of expiry (`docs/design/storage.md` S11). Refuses to grant or end one: that
//! is `decide`'s.

use crate::fields::{FieldError, Fields, number};
use crate::request::Now;
use crate::{Assignee, IssueId, SlotName, Timestamp, Value};
use std::collections::BTreeSet;
use std::time::Duration;

/// How far two hosts' wall clocks may differ before a lease of the other host counts as expired.
pub const MAX_SKEW: Duration = Duration::from_mins(1);

/// Where a lease stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseState {
    /// Granted, not ended by anybody yet.
    Held,
    /// Ended by a verb.
    Released,
    /// Ended by time, and a writer has recorded it.
    Expired,
}

impl LeaseState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Held, Self::Released, Self::Expired];

    /// Returns the name used in files and outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    /// Returns the state with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// The process that lives as long as the work under a lease, never the one that only asked for the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HolderProcess {
    /// Its number.
    pub pid: u32,
    /// When it began, in the kernel's ticks since boot: numbers are used again, both together are not. None where the
    /// system does not tell.
    pub start: Option<u64>,
}

/// The right to work on one issue, granted to one holder under one epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    /// The issue.
    pub issue: IssueId,
    /// The fencing token: only a grant raises it, nothing lowers it.
    pub epoch: u64,
    /// Where it stands.
    pub state: LeaseState,
    /// Who holds it.
    pub holder: Assignee,
    /// Who asked for it.
    pub actor: Assignee,
    /// The idempotency key of the claim.
    pub key: Option<String>,
    /// Host it was granted on.
    pub host: String,
    /// Boot of that host.
    pub boot_id: String,
    /// When it was granted, by the wall clock.
    pub granted_wall: Timestamp,
    /// When it was last renewed, by the wall clock; only for display and other hosts.
    pub renewed_wall: Timestamp,
    /// When it was last renewed, in milliseconds of the boot-time clock.
    pub renewed_boottime_ms: u64,
    /// How long it lives without a renewal, in milliseconds; none: for ever.
    pub ttl_ms: Option<u64>,
    /// Number of renewals.
    pub renew_seq: u64,
    /// Somebody asks the holder to stop.
    pub cancel_requested: bool,
    /// The slots that it holds as long as it lives.
    pub slots: BTreeSet<SlotName>,
    /// The process that does the work, where the holder named it.
    pub process: Option<HolderProcess>,
    /// Members that this version does not know.
    pub extra: Fields,
}

impl Lease {
    /// Returns whether the holder still holds it, as seen at `now`.
    ///
    /// Under the same boot the boot-time clock decides; containers of one machine share its boot. Another boot of the same
    /// host proves that a process which was named is dead. Without one the name of the host proves nothing, since hosts
    /// share names; then, and for another host, the wall clock decides, [`MAX_SKEW`] late: in doubt it is held.
    pub fn is_live(&self, now: &Now) -> bool {
        if self.state != LeaseState::Held {
            return false;
        }
        let Some(ttl_ms) = self.ttl_ms else {
            return true;
        };
        if self.boot_id == now.boot_id {
            return now.boottime_ms < self.renewed_boottime_ms.saturating_add(ttl_ms);
        }
        if self.host == now.host && self.process.is_some() {
            return false;
        }
        let deadline = self
            .renewed_wall
            .plus(Duration::from_millis(ttl_ms))
            .plus(MAX_SKEW);
        now.wall < deadline
    }

    /// Returns when it ends by the wall clock unless it is renewed; none: never.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.ttl_ms
            .map(|ttl| self.renewed_wall.plus(Duration::from_millis(ttl)))
    }

    /// Returns every field by its name.
    pub fn to_fields(&self) -> Fields {
        let mut fields = self.extra.clone();
        let slots = self.slots.iter().map(|slot| slot.as_str().into());
        let known: [(&str, Value); 17] = [
            ("issue", self.issue.as_str().into()),
            ("epoch", self.epoch.into()),
            ("state", self.state.as_str().into()),
            ("holder", self.holder.as_str().into()),
            ("actor", self.actor.as_str().into()),
            ("key", self.key.clone().into()),
            ("host", self.host.as_str().into()),
            ("boot_id", self.boot_id.as_str().into()),
            ("granted_wall", self.granted_wall.to_string().into()),
            ("renewed_wall", self.renewed_wall.to_string().into()),
            ("renewed_boottime_ms", self.renewed_boottime_ms.into()),
            ("ttl_ms", self.ttl_ms.into()),
            ("renew_seq", self.renew_seq.into()),
            ("cancel_requested", self.cancel_requested.into()),
            ("slots", Value::Array(slots.collect())),
            ("pid", self.process.map(|it| it.pid).into()),
            ("pid_start", self.process.and_then(|it| it.start).into()),
        ];
        fields.extend(known.map(|(name, value)| (name.to_owned(), value)));
        fields
    }

    /// Reads a lease from its fields; unknown ones are kept in `extra`.
    pub fn from_fields(mut fields: Fields) -> Result<Self, FieldError> {
        let f = &mut fields;
        let lease = Self {
            issue: read(f, "issue", |text| IssueId::parse(text).ok())?,
            epoch: number(f, "epoch")?.ok_or_else(|| FieldError::new("epoch", "is missing"))?,
            state: read(f, "state", LeaseState::parse)?,
            holder: read(f, "holder", |text| Assignee::parse(text).ok())?,
            actor: read(f, "actor", |text| Assignee::parse(text).ok())?,
            key: f
                .remove("key")
                .and_then(|value| value.as_str().map(str::to_owned)),
            host: read(f, "host", |text| Some(text.to_owned()))?,
            boot_id: read(f, "boot_id", |text| Some(text.to_owned()))?,
            granted_wall: read(f, "granted_wall", |text| Timestamp::parse(text).ok())?,
            renewed_wall: read(f, "renewed_wall", |text| Timestamp::parse(text).ok())?,
            renewed_boottime_ms: number(f, "renewed_boottime_ms")?.unwrap_or(0),
            ttl_ms: number(f, "ttl_ms")?,
            renew_seq: number(f, "renew_seq")?.unwrap_or(0),
            cancel_requested: f
                .remove("cancel_requested")
                .and_then(|value| value.as_bool())
                .unwrap_or(false),
            slots: slots(f)?,
            process: process(f)?,
            extra: Fields::new(),
        };
        Ok(Self {
            extra: fields,
            ..lease
        })
    }
}

fn slots(fields: &mut Fields) -> Result<BTreeSet<SlotName>, FieldError> {
    let wrong = || FieldError::new("slots", "is no list of names");
    let items = match fields.remove("slots") {
        None | Some(Value::Null) => return Ok(BTreeSet::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(wrong()),
    };
    let name = |item: &Value| item.as_str().and_then(|text| SlotName::parse(text).ok());
    items
        .iter()
        .map(|item| name(item).ok_or_else(wrong))
        .collect()
}

fn process(fields: &mut Fields) -> Result<Option<HolderProcess>, FieldError> {
    let (pid, start) = (number(fields, "pid")?, number(fields, "pid_start")?);
    let narrow = |pid| u32::try_from(pid).map_err(|_| FieldError::new("pid", "is too large"));
    let pid = pid.map(narrow).transpose()?;
    Ok(pid.map(|pid| HolderProcess { pid, start }))
}

fn read<T>(
    fields: &mut Fields,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<T, FieldError> {
    let value = fields
        .remove(name)
        .ok_or_else(|| FieldError::new(name, "is missing"))?;
    value
        .as_str()
        .and_then(parse)
        .ok_or_else(|| FieldError::new(name, "can't be read"))
}
