//! The types of `batch/v1`; written by `schema-table.py`.

use crate::schema::Struct;
use crate::schema::Type::{self, Bool, Int32, Int64, List, Text, Time};
use crate::schema::core_v1;
use crate::schema::meta_v1;
use crate::schema::row::{API_VERSION, ATOMIC, KIND, SET, field, structure};

const PACKAGE: &str = "io.k8s.api.batch.v1";

/// `batch/v1` `CronJob`.
pub static CRON_JOB: Struct = structure(
    PACKAGE,
    "CronJob",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&CRON_JOB_SPEC)).omit_empty(),
        field("status", Type::Struct(&CRON_JOB_STATUS)).omit_empty(),
    ],
);

/// `batch/v1` `CronJobSpec`.
pub static CRON_JOB_SPEC: Struct = structure(
    PACKAGE,
    "CronJobSpec",
    &[
        field("schedule", Text("string")).required(),
        field("timeZone", Text("string")).pointer().omit_empty(),
        field("startingDeadlineSeconds", Int64).pointer().omit_empty(),
        field("concurrencyPolicy", Text("v1.ConcurrencyPolicy")).omit_empty(),
        field("suspend", Bool).pointer().omit_empty(),
        field("jobTemplate", Type::Struct(&JOB_TEMPLATE_SPEC)).required(),
        field("successfulJobsHistoryLimit", Int32).pointer().omit_empty(),
        field("failedJobsHistoryLimit", Int32).pointer().omit_empty(),
    ],
);

/// `batch/v1` `CronJobStatus`.
pub static CRON_JOB_STATUS: Struct = structure(
    PACKAGE,
    "CronJobStatus",
    &[
        field("active", List(&Type::Struct(&core_v1::OBJECT_REFERENCE), ATOMIC)).omit_empty(),
        field("lastScheduleTime", Time).pointer().omit_empty(),
        field("lastSuccessfulTime", Time).pointer().omit_empty(),
    ],
);

/// `batch/v1` `Job`.
pub static JOB: Struct = structure(
    PACKAGE,
    "Job",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&JOB_SPEC)).omit_empty(),
        field("status", Type::Struct(&JOB_STATUS)).omit_empty(),
    ],
);

/// `batch/v1` `JobCondition`.
pub static JOB_CONDITION: Struct = structure(
    PACKAGE,
    "JobCondition",
    &[
        field("type", Text("v1.JobConditionType")).required(),
        field("status", Text("v1.ConditionStatus")).required(),
        field("lastProbeTime", Time).omit_empty(),
        field("lastTransitionTime", Time).omit_empty(),
        field("reason", Text("string")).omit_empty(),
        field("message", Text("string")).omit_empty(),
    ],
);

/// `batch/v1` `JobSpec`.
pub static JOB_SPEC: Struct = structure(
    PACKAGE,
    "JobSpec",
    &[
        field("parallelism", Int32).pointer().omit_empty(),
        field("completions", Int32).pointer().omit_empty(),
        field("activeDeadlineSeconds", Int64).pointer().omit_empty(),
        field("podFailurePolicy", Type::Struct(&POD_FAILURE_POLICY)).pointer().omit_empty(),
        field("successPolicy", Type::Struct(&SUCCESS_POLICY)).pointer().omit_empty(),
        field("backoffLimit", Int32).pointer().omit_empty(),
        field("backoffLimitPerIndex", Int32).pointer().omit_empty(),
        field("maxFailedIndexes", Int32).pointer().omit_empty(),
        field("selector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().omit_empty(),
        field("manualSelector", Bool).pointer().omit_empty(),
        field("template", Type::Struct(&core_v1::POD_TEMPLATE_SPEC)).required(),
        field("ttlSecondsAfterFinished", Int32)
            .go_name("TTLSecondsAfterFinished")
            .pointer()
            .omit_empty(),
        field("completionMode", Text("v1.CompletionMode")).pointer().omit_empty(),
        field("suspend", Bool).pointer().omit_empty(),
        field("podReplacementPolicy", Text("v1.PodReplacementPolicy")).pointer().omit_empty(),
        field("managedBy", Text("string")).pointer().omit_empty(),
    ],
);

/// `batch/v1` `JobStatus`.
pub static JOB_STATUS: Struct = structure(
    PACKAGE,
    "JobStatus",
    &[
        field("conditions", List(&Type::Struct(&JOB_CONDITION), ATOMIC.patched_by("type")))
            .omit_empty(),
        field("startTime", Time).pointer().omit_empty(),
        field("completionTime", Time).pointer().omit_empty(),
        field("active", Int32).omit_empty(),
        field("succeeded", Int32).omit_empty(),
        field("failed", Int32).omit_empty(),
        field("terminating", Int32).pointer().omit_empty(),
        field("completedIndexes", Text("string")).omit_empty(),
        field("failedIndexes", Text("string")).pointer().omit_empty(),
        field("uncountedTerminatedPods", Type::Struct(&UNCOUNTED_TERMINATED_PODS))
            .pointer()
            .omit_empty(),
        field("ready", Int32).pointer().omit_empty(),
    ],
);

/// `batch/v1` `JobTemplateSpec`.
pub static JOB_TEMPLATE_SPEC: Struct = structure(
    PACKAGE,
    "JobTemplateSpec",
    &[
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&JOB_SPEC)).omit_empty(),
    ],
);

/// `batch/v1` `PodFailurePolicy`.
pub static POD_FAILURE_POLICY: Struct = structure(
    PACKAGE,
    "PodFailurePolicy",
    &[field("rules", List(&Type::Struct(&POD_FAILURE_POLICY_RULE), ATOMIC)).required()],
);

/// `batch/v1` `PodFailurePolicyOnExitCodesRequirement`.
pub static POD_FAILURE_POLICY_ON_EXIT_CODES_REQUIREMENT: Struct = structure(
    PACKAGE,
    "PodFailurePolicyOnExitCodesRequirement",
    &[
        field("containerName", Text("string")).pointer().omit_empty(),
        field("operator", Text("v1.PodFailurePolicyOnExitCodesOperator")).required(),
        field("values", List(&Int32, SET)).required(),
    ],
);

/// `batch/v1` `PodFailurePolicyOnPodConditionsPattern`.
pub static POD_FAILURE_POLICY_ON_POD_CONDITIONS_PATTERN: Struct = structure(
    PACKAGE,
    "PodFailurePolicyOnPodConditionsPattern",
    &[
        field("type", Text("v1.PodConditionType")).required(),
        field("status", Text("v1.ConditionStatus")),
    ],
);

/// `batch/v1` `PodFailurePolicyRule`.
pub static POD_FAILURE_POLICY_RULE: Struct = structure(
    PACKAGE,
    "PodFailurePolicyRule",
    &[
        field("action", Text("v1.PodFailurePolicyAction")).required(),
        field("onExitCodes", Type::Struct(&POD_FAILURE_POLICY_ON_EXIT_CODES_REQUIREMENT))
            .pointer()
            .omit_empty(),
        field(
            "onPodConditions",
            List(&Type::Struct(&POD_FAILURE_POLICY_ON_POD_CONDITIONS_PATTERN), ATOMIC),
        )
        .omit_empty(),
    ],
);

/// `batch/v1` `SuccessPolicy`.
pub static SUCCESS_POLICY: Struct = structure(
    PACKAGE,
    "SuccessPolicy",
    &[field("rules", List(&Type::Struct(&SUCCESS_POLICY_RULE), ATOMIC)).required()],
);

/// `batch/v1` `SuccessPolicyRule`.
pub static SUCCESS_POLICY_RULE: Struct = structure(
    PACKAGE,
    "SuccessPolicyRule",
    &[
        field("succeededIndexes", Text("string")).pointer().omit_empty(),
        field("succeededCount", Int32).pointer().omit_empty(),
    ],
);

/// `batch/v1` `UncountedTerminatedPods`.
pub static UNCOUNTED_TERMINATED_PODS: Struct = structure(
    PACKAGE,
    "UncountedTerminatedPods",
    &[
        field("succeeded", List(&Text("types.UID"), SET)).omit_empty(),
        field("failed", List(&Text("types.UID"), SET)).omit_empty(),
    ],
);
