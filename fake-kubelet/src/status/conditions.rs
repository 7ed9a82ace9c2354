//! The conditions of a pod that the kubelet owns.

use k8s_openapi::api::core::v1::{ContainerStatus, PodCondition, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::phase::{Phase, any_app_started};
use super::pod::{PodView, Statuses};
use crate::admission::resources::is_sidecar;
use crate::version::Gate;

/// A condition's value with reason and message.
struct Verdict {
    holds: bool,
    reason: Option<&'static str>,
    message: Option<String>,
}

impl Verdict {
    fn plain(holds: bool) -> Self {
        Self { holds, reason: None, message: None }
    }

    fn because(holds: bool, reason: &'static str) -> Self {
        Self { holds, reason: Some(reason), message: None }
    }
}

/// The types that the kubelet owns, in the order it writes them.
const OWNED: [&str; 5] =
    ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

/// All conditions: the kubelet's own, then those that others wrote.
pub(super) fn conditions(
    view: &PodView<'_>,
    spec: &PodSpec,
    statuses: &Statuses,
    phase: Phase,
) -> Vec<PodCondition> {
    let containers_ready = containers_ready(spec, statuses, phase);
    let verdicts = [
        Verdict::plain(view.ready_sandbox().is_some()),
        initialized(spec, statuses, phase),
        ready(view, spec, &containers_ready),
        containers_ready,
        Verdict::plain(true),
    ];
    let generation = view
        .config
        .feature_gates
        .enabled(Gate::PodObservedGenerationTracking)
        .then_some(view.pod.metadata.generation)
        .flatten();
    let before = view.own_conditions();
    let scheduled = view.api_conditions().iter().find(|known| known.type_ == "PodScheduled");
    let owned = OWNED.into_iter().zip(verdicts).map(|(type_, verdict)| {
        let status = if verdict.holds { "True" } else { "False" };
        let same =
            before.iter().chain(scheduled).find(|old| old.type_ == type_ && old.status == status);
        let since: Option<Time> = same.and_then(|old| old.last_transition_time.clone());
        PodCondition {
            last_probe_time: None,
            last_transition_time: since.or_else(|| Some(view.now.clone())),
            message: verdict.message,
            observed_generation: generation,
            reason: verdict.reason.map(str::to_owned),
            status: status.to_owned(),
            type_: type_.to_owned(),
        }
    });
    let others =
        view.api_conditions().iter().filter(|old| !OWNED.contains(&old.type_.as_str())).cloned();
    owned.chain(others).collect()
}

/// Names as Go prints a list of them.
fn list(names: &[&str]) -> String {
    format!("[{}]", names.join(" "))
}

fn named(what: &str, names: &[&str]) -> Option<String> {
    (!names.is_empty()).then(|| format!("containers with {what} status: {}", list(names)))
}

fn initialized(spec: &PodSpec, statuses: &Statuses, phase: Phase) -> Verdict {
    if phase == Phase::Succeeded {
        return Verdict::because(true, "PodCompleted");
    }
    if any_app_started(statuses) {
        return Verdict::plain(true);
    }
    let containers = spec.init_containers.iter().flatten().zip(&statuses.init);
    let incomplete: Vec<&str> =
        containers
            .filter(|(container, status)| {
                if is_sidecar(container) { status.started != Some(true) } else { !status.ready }
            })
            .map(|(container, _)| container.name.as_str())
            .collect();
    match named("incomplete", &incomplete) {
        None => Verdict::plain(true),
        message => Verdict { holds: false, reason: Some("ContainersNotInitialized"), message },
    }
}

fn containers_ready(spec: &PodSpec, statuses: &Statuses, phase: Phase) -> Verdict {
    match phase {
        Phase::Succeeded => return Verdict::because(false, "PodCompleted"),
        Phase::Failed => return Verdict::because(false, "PodFailed"),
        Phase::Pending | Phase::Running => {}
    }
    let sidecars = spec
        .init_containers
        .iter()
        .flatten()
        .zip(&statuses.init)
        .filter(|(container, _)| is_sidecar(container));
    let apps = spec.containers.iter().filter_map(|container| {
        let same = |status: &&ContainerStatus| status.name == container.name;
        Some((container, statuses.apps.iter().find(same)?))
    });
    let unready: Vec<&str> = sidecars
        .chain(apps)
        .filter(|(_, status)| !status.ready)
        .map(|(container, _)| container.name.as_str())
        .collect();
    match named("unready", &unready) {
        None => Verdict::plain(true),
        message => Verdict { holds: false, reason: Some("ContainersNotReady"), message },
    }
}

/// As the containers, and every readiness gate of the pod must hold too.
fn ready(view: &PodView<'_>, spec: &PodSpec, containers: &Verdict) -> Verdict {
    if !containers.holds {
        return Verdict {
            holds: false,
            reason: containers.reason,
            message: containers.message.clone(),
        };
    }
    let missing: Vec<String> = spec
        .readiness_gates
        .iter()
        .flatten()
        .filter_map(|gate| {
            let wanted = &gate.condition_type;
            let found = view.api_conditions().iter().find(|known| known.type_ == *wanted);
            match found {
                Some(known) if known.status == "True" => None,
                Some(known) => Some(format!(
                    "the status of pod readiness gate {wanted:?} is not \"True\", but {}",
                    known.status
                )),
                None => Some(format!(
                    "corresponding condition of pod readiness gate {wanted:?} does not exist."
                )),
            }
        })
        .collect();
    if missing.is_empty() {
        return Verdict::plain(true);
    }
    Verdict {
        holds: false,
        reason: Some("ReadinessGatesNotReady"),
        message: Some(missing.join(", ")),
    }
}
