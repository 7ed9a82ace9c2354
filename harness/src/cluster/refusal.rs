//! What is wrong with the fields of an object, as an API server words it.

use std::fmt;

use kubernetes_objects::{Cause, CauseReason, Details, Status};

/// A refused request.
pub type Refusal = Status;

/// One field that is wrong, as it appears in the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldError {
    field: String,
    reason: CauseReason,
    what: String,
}

impl FieldError {
    fn new(field: impl Into<String>, reason: CauseReason, what: String) -> Self {
        Self { field: field.into(), reason, what }
    }

    /// A value outside its range or form.
    pub(super) fn invalid(
        field: impl Into<String>,
        value: impl fmt::Display,
        detail: &str,
    ) -> Self {
        Self::new(field, CauseReason::Invalid, format!("Invalid value: {value}: {detail}"))
    }

    /// A text outside its form.
    pub(super) fn invalid_text(field: impl Into<String>, text: &str, detail: &str) -> Self {
        Self::invalid(field, quoted(text), detail)
    }

    /// A value that is none of those allowed.
    pub(super) fn unsupported(field: impl Into<String>, value: &str, supported: &[&str]) -> Self {
        Self::unsupported_value(field, quoted(value), supported)
    }

    /// The same for a value that is no text.
    pub(super) fn unsupported_value(
        field: impl Into<String>,
        value: impl fmt::Display,
        supported: &[&str],
    ) -> Self {
        let supported: Vec<_> = supported.iter().map(|value| quoted(value)).collect();
        let supported = supported.join(", ");
        let what = format!("Unsupported value: {value}: supported values: {supported}");
        Self::new(field, CauseReason::NotSupported, what)
    }

    /// A value that must not be there.
    pub(super) fn forbidden(field: impl Into<String>, detail: &str) -> Self {
        Self::new(field, CauseReason::Forbidden, format!("Forbidden: {detail}"))
    }

    /// A value that is missing.
    pub(super) fn required(field: impl Into<String>, detail: &str) -> Self {
        let colon = if detail.is_empty() { "" } else { ": " };
        Self::new(field, CauseReason::Required, format!("Required value{colon}{detail}"))
    }

    /// A value that names something that is not there.
    pub(super) fn not_found(field: impl Into<String>, value: &str) -> Self {
        Self::new(field, CauseReason::NotFound, format!("Not found: {}", quoted(value)))
    }

    /// The same, with what there is instead.
    pub(super) fn not_found_among(field: impl Into<String>, value: &str, detail: &str) -> Self {
        let what = format!("Not found: {}: {detail}", quoted(value));
        Self::new(field, CauseReason::NotFound, what)
    }

    /// A value that stands twice.
    pub(super) fn duplicate(field: impl Into<String>, value: &str) -> Self {
        Self::duplicate_value(field, quoted(value), "")
    }

    /// The same for a value that is no text.
    pub(super) fn duplicate_value(
        field: impl Into<String>,
        value: impl fmt::Display,
        detail: &str,
    ) -> Self {
        let colon = if detail.is_empty() { "" } else { ": " };
        let what = format!("Duplicate value: {value}{colon}{detail}");
        Self::new(field, CauseReason::Duplicate, what)
    }

    /// A value with more bytes than it may have.
    pub(super) fn too_long(field: impl Into<String>, detail: &str) -> Self {
        Self::new(field, CauseReason::TooLong, format!("Too long: {detail}"))
    }

    /// The same error in an object that is part of another, such as a pod template.
    #[must_use]
    pub(super) fn under(self, path: &str) -> Self {
        Self { field: format!("{path}.{}", self.field), ..self }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.what)
    }
}

/// A text as Go's `%q` prints it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{b}' => quoted.push_str("\\v"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\'' => quoted.push('\''),
            _ if character.is_ascii_control() => {
                quoted.push_str(&format!("\\x{:02x}", u32::from(character)));
            }
            // Rust escapes what is not printable, as Go does, in a form of its own.
            _ if character.escape_debug().len() == 1 => quoted.push(character),
            _ if u32::from(character) <= 0xffff => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => quoted.push_str(&format!("\\U{:08x}", u32::from(character))),
        }
    }
    quoted.push('"');
    quoted
}

/// 422: the object breaks rules. Several are shown as a list, each once. The kind comes with its
/// group, `ReplicaSet.apps`.
#[must_use]
pub(super) fn invalid(kind: &str, name: &str, errors: &[FieldError]) -> Status {
    let mut shown: Vec<String> = Vec::with_capacity(errors.len());
    for error in errors {
        let error = error.to_string();
        if !shown.contains(&error) {
            shown.push(error);
        }
    }
    let what = match &*shown {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    let causes = errors
        .iter()
        .map(|error| Cause {
            reason: error.reason,
            message: error.what.clone(),
            field: error.field.clone(),
        })
        .collect();
    let details = Details { causes, ..Status::about(kind, name) };
    Status::new(422, "Invalid", format!("{kind} {name:?} is invalid: {what}")).with_details(details)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_go_quotes_them() {
        assert_eq!(quoted("it's \"a\"\\b"), r#""it's \"a\"\\b""#);
        assert_eq!(quoted("\u{7}\n\u{1}\u{200b}ö"), r#""\a\n\x01\u200bö""#);
    }

    #[test]
    fn an_error_that_occurs_twice_is_said_once_and_has_two_causes() {
        let error = FieldError::required("spec.a", "");
        let status = invalid("Pod", "p", &[error.clone(), error]);
        assert_eq!(status.message, "Pod \"p\" is invalid: spec.a: Required value");
        assert_eq!(status.details.map(|details| details.causes.len()), Some(2));
    }
}
