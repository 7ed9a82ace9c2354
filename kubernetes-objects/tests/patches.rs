//! Patches as kubectl sends them, and those that do not fit.

use kubernetes_objects::patch::{self, PatchKind, validate_options};
use kubernetes_objects::resource::{self, Resource};
use kubernetes_objects::{CauseReason, Status};
use serde_json::{Value as Json, json};

fn resource(group: &str, plural: &str) -> &'static Resource {
    resource::find(group, "v1", plural).expect("a resource")
}

fn deployment() -> Json {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"app": "web"}, "finalizers": ["a", "b", "c"]},
        "spec": {
            "replicas": 3,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
            "template": {"spec": {
                "containers": [
                    {"name": "ctr", "image": "v1", "env": [{"name": "A", "value": "1"}],
                     "command": ["sh"]},
                    {"name": "side", "image": "s1"},
                ],
                "tolerations": [{"key": "x"}],
                "volumes": [{"name": "data", "emptyDir": {}}],
            }},
        },
    })
}

fn strategic(live: &Json, patch: &Json) -> Result<Json, Status> {
    patch::apply_json(PatchKind::Strategic, live, patch, resource("apps", "deployments"))
}

#[test]
fn set_image_changes_the_container_that_it_names() {
    let patch = json!({"spec": {"template": {"spec": {
        "$setElementOrder/containers": [{"name": "ctr"}, {"name": "side"}],
        "containers": [{"name": "side", "image": "s2"}],
    }}}});
    let patched = strategic(&deployment(), &patch).expect("a deployment");
    let mut expected = deployment();
    expected["spec"]["template"]["spec"]["containers"][1]["image"] = "s2".into();
    assert_eq!(patched, expected);
}

#[test]
fn rollout_restart_annotates_the_template() {
    let annotations = json!({"kubectl.kubernetes.io/restartedAt": "2026-11-25T00:00:00Z"});
    let patch = json!({"spec": {"template": {"metadata": {"annotations": annotations.clone()}}}});
    let patched = strategic(&deployment(), &patch).expect("a deployment");
    assert_eq!(patched.pointer("/spec/template/metadata/annotations"), Some(&annotations));
}

#[test]
fn cordon_sets_and_uncordon_drops_a_field() {
    let nodes = resource("", "nodes");
    let node = json!({"metadata": {"name": "n"}, "spec": {"podCIDR": "10.0.0.0/24"}});
    let patch = br#"{"spec":{"unschedulable":true}}"#;
    let cordoned = patch::apply(PatchKind::Strategic, &node, patch, nodes).expect("a node");
    assert_eq!(cordoned["spec"], json!({"podCIDR": "10.0.0.0/24", "unschedulable": true}));
    let patch = br#"{"spec":{"unschedulable":null}}"#;
    assert_eq!(patch::apply(PatchKind::Strategic, &cordoned, patch, nodes), Ok(node));
}

#[test]
fn items_are_deleted_replaced_and_added_by_their_merge_key() {
    let containers = |patch: Json| {
        let patch = json!({"spec": {"template": {"spec": {"containers": patch}}}});
        let patched = strategic(&deployment(), &patch).expect("a deployment");
        patched.pointer("/spec/template/spec/containers").cloned().expect("containers")
    };
    let names = |containers: Json| -> Vec<String> {
        let names = containers.as_array().expect("a list").iter();
        names.filter_map(|one| Some(one.get("name")?.as_str()?.to_owned())).collect()
    };
    assert_eq!(names(containers(json!([{"$patch": "delete", "name": "ctr"}]))), ["side"]);
    assert_eq!(names(containers(json!([{"name": "new"}]))), ["new", "ctr", "side"]);
    assert_eq!(
        containers(json!([{"name": "only"}, {"$patch": "replace"}])),
        json!([{"name": "only"}])
    );
    let merged = containers(json!([{"name": "ctr", "env": [{"name": "B", "value": "2"}]}]));
    let env = json!([{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]);
    assert_eq!(merged[0]["env"], env);
    assert_eq!(merged[0]["image"], "v1");
}

#[test]
fn lists_without_merge_key_are_replaced() {
    let patch = json!({"spec": {"template": {"spec": {
        "tolerations": [{"key": "y"}], "containers": [{"name": "ctr", "command": ["id"]}],
    }}}});
    let patched = strategic(&deployment(), &patch).expect("a deployment");
    let spec = &patched["spec"]["template"]["spec"];
    assert_eq!(spec["tolerations"], json!([{"key": "y"}]));
    assert_eq!(spec["containers"][0]["command"], json!(["id"]));
}

#[test]
fn lists_of_scalars_merge_and_shrink() {
    let finalizers = |patch: Json| {
        strategic(&deployment(), &json!({"metadata": patch})).expect("a deployment")["metadata"]
            ["finalizers"]
            .take()
    };
    assert_eq!(
        finalizers(json!({"$deleteFromPrimitiveList/finalizers": ["b"]})),
        json!(["a", "c"])
    );
    assert_eq!(finalizers(json!({"finalizers": ["d", "a"]})), json!(["d", "a", "b", "c"]));
    assert_eq!(
        finalizers(json!({"$setElementOrder/finalizers": ["c", "b", "a"]})),
        json!(["c", "b", "a"])
    );
}

#[test]
fn an_order_puts_what_it_names_around_what_it_does_not() {
    let patch = json!({"spec": {"template": {"spec": {
        "$setElementOrder/containers": [{"name": "new"}, {"name": "side"}],
        "containers": [{"name": "new"}],
    }}}});
    let patched = strategic(&deployment(), &patch).expect("a deployment");
    let containers = patched["spec"]["template"]["spec"]["containers"].as_array().expect("a list");
    let names: Vec<&Json> = containers.iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["new", "ctr", "side"]);
}

#[test]
fn retain_keys_drops_what_it_does_not_list() {
    let patch = json!({"spec": {"strategy": {
        "$retainKeys": ["type"], "type": "Recreate",
    }}});
    let patched = strategic(&deployment(), &patch).expect("a deployment");
    assert_eq!(patched["spec"]["strategy"], json!({"type": "Recreate"}));
}

#[test]
fn maps_are_replaced_and_emptied_by_directive() {
    let labels = |patch: Json| {
        strategic(&deployment(), &json!({"metadata": {"labels": patch}})).expect("a deployment")
            ["metadata"]["labels"]
            .take()
    };
    assert_eq!(labels(json!({"$patch": "replace", "x": "y"})), json!({"x": "y"}));
    assert_eq!(labels(json!({"$patch": "delete"})), json!({}));
    assert_eq!(labels(json!({"x": "y", "app": null})), json!({"x": "y"}));
}

#[test]
fn patches_that_contradict_the_schema_are_refused_in_the_servers_words() {
    for (patch, code, message) in [
        (
            json!({"spec": {"template": {"spec": {"containers": [{"image": "x", "tty": true}]}}}}),
            500,
            "map: map[image:x tty:true] does not contain declared merge key: name",
        ),
        (
            json!({"spec": {"template": {"spec": {"containers": [{"$patch": "delete"}]}}}}),
            500,
            "map: map[$patch:delete] does not contain declared merge key: name",
        ),
        (
            json!({"metadata": {"labels": {"$patch": "loose"}}}),
            500,
            "unknown patch type: loose in map: map[$patch:loose]",
        ),
        (
            json!({"metadata": {"$setElementOrder/finalizers": "a"}}),
            500,
            "expected a []interface {}, but received a string",
        ),
        (
            json!({"metadata": {"$deleteFromPrimitiveList": ["a"]}}),
            400,
            "invalid patch format of primitive list",
        ),
        (
            json!({"spec": {"strategy": {"$retainKeys": ["type"], "rollingUpdate": {}}}}),
            400,
            "invalid patch format of retainKeys",
        ),
        (
            json!({"spec": {"template": {"spec": {"containers": [["x"]]}}}}),
            500,
            "list element types are not identical: \
             [[map[command:[sh] env:[map[name:A value:1]] image:v1 name:ctr] \
             map[image:s1 name:side]] [[x]]]",
        ),
        (
            json!(["x"]),
            400,
            "json: cannot unmarshal array into Go value of type map[string]interface {}",
        ),
    ] {
        let refusal = strategic(&deployment(), &patch).expect_err("a refusal");
        assert_eq!((refusal.code, &*refusal.message), (code, message), "{patch}");
    }
}

#[test]
fn a_json_patch_that_does_not_fit_is_refused_without_a_reason() {
    let live = deployment();
    for patch in [
        json!([{"op": "test", "path": "/metadata/name", "value": "other"}]),
        json!([{"op": "remove", "path": "/metadata/labels/missing"}]),
        json!([{"op": "replace", "path": "/metadata/annotations/missing", "value": "x"}]),
        json!([{"op": "add", "path": "", "value": {}}]),
        json!([{"op": "copy", "from": "", "path": "/metadata/labels/x"}]),
        json!([{"op": "add", "path": "/metadata/annotations/x", "value": "y"}]),
        json!([{"op": "add", "path": "/spec/template/spec/containers/9", "value": {}}]),
        json!([{"op": "copy", "from": "/nowhere/x", "path": "/metadata/labels/x"}]),
        json!([{"op": "jump", "path": "/metadata"}]),
        json!([{"path": "/metadata"}]),
    ] {
        let refusal =
            patch::apply_json(PatchKind::Json, &live, &patch, resource("apps", "deployments"))
                .expect_err("a refusal");
        assert_eq!(
            refusal.to_json(),
            json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                "message": "the server rejected our request due to an error in our request",
                "reason": "Invalid", "details": {}, "code": 422,
            }),
            "{patch}"
        );
    }
}

#[test]
fn a_json_patch_is_read_as_the_server_reads_it() {
    let patch = json!([
        {"op": "test", "path": "/metadata/labels/missing", "value": null},
        {"op": "replace", "path": "/metadata/labels/missing", "value": "x"},
        {"op": "move", "from": "/metadata/labels/app", "path": "/metadata/labels/moved"},
        {"op": "remove", "path": "/metadata/finalizers/-1"},
        {"op": "add", "path": "/metadata/finalizers/-1", "value": "last"},
        {"op": "copy", "from": "/metadata/labels/nowhere", "path": "/metadata/annotations"},
    ]);
    let patched =
        patch::apply_json(PatchKind::Json, &deployment(), &patch, resource("apps", "deployments"))
            .expect("a deployment");
    assert_eq!(patched["metadata"]["labels"], json!({"missing": "x", "moved": "web"}));
    assert_eq!(patched["metadata"]["finalizers"], json!(["a", "b", "last"]));
    assert_eq!(patched["metadata"]["annotations"], Json::Null);
}

#[test]
fn a_json_patch_has_bounds() {
    let deployments = resource("apps", "deployments");
    let operation = json!({"op": "test", "path": "/kind", "value": "Deployment"});
    let many = Json::Array(vec![operation; 10_001]);
    let refusal = patch::apply_json(PatchKind::Json, &deployment(), &many, deployments)
        .expect_err("a refusal");
    assert_eq!(refusal.code, 413);
    assert_eq!(
        refusal.message,
        "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001"
    );

    let copy = json!({"op": "copy", "from": "/spec", "path": "/metadata/finalizers/0"});
    let copy_of_all = json!({"op": "copy", "from": "/metadata/finalizers", "path": "/spec/x"});
    let doubling = vec![copy, copy_of_all];
    let nest = vec![
        json!({"op": "add", "path": "/metadata/labels/x", "value": {}}),
        json!({"op": "move", "from": "/spec", "path": "/metadata/labels/x/x"}),
        json!({"op": "move", "from": "/metadata/labels/x", "path": "/spec"}),
    ];
    for operations in [doubling, nest] {
        let patch = operations.iter().cycle().take(9_999).cloned().collect();
        let refusal = patch::apply_json(PatchKind::Json, &deployment(), &patch, deployments)
            .expect_err("a refusal");
        assert_eq!(refusal.code, 422);
    }
}

#[test]
fn what_is_no_patch_is_refused() {
    for (kind, patch, message) in [
        (
            PatchKind::Json,
            "{}",
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
        ),
        (
            PatchKind::Merge,
            "[]",
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
        ),
        (PatchKind::Merge, "{", "error decoding patch: unexpected end of JSON input"),
        (PatchKind::Strategic, "", "unexpected end of JSON input"),
    ] {
        let pods = resource("", "pods");
        let refusal =
            patch::apply(kind, &json!({}), patch.as_bytes(), pods).expect_err("a refusal");
        assert_eq!((refusal.code, &*refusal.message), (400, message));
    }
    let deep = format!("{}{}", r#"{"a":"#.repeat(10_000), "1");
    let refusal = patch::apply(PatchKind::Merge, &json!({}), deep.as_bytes(), resource("", "pods"));
    assert_eq!(refusal.expect_err("a refusal").code, 400);
}

#[test]
fn the_kind_follows_the_content_type() {
    assert_eq!(
        PatchKind::of_content_type("application/merge-patch+json; charset=utf-8"),
        Ok(PatchKind::Merge)
    );
    let refusal = PatchKind::of_content_type("application/json").expect_err("a refusal");
    assert_eq!((refusal.code, refusal.reason), (415, "UnsupportedMediaType"));
    assert_eq!(
        refusal.message,
        "the body of the request was in an unknown format - accepted media types include: \
         application/json-patch+json, application/merge-patch+json, \
         application/strategic-merge-patch+json, application/apply-patch+yaml"
    );
}

#[test]
fn only_apply_forces_and_apply_needs_a_manager() {
    assert_eq!(validate_options(PatchKind::Apply, "me", Some(true)), Ok(()));
    assert_eq!(validate_options(PatchKind::Merge, "", None), Ok(()));
    let refusal = validate_options(PatchKind::Apply, "", None).expect_err("a refusal");
    assert_eq!(
        refusal.message,
        "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: \
         is required for apply patch"
    );
    assert_eq!(refusal.code, 422);
    let refusal = validate_options(PatchKind::Json, "me", Some(false)).expect_err("a refusal");
    let causes = refusal.details.expect("details").causes;
    assert_eq!(causes[0].reason, CauseReason::Forbidden);
}
