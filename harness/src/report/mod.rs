//! What people and machines read.

pub mod conformance;
pub mod table;
pub mod terminal;

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
