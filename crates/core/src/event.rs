//! Events: what happened, in a form from which every issue can be rebuilt.
//!
//! Owns the record of `docs/design/tracker.md` section 7 and its fields. Refuses to order or store events.

use crate::fields::{FieldError, Fields, number};
use crate::id::ALPHABET;
use crate::{Assignee, GateKey, IssueId, Timestamp, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Text values longer than this many bytes are recorded as what changed in them.
pub const LONG_TEXT: usize = 4 * 1024;

/// The id of an event: 48 bits of milliseconds and 80 random bits, written as 26 characters (a ULID in lower case).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(u128);

impl EventId {
    /// Returns the id for a point in time and 80 random bits; higher bits of `random` are ignored.
    pub fn new(at: Timestamp, random: u128) -> Self {
        let millis = u128::try_from(at.as_micros() / 1_000).unwrap_or(0) & ((1 << 48) - 1);
        Self(millis << 80 | random & ((1 << 80) - 1))
    }

    /// Returns the id `n` places after this one; the events of one transaction are numbered so.
    #[must_use]
    pub fn offset(self, n: usize) -> Self {
        Self(self.0.wrapping_add(n as u128))
    }

    /// Reads an id in either case.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 26 {
            return None;
        }
        text.bytes()
            .try_fold(0_u128, |sum, byte| {
                let digit = ALPHABET
                    .iter()
                    .position(|letter| *letter == byte.to_ascii_lowercase())?;
                sum.checked_mul(32)?
                    .checked_add(digit as u128)
                    .map(Self)
                    .map(|id| id.0)
            })
            .map(Self)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit =
            |place: u32| usize::try_from((self.0 >> (5 * place)) & 31).expect("five bits fit");
        (0..26)
            .rev()
            .try_for_each(|place| write!(f, "{}", char::from(ALPHABET[digit(place)])))
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// An issue came into being.
    IssueCreated,
    /// Fields changed.
    IssueUpdated,
    /// A lease was granted.
    IssueClaimed,
    /// A lease was given back.
    IssueReleased,
    /// Nothing blocks it any more.
    IssueReady,
    /// Something blocks it again.
    IssueBlocked,
    /// It waits for its exit gates.
    IssueGated,
    /// It was finished.
    IssueDone,
    /// It was rejected.
    IssueRejected,
    /// It was opened again.
    IssueReopened,
    /// It was archived.
    IssueArchived,
    /// It was put on hold, or the hold was lifted.
    IssueHeld,
    /// It was deleted.
    IssueDeleted,
    /// Somebody said something about it.
    IssueCommented,
    /// It waits for another issue now.
    DepAdded,
    /// It no longer waits for another issue.
    DepRemoved,
    /// A gate was defined.
    GateDefined,
    /// A gate is required, or no longer.
    GateRequired,
    /// A gate was passed.
    GatePassed,
    /// A gate failed.
    GateFailed,
    /// A lease ran out.
    LeaseExpired,
    /// A file was changed by something else than the tracker.
    ExternalChanged,
    /// Two versions of an issue were merged; `prev` names both.
    MergeResolved,
    /// A kind that this version does not know.
    Other(String),
}

const KIND_NAMES: [(EventKind, &str); 23] = [
    (EventKind::IssueCreated, "issue.created"),
    (EventKind::IssueUpdated, "issue.updated"),
    (EventKind::IssueClaimed, "issue.claimed"),
    (EventKind::IssueReleased, "issue.released"),
    (EventKind::IssueReady, "issue.ready"),
    (EventKind::IssueBlocked, "issue.blocked"),
    (EventKind::IssueGated, "issue.gated"),
    (EventKind::IssueDone, "issue.done"),
    (EventKind::IssueRejected, "issue.rejected"),
    (EventKind::IssueReopened, "issue.reopened"),
    (EventKind::IssueArchived, "issue.archived"),
    (EventKind::IssueHeld, "issue.held"),
    (EventKind::IssueDeleted, "issue.deleted"),
    (EventKind::IssueCommented, "issue.commented"),
    (EventKind::DepAdded, "dep.added"),
    (EventKind::DepRemoved, "dep.removed"),
    (EventKind::GateDefined, "gate.defined"),
    (EventKind::GateRequired, "gate.required"),
    (EventKind::GatePassed, "gate.passed"),
    (EventKind::GateFailed, "gate.failed"),
    (EventKind::LeaseExpired, "lease.expired"),
    (EventKind::ExternalChanged, "external.changed"),
    (EventKind::MergeResolved, "merge.resolved"),
];

impl EventKind {
    /// Returns the names of all known kinds.
    pub fn names() -> impl Iterator<Item = &'static str> {
        KIND_NAMES.iter().map(|(_, name)| *name)
    }

    /// Returns the name used in the log and on the command line.
    pub fn as_str(&self) -> &str {
        if let Self::Other(name) = self {
            return name;
        }
        KIND_NAMES
            .iter()
            .find(|(kind, _)| kind == self)
            .map_or("", |(_, name)| name)
    }

    /// Returns the kind with this name.
    pub fn parse(name: &str) -> Self {
        let known = KIND_NAMES.iter().find(|(_, known)| *known == name);
        known.map_or_else(|| Self::Other(name.to_owned()), |(kind, _)| kind.clone())
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Old and new values of the fields that changed.
pub type Changes = BTreeMap<String, (Value, Value)>;

/// An event that has not got its id and clock yet.
#[derive(Clone, Debug, PartialEq)]
pub struct EventDraft {
    /// When it happened.
    pub ts: Timestamp,
    /// Who did it.
    pub actor: Assignee,
    /// What happened.
    pub kind: EventKind,
    /// The issue concerned.
    pub issue: Option<IssueId>,
    /// The gate concerned, when the event is about a definition.
    pub gate: Option<GateKey>,
    /// The issue's `rev` after it; none for events that write no issue.
    pub rev: Option<u64>,
    /// The issue's etag after it.
    pub etag: Option<String>,
    /// The etags that the write was made from: one, or two for a merge.
    pub prev: Vec<String>,
    /// The epoch that the write was made under.
    pub epoch: Option<u64>,
    /// The idempotency key of the command.
    pub key: Option<String>,
    /// Why, where the verb takes a reason that no field keeps, or `forced`.
    pub note: Option<String>,
    /// What changed; long texts as edits.
    pub changes: Changes,
}

/// An event of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its id, unique everywhere.
    pub id: EventId,
    /// Logical clock: greater than that of every event seen when it was written.
    pub lc: u64,
    /// The transaction it belongs to: the id of that transaction's first event.
    pub txn: EventId,
    /// Everything else.
    pub draft: EventDraft,
    /// Members that this version does not know.
    pub extra: Fields,
}

impl Event {
    /// Returns every field of the event by its name, as a line of the log holds them.
    pub fn to_fields(&self) -> Fields {
        let draft = &self.draft;
        let changes = draft.changes.iter().map(|(name, (old, new))| {
            (name.as_str(), Value::Array(vec![old.clone(), new.clone()]))
        });
        let mut fields = self.extra.clone();
        let always: [(&str, Value); 6] = [
            ("id", self.id.to_string().into()),
            ("lc", self.lc.into()),
            ("ts", draft.ts.to_string().into()),
            ("actor", draft.actor.as_str().into()),
            ("type", draft.kind.as_str().into()),
            ("txn", self.txn.to_string().into()),
        ];
        let sometimes: [(&str, Value); 7] = [
            ("issue", draft.issue.as_ref().map(IssueId::to_string).into()),
            ("gate", draft.gate.as_ref().map(GateKey::to_string).into()),
            ("rev", draft.rev.into()),
            ("etag", draft.etag.clone().into()),
            ("epoch", draft.epoch.into()),
            ("key", draft.key.clone().into()),
            ("note", draft.note.clone().into()),
        ];
        fields.extend(always.map(|(name, value)| (name.to_owned(), value)));
        let present = sometimes.into_iter().filter(|(_, value)| !value.is_null());
        fields.extend(present.map(|(name, value)| (name.to_owned(), value)));
        if !draft.prev.is_empty() {
            fields.insert("prev".to_owned(), draft.prev.clone().into());
        }
        if !draft.changes.is_empty() {
            fields.insert("changes".to_owned(), Value::object(changes));
        }
        fields
    }

    /// Reads an event from its fields; unknown ones are kept in `extra`.
    pub fn from_fields(mut fields: Fields) -> Result<Self, FieldError> {
        let f = &mut fields;
        let id = text(f, "id")?
            .as_deref()
            .and_then(EventId::parse)
            .ok_or_else(|| missing("id"))?;
        let draft = EventDraft {
            ts: text(f, "ts")?
                .and_then(|text| Timestamp::parse(&text).ok())
                .ok_or_else(|| missing("ts"))?,
            actor: text(f, "actor")?
                .and_then(|text| Assignee::parse(&text).ok())
                .ok_or_else(|| missing("actor"))?,
            kind: text(f, "type")?
                .map(|text| EventKind::parse(&text))
                .ok_or_else(|| missing("type"))?,
            issue: parsed(f, "issue", |text| IssueId::parse(text).ok())?,
            gate: parsed(f, "gate", |text| GateKey::parse(text).ok())?,
            rev: number(f, "rev")?,
            etag: text(f, "etag")?,
            prev: prev(f)?,
            epoch: number(f, "epoch")?,
            key: text(f, "key")?,
            note: text(f, "note")?,
            changes: changes(f)?,
        };
        let lc = f
            .remove("lc")
            .and_then(|value| value.as_u64())
            .ok_or_else(|| missing("lc"))?;
        let txn = text(f, "txn")?
            .as_deref()
            .and_then(EventId::parse)
            .unwrap_or(id);
        Ok(Self {
            id,
            lc,
            txn,
            draft,
            extra: fields,
        })
    }
}

fn missing(name: &str) -> FieldError {
    FieldError::new(name, "is missing or can't be read")
}

fn text(fields: &mut Fields, name: &str) -> Result<Option<String>, FieldError> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(FieldError::new(name, "must be a text")),
    }
}

fn parsed<T>(
    fields: &mut Fields,
    name: &str,
    parse: fn(&str) -> Option<T>,
) -> Result<Option<T>, FieldError> {
    text(fields, name)?
        .map(|text| parse(&text).ok_or_else(|| FieldError::new(name, "can't be read")))
        .transpose()
}

fn prev(fields: &mut Fields) -> Result<Vec<String>, FieldError> {
    let Some(value) = fields.remove("prev") else {
        return Ok(Vec::new());
    };
    let items = value
        .as_array()
        .ok_or_else(|| FieldError::new("prev", "must be a list"))?;
    Ok(items
        .iter()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect())
}

fn changes(fields: &mut Fields) -> Result<Changes, FieldError> {
    let Some(value) = fields.remove("changes") else {
        return Ok(Changes::new());
    };
    let Value::Object(members) = value else {
        return Err(FieldError::new("changes", "must be an object"));
    };
    members
        .into_iter()
        .map(|(name, pair)| match pair {
            Value::Array(items) => {
                let [old, new] = <[Value; 2]>::try_from(items)
                    .map_err(|_| FieldError::new("changes", "must hold pairs of old and new"))?;
                Ok((name, (old, new)))
            }
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::String(_)
            | Value::Object(_) => Err(FieldError::new("changes", "must hold pairs of old and new")),
        })
        .collect()
}
