//! What a job has come to, and why.

use k8s_openapi::api::batch::v1::{Job, JobCondition, JobStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

pub(super) const COMPLETE: &str = "Complete";
pub(super) const FAILED: &str = "Failed";
pub(super) const SUSPENDED: &str = "Suspended";
/// What comes before `Complete`, since 1.31.
const SUCCESS_CRITERIA_MET: &str = "SuccessCriteriaMet";
/// What comes before `Failed`, since 1.31.
const FAILURE_TARGET: &str = "FailureTarget";

/// What a job comes to, decided and not to be changed any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) failed: bool,
    pub(super) reason: String,
    pub(super) message: String,
}

impl Outcome {
    pub(super) fn failure(reason: &str, message: impl Into<String>) -> Self {
        Self { failed: true, reason: reason.to_owned(), message: message.into() }
    }

    pub(super) fn success() -> Self {
        Self {
            failed: false,
            reason: "CompletionsReached".to_owned(),
            message: "Reached expected number of succeeded pods".to_owned(),
        }
    }

    /// What was decided in an earlier look.
    pub(super) fn decided(job: &Job) -> Option<Self> {
        let conditions = job.status.as_ref()?.conditions.as_ref()?;
        let condition = conditions.iter().find(|one| {
            one.status == "True" && matches!(&*one.type_, SUCCESS_CRITERIA_MET | FAILURE_TARGET)
        })?;
        Some(Self {
            failed: condition.type_ == FAILURE_TARGET,
            reason: condition.reason.clone().unwrap_or_default(),
            message: condition.message.clone().unwrap_or_default(),
        })
    }

    /// Notes what is decided, before everything has come to its end.
    pub(super) fn note(&self, status: &mut JobStatus, now: &Time) {
        let type_ = if self.failed { FAILURE_TARGET } else { SUCCESS_CRITERIA_MET };
        set(status, type_, "True", Some(&self.reason), Some(&self.message), now);
    }

    /// Notes the end.
    pub(super) fn end(&self, status: &mut JobStatus, now: &Time, with_reason_of_success: bool) {
        let type_ = if self.failed { FAILED } else { COMPLETE };
        let says = self.failed || with_reason_of_success;
        let (reason, message) = (says.then_some(&*self.reason), says.then_some(&*self.message));
        set(status, type_, "True", reason, message, now);
        if !self.failed {
            status.completion_time = Some(now.clone());
        }
    }
}

/// The condition that says that a job has finished.
pub(in super::super) fn finished_condition(job: &Job) -> Option<&JobCondition> {
    let conditions = job.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|one| one.status == "True" && matches!(&*one.type_, COMPLETE | FAILED))
}

/// Sets a condition; says whether it is another one than before.
pub(super) fn set(
    status: &mut JobStatus,
    type_: &str,
    value: &str,
    reason: Option<&str>,
    message: Option<&str>,
    now: &Time,
) -> bool {
    let conditions = status.conditions.get_or_insert_default();
    let condition = JobCondition {
        type_: type_.to_owned(),
        status: value.to_owned(),
        reason: reason.map(str::to_owned),
        message: message.map(str::to_owned),
        last_probe_time: Some(now.clone()),
        last_transition_time: Some(now.clone()),
    };
    match conditions.iter_mut().find(|known| known.type_ == type_) {
        Some(known) if known.status == value => false,
        Some(known) => {
            *known = condition;
            true
        }
        None => {
            conditions.push(condition);
            true
        }
    }
}
