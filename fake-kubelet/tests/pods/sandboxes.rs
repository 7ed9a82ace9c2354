//! Sandboxes, their network, and how a kubelet hears of what a runtime does.

use fake_kubelet::KubeletConfig;
use serde_json::json;

use crate::support::{gates, pass, pod};
use crate::{SOON, app, node, runtime, seconds};

#[tokio::test(start_paused = true)]
async fn a_sandbox_that_fails_is_tried_again_each_ten_seconds() {
    let node = node(runtime()).await;
    node.runtime.fail_sandboxes(Some("no room"));
    node.api.create_pod(pod("pod", app()));
    pass(seconds(25)).await;
    assert_eq!(node.runtime.calls("run_pod_sandbox"), 3);
    let event = &node.api.event_objects("pod")[0];
    assert_eq!(
        (event.message.as_deref(), event.count),
        (Some("Failed to create pod sandbox: rpc error: code = Unknown desc = no room"), Some(3))
    );
    node.runtime.fail_sandboxes(None);
    pass(seconds(10)).await;
    assert_eq!(node.api.phase("pod"), "Running");
}

#[tokio::test(start_paused = true)]
async fn a_sandbox_that_dies_is_made_anew_with_its_containers() {
    let node = node(runtime()).await;
    node.api.create_pod(pod("pod", app()));
    pass(SOON).await;
    node.runtime.kill_sandboxes();
    pass(seconds(20)).await;
    assert_eq!(node.api.phase("pod"), "Running");
    assert_eq!(node.runtime.running(), 1);
    assert_eq!(node.api.restart_count("pod"), 1);
    let changed = "Pod sandbox changed, it will be killed and re-created.".to_owned();
    assert!(node.api.events("pod").contains(&("SandboxChanged".to_owned(), changed)));
}

#[tokio::test(start_paused = true)]
async fn a_runtime_without_events_is_listed_each_second() {
    let node = node(runtime().without_events()).await;
    node.api.create_pod(pod("pod", app()));
    pass(SOON).await;
    node.runtime.kill("ctr", 1);
    pass(SOON).await;
    assert_eq!(node.api.restart_count("pod"), 0, "not noticed yet");
    pass(seconds(1)).await;
    assert_eq!(node.api.restart_count("pod"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_runtime_with_events_is_not_listed() {
    let node = node(runtime()).await;
    node.api.create_pod(pod("pod", app()));
    pass(seconds(600)).await;
    assert_eq!(node.runtime.calls("list_pod_sandboxes"), 1, "only when the kubelet started");
}

#[tokio::test(start_paused = true)]
async fn a_shared_runtime_is_listed_too_because_events_may_go_to_others() {
    let mut node = node(runtime().telling_others()).await;
    let mut config = KubeletConfig::new("node", gates("1.36", &[]));
    config.timings.events_are_complete = false;
    node.start_kubelet(config).await;
    node.api.create_pod(pod("pod", app()));
    pass(SOON).await;
    node.runtime.kill("ctr", 1);
    pass(seconds(1)).await;
    assert_eq!(node.api.restart_count("pod"), 1);
}

#[tokio::test(start_paused = true)]
async fn pods_on_the_pod_network_wait_for_it_and_others_do_not() {
    let node = node(runtime().without_network()).await;
    node.api.create_pod(pod("pod", app()));
    let mut on_host = app();
    on_host["hostNetwork"] = json!(true);
    node.api.create_pod(pod("on-host", on_host));
    pass(seconds(5)).await;
    assert_eq!(node.api.phase("pod"), "Pending");
    assert_eq!(node.api.phase("on-host"), "Running");
    let status = node.api.status("on-host");
    assert_eq!(status.pod_ip, status.host_ip);
    let ready = node.api.node_object("node").and_then(|node| node.status.clone());
    let ready = ready.and_then(|status| status.conditions).expect("conditions").pop();
    let ready = ready.expect("the last is Ready");
    assert_eq!((ready.type_.as_str(), ready.status.as_str()), ("Ready", "False"));
    assert_eq!(
        ready.message.as_deref(),
        Some(
            "container runtime network not ready: NetworkReady=false \
             reason:NetworkPluginNotReady message:Network plugin returns error: \
             cni plugin not initialized"
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_node_that_has_no_pod_network_to_offer_does_not_wait_for_one() {
    let mut node = node(runtime().without_network()).await;
    let mut config = KubeletConfig::new("on-its-host", gates("1.36", &[]));
    config.host_network_only = true;
    node.start_kubelet(config).await;
    let written = node.api.node_object("on-its-host").and_then(|node| node.status.clone());
    let ready = written.and_then(|status| status.conditions).expect("conditions").pop();
    assert_eq!(ready.expect("the last is Ready").status, "True");
}
