//! Patches: JSON patch (RFC 6902), JSON merge patch (RFC 7386) and strategic merge patch.
//!
//! [`apply`] gives the patched object, before defaults and validation. Server-side apply is not a
//! patch in this sense: see [`ownership::apply`](crate::ownership::apply).

mod json;
mod merge;
mod options;
mod order;
mod read;
mod strategic;

use serde_json::Value as Json;

use crate::resource::Resource;
use crate::{Details, Status};

pub use options::{PatchKind, validate_options};

/// Patches an object. Server-side apply needs to know who owns what, and so is no such patch:
/// [`ownership::apply`](crate::ownership::apply) does it.
///
/// # Errors
///
/// 400 where the patch is no patch of its type; 413 for too many operations; 422 where it does not
/// fit the object; 500 for a strategic merge patch that contradicts the schema, as the server does,
/// and for server-side apply.
pub fn apply(
    kind: PatchKind,
    live: &Json,
    patch: &[u8],
    resource: &'static Resource,
) -> Result<Json, Status> {
    let patch = read::json(patch, kind.refusal_prefix())?;
    apply_json(kind, live, &patch, resource)
}

/// The same for a patch that is JSON already.
///
/// # Errors
///
/// Those of [`apply`].
pub fn apply_json(
    kind: PatchKind,
    live: &Json,
    patch: &Json,
    resource: &'static Resource,
) -> Result<Json, Status> {
    match kind {
        PatchKind::Json => json::apply(live, patch),
        PatchKind::Merge => merge::apply(live, patch),
        PatchKind::Strategic => strategic::apply(live, patch, resource.schema),
        PatchKind::Apply => {
            let message = format!("{}: unimplemented patch type", kind.content_type());
            Err(Status::new(500, "", message))
        }
    }
}

/// 422 in the words that the server has for every patch that does not fit the object
/// (`NewGenericServerResponse` of apimachinery, 1.36): they never say why.
fn does_not_fit() -> Status {
    Status::new(422, "Invalid", "the server rejected our request due to an error in our request")
        .with_details(Details::default())
}
