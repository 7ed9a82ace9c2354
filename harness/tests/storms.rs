//! What becomes of workloads whose pods nodes reject, as recorded on a real cluster.
//!
//! The recording's times are those between its looks, which themselves took time: it has about
//! two in a hundred more than five seconds bring. In the first seconds, in which its cluster was
//! busy with more than this, it has up to a tenth more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gidcheck::cluster::Cluster;
use gidcheck::scenario::ClusterSpec;
use gidcheck::target::Simulation;
use serde_json::{Value as Json, json};

/// By how much a count may differ from the recorded one.
const TOLERANCE: f64 = 0.1;

fn recording(place: usize) -> Json {
    let all: Json =
        serde_json::from_str(include_str!("data/workloads.json")).expect("the recording is JSON");
    all[place].clone()
}

async fn cluster(nodes: Json) -> Cluster {
    let spec: ClusterSpec = serde_json::from_value(json!({"nodes": nodes})).expect("a cluster");
    let images = Arc::new(gidcheck::images::store_of(&[]));
    Cluster::start(&spec, &images, &Simulation).await.expect("the cluster starts")
}

/// A workload of Strict pods.
fn workload(kind: &str, name: &str, namespace: &str, replicas: u32, selector: &Json) -> Json {
    let container = json!({
        "name": "ctr",
        "image": "registry.k8s.io/e2e-test-images/agnhost:2.45",
        "command": ["sh", "-c", "sleep 1h"],
    });
    json!({
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "nodeSelector": selector,
                    "securityContext": {"supplementalGroupsPolicy": "Strict"},
                    "containers": [container],
                },
            },
        },
    })
}

fn count(cluster: &Cluster, phase: &str) -> u32 {
    let pods = cluster.api.pods();
    let phase_of = |pod: &k8s_openapi::api::core::v1::Pod| {
        pod.status.as_ref().and_then(|one| one.phase.clone())
    };
    let fitting = pods.iter().filter(|pod| phase_of(pod).as_deref() == Some(phase));
    u32::try_from(fitting.count()).expect("there are not that many pods")
}

/// Lets five seconds pass for each recorded count, and compares.
async fn follows(cluster: &Cluster, recorded: &BTreeMap<u32, u32>) {
    for (second, wanted) in recorded {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let seen = count(cluster, "Failed");
        let apart = (f64::from(seen) - f64::from(*wanted)).abs();
        assert!(
            apart <= f64::from(*wanted) * TOLERANCE,
            "after {second} s: {seen} failed pods, recorded {wanted}"
        );
    }
}

fn recorded(pairs: &Json, path: &str) -> BTreeMap<u32, u32> {
    let pairs = pairs.as_object().expect("seconds and counts");
    let number = |value: &Json| u32::try_from(value.as_u64().expect("a count")).expect("small");
    pairs
        .iter()
        .map(|(second, value)| {
            let value = if path.is_empty() { value } else { &value[path] };
            (second.parse().expect("seconds"), number(value))
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_replica_set_on_an_unsupporting_node_fails_as_fast_as_recorded() {
    let cluster = cluster(json!([{"name": "old", "runtime": "containerd-1.7"}])).await;
    cluster
        .api
        .apply(&workload("ReplicaSet", "storm", "default", 1, &json!({})))
        .expect("it is valid");
    let recording = recording(0);
    follows(&cluster, &recorded(&recording["failed_pods_after_s"], "")).await;
    let sets = kubernetes_objects::resource::find("apps", "v1", "replicasets").expect("known");
    let set = cluster.api.object(sets, "default", "storm").expect("it is there").to_json();
    let fields = |status: &Json| -> Vec<String> {
        status.as_object().map(|status| status.keys().cloned().collect()).unwrap_or_default()
    };
    let mut wanted = fields(&recording["rs_status"]);
    wanted.sort();
    // The status goes to and fro; only while a pod counts are all the fields there.
    let seen = fields(&set["status"]);
    assert!(seen.iter().all(|field| wanted.contains(field)), "{seen:?} {wanted:?}");
}

#[tokio::test(start_paused = true)]
async fn a_mixed_cluster_never_settles() {
    let nodes = json!([
        {"name": "n17", "runtime": "containerd-1.7"},
        {"name": "n21", "runtime": "containerd-2.1"},
    ]);
    let cluster = cluster(nodes).await;
    cluster
        .api
        .apply(&workload("ReplicaSet", "web", "default", 4, &json!({})))
        .expect("it is valid");
    follows(&cluster, &recorded(&recording(1)["after_s"], "rejected on n17")).await;
    assert_eq!(count(&cluster, "Running"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_label_that_no_node_has_leaves_pods_pending_in_the_recorded_words() {
    let nodes = json!([
        {"name": "a", "runtime": "containerd-1.7"},
        {"name": "b", "runtime": "containerd-1.7"},
    ]);
    let cluster = cluster(nodes).await;
    let selector = json!({"groups": "strict"});
    cluster
        .api
        .apply(&workload("Deployment", "web", "kube-system", 2, &selector))
        .expect("it is valid");
    tokio::time::sleep(Duration::from_secs(5)).await;
    let recording = recording(2);
    assert_eq!(count(&cluster, "Pending"), 2);
    for pod in cluster.api.pods() {
        let status = pod.status.clone().unwrap_or_default();
        let conditions = status.conditions.unwrap_or_default();
        let scheduled = conditions.iter().find(|one| one.type_ == "PodScheduled");
        let scheduled = scheduled.expect("the scheduler has looked at it");
        assert_eq!(scheduled.status, "False");
        assert_eq!(scheduled.reason.as_deref(), recording["condition"]["reason"].as_str());
        assert_eq!(scheduled.message.as_deref(), recording["condition"]["message"].as_str());
    }
    let events = cluster.api.events();
    let failed = events.iter().find(|one| one.reason.as_deref() == Some("FailedScheduling"));
    let failed = failed.expect("an event says so");
    assert_eq!(failed.message.as_deref(), recording["condition"]["message"].as_str());
}

#[tokio::test(start_paused = true)]
async fn pods_that_ended_are_collected_beyond_the_threshold_the_oldest_first() {
    const THRESHOLD: usize = 12_500;
    const SURPLUS: usize = 100;
    let cluster = cluster(json!([{"name": "a"}])).await;
    let pods = kubernetes_objects::resource::find("", "v1", "pods").expect("known");
    for number in 0..THRESHOLD + SURPLUS {
        let name = format!("pod-{number:05}");
        let pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {"schedulerName": "nobody", "containers": [{"name": "ctr", "image": "a"}]},
        });
        cluster.api.apply(&pod).expect("it is valid");
        let mut object = cluster.api.object(pods, "default", &name).expect("it is there");
        if let gidcheck::cluster::Object::Pod(pod) = &mut object {
            let status = Arc::make_mut(pod).status.get_or_insert_default();
            status.phase = Some("Failed".to_owned());
        }
        cluster.api.update_object(pods, "status", object, "test").expect("the status may change");
        if number == SURPLUS {
            // Those made later are younger.
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }
    tokio::time::sleep(Duration::from_secs(40)).await;
    assert_eq!(cluster.api.count(pods), THRESHOLD);
    assert!(cluster.api.pod("default", "pod-00099").is_none(), "an old one is gone");
    assert!(cluster.api.pod("default", "pod-00101").is_some(), "a younger one is kept");
}

#[tokio::test(start_paused = true)]
async fn pods_made_one_by_one_reach_the_node_that_takes_them() {
    let nodes = json!([
        {"name": "n17", "runtime": "containerd-1.7"},
        {"name": "n21", "runtime": "containerd-2.1"},
    ]);
    let cluster = cluster(nodes).await;
    let on_n17 = json!({"kubernetes.io/hostname": "n17"});
    cluster
        .api
        .apply(&workload("ReplicaSet", "storm", "default", 1, &on_n17))
        .expect("it is valid");
    tokio::time::sleep(Duration::from_secs(5)).await;
    let sets = kubernetes_objects::resource::find("apps", "v1", "replicasets").expect("known");
    let options = gidcheck::cluster::DeleteOptions::default();
    cluster.api.delete_object(sets, "default", "storm", &options).expect("it is there");
    cluster
        .api
        .apply(&workload("ReplicaSet", "web", "default", 4, &json!({})))
        .expect("it is valid");
    tokio::time::sleep(Duration::from_secs(10)).await;
    // The storm has used up what the controller may ask for at once, so each pod is rejected
    // before the next one is made, and both nodes look the same to it.
    assert!(count(&cluster, "Running") >= 1);
}
