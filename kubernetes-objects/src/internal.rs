//! The form in which a server keeps a pod's spec or template while it works on it, which it shows
//! when it refuses an update: the fields by their names in Go, all of them, whatever is empty (internal
//! types of Kubernetes 1.36, `pkg/apis/core`; the form recorded in `api-1.36.2.json`).
//!
//! It has the fields of `v1` in nearly the same order; `ORDERS` tells where it does not.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value as Json};

use crate::encode::complete_as;
use crate::schema::core_v1::{POD_SECURITY_CONTEXT, POD_SPEC};
use crate::schema::meta_v1::OBJECT_META;
use crate::schema::{Field, Struct, Type};
use crate::unified_diff::unified_diff;

/// Fields that stand elsewhere than in `v1`, by type: what follows each other there, from the
/// first field that is out of place. Fields not named come before, in their order.
const ORDERS: &[(&str, &[&str])] = &[
    (
        "PodSpec",
        &[
            "nodeName",
            "securityContext",
            "imagePullSecrets",
            "hostname",
            "subdomain",
            "setHostnameAsFQDN",
            "affinity",
            "schedulerName",
            "tolerations",
            "hostAliases",
            "priorityClassName",
            "priority",
            "preemptionPolicy",
            "dnsConfig",
            "readinessGates",
            "runtimeClassName",
            "overhead",
            "enableServiceLinks",
            "topologySpreadConstraints",
            "os",
            "schedulingGates",
            "resourceClaims",
            "resources",
            "hostnameOverride",
            "schedulingGroup",
        ],
    ),
    (
        "PodSecurityContext",
        &[
            "fsGroup",
            "fsGroupChangePolicy",
            "sysctls",
            "seccompProfile",
            "appArmorProfile",
            "seLinuxChangePolicy",
        ],
    ),
    (
        "Volume",
        &[
            "quobyte",
            "flexVolume",
            "cinder",
            "cephfs",
            "flocker",
            "downwardAPI",
            "fc",
            "azureFile",
            "configMap",
            "vsphereVolume",
            "azureDisk",
            "photonPersistentDisk",
            "projected",
            "portworxVolume",
            "scaleIO",
            "storageos",
            "csi",
            "ephemeral",
            "image",
        ],
    ),
];

/// Fields of a spec that the server keeps in its security context, ahead of the others.
const NAMESPACES: &[&str] =
    &["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"];

/// The older name of `serviceAccountName`, which is not kept.
const NOT_KEPT: &str = "serviceAccount";

/// What an update changes in a pod's spec, as the server shows it.
#[must_use]
pub fn spec_difference(old: &Json, new: &Json) -> String {
    unified_diff(&shown(old), &shown(new))
}

/// A pod template as the server shows it where it must not change: its metadata is not a part of
/// its own.
#[must_use]
pub fn pod_template(template: &Json) -> String {
    let is_given = |value: &&Json| match value {
        Json::Null => false,
        Json::Object(entries) => !entries.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::String(text) => !text.is_empty(),
        _ => true,
    };
    let metadata = &template["metadata"];
    let mut fields: Map<_, _> = OBJECT_META
        .fields
        .iter()
        .filter_map(|field| {
            let given = metadata.get(field.name).filter(is_given)?;
            Some((field.name.to_owned(), value(given, &field.of, field.nullable)))
        })
        .collect();
    fields.insert("Spec".to_owned(), pod_spec(&template["spec"]));
    safe_within_html(&Json::Object(fields).to_string())
}

/// A spec as the server prints it: JSON made by Go with an indentation of one space.
fn shown(spec: &Json) -> String {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b" "));
    pod_spec(spec).serialize(&mut serializer).expect("JSON can always be written");
    safe_within_html(&String::from_utf8(text).expect("JSON is UTF-8"))
}

/// JSON as Go writes it.
fn safe_within_html(text: &str) -> String {
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

fn pod_spec(spec: &Json) -> Json {
    let mut fields = Map::new();
    for field in ordered(&POD_SPEC) {
        if field.name == NOT_KEPT || NAMESPACES.contains(&field.name) {
            continue;
        }
        let printed = if field.name == "securityContext" {
            security_context(spec)
        } else {
            value(&spec[field.name], &field.of, field.nullable)
        };
        fields.insert(name(field).into_owned(), printed);
    }
    Json::Object(fields)
}

/// The security context with the namespaces of the spec; there always is one.
fn security_context(spec: &Json) -> Json {
    let namespaces = NAMESPACES.iter().filter_map(|name| POD_SPEC.field(name));
    let mut fields: Map<_, _> = namespaces
        .map(|field| {
            (name(field).into_owned(), value(&spec[field.name], &field.of, field.nullable))
        })
        .collect();
    fields.extend(structure(&spec["securityContext"], &POD_SECURITY_CONTEXT));
    Json::Object(fields)
}

fn structure(given: &Json, schema: &'static Struct) -> Map<String, Json> {
    ordered(schema)
        .into_iter()
        .map(|field| {
            (name(field).into_owned(), value(&given[field.name], &field.of, field.nullable))
        })
        .collect()
}

fn value(given: &Json, of: &Type, pointer: bool) -> Json {
    match (given, of) {
        // The types of apimachinery are the same within a server, and printed as clients know
        // them.
        (Json::Object(_), Type::Struct(schema)) if !schema.package.starts_with("io.k8s.api.") => {
            let mut given = given.clone();
            complete_as(&mut given, schema);
            given
        }
        (given, Type::Struct(schema)) if !(pointer && given.is_null()) => {
            Json::Object(structure(given, schema))
        }
        (Json::Array(items), Type::List(of, _)) if !items.is_empty() => {
            items.iter().map(|item| value(item, of, false)).collect()
        }
        (Json::Object(entries), Type::Map(_, of)) if !entries.is_empty() => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            entries.into_iter().map(|(key, entry)| (key.clone(), value(entry, of, false))).collect()
        }
        // What is empty has become nothing when it was stored.
        (_, Type::List(..) | Type::Map(..)) => Json::Null,
        (Json::Null, _) if pointer => Json::Null,
        (Json::Null, Type::Text(_)) => "".into(),
        (Json::Null, Type::Bool) => false.into(),
        (Json::Null, Type::Int32 | Type::Int64 | Type::IntOrString) => 0.into(),
        (Json::Null, Type::Quantity) => "0".into(),
        (given, _) => given.clone(),
    }
}

/// The fields of a type in the server's order.
fn ordered(schema: &'static Struct) -> Vec<&'static Field> {
    let last =
        ORDERS.iter().find(|(name, _)| *name == schema.name).map_or(&[][..], |(_, last)| last);
    let place = |field: &Field| last.iter().position(|name| *name == field.name);
    let mut fields: Vec<_> = schema.fields.iter().collect();
    fields.sort_by_key(|field| place(field).map(|place| place + 1));
    fields
}

/// The field's name in Go.
fn name(field: &'static Field) -> Cow<'static, str> {
    if let Some(name) = field.go_name {
        return name.into();
    }
    let mut name = field.name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema;

    #[test]
    fn every_field_that_is_out_of_place_exists() {
        for (name, fields) in ORDERS {
            let schema = [&POD_SPEC, &POD_SECURITY_CONTEXT, &schema::core_v1::VOLUME]
                .into_iter()
                .find(|schema| schema.name == *name);
            for field in *fields {
                assert!(
                    schema.is_some_and(|schema| schema.field(field).is_some()),
                    "{name}.{field}"
                );
            }
        }
    }

    #[test]
    fn namespaces_are_part_of_the_security_context() {
        let difference = spec_difference(&json!({}), &json!({"hostPID": true}));
        assert_eq!(
            difference,
            "@@ -13,7 +13,7 @@\n  \"NodeName\": \"\",\n  \"SecurityContext\": {\n   \
             \"HostNetwork\": false,\n-  \"HostPID\": false,\n+  \"HostPID\": true,\n   \
             \"HostIPC\": false,\n   \"ShareProcessNamespace\": null,\n   \"HostUsers\": null,\n"
        );
    }

    #[test]
    fn a_templates_metadata_stands_beside_its_spec() {
        let shown = pod_template(&json!({
            "metadata": {"labels": {"b": "1", "a": "<"}, "creationTimestamp": null},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]},
        }));
        assert!(
            shown.starts_with(r#"{"labels":{"a":"\u003c","b":"1"},"Spec":{"Volumes":null,"#),
            "{shown}"
        );
        assert!(shown.contains(r#""Containers":[{"Name":"c","Image":"i","#), "{shown}");
        assert!(shown.contains(r#""RestartPolicy":"Never""#), "{shown}");
    }

    #[test]
    fn selectors_keep_the_names_that_clients_know() {
        let constraint = |value: &str| {
            json!({"topologySpreadConstraints": [{
                "maxSkew": 1, "labelSelector": {"matchLabels": {"<a>": value}},
            }]})
        };
        let difference = spec_difference(&constraint("b"), &constraint("c"));
        assert!(difference.contains("-     \"\\u003ca\\u003e\": \"b\"\n"), "{difference}");
        assert!(difference.contains("    \"matchLabels\": {\n"), "{difference}");
    }
}
