//! The phase of a pod, from its containers' statuses.

use k8s_openapi::api::core::v1::{ContainerStatus, PodSpec, PodStatus};

use super::pod::Statuses;
use crate::admission::resources::is_sidecar;

/// A pod's phase, by the names of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Pending,
    Running,
    Succeeded,
    Failed,
}

impl Phase {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

/// The phase with which a pod has ended, if its status says that it has. Nothing starts a pod
/// again that has ended, whoever said so (`generateAPIPodStatus` in Kubernetes 1.30 to 1.36).
pub(crate) fn ended(status: Option<&PodStatus>) -> Option<Phase> {
    let phase = status?.phase.as_deref();
    [Phase::Succeeded, Phase::Failed].into_iter().find(|ended| phase == Some(ended.name()))
}

/// How a container counts for the phase.
enum Standing {
    Running,
    /// Has not run yet.
    Waiting,
    /// Ended, or between two runs.
    Stopped {
        exit_code: i32,
        restarts: bool,
    },
}

fn standing(status: &ContainerStatus) -> Standing {
    let state = status.state.as_ref();
    if state.is_some_and(|state| state.running.is_some()) {
        return Standing::Running;
    }
    let ended = state.and_then(|state| state.terminated.as_ref());
    let before = status.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    match (ended, before) {
        (Some(ended), _) => Standing::Stopped { exit_code: ended.exit_code, restarts: false },
        (None, Some(before)) => Standing::Stopped { exit_code: before.exit_code, restarts: true },
        (None, None) => Standing::Waiting,
    }
}

/// Whether an app container runs or has run.
pub(super) fn any_app_started(statuses: &Statuses) -> bool {
    statuses.apps.iter().any(|status| {
        status.started == Some(true) || !matches!(standing(status), Standing::Waiting)
    })
}

/// The phase, following `getPhase` in Kubernetes 1.30 to 1.36; `stopped_for_good`
/// says that nothing will be started again, whatever the restart policy.
pub(super) fn phase(spec: &PodSpec, statuses: &Statuses, stopped_for_good: bool) -> Phase {
    let policy = spec.restart_policy.as_deref().unwrap_or("Always");
    let mut initialising = false;
    let mut init_failed = false;
    let mut sidecar_running = false;
    let mut sidecar_waiting = false;
    for (container, status) in spec.init_containers.iter().flatten().zip(&statuses.init) {
        match (is_sidecar(container), standing(status)) {
            (false, Standing::Stopped { exit_code, .. }) => init_failed |= exit_code != 0,
            (false, Standing::Running | Standing::Waiting) => initialising = true,
            (true, Standing::Running) => sidecar_running = true,
            (true, Standing::Waiting) => sidecar_waiting = true,
            (true, Standing::Stopped { .. }) => {}
        }
    }
    if init_failed && policy == "Never" {
        return Phase::Failed;
    }
    let (mut running, mut waiting, mut stopped, mut succeeded) = (sidecar_running, false, 0, 0);
    for status in &statuses.apps {
        match standing(status) {
            Standing::Running => running = true,
            Standing::Waiting => waiting = true,
            Standing::Stopped { exit_code, restarts } => {
                stopped += 1;
                succeeded += usize::from(exit_code == 0 && !restarts);
            }
        }
    }
    let all_succeeded = stopped == succeeded;
    let held_by_sidecar = sidecar_waiting && !any_app_started(statuses);
    if stopped_for_good && !running {
        // A terminating pod without a single ended container ends as failed.
        return if stopped > 0 && all_succeeded && !waiting {
            Phase::Succeeded
        } else {
            Phase::Failed
        };
    }
    match (initialising || held_by_sidecar || waiting, running, stopped > 0) {
        (true, _, _) => Phase::Pending,
        (false, true, _) => Phase::Running,
        (false, false, true) => match policy {
            "Always" => Phase::Running,
            _ if all_succeeded => Phase::Succeeded,
            "Never" => Phase::Failed,
            _ => Phase::Running,
        },
        (false, false, false) => Phase::Pending,
    }
}
