//! Unified differences by the rules of Python's `difflib`, which servers use (in Go, by
//! `go-difflib`): the longest run of equal lines first, then what is before and after it.

use std::collections::HashMap;
use std::ops::Range;

/// How many equal lines surround a change.
const CONTEXT: usize = 3;

/// From how many lines on those that occur often are no anchors.
const POPULAR_FROM: usize = 200;

/// From how many lines on only the beginning and the end are compared, which takes time in
/// proportion to the lines; no pod comes near it but those of who wants to keep a server busy.
const MAX_LINES: usize = 10_000;

/// Lines that became others, or stayed the same.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    same: bool,
    old: Range<usize>,
    new: Range<usize>,
}

/// The changes from one text to another, each with its surroundings; empty where there are none.
#[must_use]
pub fn unified_diff(old: &str, new: &str) -> String {
    let old: Vec<_> = old.split('\n').collect();
    let new: Vec<_> = new.split('\n').collect();
    let mut text = String::new();
    for group in grouped(steps(&old, &new)) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        text.push_str(&format!(
            "@@ -{} +{} @@\n",
            place(&(first.old.start..last.old.end)),
            place(&(first.new.start..last.new.end))
        ));
        for step in &group {
            let mut add = |prefix, lines: &[&str]| {
                lines.iter().for_each(|line| text.push_str(&format!("{prefix}{line}\n")));
            };
            if step.same {
                add(' ', &old[step.old.clone()]);
            } else {
                add('-', &old[step.old.clone()]);
                add('+', &new[step.new.clone()]);
            }
        }
    }
    text
}

/// Where lines are: the first one, from 1, and how many.
fn place(lines: &Range<usize>) -> String {
    match lines.len() {
        1 => format!("{}", lines.start + 1),
        0 => format!("{},0", lines.start),
        count => format!("{},{count}", lines.start + 1),
    }
}

/// Steps with no more than their surroundings of equal lines, split where those would be more.
fn grouped(mut steps: Vec<Step>) -> Vec<Vec<Step>> {
    if steps.iter().all(|step| step.same) {
        return Vec::new();
    }
    if let Some(first) = steps.first_mut().filter(|step| step.same) {
        let skipped = first.old.len().saturating_sub(CONTEXT);
        first.old.start += skipped;
        first.new.start += skipped;
    }
    if let Some(last) = steps.last_mut().filter(|step| step.same) {
        let skipped = last.old.len().saturating_sub(CONTEXT);
        last.old.end -= skipped;
        last.new.end -= skipped;
    }
    let mut groups = vec![Vec::new()];
    for step in steps {
        let far_apart = step.same && step.old.len() > 2 * CONTEXT;
        if !far_apart {
            groups.last_mut().expect("there is always one").push(step);
            continue;
        }
        let after = Step {
            same: true,
            old: step.old.start..step.old.start + CONTEXT,
            new: step.new.start..step.new.start + CONTEXT,
        };
        let before = Step {
            same: true,
            old: step.old.end - CONTEXT..step.old.end,
            new: step.new.end - CONTEXT..step.new.end,
        };
        groups.last_mut().expect("there is always one").push(after);
        groups.push(vec![before]);
    }
    groups
}

fn steps(old: &[&str], new: &[&str]) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut at_old, mut at_new) = (0, 0);
    let end = (old.len(), new.len(), 0);
    for (start_old, start_new, length) in matches(old, new).into_iter().chain([end]) {
        if at_old < start_old || at_new < start_new {
            steps.push(Step { same: false, old: at_old..start_old, new: at_new..start_new });
        }
        (at_old, at_new) = (start_old + length, start_new + length);
        if length > 0 {
            steps.push(Step { same: true, old: start_old..at_old, new: start_new..at_new });
        }
    }
    steps
}

/// Runs of equal lines, in order and apart from each other: where they begin in the old and the
/// new text, and how long they are.
fn matches(old: &[&str], new: &[&str]) -> Vec<(usize, usize, usize)> {
    if old.len().max(new.len()) > MAX_LINES {
        return common_ends(old, new);
    }
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, line) in new.iter().enumerate() {
        places.entry(line).or_default().push(index);
    }
    if new.len() >= POPULAR_FROM {
        places.retain(|_, at| at.len() <= new.len() / 100 + 1);
    }
    let mut found = Vec::new();
    let mut open = vec![(0..old.len(), 0..new.len())];
    while let Some((in_old, in_new)) = open.pop() {
        let (start_old, start_new, length) = longest(old, new, &places, &in_old, &in_new);
        if length == 0 {
            continue;
        }
        found.push((start_old, start_new, length));
        open.push((in_old.start..start_old, in_new.start..start_new));
        open.push((start_old + length..in_old.end, start_new + length..in_new.end));
    }
    found.sort_unstable();
    let mut joined: Vec<(usize, usize, usize)> = Vec::new();
    for (start_old, start_new, length) in found {
        match joined.last_mut() {
            Some(last) if last.0 + last.2 == start_old && last.1 + last.2 == start_new => {
                last.2 += length;
            }
            _ => joined.push((start_old, start_new, length)),
        }
    }
    joined
}

/// The longest run of equal lines within parts of the texts; of several the first.
fn longest(
    old: &[&str],
    new: &[&str],
    places: &HashMap<&str, Vec<usize>>,
    in_old: &Range<usize>,
    in_new: &Range<usize>,
) -> (usize, usize, usize) {
    let (mut start_old, mut start_new, mut length) = (in_old.start, in_new.start, 0);
    // How long the run is that ends at a line of the new text and the line before in the old.
    let mut ending: HashMap<usize, usize> = HashMap::new();
    for index in in_old.clone() {
        let mut ending_here = HashMap::new();
        for &place in places.get(old[index]).into_iter().flatten() {
            if !in_new.contains(&place) {
                continue;
            }
            let before = place.checked_sub(1).and_then(|before| ending.get(&before));
            let run = before.copied().unwrap_or(0) + 1;
            ending_here.insert(place, run);
            if run > length {
                (start_old, start_new, length) = (index + 1 - run, place + 1 - run, run);
            }
        }
        ending = ending_here;
    }
    // Lines that occur often begin no run, but belong to one.
    while start_old > in_old.start
        && start_new > in_new.start
        && old[start_old - 1] == new[start_new - 1]
    {
        (start_old, start_new, length) = (start_old - 1, start_new - 1, length + 1);
    }
    while start_old + length < in_old.end
        && start_new + length < in_new.end
        && old[start_old + length] == new[start_new + length]
    {
        length += 1;
    }
    (start_old, start_new, length)
}

fn common_ends(old: &[&str], new: &[&str]) -> Vec<(usize, usize, usize)> {
    let start = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let rest = old[start..].iter().rev().zip(new[start..].iter().rev());
    let end = rest.take_while(|(old, new)| old == new).count();
    let ends = [(0, 0, start), (old.len() - end, new.len() - end, end)];
    ends.into_iter().filter(|(.., length)| *length > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_come_with_three_lines_around_them() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15";
        let new = old.replace("\n5\n", "\nfive\n").replace("\n15", "\n15\n16");
        assert_eq!(
            unified_diff(old, &new),
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n\
             @@ -13,3 +13,4 @@\n 13\n 14\n 15\n+16\n"
        );
    }

    #[test]
    fn nothing_changed_is_nothing() {
        assert_eq!(unified_diff("a\nb", "a\nb"), "");
    }

    #[test]
    fn what_is_all_new_begins_before_the_first_line() {
        assert_eq!(unified_diff("a", "b"), "@@ -1 +1 @@\n-a\n+b\n");
        assert_eq!(unified_diff("a", "x\na"), "@@ -1 +1,2 @@\n+x\n a\n");
    }

    #[test]
    fn long_texts_are_compared_at_their_ends() {
        let old = "x\n".repeat(MAX_LINES) + "a\nend";
        let new = "x\n".repeat(MAX_LINES) + "b\nend";
        let difference = unified_diff(&old, &new);
        assert!(difference.ends_with(" x\n x\n x\n-a\n+b\n end\n"), "{difference}");
    }

    proptest::proptest! {
        #[test]
        fn a_difference_leads_from_the_old_to_the_new_text(
            old in "[abc\n]{0,60}", new in "[abc\n]{0,60}",
        ) {
            let (old, new): (Vec<_>, Vec<_>) = (old.split('\n').collect(), new.split('\n').collect());
            let mut rebuilt: Vec<&str> = Vec::new();
            for step in steps(&old, &new) {
                if step.same {
                    proptest::prop_assert_eq!(&old[step.old.clone()], &new[step.new.clone()]);
                }
                rebuilt.extend_from_slice(&new[step.new]);
            }
            proptest::prop_assert_eq!(rebuilt, new);
        }
    }
}
