//! `gidcheck audit` holds the pods of a cluster against the nodes that they run on or may run on.

mod program;
mod saved;
mod served;

use std::process::Output;

use program::assert_refused;
use saved::Saved;
use serde_json::{Value as Json, json};
use served::{Served, node};

/// A node as kubectl prints it.
fn node_object(name: &str, kubelet: &str, runtime: &str, feature: Option<bool>) -> Json {
    let mut status = json!({"nodeInfo": {
        "kubeletVersion": kubelet, "containerRuntimeVersion": runtime, "operatingSystem": "linux",
    }});
    if let Some(feature) = feature {
        status["features"] = json!({"supplementalGroupsPolicy": feature});
    }
    json!({"apiVersion": "v1", "kind": "Node", "status": status,
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}})
}

/// A node that honours the policy, and one that does not.
fn new_and_old() -> Vec<Json> {
    vec![
        node_object("new", "v1.35.1", "containerd://2.1.4", Some(true)),
        node_object("old", "v1.35.1", "containerd://1.7.24", None),
    ]
}

/// A Deployment whose pods ask for Strict.
fn strict(name: &str) -> Json {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
    "spec": {
        "selector": {"matchLabels": {"app": name}},
        "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {
                "securityContext": {"runAsUser": 1000, "runAsGroup": 3000,
                    "supplementalGroupsPolicy": "Strict"},
                "containers": [{"name": "web", "image": "example.test/web:1"}],
            },
        },
    }})
}

fn strict_pod(name: &str, node: &str) -> Json {
    let mut spec = strict(name)["spec"]["template"]["spec"].clone();
    spec["nodeName"] = node.into();
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "uid": name}, "spec": spec})
}

fn audit(objects: &[Json], arguments: &[&str]) -> Output {
    let saved = Saved::new();
    let archive = saved.path("web.tar").display().to_string();
    let all = ["audit", "-", "--pull", "never", "--image-archive", &archive];
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    program::gidcheck("audit", &[&all, arguments].concat(), list.to_string().as_bytes())
}

fn document(output: &Output) -> Json {
    serde_json::from_slice(&output.stdout).expect("the output is JSON")
}

/// The findings: the object, the rule, and the runtimes of the nodes where it is so, where that is
/// not everywhere.
fn found(objects: &[Json], arguments: &[&str]) -> Vec<String> {
    let document = document(&audit(objects, &[&["--output", "json"], arguments].concat()));
    let findings = document["findings"].as_array().cloned().unwrap_or_default();
    let words = |finding: &Json| {
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        let only_on = finding["onlyOn"].as_array().cloned().unwrap_or_default();
        let only_on: String =
            only_on.iter().map(|node| format!(" only on {}", text(node))).collect();
        format!("{}: {}{only_on}", text(&finding["name"]), text(&finding["rule"]))
    };
    findings.iter().map(words).collect()
}

#[test]
fn what_is_so_only_on_some_nodes_is_said_to_be_so_there() {
    let objects = [new_and_old(), vec![strict("web")]].concat();
    let old = "kubelet v1.35.1, runtime containerd-1.7";
    assert_eq!(found(&objects, &[]), [format!("web: strict-rejected only on {old}")]);
}

#[test]
fn a_pod_is_held_against_the_node_that_it_runs_on() {
    let on = |node| [new_and_old(), vec![strict_pod("web", node)]].concat();
    assert!(found(&on("new"), &[]).is_empty());
    assert_eq!(found(&on("old"), &[]), ["web: strict-rejected"]);
    // One that nobody knows may be like any.
    assert_eq!(found(&on("gone"), &[]).len(), 1);
}

#[test]
fn pods_of_a_controller_that_is_not_there_run_on_all_of_their_nodes() {
    let mut pods = vec![strict_pod("web-1", "new"), strict_pod("web-2", "old")];
    for pod in &mut pods {
        pod["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "name": "web", "uid": "r", "controller": true}]);
    }
    let found = found(&[new_and_old(), pods].concat(), &[]);
    assert_eq!(found, ["web-1: strict-rejected only on kubelet v1.35.1, runtime containerd-1.7"]);
}

#[test]
fn what_pods_ask_of_nodes_says_where_they_may_run() {
    let mut pinned = strict("web");
    pinned["spec"]["template"]["spec"]["nodeSelector"] = json!({"kubernetes.io/hostname": "new"});
    assert!(found(&[new_and_old(), vec![pinned.clone()]].concat(), &[]).is_empty());
    pinned["spec"]["template"]["spec"]["nodeSelector"] = json!({"kubernetes.io/hostname": "old"});
    let rejected = ["web: strict-rejected"];
    assert_eq!(found(&[new_and_old(), vec![pinned]].concat(), &[]), rejected);
    let mut tainted = new_and_old();
    tainted[1]["spec"] = json!({"taints": [{"key": "old", "effect": "NoSchedule"}]});
    assert!(found(&[tainted.clone(), vec![strict("web")]].concat(), &[]).is_empty());
    // A node that is not ready takes pods again when it is.
    tainted[1]["spec"] =
        json!({"taints": [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]});
    assert_eq!(found(&[tainted, vec![strict("web")]].concat(), &[]).len(), 1);
}

/// An API server 1.35 keeps Strict; a kubelet 1.32 has the gate off and does not look at it.
#[test]
fn kubelets_that_are_older_than_their_api_server_merge_silently() {
    let nodes = vec![
        node_object("new", "v1.35.1", "containerd://2.1.4", Some(true)),
        node_object("behind", "v1.32.3", "containerd://1.7.24", None),
    ];
    let found = found(&[nodes, vec![strict("web")]].concat(), &[]);
    let old = "kubelet v1.32.3 (gate SupplementalGroupsPolicy off), runtime containerd-1.7";
    assert_eq!(found, [format!("web: strict-ignored only on {old}")]);
}

/// After a roll-back the node object still says what the runtime before said (behaviour.md §4).
#[test]
fn a_node_that_says_more_than_its_runtime_can_do_merges_silently() {
    let nodes = vec![node_object("back", "v1.35.1", "containerd://1.7.24", Some(true))];
    assert_eq!(found(&[nodes, vec![strict("web")]].concat(), &[]), ["web: stale-feature"]);
}

#[test]
fn what_is_asked_for_outweighs_what_the_nodes_say() {
    let objects = [new_and_old(), vec![strict("web")]].concat();
    assert!(found(&objects, &["--runtime", "containerd-2.1"]).is_empty());
    let merged = found(&objects, &["--kubernetes", "1.32"]);
    assert_eq!(merged, ["web: strict-dropped", "web: implicit-groups"]);
    assert_refused(&audit(&objects, &["--feature-gate", "Nothing=true"]), 2, &["Nothing"]);
    let skewed = audit(&objects, &["--kubernetes", "1.33", "--kubelet", "1.36"]);
    assert_refused(&skewed, 2, &["kubelet 1.36 is newer than API server 1.33"]);
}

#[test]
fn pods_on_windows_are_passed_over() {
    let mut windows = node_object("windows", "v1.35.1", "containerd://1.7.24", None);
    windows["status"]["nodeInfo"]["operatingSystem"] = "windows".into();
    let mut of_windows = strict("selects");
    of_windows["spec"]["template"]["spec"]["nodeSelector"] = json!({"kubernetes.io/os": "windows"});
    let pods = vec![strict_pod("bound", "windows"), of_windows];
    let output = audit(&[new_and_old(), vec![windows], pods].concat(), &["--output", "json"]);
    let document = document(&output);
    assert_eq!(document["findings"], json!([]));
    assert_eq!((&document["pods"], &document["passedOver"]), (&json!(0), &json!(2)));
}

/// A pod whose image nobody can look at, and who it is as its kubelet reports it.
fn reporting(name: &str, node: &str, groups: &[u32]) -> Json {
    let mut pod = strict_pod(name, node);
    pod["spec"]["securityContext"] = json!({"runAsUser": 1000, "supplementalGroups": [4000]});
    pod["spec"]["containers"][0]["image"] = "registry.example.test/secret:1".into();
    pod["status"] = json!({"containerStatuses": [{"name": "web",
        "user": {"linux": {"uid": 1000, "gid": 1000, "supplementalGroups": groups}}}]});
    pod
}

#[test]
fn what_kubelets_report_counts_where_an_image_cannot_be_looked_at() {
    let pod = reporting("web", "new", &[1000, 4000, 50_000]);
    let objects = [new_and_old(), vec![pod]].concat();
    let expected = ["web: implicit-groups", "web: implicit-primary-group"];
    assert_eq!(found(&objects, &[]), expected);
    let document = document(&audit(&objects, &["--output", "json"]));
    let finding = &document["findings"][0];
    assert_eq!(finding["groups"], json!([{"id": 50_000, "origins": [{"kind": "reported"}]}]));
    let text =
        "it gets 50000, as its kubelet reports, from its image; the manifest does not say so";
    assert_eq!(finding["text"], text);
    // Of another runtime it says nothing.
    assert_eq!(found(&objects, &["--runtime", "cri-o-1.36"]), ["web: unknown-image"]);
}

#[test]
fn what_pods_report_counts_for_what_made_them_as_long_as_it_asks_for_the_same() {
    let mut pod = reporting("web-1-a", "new", &[1000, 4000, 50_000]);
    let owner = |kind: &str, uid: &str| {
        json!([{"apiVersion": "apps/v1", "kind": kind, "name": "web", "uid": uid,
            "controller": true}])
    };
    pod["metadata"]["ownerReferences"] = owner("ReplicaSet", "r");
    let mut deployment = strict("web");
    deployment["metadata"]["uid"] = "d".into();
    let template = &mut deployment["spec"]["template"]["spec"];
    template["securityContext"] = pod["spec"]["securityContext"].clone();
    template["containers"] = pod["spec"]["containers"].clone();
    let mut set = deployment.clone();
    set["kind"] = "ReplicaSet".into();
    set["metadata"] =
        json!({"name": "web-1", "uid": "r", "ownerReferences": owner("Deployment", "d")});
    let new = &new_and_old()[..1];
    let objects = [new, &[deployment.clone(), set.clone(), pod.clone()]].concat();
    let expected = ["web: implicit-groups", "web: implicit-primary-group"];
    assert_eq!(found(&objects, &[]), expected);
    deployment["spec"]["template"]["spec"]["containers"][0]["image"] =
        "example.test/other:2".into();
    assert_eq!(found(&[new, &[deployment, set, pod]].concat(), &[]), ["web: unknown-image"]);
}

/// Numbers that no kernel has, groups that are none, and owners in a circle.
#[test]
fn reports_that_make_no_sense_are_passed_over() {
    let mut pod = reporting("web", "new", &[]);
    for user in [
        json!({"uid": -1, "gid": 0, "supplementalGroups": [1]}),
        json!({"uid": 4_294_967_296_u64, "gid": 0}),
        json!({"uid": "1000", "gid": 0, "supplementalGroups": "1"}),
        json!([]),
    ] {
        pod["status"]["containerStatuses"][0]["user"]["linux"] = user;
        let objects = [new_and_old(), vec![pod.clone()]].concat();
        assert_eq!(found(&objects, &[]), ["web: unknown-image"]);
    }
    // Who is their own owner is left out by nobody.
    pod["metadata"]["ownerReferences"] =
        json!([{"kind": "Pod", "name": "web", "uid": "web", "controller": true}]);
    assert_eq!(found(&[new_and_old(), vec![pod]].concat(), &[]), ["web: unknown-image"]);
}

/// API server and kubelet 1.33 with the gate off: the kubelet rejects what it was asked for before.
#[test]
fn a_gate_that_is_off_is_to_blame_and_not_the_runtime() {
    let nodes = vec![node_object("off", "v1.33.1", "containerd://2.1.4", None)];
    let objects = [nodes, vec![strict_pod("web", "off")]].concat();
    assert_eq!(found(&objects, &["--api-server", "1.33"]), ["web: gate-off"]);
}

/// The image is for amd64 or whatever this machine is; what nodes of another one run was not seen.
#[test]
fn an_image_for_another_architecture_than_the_nodes_is_not_called_clean() {
    let mut nodes = vec![node_object("arm", "v1.35.1", "containerd://2.1.4", Some(true))];
    nodes[0]["status"]["nodeInfo"]["architecture"] = "s390x".into();
    let objects = [nodes, vec![strict("web")]].concat();
    assert_eq!(found(&objects, &[]), ["web: other-architecture"]);
    assert_eq!(audit(&objects, &[]).status.code(), Some(1));
}

#[test]
fn what_nodes_say_and_what_is_asked_instead_is_not_supposed() {
    let nodes = vec![node_object("odd", "v1.32.3", "docker://24.0.1", Some(true))];
    let objects = [nodes, vec![strict("web")]].concat();
    let asked = ["--runtime", "cri-o-1.36", "--kubernetes", "1.35"];
    let text = program::shown(&audit(&objects, &asked));
    assert!(!text.contains("Supposed"), "{text}");
}

#[test]
fn the_report_says_what_the_nodes_are_and_what_was_supposed() {
    let mut nodes = new_and_old();
    nodes.push(node_object("odd", "v1.35.1-eks-1", "containerd://2.9.1", Some(true)));
    let text = program::shown(&audit(&[nodes, vec![strict("web")]].concat(), &[]));
    program::assert_snapshot("audit-nodes", &text);
}

#[test]
fn pods_of_a_cluster_whose_nodes_nobody_gave_are_said_to_be_held_against_another() {
    let text = program::shown(&audit(&[strict_pod("web", "old")], &[]));
    assert!(text.contains("the nodes of the cluster are not among what was read"), "{text}");
}

#[test]
fn the_nodes_of_a_live_cluster_are_read_with_it() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let nodes = vec![node("new", "1.35", "containerd-2.1"), node("old", "1.32", "containerd-1.7")];
    let served = runtime.block_on(Served::of_version("1.35.0", nodes, 100.0));
    runtime.block_on(served.create("apps", "v1", "Deployment", strict("web")));
    let saved = Saved::new();
    let path = |path: &std::path::Path| path.display().to_string();
    let (archive, kubeconfig) = (path(&saved.path("web.tar")), path(served.kubeconfig()));
    let arguments = ["audit", "--kubeconfig", &kubeconfig, "--image-archive", &archive];
    let how = ["--pull", "never", "--output", "json"];
    let document = document(&program::gidcheck("audit", &[&arguments[..], &how].concat(), b""));
    let cluster = &document["cluster"];
    assert_eq!(cluster["apiServer"], "v1.35.0");
    assert_eq!(cluster["nodes"][0]["nodes"], json!(["new"]));
    assert_eq!(cluster["nodes"][1]["kubelet"], "v1.32.0");
    assert_eq!(document["findings"][0]["rule"], "strict-ignored", "{document}");
    runtime.block_on(served.stop());
}
