//! Steps inside containers: commands, and ends.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;

use super::super::waiting::{Patience, until};
use super::{Stop, namespace};
use crate::check::{Difference, container_status};
use crate::cluster::Cluster;
use crate::scenario::{ContainerName, Exec};

/// How long a command may run.
const COMMAND: Duration = Duration::from_secs(60);

/// Waits until a container of a pod runs; gives the pod.
async fn running(
    pod: &str,
    namespace: &str,
    container: Option<&str>,
    within: Duration,
    patience: Patience,
    cluster: &Cluster,
) -> Result<Arc<Pod>, Stop> {
    let runs = |cluster: &Cluster| {
        cluster.api.pod(namespace, pod).is_some_and(|pod| {
            container_status(&pod, container)
                .and_then(|status| status.state.as_ref())
                .is_some_and(|state| state.running.is_some())
        })
    };
    let came = until(cluster, within, patience, runs).await?;
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

/// Runs a command once its container runs, and compares what it says.
pub(super) async fn run_command(
    exec: &Exec,
    within: Duration,
    patience: Patience,
    cluster: &Cluster,
) -> Result<(), Stop> {
    let namespace = namespace(exec.namespace.as_ref());
    let container = exec.container.as_deref();
    let pod = running(&exec.pod, namespace, container, within, patience, cluster).await?;
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

/// Kills a container once it runs.
pub(super) async fn kill(
    name: &ContainerName,
    within: Duration,
    patience: Patience,
    cluster: &Cluster,
) -> Result<(), Stop> {
    let container = name.container.as_deref();
    let namespace = namespace(name.namespace.as_ref());
    let pod = running(&name.pod, namespace, container, within, patience, cluster).await?;
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
