//! What a kubelet is told when it starts.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Taint;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::version::{FeatureGates, KubernetesVersion};
use crate::volumes::{SimulatedVolumes, Volumes};

/// Tells the wall time, so that virtual time can be supplied.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// Maps a manifest's image reference to the one that the runtime knows.
pub type ImageMapping = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// What happens, when a kubelet starts, to pods that already have containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Readmission {
    /// They are adopted as they are (behaviour.md §7, KEP-3619 "no impact on
    /// already running workloads").
    #[default]
    SpareRunning,
    /// Admission runs again for every pod, as `HandlePodAdditions` does in the
    /// kubelets' source: one that does not pass any more becomes `Failed` and
    /// its containers are killed.
    EveryPod,
}

/// How long things take, all in tokio's time.
///
/// The first group are a kubelet's own intervals, measured or from its source;
/// a kubelet spreads some of them at random, which is left out here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timings {
    /// Between two looks at the runtime's status (`nodeStatusUpdateFrequency`), at which the
    /// node's lease is renewed too; zero never looks again.
    pub node_status_period: Duration,
    /// Between two reports of a status that has not changed (`nodeStatusReportFrequency`).
    pub node_report_period: Duration,
    /// Between two lists of the runtime's images.
    pub image_list_period: Duration,
    /// Between two lists of containers where the runtime sends no events
    /// (the generic PLEG's relist period).
    pub relist_period: Duration,
    /// Whether the runtime tells this kubelet of every end; else it lists containers beside
    /// listening. containerd 1.7 gives each event to a single one of its listeners (measured on
    /// 1.7.24: of two kubelets on one runtime each heard a part).
    pub events_are_complete: bool,
    /// Before a failed sync is tried again (`backOffPeriod`).
    pub sync_retry: Duration,
    /// Before a sync is tried again that failed because the network is not ready.
    pub network_retry: Duration,
    /// The first crash-loop back-off; it doubles with each crash.
    pub crash_loop_initial: Duration,
    /// The longest crash-loop back-off; one that ran twice as long starts anew.
    pub crash_loop_longest: Duration,
    /// The first image-pull back-off; it doubles with each failure.
    pub image_pull_initial: Duration,
    /// The longest image-pull back-off.
    pub image_pull_longest: Duration,
    /// Between two searches for what should not run any more (`housekeepingPeriod`).
    pub housekeeping: Duration,
    /// Before a change to a pod arrives, from the API by way of the pod sources.
    pub change_delay: Duration,
    /// Before a pod worker acts on a change.
    pub worker_delay: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            node_status_period: Duration::from_secs(10),
            node_report_period: Duration::from_secs(300),
            image_list_period: Duration::from_secs(30),
            relist_period: Duration::from_secs(1),
            events_are_complete: true,
            sync_retry: Duration::from_secs(10),
            network_retry: Duration::from_secs(1),
            crash_loop_initial: Duration::from_secs(10),
            crash_loop_longest: Duration::from_secs(300),
            image_pull_initial: Duration::from_secs(10),
            image_pull_longest: Duration::from_secs(300),
            housekeeping: Duration::from_secs(2),
            change_delay: Duration::ZERO,
            worker_delay: Duration::ZERO,
        }
    }
}

/// A kubelet's configuration.
#[derive(Clone)]
pub struct KubeletConfig {
    /// The node's name.
    pub node_name: String,
    /// The kubelet's feature gates, which know its version.
    pub feature_gates: FeatureGates,
    /// Labels of the node besides those that every kubelet sets.
    pub node_labels: BTreeMap<String, String>,
    /// Taints that the node registers with.
    pub node_taints: Vec<Taint>,
    /// The node's resources; allocatable is the same.
    pub capacity: BTreeMap<String, Quantity>,
    /// The node's internal address, also that of pods on the host network.
    pub node_ip: String,
    /// Labels for every sandbox on the runtime, besides the kubelet's own.
    pub extra_labels: BTreeMap<String, String>,
    /// Whether every pod shares the node's network, because the runtime has no other.
    pub host_network_only: bool,
    /// Where images are served from, if the manifest's references are not what
    /// the runtime knows. Pod status always shows the manifest's reference.
    pub image_mapping: Option<ImageMapping>,
    /// The folder for container logs, as the runtime sees it; none keeps no logs.
    pub pod_logs_directory: Option<String>,
    /// Makes the pods' volumes.
    pub volumes: Arc<dyn Volumes>,
    /// Whether pods that already run must pass admission again.
    pub readmission: Readmission,
    /// How long things take.
    pub timings: Timings,
}

impl fmt::Debug for KubeletConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KubeletConfig")
            .field("node_name", &self.node_name)
            .field("version", &self.version())
            .finish_non_exhaustive()
    }
}

impl KubeletConfig {
    /// A node of this name with ample resources and simulated volumes.
    #[must_use]
    pub fn new(node_name: impl Into<String>, feature_gates: FeatureGates) -> Self {
        let quantity = |name: &str, value: &str| (name.to_owned(), Quantity(value.to_owned()));
        Self {
            node_name: node_name.into(),
            feature_gates,
            node_labels: BTreeMap::new(),
            node_taints: Vec::new(),
            capacity: BTreeMap::from([
                quantity("cpu", "64"),
                quantity("ephemeral-storage", "1Ti"),
                quantity("hugepages-1Gi", "0"),
                quantity("hugepages-2Mi", "0"),
                quantity("memory", "256Gi"),
                quantity("pods", "110"),
            ]),
            node_ip: "192.0.2.1".to_owned(),
            extra_labels: BTreeMap::new(),
            host_network_only: false,
            image_mapping: None,
            pod_logs_directory: Some("/var/log/pods".to_owned()),
            volumes: Arc::new(SimulatedVolumes),
            readmission: Readmission::default(),
            timings: Timings::default(),
        }
    }

    /// The kubelet's version.
    #[must_use]
    pub fn version(&self) -> KubernetesVersion {
        self.feature_gates.version()
    }
}
