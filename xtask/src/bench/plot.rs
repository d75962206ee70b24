//! The plot: one line for each command, both axes logarithmic.
//!
//! Owns the drawing. Refuses to need anything but text: the file is read by browsers and by git.

use std::fmt::Write as _;

use super::record::Row;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 560.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 660.0;
const TOP: f64 = 36.0;
const BOTTOM: f64 = 504.0;

/// Nearest that two names may stand below each other.
const NAME_GAP: f64 = 15.0;

const COLORS: [&str; 9] = [
    "#1b6ca8", "#c8451b", "#2f8f4e", "#8a4fa3", "#b8860b", "#0f8b8d", "#a3314f", "#5b6770",
    "#6b8e23",
];
const DASHES: [&str; 3] = ["", "6 3", "2 3"];

/// A line of the plot.
struct Curve<'a> {
    name: &'a str,
    points: Vec<(f64, f64)>,
    style: usize,
}

/// Returns the plot as an SVG image.
pub(super) fn draw(rows: &[Row]) -> String {
    let curves: Vec<Curve<'_>> = rows
        .iter()
        .filter(|row| row.points.len() > 1)
        .enumerate()
        .map(|(style, row)| Curve {
            name: &row.name,
            points: row
                .points
                .iter()
                .map(|point| (count(point.issues), point.value.median))
                .collect(),
            style,
        })
        .collect();
    let Some(scale) = Scale::around(&curves) else {
        return frame("");
    };
    let mut drawn = scale.grid();
    for curve in &curves {
        drawn.push_str(&scale.line(curve));
    }
    drawn.push_str(&scale.names(&curves));
    frame(&drawn)
}

fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::MAX, f64::from)
}

fn frame(drawn: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n{drawn}</svg>\n"
    )
}

/// Where a value lies on the paper.
struct Scale {
    /// Decades of the number of issues.
    x: (f64, f64),
    /// Decades of the time.
    y: (f64, f64),
}

impl Scale {
    /// Returns the scale that shows everything, in whole decades of time.
    fn around(curves: &[Curve<'_>]) -> Option<Self> {
        let points = || curves.iter().flat_map(|curve| &curve.points);
        let ends = |values: &mut dyn Iterator<Item = f64>| {
            values.fold(None, |ends: Option<(f64, f64)>, value| {
                let (low, high) = ends.unwrap_or((value, value));
                Some((low.min(value), high.max(value)))
            })
        };
        let x = ends(&mut points().map(|point| point.0.log10()))?;
        let y = ends(&mut points().map(|point| point.1.log10()))?;
        Some(Self {
            x,
            y: (y.0.floor(), y.1.ceil().max(y.0.floor() + 1.0)),
        })
    }

    fn across(&self, issues: f64) -> f64 {
        LEFT + (issues.log10() - self.x.0) / (self.x.1 - self.x.0) * (RIGHT - LEFT)
    }

    fn up(&self, millis: f64) -> f64 {
        BOTTOM - (millis.log10() - self.y.0) / (self.y.1 - self.y.0) * (BOTTOM - TOP)
    }

    fn grid(&self) -> String {
        let mut text = String::new();
        let mut rule = |(x1, y1, x2, y2): (f64, f64, f64, f64), color: &str| {
            writeln!(
                text,
                "<path d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\" stroke=\"{color}\"/>"
            )
            .expect("a String takes any text");
        };
        for millis in decades(self.y) {
            for step in 2..10 {
                let y = self.up(millis * f64::from(step));
                if y >= TOP {
                    rule((LEFT, y, RIGHT, y), "#f0f0f0");
                }
            }
            let y = self.up(millis);
            rule((LEFT, y, RIGHT, y), "#c8c8c8");
        }
        for issues in decades(self.x) {
            let x = self.across(issues);
            rule((x, TOP, x, BOTTOM), "#c8c8c8");
        }
        for millis in decades(self.y) {
            text.push_str(&words(
                LEFT - 8.0,
                self.up(millis) + 4.0,
                "end",
                &format!("{} ms", grouped(millis)),
            ));
        }
        for issues in decades(self.x) {
            text.push_str(&words(
                self.across(issues),
                BOTTOM + 20.0,
                "middle",
                &grouped(issues),
            ));
        }
        text.push_str(&words(
            f64::midpoint(LEFT, RIGHT),
            BOTTOM + 42.0,
            "middle",
            "issues in the store",
        ));
        text.push_str(&words(
            LEFT - 8.0,
            TOP - 16.0,
            "start",
            "median time of the whole process",
        ));
        text
    }

    fn line(&self, curve: &Curve<'_>) -> String {
        let (color, dash) = style(curve.style);
        let mut path = String::new();
        let mut dots = String::new();
        for (place, (issues, millis)) in curve.points.iter().enumerate() {
            let (x, y) = (self.across(*issues), self.up(*millis));
            let pen = if place == 0 { 'M' } else { 'L' };
            write!(path, "{pen}{x:.1} {y:.1}").expect("a String takes any text");
            writeln!(
                dots,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{color}\"/>"
            )
            .expect("a String takes any text");
        }
        format!(
            "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"1.8\" stroke-dasharray=\"{dash}\"/>\n{dots}"
        )
    }

    /// Writes each name at the end of its line, moved apart where lines end close to each other.
    fn names(&self, curves: &[Curve<'_>]) -> String {
        let end = |curve: &Curve<'_>| curve.points.last().copied().unwrap_or((1.0, 1.0));
        let mut order: Vec<&Curve<'_>> = curves.iter().collect();
        order.sort_by(|left, right| end(left).1.total_cmp(&end(right).1));
        let wanted: Vec<f64> = order.iter().map(|curve| self.up(end(curve).1)).collect();
        let mut text = String::new();
        for (curve, y) in order.into_iter().zip(apart(&wanted)) {
            let ((issues, millis), (color, dash)) = (end(curve), style(curve.style));
            let (x, from) = (self.across(issues), self.up(millis));
            let to = RIGHT + 34.0;
            writeln!(
                text,
                "<path d=\"M{x:.1} {from:.1}L{:.1} {y:.1}L{to:.1} {y:.1}\" fill=\"none\" stroke=\"{color}\" \
                 stroke-width=\"0.8\" stroke-dasharray=\"{dash}\"/>",
                RIGHT + 20.0
            )
            .expect("a String takes any text");
            let name = format!("{} {}", curve.name, rounded(millis));
            text.push_str(&words(to + 4.0, y + 4.0, "start", &name));
        }
        text
    }
}

/// Returns heights for names, from the lowest on paper up, none nearer than [`NAME_GAP`] to the one before.
fn apart(wanted: &[f64]) -> Vec<f64> {
    let mut below = BOTTOM + 2.0 * NAME_GAP;
    let mut heights: Vec<f64> = wanted
        .iter()
        .map(|height| {
            below = height.min(below - NAME_GAP);
            below
        })
        .collect();
    let too_high = TOP - heights.last().copied().unwrap_or(TOP);
    if too_high > 0.0 {
        let mut above = TOP;
        for height in heights.iter_mut().rev() {
            *height = height.max(above);
            above = *height + NAME_GAP;
        }
    }
    heights
}

fn style(place: usize) -> (&'static str, &'static str) {
    (
        COLORS[place % COLORS.len()],
        DASHES[place / COLORS.len() % DASHES.len()],
    )
}

/// Returns the powers of ten between two ends.
fn decades((low, high): (f64, f64)) -> impl Iterator<Item = f64> {
    let mut power = low.ceil();
    std::iter::from_fn(move || {
        let value = 10.0_f64.powf(power);
        power += 1.0;
        (power <= high + 1.0 + 1e-9).then_some(value)
    })
}

/// Writes a power of ten as people do: whole ones with commas.
fn grouped(value: f64) -> String {
    let text = format!("{value}");
    match text.strip_suffix("000") {
        Some(thousands) if value >= 1_000.0 => format!("{thousands},000"),
        _ => text,
    }
}

fn rounded(millis: f64) -> String {
    if millis < 10.0 {
        format!("{millis:.1} ms")
    } else {
        format!("{millis:.0} ms")
    }
}

fn words(x: f64, y: f64, anchor: &str, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"#333333\">{text}</text>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::{NAME_GAP, TOP, apart, decades, draw};
    use crate::bench::record::{Point, Row};
    use crate::bench::series::Spread;

    fn row(name: &str, values: &[f64]) -> Row {
        let sizes = [100, 1_000, 10_000];
        let point = |(issues, value): (usize, &f64)| Point {
            issues,
            value: Spread::of(&[*value]).unwrap(),
            floor: None,
            limit: None,
        };
        Row {
            name: name.to_owned(),
            command: String::new(),
            goal: String::new(),
            floor: String::new(),
            absent: None,
            points: sizes.into_iter().zip(values).map(point).collect(),
        }
    }

    #[test]
    fn a_flat_line_is_flat_and_a_steeper_one_is_higher_at_its_end() {
        let text = draw(&[
            row("flat", &[2.0, 2.0, 2.0]),
            row("steep", &[2.0, 20.0, 200.0]),
        ]);
        let paths: Vec<&str> = text
            .lines()
            .filter(|line| line.contains("stroke-width=\"1.8\""))
            .collect();
        let heights = |path: &str| -> Vec<f64> {
            let (_, path) = path.split_once("d=\"").unwrap();
            let (path, _) = path.split_once('"').unwrap();
            path.split(['M', 'L'])
                .filter_map(|point| point.split_once(' ')?.1.parse().ok())
                .collect()
        };
        let (flat, steep) = (heights(paths[0]), heights(paths[1]));
        assert!(
            flat.iter().all(|height| (height - flat[0]).abs() < 0.01),
            "{flat:?}"
        );
        assert!(
            steep.is_sorted_by(|above, below| above > below),
            "{steep:?}"
        );
        assert!(text.contains(">flat 2.0 ms</text>") && text.contains(">steep 200 ms</text>"));
    }

    #[test]
    fn nothing_measured_is_an_empty_picture() {
        assert!(!draw(&[]).contains("<path"));
        assert_eq!(
            decades((2.0, 4.0)).collect::<Vec<_>>(),
            [100.0, 1_000.0, 10_000.0]
        );
    }

    #[test]
    fn names_do_not_stand_on_each_other() {
        for wanted in [
            vec![400.0; 8],
            vec![40.0; 8],
            (0..20).map(|n| 300.0 - f64::from(n)).collect(),
        ] {
            let heights = apart(&wanted);
            let gap = |pair: &[f64]| pair[0] - pair[1] >= NAME_GAP - 1e-9;
            assert!(heights.windows(2).all(gap), "{heights:?}");
            assert!(
                heights.iter().all(|height| *height >= TOP - 1e-9),
                "{heights:?}"
            );
        }
    }
}
