//! Who owns what after writes that are not recorded.

use kubernetes_objects::Status;
use kubernetes_objects::ownership::{
    FieldSet, Interner, Manager, Managers, Writer, apply, on_update,
};
use kubernetes_objects::resource::{self, Resource};
use serde_json::{Value as Json, json};

const NOW: &str = "2026-11-25T00:00:00Z";

fn pods() -> &'static Resource {
    resource::find("", "v1", "pods").expect("pods")
}

fn by(manager: &str) -> Writer<'_> {
    Writer { manager, subresource: "", time: NOW }
}

fn pod(fields: Json) -> Json {
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}});
    json_patch::merge(&mut pod, &fields);
    pod
}

fn labels(labels: Json) -> Json {
    pod(json!({"metadata": {"labels": labels}}))
}

fn fields_of(managers: &Managers, name: &str) -> Json {
    let manager = managers.iter().find(|manager| &*manager.name == name);
    manager.map_or(Json::Null, |manager| manager.fields.to_fields_v1())
}

fn created(object: &Json, by: Writer<'_>) -> Managers {
    on_update(pods(), None, object, Managers::default(), by)
}

fn applied(
    live: Option<&Json>,
    managers: &Managers,
    config: &Json,
    manager: &str,
) -> Result<(Json, Managers), Status> {
    apply(pods(), live, managers.clone(), config, by(manager), false)
}

#[test]
fn whoever_changes_a_field_takes_it_from_its_owner() {
    let before = labels(json!({"a": "1", "b": "1"}));
    let managers = created(&before, by("first"));
    let after = labels(json!({"a": "2", "b": "1"}));
    let managers = on_update(pods(), Some(&before), &after, managers, by("second"));
    assert_eq!(
        fields_of(&managers, "first"),
        json!({"f:metadata": {"f:labels": {".": {}, "f:b": {}}}})
    );
    assert_eq!(fields_of(&managers, "second"), json!({"f:metadata": {"f:labels": {"f:a": {}}}}));
}

#[test]
fn what_is_gone_is_nobodys_and_owners_of_nothing_vanish() {
    let before = labels(json!({"a": "1"}));
    let managers = created(&before, by("first"));
    let managers = on_update(pods(), Some(&before), &pod(json!({})), managers, by("second"));
    assert!(managers.is_empty());
}

#[test]
fn a_removal_changes_no_time() {
    let before = labels(json!({"a": "1", "b": "1"}));
    let managers = created(&before, by("first"));
    let later = Writer { time: "2030-01-01T00:00:00Z", ..by("first") };
    let after = labels(json!({"a": "1"}));
    let managers = on_update(pods(), Some(&before), &after, managers, later);
    let times: Vec<_> = managers.iter().map(|manager| manager.time.as_deref()).collect();
    assert_eq!(times, [Some(NOW)]);
}

#[test]
fn an_object_without_managers_stays_without() {
    let before = labels(json!({"a": "1"}));
    let after = labels(json!({"a": "2"}));
    let managers = on_update(pods(), Some(&before), &after, Managers::default(), by("me"));
    assert!(managers.is_empty());
}

#[test]
fn a_write_owns_nothing_that_it_cannot_change() {
    let object = pod(json!({
        "spec": {"nodeName": "n"},
        "status": {"phase": "Running"},
        "metadata": {"uid": "u", "generation": 1, "resourceVersion": "7"},
    }));
    let managers = created(&object, by("me"));
    assert_eq!(fields_of(&managers, "me"), json!({"f:spec": {"f:nodeName": {}}}));
    let status = Writer { subresource: "status", ..by("kubelet") };
    let managers = created(&object, status);
    assert_eq!(fields_of(&managers, "kubelet"), json!({"f:status": {"f:phase": {}}}));
}

#[test]
fn items_are_owned_by_their_keys_and_defaults_count() {
    let object = pod(json!({
        "metadata": {"finalizers": ["example.com/x"]},
        "spec": {
            "containers": [{"name": "c", "ports": [
                {"containerPort": 443, "protocol": "TCP"}, {"containerPort": 80},
            ]}],
            "tolerations": [{"key": "x"}],
            "nodeSelector": {"a": "b"},
        },
    }));
    let managers = created(&object, by("me"));
    assert_eq!(
        serde_json::to_string(&managers.iter().next().expect("one").fields).expect("JSON"),
        concat!(
            r#"{"f:metadata":{"f:finalizers":{".":{},"v:\"example.com/x\"":{}}},"#,
            r#""f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:name":{},"f:ports":{".":{},"#,
            r#""k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}},"#,
            r#""k:{\"containerPort\":443,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"#,
            r#""f:protocol":{}}}}},"f:nodeSelector":{},"f:tolerations":{}}}"#,
        )
    );
}

#[test]
fn the_oldest_of_too_many_updaters_become_one() {
    let mut live = labels(json!({}));
    let mut managers = created(&pod(json!({"spec": {"nodeName": "n"}})), by("first"));
    for number in 0..14 {
        let name = format!("writer-{number:02}");
        let time = format!("2026-11-25T00:01:{number:02}Z");
        let mut after = live.clone();
        after["metadata"]["labels"][&name] = "x".into();
        let writer = Writer { manager: &name, subresource: "", time: &time };
        managers = on_update(pods(), Some(&live), &after, managers, writer);
        live = after;
    }
    assert_eq!(managers.iter().count(), 10);
    let oldest = managers.iter().next().expect("a manager");
    assert_eq!(&*oldest.name, "ancient-changes");
    assert_eq!(oldest.time.as_deref(), Some("2026-11-25T00:01:04Z"));
    assert_eq!(
        oldest.fields.to_fields_v1().pointer("/f:metadata/f:labels/f:writer-04"),
        Some(&json!({}))
    );
}

#[test]
fn managers_come_from_the_request_unless_it_goes_to_a_subresource() {
    let stored = created(&labels(json!({"a": "1"})), by("me"));
    let with = |managers: Json| pod(json!({"metadata": {"managedFields": managers}}));
    for (written, subresource, expected) in [
        (pod(json!({})), "", stored.clone()),
        (with(json!([])), "", Managers::default()),
        (with(json!([{}])), "", Managers::default()),
        (with(json!([{"manager": "x"}])), "", stored.clone()),
        (with(json!([])), "status", stored.clone()),
    ] {
        assert_eq!(Managers::of_request(&stored, &written, subresource), expected, "{written}");
    }
    let renamed = Manager { name: "other".into(), ..stored.iter().next().expect("me").clone() };
    let renamed = Managers::new(vec![renamed]);
    assert_eq!(Managers::of_request(&stored, &with(renamed.to_json()), ""), renamed);
}

#[test]
fn fields_that_an_applier_gives_no_longer_are_removed() {
    let first = pod(json!({
        "metadata": {"labels": {"a": "1", "b": "1"}},
        "spec": {"containers": [{"name": "c", "image": "i", "env": [{"name": "X", "value": "1"}]}]},
    }));
    let (live, managers) =
        applied(None, &Managers::default(), &first, "me").expect("an applied pod");
    let second = pod(json!({
        "metadata": {"labels": {"b": "2"}}, "spec": {"containers": [{"name": "c", "image": "i"}]},
    }));
    let (live, managers) = applied(Some(&live), &managers, &second, "me").expect("an applied pod");
    assert_eq!(live["metadata"]["labels"], json!({"b": "2"}));
    assert_eq!(live["spec"]["containers"], json!([{"name": "c", "image": "i"}]));
    assert_eq!(
        fields_of(&managers, "me"),
        json!({
            "f:metadata": {"f:labels": {"f:b": {}}},
            "f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {
                ".": {}, "f:image": {}, "f:name": {},
            }}},
        })
    );
}

#[test]
fn what_others_own_too_stays() {
    let config = labels(json!({"a": "1"}));
    let (live, managers) =
        applied(None, &Managers::default(), &config, "one").expect("an applied pod");
    let (live, managers) = applied(Some(&live), &managers, &config, "two").expect("shared");
    let (live, managers) =
        applied(Some(&live), &managers, &pod(json!({})), "one").expect("given up");
    assert_eq!(live["metadata"]["labels"], json!({"a": "1"}));
    assert_eq!(fields_of(&managers, "one"), Json::Null);
    assert_eq!(fields_of(&managers, "two"), json!({"f:metadata": {"f:labels": {"f:a": {}}}}));
    let (live, _) = applied(Some(&live), &managers, &pod(json!({})), "two").expect("given up");
    assert_eq!(live.pointer("/metadata/labels"), None);
}

#[test]
fn what_the_server_filled_in_stays() {
    let config = pod(json!({"spec": {"containers": [{"name": "c", "image": "i"}]}}));
    let (mut live, managers) =
        applied(None, &Managers::default(), &config, "me").expect("an applied pod");
    live["spec"]["restartPolicy"] = "Always".into();
    live["spec"]["containers"][0]["imagePullPolicy"] = "Always".into();
    let (merged, same) = applied(Some(&live), &managers, &config, "me").expect("an applied pod");
    assert_eq!(merged, live);
    assert_eq!(same, managers);
}

#[test]
fn an_apply_that_changes_nothing_keeps_the_time() {
    let config = labels(json!({"a": "1"}));
    let (live, managers) =
        applied(None, &Managers::default(), &config, "me").expect("an applied pod");
    let later = Writer { time: "2030-01-01T00:00:00Z", ..by("me") };
    let (_, same) = apply(pods(), Some(&live), managers.clone(), &config, later, false)
        .expect("an applied pod");
    assert_eq!(same, managers);
}

#[test]
fn conflicts_name_every_manager_and_field() {
    let live = pod(json!({
        "metadata": {"labels": {"a": "1", "b": "1"}},
        "spec": {"containers": [{"name": "c", "image": "1"}]},
    }));
    let managers = created(&live, by("updater"));
    let (live, managers) =
        applied(Some(&live), &managers, &labels(json!({"c": "1"})), "applier").expect("applied");
    let config = pod(json!({
        "metadata": {"labels": {"a": "2", "b": "2", "c": "2"}},
        "spec": {"containers": [{"name": "c", "image": "2"}]},
    }));
    let refusal = applied(Some(&live), &managers, &config, "me").expect_err("conflicts");
    assert_eq!(
        refusal.message,
        "Apply failed with 4 conflicts: conflicts with \"applier\":\n\
         - .metadata.labels.c\n\
         conflicts with \"updater\" using v1:\n\
         - .metadata.labels.a\n\
         - .metadata.labels.b\n\
         - .spec.containers[name=\"c\"].image"
    );
    let causes = refusal.details.expect("details").causes;
    assert_eq!(causes[3].message, "conflict with \"updater\" using v1");
    assert_eq!(causes[3].field, ".spec.containers[name=\"c\"].image");
}

#[test]
fn conflicts_name_the_subresource() {
    let live = pod(json!({"metadata": {"annotations": {"a": "1"}}}));
    let writer = Writer { subresource: "status", ..by("kubelet") };
    let managers = created(&live, writer);
    let config = pod(json!({"metadata": {"annotations": {"a": "2"}}}));
    let refusal = applied(Some(&live), &managers, &config, "me").expect_err("a conflict");
    assert_eq!(
        refusal.message,
        "Apply failed with 1 conflict: conflict with \"kubelet\" with subresource \"status\" \
         using v1: .metadata.annotations.a"
    );
}

#[test]
fn applied_lists_keep_the_order_of_the_configuration_around_what_others_added() {
    let containers = |names: &[&str]| {
        let list: Vec<Json> = names.iter().map(|name| json!({"name": name})).collect();
        pod(json!({"spec": {"containers": list}}))
    };
    let live = containers(&["a", "b", "x", "c"]);
    let managers = created(&live, by("updater"));
    let (merged, _) =
        applied(Some(&live), &managers, &containers(&["c", "new", "a"]), "me").expect("applied");
    assert_eq!(merged["spec"], containers(&["b", "x", "c", "new", "a"])["spec"]);
}

#[test]
fn an_object_that_nobody_owns_was_there_before_the_first_apply() {
    let live = labels(json!({"a": "1"}));
    let config = labels(json!({"a": "2"}));
    let refusal =
        applied(Some(&live), &Managers::default(), &config, "me").expect_err("a conflict");
    assert_eq!(
        refusal.message,
        "Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: \
         .metadata.labels.a"
    );
}

#[test]
fn kubectl_takes_over_what_it_applied_on_the_clients_side() {
    let last_applied = labels(json!({"a": "1"})).to_string();
    let mut live = labels(json!({"a": "1", "b": "1"}));
    live["metadata"]["annotations"] =
        json!({"kubectl.kubernetes.io/last-applied-configuration": last_applied});
    let managers = created(&live, by("kubectl-client-side-apply"));
    let config = labels(json!({"a": "2"}));
    assert!(applied(Some(&live), &managers, &config, "other").is_err());
    let (merged, _) = applied(Some(&live), &managers, &config, "kubectl").expect("taken over");
    assert_eq!(merged["metadata"]["labels"]["a"], "2");
    let noted =
        &merged["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"];
    let noted: Json = serde_json::from_str(noted.as_str().expect("text")).expect("JSON");
    assert_eq!(noted, config);
    let config = labels(json!({"b": "2"}));
    let refusal = applied(Some(&live), &managers, &config, "kubectl").expect_err("not its own");
    assert!(refusal.message.ends_with(".metadata.labels.b"), "{refusal}");
}

#[test]
fn configurations_that_do_not_fit_are_refused_in_the_servers_words() {
    let typed = "failed to create typed patch object (/p; /v1, Kind=Pod): ";
    let container = |container: Json| pod(json!({"spec": {"containers": container}}));
    for (config, code, message) in [
        (
            pod(json!({"spec": {"foo": 1}})),
            500,
            format!("{typed}.spec.foo: field not declared in schema"),
        ),
        (
            container(json!([{"name": "c"}, {"name": "c"}])),
            500,
            format!("{typed}.spec.containers: duplicate entries for key [name=\"c\"]"),
        ),
        (
            container(json!([{"image": "i"}])),
            500,
            format!(
                "{typed}.spec.containers: element 0: associative list with keys has an element \
                 that omits key field \"name\" (and doesn't have default value)"
            ),
        ),
        (
            container(json!([{"name": "c", "env": [{"name": "X", "value": 8080}]}])),
            500,
            format!(
                "{typed}.spec.containers[name=\"c\"].env[name=\"X\"].value: expected string, got \
                 &value.valueUnstructured{{Value:8080}}"
            ),
        ),
        (
            pod(json!({"spec": {"hostNetwork": "yes", "nodeSelector": [1]}})),
            500,
            format!(
                "{typed}errors:\n  .spec.hostNetwork: expected boolean, got &{{yes}}\n  \
                 .spec.nodeSelector: expected map, got &{{[1]}}"
            ),
        ),
        (
            pod(json!({"metadata": {"managedFields": []}})),
            400,
            "metadata.managedFields must be nil".to_owned(),
        ),
        (
            pod(json!({"apiVersion": "v2"})),
            400,
            "Incorrect version specified in apply patch. Specified patch version: v2, expected: v1"
                .to_owned(),
        ),
    ] {
        let refusal = applied(None, &Managers::default(), &config, "me").expect_err("a refusal");
        assert_eq!((refusal.code, refusal.message), (code, message));
    }
}

#[test]
fn sets_that_are_none_are_not_read() {
    let deep = (0..100).fold(json!({}), |below, _| json!({"f:x": below}));
    for fields in [json!({"x:y": {}}), json!({"f:x": 1}), json!([]), json!({"k:[]": {}}), deep] {
        assert_eq!(FieldSet::from_fields_v1(&fields), None, "{fields}");
    }
}

#[test]
fn sets_that_nobody_uses_any_more_are_dropped() {
    let mut interner = Interner::default();
    for number in 0..20_000 {
        let object = pod(json!({"status": {"podIPs": [{"ip": format!("10.0.0.{number}")}]}}));
        let writer = Writer { subresource: "status", ..by("kubelet") };
        drop(interner.share(created(&object, writer)));
    }
    assert!(interner.len() < 5_000, "{}", interner.len());
}
