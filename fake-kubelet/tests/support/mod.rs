//! A scripted runtime and an API in memory, for tests of the kubelet.

#![allow(dead_code, unreachable_pub, reason = "each test crate uses its own part of it")]

pub mod api;
pub mod runtime;

use std::sync::Arc;
use std::time::Duration;

use fake_kubelet::version::FeatureGates;
use fake_kubelet::{Clock, Kubelet, KubeletConfig};
use k8s_openapi::api::core::v1::{Pod, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use k8s_openapi::jiff::Timestamp;
use tokio::time::Instant;

use api::MemoryApi;
use runtime::ScriptedRuntime;

/// A wall clock that follows tokio's, from the beginning of 2026.
pub fn clock() -> Clock {
    let start = Instant::now();
    Arc::new(move || {
        let elapsed = i64::try_from(start.elapsed().as_secs()).expect("tests are short");
        Time(Timestamp::from_second(1_767_225_600 + elapsed).expect("a valid time"))
    })
}

/// Gates of a version such as `1.33`.
pub fn gates(version: &str, overrides: &[(&str, bool)]) -> FeatureGates {
    let version = version.parse().expect("a known version");
    FeatureGates::new(version, overrides.iter().copied()).expect("gates of that version")
}

/// Lets everything happen that happens within `time`.
pub async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// A pod in the namespace `default`; its uid is made of its name.
pub fn pod(name: &str, spec: serde_json::Value) -> Pod {
    let spec: PodSpec = serde_json::from_value(spec).expect("a pod spec");
    Pod {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some("default".to_owned()),
            uid: Some(format!("{name}-uid")),
            generation: Some(1),
            ..ObjectMeta::default()
        },
        spec: Some(spec),
        status: None,
    }
}

/// A node under test: an API, a runtime, and the kubelet between them.
pub struct TestNode {
    pub api: Arc<MemoryApi>,
    pub runtime: Arc<ScriptedRuntime>,
    pub kubelet: Option<Kubelet>,
}

impl TestNode {
    /// Starts a kubelet of this version with default configuration.
    pub async fn start(version: &str, runtime: ScriptedRuntime) -> Self {
        let mut node =
            Self { api: Arc::new(MemoryApi::default()), runtime: Arc::new(runtime), kubelet: None };
        node.start_kubelet(KubeletConfig::new("node", gates(version, &[]))).await;
        node
    }

    /// Starts a kubelet, after stopping the one before.
    pub async fn start_kubelet(&mut self, config: KubeletConfig) {
        if let Some(kubelet) = self.kubelet.take() {
            kubelet.stop().await;
        }
        let (api, runtime) = (Arc::clone(&self.api), Arc::clone(&self.runtime));
        let kubelet = Kubelet::start(config, api, runtime, clock()).await;
        self.kubelet = Some(kubelet.expect("the scripted runtime answers"));
    }

    pub fn kubelet(&self) -> &Kubelet {
        self.kubelet.as_ref().expect("a kubelet runs")
    }
}
