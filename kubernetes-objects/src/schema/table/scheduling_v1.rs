//! The types of `scheduling/v1`; written by `schema-table.py`.

use crate::schema::Struct;
use crate::schema::Type::{self, Bool, Int32, Text};
use crate::schema::meta_v1;
use crate::schema::row::{API_VERSION, KIND, field, structure};

const PACKAGE: &str = "io.k8s.api.scheduling.v1";

/// `scheduling/v1` `PriorityClass`.
pub static PRIORITY_CLASS: Struct = structure(
    PACKAGE,
    "PriorityClass",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("value", Int32),
        field("globalDefault", Bool).omit_empty(),
        field("description", Text("string")).omit_empty(),
        field("preemptionPolicy", Text("v1.PreemptionPolicy")).pointer().omit_empty(),
    ],
);
