//! The operations on resources, with the kinds they are about and the parameters they take.

use serde_json::{Map, Value as Json, json};

use super::document_path;
use super::schemas::reference_to;
use crate::resource::Resource;

/// Media types of patches, in the server's order.
const PATCHES: &[&str] = &[
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
];

/// Parameters of what changes an object.
const CHANGING: &[(&str, &str)] =
    &[("dryRun", "string"), ("fieldManager", "string"), ("fieldValidation", "string")];

/// Parameters of lists.
const LISTING: &[(&str, &str)] = &[
    ("allowWatchBookmarks", "boolean"),
    ("continue", "string"),
    ("fieldSelector", "string"),
    ("labelSelector", "string"),
    ("limit", "integer"),
    ("resourceVersion", "string"),
    ("resourceVersionMatch", "string"),
    ("sendInitialEvents", "boolean"),
    ("timeoutSeconds", "integer"),
    ("watch", "boolean"),
];

/// Parameters of deletions.
const DELETING: &[(&str, &str)] = &[
    ("dryRun", "string"),
    ("gracePeriodSeconds", "integer"),
    ("orphanDependents", "boolean"),
    ("propagationPolicy", "string"),
];

/// A kind that operations are about.
struct About {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    schema: String,
}

/// The paths of resources and of what is below them.
pub(super) fn of(resources: &[&'static Resource]) -> Json {
    let mut paths = Map::new();
    for resource in resources {
        let root = format!("/{}", document_path(resource));
        let own = About {
            group: resource.group,
            version: resource.version,
            kind: resource.kind,
            schema: reference_to(resource.schema),
        };
        let all = if resource.namespaced {
            let everywhere = format!("{root}/{}", resource.plural);
            if resource.verbs.contains(&"list") {
                paths.insert(everywhere, path(&["list"], &own, &[]));
            }
            format!("{root}/namespaces/{{namespace}}/{}", resource.plural)
        } else {
            format!("{root}/{}", resource.plural)
        };
        let wanted = |of_collection: &[&'static str]| -> Vec<&'static str> {
            resource.verbs.iter().copied().filter(|verb| of_collection.contains(verb)).collect()
        };
        let namespace: &[&str] = if resource.namespaced { &["namespace"] } else { &[] };
        let name: &[&str] = if resource.namespaced { &["name", "namespace"] } else { &["name"] };
        paths.insert(
            all.clone(),
            path(&wanted(&["create", "deletecollection", "list"]), &own, namespace),
        );
        let one = format!("{all}/{{name}}");
        let verbs = wanted(&["delete", "get", "patch", "update"]);
        if !verbs.is_empty() {
            paths.insert(one.clone(), path(&verbs, &own, name));
        }
        for below in resource.subresources {
            let (group, version) = below.group_version.unwrap_or((own.group, own.version));
            let about =
                About { group, version, kind: below.kind, schema: reference_to(below.schema) };
            paths.insert(format!("{one}/{}", below.name), path(below.verbs, &about, name));
        }
    }
    Json::Object(paths)
}

fn path(verbs: &[&str], about: &About, in_path: &[&str]) -> Json {
    let mut operations = Map::new();
    for verb in verbs {
        let (method, action, parameters) = match *verb {
            "create" => ("post", "post", CHANGING),
            "delete" => ("delete", "delete", DELETING),
            "deletecollection" => ("delete", "deletecollection", DELETING),
            "list" => ("get", "list", LISTING),
            "patch" => ("patch", "patch", CHANGING),
            "update" => ("put", "put", CHANGING),
            _ => ("get", "get", &[] as &[_]),
        };
        operations.insert(method.to_owned(), operation(action, about, parameters));
    }
    let in_path: Vec<_> = in_path
        .iter()
        .map(|name| {
            json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
        })
        .collect();
    if !in_path.is_empty() {
        operations.insert("parameters".to_owned(), in_path.into());
    }
    Json::Object(operations)
}

fn operation(action: &str, about: &About, parameters: &[(&str, &str)]) -> Json {
    let forced: &[(&str, &str)] = if action == "patch" { &[("force", "boolean")] } else { &[] };
    let parameters: Vec<_> = parameters
        .iter()
        .chain(forced)
        .map(|(name, kind)| json!({"name": name, "in": "query", "schema": {"type": kind}}))
        .collect();
    let schema = json!({"schema": {"$ref": about.schema}});
    let mut operation = json!({
        "parameters": parameters,
        "responses": {"200": {"description": "OK", "content": {"application/json": schema}}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": {
            "group": about.group, "version": about.version, "kind": about.kind,
        },
    });
    let media_types: &[&str] = match action {
        "patch" => PATCHES,
        "post" | "put" => &["*/*"],
        _ => return operation,
    };
    let content: Map<_, _> =
        media_types.iter().map(|one| ((*one).to_owned(), schema.clone())).collect();
    operation["requestBody"] = json!({"content": content, "required": true});
    operation
}
