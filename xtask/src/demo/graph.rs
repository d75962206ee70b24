//! The issues of the demo: a small team writes a static site generator.
//!
//! Owns the graph as a table. Refuses to know how it gets into the tracker.

/// A line of the table.
pub(super) struct Row {
    /// The name that other rows use.
    pub(super) key: &'static str,
    /// The title.
    pub(super) title: &'static str,
    /// The type.
    pub(super) kind: &'static str,
    /// The priority.
    pub(super) priority: &'static str,
    /// Labels, comma-separated.
    pub(super) labels: &'static str,
    /// Keys of rows above that come first, comma-separated.
    pub(super) after: &'static str,
    /// The key of a row above that this one is a part of.
    pub(super) parent: &'static str,
    /// Gates, comma-separated.
    pub(super) gates: &'static str,
}

/// The gates: key, stage, title.
pub(super) const GATES: &[(&str, &str, &str)] = &[
    (
        "design",
        "entry",
        "The design is approved before work begins",
    ),
    ("review", "exit", "Somebody else has read the change"),
];

/// Which issue approves the design of which others, when it is done.
pub(super) const APPROVALS: &[(&str, &[&str])] = &[
    ("decide-theme", &["theme", "templates"]),
    ("decide-deploy", &["deploy"]),
];

const fn row(key: &'static str, priority: &'static str, title: &'static str) -> Row {
    Row {
        key,
        title,
        kind: "task",
        priority,
        labels: "",
        after: "",
        parent: "",
        gates: "",
    }
}

impl Row {
    const fn epic(self) -> Self {
        Self {
            kind: "epic",
            ..self
        }
    }

    const fn of(self, parent: &'static str) -> Self {
        Self { parent, ..self }
    }

    const fn after(self, after: &'static str) -> Self {
        Self { after, ..self }
    }

    const fn labelled(self, labels: &'static str) -> Self {
        Self { labels, ..self }
    }

    const fn gated(self, gates: &'static str) -> Self {
        Self { gates, ..self }
    }
}

/// The issues; `tricky` ones fail at the first attempt.
pub(super) const ROWS: &[Row] = &[
    row("parser", "high", "Read pages").epic(),
    row("render", "normal", "Turn pages into HTML").epic(),
    row("serve", "normal", "Look at the site while writing").epic(),
    row("publish", "high", "Put the site on the web")
        .epic()
        .after("render"),
    row("grammar", "critical", "Decide which Markdown we read")
        .of("parser")
        .labelled("review"),
    row("lexer", "critical", "Split pages into tokens")
        .of("parser")
        .labelled("code")
        .after("grammar"),
    row("ast", "high", "Describe a page as a tree")
        .of("parser")
        .labelled("code")
        .after("grammar"),
    row("blocks", "high", "Read paragraphs, lists and tables")
        .of("parser")
        .labelled("code,tricky")
        .after("lexer,ast"),
    row("inline", "high", "Read links and emphasis")
        .of("parser")
        .labelled("code")
        .after("lexer,ast"),
    row("front", "normal", "Read the header of a page")
        .of("parser")
        .labelled("code")
        .after("lexer"),
    row("errors", "normal", "Say where a page is wrong")
        .of("parser")
        .labelled("code,tricky")
        .after("blocks,inline"),
    row("corpus", "low", "Collect pages that broke other generators")
        .of("parser")
        .labelled("docs"),
    row("decide-theme", "high", "Decide how themes look")
        .of("render")
        .labelled("review"),
    row("templates", "high", "Fill templates")
        .of("render")
        .labelled("code")
        .after("ast")
        .gated("design"),
    row("theme", "normal", "Draw the default theme")
        .of("render")
        .labelled("code")
        .after("templates")
        .gated("design"),
    row("toc", "low", "Make a table of contents")
        .of("render")
        .labelled("code")
        .after("blocks"),
    row("escape", "critical", "Escape what authors wrote")
        .of("render")
        .labelled("code")
        .after("inline")
        .gated("review"),
    row("images", "normal", "Shrink images")
        .of("render")
        .labelled("code,tricky")
        .after("templates"),
    row("feed", "low", "Write a feed")
        .of("render")
        .labelled("code")
        .after("front,templates"),
    row("watch", "normal", "Notice changed pages")
        .of("serve")
        .labelled("code"),
    row("http", "normal", "Serve files to a browser")
        .of("serve")
        .labelled("code")
        .after("watch"),
    row("reload", "low", "Reload the browser")
        .of("serve")
        .labelled("code,tricky")
        .after("http,templates"),
    row("decide-deploy", "normal", "Decide where sites are put")
        .of("publish")
        .labelled("review"),
    row("deploy", "high", "Upload a site")
        .of("publish")
        .labelled("code")
        .gated("design,review"),
    row("tutorial", "normal", "Write the tutorial")
        .of("publish")
        .labelled("docs"),
    row("manual", "low", "Write the manual")
        .of("publish")
        .labelled("docs")
        .after("theme"),
    row("licence", "low", "Choose a licence").labelled("review"),
    row("ci", "high", "Run the tests on every change").labelled("code"),
    row("bench", "low", "Measure a site of a thousand pages")
        .labelled("code")
        .after("publish"),
    row("release", "critical", "Release the first version")
        .gated("review")
        .after("publish,serve,ci,licence"),
];
