//! Where pods go that care who else is where, and in which words they wait.

use std::sync::Arc;
use std::time::Duration;

use gidcheck::cluster::Cluster;
use gidcheck::scenario::ClusterSpec;
use gidcheck::target::Simulation;
use k8s_openapi::api::core::v1::{Pod, PodCondition};
use serde_json::{Value as Json, json};

async fn cluster(nodes: &[&str]) -> Cluster {
    let nodes: Vec<_> = nodes.iter().map(|name| json!({"name": name})).collect();
    let spec: ClusterSpec = serde_json::from_value(json!({"nodes": nodes})).expect("a cluster");
    let images = Arc::new(gidcheck::images::store_of(&[]));
    Cluster::start(&spec, &images, &Simulation).await.expect("the cluster starts")
}

/// A pod with a label and something more in its spec.
fn pod(name: &str, app: &str, more: &Json) -> Json {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": app}},
        "spec": {"containers": [{
            "name": "c", "image": "registry.k8s.io/e2e-test-images/agnhost:2.45",
            "command": ["sleep", "1h"],
        }]},
    });
    for (field, value) in more.as_object().expect("fields") {
        pod["spec"][field] = value.clone();
    }
    pod
}

/// Affinity or anti-affinity to pods with a label, in parts of the cluster that a label makes.
fn with(kind: &str, app: &str, key: &str) -> Json {
    let term = json!({"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": key});
    json!({"affinity": {kind: {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}})
}

fn spread(app: &str, more: &Json) -> Json {
    let mut constraint = json!({
        "maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": app}},
    });
    for (field, value) in more.as_object().expect("fields") {
        constraint[field] = value.clone();
    }
    json!({"topologySpreadConstraints": [constraint]})
}

fn apply(cluster: &Cluster, objects: &[Json]) {
    for object in objects {
        cluster.api.apply(object).expect("it is valid");
    }
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

fn get(cluster: &Cluster, name: &str) -> Arc<Pod> {
    cluster.api.pod("default", name).expect("it is there")
}

fn node_of(cluster: &Cluster, name: &str) -> Option<String> {
    get(cluster, name).spec.as_ref()?.node_name.clone()
}

fn scheduled(cluster: &Cluster, name: &str) -> PodCondition {
    let status = get(cluster, name).status.clone().unwrap_or_default();
    let mut conditions = status.conditions.unwrap_or_default().into_iter();
    conditions.find(|one| one.type_ == "PodScheduled").expect("somebody has looked at it")
}

#[track_caller]
fn waits(cluster: &Cluster, name: &str, message: &str) {
    let condition = scheduled(cluster, name);
    assert_eq!((&*condition.status, condition.reason.as_deref()), ("False", Some("Unschedulable")));
    assert_eq!(condition.message.as_deref(), Some(message));
}

fn cordon(cluster: &Cluster, node: &str, is: bool) {
    let mark = |node: &mut k8s_openapi::api::core::v1::Node| {
        node.spec.get_or_insert_default().unschedulable = is.then_some(true);
    };
    cluster.api.change_node(node, mark).expect("the node is there");
}

#[tokio::test(start_paused = true)]
async fn pods_keep_away_from_those_that_their_anti_affinity_names() {
    let cluster = cluster(&["a", "b"]).await;
    let apart = with("podAntiAffinity", "web", "kubernetes.io/os");
    apply(&cluster, &[pod("one", "web", &apart), pod("two", "web", &apart)]);
    pass(5).await;
    assert!(node_of(&cluster, "one").is_some());
    waits(
        &cluster,
        "two",
        "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules. no new claims \
         to deallocate, preemption: 0/2 nodes are available: 2 No preemption victims found for \
         incoming pod.",
    );
    apply(&cluster, &[pod("plain", "web", &json!({})), pod("other", "db", &json!({}))]);
    pass(5).await;
    waits(
        &cluster,
        "plain",
        "0/2 nodes are available: 2 node(s) didn't satisfy existing pods anti-affinity rules. no \
         new claims to deallocate, preemption: 0/2 nodes are available: 2 No preemption victims \
         found for incoming pod.",
    );
    assert!(node_of(&cluster, "other").is_some(), "nobody keeps it away");
    cluster.api.delete_pod("default", "one").expect("it is there");
    pass(60).await;
    let placed = ["two", "plain"].map(|name| node_of(&cluster, name).is_some());
    assert_eq!(placed.iter().filter(|placed| **placed).count(), 1, "one is away, one may come");
}

#[tokio::test(start_paused = true)]
async fn a_replica_without_a_node_of_its_own_waits() {
    let cluster = cluster(&["a", "b"]).await;
    let template = pod("unused", "web", &with("podAntiAffinity", "web", "kubernetes.io/hostname"));
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": 2, "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": template["spec"]},
        },
    });
    apply(&cluster, &[deployment]);
    pass(5).await;
    let on = |node: &str| cluster.api.pods_on(node).len();
    assert_eq!((on("a"), on("b")), (1, 1));
    cordon(&cluster, "b", true);
    for pod in cluster.api.pods() {
        let name = pod.metadata.name.clone().unwrap_or_default();
        cluster.api.delete_pod("default", &name).expect("it is there");
    }
    pass(60).await;
    assert_eq!((on("a"), on("b"), cluster.api.pods().len()), (1, 0, 2));
    let waiting = cluster.api.pods();
    let waiting =
        waiting.iter().find(|pod| pod.spec.as_ref().is_some_and(|s| s.node_name.is_none()));
    let name = waiting.and_then(|pod| pod.metadata.name.clone()).expect("one waits");
    waits(
        &cluster,
        &name,
        "0/2 nodes are available: 1 node(s) didn't match pod anti-affinity rules, 1 node(s) were \
         unschedulable. no new claims to deallocate, preemption: 0/2 nodes are available: 1 No \
         preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.",
    );
    cordon(&cluster, "b", false);
    pass(30).await;
    assert_eq!((on("a"), on("b")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn spread_pods_wait_for_a_node_that_is_closed_unless_taints_count() {
    for (policy, placed) in [(json!({}), 1), (json!({"nodeTaintsPolicy": "Honor"}), 4)] {
        let cluster = cluster(&["a", "b"]).await;
        cordon(&cluster, "b", true);
        // The taint comes with the mark.
        pass(2).await;
        let names = ["p1", "p2", "p3", "p4"];
        apply(&cluster, &names.map(|name| pod(name, "web", &spread("web", &policy))));
        pass(5).await;
        assert_eq!(cluster.api.pods_on("a").len(), placed, "{policy}");
        if placed == 1 {
            let waiting = names.into_iter().find(|name| node_of(&cluster, name).is_none());
            waits(
                &cluster,
                waiting.expect("three wait"),
                "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, \
                 1 node(s) were unschedulable. no new claims to deallocate, preemption: 0/2 nodes \
                 are available: 1 No preemption victims found for incoming pod, 1 Preemption is \
                 not helpful for scheduling.",
            );
            cordon(&cluster, "b", false);
            pass(30).await;
            let on = |node: &str| cluster.api.pods_on(node).len();
            assert_eq!((on("a"), on("b")), (2, 2));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pods_go_to_those_that_their_affinity_names() {
    let cluster = cluster(&["a", "b"]).await;
    let near_db = with("podAffinity", "db", "kubernetes.io/hostname");
    apply(&cluster, &[pod("web", "web", &near_db)]);
    pass(3).await;
    waits(
        &cluster,
        "web",
        "0/2 nodes are available: 2 node(s) didn't match pod affinity rules. no new claims to \
         deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for \
         scheduling.",
    );
    let on_b = json!({"nodeSelector": {"kubernetes.io/hostname": "b"}});
    apply(&cluster, &[pod("db", "db", &on_b)]);
    pass(30).await;
    assert_eq!(node_of(&cluster, "web").as_deref(), Some("b"));
    let together = with("podAffinity", "group", "kubernetes.io/hostname");
    apply(&cluster, &[pod("g1", "group", &together), pod("g2", "group", &together)]);
    pass(5).await;
    assert!(node_of(&cluster, "g1").is_some(), "the first of its kind goes anywhere");
    assert_eq!(node_of(&cluster, "g1"), node_of(&cluster, "g2"));
    let missing = with("podAffinity", "group", "nobody.has/this");
    apply(&cluster, &[pod("g3", "group", &missing)]);
    pass(5).await;
    assert_eq!(node_of(&cluster, "g3"), None, "no node has such a label");
}

#[tokio::test(start_paused = true)]
async fn pods_wait_for_claims_ports_and_gates_in_the_schedulers_words() {
    let cluster = cluster(&["a"]).await;
    let claim = json!({"volumes": [
        {"name": "v", "persistentVolumeClaim": {"claimName": "nope"}},
    ]});
    let mut port = pod("p1", "port", &json!({}));
    port["spec"]["containers"][0]["ports"] = json!([{"containerPort": 80, "hostPort": 8080}]);
    let mut other = port.clone();
    other["metadata"]["name"] = json!("p2");
    let gated = json!({"schedulingGates": [{"name": "example.com/wait"}]});
    apply(&cluster, &[pod("claim", "c", &claim), port, other, pod("gated", "g", &gated)]);
    let condition = scheduled(&cluster, "gated");
    assert_eq!(condition.reason.as_deref(), Some("SchedulingGated"), "the server says so at once");
    assert_eq!(
        condition.message.as_deref(),
        Some("Scheduling is blocked due to non-empty scheduling gates")
    );
    pass(5).await;
    waits(
        &cluster,
        "claim",
        "0/1 nodes are available: persistentvolumeclaim \"nope\" not found. no new claims to \
         deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for \
         scheduling.",
    );
    waits(
        &cluster,
        "p2",
        "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. \
         no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption \
         victims found for incoming pod.",
    );
    assert_eq!(scheduled(&cluster, "gated").reason.as_deref(), Some("SchedulingGated"));
    apply(
        &cluster,
        &[json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "nope"},
            "spec": {
                "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
            },
        })],
    );
    pass(30).await;
    assert_eq!(node_of(&cluster, "claim").as_deref(), Some("a"));
}
