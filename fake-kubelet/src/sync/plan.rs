//! What a pod worker does next, from what it knows; pure.
//!
//! Follows `computePodActions` in Kubernetes 1.30 to 1.36: init containers one
//! after the other, sidecars among them, then everything else.

use k8s_openapi::api::core::v1::{Pod, PodSpec};
use tokio::time::Instant;

use super::record::{Kind, Record, State};

/// What to do with a pod.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Plan {
    /// The records to start a container for, in order.
    pub(crate) start: Vec<usize>,
    /// When there may be something to do without anything happening before.
    pub(crate) wake: Option<Instant>,
    /// All that will ever run has run.
    pub(crate) finished: bool,
}

/// What a pod or a container wants after a container ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RestartPolicy {
    Always,
    OnFailure,
    Never,
}

impl RestartPolicy {
    fn named(name: Option<&str>) -> Self {
        match name {
            Some("OnFailure") => Self::OnFailure,
            Some("Never") => Self::Never,
            _ => Self::Always,
        }
    }

    fn restarts(self, exit_code: i32) -> bool {
        match self {
            Self::Always => true,
            Self::OnFailure => exit_code != 0,
            Self::Never => false,
        }
    }
}

/// The policy for one container: its own, else the pod's; init containers of a
/// pod that always restarts are restarted on failure only.
fn policy_of(record: &Record, spec: &PodSpec) -> RestartPolicy {
    let pods = RestartPolicy::named(spec.restart_policy.as_deref());
    match record.kind {
        Kind::Sidecar => RestartPolicy::Always,
        Kind::Ephemeral => RestartPolicy::Never,
        Kind::Init if pods == RestartPolicy::Always => RestartPolicy::OnFailure,
        Kind::Init => pods,
        Kind::App => spec
            .containers
            .get(record.index)
            .and_then(|container| container.restart_policy.as_deref())
            .map_or(pods, |own| RestartPolicy::named(Some(own))),
    }
}

/// Whether the next sync would start this container (again), holds aside.
///
/// A container that stands in a dead sandbox has to be made anew, unless it
/// ended for good.
pub(crate) fn should_start(record: &Record, pod: &Pod, sandbox: Option<&str>) -> bool {
    let Some(spec) = &pod.spec else { return false };
    let Some(latest) = &record.latest else { return true };
    let in_sandbox = sandbox == Some(&*latest.sandbox_id);
    match &latest.state {
        State::Created => record.kind != Kind::Ephemeral,
        State::Running => !in_sandbox && policy_of(record, spec) != RestartPolicy::Never,
        State::Exited(ending) => match record.kind {
            // Init containers run again in a new sandbox.
            Kind::Init if !in_sandbox => policy_of(record, spec) != RestartPolicy::Never,
            _ => policy_of(record, spec).restarts(ending.exit_code),
        },
    }
}

/// Whether an app container has been made in this sandbox: then the pod is
/// initialised and its init containers are done with.
fn is_initialised(records: &[Record], sandbox: Option<&str>) -> bool {
    records.iter().filter(|record| record.kind == Kind::App).any(|record| {
        record.latest.as_ref().is_some_and(|latest| sandbox == Some(&*latest.sandbox_id))
    })
}

/// The plan for a pod whose ready sandbox, if any, is `sandbox`; `has_started` says so of a
/// record's container that runs.
pub(crate) fn plan(
    pod: &Pod,
    records: &[Record],
    sandbox: Option<&str>,
    has_started: impl Fn(usize) -> bool,
    now: Instant,
) -> Plan {
    let Some(spec) = &pod.spec else { return Plan::default() };
    if is_finished(pod, spec, records, sandbox) {
        return Plan { finished: true, ..Plan::default() };
    }
    let wanted = wanted(pod, records, sandbox, has_started);
    let held = |index: &usize| records[*index].hold_until.filter(|until| *until > now);
    let wake = wanted.iter().filter_map(held).min();
    let start = wanted.into_iter().filter(|index| held(index).is_none()).collect();
    Plan { start, wake, finished: false }
}

/// The records that need a container now, holds aside.
fn wanted(
    pod: &Pod,
    records: &[Record],
    sandbox: Option<&str>,
    has_started: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let indexed = |kinds: &'static [Kind]| {
        records.iter().enumerate().filter(move |(_, record)| kinds.contains(&record.kind))
    };
    let needs = |record: &Record| should_start(record, pod, sandbox);
    if is_initialised(records, sandbox) {
        return indexed(&[Kind::Ephemeral])
            .chain(indexed(&[Kind::Sidecar, Kind::App]))
            .filter(|(_, record)| needs(record))
            .map(|(index, _)| index)
            .collect();
    }
    for (index, record) in indexed(&[Kind::Init, Kind::Sidecar]) {
        if needs(record) {
            return vec![index];
        }
        let done = match record.kind {
            Kind::Sidecar => record.is_running() && has_started(index),
            _ => record
                .latest
                .as_ref()
                .and_then(|latest| latest.ending())
                .is_some_and(|ending| ending.exit_code == 0),
        };
        if !done {
            return Vec::new();
        }
    }
    indexed(&[Kind::App]).filter(|(_, record)| needs(record)).map(|(index, _)| index).collect()
}

/// Whether nothing of the pod will run any more.
fn is_finished(pod: &Pod, spec: &PodSpec, records: &[Record], sandbox: Option<&str>) -> bool {
    let failed_init = records.iter().any(|record| {
        record.kind == Kind::Init
            && policy_of(record, spec) == RestartPolicy::Never
            && record
                .latest
                .as_ref()
                .and_then(|latest| latest.ending())
                .is_some_and(|ending| ending.exit_code != 0)
    });
    let mut apps = records.iter().filter(|record| record.kind == Kind::App).peekable();
    failed_init
        || (apps.peek().is_some()
            && apps.all(|record| {
                record.latest.as_ref().is_some_and(|latest| latest.ending().is_some())
                    && !should_start(record, pod, sandbox)
            }))
}
