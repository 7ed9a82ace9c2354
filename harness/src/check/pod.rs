//! Expectations about a pod.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodStatus};

use super::{Difference, as_json, identity, namespace_of, partial};
use crate::cluster::Cluster;
use crate::scenario::{Expectation, Phase, Waiting};

/// Compares a pod with an expectation.
pub(super) async fn check(
    name: &str,
    expectation: &Expectation,
    cluster: &Cluster,
    differences: &mut Vec<Difference>,
) {
    let namespace = namespace_of(expectation.namespace.as_deref());
    let Some(pod) = cluster.api.pod(namespace, name) else {
        differences.push(Difference::new(format!("pod {name}"), "a pod", "none"));
        return;
    };
    let prefix = format!("pod {name}: ");
    check_summary(expectation, &pod, &prefix, differences);
    if expectation.metadata.is_some() || expectation.spec.is_some() || expectation.status.is_some()
    {
        partial::check_parts(expectation, &as_json(&*pod), &prefix, differences);
    }
    let status = container_status(&pod, expectation.container.as_deref());
    check_container(expectation, status, &prefix, differences);
    identity::check(expectation, &pod, status, cluster, &prefix, differences).await;
}

fn check_summary(
    expectation: &Expectation,
    pod: &Pod,
    prefix: &str,
    differences: &mut Vec<Difference>,
) {
    let status = pod.status.as_ref();
    let phase = expectation.phase.map(Phase::name);
    let seen = |field: fn(&PodStatus) -> &Option<String>| status.and_then(|s| field(s).as_deref());
    for (field, wanted, seen) in [
        ("phase", phase, seen(|status| &status.phase)),
        ("reason", expectation.reason.as_deref(), seen(|status| &status.reason)),
        ("message", expectation.message.as_deref(), seen(|status| &status.message)),
    ] {
        if let Some(wanted) = wanted
            && Some(wanted) != seen
        {
            let seen = seen.unwrap_or("nothing");
            differences.push(Difference::new(format!("{prefix}{field}"), wanted, seen));
        }
    }
}

fn check_container(
    expectation: &Expectation,
    status: Option<&ContainerStatus>,
    prefix: &str,
    differences: &mut Vec<Difference>,
) {
    if let Some(wanted) = &expectation.waiting {
        let waiting = status
            .and_then(|status| status.state.as_ref())
            .and_then(|state| state.waiting.as_ref());
        let seen = waiting.map(|waiting| Waiting {
            reason: waiting.reason.clone().unwrap_or_default(),
            message: waiting.message.clone(),
        });
        let fits = seen.as_ref().is_some_and(|seen| {
            seen.reason == wanted.reason
                && (wanted.message.is_none() || wanted.message == seen.message)
        });
        if !fits {
            let seen = seen.as_ref().map_or_else(|| "nothing".to_owned(), words);
            differences.push(Difference::new(format!("{prefix}waiting"), words(wanted), seen));
        }
    }
    if let Some(wanted) = expectation.restarts {
        let seen = status.map_or(0, |status| status.restart_count);
        if seen != wanted {
            differences.push(Difference::new(format!("{prefix}restarts"), wanted, seen));
        }
    }
}

fn words(waiting: &Waiting) -> String {
    match &waiting.message {
        Some(message) => format!("{}: {message}", waiting.reason),
        None => waiting.reason.clone(),
    }
}

/// The status of a container of any type; of the pod's first one where none is named.
pub(crate) fn container_status<'a>(
    pod: &'a Pod,
    container: Option<&str>,
) -> Option<&'a ContainerStatus> {
    let first = || pod.spec.as_ref()?.containers.first().map(|container| container.name.as_str());
    let name = container.or_else(first)?;
    let status = pod.status.as_ref()?;
    [
        &status.container_statuses,
        &status.init_container_statuses,
        &status.ephemeral_container_statuses,
    ]
    .into_iter()
    .flatten()
    .flatten()
    .find(|status| status.name == name)
}
