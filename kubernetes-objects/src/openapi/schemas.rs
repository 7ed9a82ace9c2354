//! The schemas of types, with the extensions by which clients merge lists.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::descriptions;
use crate::resource::{RESOURCES, Resource};
use crate::schema::{self, Field, FieldPatch, ListKind, Struct, Type, meta_v1};

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";
const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const INT_OR_STRING: &str = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
const RAW_EXTENSION: &str = "io.k8s.apimachinery.pkg.runtime.RawExtension";

/// Where a structure's schema is within a document.
pub(super) fn reference_to(structure: &Struct) -> String {
    format!("#/components/schemas/{}", name_of(structure))
}

fn name_of(structure: &Struct) -> String {
    format!("{}.{}", structure.package, structure.name)
}

/// All schemas that a document about these resources refers to, by name.
pub(super) fn reached_by(resources: &[&'static Resource]) -> Json {
    let mut found = BTreeMap::new();
    add(&meta_v1::DELETE_OPTIONS, &mut found);
    add(&meta_v1::STATUS, &mut found);
    for resource in resources {
        add(resource.schema, &mut found);
        for below in resource.subresources {
            add(below.schema, &mut found);
        }
    }
    for (name, schema) in [
        (QUANTITY.to_owned(), json!({"oneOf": [{"type": "string"}, {"type": "number"}]})),
        (
            INT_OR_STRING.to_owned(),
            json!({"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]}),
        ),
        (RAW_EXTENSION.to_owned(), json!({"type": "object"})),
        (format!("{META}.FieldsV1"), json!({"type": "object"})),
        (format!("{META}.MicroTime"), json!({"type": "string", "format": "date-time"})),
        (format!("{META}.Time"), json!({"type": "string", "format": "date-time"})),
    ] {
        found.insert(name, schema);
    }
    Json::Object(found.into_iter().collect())
}

fn add(structure: &'static Struct, found: &mut BTreeMap<String, Json>) {
    let name = name_of(structure);
    if found.contains_key(&name) {
        return;
    }
    found.insert(name.clone(), Json::Null);
    for field in structure.fields {
        add_within(&field.of, found);
    }
    found.insert(name, schema_of(structure));
}

fn add_within(of: &Type, found: &mut BTreeMap<String, Json>) {
    match of {
        Type::Struct(structure) => add(structure, found),
        Type::List(of, _) | Type::Map(_, of) => add_within(of, found),
        _ => {}
    }
}

fn schema_of(structure: &'static Struct) -> Json {
    let mut schema = Map::new();
    if let Some(text) = descriptions::of_type(structure.name) {
        schema.insert("description".to_owned(), text.into());
    }
    schema.insert("type".to_owned(), "object".into());
    let required: Vec<_> =
        structure.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    let properties: Map<_, _> = structure
        .fields
        .iter()
        .map(|field| (field.name.to_owned(), property(structure, field)))
        .collect();
    schema.insert("properties".to_owned(), Json::Object(properties));
    if structure.atomic {
        schema.insert("x-kubernetes-map-type".to_owned(), "atomic".into());
    }
    let kinds = kinds_of(structure);
    if !kinds.is_empty() {
        schema.insert("x-kubernetes-group-version-kind".to_owned(), kinds.into());
    }
    Json::Object(schema)
}

/// The group, version and kind of a structure that is one.
fn kinds_of(structure: &'static Struct) -> Vec<Json> {
    if !structure.fields.iter().any(|field| field.name == "apiVersion")
        || !structure.fields.iter().any(|field| field.name == "metadata")
    {
        return Vec::new();
    }
    let mut kinds: Vec<_> = RESOURCES
        .iter()
        .flat_map(|one| {
            let own = (one.schema, one.group, one.version, one.kind);
            let below = one.subresources.iter().map(|below| {
                let (group, version) = below.group_version.unwrap_or((one.group, one.version));
                (below.schema, group, version, below.kind)
            });
            std::iter::once(own).chain(below)
        })
        .filter(|(schema, ..)| std::ptr::eq(*schema, structure))
        .map(|(_, group, version, kind)| json!({"group": group, "version": version, "kind": kind}))
        .collect();
    kinds.dedup();
    kinds
}

fn property(structure: &Struct, field: &Field) -> Json {
    let mut property = Map::new();
    if let Some(text) = descriptions::of_field(structure.name, field.name) {
        property.insert("description".to_owned(), text.into());
    }
    if let Some(Ok(default)) = field.default.map(serde_json::from_str::<Json>) {
        property.insert("default".to_owned(), default);
    }
    match value(&field.of) {
        // A reference stands alone; what else is said of it goes beside it.
        Json::Object(reference) if reference.contains_key("$ref") => {
            property.insert("allOf".to_owned(), json!([reference]));
        }
        Json::Object(value) => property.extend(value),
        _ => {}
    }
    let strategy = patch_strategy(field);
    if let Type::List(_, merge) = field.of {
        let kind = match merge.apply {
            ListKind::Atomic => "atomic",
            ListKind::Set => "set",
            ListKind::Map(_) => "map",
        };
        property.insert("x-kubernetes-list-type".to_owned(), kind.into());
        if let ListKind::Map(keys) = merge.apply {
            property.insert("x-kubernetes-list-map-keys".to_owned(), keys.into());
        }
        if let Some(key) = merge.patch.filter(|key| !key.is_empty()) {
            property.insert("x-kubernetes-patch-merge-key".to_owned(), key.into());
        }
    }
    if field.atomic {
        property.insert("x-kubernetes-map-type".to_owned(), "atomic".into());
    }
    if !strategy.is_empty() {
        property.insert("x-kubernetes-patch-strategy".to_owned(), strategy.join(",").into());
    }
    Json::Object(property)
}

fn patch_strategy(field: &Field) -> Vec<&'static str> {
    let merged = matches!(field.of, Type::List(_, merge) if merge.patch.is_some());
    let own = match field.patch {
        FieldPatch::Merge => None,
        FieldPatch::Replace => Some("replace"),
        FieldPatch::RetainKeys => Some("retainKeys"),
    };
    merged.then_some("merge").into_iter().chain(own).collect()
}

fn value(of: &Type) -> Json {
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    match of {
        Type::Text(name) => match schema::values_of(name) {
            [] => json!({"type": "string"}),
            values => json!({"type": "string", "enum": values}),
        },
        Type::Bool => json!({"type": "boolean"}),
        Type::Int32 => json!({"type": "integer", "format": "int32"}),
        Type::Int64 => json!({"type": "integer", "format": "int64"}),
        Type::Bytes => json!({"type": "string", "format": "byte"}),
        Type::Quantity => reference(QUANTITY),
        Type::IntOrString => reference(INT_OR_STRING),
        Type::Time => reference(&format!("{META}.Time")),
        Type::MicroTime => reference(&format!("{META}.MicroTime")),
        Type::Any => reference(RAW_EXTENSION),
        Type::Map(_, of) => json!({"type": "object", "additionalProperties": item(of)}),
        Type::List(of, _) => json!({"type": "array", "items": item(of)}),
        Type::Struct(structure) => json!({"$ref": reference_to(structure)}),
    }
}

fn item(of: &Type) -> Json {
    let item = value(of);
    if item.get("$ref").is_some() { json!({"allOf": [item]}) } else { item }
}
