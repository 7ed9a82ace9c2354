//! What tables say of what makes pods.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::age;
use super::object::{has_condition, joined, list, number, text};

/// A field of every container of a pod.
pub(super) fn of_containers(pod: &Json, field: &str) -> String {
    joined(list(&pod["containers"]).iter().map(|container| text(&container[field])), ",")
}

pub(super) fn ready_of_desired(workload: &Json) -> String {
    let ready = number(&workload["status"]["readyReplicas"]);
    format!("{ready}/{}", number(&workload["spec"]["replicas"]))
}

/// What a job is about; the first condition of these that holds.
pub(super) fn job_status(job: &Json) -> &'static str {
    let conditions = &job["status"]["conditions"];
    let is_deleted = !job["metadata"]["deletionTimestamp"].is_null();
    if has_condition(conditions, "Complete") {
        "Complete"
    } else if has_condition(conditions, "Failed") {
        "Failed"
    } else if is_deleted {
        "Terminating"
    } else if has_condition(conditions, "Suspended") {
        "Suspended"
    } else if has_condition(conditions, "FailureTarget") {
        "FailureTarget"
    } else if has_condition(conditions, "SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    }
}

pub(super) fn job_completions(job: &Json) -> String {
    let succeeded = number(&job["status"]["succeeded"]);
    let parallelism = number(&job["spec"]["parallelism"]);
    match job["spec"]["completions"].as_i64() {
        Some(completions) => format!("{succeeded}/{completions}"),
        None if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
        None => format!("{succeeded}/1"),
    }
}

/// How long the job has run; empty before it starts.
pub(super) fn job_duration(job: &Json, now: Timestamp) -> String {
    let Some(start) = age::timestamp(&job["status"]["startTime"]) else {
        return String::new();
    };
    age::between(start, age::timestamp(&job["status"]["completionTime"]).unwrap_or(now))
}

pub(super) fn suspended(cron_job: &Json) -> &'static str {
    match cron_job["spec"]["suspend"].as_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    }
}

pub(super) fn last_schedule(cron_job: &Json, now: Timestamp) -> String {
    match &cron_job["status"]["lastScheduleTime"] {
        Json::Null => "<none>".to_owned(),
        time => age::since(time, now),
    }
}

/// The object that controls this one, as `statefulset.apps/web`.
pub(super) fn controller(object: &Json) -> String {
    let owners = list(&object["metadata"]["ownerReferences"]);
    let Some(owner) = owners.iter().find(|owner| owner["controller"] == true) else {
        return "<none>".to_owned();
    };
    let kind = text(&owner["kind"]).to_lowercase();
    let name = text(&owner["name"]);
    match text(&owner["apiVersion"]).split_once('/') {
        Some((group, _)) => format!("{kind}.{group}/{name}"),
        None => format!("{kind}/{name}"),
    }
}

pub(super) fn int_or_string(value: &Json) -> String {
    match value {
        Json::Null => "N/A".to_owned(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
