//! Expectations about the metrics of a kubelet.

use super::Difference;
use crate::cluster::Cluster;
use crate::scenario::MetricPattern;

/// Compares a metric; what was never counted is 0.
pub(super) fn check(pattern: &MetricPattern, cluster: &Cluster, differences: &mut Vec<Difference>) {
    let what = format!("metric {} of node {}", pattern.name, pattern.node);
    let text = cluster
        .node(&pattern.node)
        .ok()
        .and_then(|node| node.kubelet())
        .map(|kubelet| kubelet.metrics().render());
    let Some(text) = text else {
        differences.push(Difference::new(what, pattern.value, "the node has no kubelet"));
        return;
    };
    let seen: f64 = text.lines().filter_map(|line| value_of(line, pattern)).sum();
    #[allow(clippy::cast_precision_loss, reason = "counters stay far below 2^53")]
    let wanted = pattern.value as f64;
    if seen != wanted {
        differences.push(Difference::new(what, pattern.value, seen));
    }
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
