//! What people and machines read.

pub mod conformance;
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

/// A text from outside, safe to show: control characters are escaped.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\n' {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}
