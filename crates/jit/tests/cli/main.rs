//! The command line as its callers see it: one file for each command, compared with what was agreed.
//!
//! Owns what a single process says. Refuses races and kills: those are in `processes`.

mod conditions;
mod contract;
mod corpus;
mod damage;
mod dep;
mod environment;
mod events;
mod fencing;
mod files;
mod gate;
mod graph;
mod harness;
mod import_beads;
mod init;
mod issue_archive;
mod issue_assign;
mod issue_claim;
mod issue_claim_next;
mod issue_comment;
mod issue_create;
mod issue_delete;
mod issue_done;
mod issue_edit;
mod issue_hold;
mod issue_label;
mod issue_link;
mod issue_list;
mod issue_reject;
mod issue_release;
mod issue_reopen;
mod issue_show;
mod issue_update;
mod lease;
mod merge_driver;
mod output;
mod query;
mod recover;
mod seed;
mod slots;
mod status;
mod untrusted;
mod validate;
mod r#where;
mod why;
