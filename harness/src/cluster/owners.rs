//! Who owns the fields of an object.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kubernetes_objects::resource::Resource;

use super::object::Object;
use super::store::Record;

/// The owners of an object's fields; cloning shares them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FieldOwners;

/// Who writes what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) manager: &'a str,
    pub(super) subresource: &'a str,
}

impl<'a> Writer<'a> {
    pub(super) fn of(manager: &'a str, subresource: &'a str) -> Self {
        Self { manager, subresource }
    }
}

impl FieldOwners {
    /// The owners after a write that is no apply.
    pub(super) fn after_update(
        _resource: &'static Resource,
        _before: Option<&Record>,
        _after: &Object,
        _writer: Writer<'_>,
        _now: &Time,
    ) -> Self {
        Self
    }

    pub(super) fn after_apply(
        _resource: &'static Resource,
        _before: Option<&Record>,
        config: &serde_json::Value,
        _writer: Writer<'_>,
        _now: &Time,
        _force: bool,
    ) -> Result<(serde_json::Value, Self), kubernetes_objects::Status> {
        Ok((config.clone(), Self))
    }

    pub(super) fn to_json(&self) -> Option<serde_json::Value> {
        None
    }
}
