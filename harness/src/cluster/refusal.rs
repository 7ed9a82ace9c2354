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

    /// A value that is none of those allowed.
    pub(super) fn unsupported(field: impl Into<String>, value: &str, supported: &[&str]) -> Self {
        let supported: Vec<_> = supported.iter().map(|value| format!("{value:?}")).collect();
        let supported = supported.join(", ");
        let what = format!("Unsupported value: {value:?}: supported values: {supported}");
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
        Self::new(field, CauseReason::NotFound, format!("Not found: {value:?}"))
    }

    /// A value that stands twice.
    pub(super) fn duplicate(field: impl Into<String>, value: &str) -> Self {
        Self::new(field, CauseReason::Duplicate, format!("Duplicate value: {value:?}"))
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

/// 422: the object breaks rules. Several are shown as a list. The kind comes with its group,
/// `ReplicaSet.apps`.
#[must_use]
pub(super) fn invalid(kind: &str, name: &str, errors: &[FieldError]) -> Status {
    let what = match errors {
        [one] => one.to_string(),
        several => {
            let all: Vec<_> = several.iter().map(ToString::to_string).collect();
            format!("[{}]", all.join(", "))
        }
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
