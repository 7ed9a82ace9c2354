//! What the server refuses in kinds that make pods from a template, in its own order.
//!
//! Rules and words: `pkg/apis/apps/validation` and `pkg/apis/batch/validation`, 1.36.

use k8s_openapi::api::core::v1::{Pod, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::validation::{self, numbers, selectors};
use crate::cluster::cron_schedule::{Schedule, time_zone};
use crate::cluster::refusal::FieldError;
use crate::cluster::selection::selects;

/// How many characters a cron job's name may have, so that those of its jobs fit.
const LONGEST_CRON_JOB: usize = 52;

/// The parts of a workload's spec that are looked at, and where its errors go.
pub(super) struct Rules<'a> {
    /// The kind, as messages name it.
    pub(super) kind: &'static str,
    /// The place of the spec, `spec` or `spec.jobTemplate.spec`.
    pub(super) path: &'static str,
    /// The spec.
    pub(super) spec: &'a Json,
    /// The template in it.
    pub(super) template: PodTemplateSpec,
}

impl Rules<'_> {
    /// `spec.replicas` and such.
    fn at(&self, field: &str) -> String {
        format!("{}.{field}", self.path)
    }

    pub(super) fn deployment(&self, errors: &mut Vec<FieldError>) {
        self.counts(&["replicas"], errors);
        self.selector("deployment", errors);
        self.template_for_replicas(errors);
        self.deployment_strategy(errors);
        self.counts(
            &["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"],
            errors,
        );
        let number = |field: &str| self.spec[field].as_i64();
        if let Some(deadline) = number("progressDeadlineSeconds")
            && deadline <= number("minReadySeconds").unwrap_or(0)
        {
            let detail = "must be greater than minReadySeconds";
            errors.push(FieldError::invalid(self.at("progressDeadlineSeconds"), deadline, detail));
        }
    }

    pub(super) fn replica_set(&self, errors: &mut Vec<FieldError>) {
        self.counts(&["replicas", "minReadySeconds"], errors);
        self.selector("deployment", errors);
        self.template_for_replicas(errors);
    }

    pub(super) fn daemon_set(&self, errors: &mut Vec<FieldError>) {
        let selector = self.read_selector();
        if let Some(selector) = &selector {
            selectors::check(selector, &self.at("selector"), errors);
        }
        self.labels_match(selector.as_ref(), errors);
        if selector.is_some_and(|selector| is_empty(&selector)) {
            self.refuse_empty_selector("empty selector is invalid for daemonset", errors);
        }
        self.template(errors);
        self.always_restarts(errors);
        self.has_no_deadline(errors);
        self.counts(&["minReadySeconds"], errors);
        self.daemon_set_strategy(errors);
        self.counts(&["revisionHistoryLimit"], errors);
    }

    pub(super) fn stateful_set(&self, errors: &mut Vec<FieldError>) {
        let policy = self.spec["podManagementPolicy"].as_str().unwrap_or_default();
        if !matches!(policy, "OrderedReady" | "Parallel") {
            let detail = "must be 'OrderedReady' or 'Parallel'";
            let field = self.at("podManagementPolicy");
            errors.push(FieldError::invalid_text(field, policy, detail));
        }
        self.stateful_set_strategy(errors);
        for field in ["whenDeleted", "whenScaled"] {
            let policy = self.spec["persistentVolumeClaimRetentionPolicy"][field].as_str();
            if let Some(policy) = policy.filter(|policy| !matches!(*policy, "Retain" | "Delete")) {
                let field = self.at(&format!("persistentVolumeClaimRetentionPolicy.{field}"));
                errors.push(FieldError::unsupported(field, policy, &["Retain", "Delete"]));
            }
        }
        self.counts(&["replicas", "minReadySeconds"], errors);
        let start = self.spec["ordinals"]["start"].as_i64();
        numbers::not_negative(&self.at("ordinals"), "start", start, errors);
        self.selector("statefulset", errors);
        // What claims the pods have is not known here, so that their specs are not checked.
        self.selected_labels(errors);
        self.template_metadata(errors);
        self.always_restarts(errors);
        self.has_no_deadline(errors);
    }

    pub(super) fn job(&self, errors: &mut Vec<FieldError>) {
        self.job_without_selector(errors);
        match self.read_selector() {
            None => errors.push(FieldError::required(self.at("selector"), "")),
            Some(selector) => {
                selectors::check(&selector, &self.at("selector"), errors);
                self.labels_match(Some(&selector), errors);
            }
        }
    }

    pub(super) fn job_without_selector(&self, errors: &mut Vec<FieldError>) {
        self.counts(
            &[
                "parallelism",
                "completions",
                "activeDeadlineSeconds",
                "backoffLimit",
                "ttlSecondsAfterFinished",
                "backoffLimitPerIndex",
                "maxFailedIndexes",
            ],
            errors,
        );
        // The jobs of a cron job are filled in when they are made.
        let mode = self.spec["completionMode"].as_str().unwrap_or("NonIndexed");
        if !matches!(mode, "NonIndexed" | "Indexed") {
            let supported = ["NonIndexed", "Indexed"];
            errors.push(FieldError::unsupported(self.at("completionMode"), mode, &supported));
        }
        if mode == "Indexed" && self.spec["completions"].is_null() {
            let detail = "when completion mode is Indexed";
            errors.push(FieldError::required(self.at("completions"), detail));
        }
        let policy = self.spec["podReplacementPolicy"].as_str();
        let policies = ["Failed", "TerminatingOrFailed"];
        if let Some(policy) = policy.filter(|policy| !policies.contains(policy)) {
            let field = self.at("podReplacementPolicy");
            errors.push(FieldError::unsupported(field, policy, &policies));
        }
        self.template(errors);
        let field = self.at("template.spec.restartPolicy");
        match self.restart_policy() {
            "Always" => {
                let detail = "valid values: \"OnFailure\", \"Never\"";
                errors.push(FieldError::required(field, detail));
            }
            "OnFailure" | "Never" => {}
            other => {
                errors.push(FieldError::unsupported(field, other, &["OnFailure", "Never"]));
            }
        }
    }

    /// A job's own selector, where it was to be made by the server.
    pub(super) fn generated_selector(&self, uid: &str, errors: &mut Vec<FieldError>) {
        if self.spec["manualSelector"] == true {
            return;
        }
        let Some(selector) = self.read_selector() else { return };
        let known = |key: &str| key.ends_with("controller-uid") || key.ends_with("job-name");
        let is_own = |(key, value): (&String, &String)| {
            known(key) && (value == uid || key.ends_with("job-name"))
        };
        if !selector.match_labels.iter().flatten().all(is_own) {
            let shown = &self.spec["selector"];
            let detail = "`selector` not auto-generated";
            errors.push(FieldError::invalid(self.at("selector"), shown, detail));
        }
    }

    fn counts(&self, fields: &[&str], errors: &mut Vec<FieldError>) {
        for field in fields {
            numbers::not_negative(self.path, field, self.spec[field].as_i64(), errors);
        }
    }

    fn read_selector(&self) -> Option<LabelSelector> {
        LabelSelector::deserialize(self.spec.get("selector")?).ok()
    }

    fn refuse_empty_selector(&self, detail: &str, errors: &mut Vec<FieldError>) {
        let shown = &self.spec["selector"];
        errors.push(FieldError::invalid(self.at("selector"), shown, detail));
    }

    fn selector(&self, kind: &str, errors: &mut Vec<FieldError>) {
        match self.read_selector() {
            None => errors.push(FieldError::required(self.at("selector"), "")),
            Some(selector) => {
                selectors::check(&selector, &self.at("selector"), errors);
                if is_empty(&selector) {
                    let detail = format!("empty selector is invalid for {kind}");
                    self.refuse_empty_selector(&detail, errors);
                }
            }
        }
    }

    /// The template's labels are those that are selected, unless all are.
    fn selected_labels(&self, errors: &mut Vec<FieldError>) {
        let selector = self.read_selector();
        if selector.as_ref().is_none_or(|selector| !is_empty(selector)) {
            self.labels_match(selector.as_ref(), errors);
        }
    }

    fn labels_match(&self, selector: Option<&LabelSelector>, errors: &mut Vec<FieldError>) {
        let labels = self.template.metadata.as_ref().and_then(|it| it.labels.as_ref());
        if !selector.is_some_and(|selector| selects(selector, labels)) {
            let shown = serde_json::to_value(labels).unwrap_or_default();
            let detail = "`selector` does not match template `labels`";
            let field = self.at("template.metadata.labels");
            errors.push(FieldError::invalid(field, shown, detail));
        }
    }

    fn template(&self, errors: &mut Vec<FieldError>) {
        let pod = Pod {
            spec: self.template.spec.clone(),
            metadata: self.template.metadata.clone().unwrap_or_default(),
            ..Pod::default()
        };
        let path = self.at("template");
        errors.extend(validation::template(&pod).into_iter().map(|error| error.under(&path)));
    }

    fn template_metadata(&self, errors: &mut Vec<FieldError>) {
        let metadata = self.template.metadata.clone().unwrap_or_default();
        let path = self.at("template");
        let found = validation::template_metadata(&metadata);
        errors.extend(found.into_iter().map(|error| error.under(&path)));
    }

    fn template_for_replicas(&self, errors: &mut Vec<FieldError>) {
        self.selected_labels(errors);
        self.template(errors);
        self.always_restarts(errors);
        let deadline = self.template.spec.as_ref().and_then(|spec| spec.active_deadline_seconds);
        if deadline.is_some() {
            let detail = "activeDeadlineSeconds in ReplicaSet is not Supported";
            let field = self.at("template.spec.activeDeadlineSeconds");
            errors.push(FieldError::forbidden(field, detail));
        }
    }

    fn restart_policy(&self) -> &str {
        let spec = self.template.spec.as_ref();
        spec.and_then(|spec| spec.restart_policy.as_deref()).unwrap_or("Always")
    }

    fn always_restarts(&self, errors: &mut Vec<FieldError>) {
        let policy = self.restart_policy();
        if policy != "Always" {
            let field = self.at("template.spec.restartPolicy");
            errors.push(FieldError::unsupported(field, policy, &["Always"]));
        }
    }

    fn has_no_deadline(&self, errors: &mut Vec<FieldError>) {
        let spec = self.template.spec.as_ref();
        if spec.is_some_and(|spec| spec.active_deadline_seconds.is_some()) {
            let detail = format!("activeDeadlineSeconds in {} is not Supported", self.kind);
            let field = self.at("template.spec.activeDeadlineSeconds");
            errors.push(FieldError::forbidden(field, &detail));
        }
    }

    fn deployment_strategy(&self, errors: &mut Vec<FieldError>) {
        let path = self.at("strategy");
        let strategy = &self.spec["strategy"];
        let update = strategy.get("rollingUpdate").filter(|update| !update.is_null());
        match (strategy["type"].as_str().unwrap_or_default(), update) {
            ("Recreate", Some(_)) => {
                let detail = "may not be specified when strategy `type` is 'Recreate'";
                errors.push(FieldError::forbidden(format!("{path}.rollingUpdate"), detail));
            }
            ("Recreate", None) => {}
            ("RollingUpdate", None) => {
                let detail = "this should be defaulted and never be nil";
                errors.push(FieldError::required(format!("{path}.rollingUpdate"), detail));
            }
            ("RollingUpdate", Some(update)) => {
                let path = format!("{path}.rollingUpdate");
                let (unavailable, surge) =
                    (limit(update, "maxUnavailable"), limit(update, "maxSurge"));
                numbers::count_or_percentage(&path, "maxUnavailable", &unavailable, errors);
                numbers::count_or_percentage(&path, "maxSurge", &surge, errors);
                if is_nothing(&unavailable) && is_nothing(&surge) {
                    let field = format!("{path}.maxUnavailable");
                    let detail = "may not be 0 when `maxSurge` is 0";
                    errors.push(FieldError::invalid(field, shown(&unavailable), detail));
                }
                numbers::at_most_all(&path, "maxUnavailable", &unavailable, errors);
            }
            (other, _) => {
                let shown = json!({"Type": other, "RollingUpdate": update});
                let supported = ["Recreate", "RollingUpdate"];
                errors.push(FieldError::unsupported_value(path, shown, &supported));
            }
        }
    }

    fn daemon_set_strategy(&self, errors: &mut Vec<FieldError>) {
        let path = self.at("updateStrategy");
        let strategy = &self.spec["updateStrategy"];
        let update = strategy.get("rollingUpdate").filter(|update| !update.is_null());
        match (strategy["type"].as_str().unwrap_or_default(), update) {
            ("OnDelete", _) => {}
            ("RollingUpdate", None) => {
                errors.push(FieldError::required(format!("{path}.rollingUpdate"), ""));
            }
            ("RollingUpdate", Some(update)) => {
                let path = format!("{path}.rollingUpdate");
                let (unavailable, surge) =
                    (limit(update, "maxUnavailable"), limit(update, "maxSurge"));
                for (field, value) in [("maxUnavailable", &unavailable), ("maxSurge", &surge)] {
                    numbers::count_or_percentage(&path, field, value, errors);
                }
                for (field, value) in [("maxUnavailable", &unavailable), ("maxSurge", &surge)] {
                    numbers::at_most_all(&path, field, value, errors);
                }
                match (is_nothing(&unavailable), is_nothing(&surge)) {
                    (false, false) => {
                        let field = format!("{path}.maxSurge");
                        let detail = "may not be set when maxUnavailable is non-zero";
                        errors.push(FieldError::invalid(field, shown(&surge), detail));
                    }
                    (true, true) => {
                        let field = format!("{path}.maxUnavailable");
                        let detail = "cannot be 0 when maxSurge is 0";
                        errors.push(FieldError::required(field, detail));
                    }
                    _ => {}
                }
            }
            (other, _) => {
                let shown = json!({"Type": other, "RollingUpdate": update});
                let supported = ["RollingUpdate", "OnDelete"];
                errors.push(FieldError::unsupported_value(path, shown, &supported));
            }
        }
    }

    fn stateful_set_strategy(&self, errors: &mut Vec<FieldError>) {
        let path = self.at("updateStrategy");
        let strategy = &self.spec["updateStrategy"];
        let update = strategy.get("rollingUpdate").filter(|update| !update.is_null());
        let as_shown = |update: &Json| {
            json!({
                "Partition": update["partition"].as_i64().unwrap_or(0),
                "MaxUnavailable": update["maxUnavailable"],
            })
        };
        match (strategy["type"].as_str().unwrap_or_default(), update) {
            ("", _) => errors.push(FieldError::required(path, "")),
            ("OnDelete", Some(update)) => {
                let detail = "only allowed for updateStrategy 'RollingUpdate'";
                let field = format!("{path}.rollingUpdate");
                errors.push(FieldError::invalid(field, as_shown(update), detail));
            }
            ("OnDelete", None) | ("RollingUpdate", None) => {}
            ("RollingUpdate", Some(update)) => {
                let path = format!("{path}.rollingUpdate");
                numbers::not_negative(&path, "partition", update["partition"].as_i64(), errors);
                if !update["maxUnavailable"].is_null() {
                    let unavailable = limit(update, "maxUnavailable");
                    numbers::count_or_percentage(&path, "maxUnavailable", &unavailable, errors);
                    if is_nothing(&unavailable) {
                        let field = format!("{path}.maxUnavailable");
                        let detail = "cannot be 0";
                        errors.push(FieldError::invalid(field, shown(&unavailable), detail));
                    }
                    numbers::at_most_all(&path, "maxUnavailable", &unavailable, errors);
                }
            }
            (other, _) => {
                let shown = json!({"Type": other, "RollingUpdate": update.map(as_shown)});
                let detail = "must be 'RollingUpdate' or 'OnDelete'";
                errors.push(FieldError::invalid(path, shown, detail));
            }
        }
    }
}

/// Checks what a cron job has besides the jobs that it makes.
pub(super) fn cron_job(name: &str, spec: &Json, errors: &mut Vec<FieldError>) {
    let schedule = spec["schedule"].as_str().unwrap_or_default();
    if schedule.is_empty() {
        errors.push(FieldError::required("spec.schedule", ""));
    } else if schedule.contains("TZ") {
        let detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        errors.push(FieldError::invalid_text("spec.schedule", schedule, detail));
    } else if let Err(fault) = Schedule::parse(schedule, None) {
        errors.push(FieldError::invalid_text("spec.schedule", schedule, &fault));
    }
    match spec["timeZone"].as_str() {
        Some("") => {
            let detail = "must be nil or non-empty string";
            errors.push(FieldError::invalid_text("spec.timeZone", "", detail));
        }
        Some(zone) => {
            if let Err(fault) = time_zone(zone) {
                errors.push(FieldError::invalid_text("spec.timeZone", zone, &fault));
            }
        }
        None => {}
    }
    let seconds = spec["startingDeadlineSeconds"].as_i64();
    numbers::not_negative("spec", "startingDeadlineSeconds", seconds, errors);
    let policy = spec["concurrencyPolicy"].as_str().unwrap_or_default();
    let policies = ["Allow", "Forbid", "Replace"];
    if !policies.contains(&policy) {
        errors.push(FieldError::unsupported("spec.concurrencyPolicy", policy, &policies));
    }
    if name.len() > LONGEST_CRON_JOB {
        let detail = format!("must be no more than {LONGEST_CRON_JOB} characters");
        errors.push(FieldError::invalid_text("metadata.name", name, &detail));
    }
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        numbers::not_negative("spec", field, spec[field].as_i64(), errors);
    }
}

fn is_empty(selector: &LabelSelector) -> bool {
    selector.match_labels.as_ref().is_none_or(|labels| labels.is_empty())
        && selector.match_expressions.as_ref().is_none_or(Vec::is_empty)
}

/// A limit of a rolling update; nothing where it is left out.
fn limit(update: &Json, field: &str) -> IntOrString {
    match &update[field] {
        Json::String(text) => IntOrString::String(text.clone()),
        number => {
            let number = number.as_i64().and_then(|number| i32::try_from(number).ok());
            IntOrString::Int(number.unwrap_or(0))
        }
    }
}

fn is_nothing(limit: &IntOrString) -> bool {
    match limit {
        IntOrString::Int(number) => *number == 0,
        IntOrString::String(text) => numbers::percentage(text).unwrap_or(0) == 0,
    }
}

fn shown(limit: &IntOrString) -> Json {
    match limit {
        IntOrString::Int(number) => (*number).into(),
        IntOrString::String(text) => text.clone().into(),
    }
}
