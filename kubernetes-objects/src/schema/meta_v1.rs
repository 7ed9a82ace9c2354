//! The types of `k8s.io/apimachinery` that objects are made of (`meta/v1`, 1.36).

use super::Type::{self, Any, Bool, Int32, Int64, List, Map, Text, Time};
use super::row::{API_VERSION, ATOMIC, KIND, SET, field, merged_by, structure};
use super::{Field, Struct};

const PACKAGE: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";

const STRING: Type = Text("string");
const UID: Type = Text("types.UID");
const STRINGS: Type = Map("map[string]string", &STRING);

const fn optional(name: &'static str, of: Type) -> Field {
    field(name, of).omit_empty()
}

const fn required(name: &'static str, of: Type) -> Field {
    field(name, of).required()
}

/// `meta/v1` `ObjectMeta`.
pub static OBJECT_META: Struct = structure(
    PACKAGE,
    "ObjectMeta",
    &[
        optional("name", STRING),
        optional("generateName", STRING),
        optional("namespace", STRING),
        optional("selfLink", STRING),
        optional("uid", UID),
        optional("resourceVersion", STRING),
        optional("generation", Int64),
        optional("creationTimestamp", Time).omit_zero(),
        optional("deletionTimestamp", Time).pointer(),
        optional("deletionGracePeriodSeconds", Int64).pointer(),
        optional("labels", STRINGS),
        optional("annotations", STRINGS),
        optional(
            "ownerReferences",
            List(&Type::Struct(&OWNER_REFERENCE), merged_by(&["uid"]).patched_by("uid")),
        ),
        optional("finalizers", List(&STRING, SET.patched_by(""))),
        optional("managedFields", List(&Type::Struct(&MANAGED_FIELDS_ENTRY), ATOMIC)),
    ],
);

/// `meta/v1` `OwnerReference`.
pub static OWNER_REFERENCE: Struct = structure(
    PACKAGE,
    "OwnerReference",
    &[
        required("apiVersion", STRING),
        required("kind", STRING),
        required("name", STRING),
        required("uid", UID),
        optional("controller", Bool).pointer(),
        optional("blockOwnerDeletion", Bool).pointer(),
    ],
)
.atomic();

/// `meta/v1` `ManagedFieldsEntry`.
pub static MANAGED_FIELDS_ENTRY: Struct = structure(
    PACKAGE,
    "ManagedFieldsEntry",
    &[
        optional("manager", STRING),
        optional("operation", Text("v1.ManagedFieldsOperationType")),
        optional("apiVersion", STRING),
        optional("time", Time).pointer(),
        optional("fieldsType", STRING),
        optional("fieldsV1", Any),
        optional("subresource", STRING),
    ],
);

/// `meta/v1` `ListMeta`.
pub static LIST_META: Struct = structure(
    PACKAGE,
    "ListMeta",
    &[
        optional("selfLink", STRING),
        optional("resourceVersion", STRING),
        optional("continue", STRING),
        optional("remainingItemCount", Int64).pointer(),
    ],
);

/// `meta/v1` `LabelSelector`.
pub static LABEL_SELECTOR: Struct = structure(
    PACKAGE,
    "LabelSelector",
    &[
        optional("matchLabels", STRINGS),
        optional("matchExpressions", List(&Type::Struct(&LABEL_SELECTOR_REQUIREMENT), ATOMIC)),
    ],
)
.atomic();

/// `meta/v1` `LabelSelectorRequirement`.
pub static LABEL_SELECTOR_REQUIREMENT: Struct = structure(
    PACKAGE,
    "LabelSelectorRequirement",
    &[
        required("key", STRING),
        required("operator", Text("v1.LabelSelectorOperator")),
        optional("values", List(&STRING, ATOMIC)),
    ],
);

/// `meta/v1` `FieldSelectorRequirement`.
pub static FIELD_SELECTOR_REQUIREMENT: Struct = structure(
    PACKAGE,
    "FieldSelectorRequirement",
    &[
        required("key", STRING),
        required("operator", Text("v1.FieldSelectorOperator")),
        optional("values", List(&STRING, ATOMIC)),
    ],
);

/// `meta/v1` `Condition`.
pub static CONDITION: Struct = structure(
    PACKAGE,
    "Condition",
    &[
        required("type", STRING),
        required("status", Text("v1.ConditionStatus")),
        optional("observedGeneration", Int64),
        required("lastTransitionTime", Time),
        required("reason", STRING),
        required("message", STRING),
    ],
);

/// `meta/v1` `DeleteOptions`.
pub static DELETE_OPTIONS: Struct = structure(
    PACKAGE,
    "DeleteOptions",
    &[
        KIND,
        API_VERSION,
        optional("gracePeriodSeconds", Int64).pointer(),
        optional("preconditions", Type::Struct(&PRECONDITIONS)).pointer(),
        optional("orphanDependents", Bool).pointer(),
        optional("propagationPolicy", Text("v1.DeletionPropagation")).pointer(),
        optional("dryRun", List(&STRING, ATOMIC)),
        optional("ignoreStoreReadErrorWithClusterBreakingPotential", Bool).pointer(),
    ],
);

/// `meta/v1` `Preconditions`.
pub static PRECONDITIONS: Struct = structure(
    PACKAGE,
    "Preconditions",
    &[optional("uid", UID).pointer(), optional("resourceVersion", STRING).pointer()],
);

/// `meta/v1` `Status`: a refusal, or what is sent after a deletion.
pub static STATUS: Struct = structure(
    PACKAGE,
    "Status",
    &[
        KIND,
        API_VERSION,
        optional("metadata", Type::Struct(&LIST_META)),
        optional("status", STRING),
        optional("message", STRING),
        optional("reason", Text("v1.StatusReason")),
        optional("details", Type::Struct(&STATUS_DETAILS)).pointer().atomic(),
        optional("code", Int32),
    ],
);

/// `meta/v1` `StatusDetails`.
pub static STATUS_DETAILS: Struct = structure(
    PACKAGE,
    "StatusDetails",
    &[
        optional("name", STRING),
        optional("group", STRING),
        optional("kind", STRING),
        optional("uid", UID),
        optional("causes", List(&Type::Struct(&STATUS_CAUSE), ATOMIC)),
        optional("retryAfterSeconds", Int32),
    ],
);

/// `meta/v1` `StatusCause`.
pub static STATUS_CAUSE: Struct = structure(
    PACKAGE,
    "StatusCause",
    &[
        optional("reason", Text("v1.CauseType")),
        optional("message", STRING),
        optional("field", STRING),
    ],
);
