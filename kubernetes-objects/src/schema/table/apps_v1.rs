//! The types of `apps/v1`; written by `schema-table.py`.

use crate::schema::FieldPatch::RetainKeys;
use crate::schema::Struct;
use crate::schema::Type::{self, Any, Bool, Int32, Int64, IntOrString, List, Text, Time};
use crate::schema::core_v1;
use crate::schema::meta_v1;
use crate::schema::row::{API_VERSION, ATOMIC, KIND, field, merged_by, structure};

const PACKAGE: &str = "io.k8s.api.apps.v1";

/// `apps/v1` `ControllerRevision`.
pub static CONTROLLER_REVISION: Struct = structure(
    PACKAGE,
    "ControllerRevision",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("data", Any).omit_empty(),
        field("revision", Int64).required(),
    ],
);

/// `apps/v1` `DaemonSet`.
pub static DAEMON_SET: Struct = structure(
    PACKAGE,
    "DaemonSet",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&DAEMON_SET_SPEC)).omit_empty(),
        field("status", Type::Struct(&DAEMON_SET_STATUS)).omit_empty(),
    ],
);

/// `apps/v1` `DaemonSetCondition`.
pub static DAEMON_SET_CONDITION: Struct = structure(
    PACKAGE,
    "DaemonSetCondition",
    &[
        field("type", Text("v1.DaemonSetConditionType")).required(),
        field("status", Text("v1.ConditionStatus")).required(),
        field("lastTransitionTime", Time).omit_empty(),
        field("reason", Text("string")).omit_empty(),
        field("message", Text("string")).omit_empty(),
    ],
);

/// `apps/v1` `DaemonSetSpec`.
pub static DAEMON_SET_SPEC: Struct = structure(
    PACKAGE,
    "DaemonSetSpec",
    &[
        field("selector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().required(),
        field("template", Type::Struct(&core_v1::POD_TEMPLATE_SPEC)).required(),
        field("updateStrategy", Type::Struct(&DAEMON_SET_UPDATE_STRATEGY)).omit_empty(),
        field("minReadySeconds", Int32).omit_empty(),
        field("revisionHistoryLimit", Int32).pointer().omit_empty(),
    ],
);

/// `apps/v1` `DaemonSetStatus`.
pub static DAEMON_SET_STATUS: Struct = structure(
    PACKAGE,
    "DaemonSetStatus",
    &[
        field("currentNumberScheduled", Int32).required(),
        field("numberMisscheduled", Int32).required(),
        field("desiredNumberScheduled", Int32).required(),
        field("numberReady", Int32).required(),
        field("observedGeneration", Int64).omit_empty(),
        field("updatedNumberScheduled", Int32).omit_empty(),
        field("numberAvailable", Int32).omit_empty(),
        field("numberUnavailable", Int32).omit_empty(),
        field("collisionCount", Int32).pointer().omit_empty(),
        field(
            "conditions",
            List(&Type::Struct(&DAEMON_SET_CONDITION), merged_by(&["type"]).patched_by("type")),
        )
        .omit_empty(),
    ],
);

/// `apps/v1` `DaemonSetUpdateStrategy`.
pub static DAEMON_SET_UPDATE_STRATEGY: Struct = structure(
    PACKAGE,
    "DaemonSetUpdateStrategy",
    &[
        field("type", Text("v1.DaemonSetUpdateStrategyType")).omit_empty(),
        field("rollingUpdate", Type::Struct(&ROLLING_UPDATE_DAEMON_SET)).pointer().omit_empty(),
    ],
);

/// `apps/v1` `Deployment`.
pub static DEPLOYMENT: Struct = structure(
    PACKAGE,
    "Deployment",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&DEPLOYMENT_SPEC)).omit_empty(),
        field("status", Type::Struct(&DEPLOYMENT_STATUS)).omit_empty(),
    ],
);

/// `apps/v1` `DeploymentCondition`.
pub static DEPLOYMENT_CONDITION: Struct = structure(
    PACKAGE,
    "DeploymentCondition",
    &[
        field("type", Text("v1.DeploymentConditionType")).required(),
        field("status", Text("v1.ConditionStatus")).required(),
        field("lastUpdateTime", Time).omit_empty(),
        field("lastTransitionTime", Time).omit_empty(),
        field("reason", Text("string")).omit_empty(),
        field("message", Text("string")).omit_empty(),
    ],
);

/// `apps/v1` `DeploymentSpec`.
pub static DEPLOYMENT_SPEC: Struct = structure(
    PACKAGE,
    "DeploymentSpec",
    &[
        field("replicas", Int32).pointer().omit_empty(),
        field("selector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().required(),
        field("template", Type::Struct(&core_v1::POD_TEMPLATE_SPEC)).required(),
        field("strategy", Type::Struct(&DEPLOYMENT_STRATEGY)).omit_empty().patched_by(RetainKeys),
        field("minReadySeconds", Int32).omit_empty(),
        field("revisionHistoryLimit", Int32).pointer().omit_empty(),
        field("paused", Bool).omit_empty(),
        field("progressDeadlineSeconds", Int32).pointer().omit_empty(),
    ],
);

/// `apps/v1` `DeploymentStatus`.
pub static DEPLOYMENT_STATUS: Struct = structure(
    PACKAGE,
    "DeploymentStatus",
    &[
        field("observedGeneration", Int64).omit_empty(),
        field("replicas", Int32).omit_empty(),
        field("updatedReplicas", Int32).omit_empty(),
        field("readyReplicas", Int32).omit_empty(),
        field("availableReplicas", Int32).omit_empty(),
        field("unavailableReplicas", Int32).omit_empty(),
        field("terminatingReplicas", Int32).pointer().omit_empty(),
        field(
            "conditions",
            List(&Type::Struct(&DEPLOYMENT_CONDITION), merged_by(&["type"]).patched_by("type")),
        )
        .omit_empty(),
        field("collisionCount", Int32).pointer().omit_empty(),
    ],
);

/// `apps/v1` `DeploymentStrategy`.
pub static DEPLOYMENT_STRATEGY: Struct = structure(
    PACKAGE,
    "DeploymentStrategy",
    &[
        field("type", Text("v1.DeploymentStrategyType")).omit_empty(),
        field("rollingUpdate", Type::Struct(&ROLLING_UPDATE_DEPLOYMENT)).pointer().omit_empty(),
    ],
);

/// `apps/v1` `ReplicaSet`.
pub static REPLICA_SET: Struct = structure(
    PACKAGE,
    "ReplicaSet",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&REPLICA_SET_SPEC)).omit_empty(),
        field("status", Type::Struct(&REPLICA_SET_STATUS)).omit_empty(),
    ],
);

/// `apps/v1` `ReplicaSetCondition`.
pub static REPLICA_SET_CONDITION: Struct = structure(
    PACKAGE,
    "ReplicaSetCondition",
    &[
        field("type", Text("v1.ReplicaSetConditionType")).required(),
        field("status", Text("v1.ConditionStatus")).required(),
        field("lastTransitionTime", Time).omit_empty(),
        field("reason", Text("string")).omit_empty(),
        field("message", Text("string")).omit_empty(),
    ],
);

/// `apps/v1` `ReplicaSetSpec`.
pub static REPLICA_SET_SPEC: Struct = structure(
    PACKAGE,
    "ReplicaSetSpec",
    &[
        field("replicas", Int32).pointer().omit_empty(),
        field("minReadySeconds", Int32).omit_empty(),
        field("selector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().required(),
        field("template", Type::Struct(&core_v1::POD_TEMPLATE_SPEC)).omit_empty(),
    ],
);

/// `apps/v1` `ReplicaSetStatus`.
pub static REPLICA_SET_STATUS: Struct = structure(
    PACKAGE,
    "ReplicaSetStatus",
    &[
        field("replicas", Int32).required(),
        field("fullyLabeledReplicas", Int32).omit_empty(),
        field("readyReplicas", Int32).omit_empty(),
        field("availableReplicas", Int32).omit_empty(),
        field("terminatingReplicas", Int32).pointer().omit_empty(),
        field("observedGeneration", Int64).omit_empty(),
        field(
            "conditions",
            List(&Type::Struct(&REPLICA_SET_CONDITION), merged_by(&["type"]).patched_by("type")),
        )
        .omit_empty(),
    ],
);

/// `apps/v1` `RollingUpdateDaemonSet`.
pub static ROLLING_UPDATE_DAEMON_SET: Struct = structure(
    PACKAGE,
    "RollingUpdateDaemonSet",
    &[
        field("maxUnavailable", IntOrString).pointer().omit_empty(),
        field("maxSurge", IntOrString).pointer().omit_empty(),
    ],
);

/// `apps/v1` `RollingUpdateDeployment`.
pub static ROLLING_UPDATE_DEPLOYMENT: Struct = structure(
    PACKAGE,
    "RollingUpdateDeployment",
    &[
        field("maxUnavailable", IntOrString).pointer().omit_empty(),
        field("maxSurge", IntOrString).pointer().omit_empty(),
    ],
);

/// `apps/v1` `RollingUpdateStatefulSetStrategy`.
pub static ROLLING_UPDATE_STATEFUL_SET_STRATEGY: Struct = structure(
    PACKAGE,
    "RollingUpdateStatefulSetStrategy",
    &[
        field("partition", Int32).pointer().omit_empty(),
        field("maxUnavailable", IntOrString).pointer().omit_empty(),
    ],
);

/// `apps/v1` `StatefulSet`.
pub static STATEFUL_SET: Struct = structure(
    PACKAGE,
    "StatefulSet",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&STATEFUL_SET_SPEC)).omit_empty(),
        field("status", Type::Struct(&STATEFUL_SET_STATUS)).omit_empty(),
    ],
);

/// `apps/v1` `StatefulSetCondition`.
pub static STATEFUL_SET_CONDITION: Struct = structure(
    PACKAGE,
    "StatefulSetCondition",
    &[
        field("type", Text("v1.StatefulSetConditionType")).required(),
        field("status", Text("v1.ConditionStatus")).required(),
        field("lastTransitionTime", Time).omit_empty(),
        field("reason", Text("string")).omit_empty(),
        field("message", Text("string")).omit_empty(),
    ],
);

/// `apps/v1` `StatefulSetOrdinals`.
pub static STATEFUL_SET_ORDINALS: Struct =
    structure(PACKAGE, "StatefulSetOrdinals", &[field("start", Int32)]);

/// `apps/v1` `StatefulSetPersistentVolumeClaimRetentionPolicy`.
pub static STATEFUL_SET_PERSISTENT_VOLUME_CLAIM_RETENTION_POLICY: Struct = structure(
    PACKAGE,
    "StatefulSetPersistentVolumeClaimRetentionPolicy",
    &[
        field("whenDeleted", Text("v1.PersistentVolumeClaimRetentionPolicyType")).omit_empty(),
        field("whenScaled", Text("v1.PersistentVolumeClaimRetentionPolicyType")).omit_empty(),
    ],
);

/// `apps/v1` `StatefulSetSpec`.
pub static STATEFUL_SET_SPEC: Struct = structure(
    PACKAGE,
    "StatefulSetSpec",
    &[
        field("replicas", Int32).pointer().omit_empty(),
        field("selector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().required(),
        field("template", Type::Struct(&core_v1::POD_TEMPLATE_SPEC)).required(),
        field(
            "volumeClaimTemplates",
            List(&Type::Struct(&core_v1::PERSISTENT_VOLUME_CLAIM), ATOMIC),
        )
        .omit_empty(),
        field("serviceName", Text("string")),
        field("podManagementPolicy", Text("v1.PodManagementPolicyType")).omit_empty(),
        field("updateStrategy", Type::Struct(&STATEFUL_SET_UPDATE_STRATEGY)).omit_empty(),
        field("revisionHistoryLimit", Int32).pointer().omit_empty(),
        field("minReadySeconds", Int32).omit_empty(),
        field(
            "persistentVolumeClaimRetentionPolicy",
            Type::Struct(&STATEFUL_SET_PERSISTENT_VOLUME_CLAIM_RETENTION_POLICY),
        )
        .pointer()
        .omit_empty(),
        field("ordinals", Type::Struct(&STATEFUL_SET_ORDINALS)).pointer().omit_empty(),
    ],
);

/// `apps/v1` `StatefulSetStatus`.
pub static STATEFUL_SET_STATUS: Struct = structure(
    PACKAGE,
    "StatefulSetStatus",
    &[
        field("observedGeneration", Int64).omit_empty(),
        field("replicas", Int32).required(),
        field("readyReplicas", Int32).omit_empty(),
        field("currentReplicas", Int32).omit_empty(),
        field("updatedReplicas", Int32).omit_empty(),
        field("currentRevision", Text("string")).omit_empty(),
        field("updateRevision", Text("string")).omit_empty(),
        field("collisionCount", Int32).pointer().omit_empty(),
        field(
            "conditions",
            List(&Type::Struct(&STATEFUL_SET_CONDITION), merged_by(&["type"]).patched_by("type")),
        )
        .omit_empty(),
        field("availableReplicas", Int32),
    ],
);

/// `apps/v1` `StatefulSetUpdateStrategy`.
pub static STATEFUL_SET_UPDATE_STRATEGY: Struct = structure(
    PACKAGE,
    "StatefulSetUpdateStrategy",
    &[
        field("type", Text("v1.StatefulSetUpdateStrategyType")).omit_empty(),
        field("rollingUpdate", Type::Struct(&ROLLING_UPDATE_STATEFUL_SET_STRATEGY))
            .pointer()
            .omit_empty(),
    ],
);
