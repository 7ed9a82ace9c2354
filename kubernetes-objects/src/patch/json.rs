//! JSON patch, RFC 6902.

use json_patch::PatchOperation;
use json_patch::jsonptr::Pointer;
use serde_json::Value as Json;

use super::{PatchKind, does_not_fit, read};
use crate::Status;

/// How many operations a patch may have (`maxJSONPatchOperations` of the API server, 1.36).
const MAX_OPERATIONS: usize = 10_000;

/// How many bytes all copies of a patch may have (`JSONPatchMaxCopyBytes`, 1.36).
const MAX_COPIED_BYTES: usize = 3 * 1024 * 1024;

pub(super) fn apply(live: &Json, patch: &Json) -> Result<Json, Status> {
    let prefix = PatchKind::Json.refusal_prefix();
    let operations = match patch {
        Json::Array(operations) => operations.as_slice(),
        Json::Null => &[],
        other => return Err(read::wrong_type(prefix, other, "[]handlers.jsonPatchOp")),
    };
    if let Some(other) = operations.iter().find(|one| !one.is_object()) {
        return Err(read::wrong_type(prefix, other, "handlers.jsonPatchOp"));
    }
    if operations.len() > MAX_OPERATIONS {
        let message = format!(
            "The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {}",
            operations.len()
        );
        return Err(Status::new(
            413,
            "RequestEntityTooLarge",
            format!("Request entity too large: {message}"),
        ));
    }
    let mut patched = live.clone();
    let mut copied = 0;
    for operation in operations {
        let operation: PatchOperation =
            serde::Deserialize::deserialize(operation).map_err(|_| does_not_fit())?;
        if let PatchOperation::Copy(copy) = &operation {
            let value = copy.from.resolve(&patched).map_err(|_| does_not_fit())?;
            copied += value.to_string().len();
            if copied > MAX_COPIED_BYTES {
                return Err(does_not_fit());
            }
        }
        if is_test_for_nothing(&patched, &operation) {
            continue;
        }
        json_patch::patch_unsafe(&mut patched, std::slice::from_ref(&operation))
            .map_err(|_| does_not_fit())?;
    }
    Ok(patched)
}

/// Whether the operation tests for null what is not there: to the server, it is.
fn is_test_for_nothing(document: &Json, operation: &PatchOperation) -> bool {
    let PatchOperation::Test(test) = operation else { return false };
    let path: &Pointer = &test.path;
    let parent = path.parent().and_then(|parent| parent.resolve(document).ok());
    test.value.is_null() && parent.is_some_and(Json::is_object) && path.resolve(document).is_err()
}
