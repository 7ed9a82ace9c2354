//! The types of `coordination/v1`; written by `schema-table.py`.

use crate::schema::Struct;
use crate::schema::Type::{self, Int32, MicroTime, Text};
use crate::schema::meta_v1;
use crate::schema::row::{API_VERSION, KIND, field, structure};

const PACKAGE: &str = "io.k8s.api.coordination.v1";

/// `coordination/v1` `Lease`.
pub static LEASE: Struct = structure(
    PACKAGE,
    "Lease",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&LEASE_SPEC)).omit_empty(),
    ],
);

/// `coordination/v1` `LeaseSpec`.
pub static LEASE_SPEC: Struct = structure(
    PACKAGE,
    "LeaseSpec",
    &[
        field("holderIdentity", Text("string")).pointer().omit_empty(),
        field("leaseDurationSeconds", Int32).pointer().omit_empty(),
        field("acquireTime", MicroTime).pointer().omit_empty(),
        field("renewTime", MicroTime).pointer().omit_empty(),
        field("leaseTransitions", Int32).pointer().omit_empty(),
        field("strategy", Text("v1.CoordinatedLeaseStrategy")).pointer().omit_empty(),
        field("preferredHolder", Text("string")).pointer().omit_empty(),
    ],
);
