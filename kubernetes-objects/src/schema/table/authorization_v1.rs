//! The types of `authorization/v1`; written by `schema-table.py`.

use crate::schema::Struct;
use crate::schema::Type::{self, Bool, List, Map, Text};
use crate::schema::meta_v1;
use crate::schema::row::{API_VERSION, ATOMIC, KIND, field, structure};

const PACKAGE: &str = "io.k8s.api.authorization.v1";

/// `authorization/v1` `FieldSelectorAttributes`.
pub static FIELD_SELECTOR_ATTRIBUTES: Struct = structure(
    PACKAGE,
    "FieldSelectorAttributes",
    &[
        field("rawSelector", Text("string")).omit_empty(),
        field("requirements", List(&Type::Struct(&meta_v1::FIELD_SELECTOR_REQUIREMENT), ATOMIC))
            .omit_empty(),
    ],
);

/// `authorization/v1` `LabelSelectorAttributes`.
pub static LABEL_SELECTOR_ATTRIBUTES: Struct = structure(
    PACKAGE,
    "LabelSelectorAttributes",
    &[
        field("rawSelector", Text("string")).omit_empty(),
        field("requirements", List(&Type::Struct(&meta_v1::LABEL_SELECTOR_REQUIREMENT), ATOMIC))
            .omit_empty(),
    ],
);

/// `authorization/v1` `LocalSubjectAccessReview`.
pub static LOCAL_SUBJECT_ACCESS_REVIEW: Struct = structure(
    PACKAGE,
    "LocalSubjectAccessReview",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&SUBJECT_ACCESS_REVIEW_SPEC)).required(),
        field("status", Type::Struct(&SUBJECT_ACCESS_REVIEW_STATUS)).omit_empty(),
    ],
);

/// `authorization/v1` `NonResourceAttributes`.
pub static NON_RESOURCE_ATTRIBUTES: Struct = structure(
    PACKAGE,
    "NonResourceAttributes",
    &[field("path", Text("string")).omit_empty(), field("verb", Text("string")).omit_empty()],
);

/// `authorization/v1` `NonResourceRule`.
pub static NON_RESOURCE_RULE: Struct = structure(
    PACKAGE,
    "NonResourceRule",
    &[
        field("verbs", List(&Text("string"), ATOMIC)).required(),
        field("nonResourceURLs", List(&Text("string"), ATOMIC)).omit_empty(),
    ],
);

/// `authorization/v1` `ResourceAttributes`.
pub static RESOURCE_ATTRIBUTES: Struct = structure(
    PACKAGE,
    "ResourceAttributes",
    &[
        field("namespace", Text("string")).omit_empty(),
        field("verb", Text("string")).omit_empty(),
        field("group", Text("string")).omit_empty(),
        field("version", Text("string")).omit_empty(),
        field("resource", Text("string")).omit_empty(),
        field("subresource", Text("string")).omit_empty(),
        field("name", Text("string")).omit_empty(),
        field("fieldSelector", Type::Struct(&FIELD_SELECTOR_ATTRIBUTES)).pointer().omit_empty(),
        field("labelSelector", Type::Struct(&LABEL_SELECTOR_ATTRIBUTES)).pointer().omit_empty(),
    ],
);

/// `authorization/v1` `ResourceRule`.
pub static RESOURCE_RULE: Struct = structure(
    PACKAGE,
    "ResourceRule",
    &[
        field("verbs", List(&Text("string"), ATOMIC)).required(),
        field("apiGroups", List(&Text("string"), ATOMIC)).go_name("APIGroups").omit_empty(),
        field("resources", List(&Text("string"), ATOMIC)).omit_empty(),
        field("resourceNames", List(&Text("string"), ATOMIC)).omit_empty(),
    ],
);

/// `authorization/v1` `SelfSubjectAccessReview`.
pub static SELF_SUBJECT_ACCESS_REVIEW: Struct = structure(
    PACKAGE,
    "SelfSubjectAccessReview",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&SELF_SUBJECT_ACCESS_REVIEW_SPEC)).required(),
        field("status", Type::Struct(&SUBJECT_ACCESS_REVIEW_STATUS)).omit_empty(),
    ],
);

/// `authorization/v1` `SelfSubjectAccessReviewSpec`.
pub static SELF_SUBJECT_ACCESS_REVIEW_SPEC: Struct = structure(
    PACKAGE,
    "SelfSubjectAccessReviewSpec",
    &[
        field("resourceAttributes", Type::Struct(&RESOURCE_ATTRIBUTES)).pointer().omit_empty(),
        field("nonResourceAttributes", Type::Struct(&NON_RESOURCE_ATTRIBUTES))
            .pointer()
            .omit_empty(),
    ],
);

/// `authorization/v1` `SelfSubjectRulesReview`.
pub static SELF_SUBJECT_RULES_REVIEW: Struct = structure(
    PACKAGE,
    "SelfSubjectRulesReview",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&SELF_SUBJECT_RULES_REVIEW_SPEC)).required(),
        field("status", Type::Struct(&SUBJECT_RULES_REVIEW_STATUS)).omit_empty(),
    ],
);

/// `authorization/v1` `SelfSubjectRulesReviewSpec`.
pub static SELF_SUBJECT_RULES_REVIEW_SPEC: Struct = structure(
    PACKAGE,
    "SelfSubjectRulesReviewSpec",
    &[field("namespace", Text("string")).omit_empty()],
);

/// `authorization/v1` `SubjectAccessReview`.
pub static SUBJECT_ACCESS_REVIEW: Struct = structure(
    PACKAGE,
    "SubjectAccessReview",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&SUBJECT_ACCESS_REVIEW_SPEC)).required(),
        field("status", Type::Struct(&SUBJECT_ACCESS_REVIEW_STATUS)).omit_empty(),
    ],
);

/// `authorization/v1` `SubjectAccessReviewSpec`.
pub static SUBJECT_ACCESS_REVIEW_SPEC: Struct = structure(
    PACKAGE,
    "SubjectAccessReviewSpec",
    &[
        field("resourceAttributes", Type::Struct(&RESOURCE_ATTRIBUTES)).pointer().omit_empty(),
        field("nonResourceAttributes", Type::Struct(&NON_RESOURCE_ATTRIBUTES))
            .pointer()
            .omit_empty(),
        field("user", Text("string")).omit_empty(),
        field("groups", List(&Text("string"), ATOMIC)).omit_empty(),
        field("extra", Map("map[string]v1.ExtraValue", &List(&Text("string"), ATOMIC)))
            .omit_empty(),
        field("uid", Text("string")).go_name("UID").omit_empty(),
    ],
);

/// `authorization/v1` `SubjectAccessReviewStatus`.
pub static SUBJECT_ACCESS_REVIEW_STATUS: Struct = structure(
    PACKAGE,
    "SubjectAccessReviewStatus",
    &[
        field("allowed", Bool).required(),
        field("denied", Bool).omit_empty(),
        field("reason", Text("string")).omit_empty(),
        field("evaluationError", Text("string")).omit_empty(),
    ],
);

/// `authorization/v1` `SubjectRulesReviewStatus`.
pub static SUBJECT_RULES_REVIEW_STATUS: Struct = structure(
    PACKAGE,
    "SubjectRulesReviewStatus",
    &[
        field("resourceRules", List(&Type::Struct(&RESOURCE_RULE), ATOMIC)).required(),
        field("nonResourceRules", List(&Type::Struct(&NON_RESOURCE_RULE), ATOMIC)).required(),
        field("incomplete", Bool).required(),
        field("evaluationError", Text("string")).omit_empty(),
    ],
);
