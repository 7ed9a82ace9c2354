//! Aligned tables.

use std::fmt::Write;

fn widths(headings: &[&str], rows: &[Vec<String>]) -> Vec<usize> {
    let mut widths: Vec<_> = headings.iter().map(|heading| heading.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

fn padded(cell: &str, width: usize) -> String {
    let missing = width.saturating_sub(cell.chars().count());
    format!("{cell}{}", " ".repeat(missing))
}

/// A table for the terminal: columns two spaces apart, headings in capitals.
#[must_use]
pub fn text(headings: &[&str], rows: &[Vec<String>]) -> String {
    let widths = widths(headings, rows);
    let mut text = String::new();
    let headings: Vec<_> = headings.iter().map(|heading| heading.to_uppercase()).collect();
    for row in std::iter::once(&headings).chain(rows) {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, w)| padded(cell, *w)).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// A Markdown table.
#[must_use]
pub fn markdown(headings: &[&str], rows: &[Vec<String>]) -> String {
    let widths = widths(headings, rows);
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(headings.iter().zip(&widths).map(|(cell, w)| padded(cell, *w)).collect());
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "|{}|",
        widths.iter().map(|w| "-".repeat(w + 2)).collect::<Vec<_>>().join("|")
    );
    for row in rows {
        let cells = row.iter().zip(&widths);
        text.push_str(&line(
            cells.map(|(cell, w)| padded(&cell.replace('|', "\\|"), *w)).collect(),
        ));
    }
    text
}
