//! A pod's whole status, from what its worker knows.

use k8s_openapi::api::core::v1::{
    ContainerStatus, HostIP, Pod, PodCondition, PodIP, PodStatus, ResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::conditions::conditions;
use super::container::container_status;
use super::phase::{self, Phase, phase};
use super::qos::qos_class;
use crate::config::KubeletConfig;
use crate::events::{DEADLINE_EXCEEDED, DEADLINE_EXCEEDED_MESSAGE};
use crate::sync::probes::Probes;
use crate::sync::record::{Kind, Record};
use crate::version::Gate;

/// A sandbox on the runtime.
#[derive(Debug, Clone)]
pub(crate) struct Sandbox {
    pub(crate) id: std::sync::Arc<str>,
    pub(crate) attempt: u32,
    pub(crate) ready: bool,
    /// The pod's address.
    pub(crate) ip: String,
}

/// Why a pod has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Terminal {
    /// Its containers have done what they should.
    Finished,
    /// It was deleted.
    Deleted,
    /// It ran for longer than it may.
    DeadlineExceeded,
}

/// All that a pod's status is made of.
pub(crate) struct PodView<'a> {
    pub(crate) pod: &'a Pod,
    pub(crate) config: &'a KubeletConfig,
    pub(crate) runtime_name: &'a str,
    pub(crate) records: &'a [Record],
    pub(crate) sandbox: Option<&'a Sandbox>,
    pub(crate) terminal: Option<Terminal>,
    /// The status written last.
    pub(crate) published: Option<&'a PodStatus>,
    /// What the pod's probes have found.
    pub(crate) probes: Option<&'a Probes>,
    pub(crate) now: &'a Time,
}

/// Container statuses by list.
#[derive(Debug, Default)]
pub(super) struct Statuses {
    /// In the spec's order.
    pub(super) init: Vec<ContainerStatus>,
    /// By name.
    pub(super) apps: Vec<ContainerStatus>,
    ephemeral: Vec<ContainerStatus>,
}

impl<'a> PodView<'a> {
    /// The id of the pod's sandbox, if it is ready.
    pub(super) fn ready_sandbox(&self) -> Option<&'a str> {
        self.sandbox.filter(|sandbox| sandbox.ready).map(|sandbox| &*sandbox.id)
    }

    /// What the kubelet wrote last, else what the API says.
    fn before(&self) -> Option<&'a PodStatus> {
        self.published.or(self.pod.status.as_ref())
    }

    /// The conditions known, by type: others' from the API, which they write
    /// to without the kubelet, the kubelet's own from what it wrote last.
    pub(super) fn own_conditions(&self) -> &'a [PodCondition] {
        self.before().and_then(|status| status.conditions.as_deref()).unwrap_or_default()
    }

    /// The conditions as the API has them.
    pub(super) fn api_conditions(&self) -> &'a [PodCondition] {
        let status = self.pod.status.as_ref();
        status.and_then(|status| status.conditions.as_deref()).unwrap_or_default()
    }

    fn statuses(&self) -> Statuses {
        let mut statuses = Statuses::default();
        for (index, record) in self.records.iter().enumerate() {
            let list = match record.kind {
                Kind::Init | Kind::Sidecar => &mut statuses.init,
                Kind::App => &mut statuses.apps,
                Kind::Ephemeral => &mut statuses.ephemeral,
            };
            list.extend(container_status(self, index, record));
        }
        statuses.apps.sort_by(|a, b| a.name.cmp(&b.name));
        statuses.ephemeral.sort_by(|a, b| a.name.cmp(&b.name));
        statuses
    }
}

/// The status of a pod.
pub(crate) fn pod_status(view: &PodView<'_>) -> PodStatus {
    let Some(spec) = &view.pod.spec else { return PodStatus::default() };
    let statuses = view.statuses();
    let ended = phase::ended(view.pod.status.as_ref());
    let exceeded = view.terminal == Some(Terminal::DeadlineExceeded);
    let phase = ended.unwrap_or_else(|| match view.terminal {
        Some(Terminal::DeadlineExceeded) => Phase::Failed,
        terminal => phase(spec, &statuses, terminal.is_some()),
    });
    let said = view.pod.status.as_ref().filter(|_| ended.is_some());
    let reason = said.and_then(|said| said.reason.clone());
    let message = said.and_then(|said| said.message.clone());
    let conditions = conditions(view, spec, &statuses, phase);
    let some = |list: Vec<ContainerStatus>| (!list.is_empty()).then_some(list);
    let host_ip = &view.config.node_ip;
    let pod_ip = view.sandbox.map(|sandbox| &sandbox.ip).filter(|ip| !ip.is_empty());
    let reports_resources =
        view.config.feature_gates.enabled(Gate::InPlacePodLevelResourcesVerticalScaling);
    let levels = spec.resources.as_ref().filter(|_| reports_resources);
    PodStatus {
        conditions: Some(conditions),
        container_statuses: some(statuses.apps),
        ephemeral_container_statuses: some(statuses.ephemeral),
        host_ip: Some(host_ip.clone()),
        host_ips: Some(vec![HostIP { ip: host_ip.clone() }]),
        init_container_statuses: some(statuses.init),
        observed_generation: view
            .config
            .feature_gates
            .enabled(Gate::PodObservedGenerationTracking)
            .then_some(view.pod.metadata.generation)
            .flatten(),
        phase: Some(phase.name().to_owned()),
        reason: reason.or_else(|| exceeded.then(|| DEADLINE_EXCEEDED.to_owned())),
        message: message.or_else(|| exceeded.then(|| DEADLINE_EXCEEDED_MESSAGE.to_owned())),
        pod_ip: pod_ip.cloned(),
        pod_ips: pod_ip.map(|ip| vec![PodIP { ip: ip.clone() }]),
        allocated_resources: levels.and_then(|asked| asked.requests.clone()),
        resources: reports_resources.then(|| ResourceRequirements {
            claims: None,
            limits: levels.and_then(|asked| asked.limits.clone()),
            requests: levels.and_then(|asked| asked.requests.clone()),
        }),
        qos_class: Some(qos_class(view.pod).to_owned()),
        start_time: view
            .before()
            .and_then(|before| before.start_time.clone())
            .or_else(|| Some(view.now.clone())),
        nominated_node_name: view.before().and_then(|before| before.nominated_node_name.clone()),
        ..PodStatus::default()
    }
}
