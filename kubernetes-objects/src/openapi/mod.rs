//! OpenAPI documents, from the tables of resources and types: what kubectl needs to explain
//! fields, to see that a server validates them, and to make strategic merge patches.
//!
//! kubectl (1.36) asks `/openapi/v3` for the documents there are, and one of them for a kind. It
//! looks at the operations' `x-kubernetes-group-version-kind`, whether a patch takes the parameter
//! `fieldValidation` and which media types it takes, and at the schemas with their extensions.
//! Older ones ask `/openapi/v2` in Protobuf for a document, in which they look up a kind before
//! they check a manifest themselves; where it is not found they leave that to the server.

mod descriptions;
mod paths;
mod schemas;

use serde_json::{Map, Value as Json, json};

use crate::resource::{RESOURCES, Resource};

/// The media type by which clients ask for a version 2 document in Protobuf.
pub const V2_PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

/// The media type that such a document is sent as: `@` may not stand in one (kube-openapi,
/// `subTypeProtobuf`; Go's clients refuse it).
pub const V2_PROTOBUF_SENT: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// `/openapi/v3`: which documents there are.
#[must_use]
pub fn index() -> Json {
    let mut paths = Map::new();
    for resource in RESOURCES {
        let path = document_path(resource);
        let entry = json!({"serverRelativeURL": format!("/openapi/v3/{path}")});
        paths.insert(path, entry);
    }
    json!({"paths": paths})
}

/// The document of a group and version, by what follows `/openapi/v3/`, such as `apis/apps/v1`;
/// none for what is not served. It is made anew on each call, in about a millisecond.
#[must_use]
pub fn document(path: &str) -> Option<Json> {
    let resources: Vec<_> =
        RESOURCES.iter().filter(|resource| document_path(resource) == path).collect();
    if resources.is_empty() {
        return None;
    }
    Some(json!({
        "openapi": "3.0.0",
        "info": info(),
        "paths": paths::of(&resources),
        "components": {
            "schemas": schemas::reached_by(&resources),
            "securitySchemes": {"BearerToken": {
                "type": "apiKey",
                "description": "Bearer Token authentication",
                "name": "authorization",
                "in": "header",
            }},
        },
    }))
}

/// `/openapi/v2` as JSON: a document without kinds.
#[must_use]
pub fn v2() -> Json {
    json!({"swagger": "2.0", "info": info(), "paths": {}})
}

/// `/openapi/v2` in Protobuf ([`V2_PROTOBUF`]): the same document (gnostic's `Document`, of which
/// field 1 is `swagger` and field 2 `info`, with `title` and `version`).
#[must_use]
pub fn v2_protobuf() -> Vec<u8> {
    let info = [text(1, TITLE), text(2, VERSION)].concat();
    [text(1, "2.0"), bytes(2, &info)].concat()
}

const TITLE: &str = "Kubernetes";
const VERSION: &str = "unversioned";

fn info() -> Json {
    json!({"title": TITLE, "version": VERSION})
}

/// A field of bytes or text; all of ours are shorter than 128 bytes, whose length is one byte.
fn bytes(number: u8, value: &[u8]) -> Vec<u8> {
    let length = u8::try_from(value.len()).expect("the document's parts are short");
    [&[number << 3 | 2, length], value].concat()
}

fn text(number: u8, value: &str) -> Vec<u8> {
    bytes(number, value.as_bytes())
}

/// Where a resource's document is, below `/openapi/v3/`.
fn document_path(resource: &Resource) -> String {
    let prefix = if resource.group.is_empty() { "api" } else { "apis" };
    format!("{prefix}/{}", resource.api_version())
}
