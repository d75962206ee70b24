//! The command `graph export`.
//!
//! Owns the two drawing languages and their quoting. Refuses to lay anything out.

use crate::commands::answer;
use crate::context::Context;
use crate::error::CliError;
use crate::reply::{Body, Reply, Shape};
use jit_core::{Issue, IssueId, Readiness, Value, query};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// A drawing language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    /// Graphviz
    Dot,
    /// Mermaid
    Mermaid,
}

/// Draw the graph for other programs
///
/// An arrow leads from an issue to one that waits for it; a dashed one from a child to its parent.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  jit graph export --format dot | dot -Tsvg > graph.svg\n  jit graph export --format mermaid"
)]
pub(crate) struct Args {
    /// The drawing language
    #[arg(long, value_name = "FORMAT", default_value = "dot")]
    format: Language,

    /// Draw resolved issues too
    #[arg(long)]
    all: bool,
}

/// Draws the graph.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Reply, CliError> {
    if context.globals.limit.is_some() {
        return Err(CliError::usage(
            "--limit means a list: a drawing of a part would show edges to nowhere",
        ));
    }
    let view = context.view()?;
    let drawing = Drawing::new(&view.readiness(), args.all);
    let readiness = view.readiness();
    let label =
        |issue: &Issue| format!("{} {} ({})", issue.id, issue.title, readiness.shown(issue));
    let text = match args.format {
        Language::Dot => drawing.dot(label),
        Language::Mermaid => drawing.mermaid(label),
    };
    let nodes = drawing
        .issues
        .iter()
        .map(|issue| jit_wire::issue::issue(&readiness, issue));
    let edges = drawing.edges.iter().map(Edge::to_value);
    let object = Value::object([
        ("nodes", Value::Array(nodes.collect())),
        ("edges", Value::Array(edges.collect())),
    ]);
    let mut reply = Reply::new(Shape::Drawing, Body::Document { text, object });
    reply.warnings = answer::problems(context, &view);
    Ok(reply)
}

/// What is drawn.
struct Drawing<'a> {
    issues: Vec<&'a Issue>,
    edges: Vec<Edge<'a>>,
}

/// An arrow: `to` waits for `from`.
struct Edge<'a> {
    from: &'a IssueId,
    to: &'a IssueId,
    is_hierarchy: bool,
}

impl Edge<'_> {
    fn to_value(&self) -> Value {
        let kind = if self.is_hierarchy {
            "child"
        } else {
            "dependency"
        };
        Value::object([
            ("from", Value::from(self.from.as_str())),
            ("to", self.to.as_str().into()),
            ("kind", kind.into()),
        ])
    }
}

impl<'a> Drawing<'a> {
    fn new(readiness: &Readiness<'a>, with_resolved: bool) -> Self {
        let is_drawn = |issue: &&Issue| with_resolved || !issue.is_resolved();
        let issues: Vec<&Issue> = query::all(readiness, true)
            .into_iter()
            .filter(is_drawn)
            .collect();
        let drawn: BTreeSet<&IssueId> = issues.iter().map(|issue| &issue.id).collect();
        let mut edges = Vec::new();
        for issue in &issues {
            let waits = issue
                .dependencies
                .iter()
                .map(|from| (from, &issue.id, false));
            let part = issue.parent.iter().map(|parent| (&issue.id, parent, true));
            edges.extend(
                waits
                    .chain(part)
                    .filter(|(from, to, _)| drawn.contains(from) && drawn.contains(to))
                    .map(|(from, to, is_hierarchy)| Edge {
                        from,
                        to,
                        is_hierarchy,
                    }),
            );
        }
        Self { issues, edges }
    }

    fn dot(&self, label: impl Fn(&Issue) -> String) -> String {
        let mut text = "digraph issues {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
        for issue in &self.issues {
            let quoted = label(issue).replace('\\', "\\\\").replace('"', "\\\"");
            writeln!(text, "  \"{}\" [label=\"{quoted}\"];", issue.id).expect(INFALLIBLE);
        }
        for Edge {
            from,
            to,
            is_hierarchy,
        } in &self.edges
        {
            let style = if *is_hierarchy { " [style=dashed]" } else { "" };
            writeln!(text, "  \"{from}\" -> \"{to}\"{style};").expect(INFALLIBLE);
        }
        text + "}\n"
    }

    fn mermaid(&self, label: impl Fn(&Issue) -> String) -> String {
        let mut text = "flowchart LR\n".to_owned();
        for issue in &self.issues {
            let quoted = mermaid_text(&label(issue));
            writeln!(text, "  i_{}[\"{quoted}\"]", issue.id).expect(INFALLIBLE);
        }
        for Edge {
            from,
            to,
            is_hierarchy,
        } in &self.edges
        {
            let arrow = if *is_hierarchy { "-.->" } else { "-->" };
            writeln!(text, "  i_{from} {arrow} i_{to}").expect(INFALLIBLE);
        }
        text
    }
}

const INFALLIBLE: &str = "writing to a string cannot fail";

/// Mermaid reads a label as HTML: what could be markup is written as an entity.
fn mermaid_text(text: &str) -> String {
    let mut quoted = String::new();
    for ch in text.chars() {
        match ch {
            '"' => quoted.push_str("#quot;"),
            '<' => quoted.push_str("#lt;"),
            '>' => quoted.push_str("#gt;"),
            '&' => quoted.push_str("#amp;"),
            '#' => quoted.push_str("#35;"),
            '`' => quoted.push_str("#96;"),
            _ => quoted.push(ch),
        }
    }
    quoted
}
