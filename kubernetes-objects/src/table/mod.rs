//! Server-side tables: what `kubectl get` prints, computed by the server, and objects reduced to
//! their metadata.

mod age;
mod claim;
mod columns;
mod event;
mod node;
mod object;
mod pod;
mod service;
mod workload;

use std::cell::OnceCell;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::resource::Resource;

pub use age::human_duration;

/// A column of a table.
struct Column {
    name: &'static str,
    kind: &'static str,
    format: &'static str,
    description: &'static str,
    priority: u32,
    cell: fn(&Row<'_>) -> Json,
}

/// An object that becomes a row.
struct Row<'a> {
    object: &'a Json,
    now: Timestamp,
    pod: OnceCell<pod::PodSummary>,
}

impl Row<'_> {
    fn pod(&self) -> &pod::PodSummary {
        self.pod.get_or_init(|| pod::PodSummary::of(self.object))
    }

    fn spec(&self) -> &Json {
        &self.object["spec"]
    }

    fn status(&self) -> &Json {
        &self.object["status"]
    }

    /// The pod that the object makes.
    fn template(&self) -> &Json {
        let maker = match self.spec() {
            spec if spec["jobTemplate"].is_object() => &spec["jobTemplate"]["spec"],
            spec => spec,
        };
        &maker["template"]["spec"]
    }
}

/// What each row carries of its object, by the query's `includeObject`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IncludeObject {
    /// Nothing.
    None,
    /// Its metadata.
    #[default]
    Metadata,
    /// All of it.
    Object,
}

/// The table of these objects: a list's metadata, or the object's own for one.
#[must_use]
pub fn table(
    resource: &Resource,
    metadata: &Json,
    objects: &[Json],
    include: IncludeObject,
    now: Timestamp,
) -> Json {
    let columns = columns::of_resource(resource.group, resource.plural);
    let definitions: Vec<_> = columns.iter().map(Column::definition).collect();
    let rows = rows(resource, objects, include, now);
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": definitions, "rows": rows,
    })
}

/// The table of one event of a watch; only the first of a watch says what the columns are.
#[must_use]
pub fn watch_table(
    resource: &Resource,
    object: &Json,
    include: IncludeObject,
    now: Timestamp,
    is_first: bool,
) -> Json {
    let metadata = json!({"resourceVersion": object["metadata"]["resourceVersion"]});
    let mut table = table(resource, &metadata, std::slice::from_ref(object), include, now);
    if !is_first {
        table["columnDefinitions"] = Json::Null;
    }
    table
}

fn rows(
    resource: &Resource,
    objects: &[Json],
    include: IncludeObject,
    now: Timestamp,
) -> Vec<Json> {
    let columns = columns::of_resource(resource.group, resource.plural);
    let is_pod = resource.group.is_empty() && resource.plural == "pods";
    let of = |object: &Json| {
        let row = Row { object, now, pod: OnceCell::new() };
        let cells: Vec<_> = columns.iter().map(|column| (column.cell)(&row)).collect();
        let mut row = json!({ "cells": cells });
        if is_pod && let Some((reason, message)) = pod::conditions(object) {
            row["conditions"] = json!([{
                "type": "Completed", "status": "True", "reason": reason, "message": message,
            }]);
        }
        row["object"] = match include {
            IncludeObject::None => Json::Null,
            IncludeObject::Metadata => partial(object),
            IncludeObject::Object => object.clone(),
        };
        row
    };
    objects.iter().map(of).collect()
}

/// The object reduced to its metadata.
#[must_use]
pub fn partial(object: &Json) -> Json {
    json!({
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
        "metadata": object["metadata"],
    })
}

/// A list reduced to the metadata of its objects.
#[must_use]
pub fn partial_list(metadata: &Json, objects: &[Json]) -> Json {
    let items: Vec<_> = objects.iter().map(partial).collect();
    json!({
        "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata, "items": items,
    })
}

impl Column {
    fn definition(&self) -> Json {
        json!({
            "name": self.name, "type": self.kind, "format": self.format,
            "description": self.description, "priority": self.priority,
        })
    }
}
