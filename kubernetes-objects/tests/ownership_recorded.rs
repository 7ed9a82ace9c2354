//! Who owns what after recorded writes, held to what API server 1.36.2 answered.

use kubernetes_objects::ownership::{Interner, Managers, Writer, apply, on_update};
use kubernetes_objects::patch::{self, PatchKind};
use kubernetes_objects::resource::{self, Resource};
use serde_json::{Value as Json, json};

fn recorded(name: &str) -> Json {
    let all: Vec<Json> =
        serde_json::from_str(include_str!("recorded/writes-1.36.2.json")).expect("the recording");
    all.into_iter().find(|one| one["name"] == name).expect("a recorded request of this name")
}

/// The object that was answered, apart from its managers, and these.
fn answered(name: &str) -> (Json, Managers) {
    let mut object = recorded(name)["body"].take();
    let managers = object["metadata"]
        .as_object_mut()
        .and_then(|metadata| metadata.remove("managedFields"))
        .expect("managers");
    let read = Managers::from_json(&managers).expect("managers that can be read");
    assert_eq!(read.to_json(), managers, "written as read");
    assert_eq!(serde_json::to_value(&read).expect("JSON"), managers, "printed as read");
    (object, read)
}

fn pods() -> &'static Resource {
    resource::find("", "v1", "pods").expect("pods")
}

/// When the manager last wrote, as recorded: the clock is not what is tested.
fn time_of<'a>(managers: &'a Managers, name: &str) -> &'a str {
    let manager = managers.iter().find(|manager| &*manager.name == name).expect("the manager");
    manager.time.as_deref().expect("a time")
}

/// What admission adds after the owners are known.
fn before_admission(mut object: Json) -> Json {
    let spec = object["spec"].as_object_mut().expect("a spec");
    for field in ["tolerations", "priority", "preemptionPolicy"] {
        spec.remove(field);
    }
    object
}

#[test]
fn a_create_makes_its_writer_owner_of_all_that_it_gave_and_of_the_defaults() {
    for (name, manager) in [
        ("create implicit-groups", "kubectl-client-side-apply"),
        ("create strict on supporting node", "unknown"),
        ("create strict on unsupporting node", "unknown"),
        ("create pending: no such label", "unknown"),
        ("create with generateName", "unknown"),
    ] {
        let (object, expected) = answered(name);
        let time = time_of(&expected, manager);
        let writer = Writer { manager, subresource: "", time };
        let after = before_admission(object);
        let managers = on_update(pods(), None, &after, Managers::default(), writer);
        assert_eq!(managers, expected, "{name}");
    }
}

#[test]
fn the_kubelet_owns_the_status_that_it_writes() {
    for (before, after) in [
        ("create implicit-groups", "get running"),
        ("create strict on unsupporting node", "get rejected"),
        ("delete running gracefully", "get terminating"),
    ] {
        let (live, managers) = answered(before);
        let (written, expected) = answered(after);
        let time = time_of(&expected, "kubelet");
        let writer = Writer { manager: "kubelet", subresource: "status", time };
        let managers = on_update(pods(), Some(&live), &written, managers, writer);
        assert_eq!(managers, expected, "{after}");
    }
}

#[test]
fn a_patch_changes_the_object_and_its_owners_as_recorded() {
    let kind = |name: &str| match name {
        "strategic merge: label" => PatchKind::Strategic,
        "merge patch: drop label" => PatchKind::Merge,
        _ => PatchKind::Json,
    };
    let (mut live, mut managers) = answered("get strict");
    for name in ["strategic merge: label", "merge patch: drop label", "json patch"] {
        let (mut expected, owners) = answered(name);
        let body = recorded(name)["request"]["body"].to_string();
        let patched =
            patch::apply(kind(name), &live, body.as_bytes(), pods()).expect("a patched pod");
        let version = &mut expected["metadata"]["resourceVersion"];
        *version = live["metadata"]["resourceVersion"].clone();
        assert_eq!(patched, expected, "{name}");
        let writer =
            Writer { manager: "unknown", subresource: "", time: time_of(&owners, "unknown") };
        managers = on_update(pods(), Some(&live), &patched, managers, writer);
        assert_eq!(managers, owners, "{name}");
        live = patched;
    }
}

#[test]
fn a_patch_that_changes_nothing_keeps_owners_and_times() {
    let nodes = resource::find("", "v1", "nodes").expect("nodes");
    let (live, managers) = answered("get unsupporting node");
    let (_, expected) = answered("label a node");
    let body = recorded("label a node")["request"]["body"].to_string();
    let patched =
        patch::apply(PatchKind::Merge, &live, body.as_bytes(), nodes).expect("a patched node");
    let writer = Writer { manager: "unknown", subresource: "", time: "2030-01-01T00:00:00Z" };
    assert_eq!(on_update(nodes, Some(&live), &patched, managers, writer), expected);
}

#[test]
fn apply_makes_the_applier_owner_of_what_it_gave_only() {
    let request = recorded("server-side apply: create");
    let (_, expected) = answered("server-side apply: create");
    let mut config = request["request"]["body"].clone();
    let writer = Writer { manager: "lab", subresource: "", time: time_of(&expected, "lab") };
    let (merged, managers) =
        apply(pods(), None, Managers::default(), &config, writer, false).expect("an applied pod");
    assert_eq!(managers, expected);
    config["status"] = json!({});
    assert_eq!(merged, config);
}

#[test]
fn apply_refuses_to_change_what_another_owns_in_the_recorded_words() {
    let (live, managers) = answered("server-side apply: create");
    let recorded = recorded("server-side apply: conflict");
    let config = &recorded["request"]["body"];
    let writer = Writer { manager: "other", subresource: "", time: "2026-11-24T23:53:00Z" };
    let refusal = apply(pods(), Some(&live), managers.clone(), config, writer, false)
        .expect_err("a conflict");
    assert_eq!(refusal.to_json(), recorded["body"]);

    let (merged, managers) =
        apply(pods(), Some(&live), managers, config, writer, true).expect("taken by force");
    assert_eq!(merged["metadata"]["labels"], json!({"app": "other"}));
    let owners: Vec<(&str, bool)> = managers
        .iter()
        .map(|manager| {
            let fields = manager.fields.to_fields_v1();
            (&*manager.name, fields.pointer("/f:metadata/f:labels/f:app").is_some())
        })
        .collect();
    assert_eq!(owners, [("lab", false), ("other", true)]);
}

#[test]
fn equal_owners_of_different_pods_share_their_sets() {
    let mut interner = Interner::default();
    let (_, managers) = answered("get strict");
    let first = interner.share(managers);
    let known = interner.len();
    for _ in 0..100 {
        let (_, managers) = answered("get strict");
        assert_eq!(interner.share(managers), first);
    }
    assert_eq!(interner.len(), known);
}
