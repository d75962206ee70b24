//! Leases: who holds an issue, until when, under which epoch.
//!
//! Owns the record, its fields and the rule of expiry (`docs/design/storage.md` S11). Refuses to grant or end one: that
//! is `decide`'s.

use crate::fields::{FieldError, Fields, number};
use crate::request::Now;
use crate::{Assignee, IssueId, Timestamp, Value};
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
    /// Members that this version does not know.
    pub extra: Fields,
}

impl Lease {
    /// Returns whether the holder still holds it, as seen at `now`.
    ///
    /// Under the same boot the boot-time clock decides; containers of one machine share its boot. Another boot of the same
    /// host proves that the holder is dead. For another host the wall clock decides, [`MAX_SKEW`] late: in doubt it is
    /// held.
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
        let deadline = self
            .renewed_wall
            .plus(Duration::from_millis(ttl_ms))
            .plus(MAX_SKEW);
        self.host != now.host && now.wall < deadline
    }

    /// Returns when it ends by the wall clock unless it is renewed; none: never.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.ttl_ms
            .map(|ttl| self.renewed_wall.plus(Duration::from_millis(ttl)))
    }

    /// Returns every field by its name.
    pub fn to_fields(&self) -> Fields {
        let mut fields = self.extra.clone();
        let known: [(&str, Value); 14] = [
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
            extra: Fields::new(),
        };
        Ok(Self {
            extra: fields,
            ..lease
        })
    }
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
