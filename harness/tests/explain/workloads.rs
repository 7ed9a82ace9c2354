//! What makes pods, as the API server takes it.

use serde_json::{Value as Json, json};

use crate::program::{assert_refused, shown};
use crate::saved::Saved;
use crate::{explain, rules};

#[test]
fn a_policy_in_the_wrong_place_of_a_workload_is_named() {
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "securityContext": {"supplementalGroupsPolicy": "Strict"},
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "example.test/web:1"}]},
            },
        },
    });
    let text = shown(&explain(&Saved::new(), &["-"], deployment.to_string().as_bytes()));
    assert!(text.contains("unknown field \"spec.securityContext\""), "{text}");
}

/// What makes pods of a spec, whose labels it selects.
pub(crate) fn workload(kind: &str, selector: &Json, spec: &Json) -> Vec<u8> {
    let version = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": spec});
    let mut object = json!({
        "apiVersion": version, "kind": kind, "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": template},
    });
    if !selector.is_null() {
        object["spec"]["selector"] = json!({"matchLabels": selector});
    }
    object.to_string().into_bytes()
}

#[test]
fn a_workload_that_the_api_server_refuses_is_refused_in_its_words() {
    let saved = Saved::new();
    let spec = json!({"containers": [{"name": "one", "image": "example.test/web:1"}]});
    let once = json!({"restartPolicy": "Never", "containers": spec["containers"]});
    let (own, other) = (json!({"app": "web"}), json!({"app": "other"}));
    for (text, words) in [
        (workload("Job", &Json::Null, &spec), "spec.template.spec.restartPolicy: Required value"),
        (workload("Deployment", &other, &spec), "`selector` does not match template `labels`"),
        (workload("Deployment", &Json::Null, &spec), "spec.selector: Required value"),
        (workload("DaemonSet", &own, &once), "Unsupported value: \"Never\""),
        (workload("Deployment", &own, &json!({})), "spec.template.spec.containers: Required value"),
        (b"{apiVersion: v1, kind: Pod, metadata: {name: p}}".to_vec(), "spec.containers: Required"),
        (
            b"{apiVersion: batch/v1, kind: CronJob, metadata: {name: c}}".to_vec(),
            "spec.schedule: Required value",
        ),
    ] {
        let output = explain(&saved, &["-"], &text);
        let said = shown(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("the API server refuses it") && said.contains(words), "{said}");
        assert_eq!(said.matches("the API server refuses it").count(), 1, "{said}");
        let output = explain(&saved, &["-", "--output", "json"], &text);
        assert_eq!(rules(&output), ["refused"]);
    }
    let generated = String::from_utf8(workload("Job", &Json::Null, &once)).expect("text");
    let generated = generated.replace("\"name\":\"web\"", "\"generateName\":\"web-\"");
    for sound in [
        workload("Job", &Json::Null, &once),
        workload("Deployment", &own, &spec),
        generated.into_bytes(),
    ] {
        let output = explain(&saved, &["-"], &sound);
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    }
}

#[test]
fn a_version_that_a_kind_does_not_have_is_refused_and_kinds_of_others_are_taken() {
    let saved = Saved::new();
    let spec = json!({"containers": [{"name": "one", "image": "example.test/web:1"}]});
    let text = String::from_utf8(workload("Deployment", &json!({"app": "web"}), &spec));
    let text = text.expect("text");
    let old = text.replace("apps/v1", "apps/v1beta1");
    let said = shown(&explain(&saved, &["-"], old.as_bytes()));
    assert!(
        said.contains("no matches for kind \"Deployment\" in version \"apps/v1beta1\""),
        "{said}"
    );
    let foreign = text.replace("apps/v1", "example.test/v1");
    let output = explain(&saved, &["-"], foreign.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    let without = text.replace("\"apiVersion\":\"apps/v1\",", "");
    assert_refused(&explain(&saved, &["-"], without.as_bytes()), 2, &["it has no apiVersion"]);
}

#[test]
fn what_a_cluster_has_was_taken_by_its_api_server() {
    let spec = json!({"restartPolicy": "Never", "containers": [{"name": "one", "image": "example.test/web:1"}]});
    let text = String::from_utf8(workload("Job", &json!({"controller-uid": "u"}), &spec));
    let text = text.expect("text");
    let from_cluster = text.replace("\"name\":\"web\",", "\"name\":\"web\",\"uid\":\"u\",");
    assert_ne!(from_cluster, text);
    let output = explain(&Saved::new(), &["-"], from_cluster.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}
