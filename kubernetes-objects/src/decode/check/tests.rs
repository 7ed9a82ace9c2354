use serde_json::json;

use super::super::json;
use super::*;
use crate::release::Release;
use crate::schema::core_v1::{EVENT, POD, SECRET};

fn checked(body: &Json) -> Result<Checked, String> {
    check(Node::from(body), &POD, Reader::Decoder, Release::NEWEST)
}

fn refusal(body: &Json) -> String {
    checked(body).expect_err("refused")
}

fn strict(text: &str) -> Vec<String> {
    check(json::read(text.as_bytes()).expect("JSON"), &POD, Reader::Decoder, Release::NEWEST)
        .expect("fits")
        .strict
}

#[test]
fn the_recorded_words_come_out() {
    assert_eq!(
        refusal(&json!({"spec": {"securityContext": {"supplementalGroups": "4000"}}})),
        "json: cannot unmarshal string into Go struct field \
         PodSecurityContext.spec.securityContext.supplementalGroups of type []int64"
    );
    assert_eq!(
        refusal(&json!({"metadata": {"name": true}})),
        "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.name of type string"
    );
}

#[test]
fn a_list_says_what_its_items_are() {
    assert_eq!(
        refusal(&json!({"spec": {"securityContext": {"supplementalGroups": [1, "2"]}}})),
        "json: cannot unmarshal string into Go struct field \
         PodSecurityContext.spec.securityContext.supplementalGroups of type int64"
    );
    assert_eq!(
        refusal(&json!({"spec": {"containers": [{}, {"securityContext": {"runAsUser": [1]}}]}})),
        "json: cannot unmarshal array into Go struct field \
         SecurityContext.spec.containers.securityContext.runAsUser of type int64"
    );
}

#[test]
fn a_number_that_does_not_fit_is_shown() {
    for (number, shown) in [
        (json!(1.5), "1.5"),
        (json!(9_223_372_036_854_775_808_u64), "9223372036854775808"),
        (json!(1e20), "100000000000000000000"),
    ] {
        assert_eq!(
            refusal(&json!({"spec": {"securityContext": {"runAsUser": number}}})),
            format!(
                "json: cannot unmarshal number {shown} into Go struct field \
                 PodSecurityContext.spec.securityContext.runAsUser of type int64"
            )
        );
    }
}

#[test]
fn maps_and_types_with_a_name_are_named() {
    for (body, expected) in [
        (
            json!({"metadata": {"labels": {"a": 1}}}),
            "number into Go struct field ObjectMeta.metadata.labels of type string",
        ),
        (
            json!({"metadata": {"labels": ["a"]}}),
            "array into Go struct field ObjectMeta.metadata.labels of type map[string]string",
        ),
        (
            json!({"spec": {"containers": [{"resources": {"limits": 1}}]}}),
            "number into Go struct field ResourceRequirements.spec.containers.resources.limits \
             of type v1.ResourceList",
        ),
        (
            json!({"spec": {"containers": [{"ports": {}}]}}),
            "object into Go struct field Container.spec.containers.ports of type []v1.ContainerPort",
        ),
        (json!({"spec": 1}), "number into Go struct field Pod.spec of type v1.PodSpec"),
        (
            json!({"spec": {"restartPolicy": 1}}),
            "number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy",
        ),
        (json!([]), "array into Go value of type v1.Pod"),
    ] {
        assert_eq!(refusal(&body), format!("json: cannot unmarshal {expected}"));
    }
}

#[test]
fn values_that_decode_themselves_refuse_before_all_others() {
    for (value, expected) in [
        (
            json!({"resources": {"limits": {"cpu": "much"}}}),
            "quantities must match the regular expression \
             '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (json!({"resources": {"limits": {"cpu": "1mm"}}}), "unable to parse quantity's suffix"),
        (
            json!({"livenessProbe": {"httpGet": {"port": true}}}),
            "json: cannot unmarshal bool into Go struct field \
             HTTPGetAction.spec.containers.livenessProbe.httpGet.port of type int32",
        ),
    ] {
        let mut container = json!({"name": 5});
        container["resources"] = value["resources"].clone();
        container["livenessProbe"] = value["livenessProbe"].clone();
        assert_eq!(refusal(&json!({"spec": {"containers": [container]}})), expected);
    }
}

#[test]
fn times_are_held_to_rfc_3339_and_kept_in_utc() {
    let event = json!({"firstTimestamp": "2026-01-01T01:30:00+01:00", "eventTime": null});
    let kept = check(Node::from(&event), &EVENT, Reader::Decoder, Release::NEWEST)
        .map(|checked| checked.object);
    assert_eq!(kept, Ok(json!({"firstTimestamp": "2026-01-01T00:30:00Z"})));
    let event = json!({"firstTimestamp": "soon"});
    assert_eq!(
        check(Node::from(&event), &EVENT, Reader::Decoder, Release::NEWEST),
        Err("parsing time \"soon\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"soon\" as \"2006\""
            .to_owned())
    );
}

#[test]
fn data_must_be_base64() {
    for (text, fault) in
        [("aGk=", None), ("aG\nk=", None), ("aGk", Some(0)), ("a-k=", Some(1)), ("", None)]
    {
        let secret = json!({"data": {"key": text}});
        let words = check(Node::from(&secret), &SECRET, Reader::Decoder, Release::NEWEST).err();
        let expected = fault.map(|at| format!("illegal base64 data at input byte {at}"));
        assert_eq!(words, expected, "{text}");
    }
}

#[test]
fn unknown_and_duplicate_fields_are_told_in_the_order_of_the_body() {
    let text = r#"{"spec":{"containers":[{"name":"a","name":"b","imge":"x"}],"foo":1},
        "metadata":{"labels":{"a":"1","a":"2"}},"spec":{"foo":2},"Kind":"Pod"}"#;
    let expected = [
        r#"duplicate field "spec.containers[0].name""#,
        r#"unknown field "spec.containers[0].imge""#,
        r#"unknown field "spec.foo""#,
        r#"duplicate field "metadata.labels.a""#,
        r#"duplicate field "spec""#,
        r#"unknown field "Kind""#,
    ];
    assert_eq!(strict(text), expected);
}

#[test]
fn what_is_unknown_or_null_is_left_out() {
    let body = json!({
        "metadata": {"name": "a", "labels": {"a": null}, "unknown": 1},
        "spec": {"containers": [{"name": "c", "command": ["id", null]}, null], "os": null},
    });
    let expected = json!({
        "metadata": {"name": "a", "labels": {"a": ""}},
        "spec": {"containers": [{"name": "c", "command": ["id", ""]}, {}]},
    });
    assert_eq!(checked(&body).map(|checked| checked.object), Ok(expected));
}

#[test]
fn quantities_take_the_form_of_the_server_in_lists_of_resources() {
    let limits = json!({"cpu": 0.5, "memory": "1024Ki", "x": "1000m"});
    let body = json!({"spec": {
        "containers": [{"resources": {"limits": limits}}],
        "volumes": [{"emptyDir": {"sizeLimit": "1024Ki"}}],
    }});
    let expected = json!({"spec": {
        "containers": [{"resources": {"limits": {"cpu": "500m", "memory": "1Mi", "x": "1"}}}],
        "volumes": [{"emptyDir": {"sizeLimit": "1024Ki"}}],
    }});
    assert_eq!(checked(&body).map(|checked| checked.object), Ok(expected));
}

#[test]
fn the_converter_of_strategic_patches_has_words_of_its_own() {
    for (body, expected) in [
        (json!({"metadata": {"labels": {"a": 1}}}), "cannot convert int64 to string"),
        (json!({"spec": {"restartPolicy": 1}}), "cannot convert int64 to v1.RestartPolicy"),
        (json!({"spec": {"priority": "1"}}), "unrecognized type: int32"),
        (json!({"spec": {"hostname": true}}), "unrecognized type: string"),
        (json!({"spec": {"containers": "a"}}), "cannot restore slice from string"),
        (json!({"spec": [], "metadata": []}), "cannot restore struct from: slice"),
        (json!({"spec": {"nodeSelector": 1.5}}), "cannot restore map from float64"),
    ] {
        let words = check(Node::from(&body), &POD, Reader::Converter, Release::NEWEST).err();
        assert_eq!(words.as_deref(), Some(expected));
    }
    let body = json!({"spec": {"b": 1, "a": 1}, "metadata": {"c": 1}});
    let strict = check(Node::from(&body), &POD, Reader::Converter, Release::NEWEST)
        .map(|checked| checked.strict);
    let words = ["metadata.c", "spec.a", "spec.b"];
    assert_eq!(strict, Ok(words.map(|path| format!("unknown field {path:?}")).to_vec()));
}
