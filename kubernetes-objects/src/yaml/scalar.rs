//! What scalars are, by YAML 1.1 as `sigs.k8s.io/yaml` reads it.

use serde_json::Number;
use thiserror::Error;

use crate::go::float;

/// A value without parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// Nothing, `null` or `~`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number by its digits, as JSON has it.
    Number(String),
    /// A text.
    Text(String),
}

/// Why a scalar is none, in the words of servers.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScalarError {
    /// JSON has no infinities.
    #[error("json: unsupported value: {0}")]
    Unsupported(&'static str),
    /// It is not what its tag says.
    #[error("yaml: cannot decode !!{got} `{text}` as a !!{wanted}")]
    Tag {
        /// What it is.
        got: &'static str,
        /// Its text.
        text: String,
        /// What its tag says.
        wanted: String,
    },
}

/// What a scalar is, with its tag, such as `str` of `!!str`, where it has one.
pub(super) fn scalar(text: &str, is_plain: bool, tag: Option<&str>) -> Result<Scalar, ScalarError> {
    let is_text = tag.map_or(!is_plain, |tag| tag == "str");
    if is_text {
        return Ok(Scalar::Text(text.to_owned()));
    }
    let read = plain(text)?;
    let got = match &read {
        Scalar::Bool(_) => "bool",
        Scalar::Null => "null",
        Scalar::Number(_) if text.contains(['.', 'e', 'E']) && !text.contains(['x', 'X']) => {
            "float"
        }
        Scalar::Number(_) => "int",
        Scalar::Text(_) => "str",
    };
    match tag {
        Some(wanted) if wanted != got && !(wanted == "float" && got == "int") => {
            Err(ScalarError::Tag { got, text: text.to_owned(), wanted: wanted.to_owned() })
        }
        _ => Ok(read),
    }
}

/// What a scalar without quotes and tag is.
///
/// # Errors
/// [`ScalarError::Unsupported`].
pub fn plain(text: &str) -> Result<Scalar, ScalarError> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => return Err(ScalarError::Unsupported("NaN")),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Err(ScalarError::Unsupported("+Inf"));
        }
        "-.inf" | "-.Inf" | "-.INF" => return Err(ScalarError::Unsupported("-Inf")),
        _ => match text.as_bytes() {
            [b'0'..=b'9' | b'+' | b'-', ..] => digits_of(&text.replace('_', "")),
            [b'.', ..] => fraction(text),
            _ => None,
        }
        .map_or_else(|| Scalar::Text(text.to_owned()), Scalar::Number),
    })
}

/// The decimal digits of a whole number in any base, or of a decimal one.
fn digits_of(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let prefixed = |prefixes: [&str; 2]| prefixes.iter().find_map(|at| digits.strip_prefix(at));
    let (base, rest) = if let Some(rest) = prefixed(["0x", "0X"]) {
        (16, rest)
    } else if let Some(rest) = prefixed(["0b", "0B"]) {
        (2, rest)
    } else if let Some(rest) = prefixed(["0o", "0O"]) {
        (8, rest)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, digits)
    } else {
        (10, digits)
    };
    // A second sign is none.
    let is_whole = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let most = if sign.is_empty() { u64::MAX } else { i64::MIN.unsigned_abs() };
    match u64::from_str_radix(rest, base) {
        Ok(0) if is_whole => Some("0".to_owned()),
        Ok(value) if is_whole && value <= most => Some(format!("{sign}{value}")),
        _ => decimal(text),
    }
}

/// A number that begins with its point; underscores stand between digits only.
fn fraction(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let between = |(at, _): (usize, &str)| at > 0 && is_digit(at - 1) && is_digit(at + 1);
    text.match_indices('_').all(between).then(|| decimal(&text.replace('_', "")))?
}

/// A number with a point or an exponent, as JSON has it.
fn decimal(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let allowed = |byte: u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    if !unsigned.bytes().all(allowed) || !unsigned.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    value.is_finite().then(|| float(value))
}

/// The number that digits stand for, whole where they are; none if it is out of range.
#[must_use]
pub fn number(digits: &str) -> Option<Number> {
    let whole = digits.parse().ok().map(|whole: i64| whole.into());
    whole
        .or_else(|| digits.parse().ok().map(|whole: u64| whole.into()))
        .or_else(|| digits.parse().ok().and_then(Number::from_f64))
}
