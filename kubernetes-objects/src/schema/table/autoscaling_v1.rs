//! The types of `autoscaling/v1`; written by `schema-table.py`.

use crate::schema::Struct;
use crate::schema::Type::{self, Int32, Int64, Text, Time};
use crate::schema::meta_v1;
use crate::schema::row::{API_VERSION, KIND, field, structure};

const PACKAGE: &str = "io.k8s.api.autoscaling.v1";

/// `autoscaling/v1` `CrossVersionObjectReference`.
pub static CROSS_VERSION_OBJECT_REFERENCE: Struct = structure(
    PACKAGE,
    "CrossVersionObjectReference",
    &[
        field("kind", Text("string")).required(),
        field("name", Text("string")).required(),
        field("apiVersion", Text("string")).go_name("APIVersion").omit_empty(),
    ],
)
.atomic();

/// `autoscaling/v1` `HorizontalPodAutoscaler`.
pub static HORIZONTAL_POD_AUTOSCALER: Struct = structure(
    PACKAGE,
    "HorizontalPodAutoscaler",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&HORIZONTAL_POD_AUTOSCALER_SPEC)).omit_empty(),
        field("status", Type::Struct(&HORIZONTAL_POD_AUTOSCALER_STATUS)).omit_empty(),
    ],
);

/// `autoscaling/v1` `HorizontalPodAutoscalerSpec`.
pub static HORIZONTAL_POD_AUTOSCALER_SPEC: Struct = structure(
    PACKAGE,
    "HorizontalPodAutoscalerSpec",
    &[
        field("scaleTargetRef", Type::Struct(&CROSS_VERSION_OBJECT_REFERENCE)).required(),
        field("minReplicas", Int32).pointer().omit_empty(),
        field("maxReplicas", Int32).required(),
        field("targetCPUUtilizationPercentage", Int32).pointer().omit_empty(),
    ],
);

/// `autoscaling/v1` `HorizontalPodAutoscalerStatus`.
pub static HORIZONTAL_POD_AUTOSCALER_STATUS: Struct = structure(
    PACKAGE,
    "HorizontalPodAutoscalerStatus",
    &[
        field("observedGeneration", Int64).pointer().omit_empty(),
        field("lastScaleTime", Time).pointer().omit_empty(),
        field("currentReplicas", Int32).required(),
        field("desiredReplicas", Int32).required(),
        field("currentCPUUtilizationPercentage", Int32).pointer().omit_empty(),
    ],
);

/// `autoscaling/v1` `Scale`.
pub static SCALE: Struct = structure(
    PACKAGE,
    "Scale",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&SCALE_SPEC)).omit_empty(),
        field("status", Type::Struct(&SCALE_STATUS)).omit_empty(),
    ],
);

/// `autoscaling/v1` `ScaleSpec`.
pub static SCALE_SPEC: Struct =
    structure(PACKAGE, "ScaleSpec", &[field("replicas", Int32).omit_empty().default_json(r#"0"#)]);

/// `autoscaling/v1` `ScaleStatus`.
pub static SCALE_STATUS: Struct = structure(
    PACKAGE,
    "ScaleStatus",
    &[field("replicas", Int32).required(), field("selector", Text("string")).omit_empty()],
);
