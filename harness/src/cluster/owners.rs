//! Who owns the fields of an object.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Unit;
use kubernetes_objects::Status;
use kubernetes_objects::ownership::{self, Interner, Managers};
use kubernetes_objects::resource::Resource;
use serde_json::Value as Json;

use super::object::Object;
use super::store::Record;

/// The owners of an object's fields; cloning shares them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FieldOwners(Option<Arc<Managers>>);

/// Who writes what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'a> {
    /// The field manager.
    pub(super) manager: &'a str,
    /// What is below the object; empty for the object itself.
    pub(super) subresource: &'a str,
}

impl<'a> Writer<'a> {
    pub(super) fn of(manager: &'a str, subresource: &'a str) -> Self {
        Self { manager, subresource }
    }
}

impl FieldOwners {
    fn of(managers: Managers, shared: &mut Interner) -> Self {
        let none = managers.is_empty();
        Self((!none).then(|| Arc::new(shared.share(managers))))
    }

    fn managers(&self) -> Managers {
        self.0.as_deref().cloned().unwrap_or_default()
    }

    /// The owners after a write that is no apply.
    pub(super) fn after_update(
        resource: &'static Resource,
        before: Option<&Record>,
        after: &Object,
        by: Writer<'_>,
        now: &Time,
        shared: &mut Interner,
    ) -> Self {
        let time = in_seconds(now);
        let writer =
            ownership::Writer { manager: by.manager, subresource: by.subresource, time: &time };
        let old = before.map(|record| record.object.as_json_of(resource));
        let new = after.as_json_of(resource);
        let known = before.map(|record| record.owners.managers()).unwrap_or_default();
        Self::of(ownership::on_update(resource, old.as_ref(), &new, known, writer), shared)
    }

    /// The object and its owners after a configuration was applied.
    ///
    /// # Errors
    /// [`Status`] when others own what would change.
    pub(super) fn after_apply(
        resource: &'static Resource,
        before: Option<&Record>,
        configuration: &Json,
        by: Writer<'_>,
        now: &Time,
        force: bool,
        shared: &mut Interner,
    ) -> Result<(Json, Self), Status> {
        let time = in_seconds(now);
        let writer =
            ownership::Writer { manager: by.manager, subresource: by.subresource, time: &time };
        let live = before.map(|record| record.object.as_json_of(resource));
        let known = before.map(|record| record.owners.managers()).unwrap_or_default();
        let (merged, managers) =
            ownership::apply(resource, live.as_ref(), known, configuration, writer, force)?;
        Ok((merged, Self::of(managers, shared)))
    }

    /// The owners that a write starts from which brings `metadata.managedFields` of its own.
    pub(super) fn as_requested(
        &self,
        body: &Json,
        subresource: &str,
        shared: &mut Interner,
    ) -> Self {
        if body.pointer("/metadata/managedFields").is_none() {
            return self.clone();
        }
        Self::of(Managers::of_request(&self.managers(), body, subresource), shared)
    }

    /// `metadata.managedFields`; none where nobody owns anything.
    pub(super) fn to_json(&self) -> Option<Json> {
        self.0.as_ref().map(|managers| managers.to_json())
    }
}

/// A time as objects carry it: RFC 3339 in whole seconds.
fn in_seconds(time: &Time) -> String {
    // Rounding down is always possible.
    let round = k8s_openapi::jiff::TimestampRound::new()
        .smallest(Unit::Second)
        .mode(k8s_openapi::jiff::RoundMode::Floor);
    time.0.round(round).unwrap_or(time.0).to_string()
}
