//! How an API server refuses: a `Status` with code, reason, message and causes.

use std::fmt;

use serde_json::{Value as Json, json};
use thiserror::Error;

/// A refused request, as the API server's `Status` says it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Status {
    /// The HTTP status code.
    pub code: u16,
    /// The machine-readable reason; empty for faults of the server's own, which have none.
    pub reason: &'static str,
    /// The message, as clients show it.
    pub message: String,
    /// What it is about; some refusals have none, some an empty one.
    pub details: Option<Box<Details>>,
}

/// What a refusal is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Details {
    /// The object's name.
    pub name: String,
    /// The API group of `kind`; empty for the core group.
    pub group: String,
    /// The kind, or the resource where the server names that.
    pub kind: String,
    /// The object's uid, where the refusal is about a uid.
    pub uid: String,
    /// Each single fault.
    pub causes: Vec<Cause>,
    /// After how many seconds to try again.
    pub retry_after_seconds: Option<u32>,
}

/// One fault of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What is wrong with it, by the server's name.
    pub reason: CauseReason,
    /// The fault, without the field.
    pub message: String,
    /// The path of the field.
    pub field: String,
}

/// The kinds of faults, as `metav1.CauseType` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CauseReason {
    /// `FieldValueNotFound`.
    NotFound,
    /// `FieldValueRequired`.
    Required,
    /// `FieldValueDuplicate`.
    Duplicate,
    /// `FieldValueInvalid`.
    Invalid,
    /// `FieldValueNotSupported`.
    NotSupported,
    /// `FieldValueForbidden`.
    Forbidden,
    /// `FieldValueTooLong`.
    TooLong,
    /// `ResourceVersionTooLarge`.
    ResourceVersionTooLarge,
    /// `FieldManagerConflict`.
    ManagerConflict,
    /// `DisruptionBudget`.
    DisruptionBudget,
    /// None is given.
    Unsaid,
}

impl CauseReason {
    /// The name in a `Status`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotFound => "FieldValueNotFound",
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::ResourceVersionTooLarge => "ResourceVersionTooLarge",
            Self::ManagerConflict => "FieldManagerConflict",
            Self::DisruptionBudget => "DisruptionBudget",
            Self::Unsaid => "",
        }
    }
}

impl fmt::Display for CauseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Status {
    /// A refusal without details.
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None }
    }

    /// The same refusal with details.
    #[must_use]
    pub fn with_details(self, details: Details) -> Self {
        Self { details: Some(Box::new(details)), ..self }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 404: no such object. The resource is given with its group, `replicasets.apps`.
    #[must_use]
    pub fn not_found(resource: &str, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{resource} {name:?} not found"))
            .with_details(Self::about(resource, name))
    }

    /// 409: the object exists.
    #[must_use]
    pub fn already_exists(resource: &str, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{resource} {name:?} already exists"))
            .with_details(Self::about(resource, name))
    }

    /// 409: the object has changed since it was read, or is in the way otherwise.
    #[must_use]
    pub fn conflict(resource: &str, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {resource} {name:?}: {why}");
        Self::new(409, "Conflict", message).with_details(Self::about(resource, name))
    }

    /// Details that name a resource, given with its group, and an object.
    #[must_use]
    pub fn about(resource: &str, name: &str) -> Details {
        let (kind, group) = resource.split_once('.').unwrap_or((resource, ""));
        Details {
            name: name.to_owned(),
            group: group.to_owned(),
            kind: kind.to_owned(),
            ..Details::default()
        }
    }

    /// The object that is sent.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {},
            "status": "Failure", "message": self.message,
        });
        if !self.reason.is_empty() {
            status["reason"] = self.reason.into();
        }
        if let Some(details) = &self.details {
            status["details"] = details.to_json();
        }
        status["code"] = self.code.into();
        status
    }
}

impl Details {
    fn to_json(&self) -> Json {
        let mut details = serde_json::Map::new();
        for (name, value) in
            [("name", &self.name), ("group", &self.group), ("kind", &self.kind), ("uid", &self.uid)]
        {
            if !value.is_empty() {
                details.insert(name.to_owned(), value.as_str().into());
            }
        }
        if !self.causes.is_empty() {
            let causes = self.causes.iter().map(Cause::to_json).collect();
            details.insert("causes".to_owned(), Json::Array(causes));
        }
        if let Some(seconds) = self.retry_after_seconds {
            details.insert("retryAfterSeconds".to_owned(), seconds.into());
        }
        Json::Object(details)
    }
}

impl Cause {
    fn to_json(&self) -> Json {
        let parts = [
            ("reason", self.reason.name()),
            ("message", self.message.as_str()),
            ("field", self.field.as_str()),
        ];
        // Go leaves out what is empty.
        let said = parts.into_iter().filter(|(_, text)| !text.is_empty());
        said.map(|(name, text)| (name.to_owned(), Json::from(text))).collect()
    }
}
