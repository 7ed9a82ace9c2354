//! What `gidcheck plan` says of dumped clusters, and of input that is none.

mod program;

use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use gidcheck::cluster::Cluster;
use gidcheck::scenario::ClusterSpec;
use gidcheck::target::Simulation;
use k8s_openapi::api::core::v1::Pod;
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
fn broken_json_names_the_line_and_what_was_understood() {
    let dump = include_str!("../../docs/src/examples/cluster.json");
    let half = &dump.as_bytes()[..dump.len() / 2];
    assert_refused(
        &["-", "--kubernetes", "1.33"],
        half,
        &["standard input:", "not valid JSON", "3 Node"],
    );
}

#[test]
fn input_that_is_no_cluster_is_refused() {
    let change = ["-", "--kubernetes", "1.33"];
    assert_refused(&change, b"", &["no node in the input"]);
    assert_refused(&change, b"\xff\xfe{\0", &["UTF-16"]);
    assert_refused(&change, b"a: [", &["not valid YAML"]);
    assert_refused(&change, &b"[".repeat(100_000), &["not valid JSON"]);
    assert_refused(&["nowhere.json", "--kubernetes", "1.33"], b"", &["cannot read nowhere.json"]);
    assert_refused(&["kubernetes-1.33.json"], b"", &["nothing is to change"]);
    assert_refused(
        &["kubernetes-1.33.json", "--runtime", "pool=none=containerd-1.7"],
        b"",
        &["no node has the labels"],
    );
    assert_refused(
        &[STALE, "--feature-gate", "SupplementalGroupsPolicy=false"],
        b"",
        &["feature is locked to true"],
    );
}

#[test]
fn lists_in_lists_documents_and_objects_of_wrong_types_are_understood() {
    let dump = b"{\"kind\":\"List\",\"items\":[{\"kind\":\"NodeList\",\"apiVersion\":\"v1\",\
        \"items\":[{\"metadata\":{\"name\":\"n1\"}}]},null,\
        {\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"odd\"},\"spec\":7},\
        {\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"s\"}}]}\n\
        {\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n2\"}}";
    let output = gidcheck(&["-", "--kubernetes", "1.33", "--api-server", "1.32"], dump);
    let text = shown(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for words in ["2 nodes", "1 Secret", "Pod default/odd is left out"] {
        assert!(text.contains(words), "{words:?} is missing in: {text}");
    }
    let yaml = b"apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n---\nkind: List\nitems: null\n";
    let text = shown(&gidcheck(&["-", "--kubernetes", "1.33", "--api-server", "1.32"], yaml));
    assert!(text.contains("1 node"), "{text}");
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

fn budget(name: &str, status: Json) -> Json {
    json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"maxUnavailable": 0, "selector": {"matchLabels": {"app": "web"}}},
        "status": status,
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
fn drains_that_no_budget_lets_end_are_named() {
    let never = json!({
        "disruptionsAllowed": 0, "currentHealthy": 2, "desiredHealthy": 2, "expectedPods": 2
    });
    let mut items = vec![
        node("a", NEW),
        node("b", NEW),
        pod("web-1", "a", Some(("ReplicaSet", "web"))),
        pod("web-2", "b", Some(("ReplicaSet", "web"))),
        budget("web", never),
    ];
    let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
    let drain = &plan["drains"][0];
    assert_eq!(drain["what"], "budgetNeverAllows", "{text}");
    assert_eq!((&drain["pods"], &drain["nodes"]), (&json!(2), &json!(["a", "b"])), "{text}");
    assert_eq!(drain["text"], "it wants 2 of 2 healthy, always", "{text}");
    assert!(text.starts_with("Nothing breaks; some pods are in the way of drains."), "{text}");
    items[4]["status"]["desiredHealthy"] = json!(1);
    items[4]["status"]["currentHealthy"] = json!(1);
    let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
    assert_eq!(plan["drains"][0]["what"], "budgetAllowsNone", "{text}");
    items[4]["status"]["disruptionsAllowed"] = json!(1);
    let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
    assert!(plan["drains"].as_array().is_some_and(|all| all.len() == 1), "only room: {text}");
    items.push(budget("other", items[4]["status"].clone()));
    let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
    assert!(plan["drains"][0]["text"].to_string().contains("another budget"), "{text}");
    items.truncate(4);
    items.push(budget("web", json!({})));
    let (_, text) = planned(&items, &["--kubernetes", "1.33"]);
    assert!(text.contains("shop/web does not say in its status"), "{text}");
}

#[test]
fn pods_that_no_other_node_has_room_for_are_named_with_the_schedulers_words() {
    let items = [
        node("a", NEW),
        node("b", NEW),
        pod("web-1", "a", Some(("ReplicaSet", "web"))),
        pod("web-2", "b", Some(("ReplicaSet", "web"))),
    ];
    let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
    let drain = &plan["drains"][0];
    assert_eq!((&drain["what"], &drain["pods"]), (&json!("noOtherNode"), &json!(1)), "{text}");
    assert_eq!(drain["nodes"], json!(["a", "b"]), "{text}");
    let words = drain["text"].as_str().unwrap_or_default();
    assert!(
        words.starts_with("0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were"),
        "{words}"
    );
    // A third node takes what leaves; a node that is full of pods that stay does not.
    let free = [&items[..], &[node("c", NEW)]].concat();
    let (plan, text) = planned(&free, &["--kubernetes", "1.33"]);
    assert_eq!(plan["drains"], json!([]), "{text}");
    let agent = pod("agent", "c", Some(("DaemonSet", "agent")));
    let (plan, text) = planned(&[&free[..], &[agent]].concat(), &["--kubernetes", "1.33"]);
    assert_eq!(plan["drains"][0]["what"], "noOtherNode", "{text}");
    // Nothing is known of a node that does not say what it has.
    let mut unsaid = items.clone();
    unsaid[1]["status"]["allocatable"] = Json::Null;
    let (plan, text) = planned(&unsaid, &["--kubernetes", "1.33"]);
    assert_eq!(plan["drains"][0]["nodes"], json!(["b"]), "{text}");
}

#[test]
fn versions_are_read_as_distributions_write_them_and_what_is_none_is_named() {
    let version = |name: &str, text: &str| {
        let mut node = node(name, NEW);
        node["status"]["nodeInfo"]["kubeletVersion"] = json!(text);
        node["status"]["features"] = json!({"supplementalGroupsPolicy": true});
        node
    };
    let items = [
        version("eks", "v1.33.4-eks-1-2-3"),
        version("k3s", "v1.33.1+k3s1"),
        version("gke", "v1.33.5-gke.100"),
        version("rc", "1.33.0-rc.0"),
        version("odd", "weird"),
        version("ancient", "v1.21.0"),
    ];
    let (plan, text) = planned(&items, &["--kubernetes", "v1.34.1+k3s1"]);
    let changed = plan["change"].as_array().expect("changes");
    let on_five = "kubelet: 1.33 → 1.34, on 5 nodes";
    assert!(changed.iter().any(|line| line == on_five), "{text}");
    assert!(text.contains("\"weird\", which is no Kubernetes version"), "{text}");
    assert!(text.contains("(1 node: odd)") && text.contains("(1 node: ancient)"), "{text}");
    assert_refused(&["-", "--kubernetes", "weird"], b"", &["\"weird\"", "write it as 1.33"]);
    assert_refused(&["-", "--kubernetes", "1.29"], b"", &["known are 1.30 to 1.36"]);
}

#[test]
fn files_that_are_no_text_are_told_apart() {
    let change = ["-", "--kubernetes", "1.33"];
    assert_refused(&change, b"\x1f\x8b\x08\0", &["is compressed"]);
    assert_refused(&change, b"\0\0\0\0", &["begins with NUL bytes"]);
    assert_refused(&change, b"k8s\0\n", &["binary format"]);
    assert_refused(&change, b"{\0\"\0k\0", &["UTF-16"]);
    assert_refused(&change, b"apiVersion: v1\nkind: \xff\n", &["standard input", "UTF-8"]);
    let nul = b"{\"kind\":\"Node\",\"apiVersion\":\"v1\",\n\"metadata\":{\"name\":\"a\0\"}}";
    assert_refused(&change, nul, &["standard input:2:", "not valid JSON"]);
    let deep = format!("{{\"kind\":\"List\",\"items\":{}", "[".repeat(300));
    assert_refused(&change, deep.as_bytes(), &["standard input:1:", "recursion"]);
}

#[test]
fn a_few_odd_objects_do_not_spoil_the_rest() {
    let mut odd_labels = node("labels", NEW);
    odd_labels["metadata"]["labels"] = json!([1]);
    let mut odd_groups = pod("groups", "a", None);
    odd_groups["spec"]["securityContext"]["supplementalGroups"] = json!("many");
    let items = [
        json!("text"),
        json!(7),
        json!(null),
        json!([node("a", NEW)]),
        json!({"kind": "Widget", "apiVersion": "x/v1", "items": {"a": 1}}),
        json!({"kind": 5, "apiVersion": "v1"}),
        odd_labels,
        odd_groups,
        node("b", NEW),
    ];
    let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
    assert_eq!(plan["cluster"]["nodes"], 2, "{text}");
    assert_eq!(plan["cluster"]["leftOut"], 6, "{text}");
    let named =
        ["\"text\" is no object", "7 is no object", "null is no object", "Node labels is left out"];
    for words in named {
        assert!(text.contains(words), "{words:?} is missing in: {text}");
    }
    assert!(text.contains("Pod shop/groups is left out: invalid type: string"), "{text}");
}

#[test]
fn objects_that_are_given_twice_count_once_unless_they_differ() {
    let mut first = node("a", NEW);
    first["metadata"]["uid"] = json!("1");
    let (plan, text) = planned(&[first.clone(), first.clone()], &["--kubernetes", "1.33"]);
    assert_eq!((&plan["cluster"]["nodes"], &plan["cluster"]["leftOut"]), (&json!(1), &json!(0)));
    assert!(text.contains("1 object was read more than once"), "{text}");
    let mut other = first.clone();
    other["metadata"]["uid"] = json!("2");
    let (plan, text) = planned(&[first, other], &["--kubernetes", "1.33"]);
    assert_eq!(plan["cluster"]["leftOut"], 1, "{text}");
    assert!(text.contains("files of one cluster only"), "{text}");
}

#[test]
fn several_files_of_both_forms_make_one_cluster() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file can be written");
        path.display().to_string()
    };
    let nodes = write("nodes.json", &node("a", NEW).to_string());
    let pods = write(
        "pods.yaml",
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: PodList\n  items:\n  - \
         metadata: {name: p, namespace: shop}\n    spec: {nodeName: a, containers: [{name: c}]}\n",
    );
    let output = gidcheck(&[&nodes, &pods, "--kubernetes", "1.33"], b"");
    assert!(shown(&output).contains("1 node, 1 pod"), "{}", shown(&output));
    let half = write("half.json", "{\"kind\":\"List\",\n\"items\":[{\"kind\":");
    assert_refused(&[&nodes, &half, "--kubernetes", "1.33"], b"", &["half.json:2:", "1 Node"]);
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

/// How many pods so many nodes of each runtime reject in ten seconds, when this is asked for.
fn storm(old: usize, new: usize, replicas: u32) -> u64 {
    let items: Vec<_> = (0..old)
        .map(|at| node(&format!("old-{at}"), OLD))
        .chain((0..new).map(|at| node(&format!("new-{at}"), NEW)))
        .chain([deployment(replicas)])
        .collect();
    let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
    let rate = plan["storms"][0]["rejectedInTenSeconds"].as_u64();
    assert!(rate.is_some(), "{text}");
    rate.unwrap_or(0)
}

#[test]
fn storms_are_as_fast_as_recorded() {
    let recordings: Json =
        serde_json::from_str(include_str!("data/workloads.json")).expect("the recording is JSON");
    let first = &recordings[0]["failed_pods_after_s"];
    let second = &recordings[1]["after_s"];
    let between = |early: &Json, late: &Json| {
        late.as_u64().expect("a count") - early.as_u64().expect("a count")
    };
    let rejected = "rejected on n17";
    for (planned, real) in [
        (storm(1, 0, 1), between(&first["10"], &first["20"])),
        (storm(1, 1, 4), between(&second["10"][rejected], &second["20"][rejected])),
    ] {
        assert!(planned.abs_diff(real) * 20 <= real, "{planned}, recorded {real}");
    }
}

#[test]
fn storms_are_as_fast_as_on_the_cluster_itself() {
    for (nodes, replicas) in [(1, 3), (2, 8), (3, 80)] {
        let (planned, real) = (storm(nodes, 0, replicas), rejected_on(nodes, replicas));
        let words = format!("{nodes} nodes, {replicas} replicas: {planned}, really {real}");
        assert!(planned.abs_diff(real) * 20 <= real && real > 120, "{words}");
    }
}

/// How many pods a cluster of old nodes rejects in ten seconds, some time after the start.
fn rejected_on(nodes: usize, replicas: u32) -> u64 {
    let names = (0..nodes).map(|at| json!({"name": format!("old-{at}")}));
    let spec = serde_json::from_value(json!({
        "kubernetes": "1.33", "runtime": "containerd-1.7", "nodes": names.collect::<Vec<_>>(),
    }));
    let spec: ClusterSpec = spec.expect("it is a cluster");
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime starts");
    runtime.block_on(async {
        let images = Arc::new(gidcheck::images::store_of(&[]));
        let cluster = Cluster::start(&spec, &images, &Simulation).await.expect("it starts");
        let mut object = deployment(replicas);
        object["metadata"]["namespace"] = json!("default");
        cluster.api.apply(&object).expect("it is valid");
        let failed = || {
            let pods = cluster.api.pods();
            let phase = |pod: &Pod| pod.status.as_ref().and_then(|status| status.phase.clone());
            pods.iter().filter(|pod| phase(pod).as_deref() == Some("Failed")).count()
        };
        tokio::time::sleep(Duration::from_secs(30)).await;
        let before = failed();
        tokio::time::sleep(Duration::from_secs(10)).await;
        u64::try_from(failed() - before).expect("so many are not there")
    })
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

#[test]
fn drains_heed_whom_pods_keep_away_from_and_how_they_are_spread() {
    let small = |name: &str, node: &str| {
        let mut pod = pod(name, node, Some(("ReplicaSet", "web")));
        pod["metadata"]["labels"] = json!({"app": "web"});
        pod["spec"]["containers"][0]["resources"] = Json::Null;
        pod
    };
    let selector = json!({"matchLabels": {"app": "web"}});
    let hostname = |mut node: Json, name: &str| {
        node["metadata"]["labels"] = json!({"kubernetes.io/hostname": name});
        node
    };
    let two = [hostname(node("a", NEW), "a"), hostname(node("b", NEW), "b")];
    for (asks, words) in [
        (
            json!({"affinity": {"podAntiAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {"labelSelector": selector, "topologyKey": "kubernetes.io/hostname"},
                ],
            }}}),
            "1 node(s) didn't match pod anti-affinity rules",
        ),
        (
            json!({"topologySpreadConstraints": [{
                "maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "DoNotSchedule", "labelSelector": selector,
            }]}),
            "1 node(s) didn't match pod topology spread constraints",
        ),
    ] {
        let mut pods = [small("web-1", "a"), small("web-2", "b")];
        let fields = asks.as_object().expect("fields");
        for pod in &mut pods {
            for (field, value) in fields {
                pod["spec"][field] = value.clone();
            }
        }
        let items = [&two[..], &pods[..]].concat();
        let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
        let drain = &plan["drains"][0];
        assert_eq!((&drain["what"], &drain["pods"]), (&json!("noOtherNode"), &json!(1)), "{text}");
        let seen = drain["text"].as_str().unwrap_or_default();
        assert!(seen.contains(words), "{seen}");
        assert!(text.starts_with("Nothing breaks; some pods are in the way of drains."), "{text}");
        // Where a third node takes what leaves, nothing is in the way.
        let more = [&items[..], &[hostname(node("c", NEW), "c")]].concat();
        let (plan, text) = planned(&more, &["--kubernetes", "1.33"]);
        assert_eq!(plan["drains"], json!([]), "{text}");
    }
}

#[test]
fn a_version_that_nobody_says_is_not_supposed() {
    let nodes = json!({"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}, "status": {}},
    ]});
    let input = nodes.to_string();
    assert_refused(
        &["-", "--kubernetes", "1.33"],
        input.as_bytes(),
        &["no node says its kubelet's version", "--api-server"],
    );
    let output = gidcheck(&["-", "--kubernetes", "1.33", "--api-server", "1.32"], input.as_bytes());
    let text = shown(&output);
    assert!(text.contains("kubelet: 1.32 → 1.33"), "{text}");
}

#[test]
fn a_dump_that_was_cut_off_says_where_its_last_object_begins() {
    let cut = "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n\
        {\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n\"metadata\": {\"name\": \"a\"";
    assert_refused(
        &["-", "--kubernetes", "1.33"],
        cut.as_bytes(),
        &["begins on line 2 is cut off"],
    );
}

#[test]
fn a_name_that_no_object_can_have_is_named_as_such() {
    let mut odd = pod("a", "a", None);
    odd["metadata"]["name"] = "\u{1b}[31mred".into();
    let (_, text) = planned(&[node("a", "containerd://2.1.9"), odd], &["--kubernetes", "1.36"]);
    assert!(text.contains("no object can have this name"), "{text}");
}
