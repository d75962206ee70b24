//! A lease as outputs show it.
//!
//! Owns its members and their names. Refuses to grant, renew or end one.

use jit_core::request::Now;
use jit_core::{Lease, LeaseState, Value};

/// Members of a lease object.
pub const FIELDS: [&str; 15] = [
    "issue",
    "epoch",
    "state",
    "holder",
    "actor",
    "host",
    "granted_at",
    "renewed_at",
    "expires_at",
    "ttl_ms",
    "renew_seq",
    "cancel_requested",
    "slots",
    "pid",
    "pid_start",
];

/// Returns the lease as an object; one whose time is over is `expired`, whether a writer has recorded it or not.
///
/// The idempotency key of the claim stays out: whoever knows it could repeat the claim and become the holder.
pub fn lease(lease: &Lease, now: &Now) -> Value {
    let lapsed = lease.state == LeaseState::Held && !lease.is_live(now);
    let state = if lapsed {
        LeaseState::Expired
    } else {
        lease.state
    };
    let mut fields = lease.extra.clone();
    let slots = lease.slots.iter().map(|slot| slot.as_str().into());
    let known: [(&str, Value); 15] = [
        ("issue", lease.issue.as_str().into()),
        ("epoch", lease.epoch.into()),
        ("state", state.as_str().into()),
        ("holder", lease.holder.as_str().into()),
        ("actor", lease.actor.as_str().into()),
        ("host", lease.host.as_str().into()),
        ("granted_at", lease.granted_wall.to_string().into()),
        ("renewed_at", lease.renewed_wall.to_string().into()),
        (
            "expires_at",
            lease.expires_at().map(|at| at.to_string()).into(),
        ),
        ("ttl_ms", lease.ttl_ms.into()),
        ("renew_seq", lease.renew_seq.into()),
        ("cancel_requested", lease.cancel_requested.into()),
        ("slots", Value::Array(slots.collect())),
        ("pid", lease.process.map(|it| it.pid).into()),
        ("pid_start", lease.process.and_then(|it| it.start).into()),
    ];
    fields.extend(known.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(fields)
}
