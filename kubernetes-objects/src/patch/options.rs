//! What a patch request must say of itself.

use crate::{Cause, CauseReason, Details, Status};

/// The types of patches that a server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchKind {
    /// JSON patch, RFC 6902.
    Json,
    /// JSON merge patch, RFC 7386.
    Merge,
    /// Strategic merge patch.
    Strategic,
    /// Server-side apply.
    Apply,
}

/// In the order in which the server lists them.
const KINDS: &[(&str, PatchKind)] = &[
    ("application/json-patch+json", PatchKind::Json),
    ("application/merge-patch+json", PatchKind::Merge),
    ("application/strategic-merge-patch+json", PatchKind::Strategic),
    ("application/apply-patch+yaml", PatchKind::Apply),
];

impl PatchKind {
    /// The kind by the request's `Content-Type`; parameters do not matter.
    ///
    /// # Errors
    ///
    /// 415 for every other type.
    pub fn of_content_type(content_type: &str) -> Result<Self, Status> {
        let name = content_type.split(';').next().unwrap_or_default();
        let found = KINDS.iter().find(|(one, _)| *one == name).map(|(_, found)| *found);
        found.ok_or_else(|| {
            let known: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
            let message = format!(
                "the body of the request was in an unknown format - accepted media types include: {}",
                known.join(", ")
            );
            Status::new(415, "UnsupportedMediaType", message)
        })
    }

    /// The `Content-Type` of such a patch.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// What stands before the reason where such a patch cannot be read.
    pub(super) fn refusal_prefix(self) -> &'static str {
        match self {
            Self::Json | Self::Merge => "error decoding patch: ",
            Self::Strategic => "",
            Self::Apply => "error decoding YAML: ",
        }
    }
}

/// Checks the request's `fieldManager` and `force` against its type.
///
/// # Errors
///
/// 422 for an apply without manager, and for any other patch that forces.
pub fn validate_options(
    kind: PatchKind,
    field_manager: &str,
    force: Option<bool>,
) -> Result<(), Status> {
    let mut causes = Vec::new();
    let mut fault = |reason, field: &str, message: &str| {
        causes.push(Cause { reason, message: message.to_owned(), field: field.to_owned() });
    };
    match kind {
        PatchKind::Apply if field_manager.is_empty() => fault(
            CauseReason::Required,
            "fieldManager",
            "Required value: is required for apply patch",
        ),
        PatchKind::Json | PatchKind::Merge | PatchKind::Strategic if force.is_some() => fault(
            CauseReason::Forbidden,
            "force",
            "Forbidden: may not be specified for non-apply patch",
        ),
        _ => {}
    }
    if field_manager.len() > MAX_MANAGER_BYTES {
        let message = format!("Too long: may not be more than {MAX_MANAGER_BYTES} bytes");
        fault(CauseReason::TooLong, "fieldManager", &message);
    }
    let Some(first) = causes.first() else { return Ok(()) };
    let what = match causes.as_slice() {
        [_] => format!("{}: {}", first.field, first.message),
        all => {
            let all: Vec<String> =
                all.iter().map(|one| format!("{}: {}", one.field, one.message)).collect();
            format!("[{}]", all.join(", "))
        }
    };
    let message = format!("PatchOptions.meta.k8s.io \"\" is invalid: {what}");
    Err(Status::new(422, "Invalid", message).with_details(Details {
        group: "meta.k8s.io".to_owned(),
        kind: "PatchOptions".to_owned(),
        causes,
        ..Details::default()
    }))
}

/// How long a manager's name may be (`FieldManagerMaxLength` of apimachinery, 1.36).
const MAX_MANAGER_BYTES: usize = 128;
