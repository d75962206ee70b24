//! Rows under each other, in columns.
//!
//! Owns widths and cutting. Refuses to know what the cells mean.

use super::color::Style;
use super::page::Page;
use super::untrusted;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// One cell: its text and how it looks.
pub(crate) type Cell = (Style, String);

/// Lays rows out in columns two spaces apart. With a `width`, the last column is cut so that each row fits; without one
/// nothing is ever cut.
pub(crate) fn lay_out(rows: &[Vec<Cell>], width: Option<usize>) -> Page {
    let safe: Vec<Vec<Cell>> = rows
        .iter()
        .map(|row| {
            row.iter()
                .map(|(style, text)| (*style, untrusted::line(text)))
                .collect()
        })
        .collect();
    let n_columns = safe.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..n_columns)
        .map(|column| {
            let cells = safe.iter().filter_map(|row| row.get(column));
            cells.map(|(_, text)| text.width()).max().unwrap_or(0)
        })
        .collect();
    let before_last: usize = widths.iter().rev().skip(1).map(|width| width + 2).sum();
    let room = width.map(|width| width.saturating_sub(before_last).max(10));
    let mut page = Page::default();
    for row in &safe {
        for (column, (style, text)) in row.iter().enumerate() {
            if column + 1 == row.len() {
                page.text(*style, &cut(text, room.filter(|_| column + 1 == n_columns)));
            } else {
                let padding = " ".repeat(widths[column] - text.width() + 2);
                page.text(*style, text).plain(&padding);
            }
        }
        page.end();
    }
    page
}

fn cut(text: &str, room: Option<usize>) -> String {
    let Some(room) = room.filter(|room| text.width() > *room) else {
        return text.to_owned();
    };
    let mut kept = String::new();
    let mut used = 1;
    for ch in text.chars() {
        used += ch.width().unwrap_or(0);
        if used > room {
            break;
        }
        kept.push(ch);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a snapshot is made for one check"
    )]
    fn check(rows: &[&[&str]], width: Option<usize>, expected: Expect) {
        let rows: Vec<Vec<Cell>> = rows
            .iter()
            .map(|row| {
                row.iter()
                    .map(|text| (Style::Plain, (*text).to_owned()))
                    .collect()
            })
            .collect();
        expected.assert_eq(&lay_out(&rows, width).render(false));
    }

    #[test]
    fn columns_line_up_by_shown_width() {
        check(
            &[&["k7m2", "high", "漢字"], &["abcde", "low", "x\u{1b}y"]],
            None,
            expect![[r"
                k7m2   high  漢字
                abcde  low   x\u{1b}y
            "]],
        );
    }

    #[test]
    fn only_the_last_column_is_cut_and_only_for_a_terminal() {
        let long = "a title that goes on and on and on";
        check(
            &[&["k7m2", long]],
            None,
            expect![[r"
            k7m2  a title that goes on and on and on
        "]],
        );
        check(
            &[&["k7m2", long]],
            Some(20),
            expect![[r"
            k7m2  a title that …
        "]],
        );
    }
}
