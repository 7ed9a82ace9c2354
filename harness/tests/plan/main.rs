//! What `gidcheck plan` says of dumped clusters, and of input that is none.

mod drains;
mod input;
#[path = "../program/mod.rs"]
mod program;
mod storms;

use std::process::Output;

use program::shown;
use serde_json::{Value as Json, json};

/// A cluster of 1.32 with two runtimes that cannot do it.
const CLUSTER: &str = "../../../../docs/src/examples/cluster.json";
/// A node that claims what its runtime cannot do.
const STALE: &str = "../../../../docs/src/examples/stale.json";

fn gidcheck(arguments: &[&str], input: &[u8]) -> Output {
    program::gidcheck("plan", &[&["plan"], arguments].concat(), input)
}

fn assert_snapshot(name: &str, arguments: &[&str]) {
    program::assert_snapshot(&format!("plan-{name}"), &shown(&gidcheck(arguments, b"")));
}

/// What is refused must be so with exit code 2 and these words.
fn assert_refused(arguments: &[&str], input: &[u8], words: &[&str]) {
    program::assert_refused(&gidcheck(arguments, input), 2, words);
}

#[test]
fn kubelets_before_runtimes_are_kept_safe_by_labels() {
    assert_snapshot("kubelets-only", &[CLUSTER, "--kubernetes", "1.33"]);
}

#[test]
fn runtimes_with_kubelets_need_no_labels() {
    let arguments = [CLUSTER, "--kubernetes", "1.33", "--runtime", "containerd-2.1"];
    assert_snapshot("runtimes-and-kubelets", &arguments);
}

#[test]
fn a_runtime_without_support_leaves_stale_features() {
    assert_snapshot("runtime-back", &["kubernetes-1.33.json", "--runtime", "containerd-1.7"]);
}

#[test]
fn clusters_without_strict_pods_just_upgrade() {
    assert_snapshot("no-strict", &["kubernetes-1.30.json", "--kubernetes", "1.33"]);
}

#[test]
fn what_is_stale_already_is_told_apart_from_what_the_change_does() {
    let arguments = [STALE, "--kubernetes", "1.36", "--output", "markdown"];
    assert_snapshot("stale", &arguments);
}

/// The image of the published manifests is built in, so that nothing of it is a guess.
#[test]
fn an_image_that_is_built_in_is_known_where_no_pod_reports_its_groups() {
    let dump = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "status": {"nodeInfo": {
            "kubeletVersion": "v1.32.3", "containerRuntimeVersion": "containerd://1.7.24"}}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {
            "replicas": 1,
            "template": {"spec": {
                "securityContext": {"runAsUser": 1000, "runAsGroup": 3000,
                    "supplementalGroupsPolicy": "Strict"},
                "containers": [{"name": "ctr",
                    "image": "registry.k8s.io/e2e-test-images/agnhost:2.45"}],
            }},
        }},
    ]});
    let text = shown(&gidcheck(&["-", "--runtime", "containerd-2.1"], dump.to_string().as_bytes()));
    assert!(text.contains("loses 50000"), "{text}");
}

#[test]
fn the_document_has_the_same_for_programs() {
    let arguments = [CLUSTER, "--kubernetes", "1.33", "--output", "json"];
    assert_snapshot("json", &arguments);
}

#[test]
fn an_order_that_no_version_skew_allows_is_not_called_safe() {
    let node = |minor: u8| {
        format!(
            "{{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{{\"name\":\"n\"}},\"status\":\
             {{\"nodeInfo\":{{\"kubeletVersion\":\"v1.{minor}.0\",\
             \"containerRuntimeVersion\":\"containerd://2.1.9\"}}}}}}"
        )
    };
    let output = gidcheck(&["-", "--kubernetes", "1.36"], node(32).as_bytes());
    let text = shown(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("plan --kubernetes 1.35 and do that first"), "{text}");
    let output = gidcheck(&["-", "--kubernetes", "1.35"], node(32).as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    let back = shown(&gidcheck(&["-", "--kubernetes", "1.33"], node(34).as_bytes()));
    let (kubelet, server) = (back.find("the kubelet"), back.find("Change the API server"));
    assert!(kubelet < server && kubelet.is_some(), "kubelets go back first: {back}");
}

/// A node of 1.32 with two cores, on this runtime.
fn node(name: &str, runtime: &str) -> Json {
    json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name},
        "status": {
            "nodeInfo": {"kubeletVersion": "v1.32.4", "containerRuntimeVersion": runtime},
            "allocatable": {"cpu": "2", "memory": "4Gi", "pods": "110"},
        },
    })
}

const OLD: &str = "containerd://1.7.24";
const NEW: &str = "containerd://2.1.9";

/// A pod on a node, whose owner is this; it asks for Strict and one and a half cores.
fn pod(name: &str, node: &str, owner: Option<(&str, &str)>) -> Json {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": "web"}},
        "spec": {
            "nodeName": node,
            "securityContext": {"supplementalGroupsPolicy": "Strict", "runAsUser": 1000},
            "containers": [{
                "name": "c", "image": "registry.k8s.io/e2e-test-images/agnhost:2.45",
                "resources": {"requests": {"cpu": "1500m"}},
            }],
        },
        "status": {"phase": "Running"},
    });
    if let Some((kind, name)) = owner {
        pod["metadata"]["ownerReferences"] = json!([
            {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "u", "controller": true}
        ]);
    }
    pod
}

/// A Deployment of Strict pods with so many replicas.
fn deployment(replicas: u32) -> Json {
    let template = pod("x", "", None);
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "securityContext": template["spec"]["securityContext"],
                    "containers": [{"name": "c", "image": "example.test/web"}],
                },
            },
        },
    })
}

/// The plan for objects, as a document, and as text.
fn planned(items: &[Json], arguments: &[&str]) -> (Json, String) {
    let dump = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let arguments = [&["-"], arguments].concat();
    let text = shown(&gidcheck(&arguments, dump.as_bytes()));
    let document = gidcheck(&[&arguments[..], &["--output", "json"]].concat(), dump.as_bytes());
    let document: Result<Json, _> = serde_json::from_slice(&document.stdout);
    assert!(document.is_ok(), "{text}");
    (document.unwrap_or_default(), text)
}

#[test]
fn pods_of_daemon_sets_are_counted_on_the_nodes_where_something_happens_to_them() {
    let items = [
        node("a", OLD),
        node("b", OLD),
        node("c", NEW),
        pod("agent-a", "a", Some(("DaemonSet", "agent"))),
        pod("agent-b", "b", Some(("DaemonSet", "agent"))),
        pod("agent-c", "c", Some(("DaemonSet", "agent"))),
    ];
    let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
    let rejected = &plan["findings"][0];
    assert_eq!(rejected["effect"], "rejected", "{text}");
    assert_eq!((&rejected["pods"], &rejected["eligibleNodes"]), (&json!(2), &json!(3)), "{text}");
    assert_eq!(rejected["nodes"], json!(["a", "b"]), "{text}");
}

#[test]
fn static_pods_are_rejected_on_their_node_and_nothing_storms() {
    let mut mirror = pod("proxy-a", "a", None);
    mirror["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "hash"});
    mirror["metadata"]["ownerReferences"] = json!([
        {"apiVersion": "v1", "kind": "Node", "name": "a", "uid": "u", "controller": true}
    ]);
    let items = [node("a", OLD), node("b", NEW), mirror];
    let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
    let rejected = &plan["findings"][0];
    assert_eq!(rejected["effect"], "rejected", "{text}");
    assert_eq!((&rejected["pods"], &rejected["nodes"]), (&json!(1), &json!(["a"])), "{text}");
    assert_eq!(plan["storms"], json!([]), "a kubelet does not make a rejected pod again: {text}");
    assert!(!text.contains("--force"), "a drain passes static pods over: {text}");
    let words = "looks at it again only when it starts anew";
    assert!(plan["assumptions"].to_string().contains(words), "{text}");
}

#[test]
fn cron_jobs_fail_and_do_not_storm() {
    let template = pod("x", "", None);
    let job = json!({"template": {"spec": {
        "securityContext": template["spec"]["securityContext"],
        "containers": template["spec"]["containers"],
        "restartPolicy": "Never",
    }}});
    let cron_job = json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"name": "report", "namespace": "shop"},
        "spec": {"schedule": "*/5 * * * *", "jobTemplate": {"spec": job}},
    });
    let (plan, text) = planned(&[node("a", OLD), cron_job], &["--kubernetes", "1.33"]);
    let rejected = &plan["findings"][0];
    assert_eq!(rejected["effect"], "rejected", "{text}");
    assert_eq!(rejected["kind"], "CronJob", "{text}");
    assert_eq!(plan["storms"], json!([]), "{text}");
}

#[test]
fn what_is_merged_already_is_not_the_changes_fault() {
    let items = [node("a", OLD), node("b", NEW), deployment(2)];
    let (plan, text) = planned(&items, &["--kubernetes", "1.31"]);
    assert_eq!(plan["breaks"], false, "{text}");
    assert_eq!(plan["already"][0]["effect"], "strictMergedSilently", "{text}");
}

#[test]
fn what_to_do_first_fits_the_change() {
    let on = |name: &str, runtime: &str| {
        let mut node = node(name, runtime);
        node["status"]["features"] = json!({"supplementalGroupsPolicy": true});
        node
    };
    let items = [on("b", NEW), deployment(1)];
    let why = |arguments: &[&str]| {
        let (plan, text) = planned(&items, arguments);
        assert_eq!(plan["order"]["safe"], false, "{text}");
        plan["order"]["whyNot"].to_string()
    };
    let off = why(&["--feature-gate", "SupplementalGroupsPolicy=false"]);
    assert!(off.contains("keep the gate") && !off.contains("first bring"), "{off}");
    let back = why(&["--runtime", "containerd-1.7"]);
    assert!(back.contains("leave a runtime that honours the policy on these nodes: b"), "{back}");
    let far = why(&["--kubernetes", "1.36", "--runtime", "containerd-1.7"]);
    assert!(far.contains("plan --kubernetes 1.35 and do that first"), "{far}");
}
