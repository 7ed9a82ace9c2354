//! JSON patch, RFC 6902, as the server reads it.

use json_patch::jsonptr::{Pointer, PointerBuf};
use json_patch::{AddOperation, PatchOperation};
use serde::Deserialize;
use serde_json::Value as Json;

use super::{PatchKind, does_not_fit, read};
use crate::Status;

/// How many operations a patch may have (`maxJSONPatchOperations` of the API server, 1.36).
const MAX_OPERATIONS: usize = 10_000;

/// How many bytes all copies of a patch may have (`JSONPatchMaxCopyBytes`, 1.36).
const MAX_COPIED_BYTES: usize = 3 * 1024 * 1024;

/// How deep what is read nests at most, which serde_json sees to.
const READ_DEPTH: usize = 128;

/// How deep copies and moves may nest an object. No Kubernetes object comes near.
const MAX_DEPTH: usize = 512;

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
            "Request entity too large: The allowed maximum operations in a JSON patch is \
             {MAX_OPERATIONS}, got {}",
            operations.len()
        );
        return Err(Status::new(413, "RequestEntityTooLarge", message));
    }
    let mut patched = live.clone();
    let mut spent = Spent { copied: 0, depth: READ_DEPTH };
    for operation in operations {
        step(&mut patched, operation, &mut spent).ok_or_else(does_not_fit)?;
    }
    Ok(patched)
}

/// What a patch has used up.
struct Spent {
    /// Bytes copied.
    copied: usize,
    /// How deep the object can nest by now.
    depth: usize,
}

/// Does one operation; none where it does not fit.
fn step(document: &mut Json, operation: &Json, spent: &mut Spent) -> Option<()> {
    let operation = PatchOperation::deserialize(operation).ok()?;
    let Some(operation) = as_read(document, operation)? else { return Some(()) };
    if let PatchOperation::Copy(copy) = &operation {
        spent.copied += copy.from.resolve(document).ok()?.to_string().len();
    }
    if matches!(operation, PatchOperation::Copy(_) | PatchOperation::Move(_)) {
        spent.depth += operation.path().count();
    }
    if spent.copied > MAX_COPIED_BYTES || spent.depth > MAX_DEPTH {
        return None;
    }
    json_patch::patch_unsafe(document, &[operation]).ok()
}

/// An operation as the server reads it (evanphx/json-patch 4, 1.36), which RFC 6902 would not:
/// indices below zero count from the end, replacing what is not there adds it, and what is not
/// there is null to tests and copies. Only `replace` and `test` are about the whole document. An
/// operation that has nothing to do is none inside.
fn as_read(document: &Json, operation: PatchOperation) -> Option<Option<PatchOperation>> {
    let in_document = |path: &Pointer, adds| counted(document, path, adds);
    Some(Some(match operation {
        PatchOperation::Add(mut add) => {
            add.path = in_document(below_root(&add.path)?, true);
            PatchOperation::Add(add)
        }
        PatchOperation::Remove(mut remove) => {
            remove.path = in_document(below_root(&remove.path)?, false);
            PatchOperation::Remove(remove)
        }
        PatchOperation::Replace(mut replace) => {
            replace.path = in_document(&replace.path, false);
            if is_absent(document, &replace.path) {
                PatchOperation::Add(AddOperation { path: replace.path, value: replace.value })
            } else {
                PatchOperation::Replace(replace)
            }
        }
        PatchOperation::Move(mut moved) => {
            moved.from = in_document(below_root(&moved.from)?, false);
            moved.path = in_document(below_root(&moved.path)?, true);
            PatchOperation::Move(moved)
        }
        PatchOperation::Copy(mut copy) => {
            copy.from = in_document(below_root(&copy.from)?, false);
            copy.path = in_document(below_root(&copy.path)?, true);
            if is_absent(document, &copy.from) {
                PatchOperation::Add(AddOperation { path: copy.path, value: Json::Null })
            } else {
                PatchOperation::Copy(copy)
            }
        }
        PatchOperation::Test(mut test) => {
            test.path = in_document(&test.path, false);
            if test.value.is_null() && is_absent(document, &test.path) {
                return Some(None);
            }
            PatchOperation::Test(test)
        }
    }))
}

fn below_root(path: &Pointer) -> Option<&Pointer> {
    (!path.is_root()).then_some(path)
}

/// Whether the path leads to an object that has no such field.
fn is_absent(document: &Json, path: &Pointer) -> bool {
    let Some((parent, name)) = path.split_back() else { return false };
    let parent = parent.resolve(document).ok().and_then(Json::as_object);
    parent.is_some_and(|parent| !parent.contains_key(&*name.decoded()))
}

/// The path with indices below zero counted from the end; one that adds may point past it.
fn counted(document: &Json, path: &Pointer, adds: bool) -> PointerBuf {
    let mut counted = PointerBuf::new();
    for (at, token) in path.tokens().enumerate() {
        let list = counted.resolve(document).ok().and_then(Json::as_array);
        let decoded = token.decoded();
        let back = decoded.strip_prefix('-').and_then(|back| back.parse::<usize>().ok());
        let end = list.map(|list| list.len() + usize::from(adds && at + 1 == path.count()));
        match (end, back) {
            (Some(end), Some(back)) if back > 0 && back <= end => {
                counted.push_back((end - back).to_string());
            }
            _ => counted.push_back(token),
        }
    }
    counted
}
