//! A container's resources in the terms of cgroups.

use cri_api::v1;
use k8s_openapi::api::core::v1::{Container, Pod};

use super::Context;
use crate::admission::resources::Amounts;
use crate::status::qos::qos_class;

/// The period of cpu quotas, in microseconds.
const CPU_PERIOD: i64 = 100_000;
/// The smallest cpu quota, in microseconds.
const SMALLEST_QUOTA: i64 = 1000;
/// The smallest and largest number of cpu shares.
const CPU_SHARES: std::ops::RangeInclusive<i64> = 2..=262_144;

/// The OOM score adjustments of the classes that need no calculation.
const GUARANTEED_OOM_SCORE: i64 = -997;
const BEST_EFFORT_OOM_SCORE: i64 = 1000;

/// Shares, quota, memory limit and OOM score of a container.
#[must_use]
pub fn container_resources(
    pod: &Pod,
    container: &Container,
    context: &Context<'_>,
) -> v1::LinuxContainerResources {
    let resources = container.resources.as_ref();
    let requests =
        resources.and_then(|r| r.requests.as_ref()).map(Amounts::of_list).unwrap_or_default();
    let limits =
        resources.and_then(|r| r.limits.as_ref()).map(Amounts::of_list).unwrap_or_default();
    let cpu_limit = limits.get("cpu");
    let cpu_request = if requests.get("cpu") == 0 { cpu_limit } else { requests.get("cpu") };
    let shares = cpu_request.saturating_mul(1024) / 1000;
    let quota = if cpu_limit == 0 {
        0
    } else {
        (cpu_limit.saturating_mul(CPU_PERIOD) / 1000).max(SMALLEST_QUOTA)
    };
    v1::LinuxContainerResources {
        cpu_period: CPU_PERIOD,
        cpu_quota: quota,
        cpu_shares: shares.clamp(*CPU_SHARES.start(), *CPU_SHARES.end()),
        memory_limit_in_bytes: limits.get("memory"),
        oom_score_adj: oom_score(pod, &requests, context),
    }
}

/// Burstable containers score the lower, the more memory they asked for.
fn oom_score(pod: &Pod, requests: &Amounts, context: &Context<'_>) -> i64 {
    match qos_class(pod) {
        "Guaranteed" => GUARANTEED_OOM_SCORE,
        "BestEffort" => BEST_EFFORT_OOM_SCORE,
        _ => {
            let capacity = Amounts::of_list(&context.config.capacity).get("memory").max(1);
            let share = requests.get("memory").saturating_mul(1000) / capacity;
            (1000 - share).clamp(1000 + GUARANTEED_OOM_SCORE, BEST_EFFORT_OOM_SCORE - 1)
        }
    }
}
