//! `quality/bench.json`, `docs/performance.md` and the table on the terminal.
//!
//! Owns how a record is written down. Refuses to touch what people wrote: only what stands between the markers is replaced.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::plot;
use super::record::{Point, Record, Row, Single};
use crate::{output, workspace};

const BEGIN: &str = "<!-- generated: begin -->";
const END: &str = "<!-- generated: end -->";

fn json() -> PathBuf {
    workspace::root().join("quality/bench.json")
}

/// Writes the record where the next one is compared with it.
pub(super) fn keep(record: &Record) -> Result<()> {
    let text = serde_json::to_string_pretty(record)? + "\n";
    fs::write(json(), text).context("cannot write quality/bench.json")
}

/// Reads the last record.
pub(super) fn last_record() -> Result<Record> {
    let text = fs::read_to_string(json()).context("nothing was recorded yet")?;
    serde_json::from_str(&text).context("cannot read quality/bench.json")
}

/// Writes the generated part of the page, and the plot.
pub(super) fn write(record: &Record) -> Result<()> {
    let path = workspace::root().join("docs/performance.md");
    let page = fs::read_to_string(&path).context("cannot read docs/performance.md")?;
    fs::write(&path, replaced(&page, &generated(record)?)?)?;
    let plot = workspace::root().join("docs/performance.svg");
    fs::write(plot, plot::draw(&record.rows))?;
    output::line("Wrote docs/performance.md and docs/performance.svg.");
    Ok(())
}

/// Puts the text between the markers.
fn replaced(page: &str, text: &str) -> Result<String> {
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = parts.context("docs/performance.md has lost its markers")?;
    Ok(format!("{before}{BEGIN}\n{text}{END}{after}"))
}

fn generated(record: &Record) -> Result<String> {
    let mut text = String::new();
    head(&mut text, record)?;
    commands(&mut text, record)?;
    writeln!(
        text,
        "\n![The time of each command by the number of issues](performance.svg)\n"
    )?;
    writeln!(
        text,
        "| figure | goal | value | held against | goal met |\n|---|---|--:|---|---|"
    )?;
    for single in &record.singles {
        writeln!(text, "{}", single_line(single))?;
    }
    floors(&mut text, record)?;
    Ok(text)
}

fn head(text: &mut String, record: &Record) -> Result<()> {
    let machine = &record.machine;
    writeln!(
        text,
        "Commit `{}`, {}, {} cores, {} GiB, {}, load {:.1} at the start, {}.\n",
        record.commit,
        machine.system,
        machine.cores,
        machine.memory_gib,
        machine.file_system,
        machine.load,
        record.day
    )?;
    Ok(())
}

fn commands(text: &mut String, record: &Record) -> Result<()> {
    writeln!(
        text,
        "Medians in milliseconds. `× floor` is about the largest size; `growth` is the power of N that fits all sizes best.\n"
    )?;
    let sizes: Vec<String> = record.sizes.iter().map(|size| grouped(*size)).collect();
    writeln!(
        text,
        "| command | goal | {} | × floor | growth | goal met |",
        sizes.join(" | ")
    )?;
    writeln!(text, "|---|---|{}---|---|---|", "--:|".repeat(sizes.len()))?;
    for row in &record.rows {
        writeln!(text, "{}", line(row, &record.sizes))?;
    }
    Ok(())
}

/// Writes what the values were held against, and how much they varied.
fn floors(text: &mut String, record: &Record) -> Result<()> {
    writeln!(
        text,
        "\nThe floors, and the noise: a tenth of the runs was below the first number, a tenth above the second.\n"
    )?;
    writeln!(
        text,
        "| command | issues | runs | p10 – p90 | floor | its p10 – p90 |\n|---|--:|--:|---|--:|---|"
    )?;
    for row in &record.rows {
        for point in &row.points {
            writeln!(text, "{}", noise(row, point))?;
        }
    }
    writeln!(text)?;
    let mut floors: Vec<(&str, &str)> = record
        .rows
        .iter()
        .filter(|row| !row.floor.is_empty())
        .map(|row| (row.floor.as_str(), row.name.as_str()))
        .collect();
    floors.sort_unstable();
    for group in floors.chunk_by(|left, right| left.0 == right.0) {
        let names: Vec<&str> = group.iter().map(|(_, name)| *name).collect();
        writeln!(text, "- Floor of {}: {}.", names.join(", "), group[0].0)?;
    }
    Ok(())
}

fn line(row: &Row, sizes: &[usize]) -> String {
    let at = |size: &usize| row.points.iter().find(|point| point.issues == *size);
    let cells: Vec<String> = sizes
        .iter()
        .map(|size| at(size).map_or_else(|| "–".to_owned(), |point| shown(point.value.median)))
        .collect();
    let growth = row
        .growth()
        .map_or_else(|| "–".to_owned(), |power| format!("N^{power:.2}"));
    let met = row
        .absent
        .clone()
        .unwrap_or_else(|| verdict(row.is_met()).to_owned());
    let ratio = row.points.last().and_then(Point::ratio);
    format!(
        "| {} | {} | {} | {} | {growth} | {met} |",
        command(row),
        row.goal,
        cells.join(" | "),
        ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.1}")),
    )
}

/// Names a command as the plot does, with what was run.
fn command(row: &Row) -> String {
    format!("**{}**: {}", row.name, row.command)
}

fn single_line(single: &Single) -> String {
    let floor = single.floor.as_ref().map_or_else(
        || "–".to_owned(),
        |(what, value)| {
            let ratio = single.value / value;
            format!("{} {} {what}: × {ratio:.2}", shown(*value), single.unit)
        },
    );
    format!(
        "| {} | {} | {} {} | {floor} | {} |",
        single.what,
        single.goal,
        shown(single.value),
        single.unit,
        verdict(single.is_met)
    )
}

fn noise(row: &Row, point: &Point) -> String {
    let (floor, floor_noise) = point.floor.map_or_else(
        || ("–".to_owned(), "–".to_owned()),
        |floor| {
            (
                shown(floor.median),
                format!("{} – {}", shown(floor.p10), shown(floor.p90)),
            )
        },
    );
    format!(
        "| {} | {} | {} | {} – {} | {floor} | {floor_noise} |",
        row.name,
        grouped(point.issues),
        point.value.runs,
        shown(point.value.p10),
        shown(point.value.p90),
    )
}

fn verdict(is_met: Option<bool>) -> &'static str {
    match is_met {
        Some(true) => "yes",
        Some(false) => "**missed**",
        None => "–",
    }
}

/// Shows three digits of a number that is small, and all whole ones of one that is not.
fn shown(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.2}")
    } else if value < 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns the record as a table for the terminal.
pub(super) fn table(record: &Record) -> Result<String> {
    let mut text = format!("{:<12}", "");
    for size in &record.sizes {
        write!(text, "{:>10}", grouped(*size))?;
    }
    text.push_str("   × floor  growth  goal\n");
    for row in &record.rows {
        write!(text, "{:<12}", row.name)?;
        for size in &record.sizes {
            let point = row.points.iter().find(|point| point.issues == *size);
            let cell = point.map_or_else(|| "–".to_owned(), |point| shown(point.value.median));
            write!(text, "{cell:>10}")?;
        }
        let ratio = row
            .points
            .last()
            .and_then(Point::ratio)
            .map_or_else(|| "–".to_owned(), shown);
        let growth = row
            .growth()
            .map_or_else(|| "–".to_owned(), |power| format!("{power:.2}"));
        let met = row
            .absent
            .clone()
            .unwrap_or_else(|| plain_verdict(row.is_met()).to_owned());
        writeln!(text, "{ratio:>10}{growth:>8}  {met} ({})", row.goal)?;
    }
    for single in &record.singles {
        writeln!(
            text,
            "{}: {} {}, {} ({})",
            single.what,
            shown(single.value),
            single.unit,
            plain_verdict(single.is_met),
            single.goal
        )?;
    }
    Ok(text)
}

fn plain_verdict(is_met: Option<bool>) -> &'static str {
    match is_met {
        Some(true) => "met",
        Some(false) => "MISSED",
        None => "-",
    }
}

#[cfg(test)]
mod tests {
    use super::{grouped, replaced, shown};

    #[test]
    fn what_people_wrote_around_the_markers_is_kept() {
        let page = "# Mine\n<!-- generated: begin -->\nold\n<!-- generated: end -->\nmine too\n";
        let expected =
            "# Mine\n<!-- generated: begin -->\nnew\n<!-- generated: end -->\nmine too\n";
        assert_eq!(replaced(page, "new\n").unwrap(), expected);
        assert!(replaced("# Mine\n", "new\n").is_err());
    }

    #[test]
    fn numbers_read_easily() {
        assert_eq!(
            [1, 999, 1_000, 100_000].map(grouped),
            ["1", "999", "1,000", "100,000"]
        );
        assert_eq!([1.234, 12.34, 123.4].map(shown), ["1.23", "12.3", "123"]);
    }
}
