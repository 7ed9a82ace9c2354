//! The types of `node/v1`; written by `schema-table.py`.

use crate::schema::Struct;
use crate::schema::Type::{self, List, Map, Quantity, Text};
use crate::schema::core_v1;
use crate::schema::meta_v1;
use crate::schema::row::{API_VERSION, ATOMIC, KIND, field, structure};

const PACKAGE: &str = "io.k8s.api.node.v1";

/// `node/v1` `Overhead`.
pub static OVERHEAD: Struct = structure(
    PACKAGE,
    "Overhead",
    &[field("podFixed", Map("v1.ResourceList", &Quantity)).omit_empty()],
);

/// `node/v1` `RuntimeClass`.
pub static RUNTIME_CLASS: Struct = structure(
    PACKAGE,
    "RuntimeClass",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("handler", Text("string")).required(),
        field("overhead", Type::Struct(&OVERHEAD)).pointer().omit_empty(),
        field("scheduling", Type::Struct(&SCHEDULING)).pointer().omit_empty(),
    ],
);

/// `node/v1` `Scheduling`.
pub static SCHEDULING: Struct = structure(
    PACKAGE,
    "Scheduling",
    &[
        field("nodeSelector", Map("map[string]string", &Text("string"))).omit_empty().atomic(),
        field("tolerations", List(&Type::Struct(&core_v1::TOLERATION), ATOMIC)).omit_empty(),
    ],
);
