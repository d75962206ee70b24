//! Decides what a merge could not decide, and tells the log of merges that were made inside git.
//!
//! Owns what becomes of an issue's conflicts. Refuses to merge: that is `merge`'s.

use super::Decision;
use super::edit::{AfterEnd, Edit, Step};
use crate::event::EventKind;
use crate::fields::FieldError;
use crate::merge::{Conflict, reseal, set_place};
use crate::{Assignee, Issue, IssueId, Refusal, Request, Snapshot, State, Timestamp, Value};

/// Which side is to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// That of the conflict's first version.
    Ours,
    /// That of the conflict's second version.
    Theirs,
    /// What stands in the issue already.
    Merged,
}

/// How conflicts are to be settled.
#[derive(Clone, Debug, PartialEq)]
pub enum Settlement {
    /// All of them, or those about one field, by a side.
    Side {
        /// The side.
        take: Take,
        /// The only field meant.
        field: Option<String>,
        /// The etag of the version that the asker calls "ours"; it counts more than the order in the conflict.
        ours: Option<String>,
    },
    /// One field by a value of the asker's own.
    Value {
        /// The field.
        field: String,
        /// What it shall be.
        value: Value,
    },
    /// Only what needs no decision of a person: who works on it, where a lease says so.
    Nothing,
}

/// Settles the conflicts of each issue and tells the log of its merges.
pub fn resolve(
    snapshot: &Snapshot,
    request: &Request,
    ids: &[IssueId],
    settlement: &Settlement,
) -> Decision {
    let mut edit = Edit::new(snapshot, request);
    for id in ids {
        edit.guard(id, AfterEnd::Nothing)?;
        // A tombstone may be in question as well.
        let found = snapshot.record(id);
        let found = found.ok_or_else(|| Refusal::NotFound { id: id.to_string() })?;
        let lease = edit.live_lease(id).map(|lease| lease.holder.clone());
        let mut settled = settle(found, settlement, request.now.wall)?;
        settle_holder(&mut settled, lease.as_ref());
        let step = Step::noted(EventKind::IssueUpdated, note(found, &settled));
        if !edit.change(id, step, |issue| *issue = settled) {
            edit.tell_merges(id);
        }
    }
    Ok(edit.finish())
}

/// Settles a merge that nobody has seen yet, so that the settlement is a part of it; `holder` has the live lease on the issue.
pub fn settle_unseen(
    issue: &Issue,
    settlement: &Settlement,
    holder: Option<&Assignee>,
    now: Timestamp,
) -> Result<Issue, Refusal> {
    let mut settled = settle(issue, settlement, now)?;
    settle_holder(&mut settled, holder);
    if settled != *issue {
        let decided = note(issue, &settled);
        reseal(&mut settled, decided.as_deref());
    }
    Ok(settled)
}

/// Says which fields were settled.
fn note(before: &Issue, after: &Issue) -> Option<String> {
    let still_open = open_fields(after);
    let mut fields = open_fields(before);
    fields.retain(|field| !still_open.contains(field));
    (!fields.is_empty()).then(|| format!("resolved: {}", fields.join(", ")))
}

fn open_fields(issue: &Issue) -> Vec<String> {
    let conflicts = issue.conflicts().into_iter();
    let mut fields: Vec<String> = conflicts.map(|conflict| conflict.field).collect();
    fields.dedup();
    fields
}

/// Returns the issue with its conflicts settled; `now` is when it is resolved, if that is what the settlement says.
pub fn settle(issue: &Issue, settlement: &Settlement, now: Timestamp) -> Result<Issue, Refusal> {
    match settlement {
        Settlement::Nothing => Ok(issue.clone()),
        Settlement::Value { field, value } => {
            if !open_fields(issue).contains(field) {
                return Err(no_conflict(issue, field));
            }
            put(issue, field, Some(value.clone()), now)
        }
        Settlement::Side { take, field, ours } => {
            let all = open_fields(issue);
            let meant: Vec<String> = match field {
                None => all,
                Some(field) if all.contains(field) => vec![field.clone()],
                Some(field) => return Err(no_conflict(issue, field)),
            };
            let mut settled = issue.clone();
            for field in meant {
                settled = settle_field(&settled, &field, (*take, ours.as_deref()), now)?;
            }
            if *take == Take::Merged && field.is_none() {
                // Also entries that nobody can read.
                settled.extra.remove(crate::merge::CONFLICTS);
            }
            Ok(settled)
        }
    }
}

fn no_conflict(issue: &Issue, field: &str) -> Refusal {
    let open = open_fields(issue);
    let open = if open.is_empty() {
        "nothing".to_owned()
    } else {
        open.join(", ")
    };
    Refusal::invalid(
        "field",
        format_args!("`{field}` of {} is not in question; {open} is", issue.id),
    )
}

fn settle_field(
    issue: &Issue,
    field: &str,
    (take, ours): (Take, Option<&str>),
    now: Timestamp,
) -> Result<Issue, Refusal> {
    if take == Take::Merged {
        let mut settled = issue.clone();
        settled.forget_conflict(field);
        return Ok(settled);
    }
    let conflicts = issue.conflicts().into_iter();
    let mut about = conflicts.filter(|conflict| conflict.field == field);
    let (Some(conflict), None) = (about.next(), about.next()) else {
        return Err(Refusal::invalid(
            "field",
            format_args!("`{field}` was in question more than once; say a value"),
        ));
    };
    put(issue, field, side(conflict, take, ours), now)
}

/// Returns the value of a side, whichever way round the conflict names them.
fn side(conflict: Conflict, take: Take, ours: Option<&str>) -> Option<Value> {
    let is_other_way = ours == Some(&*conflict.versions[1]) && ours != Some(&*conflict.versions[0]);
    if (take == Take::Ours) == is_other_way {
        conflict.theirs
    } else {
        conflict.ours
    }
}

/// Puts a value into a field, together with what belongs to it, and takes the conflict away.
fn put(issue: &Issue, field: &str, value: Option<Value>, now: Timestamp) -> Result<Issue, Refusal> {
    let mut fields = issue.to_fields();
    if !set_place(&mut fields, field, value) {
        return Err(Refusal::invalid(
            "field",
            format_args!("there is no `{field}` any more; take what is merged"),
        ));
    }
    let refused = |error: FieldError| Refusal::invalid("value", error);
    let mut settled = Issue::from_fields(fields).map_err(refused)?;
    if settled.id != issue.id || settled.created_at != issue.created_at {
        return Err(Refusal::invalid(
            "field",
            format_args!("`{field}` never changes"),
        ));
    }
    settled.forget_conflict(field);
    let is_resolved = settled.state.is_resolved();
    // What a state of a newer version means for the end of the issue is not known here.
    if !settled.newer.contains_key("state") {
        settled.closed_at = settled.closed_at.or(Some(now)).filter(|_| is_resolved);
    }
    if settled.state == State::Open && issue.state != State::Open {
        settled.queued_at = Some(now);
    }
    Ok(settled)
}

/// Of two who may have it the one who holds the lease does.
fn settle_holder(issue: &mut Issue, holder: Option<&Assignee>) {
    let Some(holder) = holder else {
        return;
    };
    let says = |value: &Option<Value>| {
        let name = value.as_ref().and_then(Value::as_str);
        name == Some(holder.as_str())
    };
    let conflicts = issue.conflicts();
    let mut about = conflicts.iter().filter(|it| it.field == "assignee");
    if about.any(|conflict| says(&conflict.ours) || says(&conflict.theirs)) {
        issue.assignee = Some(holder.clone());
        issue.forget_conflict("assignee");
    }
}
