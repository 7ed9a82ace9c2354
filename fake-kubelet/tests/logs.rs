//! Logs and commands through the kubelet.

mod support;

use std::time::Duration;

use cri_api::{ExecEvent, ExecRequest};
use fake_kubelet::api::PodIdentity;
use fake_kubelet::{ExecError, LogError, LogOptions};
use futures_util::StreamExt;
use serde_json::json;

use support::runtime::{Behaviour, ScriptedRuntime};
use support::{TestNode, pass, pod};

fn identity(name: &str) -> PodIdentity {
    PodIdentity {
        namespace: "default".to_owned(),
        name: name.to_owned(),
        uid: format!("{name}-uid"),
    }
}

async fn node() -> TestNode {
    let runtime = ScriptedRuntime::containerd_2_1()
        .with_image("app:1", Behaviour::default())
        .with_image("crash:1", Behaviour { exits: Some(1), ..Behaviour::default() });
    TestNode::start("1.36", runtime).await
}

async fn create(node: &TestNode, name: &str, image: &str) {
    let container = json!({"name": "ctr", "image": image, "imagePullPolicy": "IfNotPresent"});
    node.api.create_pod(pod(name, json!({"containers": [container]})));
    pass(Duration::from_secs(1)).await;
}

/// What a log says, or why there is none.
async fn text(node: &TestNode, pod: &str, options: LogOptions) -> Result<String, String> {
    let log = node.kubelet().logs(&identity(pod), "ctr", options).await;
    let pieces: Vec<_> = log.map_err(|error| error.to_string())?.collect().await;
    Ok(String::from_utf8_lossy(&pieces.concat()).into_owned())
}

#[tokio::test(start_paused = true)]
async fn a_log_is_cut_as_the_options_say() {
    let node = node().await;
    create(&node, "a", "app:1").await;
    node.runtime.log("ctr", &["one\n", "two\n", "three\n"]);
    let options = LogOptions::default();
    for (options, expected) in [
        (options.clone(), "one\ntwo\nthree\n"),
        (LogOptions { tail_lines: Some(1), ..options.clone() }, "three\n"),
        (LogOptions { tail_lines: Some(0), ..options.clone() }, ""),
        (LogOptions { limit_bytes: Some(6), ..options.clone() }, "one\ntw"),
        (
            LogOptions { timestamps: true, tail_lines: Some(1), ..options.clone() },
            "2026-01-01T00:00:03.000000000Z three\n",
        ),
        // The entries are at 1, 2 and 3 seconds since the start, and now it is 1 second.
        (LogOptions { since_seconds: Some(-2), ..options }, "three\n"),
    ] {
        assert_eq!(text(&node, "a", options.clone()).await.as_deref(), Ok(expected), "{options:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_can_be_followed_to_the_end_of_its_container() {
    let node = node().await;
    create(&node, "a", "app:1").await;
    node.runtime.log("ctr", &["one\n"]);
    let follow = LogOptions { follow: true, ..LogOptions::default() };
    let log = async { text(&node, "a", follow).await };
    let rest = async {
        pass(Duration::from_secs(5)).await;
        node.runtime.log("ctr", &["two\n"]);
        pass(Duration::from_secs(5)).await;
        node.runtime.kill("ctr", 0);
    };
    let (log, ()) = tokio::join!(log, rest);
    assert_eq!(log.as_deref(), Ok("one\ntwo\n"));
}

#[tokio::test(start_paused = true)]
async fn the_log_of_the_container_before_a_restart_is_kept() {
    let node = node().await;
    create(&node, "a", "app:1").await;
    node.runtime.log("ctr", &["first\n"]);
    let previous = LogOptions { previous: true, ..LogOptions::default() };
    let none = Err("previous terminated container \"ctr\" in pod \"a\" not found".to_owned());
    assert_eq!(text(&node, "a", previous.clone()).await, none);
    node.runtime.kill("ctr", 1);
    pass(Duration::from_secs(1)).await;
    assert_eq!(node.api.restart_count("a"), 1);
    assert_eq!(text(&node, "a", previous).await.as_deref(), Ok("first\n"));
    assert_eq!(text(&node, "a", LogOptions::default()).await.as_deref(), Ok(""));
}

#[tokio::test(start_paused = true)]
async fn a_container_that_crashed_has_the_log_of_its_last_run() {
    let node = node().await;
    create(&node, "a", "crash:1").await;
    let (reason, _) = node.api.waiting("a", "ctr").expect("it waits");
    assert_eq!(reason, "CrashLoopBackOff");
    for previous in [false, true] {
        let options = LogOptions { previous, ..LogOptions::default() };
        assert_eq!(text(&node, "a", options).await.as_deref(), Ok(""));
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_log_the_reason_is_said() {
    let node = node().await;
    create(&node, "absent", "none:1").await;
    pass(Duration::from_secs(12)).await;
    let waits = "container \"ctr\" in pod \"absent\" is waiting to start: \
                 trying and failing to pull image";
    assert_eq!(text(&node, "absent", LogOptions::default()).await, Err(waits.to_owned()));
    let logs = |pod: &str, container: &'static str| {
        let pod = identity(pod);
        let node = &node;
        async move { node.kubelet().logs(&pod, container, LogOptions::default()).await.map(drop).err() }
    };
    assert_eq!(logs("gone", "ctr").await, Some(LogError::PodNotFound));
    let error = logs("absent", "other").await.map(|error| error.to_string());
    assert_eq!(error.as_deref(), Some("container \"other\" not found in pod \"absent\""));
}

#[tokio::test(start_paused = true)]
async fn a_command_runs_without_streams_where_the_runtime_hands_out_none() {
    let node = node().await;
    create(&node, "a", "app:1").await;
    let command = vec!["id".to_owned()];
    let request = ExecRequest { command: command.clone(), ..ExecRequest::default() };
    let mut events =
        node.kubelet().exec_stream(&identity("a"), "ctr", request).await.expect("runs");
    assert_eq!(events.recv().await, Some(ExecEvent::Output("id".into())));
    assert_eq!(events.recv().await, Some(ExecEvent::Exited(0)));
    assert_eq!(events.recv().await, None);
    let (_sender, stdin) = tokio::sync::mpsc::channel(1);
    let request = ExecRequest { command, stdin: Some(stdin), tty: false };
    let refused = node.kubelet().exec_stream(&identity("a"), "ctr", request).await.map(drop);
    assert!(matches!(refused, Err(ExecError::Runtime(_))), "{refused:?}");
}
