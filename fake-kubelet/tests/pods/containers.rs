//! Containers: which start when, which start again, and what keeps one from starting.

use serde_json::json;

use crate::support::runtime::Behaviour;
use crate::support::{pass, pod};
use crate::{SOON, app, container, node, reasons, runtime, seconds};

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
