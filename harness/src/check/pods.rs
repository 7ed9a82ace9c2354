//! Expectations about how many pods there are.

use k8s_openapi::api::core::v1::{Pod, PodStatus};

use super::Difference;
use crate::cluster::Cluster;
use crate::scenario::{Phase, PodsPattern};

/// Compares how many pods fit.
pub(super) fn check(pattern: &PodsPattern, cluster: &Cluster, differences: &mut Vec<Difference>) {
    let (wanted, count) = (pattern.count.unwrap_or_default(), count(pattern, cluster));
    if !wanted.holds(count) {
        differences.push(Difference::new(words(pattern), wanted, count));
    }
}

/// How many pods fit.
pub(super) fn count(pattern: &PodsPattern, cluster: &Cluster) -> u64 {
    cluster.api.count_pods(pattern.node.as_deref(), |pod| fits(pattern, pod)) as u64
}

fn fits(pattern: &PodsPattern, pod: &Pod) -> bool {
    let status = pod.status.as_ref();
    let says = |field: fn(&PodStatus) -> &Option<String>| {
        status.and_then(|status| field(status).as_deref())
    };
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref());
    let labels = pod.metadata.labels.as_ref();
    let phase = pattern.phase.map(Phase::name);
    (pattern.namespace.is_none() || pattern.namespace == pod.metadata.namespace)
        && phase.is_none_or(|phase| says(|status| &status.phase) == Some(phase))
        && pattern.reason.as_deref().is_none_or(|reason| says(|one| &one.reason) == Some(reason))
        && pattern.node.as_deref().is_none_or(|wanted| node == Some(wanted))
        && pattern
            .labels
            .iter()
            .all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
}

/// The pods in words.
pub(super) fn words(pattern: &PodsPattern) -> String {
    let mut words = vec!["pods".to_owned()];
    words.extend(pattern.phase.map(|phase| phase.name().to_owned()));
    words.extend(pattern.reason.clone());
    words.extend(pattern.labels.iter().map(|(key, value)| format!("{key}={value}")));
    words.extend(pattern.node.iter().map(|node| format!("on node {node}")));
    words.extend(pattern.namespace.iter().map(|namespace| format!("in namespace {namespace}")));
    words.join(" ")
}
