//! stub
use crate::{Status, resource::Resource};
use serde_json::Value as Json;
/// s
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchKind {
    /// a
    Json,
    /// b
    Merge,
    /// c
    Strategic,
    /// d
    Apply,
}
/// s
pub fn apply(_: PatchKind, live: &Json, _: &[u8], _: &'static Resource) -> Result<Json, Status> {
    Ok(live.clone())
}
/// s
pub fn apply_json(
    _: PatchKind,
    live: &Json,
    _: &Json,
    _: &'static Resource,
) -> Result<Json, Status> {
    Ok(live.clone())
}
