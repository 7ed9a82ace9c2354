//! What pods go through on a node, on virtual time.

mod containers;
mod sandboxes;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use fake_kubelet::KubeletConfig;
use fake_kubelet::volumes::{MountedVolume, Ownership, VolumeError, VolumeFiles, Volumes};
use k8s_openapi::api::core::v1::{Pod, Volume};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use support::runtime::{Behaviour, ScriptedRuntime};
use support::{TestNode, gates, pass, pod};

const SOON: Duration = Duration::from_millis(100);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn runtime() -> ScriptedRuntime {
    ScriptedRuntime::containerd_2_1().with_image("app:1", Behaviour::default())
}

fn container(name: &str, image: &str) -> Value {
    json!({"name": name, "image": image})
}

fn app() -> Value {
    json!({"containers": [container("ctr", "app:1")]})
}

async fn node(runtime: ScriptedRuntime) -> TestNode {
    TestNode::start("1.36", runtime).await
}

fn reasons(events: &[(String, String)]) -> Vec<&str> {
    events.iter().map(|(reason, _)| reason.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_restart_policy_decides_what_follows_an_end() {
    for (policy, code, phase) in [
        ("Always", 0, "Running"),
        ("OnFailure", 0, "Succeeded"),
        ("OnFailure", 1, "Running"),
        ("Never", 0, "Succeeded"),
        ("Never", 1, "Failed"),
    ] {
        let node = node(runtime()).await;
        let mut spec = app();
        spec["restartPolicy"] = json!(policy);
        node.api.create_pod(pod("pod", spec));
        pass(SOON).await;
        node.runtime.kill("ctr", code);
        pass(SOON).await;
        assert_eq!(node.api.phase("pod"), phase, "{policy} after {code}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_succeeded_says_so_in_its_conditions_and_lets_go_of_its_sandbox() {
    let node = node(runtime()).await;
    let mut spec = app();
    spec["restartPolicy"] = json!("Never");
    node.api.create_pod(pod("pod", spec));
    pass(SOON).await;
    node.runtime.kill("ctr", 0);
    pass(SOON).await;
    let conditions = node.api.status("pod").conditions.expect("conditions");
    let seen: Vec<_> = conditions
        .iter()
        .map(|c| (c.type_.as_str(), c.status.as_str(), c.reason.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        seen,
        [
            ("PodReadyToStartContainers", "False", ""),
            ("Initialized", "True", "PodCompleted"),
            ("Ready", "False", "PodCompleted"),
            ("ContainersReady", "False", "PodCompleted"),
            ("PodScheduled", "True", ""),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_deleted_pod_leaves_nothing_behind() {
    let node = node(runtime()).await;
    node.api.create_pod(pod("pod", app()));
    pass(SOON).await;
    node.api.delete_pod("pod", 30);
    pass(SOON).await;
    assert!(node.api.pod("pod").is_none());
    assert_eq!(node.runtime.counts(), (0, 0));
    let killing = ("Killing".to_owned(), "Stopping container ctr".to_owned());
    assert!(node.api.events("pod").contains(&killing));

    node.api.create_pod(pod("forced", app()));
    pass(SOON).await;
    node.api.remove_pod("forced");
    pass(SOON).await;
    assert_eq!(node.runtime.counts(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_first_status_that_people_see_is_the_last_if_nothing_has_to_wait() {
    let node = node(runtime()).await;
    node.api.create_pod(pod("pod", app()));
    pass(seconds(60)).await;
    assert_eq!(node.api.status_writes(), 1);
}

#[tokio::test(start_paused = true)]
async fn people_see_a_pod_being_created_while_the_runtime_takes_its_time() {
    let node = node(runtime().slow(seconds(3))).await;
    node.api.create_pod(pod("pod", app()));
    pass(SOON).await;
    assert_eq!(node.api.phase("pod"), "Pending");
    let (reason, _) = node.api.waiting("pod", "ctr").expect("it waits");
    assert_eq!(reason, "ContainerCreating");
    assert!(node.api.status("pod").start_time.is_some());
    node.api.delete_pod("pod", 0);
    pass(seconds(4)).await;
    assert!(node.api.pod("pod").is_none(), "a deletion waits for the call under way");
    assert_eq!(node.runtime.counts(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_phase_that_somebody_else_has_ended_stays_and_ends_the_containers() {
    for phase in ["Failed", "Succeeded"] {
        let node = node(runtime()).await;
        node.api.create_pod(pod("pod", app()));
        pass(seconds(5)).await;
        assert_eq!(node.runtime.running(), 1);
        node.api.change_status("pod", |status| {
            status.phase = Some(phase.to_owned());
            status.reason = Some("Evacuated".to_owned());
            status.message = Some("somebody else's words".to_owned());
        });
        pass(seconds(120)).await;
        let status = node.api.status("pod");
        assert_eq!(status.phase.as_deref(), Some(phase));
        assert_eq!(status.reason.as_deref(), Some("Evacuated"));
        assert_eq!(status.message.as_deref(), Some("somebody else's words"));
        assert_eq!(node.runtime.running(), 0, "nothing runs on behind the API's back");
        let containers = status.container_statuses.expect("it has containers");
        assert!(containers.iter().all(|one| !one.ready), "and nothing is ready");
    }
}

/// Tells what the kubelet asked for.
#[derive(Debug, Default)]
struct WatchedVolumes(std::sync::Mutex<Vec<(String, Ownership)>>);

impl Volumes for WatchedVolumes {
    fn mount(
        &self,
        _: &Pod,
        volume: &Volume,
        ownership: Ownership,
        _: Option<&VolumeFiles>,
        _: &Time,
    ) -> Result<MountedVolume, VolumeError> {
        if volume.name == "broken" {
            return Err(VolumeError("no such disk".to_owned()));
        }
        let mut asked = self.0.lock().expect("no test panics while it holds it");
        asked.push((volume.name.clone(), ownership));
        Ok(MountedVolume { host_path: format!("/{}", volume.name), ..MountedVolume::default() })
    }

    fn unmount_all(&self, _: &Pod) {
        self.0.lock().expect("no test panics while it holds it").clear();
    }
}

#[tokio::test(start_paused = true)]
async fn fs_group_owns_the_volumes_that_kubelets_make_but_no_path_of_the_host() {
    let mut node = node(runtime()).await;
    let volumes = std::sync::Arc::new(WatchedVolumes::default());
    let mut config = KubeletConfig::new("node", gates("1.36", &[]));
    config.volumes = volumes.clone();
    node.start_kubelet(config).await;
    let mut spec = app();
    spec["securityContext"] = json!({"fsGroup": 5000});
    spec["volumes"] = json!([
        {"name": "scratch", "emptyDir": {}},
        {"name": "host", "hostPath": {"path": "/srv"}},
    ]);
    node.api.create_pod(pod("pod", spec.clone()));
    pass(SOON).await;
    assert_eq!(
        *volumes.0.lock().expect("readable"),
        [
            ("scratch".to_owned(), Ownership { group: Some(5000), mode: 0o2777 }),
            ("host".to_owned(), Ownership { group: None, mode: 0o777 }),
        ]
    );
    node.api.delete_pod("pod", 0);
    pass(SOON).await;
    assert!(volumes.0.lock().expect("readable").is_empty());

    spec["volumes"] = json!([{"name": "broken", "emptyDir": {}}]);
    node.api.create_pod(pod("stuck", spec));
    pass(SOON).await;
    assert_eq!(
        node.api.events("stuck"),
        [(
            "FailedMount".to_owned(),
            "MountVolume.SetUp failed for volume \"broken\" : no such disk".to_owned()
        )]
    );
    assert_eq!(node.runtime.calls("run_pod_sandbox"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_full_node_rejects_what_does_not_fit_until_something_ends() {
    let mut node = node(runtime()).await;
    let mut config = KubeletConfig::new("node", gates("1.36", &[]));
    config.capacity.insert("pods".to_owned(), Quantity("1".to_owned()));
    node.start_kubelet(config).await;
    pass(SOON).await;
    node.api.create_pod(pod("first", app()));
    node.api.create_pod(pod("second", app()));
    pass(SOON).await;
    let status = node.api.status("second");
    assert_eq!(status.reason.as_deref(), Some("OutOfpods"));
    assert_eq!(
        status.message.as_deref(),
        Some(
            "Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: 1, \
             capacity: 1"
        )
    );
    node.api.delete_pod("first", 0);
    pass(SOON).await;
    node.api.create_pod(pod("third", app()));
    pass(SOON).await;
    assert_eq!(node.api.phase("third"), "Running");
}

#[tokio::test(start_paused = true)]
async fn metrics_count_what_was_started_what_runs_and_what_was_rejected() {
    let mut node = node(runtime()).await;
    let mut config = KubeletConfig::new("node", gates("1.36", &[]));
    config.capacity.insert("pods".to_owned(), Quantity("1".to_owned()));
    node.start_kubelet(config).await;
    pass(SOON).await;
    node.api.create_pod(pod("pod", app()));
    node.api.create_pod(pod("other", app()));
    pass(SOON).await;
    node.runtime.kill("ctr", 1);
    pass(SOON).await;
    let text = node.kubelet().metrics().render();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        lines,
        [
            "kubelet_admission_rejections_total{reason=\"OutOfpods\"} 1",
            "kubelet_running_containers{container_state=\"running\"} 1",
            "kubelet_running_pods 1",
            "kubelet_started_containers_total{container_type=\"container\"} 2",
            "kubelet_started_containers_total{container_type=\"pod_sandbox\"} 1",
            "kubelet_started_pods_errors_total 0",
            "kubelet_started_pods_total 1",
        ]
    );
    node.api.delete_pod("pod", 0);
    pass(SOON).await;
    assert!(node.kubelet().metrics().render().contains("kubelet_running_pods 0"));
}

#[tokio::test(start_paused = true)]
async fn hostile_numbers_in_a_manifest_do_no_harm() {
    let node = node(runtime()).await;
    let mut spec = app();
    spec["terminationGracePeriodSeconds"] = json!(i64::MAX);
    spec["securityContext"] = json!({"fsGroup": -1, "supplementalGroups": [i64::MIN, i64::MAX]});
    spec["containers"][0]["resources"] = json!({"limits": {"cpu": "9".repeat(40)}});
    spec["volumes"] = json!([{"name": "scratch", "emptyDir": {}}]);
    node.api.create_pod(pod("pod", spec));
    pass(SOON).await;
    node.api.delete_pod("pod", i64::MAX);
    pass(SOON).await;
    assert!(node.api.pod("pod").is_none());
}
