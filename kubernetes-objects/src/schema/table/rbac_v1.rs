//! The types of `rbac/v1`; written by `schema-table.py`.

use crate::schema::Struct;
use crate::schema::Type::{self, List, Text};
use crate::schema::meta_v1;
use crate::schema::row::{API_VERSION, ATOMIC, KIND, field, structure};

const PACKAGE: &str = "io.k8s.api.rbac.v1";

/// `rbac/v1` `AggregationRule`.
pub static AGGREGATION_RULE: Struct = structure(
    PACKAGE,
    "AggregationRule",
    &[field("clusterRoleSelectors", List(&Type::Struct(&meta_v1::LABEL_SELECTOR), ATOMIC))
        .omit_empty()],
);

/// `rbac/v1` `ClusterRole`.
pub static CLUSTER_ROLE: Struct = structure(
    PACKAGE,
    "ClusterRole",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("rules", List(&Type::Struct(&POLICY_RULE), ATOMIC)),
        field("aggregationRule", Type::Struct(&AGGREGATION_RULE)).pointer().omit_empty(),
    ],
);

/// `rbac/v1` `ClusterRoleBinding`.
pub static CLUSTER_ROLE_BINDING: Struct = structure(
    PACKAGE,
    "ClusterRoleBinding",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("subjects", List(&Type::Struct(&SUBJECT), ATOMIC)).omit_empty(),
        field("roleRef", Type::Struct(&ROLE_REF)).required(),
    ],
);

/// `rbac/v1` `PolicyRule`.
pub static POLICY_RULE: Struct = structure(
    PACKAGE,
    "PolicyRule",
    &[
        field("verbs", List(&Text("string"), ATOMIC)).required(),
        field("apiGroups", List(&Text("string"), ATOMIC)).go_name("APIGroups").omit_empty(),
        field("resources", List(&Text("string"), ATOMIC)).omit_empty(),
        field("resourceNames", List(&Text("string"), ATOMIC)).omit_empty(),
        field("nonResourceURLs", List(&Text("string"), ATOMIC)).omit_empty(),
    ],
);

/// `rbac/v1` `Role`.
pub static ROLE: Struct = structure(
    PACKAGE,
    "Role",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("rules", List(&Type::Struct(&POLICY_RULE), ATOMIC)),
    ],
);

/// `rbac/v1` `RoleBinding`.
pub static ROLE_BINDING: Struct = structure(
    PACKAGE,
    "RoleBinding",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("subjects", List(&Type::Struct(&SUBJECT), ATOMIC)).omit_empty(),
        field("roleRef", Type::Struct(&ROLE_REF)).required(),
    ],
);

/// `rbac/v1` `RoleRef`.
pub static ROLE_REF: Struct = structure(
    PACKAGE,
    "RoleRef",
    &[
        field("apiGroup", Text("string")).go_name("APIGroup"),
        field("kind", Text("string")).required(),
        field("name", Text("string")).required(),
    ],
)
.atomic();

/// `rbac/v1` `Subject`.
pub static SUBJECT: Struct = structure(
    PACKAGE,
    "Subject",
    &[
        field("kind", Text("string")).required(),
        field("apiGroup", Text("string")).go_name("APIGroup").omit_empty(),
        field("name", Text("string")).required(),
        field("namespace", Text("string")).omit_empty(),
    ],
)
.atomic();
