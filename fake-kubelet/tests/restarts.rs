//! What a kubelet that starts does with what is there already.

mod support;

use std::time::Duration;

use fake_kubelet::{KubeletConfig, Readmission};
use serde_json::json;

use support::runtime::{Behaviour, ScriptedRuntime};
use support::{TestNode, gates, pass, pod};

const SOON: Duration = Duration::from_millis(100);

fn runtime(version: &str, features: Option<bool>) -> ScriptedRuntime {
    ScriptedRuntime::new(version, features).with_image("app:1", Behaviour::default())
}

fn strict() -> serde_json::Value {
    json!({
        "containers": [{"name": "ctr", "image": "app:1"}],
        "securityContext": {"runAsUser": 1000, "supplementalGroupsPolicy": "Strict"},
    })
}

fn config(version: &str) -> KubeletConfig {
    let mut config = KubeletConfig::new("node", gates(version, &[]));
    config.extra_labels = [("run".to_owned(), "test".to_owned())].into_iter().collect();
    config
}

async fn node(version: &str, runtime: ScriptedRuntime) -> TestNode {
    let mut node = TestNode {
        api: std::sync::Arc::default(),
        runtime: std::sync::Arc::new(runtime),
        kubelet: None,
    };
    node.start_kubelet(config(version)).await;
    node
}

#[tokio::test(start_paused = true)]
async fn running_containers_are_adopted_not_restarted() {
    let mut node = node("1.33", runtime("2.1.9", Some(true))).await;
    node.api.create_pod(pod("pod", strict()));
    pass(SOON).await;
    let before = node.api.status("pod");
    node.start_kubelet(config("1.36")).await;
    pass(Duration::from_secs(30)).await;
    assert_eq!(node.runtime.calls("create_container"), 1);
    let after = node.api.status("pod");
    assert_eq!(after.container_statuses, before.container_statuses);
    assert_eq!(after.start_time, before.start_time);

    node.runtime.kill("ctr", 1);
    pass(SOON).await;
    assert_eq!(node.api.restart_count("pod"), 1, "the new kubelet keeps it running");
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_to_beta_spares_a_strict_pod_that_runs_unless_every_pod_is_admitted_again() {
    for (readmission, phase, running) in
        [(Readmission::SpareRunning, "Running", 1), (Readmission::EveryPod, "Failed", 0)]
    {
        let mut node = node("1.32", runtime("1.7.24", None)).await;
        node.api.create_pod(pod("pod", strict()));
        pass(SOON).await;
        assert_eq!(node.api.phase("pod"), "Running");
        let mut upgraded = config("1.33");
        upgraded.readmission = readmission;
        node.start_kubelet(upgraded).await;
        pass(Duration::from_secs(5)).await;
        assert_eq!(node.api.phase("pod"), phase, "{readmission:?}");
        assert_eq!(node.runtime.running(), running, "{readmission:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_kubelet_left_is_finished() {
    let mut node = node("1.36", runtime("2.1.9", Some(true))).await;
    for name in ["deleted", "forced", "ended"] {
        node.api.create_pod(pod(name, strict()));
    }
    pass(SOON).await;
    node.kubelet.take().expect("a kubelet runs").stop().await;
    node.api.delete_pod("deleted", 5);
    node.api.remove_pod("forced");
    node.runtime.kill("ctr", 1);
    node.start_kubelet(config("1.36")).await;
    pass(Duration::from_secs(5)).await;
    assert!(node.api.pod("deleted").is_none());
    assert_eq!(node.api.phase("ended"), "Running");
    let (sandboxes, _) = node.runtime.counts();
    assert_eq!((sandboxes, node.runtime.running()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn sandboxes_of_others_are_never_touched() {
    let mut node = node("1.36", runtime("2.1.9", Some(true))).await;
    node.api.create_pod(pod("foreign", strict()));
    pass(SOON).await;
    node.kubelet.take().expect("a kubelet runs").stop().await;
    node.api.remove_pod("foreign");
    for labels in [vec![], vec![("run".to_owned(), "another".to_owned())]] {
        let mut other = config("1.36");
        other.extra_labels = labels.into_iter().collect();
        node.start_kubelet(other).await;
        pass(Duration::from_secs(60)).await;
        assert_eq!(node.runtime.running(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rejected_pod_stays_rejected_after_the_runtime_improves() {
    let mut node = node("1.36", runtime("1.7.24", None)).await;
    node.api.create_pod(pod("pod", strict()));
    pass(SOON).await;
    assert_eq!(node.api.phase("pod"), "Failed");
    node.runtime.replace("2.1.9", Some(true));
    node.start_kubelet(config("1.36")).await;
    pass(Duration::from_secs(30)).await;
    let status = node.api.status("pod");
    assert_eq!(status.reason.as_deref(), Some("SupplementalGroupsPolicyNotSupported"));
    assert_eq!(node.runtime.calls("run_pod_sandbox"), 0);
    node.api.delete_pod("pod", 0);
    pass(SOON).await;
    assert!(node.api.pod("pod").is_none(), "it can still be deleted");
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_changes_is_noticed_at_the_next_status_update_and_features_stay() {
    let node = node("1.36", runtime("1.7.24", None)).await;
    let feature = || {
        let object = node.api.node_object("node").expect("registered");
        let status = object.status.clone().expect("a status");
        (
            status.features.and_then(|features| features.supplemental_groups_policy),
            status.node_info.expect("node info").container_runtime_version,
        )
    };
    assert_eq!(feature(), (None, "containerd://1.7.24".to_owned()));
    node.runtime.replace("2.1.9", Some(true));
    pass(Duration::from_secs(11)).await;
    assert_eq!(feature(), (Some(true), "containerd://2.1.9".to_owned()));
    node.runtime.replace("1.7.24", None);
    node.kubelet().sync_node_status().await;
    assert_eq!(feature(), (Some(true), "containerd://1.7.24".to_owned()), "never taken back");
    node.runtime.replace("2.9.9", Some(false));
    node.kubelet().sync_node_status().await;
    assert_eq!(feature().0, Some(false), "unless the runtime says so");
}

#[tokio::test(start_paused = true)]
async fn a_deleted_node_object_comes_back_with_the_next_start_and_without_old_features() {
    let mut node = node("1.36", runtime("2.1.9", Some(true))).await;
    node.runtime.replace("1.7.24", None);
    node.api.delete_node("node");
    pass(Duration::from_secs(30)).await;
    assert!(node.api.node_object("node").is_none(), "a running kubelet does not register again");
    node.start_kubelet(config("1.36")).await;
    let object = node.api.node_object("node").expect("registered");
    assert_eq!(object.status.as_ref().and_then(|status| status.features.clone()), None);
}

#[tokio::test(start_paused = true)]
async fn without_a_node_object_the_runtime_decides_whether_strict_is_supported() {
    for (version, features, phase) in [("2.1.9", Some(true), "Running"), ("1.7.24", None, "Failed")]
    {
        let node = node("1.36", runtime(version, features)).await;
        node.api.delete_node("node");
        node.api.create_pod(pod("pod", strict()));
        pass(SOON).await;
        assert_eq!(node.api.phase("pod"), phase, "containerd {version}");
    }
}
