//! How long a pod may be active on its node.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use tokio::time::Instant;

use super::PodWorker;

/// How far ahead a deadline is that is as good as none.
const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

impl PodWorker {
    /// When the pod must end (`activeDeadlineSeconds` after its start on the node); `None` if it
    /// need not, or has not begun.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let seconds = self.pod.spec.as_ref()?.active_deadline_seconds?;
        let status = self.published.as_deref().or(self.pod.status.as_ref());
        let start = status.map_or_else(|| None, |status| status.start_time.clone());
        let now = self.node.now();
        Some(Instant::now() + left(&start.unwrap_or_else(|| now.clone()), seconds, &now))
    }
}

/// How much of a number of seconds after `start` is left.
fn left(start: &Time, seconds: i64, now: &Time) -> Duration {
    let passed = now.0.duration_since(start.0).as_secs();
    let left = seconds.saturating_sub(passed).max(0);
    Duration::from_secs(u64::try_from(left).unwrap_or(0)).min(NEVER)
}
