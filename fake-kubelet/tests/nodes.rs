//! Node objects and leases, held to those of real kubelets (`tests/recordings/`).

mod support;

use std::time::Duration;

use fake_kubelet::{KubeletConfig, version};
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde_json::{Value, json};

use support::runtime::{Behaviour, ScriptedRuntime};
use support::{TestNode, gates, pass};

fn recorded(file: &str) -> Vec<Value> {
    let path = format!("{}/tests/recordings/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the recording is part of the repository");
    text.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
}

/// Takes away what differs from node to node and from time to time, and what others write.
fn comparable(node: &mut Value) {
    let remove = |value: &mut Value, fields: &[&str]| {
        for field in fields {
            value.as_object_mut().expect("an object").remove(*field);
        }
    };
    remove(&mut node["metadata"], &["uid", "resourceVersion", "creationTimestamp"]);
    // A taint of the API server's, until the node is ready.
    remove(node, &["spec"]);
    let status = &mut node["status"];
    remove(status, &["images", "capacity", "allocatable", "daemonEndpoints"]);
    for field in ["machineID", "systemUUID", "bootID"] {
        assert!(status["nodeInfo"][field].is_string(), "{field} is there");
        remove(&mut status["nodeInfo"], &[field]);
    }
    for condition in status["conditions"].as_array_mut().expect("conditions") {
        for time in ["lastHeartbeatTime", "lastTransitionTime"] {
            assert!(condition[time].is_string(), "{time} is there");
            remove(condition, &[time]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_object_is_what_a_real_kubelet_writes() {
    let nodes = recorded("nodes-1.36.2.jsonl");
    let runtimes = [ScriptedRuntime::containerd_2_1(), ScriptedRuntime::containerd_1_7()];
    for (mut recorded, runtime) in nodes.into_iter().zip(runtimes) {
        let name = recorded["metadata"]["name"].as_str().expect("a name").to_owned();
        let mut config = KubeletConfig::new(&name, gates("1.36.2", &[]));
        config.node_ip = "192.0.2.10".to_owned();
        for (key, value) in recorded["metadata"]["labels"].as_object().expect("labels") {
            let value = value.as_str().expect("a text").to_owned();
            config.node_labels.insert(key.clone(), value);
        }
        let mut node = TestNode::start("1.36", ScriptedRuntime::containerd_2_1()).await;
        node.runtime = runtime.into();
        node.start_kubelet(config).await;
        let written = node.api.node_object(&name).expect("it registered");
        let mut written = serde_json::to_value(&*written).expect("it can be written");
        written["kind"] = json!("Node");
        written["apiVersion"] = json!("v1");
        for object in [&mut written, &mut recorded] {
            comparable(object);
        }
        assert_eq!(written, recorded);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_node_says_depends_on_its_version() {
    for version in version::KubernetesVersion::all() {
        let runtime = ScriptedRuntime::containerd_2_1();
        let node = TestNode::start(&version.to_string(), runtime).await;
        let status = node.api.node_object("node").and_then(|node| node.status.clone());
        let status = status.expect("it has a status");
        let info = status.node_info.expect("it says what it is");
        assert_eq!(info.kube_proxy_version.is_empty(), version.at_least(33), "{version}");
        assert_eq!(status.declared_features.is_some(), version.at_least(36), "{version}");
        let handlers = status.runtime_handlers.unwrap_or_default();
        assert_eq!(!handlers.is_empty(), version.at_least(31), "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_every_ten_seconds_and_an_unchanged_status_every_five_minutes() {
    let node = TestNode::start("1.36", ScriptedRuntime::containerd_2_1()).await;
    let heartbeat = |node: &Node| {
        let conditions = node.status.as_ref().and_then(|status| status.conditions.clone());
        let conditions = conditions.expect("it has conditions");
        let times: Vec<_> = conditions.iter().map(|one| one.last_heartbeat_time.clone()).collect();
        assert!(times.iter().all(|time| *time == times[0]));
        times[0].as_ref().map(|time| time.0.as_second() - 1_767_225_600)
    };
    let object = || node.api.node_object("node").expect("it registered");
    pass(Duration::from_secs(299)).await;
    assert_eq!((node.api.node_status_writes(), heartbeat(&object())), (1, Some(0)));
    let leases = node.api.leases();
    assert_eq!(leases.len(), 30);
    let lease = serde_json::to_value(&leases[29]).expect("it can be written");
    let spec = json!({
        "holderIdentity": "node",
        "leaseDurationSeconds": 40,
        "renewTime": "2026-01-01T00:04:50.000000Z",
    });
    assert_eq!(
        (&lease["metadata"]["namespace"], &lease["spec"]),
        (&json!("kube-node-lease"), &spec)
    );
    pass(Duration::from_secs(2)).await;
    assert_eq!((node.api.node_status_writes(), heartbeat(&object())), (2, Some(300)));
    node.runtime.replace("2.2.0", Some(true));
    pass(Duration::from_secs(10)).await;
    assert_eq!((node.api.node_status_writes(), heartbeat(&object())), (3, Some(310)));
}

#[tokio::test(start_paused = true)]
async fn a_node_shows_its_images_the_largest_first() {
    let runtime = ScriptedRuntime::containerd_2_1()
        .with_image("small:1", Behaviour::default())
        .with_pullable("largest-of-all:1", Behaviour::default());
    let node = TestNode::start("1.36", runtime).await;
    let names = || {
        let status = node.api.node_object("node").and_then(|node| node.status.clone());
        let images = status.and_then(|status| status.images).unwrap_or_default();
        images.into_iter().flat_map(|image| image.names.unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(names(), ["small:1"]);
    let container = json!({"name": "ctr", "image": "largest-of-all:1"});
    node.api.create_pod(support::pod("a", json!({"containers": [container]})));
    pass(Duration::from_secs(31)).await;
    assert_eq!(names(), ["largest-of-all:1", "small:1"]);
}

#[tokio::test(start_paused = true)]
async fn a_terminating_pod_shows_what_was_recorded() {
    let [running, terminating] = <[Value; 2]>::try_from(recorded("terminating-1.36.2.jsonl"))
        .expect("a pod before and after its deletion");
    let mut runtime = ScriptedRuntime::containerd_2_1();
    runtime = runtime.with_image("localhost/groups:v1", Behaviour::default()).slow_to_stop();
    let mut node = TestNode::start("1.36", runtime).await;
    let mut config = KubeletConfig::new("n21", gates("1.36.2", &[]));
    config.node_ip = "192.0.2.10".to_owned();
    config.capacity.insert("cpu".to_owned(), Quantity("2".to_owned()));
    node.start_kubelet(config).await;
    let mut pod: Pod = serde_json::from_value(running.clone()).expect("a pod");
    pod.status = None;
    let name = "implicit-groups";
    node.api.create_pod(pod);
    pass(Duration::from_millis(500)).await;
    let comparable = |mut status: Value| {
        status.as_object_mut().expect("an object").remove("startTime");
        for condition in status["conditions"].as_array_mut().expect("conditions") {
            condition.as_object_mut().expect("an object").remove("lastTransitionTime");
            condition.as_object_mut().expect("an object").remove("lastProbeTime");
        }
        for field in ["containerID", "imageID", "state"] {
            let removed =
                status["containerStatuses"][0].as_object_mut().expect("an object").remove(field);
            assert!(removed.is_some(), "{field}");
        }
        status
    };
    let shown = || serde_json::to_value(node.api.status(name)).expect("it can be written");
    assert_eq!(comparable(shown()), comparable(running["status"].clone()));
    node.api.delete_pod(name, 5);
    pass(Duration::from_millis(500)).await;
    assert_eq!(comparable(shown()), comparable(terminating["status"].clone()));
}
