//! What kubectl 1.36 looks up in OpenAPI documents.

use kubernetes_objects::openapi;
use serde_json::{Value as Json, json};

fn core() -> Json {
    openapi::document("api/v1").expect("the core group is served")
}

fn schema<'a>(document: &'a Json, name: &str) -> &'a Json {
    &document["components"]["schemas"][format!("io.k8s.api.{name}")]
}

#[test]
fn the_index_names_documents_that_exist() {
    let index = openapi::index();
    let paths = index["paths"].as_object().expect("paths");
    assert!(paths.contains_key("api/v1") && paths.contains_key("apis/apps/v1"));
    for (path, entry) in paths {
        assert_eq!(entry["serverRelativeURL"], format!("/openapi/v3/{path}"));
        assert!(openapi::document(path).is_some(), "{path}");
    }
    assert_eq!(openapi::document("apis/nothing/v1"), None);
}

#[test]
fn every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Json, found: &mut Vec<&'a str>) {
        match value {
            Json::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Json::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Json::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    for path in openapi::index()["paths"].as_object().expect("paths").keys() {
        let document = openapi::document(path).expect("it is in the index");
        let mut found = Vec::new();
        references(&document, &mut found);
        for reference in found {
            assert!(document.pointer(&reference[1..]).is_some(), "{path}: {reference}");
        }
    }
}

#[test]
fn a_patch_of_a_kind_takes_field_validation_and_strategic_merges() {
    let document = core();
    let patch = &document["paths"]["/api/v1/namespaces/{namespace}/pods/{name}"]["patch"];
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    assert_eq!(patch["x-kubernetes-group-version-kind"], kind);
    let parameters = patch["parameters"].as_array().expect("parameters");
    assert!(parameters.iter().any(|one| one["name"] == "fieldValidation" && one["in"] == "query"));
    let content = patch["requestBody"]["content"].as_object().expect("content");
    assert!(content.contains_key("application/strategic-merge-patch+json"));
}

#[test]
fn the_policy_is_explained_with_its_values() {
    let document = core();
    let context = schema(&document, "core.v1.PodSecurityContext");
    let policy = &context["properties"]["supplementalGroupsPolicy"];
    assert_eq!(policy["type"], "string");
    assert_eq!(policy["enum"], json!(["Merge", "Strict"]));
    assert!(policy["description"].as_str().is_some_and(|text| text.contains("/etc/group")));
    let pod = schema(&document, "core.v1.Pod");
    let kind = json!([{"group": "", "version": "v1", "kind": "Pod"}]);
    assert_eq!(pod["x-kubernetes-group-version-kind"], kind);
}

#[test]
fn lists_say_how_they_are_merged() {
    let document = core();
    let spec = &schema(&document, "core.v1.PodSpec")["properties"];
    let containers = &spec["containers"];
    assert_eq!(containers["x-kubernetes-list-type"], "map");
    assert_eq!(containers["x-kubernetes-list-map-keys"], json!(["name"]));
    assert_eq!(containers["x-kubernetes-patch-merge-key"], "name");
    assert_eq!(containers["x-kubernetes-patch-strategy"], "merge");
    assert_eq!(spec["volumes"]["x-kubernetes-patch-strategy"], "merge,retainKeys");
    let groups =
        &schema(&document, "core.v1.PodSecurityContext")["properties"]["supplementalGroups"];
    assert_eq!(groups["x-kubernetes-list-type"], "atomic");
    let ports = &schema(&document, "core.v1.Container")["properties"]["ports"];
    assert_eq!(ports["x-kubernetes-list-map-keys"], json!(["containerPort", "protocol"]));
}

#[test]
fn the_second_version_is_an_empty_document_in_both_encodings() {
    assert_eq!(openapi::v2()["swagger"], "2.0");
    let protobuf = openapi::v2_protobuf();
    assert_eq!(protobuf[..5], [0x0a, 3, b'2', b'.', b'0']);
    assert_eq!((protobuf[5], usize::from(protobuf[6])), (0x12, protobuf.len() - 7));
}
