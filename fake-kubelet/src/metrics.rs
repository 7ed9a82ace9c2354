//! The kubelet's counters, by the names that real kubelets give them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// What kind of container a counter is about; the label's real values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerType {
    /// `container`
    Container,
    /// `init_container`
    InitContainer,
    /// `ephemeral_container`
    EphemeralContainer,
    /// `pod_sandbox`
    PodSandbox,
}

impl ContainerType {
    const ALL: [Self; 4] =
        [Self::Container, Self::InitContainer, Self::EphemeralContainer, Self::PodSandbox];

    /// The label's value.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::InitContainer => "init_container",
            Self::EphemeralContainer => "ephemeral_container",
            Self::PodSandbox => "pod_sandbox",
        }
    }
}

/// The names of everything that is counted.
pub const NAMES: &[&str] = &[
    "kubelet_admission_rejections_total",
    "kubelet_running_containers",
    "kubelet_running_pods",
    "kubelet_started_containers_errors_total",
    "kubelet_started_containers_total",
    "kubelet_started_pods_errors_total",
    "kubelet_started_pods_total",
];

/// Counters of one kubelet process.
#[derive(Debug, Default)]
pub struct Metrics {
    admission_rejections: Mutex<BTreeMap<String, u64>>,
    started_pods: AtomicU64,
    started_pods_errors: AtomicU64,
    started_containers: [AtomicU64; 4],
    started_containers_errors: Mutex<BTreeMap<(ContainerType, &'static str), u64>>,
    running_pods: AtomicU64,
    running_containers: AtomicU64,
}

impl Metrics {
    pub(crate) fn reject(&self, reason: &str) {
        let mut rejections = self.admission_rejections.lock().unwrap_or_else(|e| e.into_inner());
        *rejections.entry(reason.to_owned()).or_default() += 1;
    }

    pub(crate) fn start_pod(&self) {
        self.started_pods.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn fail_pod(&self) {
        self.started_pods_errors.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn start_container(&self, kind: ContainerType) {
        self.started_containers[kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn fail_container(&self, kind: ContainerType, code: &'static str) {
        let mut errors = self.started_containers_errors.lock().unwrap_or_else(|e| e.into_inner());
        *errors.entry((kind, code)).or_default() += 1;
    }

    pub(crate) fn set_running(&self, pods: usize, containers: usize) {
        self.running_pods.store(pods as u64, Ordering::Relaxed);
        self.running_containers.store(containers as u64, Ordering::Relaxed);
    }

    /// `kubelet_admission_rejections_total{reason}`.
    #[must_use]
    pub fn admission_rejections(&self, reason: &str) -> u64 {
        let rejections = self.admission_rejections.lock().unwrap_or_else(|e| e.into_inner());
        rejections.get(reason).copied().unwrap_or(0)
    }

    /// Every counter in the Prometheus text format, in a fixed order.
    #[must_use]
    pub fn render(&self) -> String {
        self.families().iter().map(Family::render).collect()
    }

    /// Every counter that has a value, in a fixed order.
    #[must_use]
    pub fn families(&self) -> Vec<Family> {
        let rejections = self.admission_rejections.lock().unwrap_or_else(|e| e.into_inner());
        let rejections =
            rejections.iter().map(|(reason, n)| (format!("reason=\"{reason}\""), *n)).collect();
        let started = ContainerType::ALL.iter().filter_map(|kind| {
            let value = self.started_containers[*kind as usize].load(Ordering::Relaxed);
            (value > 0).then(|| (format!("container_type=\"{}\"", kind.label()), value))
        });
        let errors = self.started_containers_errors.lock().unwrap_or_else(|e| e.into_inner());
        let errors = errors.iter().map(|((kind, code), n)| {
            (format!("code=\"{code}\",container_type=\"{}\"", kind.label()), *n)
        });
        let alone = |counter: &AtomicU64| vec![(String::new(), counter.load(Ordering::Relaxed))];
        let running = self.running_containers.load(Ordering::Relaxed);
        let families = [
            (
                "kubelet_admission_rejections_total",
                "[ALPHA] Cumulative number pod admission rejections by the Kubelet.",
                rejections,
            ),
            (
                "kubelet_running_containers",
                "[BETA] Number of containers currently running",
                vec![("container_state=\"running\"".to_owned(), running)],
            ),
            (
                "kubelet_running_pods",
                "[BETA] Number of pods that have a running pod sandbox",
                alone(&self.running_pods),
            ),
            (
                "kubelet_started_containers_total",
                "[ALPHA] Cumulative number of containers started",
                started.collect(),
            ),
            (
                "kubelet_started_containers_errors_total",
                "[ALPHA] Cumulative number of errors when starting containers",
                errors.collect(),
            ),
            (
                "kubelet_started_pods_errors_total",
                "[ALPHA] Cumulative number of errors when starting pods",
                alone(&self.started_pods_errors),
            ),
            (
                "kubelet_started_pods_total",
                "[ALPHA] Cumulative number of pods started",
                alone(&self.started_pods),
            ),
        ];
        families
            .into_iter()
            .filter(|(.., series)| !series.is_empty())
            .map(|(name, help, series)| Family { name, help, series })
            .collect()
    }
}

/// A metric: one value for each set of labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Its name, as real components have it.
    pub name: &'static str,
    /// Its description, as real components have it.
    pub help: &'static str,
    /// The labels as they are written between braces, which may be none, and the value.
    pub series: Vec<(String, u64)>,
}

impl Family {
    /// The metric in the Prometheus text format.
    #[must_use]
    pub fn render(&self) -> String {
        let Self { name, help, series } = self;
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        let mut text = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        for (labels, value) in series {
            // Writing to a String cannot fail.
            let _ = match labels.as_str() {
                "" => writeln!(text, "{name} {value}"),
                labels => writeln!(text, "{name}{{{labels}}} {value}"),
            };
        }
        text
    }
}
