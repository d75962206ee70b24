//! The merge of two versions of an issue.
//!
//! Owns which rule each field follows. Refuses to know how a rule works.

use super::bookkeeping::{Step, entries, pending, set_pending};
use super::lists::{Naming, merge_checklists, merge_gate_results, merge_lists};
use super::rules::{Open, Place, Three, merge_maps, merge_sets};
use super::state::{Decided, closed_at, merge_states, unmet_gates, worker};
use super::text::merge_lines;
use super::{CONFLICTS, Conflict, Irreconcilable, MERGED};
use crate::fields::{Fields, comment_to_value, document_to_value};
use crate::issue::{Comment, Document, Hold, MAX_DEPENDENCIES, MAX_DESCRIPTION};
use crate::{Issue, State, Timestamp, Value};
use std::collections::BTreeMap;

/// Two versions made one.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// The result; what could not be decided is in its member [`CONFLICTS`].
    pub issue: Issue,
    /// How many fields this merge could not decide.
    pub n_conflicts: usize,
}

/// Merges two versions of an issue that were made from `base`, or that nobody knows a common version of.
///
/// The sides may be swapped: the result is the same, so clones that merge in either direction agree.
pub fn merge(base: Option<&Issue>, ours: &Issue, theirs: &Issue) -> Result<Merged, Irreconcilable> {
    check_same(ours, theirs)?;
    let (ours, theirs) = in_order(ours, theirs);
    let unmoved = |issue: &Issue| {
        Ok(Merged {
            issue: issue.clone(),
            n_conflicts: 0,
        })
    };
    if ours == theirs || base == Some(theirs) {
        return unmoved(ours);
    }
    if base == Some(ours) {
        return unmoved(theirs);
    }
    let created = Issue {
        title: String::new(),
        ..Issue::new(
            ours.id.clone(),
            String::new(),
            ours.created_by.clone(),
            ours.created_at,
        )
    };
    let mut work = Work::new(base, &created, ours, theirs);
    let mut issue = work.fields();
    if issue.dependencies.len() > MAX_DEPENDENCIES {
        return Err(Irreconcilable::TooMany {
            what: "dependencies",
            n: issue.dependencies.len(),
            max: MAX_DEPENDENCIES,
        });
    }
    let n_conflicts = work.open.conflicts.len();
    work.put_conflicts(&mut issue);
    issue.rev = ours.rev.max(theirs.rev).saturating_add(1);
    issue.etag = issue.compute_etag();
    work.put_step(base, &mut issue);
    Ok(Merged { issue, n_conflicts })
}

/// Refuses versions of two different issues.
fn check_same(ours: &Issue, theirs: &Issue) -> Result<(), Irreconcilable> {
    let field = if ours.id != theirs.id {
        "id"
    } else if ours.created_at != theirs.created_at {
        "created_at"
    } else if ours.created_by != theirs.created_by {
        "created_by"
    } else {
        return Ok(());
    };
    Err(Irreconcilable::OtherRecord { field })
}

/// Returns the sides in an order that does not depend on who merges: the one that was written later comes first.
fn in_order<'a>(one: &'a Issue, other: &'a Issue) -> (&'a Issue, &'a Issue) {
    let hash = |issue: &Issue| {
        let mut hasher = blake3::Hasher::new();
        Value::Object(issue.to_fields()).hash_into(&mut hasher);
        *hasher.finalize().as_bytes()
    };
    let by_time = one.updated_at.cmp(&other.updated_at);
    if by_time.then_with(|| hash(one).cmp(&hash(other))).is_ge() {
        (one, other)
    } else {
        (other, one)
    }
}

/// Returns the etag by which the log knows a version; a hand that edited the file leaves it as it was.
fn known_etag(issue: &Issue) -> String {
    if issue.etag.is_empty() {
        issue.compute_etag()
    } else {
        issue.etag.clone()
    }
}

/// The fields whose words a newer program may have more of.
const NEWER: [&str; 5] = ["state", "priority", "links", "comments", "gates"];

/// Takes such a field from a version, with what goes with it.
fn take(merged: &mut Issue, name: &str, side: &Issue) {
    match name {
        "state" => {
            merged.state = side.state;
            merged.closed_at = side.closed_at;
            merged.close_reason.clone_from(&side.close_reason);
        }
        "priority" => merged.priority = side.priority,
        "links" => merged.links.clone_from(&side.links),
        "comments" => merged.comments.clone_from(&side.comments),
        _ => merged.gates.clone_from(&side.gates),
    }
    if let Some(value) = side.newer.get(name) {
        merged.newer.insert(name.to_owned(), value.clone());
    }
}

/// A merge under way.
struct Work<'a> {
    three: Three<'a, Issue>,
    has_base: bool,
    open: Open,
    notes: Vec<String>,
}

impl<'a> Work<'a> {
    fn new(
        base: Option<&'a Issue>,
        created: &'a Issue,
        ours: &'a Issue,
        theirs: &'a Issue,
    ) -> Self {
        Self {
            three: Three {
                base: base.unwrap_or(created),
                ours,
                theirs,
            },
            has_base: base.is_some(),
            open: Open {
                versions: [known_etag(ours), known_etag(theirs)],
                conflicts: Vec::new(),
            },
            notes: Vec::new(),
        }
    }

    /// Merges every field, but for revision, etag, and what is said about the merge itself.
    fn fields(&mut self) -> Issue {
        let three = self.three;
        let (ours, theirs) = (three.ours, three.theirs);
        let state = self.state();
        let assignee = self.value("assignee", |issue| &issue.assignee);
        let mut merged = Issue {
            title: self.value("title", |issue| &issue.title),
            description: self.description(),
            kind: self.value("type", |issue| &issue.kind),
            state,
            priority: self.priority(),
            assignee: worker(three, state, assignee),
            epoch: ours.epoch.max(theirs.epoch),
            labels: merge_sets(three.map(|issue| &issue.labels)),
            dependencies: merge_sets(three.map(|issue| &issue.dependencies)),
            parent: self.value("parent", |issue| &issue.parent),
            links: merge_sets(three.map(|issue| &issue.links)),
            gates: merge_gate_results(three.map(|issue| &issue.gates)),
            hold: self.hold(),
            checklist: self.checklist(),
            comments: self.comments(),
            documents: self.documents(),
            context: self.map("context", |issue| &issue.context),
            due: self.value("due", |issue| &issue.due),
            not_before: self.value("not_before", |issue| &issue.not_before),
            estimate_minutes: self.value("estimate_minutes", |issue| &issue.estimate_minutes),
            updated_at: ours.updated_at.max(theirs.updated_at),
            queued_at: self.latest(|issue| &issue.queued_at),
            closed_at: closed_at(three, state),
            close_reason: None,
            origin: self.value("origin", |issue| &issue.origin),
            deleted: self.deleted(),
            extra: self.extra(),
            ..ours.clone()
        };
        if state.is_resolved() {
            merged.close_reason = self.value("close_reason", |issue| &issue.close_reason);
        }
        self.newer(&mut merged);
        self.demote(&mut merged);
        merged
    }

    /// Merges the fields in which a version has words that only a newer program knows: as they stand, for their rules are that
    /// program's. What goes with the state comes from the version whose state it is.
    fn newer(&mut self, merged: &mut Issue) {
        let Three { base, ours, theirs } = self.three;
        merged.newer.clear();
        for name in NEWER {
            if ![base, ours, theirs]
                .iter()
                .any(|side| side.newer.contains_key(name))
            {
                continue;
            }
            let raw = |issue: &Issue| issue.to_fields().remove(name);
            let [old, one, other] = [base, ours, theirs].map(raw);
            self.open
                .conflicts
                .retain(|it| it.field.split('/').next() != Some(name));
            if name == "priority" {
                self.notes.retain(|note| !note.starts_with("priority "));
            }
            let is_settled = one == other || other == old || one == old;
            let side = if one == old && one != other {
                theirs
            } else {
                ours
            };
            if !is_settled {
                self.conflict(name);
            }
            take(merged, name, side);
        }
    }

    /// Notes a conflict about a whole field.
    fn conflict(&mut self, field: &str) {
        let value = |issue: &Issue| issue.to_fields().remove(field);
        let base = value(self.three.base).filter(|_| self.has_base);
        let sides = [self.three.ours, self.three.theirs].map(value);
        self.open.note(&[field.to_owned()], base, sides);
    }

    /// Merges a field of one value; until somebody decides, the version that was written later stands.
    fn value<T: PartialEq + Clone>(&mut self, field: &str, part: fn(&Issue) -> &T) -> T {
        let three = self.three.map(part);
        if let Some(value) = three.settled() {
            return value.clone();
        }
        self.conflict(field);
        three.ours.clone()
    }

    fn latest(&self, part: fn(&Issue) -> &Option<Timestamp>) -> Option<Timestamp> {
        let three = self.three.map(part);
        *three.settled().unwrap_or(three.ours.max(three.theirs))
    }

    fn state(&mut self) -> State {
        match merge_states(self.three) {
            Decided::Yes(state) => state,
            Decided::No(state) => {
                self.conflict("state");
                state
            }
        }
    }

    fn description(&mut self) -> String {
        let texts = self.three.map(|issue| issue.description.as_str());
        if let Some(text) = texts.settled() {
            return text.to_owned();
        }
        let merged = merge_lines(texts.base, texts.ours, texts.theirs);
        if let Some(text) = merged.filter(|text| text.len() <= MAX_DESCRIPTION) {
            return text;
        }
        self.conflict("description");
        texts.ours.to_owned()
    }

    fn priority(&mut self) -> crate::Priority {
        let three = self.three.map(|issue| &issue.priority);
        if let Some(priority) = three.settled() {
            return *priority;
        }
        let urgent = *three.ours.min(three.theirs);
        let other = three.ours.max(three.theirs);
        self.notes.push(format!("priority {urgent} over {other}"));
        urgent
    }

    fn hold(&self) -> Option<Hold> {
        let three = self.three.map(|issue| &issue.hold);
        if let Some(hold) = three.settled() {
            return hold.clone();
        }
        let holds = three.ours.iter().chain(three.theirs);
        let order = |hold: &&Hold| (hold.at, hold.by.to_string(), hold.reason.clone());
        holds.max_by_key(order).cloned()
    }

    fn checklist(&mut self) -> Vec<crate::issue::ChecklistItem> {
        let three = self.three.map(|issue| &issue.checklist);
        merge_checklists(three, &mut self.open)
    }

    fn comments(&mut self) -> Vec<Comment> {
        let naming: Naming<Comment> = Naming {
            field: "comments",
            name: |comment| &comment.id,
            to_value: comment_to_value,
        };
        let three = self.three.map(|issue| &issue.comments);
        let mut merged = merge_lists(three, &naming, &mut self.open);
        if three.settled().is_none() {
            merged.sort_by(|left, right| (left.at, &left.id).cmp(&(right.at, &right.id)));
        }
        merged
    }

    fn documents(&mut self) -> Vec<Document> {
        let naming: Naming<Document> = Naming {
            field: "documents",
            name: |document| &document.path,
            to_value: document_to_value,
        };
        let three = self.three.map(|issue| &issue.documents);
        merge_lists(three, &naming, &mut self.open)
    }

    fn map(&mut self, field: &str, part: fn(&Issue) -> &Fields) -> Fields {
        let mut place: Place = vec![field.to_owned()];
        merge_maps(self.three.map(part), &mut place, &mut self.open)
    }

    /// Merges the members that this version does not know.
    fn extra(&mut self) -> Fields {
        let unknown = |issue: &Issue| {
            let members = issue.extra.iter();
            let unknown = members.filter(|(name, _)| *name != CONFLICTS && *name != MERGED);
            unknown
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect::<Fields>()
        };
        let [base, ours, theirs] =
            [self.three.base, self.three.ours, self.three.theirs].map(unknown);
        let three = Three {
            base: &base,
            ours: &ours,
            theirs: &theirs,
        };
        merge_maps(three, &mut Place::new(), &mut self.open)
    }

    /// A tombstone against an issue that somebody went on with: the issue stays until somebody decides.
    fn deleted(&mut self) -> Option<crate::issue::Deleted> {
        let three = self.three.map(|issue| &issue.deleted);
        let sides = [self.three.ours, self.three.theirs];
        let alive = sides.iter().find(|side| side.deleted.is_none());
        match (three.settled(), alive) {
            (Some(Some(_)), Some(alive)) if self.is_edited(alive) => {
                self.conflict("deleted");
                None
            }
            (Some(deleted), _) => deleted.clone(),
            (None, Some(_)) => {
                self.conflict("deleted");
                None
            }
            // Both deleted it: who did so first.
            (None, None) => {
                let marks = three.ours.iter().chain(three.theirs);
                marks
                    .min_by_key(|mark| (mark.at, mark.by.to_string()))
                    .cloned()
            }
        }
    }

    /// Returns whether a side says anything else than the base.
    fn is_edited(&self, side: &Issue) -> bool {
        let content = |issue: &Issue| {
            let mut fields = issue.to_fields();
            for name in ["rev", "etag", "updated_at", MERGED] {
                fields.remove(name);
            }
            fields
        };
        !self.has_base || content(side) != content(self.three.base)
    }

    /// An issue is not done while a gate is unmet that the other side asked for.
    fn demote(&mut self, merged: &mut Issue) {
        let unmet = unmet_gates(self.three, merged);
        if unmet.is_empty() {
            return;
        }
        merged.state = State::Gated;
        merged.closed_at = None;
        merged.close_reason = None;
        let note = format!("done, but gate {} is not passed: gated", unmet.join(", "));
        self.notes.push(note);
    }

    /// Puts together what was undecided before and what is now.
    fn put_conflicts(&self, issue: &mut Issue) {
        let by_hash = |issue: &Issue| {
            let entry = |entry: Value| {
                let mut hasher = blake3::Hasher::new();
                entry.hash_into(&mut hasher);
                (*hasher.finalize().as_bytes(), entry)
            };
            entries(issue)
                .into_iter()
                .map(entry)
                .collect::<BTreeMap<_, _>>()
        };
        let [base, ours, theirs] =
            [self.three.base, self.three.ours, self.three.theirs].map(by_hash);
        let is_kept = |hash: &[u8; 32]| {
            !base.contains_key(hash) || (ours.contains_key(hash) && theirs.contains_key(hash))
        };
        let mut all: BTreeMap<(String, [u8; 32]), Value> = BTreeMap::new();
        for (hash, entry) in ours.iter().chain(&theirs) {
            if is_kept(hash) {
                let field = Conflict::from_value(entry).map(|conflict| conflict.field);
                all.insert((field.unwrap_or_default(), *hash), entry.clone());
            }
        }
        for conflict in &self.open.conflicts {
            let about = (conflict.field.clone(), [0; 32])..=(conflict.field.clone(), [255; 32]);
            let mut known = all.range(about).map(|(_, entry)| entry);
            if known.any(|entry| conflict.says_the_same(entry)) {
                continue;
            }
            let entry = conflict.to_value();
            let mut hasher = blake3::Hasher::new();
            entry.hash_into(&mut hasher);
            all.insert(
                (conflict.field.clone(), *hasher.finalize().as_bytes()),
                entry,
            );
        }
        if !all.is_empty() {
            let all = all.into_values().collect();
            issue.extra.insert(CONFLICTS.to_owned(), Value::Array(all));
        }
    }

    /// Says what the log has to be told about this merge, and about earlier ones.
    fn put_step(&self, base: Option<&Issue>, issue: &mut Issue) {
        let (ours, theirs) = (self.three.ours, self.three.theirs);
        let mut steps = pending(base, ours, theirs);
        let mut prev = vec![known_etag(ours), known_etag(theirs)];
        prev.sort();
        prev.dedup();
        steps.push(Step {
            rev: issue.rev,
            etag: issue.etag.clone(),
            prev,
            note: (!self.notes.is_empty()).then(|| self.notes.join("; ")),
        });
        set_pending(issue, &steps);
    }
}
