//! The types of `policy/v1`; written by `schema-table.py`.

use crate::schema::FieldPatch::Replace;
use crate::schema::Struct;
use crate::schema::Type::{self, Int32, Int64, IntOrString, List, Map, Text, Time};
use crate::schema::meta_v1;
use crate::schema::row::{API_VERSION, KIND, field, merged_by, structure};

const PACKAGE: &str = "io.k8s.api.policy.v1";

/// `policy/v1` `Eviction`.
pub static EVICTION: Struct = structure(
    PACKAGE,
    "Eviction",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("deleteOptions", Type::Struct(&meta_v1::DELETE_OPTIONS)).pointer().omit_empty(),
    ],
);

/// `policy/v1` `PodDisruptionBudget`.
pub static POD_DISRUPTION_BUDGET: Struct = structure(
    PACKAGE,
    "PodDisruptionBudget",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&POD_DISRUPTION_BUDGET_SPEC)).omit_empty(),
        field("status", Type::Struct(&POD_DISRUPTION_BUDGET_STATUS)).omit_empty(),
    ],
);

/// `policy/v1` `PodDisruptionBudgetSpec`.
pub static POD_DISRUPTION_BUDGET_SPEC: Struct = structure(
    PACKAGE,
    "PodDisruptionBudgetSpec",
    &[
        field("minAvailable", IntOrString).pointer().omit_empty(),
        field("selector", Type::Struct(&meta_v1::LABEL_SELECTOR))
            .pointer()
            .omit_empty()
            .patched_by(Replace),
        field("maxUnavailable", IntOrString).pointer().omit_empty(),
        field("unhealthyPodEvictionPolicy", Text("v1.UnhealthyPodEvictionPolicyType"))
            .pointer()
            .omit_empty(),
    ],
);

/// `policy/v1` `PodDisruptionBudgetStatus`.
pub static POD_DISRUPTION_BUDGET_STATUS: Struct = structure(
    PACKAGE,
    "PodDisruptionBudgetStatus",
    &[
        field("observedGeneration", Int64).omit_empty(),
        field("disruptedPods", Map("map[string]metav1.Time", &Time)).omit_empty(),
        field("disruptionsAllowed", Int32),
        field("currentHealthy", Int32),
        field("desiredHealthy", Int32),
        field("expectedPods", Int32),
        field(
            "conditions",
            List(&Type::Struct(&meta_v1::CONDITION), merged_by(&["type"]).patched_by("type")),
        )
        .omit_empty(),
    ],
);
