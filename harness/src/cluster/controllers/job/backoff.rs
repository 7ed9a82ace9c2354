//! How long a job waits after pods that failed.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use k8s_openapi::jiff::Timestamp;

/// The wait after a first failure; it doubles with each (`DefaultJobPodFailureBackOff`).
const FIRST: Duration = Duration::from_secs(10);
/// The longest wait (`MaxJobPodFailureBackOff`).
const LONGEST: Duration = Duration::from_secs(600);

/// The failures since the last success.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Failures {
    count: u32,
    last: Option<Timestamp>,
}

impl Failures {
    /// Takes in pods that ended since the last look.
    pub(super) fn take_in<'a>(&mut self, ended: impl Iterator<Item = (&'a Pod, bool)>) {
        let mut ended: Vec<_> = ended.map(|(pod, failed)| (finish_time(pod), failed)).collect();
        ended.sort_by_key(|(at, _)| *at);
        for (at, failed) in ended {
            if failed {
                self.count = self.count.saturating_add(1);
                self.last = at;
            } else {
                *self = Self::default();
            }
        }
    }

    /// How long no pod may be made from now on.
    pub(super) fn remaining(self, now: Timestamp) -> Duration {
        let (Some(last), Some(doublings)) = (self.last, self.count.checked_sub(1)) else {
            return Duration::ZERO;
        };
        let wait = FIRST.saturating_mul(1 << doublings.min(16)).min(LONGEST);
        wait.saturating_sub(Duration::try_from(now.duration_since(last)).unwrap_or_default())
    }
}

/// When a pod ended: its last container, or it stopped being ready, or it was to end; one that
/// never ran, such as a rejected one, when it was made (`getFinishedTime`).
fn finish_time(pod: &Pod) -> Option<Timestamp> {
    let status = pod.status.as_ref();
    let containers = status.and_then(|status| status.container_statuses.as_ref());
    let finished = |container: &ContainerStatus| {
        let ended = container.state.as_ref()?.terminated.as_ref()?;
        Some(ended.finished_at.as_ref()?.0)
    };
    let last = containers.and_then(|all| all.iter().map(finished).max().flatten());
    let not_ready = || {
        let conditions = status?.conditions.as_ref()?;
        let ready = conditions.iter().find(|one| one.type_ == "Ready" && one.status == "False")?;
        Some(ready.last_transition_time.as_ref()?.0)
    };
    let leaves = || pod.metadata.deletion_timestamp.as_ref().map(|at| at.0);
    let made = || pod.metadata.creation_timestamp.as_ref().map(|at| at.0);
    last.or_else(not_ready).or_else(leaves).or_else(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

    fn made_at(second: i64) -> Pod {
        let at = Timestamp::from_second(second).expect("it is in range");
        let metadata = ObjectMeta { creation_timestamp: Some(Time(at)), ..ObjectMeta::default() };
        Pod { metadata, ..Pod::default() }
    }

    fn remaining(failures: Failures, second: i64) -> u64 {
        failures.remaining(Timestamp::from_second(second).expect("it is in range")).as_secs()
    }

    #[test]
    fn each_failure_doubles_the_wait_until_it_is_ten_minutes() {
        let mut failures = Failures::default();
        assert_eq!(remaining(failures, 0), 0);
        let waits: Vec<_> = (0..9)
            .map(|_| {
                failures.take_in([(&made_at(100), true)].into_iter());
                remaining(failures, 100)
            })
            .collect();
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 600, 600, 600]);
        assert_eq!(remaining(failures, 400), 300, "time that has passed counts");
    }

    #[test]
    fn a_success_ends_the_wait() {
        let mut failures = Failures::default();
        let (early, late) = (made_at(1), made_at(2));
        failures.take_in([(&late, false), (&early, true)].into_iter());
        assert_eq!(remaining(failures, 2), 0);
    }
}
