//! Expectations about the metrics of a kubelet or of the control plane.

use super::Difference;
use crate::cluster::Cluster;
use crate::scenario::{Count, MetricPattern};

/// Compares a metric; what was never counted is 0.
pub(super) fn check(pattern: &MetricPattern, cluster: &Cluster, differences: &mut Vec<Difference>) {
    let wanted = Count {
        min: pattern.value.or(pattern.min).unwrap_or(0),
        max: pattern.value.or(pattern.max),
    };
    let Some(seen) = value(pattern, cluster) else {
        differences.push(Difference::new(words(pattern), wanted, "the node has no kubelet"));
        return;
    };
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "metrics here are counts, far below 2^53"
    )]
    let count = seen as u64;
    if !wanted.holds(count) {
        differences.push(Difference::new(words(pattern), wanted, seen));
    }
}

/// The metric in words.
pub(super) fn words(pattern: &MetricPattern) -> String {
    match &pattern.node {
        Some(node) => format!("metric {} of node {node}", pattern.name),
        None => format!("metric {}", pattern.name),
    }
}

/// The value of a metric now; nothing where the node that counts has no kubelet.
pub(super) fn value(pattern: &MetricPattern, cluster: &Cluster) -> Option<f64> {
    let text = match &pattern.node {
        Some(node) => cluster.node(node).ok()?.kubelet()?.metrics().render(),
        None => cluster.metrics(),
    };
    Some(text.lines().filter_map(|line| value_of(line, pattern)).sum())
}

/// The value of a line of the Prometheus text format, if it is of this metric and these labels.
fn value_of(line: &str, pattern: &MetricPattern) -> Option<f64> {
    let rest = line.strip_prefix(&pattern.name)?;
    let (labels, value) = match rest.strip_prefix('{') {
        Some(rest) => rest.rsplit_once("} ")?,
        None => ("", rest.strip_prefix(' ')?),
    };
    let has = |name: &str, value: &str| {
        labels.split(',').any(|label| label == format!("{name}={value:?}"))
    };
    pattern.labels.iter().all(|(name, value)| has(name, value)).then(|| value.parse().ok())?
}
