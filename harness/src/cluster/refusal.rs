//! How the API server refuses: a `Status` with code, reason and message.

use std::fmt;

use thiserror::Error;

/// A refused request, as the API server's `Status` says it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Refusal {
    /// The HTTP status code.
    pub code: u16,
    /// The machine-readable reason.
    pub reason: &'static str,
    /// The message, as clients show it.
    pub message: String,
}

/// One field that is wrong, as it appears in the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    field: String,
    what: String,
}

impl FieldError {
    /// A value outside its range or form.
    pub fn invalid(field: impl Into<String>, value: impl fmt::Display, detail: &str) -> Self {
        Self { field: field.into(), what: format!("Invalid value: {value}: {detail}") }
    }

    /// A value that is none of those allowed.
    pub fn unsupported(field: impl Into<String>, value: &str, supported: &[&str]) -> Self {
        let supported: Vec<_> = supported.iter().map(|value| format!("{value:?}")).collect();
        let supported = supported.join(", ");
        Self {
            field: field.into(),
            what: format!("Unsupported value: {value:?}: supported values: {supported}"),
        }
    }

    /// A value that must not be there.
    pub fn forbidden(field: impl Into<String>, detail: &str) -> Self {
        Self { field: field.into(), what: format!("Forbidden: {detail}") }
    }

    /// A value that is missing.
    pub fn required(field: impl Into<String>, detail: &str) -> Self {
        let colon = if detail.is_empty() { "" } else { ": " };
        Self { field: field.into(), what: format!("Required value{colon}{detail}") }
    }

    /// A value that names something that is not there.
    pub fn not_found(field: impl Into<String>, value: &str) -> Self {
        Self { field: field.into(), what: format!("Not found: {value:?}") }
    }

    /// A value that stands twice.
    pub fn duplicate(field: impl Into<String>, value: &str) -> Self {
        Self { field: field.into(), what: format!("Duplicate value: {value:?}") }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.what)
    }
}

impl Refusal {
    /// 422: the object breaks rules. Several are shown as a list.
    #[must_use]
    pub fn invalid(kind: &str, name: &str, errors: &[FieldError]) -> Self {
        let details = match errors {
            [one] => one.to_string(),
            several => {
                let all: Vec<_> = several.iter().map(ToString::to_string).collect();
                format!("[{}]", all.join(", "))
            }
        };
        Self {
            code: 422,
            reason: "Invalid",
            message: format!("{kind} {name:?} is invalid: {details}"),
        }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self { code: 400, reason: "BadRequest", message: message.into() }
    }

    /// 404: no such object.
    #[must_use]
    pub fn not_found(resource: &str, name: &str) -> Self {
        Self { code: 404, reason: "NotFound", message: format!("{resource} {name:?} not found") }
    }

    /// 409: the object exists.
    #[must_use]
    pub fn already_exists(resource: &str, name: &str) -> Self {
        Self {
            code: 409,
            reason: "AlreadyExists",
            message: format!("{resource} {name:?} already exists"),
        }
    }
}
