//! What pods go through on a node, on virtual time.

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
async fn a_container_that_ends_restarts_at_once_and_then_backs_off_longer_each_time() {
    let node = node(runtime()).await;
    node.api.create_pod(pod("pod", app()));
    pass(SOON).await;
    node.runtime.kill("ctr", 1);
    pass(SOON).await;
    assert_eq!((node.api.phase("pod").as_str(), node.api.restart_count("pod")), ("Running", 1));

    for (restarts, delay) in [(2, 10), (3, 20), (4, 40)] {
        node.runtime.kill("ctr", 1);
        pass(SOON).await;
        let (reason, message) = node.api.waiting("pod", "ctr").expect("it waits");
        assert_eq!(reason, "CrashLoopBackOff");
        assert_eq!(
            message,
            format!("back-off {delay}s restarting failed container=ctr pod=pod_default(pod-uid)")
        );
        pass(seconds(delay) - 2 * SOON).await;
        assert_eq!(node.api.restart_count("pod"), restarts - 1, "still held back");
        pass(seconds(1)).await;
        assert_eq!(node.api.restart_count("pod"), restarts);
    }
    let status = node.api.status("pod").container_statuses.expect("statuses");
    let last = status[0].last_state.as_ref().and_then(|state| state.terminated.as_ref());
    let last = last.expect("the run before is shown");
    assert_eq!((last.exit_code, last.reason.as_deref()), (1, Some("Error")));
    assert_eq!(node.runtime.counts(), (1, 2), "one dead container is kept");
    let events = node.api.events("pod");
    assert!(events.contains(&(
        "BackOff".to_owned(),
        "Back-off restarting failed container ctr in pod pod_default(pod-uid)".to_owned()
    )));
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
async fn init_containers_run_one_after_the_other_before_the_others() {
    let ending = Behaviour { exits: Some(0), ..Behaviour::default() };
    let node = node(runtime().with_image("ends:1", ending)).await;
    let spec = json!({
        "initContainers": [container("first", "app:1"), container("second", "ends:1")],
        "containers": [container("ctr", "app:1")],
    });
    node.api.create_pod(pod("pod", spec));
    pass(SOON).await;
    assert_eq!(node.api.phase("pod"), "Pending");
    let (reason, _) = node.api.waiting("pod", "ctr").expect("it waits");
    assert_eq!(reason, "PodInitializing");
    let initialized = node.api.status("pod").conditions.expect("conditions")[1].clone();
    assert_eq!(
        (initialized.status.as_str(), initialized.message.as_deref()),
        ("False", Some("containers with incomplete status: [first second]"))
    );
    assert_eq!(node.runtime.running(), 1);
    node.runtime.kill("first", 0);
    pass(SOON).await;
    assert_eq!(node.api.phase("pod"), "Running");
    let status = node.api.status("pod");
    let init = status.init_container_statuses.expect("statuses");
    assert!(init.iter().all(|status| status.ready && status.started == Some(false)));
}

#[tokio::test(start_paused = true)]
async fn a_failed_init_container_is_tried_again_or_fails_the_pod() {
    let failing = Behaviour { exits: Some(3), ..Behaviour::default() };
    for (policy, phase) in [("Never", "Failed"), ("OnFailure", "Pending"), ("Always", "Pending")] {
        let node = node(runtime().with_image("fails:1", failing.clone())).await;
        let spec = json!({
            "restartPolicy": policy,
            "initContainers": [container("init", "fails:1")],
            "containers": [container("ctr", "app:1")],
        });
        node.api.create_pod(pod("pod", spec));
        pass(SOON).await;
        assert_eq!(node.api.phase("pod"), phase, "{policy}");
        if phase == "Pending" {
            let (reason, _) = node.api.waiting("pod", "init").expect("it waits");
            assert_eq!(reason, "CrashLoopBackOff", "{policy}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_sidecar_starts_before_the_others_keeps_running_and_ends_with_the_pod() {
    let node = node(runtime()).await;
    let mut sidecar = container("sidecar", "app:1");
    sidecar["restartPolicy"] = json!("Always");
    let spec = json!({
        "restartPolicy": "Never",
        "initContainers": [sidecar],
        "containers": [container("ctr", "app:1")],
    });
    node.api.create_pod(pod("pod", spec));
    pass(SOON).await;
    assert_eq!((node.api.phase("pod").as_str(), node.runtime.running()), ("Running", 2));
    node.runtime.kill("sidecar", 1);
    pass(SOON).await;
    assert_eq!(node.runtime.running(), 2, "it was restarted although the pod never restarts");
    node.runtime.kill("ctr", 0);
    pass(SOON).await;
    assert_eq!((node.api.phase("pod").as_str(), node.runtime.running()), ("Succeeded", 0));
    let killing = ("Killing".to_owned(), "Stopping container sidecar".to_owned());
    assert!(node.api.events("pod").contains(&killing));
}

#[tokio::test(start_paused = true)]
async fn an_ephemeral_container_joins_a_running_pod_and_is_never_restarted() {
    let node = node(runtime()).await;
    node.api.create_pod(pod("pod", app()));
    pass(SOON).await;
    node.api.change_pod("pod", |pod| {
        let spec = pod.spec.as_mut().expect("a spec");
        let debugger = json!([{"name": "debugger", "image": "app:1"}]);
        spec.ephemeral_containers = serde_json::from_value(debugger).expect("containers");
    });
    pass(SOON).await;
    assert_eq!(node.runtime.running(), 2);
    let paths: Vec<_> = node
        .api
        .event_objects("pod")
        .into_iter()
        .filter_map(|event| event.involved_object.field_path)
        .collect();
    assert!(paths.contains(&"spec.ephemeralContainers{debugger}".to_owned()));
    node.runtime.kill("debugger", 0);
    pass(seconds(60)).await;
    assert_eq!(node.runtime.running(), 1);
    let ephemeral = node.api.status("pod").ephemeral_container_statuses.expect("statuses");
    assert!(ephemeral[0].state.as_ref().is_some_and(|state| state.terminated.is_some()));
    assert!(ephemeral[0].user.is_some(), "its identity is reported too");
}

#[tokio::test(start_paused = true)]
async fn an_image_that_cannot_be_pulled_is_tried_again_with_growing_delays() {
    let node = node(runtime()).await;
    let spec = json!({"containers": [container("ctr", "far:1")]});
    node.api.create_pod(pod("pod", spec));
    pass(SOON).await;
    let (reason, message) = node.api.waiting("pod", "ctr").expect("it waits");
    assert_eq!(reason, "ErrImagePull");
    assert_eq!(message, "rpc error: code = NotFound desc = failed to resolve \"far:1\": not found");
    pass(seconds(2)).await;
    let (reason, message) = node.api.waiting("pod", "ctr").expect("it waits");
    assert_eq!(
        (reason.as_str(), message.as_str()),
        (
            "ImagePullBackOff",
            "Back-off pulling image \"far:1\": ErrImagePull: rpc error: code = NotFound desc = \
             failed to resolve \"far:1\": not found"
        )
    );
    assert_eq!(node.runtime.calls("pull_image"), 1);
    pass(seconds(9)).await;
    assert_eq!(node.runtime.calls("pull_image"), 2);
    node.runtime.set_pullable("far:1", Behaviour::default());
    pass(seconds(18)).await;
    assert_eq!(node.api.phase("pod"), "Pending", "the second delay is twice as long");
    pass(seconds(2)).await;
    assert_eq!(node.api.phase("pod"), "Running");
    let events = node.api.events("pod");
    for expected in [
        ("Pulling", "Pulling image \"far:1\""),
        (
            "Failed",
            "Failed to pull image \"far:1\": rpc error: code = NotFound desc = failed to resolve \
             \"far:1\": not found",
        ),
        ("Failed", "Error: ErrImagePull"),
        ("BackOff", "Back-off pulling image \"far:1\""),
        ("Failed", "Error: ImagePullBackOff"),
        (
            "Pulled",
            "Successfully pulled image \"far:1\" in 0s (0s including waiting). \
             Image size: 1234 bytes.",
        ),
    ] {
        let expected = (expected.0.to_owned(), expected.1.to_owned());
        assert!(events.contains(&expected), "{expected:?} is not among {events:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_image_that_may_not_be_pulled_is_not() {
    let node = node(runtime().with_pullable("far:1", Behaviour::default())).await;
    let mut container = container("ctr", "far:1");
    container["imagePullPolicy"] = json!("Never");
    node.api.create_pod(pod("pod", json!({"containers": [container]})));
    pass(SOON).await;
    let (reason, message) = node.api.waiting("pod", "ctr").expect("it waits");
    assert_eq!(reason, "ErrImageNeverPull");
    assert_eq!(message, "Container image \"far:1\" is not present with pull policy of Never");
    assert_eq!(reasons(&node.api.events("pod")), ["ErrImageNeverPull", "Failed"]);
}

#[tokio::test(start_paused = true)]
async fn a_container_that_fails_to_start_says_so_and_is_tried_again() {
    let broken = Behaviour {
        start_error: Some("failed to create containerd task: no such file".to_owned()),
        ..Behaviour::default()
    };
    let node = node(runtime().with_image("broken:1", broken)).await;
    node.api.create_pod(pod("pod", json!({"containers": [container("ctr", "broken:1")]})));
    pass(SOON).await;
    let (reason, message) = node.api.waiting("pod", "ctr").expect("it waits");
    assert_eq!(
        (reason.as_str(), message.as_str()),
        ("RunContainerError", "failed to create containerd task: no such file")
    );
    let status = node.api.status("pod").container_statuses.expect("statuses");
    let last = status[0].last_state.as_ref().and_then(|state| state.terminated.as_ref());
    assert_eq!(last.expect("how it ended").reason.as_deref(), Some("StartError"));
    assert_eq!(reasons(&node.api.events("pod")), ["Pulled", "Created", "Failed"]);
    pass(seconds(60)).await;
    assert!(node.api.restart_count("pod") >= 2);
}

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

#[tokio::test(start_paused = true)]
async fn a_changed_image_replaces_the_container() {
    let node = node(runtime().with_image("app:2", Behaviour::default())).await;
    node.api.create_pod(pod("pod", app()));
    pass(SOON).await;
    node.api.change_pod("pod", |pod| {
        let spec = pod.spec.as_mut().expect("a spec");
        spec.containers[0].image = Some("app:2".to_owned());
    });
    pass(SOON).await;
    let status = node.api.status("pod").container_statuses.expect("statuses");
    assert_eq!((status[0].image.as_str(), status[0].restart_count), ("app:2", 1));
    assert!(status[0].image_id.ends_with("app:2"));
}

#[tokio::test(start_paused = true)]
async fn a_command_reaches_a_running_container_only() {
    let node = node(runtime()).await;
    node.api.create_pod(pod("pod", app()));
    pass(SOON).await;
    let identity = |name: &str| fake_kubelet::api::PodIdentity {
        namespace: "default".to_owned(),
        name: name.to_owned(),
        uid: format!("{name}-uid"),
    };
    let command = ["id".to_owned()];
    let kubelet = node.kubelet();
    let answer = kubelet.exec(&identity("pod"), "ctr", &command, seconds(1)).await;
    assert_eq!(answer.expect("it runs").stdout, b"id");
    let missing = kubelet.exec(&identity("pod"), "other", &command, seconds(1)).await;
    assert_eq!(
        missing.expect_err("no such container").to_string(),
        "container not found (\"other\")"
    );
    assert!(kubelet.exec(&identity("gone"), "ctr", &command, seconds(1)).await.is_err());
}
