//! An expected and an observed identity side by side, what differs marked.

use std::collections::BTreeSet;
use std::io::{self, Write};

use anstyle::Style;

use super::shown_line;
use super::terminal::{BAD, FAINT};
use crate::scenario::{Identity, Named};

/// What stands for a group that is not there.
const NONE: &str = "–";
/// Stands before what differs, so that it is found without colour too.
const MARK: &str = "≠";

struct Row {
    what: &'static str,
    expected: String,
    observed: String,
    differs: bool,
}

/// Writes both as a table, where both are identities.
///
/// # Errors
/// Whatever `out` says.
pub(super) fn write(out: &mut dyn Write, expected: &str, observed: &str) -> io::Result<bool> {
    let (Ok(expected), Ok(observed)) = (expected.parse(), observed.parse()) else {
        return Ok(false);
    };
    let rows = rows(&expected, &observed);
    let width = rows.iter().map(|row| row.expected.chars().count()).max().unwrap_or(0);
    let width = width.max("expected".len());
    writeln!(out, "                   {FAINT}{:width$}  observed{FAINT:#}", "expected")?;
    for Row { what, expected, observed, differs } in rows {
        let (mark, style) = if differs { (MARK, BAD) } else { (" ", Style::new()) };
        let observed = format!("{style}{observed}{style:#}");
        writeln!(out, "          {style}{mark}{style:#} {what:5}  {expected:width$}  {observed}")?;
    }
    Ok(true)
}

fn rows(expected: &Identity, observed: &Identity) -> Vec<Row> {
    let row = |what, wanted: Option<&Named>, seen: Option<&Named>| Row {
        what,
        expected: in_words(wanted),
        observed: in_words(seen),
        differs: !fits(wanted, seen),
    };
    let mut rows = vec![
        row("uid", Some(&expected.uid), Some(&observed.uid)),
        row("gid", Some(&expected.gid), Some(&observed.gid)),
    ];
    let groups = expected.groups.iter().chain(&observed.groups).map(|group| group.id);
    for id in groups.collect::<BTreeSet<_>>() {
        let of = |all: &Identity| all.groups.iter().find(|group| group.id == id).cloned();
        rows.push(row("group", of(expected).as_ref(), of(observed).as_ref()));
    }
    rows
}

/// As identities fit: a name counts where one is expected.
fn fits(wanted: Option<&Named>, seen: Option<&Named>) -> bool {
    match (wanted, seen) {
        (Some(wanted), Some(seen)) => {
            wanted.id == seen.id && (wanted.name.is_none() || wanted.name == seen.name)
        }
        (wanted, seen) => wanted == seen,
    }
}

fn in_words(id: Option<&Named>) -> String {
    match id {
        None => NONE.to_owned(),
        Some(Named { id, name: None }) => id.to_string(),
        Some(Named { id, name: Some(name) }) => format!("{id}({})", shown_line(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(expected: &str, observed: &str) -> Option<String> {
        let mut out = Vec::new();
        let written = write(&mut out, expected, observed).expect("a vector takes everything");
        let text = anstream::adapter::strip_bytes(&out).into_vec();
        written.then(|| String::from_utf8(text).expect("texts are written"))
    }

    #[test]
    fn groups_of_either_side_have_a_line_and_those_of_one_side_a_mark() {
        let text =
            text("uid=1 gid=2 groups=2,4", "uid=1(a) gid=2 groups=2,3(b)").expect("both are");
        let marked: Vec<_> = text.lines().filter(|line| line.contains(MARK)).collect();
        assert_eq!(
            marked,
            ["          ≠ group  –         3(b)", "          ≠ group  4         –"],
            "{text}"
        );
    }

    #[test]
    fn what_is_no_identity_is_no_table() {
        assert_eq!(text("uid=1 gid=2 groups=", "the container waits"), None);
    }
}
