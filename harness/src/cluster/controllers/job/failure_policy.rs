//! What a job's pod failure policy says of a pod that failed.

use k8s_openapi::api::batch::v1::{
    Job, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyOnPodConditionsPattern,
};
use k8s_openapi::api::core::v1::Pod;

/// What follows from a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It counts against the limit.
    Counts,
    /// It is as if it had not happened.
    IsIgnored,
    /// The job fails, for this reason in words.
    FailsJob(String),
}

/// The verdict of the first rule that fits.
pub(super) fn verdict(job: &Job, pod: &Pod) -> Verdict {
    let policy = job.spec.as_ref().and_then(|spec| spec.pod_failure_policy.as_ref());
    let rules = policy.map(|policy| policy.rules.as_slice()).unwrap_or_default();
    for (index, rule) in rules.iter().enumerate() {
        let by_code = rule.on_exit_codes.as_ref().and_then(|codes| fitting_code(codes, pod));
        let by_condition = rule.on_pod_conditions.as_ref().and_then(|all| fitting(all, pod));
        let Some(why) = by_code.or(by_condition) else { continue };
        return match rule.action.as_str() {
            "Ignore" => Verdict::IsIgnored,
            "FailJob" => Verdict::FailsJob(format!("{why} matching FailJob rule at index {index}")),
            _ => Verdict::Counts,
        };
    }
    Verdict::Counts
}

fn name(pod: &Pod) -> String {
    let of = |part: &Option<String>| part.clone().unwrap_or_default();
    format!("{}/{}", of(&pod.metadata.namespace), of(&pod.metadata.name))
}

fn fitting_code(rule: &PodFailurePolicyOnExitCodesRequirement, pod: &Pod) -> Option<String> {
    let status = pod.status.as_ref()?;
    let init = status.init_container_statuses.iter().flatten();
    status.container_statuses.iter().flatten().chain(init).find_map(|container| {
        if rule.container_name.as_ref().is_some_and(|name| *name != container.name) {
            return None;
        }
        let code = container.state.as_ref()?.terminated.as_ref()?.exit_code;
        let listed = rule.values.contains(&code);
        // A container that ended well has not failed, whatever the list leaves out.
        let fits = code != 0 && if rule.operator == "NotIn" { !listed } else { listed };
        let (container, pod) = (&container.name, name(pod));
        fits.then(|| format!("Container {container} for pod {pod} failed with exit code {code}"))
    })
}

fn fitting(rules: &[PodFailurePolicyOnPodConditionsPattern], pod: &Pod) -> Option<String> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find_map(|condition| {
        let fits = |rule: &PodFailurePolicyOnPodConditionsPattern| {
            rule.type_ == condition.type_
                && rule.status.as_deref().unwrap_or("True") == condition.status
        };
        rules
            .iter()
            .any(fits)
            .then(|| format!("Pod {} has condition {}", name(pod), condition.type_))
    })
}
