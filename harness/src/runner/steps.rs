//! What each step does to the cluster.

use std::collections::BTreeMap;
use std::time::Duration;

use fake_kubelet::version::KubernetesVersion;
use k8s_openapi::api::core::v1::Pod;
use thiserror::Error;

use super::waiting::{Patience, pass, until, until_all_hold, while_none_holds};
use super::{Failure, Verdict, with_sources};
use crate::check::{Difference, container_status, describe_event};
use crate::cluster::{
    Cluster, ClusterError, DeleteOptions, PodExecError, Propagation, Refusal as ApiRefusal,
};
use crate::document::Span;
use crate::scenario::{
    Case, Change, ContainerName, DEFAULT_NAMESPACE, Exec, Label, ObjectName, Refusal, RuntimeName,
    SetFeatureGates, Step,
};

/// How long `expect` and `exec` wait when a step does not say.
const WITHIN: Duration = Duration::from_secs(30);
/// How long `never` watches when a step does not say.
const DURING: Duration = Duration::from_secs(5);
/// How long a drain may take: past any grace period.
const DRAIN: Duration = Duration::from_secs(600);
/// How long a command may run.
const COMMAND: Duration = Duration::from_secs(60);

/// Why a case stops at a step.
#[derive(Debug, Error)]
pub(super) enum Stop {
    /// An expectation does not hold.
    #[error("not as expected")]
    Unmet(usize, Vec<Difference>),
    /// Something came true that must not.
    #[error("this came true and must not")]
    CameTrue(usize),
    /// The step's own outcome is not the expected one.
    #[error("not as expected")]
    Different(Vec<Difference>),
    /// The API refused.
    #[error("the API server refuses: {0}")]
    Refused(#[from] ApiRefusal),
    /// The cluster cannot do it.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The command could not be run.
    #[error(transparent)]
    Exec(#[from] PodExecError),
    /// The case took longer than it may.
    #[error("the case takes longer than it may; --case-timeout gives it more time")]
    OutOfTime,
    /// So much happens in the time that the step lets pass that it cannot be simulated.
    #[error("simulating this step takes too long; let less time pass, or let less happen in it")]
    TooMuchTime,
    /// The step makes no sense at this point.
    #[error("{0}")]
    Senseless(String),
}

impl Stop {
    /// The case's verdict when it stops here.
    pub(super) fn verdict(self, case: &Case, index: usize, cluster: &Cluster) -> Verdict {
        let place = case.places.get(index);
        let step_span = place.map(|place| place.span);
        let within = |expectation: usize| -> Option<Span> {
            place.and_then(|place| place.expectations.get(expectation).copied()).or(step_span)
        };
        let what = with_sources(&self);
        let failure = |span, differences| Failure {
            span,
            what: what.clone(),
            differences,
            transcript: transcript(cluster),
        };
        match self {
            Self::Unmet(expectation, differences) => {
                Verdict::Failed(failure(within(expectation), differences))
            }
            Self::CameTrue(expectation) => {
                Verdict::Failed(failure(within(expectation), Vec::new()))
            }
            Self::Different(differences) => Verdict::Failed(failure(step_span, differences)),
            Self::Refused(_) => Verdict::Failed(failure(step_span, Vec::new())),
            Self::Cluster(_)
            | Self::Exec(_)
            | Self::OutOfTime
            | Self::TooMuchTime
            | Self::Senseless(_) => Verdict::Broken(failure(step_span, Vec::new())),
        }
    }
}

impl Stop {
    /// Whether the step could not be taken, rather than went wrong.
    pub(super) fn is_broken(&self) -> bool {
        match self {
            Self::Unmet(..) | Self::CameTrue(_) | Self::Different(_) | Self::Refused(_) => false,
            Self::Cluster(_)
            | Self::Exec(_)
            | Self::OutOfTime
            | Self::TooMuchTime
            | Self::Senseless(_) => true,
        }
    }

    /// The differences that made it stop.
    pub(super) fn into_differences(self) -> Vec<Difference> {
        match self {
            Self::Unmet(_, differences) | Self::Different(differences) => differences,
            _ => Vec::new(),
        }
    }
}

/// Events and CRI calls so far, for people who look for the cause.
fn transcript(cluster: &Cluster) -> Vec<String> {
    let events = cluster.api.events();
    let mut lines: Vec<_> = events.iter().map(|event| describe_event(event)).collect();
    for node in cluster.nodes() {
        lines.extend(node.runtime.calls().into_iter().map(|call| {
            let error = call.error.map(|error| format!(" → {error}")).unwrap_or_default();
            let times =
                if call.times > 1 { format!(" ({} times)", call.times) } else { String::new() };
            format!("CRI {} {}{error}{times}", call.name, short(&call.about))
        }));
    }
    lines
}

/// An identifier of a sandbox or container, cut to what tells it apart.
fn short(about: &str) -> &str {
    let is_id = about.len() == 64 && about.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id { &about[..13] } else { about }
}

/// Takes one step.
pub(super) async fn take(
    step: &Step,
    cluster: &mut Cluster,
    patience: Patience,
) -> Result<(), Stop> {
    let refused = step.refused.as_ref();
    if let Some(manifests) = &step.apply {
        return apply(manifests, refused, cluster);
    }
    if let Some(name) = &step.delete {
        return refusal_as_expected(refused, delete(name, cluster));
    }
    if let Some(exec) = &step.exec {
        return run_command(exec, step.within.map_or(WITHIN, |within| within.0), cluster).await;
    }
    if let Some(name) = &step.kill {
        return kill(name, cluster).await;
    }
    if let Some(change) = step.upgrade.as_ref().or(step.roll_back.as_ref()) {
        let direction = if step.upgrade.is_some() { Direction::Up } else { Direction::Down };
        let outcome = change_release(change, direction, cluster).await;
        return start_as_expected(refused, outcome);
    }
    if let Some(change) = &step.set_feature_gates {
        let outcome = set_feature_gates(change, cluster).await;
        return start_as_expected(refused, outcome);
    }
    if let Some(name) = &step.restart_kubelet {
        let (version, gates) = kubelet_of(&name.node, cluster)?;
        return Ok(cluster.restart_kubelet(&name.node, version, &gates).await?);
    }
    if let Some(name) = &step.stop_kubelet {
        return Ok(cluster.stop_kubelet(&name.node).await?);
    }
    if let Some(name) = &step.start_kubelet {
        return Ok(cluster.start_kubelet(&name.node).await?);
    }
    if let Some(label) = &step.label {
        return Ok(set_labels(label, cluster)?);
    }
    if let Some(name) = &step.cordon {
        return Ok(mark_unschedulable(&name.node, true, cluster)?);
    }
    if let Some(name) = &step.uncordon {
        mark_unschedulable(&name.node, false, cluster)?;
        // Pods of the next step may go there.
        cluster.settle_taints().await;
        return Ok(());
    }
    if let Some(name) = &step.drain {
        return drain(&name.node, cluster).await;
    }
    if let Some(fault) = &step.fault {
        cluster.node(&fault.node)?.runtime.add_fault(fault);
        return Ok(());
    }
    if let Some(time) = &step.advance {
        return pass(time.0, patience).await.map_err(|_| Stop::TooMuchTime);
    }
    if let Some(expectations) = &step.expect {
        let within = step.within.map_or(WITHIN, |within| within.0);
        return until_all_hold(expectations, cluster, within, patience)
            .await
            .map_err(|(index, differences)| Stop::Unmet(index, differences));
    }
    if let Some(expectations) = &step.never {
        let during = step.during.map_or(DURING, |during| during.0);
        return while_none_holds(expectations, cluster, during, patience)
            .await
            .map_err(|index| index.map_or(Stop::TooMuchTime, Stop::CameTrue));
    }
    Ok(())
}

fn apply(
    manifests: &serde_json::Value,
    refused: Option<&Refusal>,
    cluster: &Cluster,
) -> Result<(), Stop> {
    let manifests = match manifests {
        serde_json::Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    for manifest in manifests {
        refusal_as_expected(refused, cluster.api.apply(manifest))?;
    }
    Ok(())
}

fn namespace(given: Option<&String>) -> &str {
    given.map_or(DEFAULT_NAMESPACE, String::as_str)
}

fn delete(name: &ObjectName, cluster: &Cluster) -> Result<(), ApiRefusal> {
    let resource = name.kind.resource();
    let namespace = if resource.namespaced { namespace(name.namespace.as_ref()) } else { "" };
    // What an object owns goes after it, as with kubectl.
    let options =
        DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
    cluster.api.delete_object(resource, namespace, &name.name, &options)
}

fn refusal_as_expected(
    wanted: Option<&Refusal>,
    outcome: Result<(), ApiRefusal>,
) -> Result<(), Stop> {
    match (wanted, outcome) {
        (None, outcome) => Ok(outcome?),
        (Some(wanted), Ok(())) => {
            Err(Stop::Different(vec![Difference::new("answer", words(wanted), "accepted")]))
        }
        (Some(wanted), Err(refusal)) => {
            compare_refusal(wanted, Some(refusal.reason), &refusal.message)
        }
    }
}

fn start_as_expected(wanted: Option<&Refusal>, outcome: Result<(), Stop>) -> Result<(), Stop> {
    match (wanted, outcome) {
        (None, outcome) => outcome,
        (Some(wanted), Ok(())) => {
            Err(Stop::Different(vec![Difference::new("start", words(wanted), "it starts")]))
        }
        (Some(wanted), Err(Stop::Cluster(ClusterError::FeatureGate(error)))) => {
            compare_refusal(wanted, None, &error.to_string())
        }
        (Some(_), Err(stop)) => Err(stop),
    }
}

fn words(wanted: &Refusal) -> String {
    let parts = [
        wanted.reason.as_ref().map(|reason| format!("refused, reason {reason}")),
        wanted.message.as_ref().map(|message| format!("refused, saying {message:?}")),
        wanted.contains.as_ref().map(|part| format!("refused, saying …{part}…")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn compare_refusal(wanted: &Refusal, reason: Option<&str>, message: &str) -> Result<(), Stop> {
    let mut differences = Vec::new();
    if let Some(wanted) = &wanted.reason
        && Some(wanted.as_str()) != reason
    {
        differences.push(Difference::new("refusal's reason", wanted, reason.unwrap_or("none")));
    }
    if let Some(wanted) = &wanted.message
        && wanted != message
    {
        differences.push(Difference::new("refusal's message", wanted, message));
    }
    if let Some(part) = &wanted.contains
        && !message.contains(part)
    {
        differences.push(Difference::new("refusal's message", format!("…{part}…"), message));
    }
    if differences.is_empty() { Ok(()) } else { Err(Stop::Different(differences)) }
}

/// Waits until a container of a pod runs; gives the pod.
async fn running(
    pod: &str,
    namespace: &str,
    container: Option<&str>,
    within: Duration,
    cluster: &Cluster,
) -> Result<std::sync::Arc<Pod>, Stop> {
    let runs = |cluster: &Cluster| {
        cluster.api.pod(namespace, pod).is_some_and(|pod| {
            container_status(&pod, container)
                .and_then(|status| status.state.as_ref())
                .is_some_and(|state| state.running.is_some())
        })
    };
    let came = until(cluster, within, runs).await;
    match cluster.api.pod(namespace, pod) {
        Some(pod) if came => Ok(pod),
        Some(pod) => {
            let phase = pod.status.as_ref().and_then(|status| status.phase.clone());
            let seen = format!("it does not run; the pod is {}", phase.unwrap_or_default());
            Err(Stop::Different(vec![Difference::new("container", "it runs", seen)]))
        }
        None => Err(Stop::Different(vec![Difference::new("pod", "it exists", "there is none")])),
    }
}

async fn run_command(exec: &Exec, within: Duration, cluster: &Cluster) -> Result<(), Stop> {
    let namespace = namespace(exec.namespace.as_ref());
    let container = exec.container.as_deref();
    let pod = running(&exec.pod, namespace, container, within, cluster).await?;
    let answer = cluster.exec(&pod, container, &exec.command, COMMAND).await?;
    let stdout = String::from_utf8_lossy(&answer.stdout);
    let stderr = String::from_utf8_lossy(&answer.stderr);
    let mut differences = Vec::new();
    for (what, wanted, seen) in
        [("stdout", &exec.stdout, &stdout), ("stderr", &exec.stderr, &stderr)]
    {
        if let Some(wanted) = wanted
            && wanted.trim_end() != seen.trim_end()
        {
            differences.push(Difference::new(what, wanted.trim_end(), seen.trim_end()));
        }
    }
    if let Some(part) = &exec.stdout_contains
        && !stdout.contains(part)
    {
        differences.push(Difference::new("stdout", format!("…{part}…"), stdout.trim_end()));
    }
    if answer.exit_code != exec.exit_code {
        let seen = format!("{} {}", answer.exit_code, stderr.trim_end());
        differences.push(Difference::new("exit code", exec.exit_code, seen.trim_end()));
    }
    if differences.is_empty() { Ok(()) } else { Err(Stop::Different(differences)) }
}

async fn kill(name: &ContainerName, cluster: &Cluster) -> Result<(), Stop> {
    let container = name.container.as_deref();
    let namespace = namespace(name.namespace.as_ref());
    let pod = running(&name.pod, namespace, container, WITHIN, cluster).await?;
    let id = container_status(&pod, container)
        .and_then(|status| status.container_id.as_deref())
        .and_then(|id| id.split_once("://"))
        .map(|(_, id)| id.to_owned());
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()).unwrap_or_default();
    let id = id.ok_or_else(|| {
        Stop::Senseless(format!("the status of pod {:?} names no container", name.pod))
    })?;
    let cri = cluster.node(node)?.runtime.cri();
    cri.stop_container(&id, Duration::ZERO)
        .await
        .map_err(|error| Stop::Senseless(format!("the container cannot be killed: {error}")))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

impl Direction {
    fn check(self, order: std::cmp::Ordering, from: &str, to: &str) -> Result<(), Stop> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        match (self, order) {
            (_, Equal) => Err(Stop::Senseless(format!("it is {from} already"))),
            (Self::Up, Less) => {
                Err(Stop::Senseless(format!("{from} to {to} is a roll-back; write rollBack")))
            }
            (Self::Down, Greater) => {
                Err(Stop::Senseless(format!("{from} to {to} is an upgrade; write upgrade")))
            }
            (Self::Up, Greater) | (Self::Down, Less) => Ok(()),
        }
    }
}

type Gates = BTreeMap<String, bool>;

/// The version and the gates set on a node's kubelet.
fn kubelet_of(node: &str, cluster: &Cluster) -> Result<(KubernetesVersion, Gates), Stop> {
    let node = cluster.node(node)?;
    let gates =
        node.gates().ok_or_else(|| Stop::Senseless("the node has no kubelet".to_owned()))?;
    Ok((gates.version(), node.gate_settings().clone()))
}

async fn change_release(
    change: &Change,
    direction: Direction,
    cluster: &mut Cluster,
) -> Result<(), Stop> {
    let Some(name) = &change.node else {
        let Some(version) = change.kubernetes else { return Ok(()) };
        let from = cluster.api.gates().version();
        direction.check(version.0.cmp(&from), &from.to_string(), &version.0.to_string())?;
        let gates = cluster.api_gate_settings().clone();
        return Ok(cluster.restart_api_server(version.0, &gates)?);
    };
    if let Some(runtime) = change.runtime {
        change_runtime(name, runtime, direction, cluster)?;
    }
    if let Some(version) = change.kubernetes {
        let (from, gates) = kubelet_of(name, cluster)?;
        direction.check(version.0.cmp(&from), &from.to_string(), &version.0.to_string())?;
        cluster.restart_kubelet(name, version.0, &gates).await?;
    }
    Ok(())
}

fn change_runtime(
    node: &str,
    to: RuntimeName,
    direction: Direction,
    cluster: &Cluster,
) -> Result<(), Stop> {
    let runtime = &cluster.node(node)?.runtime;
    if let Some(from) = runtime.current() {
        let (old, new) = (from.profile(), to.profile());
        if old.runtime_name == new.runtime_name {
            let place = |profile| {
                fake_cri::profile::all().iter().position(|one| std::ptr::eq(one, profile))
            };
            direction.check(place(new).cmp(&place(old)), old.name, new.name)?;
        }
    }
    runtime.change(to).map_err(|error| Stop::Cluster(error.into()))
}

async fn set_feature_gates(change: &SetFeatureGates, cluster: &mut Cluster) -> Result<(), Stop> {
    match &change.node {
        Some(node) => {
            let (version, _) = kubelet_of(node, cluster)?;
            Ok(cluster.restart_kubelet(node, version, &change.gates).await?)
        }
        None => {
            let version = cluster.api.gates().version();
            Ok(cluster.restart_api_server(version, &change.gates)?)
        }
    }
}

fn set_labels(label: &Label, cluster: &Cluster) -> Result<(), ApiRefusal> {
    cluster.api.change_node(&label.node, |node| {
        let labels = node.metadata.labels.get_or_insert_default();
        for (key, value) in &label.labels {
            match value {
                Some(value) => labels.insert(key.clone(), value.clone()),
                None => labels.remove(key),
            };
        }
    })
}

fn mark_unschedulable(node: &str, mark: bool, cluster: &Cluster) -> Result<(), ApiRefusal> {
    cluster.api.change_node(node, |node| {
        node.spec.get_or_insert_default().unschedulable = mark.then_some(true);
    })
}

async fn drain(name: &str, cluster: &Cluster) -> Result<(), Stop> {
    mark_unschedulable(name, true, cluster)?;
    for pod in cluster.api.pods_on(name) {
        let metadata = &pod.metadata;
        let (namespace, name) = (metadata.namespace.as_deref(), metadata.name.as_deref());
        cluster.api.delete_pod(namespace.unwrap_or_default(), name.unwrap_or_default())?;
    }
    if until(cluster, DRAIN, |cluster| cluster.api.pods_on(name).is_empty()).await {
        return Ok(());
    }
    let left = cluster.api.pods_on(name).len();
    let seen = format!("{left} pods are left");
    Err(Stop::Different(vec![Difference::new(format!("node {name}"), "no pods", seen)]))
}
