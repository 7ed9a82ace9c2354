//! One node: a kubelet, and the runtime that outlives it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fake_kubelet::version::{FeatureGates, KubernetesVersion};
use fake_kubelet::{Kubelet, KubeletConfig};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::delays::KUBELET;
use super::{ApiServer, Clock, ClusterError, gates_of};
use crate::target::NodeRuntime;

/// Between two lists where every case has a kubelet on the same runtime: nobody else is disturbed,
/// and a case should not wait for its own kubelet.
const SHARED_RUNTIME_RELIST_PERIOD: Duration = Duration::from_millis(100);

/// A node of a cluster.
#[derive(Debug)]
pub struct ClusterNode {
    name: String,
    labels: BTreeMap<String, String>,
    /// Which node of its cluster it is, from 0.
    pub(super) number: u32,
    /// The node's resources, where they are not the ample ones of every node here.
    pub(super) capacity: Option<BTreeMap<String, Quantity>>,
    /// The runtime.
    pub runtime: NodeRuntime,
    clock: Clock,
    gate_settings: BTreeMap<String, bool>,
    kubelet: Option<Kubelet>,
    /// The version of the kubelet that is stopped.
    stopped: Option<KubernetesVersion>,
}

impl ClusterNode {
    pub(super) fn new(
        name: &str,
        labels: BTreeMap<String, String>,
        runtime: NodeRuntime,
        clock: Clock,
    ) -> Self {
        Self {
            name: name.to_owned(),
            labels,
            number: 0,
            capacity: None,
            runtime,
            clock,
            gate_settings: BTreeMap::new(),
            kubelet: None,
            stopped: None,
        }
    }

    /// The node's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version of its kubelet while that is stopped.
    pub(super) fn stopped_version(&self) -> Option<KubernetesVersion> {
        self.stopped
    }

    /// The kubelet, while one runs.
    #[must_use]
    pub fn kubelet(&self) -> Option<&Kubelet> {
        self.kubelet.as_ref()
    }

    /// The version and gates that the kubelet runs with.
    #[must_use]
    pub fn gates(&self) -> Option<&FeatureGates> {
        self.kubelet.as_ref().map(|kubelet| &kubelet.config().feature_gates)
    }

    /// The feature gates that are set on the kubelet; every other has its default.
    #[must_use]
    pub fn gate_settings(&self) -> &BTreeMap<String, bool> {
        &self.gate_settings
    }

    /// Replaces the kubelet; containers keep running. One that refuses its gates replaces nothing.
    pub(super) async fn start_kubelet(
        &mut self,
        version: KubernetesVersion,
        settings: &BTreeMap<String, bool>,
        api: &Arc<ApiServer>,
    ) -> Result<(), ClusterError> {
        let gates = gates_of(version, settings)?;
        if let Some(old) = self.kubelet.take() {
            old.stop().await;
        }
        let mut config = KubeletConfig::new(&self.name, gates);
        config.node_labels.clone_from(&self.labels);
        config.node_ip = address(self.number);
        if let Some(capacity) = &self.capacity {
            config.capacity.clone_from(capacity);
        }
        config.image_mapping.clone_from(&self.runtime.image_mapping);
        config.extra_labels.clone_from(&self.runtime.sandbox_labels);
        config.host_network_only = self.runtime.host_network;
        if self.runtime.current().is_some() {
            // Before a real runtime the real kubelet's time is not ours to add.
            config.timings.change_delay = KUBELET;
        }
        if self.runtime.is_shared {
            config.timings.events_are_complete = false;
            config.timings.relist_period = SHARED_RUNTIME_RELIST_PERIOD;
        }
        if self.runtime.host_network {
            // Logs would be left on a host that is not ours.
            config.pod_logs_directory = None;
        }
        config.volumes = Arc::clone(&self.runtime.volumes);
        let cri = self.runtime.cri();
        let api: Arc<ApiServer> = Arc::clone(api);
        self.kubelet = Some(Kubelet::start(config, api, cri, self.clock.function()).await?);
        self.stopped = None;
        self.gate_settings.clone_from(settings);
        Ok(())
    }

    /// Stops the kubelet; containers keep running. One that is stopped stays so.
    pub(super) async fn stop_kubelet(&mut self) {
        if let Some(kubelet) = self.kubelet.take() {
            self.stopped = Some(kubelet.config().version());
            kubelet.stop().await;
        }
    }

    /// Starts the kubelet that was stopped, as it was. One that runs goes on.
    pub(super) async fn start_stopped_kubelet(
        &mut self,
        api: &Arc<ApiServer>,
    ) -> Result<(), ClusterError> {
        let Some(version) = self.stopped else { return Ok(()) };
        let settings = self.gate_settings.clone();
        self.start_kubelet(version, &settings, api).await
    }

    /// Stops the kubelet and removes what this cluster made on the runtime; gives the wall time
    /// that was spent inside CRI calls.
    pub(super) async fn stop(mut self) -> Duration {
        if let Some(kubelet) = self.kubelet.take() {
            kubelet.stop().await;
        }
        self.runtime.remove_everything().await;
        self.runtime.time_in_calls()
    }
}

/// A node's address: of the 254 that RFC 5737 sets aside for documents, and then of the larger
/// range for benchmarks (RFC 2544), so that no two nodes of a cluster share one.
fn address(number: u32) -> String {
    let place = number.saturating_add(1);
    if place <= 254 {
        format!("192.0.2.{place}")
    } else {
        format!("198.{}.{}.{}", 18 + (place >> 16 & 1), place >> 8 & 0xff, place & 0xff)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::address;

    #[test]
    fn no_two_nodes_share_an_address() {
        let all: BTreeSet<_> = (0..5_000).map(address).collect();
        assert_eq!(all.len(), 5_000);
        assert_eq!((address(0), address(299)), ("192.0.2.1".to_owned(), "198.18.1.44".to_owned()));
    }
}
