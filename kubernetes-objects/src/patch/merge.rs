//! JSON merge patch, RFC 7386.

use serde_json::Value as Json;

use super::{PatchKind, read};
use crate::Status;

pub(super) fn apply(live: &Json, patch: &Json) -> Result<Json, Status> {
    match patch {
        Json::Object(_) => {}
        Json::Null => return Err(Status::bad_request("Invalid JSON Patch")),
        other => {
            let prefix = PatchKind::Merge.refusal_prefix();
            return Err(read::wrong_type(prefix, other, "map[string]interface {}"));
        }
    }
    let mut patched = live.clone();
    json_patch::merge(&mut patched, patch);
    Ok(patched)
}
