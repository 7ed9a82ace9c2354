//! What people and machines read.

pub mod conformance;
pub mod html;
pub mod junit;
pub mod run;
mod side_by_side;
pub mod table;
pub mod terminal;

/// A number of things in words: `1 case`, `2 cases`.
#[must_use]
pub fn counted(count: usize, what: &str) -> String {
    let plural = match what {
        _ if count == 1 => "",
        _ if what.ends_with('x') => "es",
        _ => "s",
    };
    format!("{count} {what}{plural}")
}

/// The first few of some names, and how many more there are.
#[must_use]
pub fn first_few(names: &[String]) -> String {
    let first: Vec<_> = names.iter().take(3).cloned().collect();
    let more = names.len().saturating_sub(first.len());
    if more == 0 { first.join(", ") } else { format!("{} and {more} more", first.join(", ")) }
}

/// The command that runs only one case; each of the paths has a space before it.
pub(crate) fn only_this_case(paths: &str, id: &str) -> String {
    format!("gidcheck run{paths} --filter {}", shell_word(&format!("={id}")))
}

/// A text from outside as one word of a shell's command line, safe to show and to copy.
pub(crate) fn shell_word(text: &str) -> String {
    let safe = shown_line(text);
    shlex::try_quote(&safe).map_or(safe.clone(), std::borrow::Cow::into_owned)
}

/// A text from outside, safe to show: characters that steer a terminal, or turn the direction of
/// the text around, are escaped; lines stay lines.
#[must_use]
pub fn shown(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(shown_line).collect();
    lines.join("\n")
}

/// As [`shown`], for one line: tabs become spaces, so that marks below it stay in place.
#[must_use]
pub fn shown_line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => safe.push_str("    "),
            character if character.is_control() || turns_direction(character) => {
                safe.extend(character.escape_unicode());
            }
            character => safe.push(character),
        }
    }
    safe
}

/// Marks that change the direction of what follows (Unicode TR9).
fn turns_direction(character: char) -> bool {
    matches!(character,
        '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
