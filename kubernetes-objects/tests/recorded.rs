//! Holds decoding and encoding to what an API server 1.36.2 did with 65 requests
//! (`data/api-1.36.2.json`).

use k8s_openapi::api::core::v1::{Event, Node, Pod};
use kubernetes_objects::decode::{self, FieldValidation, Notation, PatchedBy};
use kubernetes_objects::encode;
use kubernetes_objects::internal;
use kubernetes_objects::resource::{self, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

fn recording() -> Vec<Json> {
    serde_json::from_str(include_str!("data/api-1.36.2.json")).expect("the recording is JSON")
}

fn case(name: &str) -> Json {
    let found = recording().into_iter().find(|case| case["name"] == name);
    found.expect("the case is recorded")
}

/// All objects in a value, with their resources: items of lists and tables, watched ones, bodies.
fn objects(
    value: &Json,
    list: Option<&'static Resource>,
    found: &mut Vec<(&'static Resource, Json)>,
) {
    let own = match (value["apiVersion"].as_str(), value["kind"].as_str()) {
        (Some(version), Some(kind)) => {
            if let Some(resource) = resource::of_kind(version, kind) {
                found.push((resource, value.clone()));
                return;
            }
            kind.strip_suffix("List").and_then(|kind| resource::of_kind(version, kind))
        }
        _ => None,
    };
    match (value, list) {
        (Json::Object(item), Some(resource)) if item.contains_key("metadata") && own.is_none() => {
            found.push((resource, value.clone()));
        }
        (Json::Object(fields), _) => {
            fields.values().for_each(|value| objects(value, own.or(list), found));
        }
        (Json::Array(items), _) => items.iter().for_each(|item| objects(item, list, found)),
        _ => {}
    }
}

fn answered() -> Vec<(&'static Resource, Json)> {
    let mut found = Vec::new();
    for case in recording() {
        let body = &case["body"];
        match body.as_str() {
            // Watches: one event a line.
            Some(lines) => lines
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .for_each(|event: Json| objects(&event, None, &mut found)),
            // Tables carry only metadata, which is no object of the resource.
            None if body["kind"] == "Table" => {}
            None => objects(body, None, &mut found),
        }
    }
    found
}

/// The same object as `serde_json` writes its type.
fn through_its_type(resource: &Resource, object: &Json) -> Json {
    fn written<T: DeserializeOwned + Serialize>(object: &Json) -> Json {
        let typed = T::deserialize(object).expect("it fits its type");
        serde_json::to_value(typed).expect("typed objects are JSON")
    }
    match resource.kind {
        "Pod" => written::<Pod>(object),
        "Node" => written::<Node>(object),
        "Event" => written::<Event>(object),
        kind => unreachable!("no object of {kind} is recorded"),
    }
}

#[test]
fn every_recorded_object_is_completed_from_what_its_type_is_written_as() {
    let objects = answered();
    assert!(objects.len() > 30, "{} objects", objects.len());
    for (resource, object) in objects {
        let mut completed = through_its_type(resource, &object);
        encode::complete(&mut completed, resource);
        if object.get("kind").is_none() {
            // Items of lists do not name their kind.
            let fields = completed.as_object_mut().expect("an object");
            fields.shift_remove("apiVersion");
            fields.shift_remove("kind");
        }
        let pretty = |value| serde_json::to_string_pretty(value).expect("JSON");
        assert_same(&pretty(&completed), &pretty(&object));
    }
}

/// Field order counts, too.
fn assert_same(completed: &str, recorded: &str) {
    let diff = similar::TextDiff::from_lines(recorded, completed);
    assert!(completed == recorded, "{}", diff.unified_diff());
}

#[test]
fn every_recorded_object_is_taken_back_unchanged() {
    for (resource, object) in answered() {
        let body = object.to_string();
        let read =
            decode::body(body.as_bytes(), Notation::Json, resource, "", FieldValidation::Strict);
        let mut object_again = read.map(|checked| checked.object).expect("it fits");
        encode::complete(&mut object_again, resource);
        assert_eq!(object_again, object);
    }
}

fn refused(case: &Json) -> (u16, String) {
    let request = &case["request"];
    let path = request["path"].as_str().unwrap_or_default();
    let validation = match path.split_once("fieldValidation=") {
        Some((_, "Strict")) => FieldValidation::Strict,
        _ => FieldValidation::Warn,
    };
    let body = match &request["body"] {
        Json::String(text) => text.clone(),
        body => body.to_string(),
    };
    let pods = resource::find("", "v1", "pods").expect("pods are served");
    let content_type = request["contentType"].as_str().unwrap_or_default();
    let read = Notation::of_content_type(content_type)
        .and_then(|notation| decode::body(body.as_bytes(), notation, pods, "", validation));
    let status = read.expect_err("refused");
    (status.code, status.message)
}

#[test]
fn bodies_are_refused_as_recorded() {
    for name in [
        "create with wrong type",
        "create from broken JSON",
        "create with unknown field, strict",
        "create as YAML",
        "unsupported media type",
    ] {
        let case = case(name);
        let message = case["body"]["message"].as_str().unwrap_or_default();
        let (code, told) = refused(&case);
        assert_eq!((Some(u64::from(code)), &*told), (case["status"].as_u64(), message), "{name}");
    }
}

#[test]
fn unknown_fields_are_warned_of_as_recorded_and_left_out() {
    let case = case("create with unknown field, warn");
    let pods = resource::find("", "v1", "pods").expect("pods are served");
    let body = &case["request"]["body"];
    let read = decode::checked(body, pods, "", FieldValidation::Warn).expect("it fits");
    let warning = format!("299 - {:?}", read.warnings.join(""));
    assert_eq!(Some(&*warning), case["warning"].as_str());
    let context = &read.object["spec"]["securityContext"];
    assert_eq!(context, &case["body"]["spec"]["securityContext"]);
}

#[test]
fn other_kinds_are_refused_in_the_words_of_the_server() {
    let pods = resource::find("", "v1", "pods").expect("pods are served");
    let deployments = resource::find("apps", "v1", "deployments").expect("they are served");
    let told = |resource, body: Json| {
        let read = decode::checked(&body, resource, "", FieldValidation::Strict);
        read.map_or_else(|status| status.message, |checked| checked.object.to_string())
    };
    assert_eq!(
        told(pods, json!({"apiVersion": "v1", "kind": "Foo"})),
        "Foo in version \"v1\" cannot be handled as a Pod: no kind \"Foo\" is registered for \
         version \"v1\" in scheme \"pkg/api/legacyscheme/scheme.go:30\""
    );
    assert_eq!(
        told(pods, json!({"apiVersion": "v1", "kind": "Service"})),
        "Service in version \"v1\" cannot be handled as a Pod: converting (v1.Service) to \
         (core.Pod): unknown conversion"
    );
    assert_eq!(
        told(deployments, json!({"apiVersion": "apps/v1beta1", "kind": "Deployment"})),
        "the API version in the data (apps/v1beta1) does not match the expected API version \
         (apps/v1)"
    );
    assert_eq!(
        told(pods, json!({"apiVersion": "a/b/c", "kind": "Pod"})),
        "the object provided is unrecognized (must be of type Pod): unexpected GroupVersion \
         string: a/b/c ({\"apiVersion\":\"a/b/c\",\"kind\":\" ...)"
    );
    assert_eq!(
        told(pods, json!({"kind": 1})),
        "the object provided is unrecognized (must be of type Pod): couldn't get version/kind; \
         json parse error: json: cannot unmarshal number into Go struct field .kind of type \
         string ({\"kind\":1})"
    );
    assert_eq!(told(pods, json!({"metadata": {"name": "a"}})), r#"{"metadata":{"name":"a"}}"#);
    assert_eq!(told(pods, json!(null)), "{}");
}

#[test]
fn a_body_without_json_is_quoted_in_hexadecimal_digits() {
    let pods = resource::find("", "v1", "pods").expect("pods are served");
    let told = |body: &[u8]| {
        decode::body(body, Notation::Json, pods, "", FieldValidation::Warn)
            .map_or_else(|status| status.message, |checked| checked.object.to_string())
    };
    let prefix = "the object provided is unrecognized (must be of type Pod): \
                  couldn't get version/kind; json parse error:";
    assert_eq!(told(b""), format!("{prefix} unexpected end of JSON input (<empty>)"));
    assert_eq!(
        told(b"hi"),
        format!("{prefix} invalid character 'h' looking for beginning of value (6869)")
    );
}

#[test]
fn patches_that_do_not_fit_are_quoted() {
    let pods = resource::find("", "v1", "pods").expect("pods are served");
    let told = |object: &Json, by| {
        let read = decode::patched(object, by, pods, "", FieldValidation::Strict);
        read.map_or_else(|status| status.message, |checked| checked.object.to_string())
    };
    assert_eq!(
        told(&json!({"spec": {"foo": 1}}), PatchedBy::Merge(b"{}")),
        " \"\" is invalid: patch: Invalid value: \"{\\\"spec\\\":{\\\"foo\\\":1}}\": strict \
         decoding error: unknown field \"spec.foo\""
    );
    let twice = br#"[{"op": "test", "op": "remove"}]"#;
    assert!(told(&json!({}), PatchedBy::Json(twice)).ends_with(
        "Invalid value: \"{}\": strict decoding error: json patch duplicate field \"[0].op\""
    ));
    let patch = br#"{"spec": {"priority": "1", "a": [true, null]}}"#;
    assert_eq!(
        told(&json!({"spec": {"priority": "1"}}), PatchedBy::StrategicMerge(patch)),
        " \"\" is invalid: patch: Invalid value: \"map[spec:map[a:[true <nil>] priority:1]]\": \
         unrecognized type: int32"
    );
}

#[test]
fn applied_configurations_are_yaml() {
    let told = |text: &str, validation| {
        decode::applied(text.as_bytes(), validation)
            .map_or_else(|status| status.message, |checked| format!("{:?}", checked.warnings))
    };
    let duplicate = "a: 1\na: 2\n";
    let words = "error converting YAML to JSON: yaml: unmarshal errors:\n  line 2: key \"a\" \
                 already set in map";
    assert_eq!(
        told(duplicate, FieldValidation::Strict),
        format!("error strict decoding YAML: {words}")
    );
    assert_eq!(told(duplicate, FieldValidation::Warn), format!("{:?}", [words]));
    assert_eq!(told(duplicate, FieldValidation::Ignore), "[]");
    assert!(
        told("a: [", FieldValidation::Warn).starts_with("error decoding YAML: error converting")
    );
}

#[test]
fn the_difference_of_an_immutable_field_is_shown_as_recorded() {
    let old = case("get strict")["body"]["spec"].clone();
    let refused = case("update of an immutable field");
    let difference = internal::spec_difference(&old, &refused["request"]["body"]["spec"]);
    let message = refused["body"]["message"].as_str().expect("a message");
    let (_, shown) = message.split_once('\n').expect("a difference");
    assert_eq!(difference, shown);
}

proptest::proptest! {
    #[test]
    fn hostile_bodies_are_read_or_refused(
        text in r#"(\{|\}|\[|\]|"(spec|metadata|containers|name|labels|kind|limits)":|"[a-z]{0,3}"|,|null|1|true| ){0,40}"#,
    ) {
        let pods = resource::find("", "v1", "pods").expect("pods are served");
        for notation in [Notation::Json, Notation::Yaml] {
            let read = decode::body(text.as_bytes(), notation, pods, "", FieldValidation::Warn);
            if let Ok(checked) = read {
                let mut object = checked.object;
                encode::complete(&mut object, pods);
                let _ = internal::spec_difference(&object["spec"], &json!({}));
                let again = decode::checked(&object, pods, "", FieldValidation::Strict);
                proptest::prop_assert_eq!(again.map(|checked| checked.warnings), Ok(Vec::new()));
            }
        }
    }
}
