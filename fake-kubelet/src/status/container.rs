//! One container's status.

use k8s_openapi::api::core::v1::{
    Container, ContainerState, ContainerStateRunning, ContainerStateTerminated,
    ContainerStateWaiting, ContainerStatus, ContainerUser, LinuxContainerUser,
    ResourceRequirements, VolumeMountStatus,
};

use super::pod::PodView;
use super::time::from_nanoseconds;
use crate::sync::plan::should_start;
use crate::sync::record::{Ending, Instance, Kind, Record, State};
use crate::version::Gate;

/// The status of a record's container.
pub(super) fn container_status(
    view: &PodView<'_>,
    index: usize,
    record: &Record,
) -> Option<ContainerStatus> {
    let definition = record.definition(view.pod)?;
    let (mut state, last_state) = states(view, record);
    let mut last_state = last_state;
    let waits = record.failure.as_ref().filter(|_| {
        view.terminal.is_none() && should_start(record, view.pod, view.ready_sandbox())
    });
    if let Some(failure) = waits {
        if state.terminated.is_some() {
            last_state = std::mem::take(&mut state);
        }
        state = waiting(failure.reason, Some(failure.message.clone()));
    }
    let running = state.running.is_some();
    let completed = state.terminated.as_ref().is_some_and(|ended| ended.exit_code == 0);
    let latest = record.latest.as_ref();
    let probed = latest.zip(view.probes);
    let started =
        running && probed.is_none_or(|(latest, probes)| probes.has_started(index, &latest.id));
    let ready = started && probed.is_none_or(|(latest, probes)| probes.is_ready(index, &latest.id));
    let mut status = ContainerStatus {
        container_id: latest.map(|latest| container_id(view, latest)),
        image: definition.image.clone().unwrap_or_default(),
        image_id: latest.map(|latest| latest.image_ref.clone()).unwrap_or_default(),
        last_state: Some(last_state),
        name: definition.name.clone(),
        ready: match record.kind {
            Kind::Init => completed,
            Kind::Sidecar | Kind::App => ready,
            // Nothing waits for them, and nothing makes them ready.
            Kind::Ephemeral => false,
        },
        restart_count: latest.map_or(0, |latest| i32::try_from(latest.attempt).unwrap_or(i32::MAX)),
        started: (record.kind != Kind::Ephemeral).then_some(started),
        state: Some(state),
        user: latest.and_then(|latest| user(view, latest)),
        ..ContainerStatus::default()
    };
    if latest.is_some() {
        report_resources(view, &definition, &mut status);
        report_mounts(view, &definition, &mut status);
    }
    Some(status)
}

/// The first-attached identity: only with the gate on, and only if the runtime
/// reported it (behaviour.md §7).
fn user(view: &PodView<'_>, latest: &Instance) -> Option<ContainerUser> {
    if !view.config.feature_gates.enabled(Gate::SupplementalGroupsPolicy) {
        return None;
    }
    let user = latest.user.as_ref()?;
    let groups = &user.supplemental_groups;
    Some(ContainerUser {
        linux: Some(LinuxContainerUser {
            gid: user.gid,
            uid: user.uid,
            supplemental_groups: (!groups.is_empty()).then(|| groups.clone()),
        }),
    })
}

/// The scheme is the runtime's name.
fn container_id(view: &PodView<'_>, instance: &Instance) -> String {
    format!("{}://{}", view.runtime_name, instance.id)
}

fn waiting(reason: &str, message: Option<String>) -> ContainerState {
    ContainerState {
        waiting: Some(ContainerStateWaiting { reason: Some(reason.to_owned()), message }),
        ..ContainerState::default()
    }
}

fn terminated(view: &PodView<'_>, instance: &Instance, ending: &Ending) -> ContainerState {
    let text = |text: &String| (!text.is_empty()).then(|| text.clone());
    ContainerState {
        terminated: Some(ContainerStateTerminated {
            container_id: Some(container_id(view, instance)),
            exit_code: ending.exit_code,
            finished_at: Some(from_nanoseconds(ending.finished_at)),
            message: text(&ending.message),
            reason: text(&ending.reason),
            signal: None,
            started_at: Some(from_nanoseconds(instance.started_at)),
        }),
        ..ContainerState::default()
    }
}

/// The state and the one before, as the runtime tells them.
fn states(view: &PodView<'_>, record: &Record) -> (ContainerState, ContainerState) {
    let state = match &record.latest {
        None => waiting(Record::default_waiting_reason(view.records), None),
        Some(latest) => match &latest.state {
            State::Created => ContainerState {
                waiting: Some(ContainerStateWaiting::default()),
                ..ContainerState::default()
            },
            State::Running => ContainerState {
                running: Some(ContainerStateRunning {
                    started_at: Some(from_nanoseconds(latest.started_at)),
                }),
                ..ContainerState::default()
            },
            State::Exited(ending) => terminated(view, latest, ending),
        },
    };
    let before = record
        .previous
        .as_ref()
        .and_then(|previous| previous.ending().map(|ending| terminated(view, previous, ending)));
    (state, before.unwrap_or_default())
}

/// KEP-1287: what the container has, once it exists (empty where it asked for
/// nothing; measured on 1.36.2).
fn report_resources(view: &PodView<'_>, definition: &Container, status: &mut ContainerStatus) {
    if !view.config.feature_gates.enabled(Gate::InPlacePodVerticalScaling) {
        return;
    }
    let asked = definition.resources.as_ref();
    status.allocated_resources = asked.and_then(|asked| asked.requests.clone());
    status.resources = Some(ResourceRequirements {
        claims: None,
        limits: asked.and_then(|asked| asked.limits.clone()),
        requests: asked.and_then(|asked| asked.requests.clone()),
    });
}

/// KEP-3857: the mounts, and whether read-only ones are so recursively.
fn report_mounts(view: &PodView<'_>, definition: &Container, status: &mut ContainerStatus) {
    if !view.config.feature_gates.enabled(Gate::RecursiveReadOnlyMounts) {
        return;
    }
    let Some(mounts) = definition.volume_mounts.as_ref().filter(|mounts| !mounts.is_empty()) else {
        return;
    };
    let shown = mounts.iter().map(|mount| {
        let read_only = mount.read_only == Some(true);
        VolumeMountStatus {
            mount_path: mount.mount_path.clone(),
            name: mount.name.clone(),
            read_only: read_only.then_some(true),
            recursive_read_only: read_only.then(|| "Disabled".to_owned()),
            ..VolumeMountStatus::default()
        }
    });
    status.volume_mounts = Some(shown.collect());
}
