//! The types of `discovery/v1`; written by `schema-table.py`.

use crate::schema::Struct;
use crate::schema::Type::{self, Bool, Int32, List, Map, Text};
use crate::schema::core_v1;
use crate::schema::meta_v1;
use crate::schema::row::{API_VERSION, ATOMIC, KIND, SET, field, structure};

const PACKAGE: &str = "io.k8s.api.discovery.v1";

/// `discovery/v1` `Endpoint`.
pub static ENDPOINT: Struct = structure(
    PACKAGE,
    "Endpoint",
    &[
        field("addresses", List(&Text("string"), SET)).required(),
        field("conditions", Type::Struct(&ENDPOINT_CONDITIONS)).omit_empty(),
        field("hostname", Text("string")).pointer().omit_empty(),
        field("targetRef", Type::Struct(&core_v1::OBJECT_REFERENCE)).pointer().omit_empty(),
        field("deprecatedTopology", Map("map[string]string", &Text("string"))).omit_empty(),
        field("nodeName", Text("string")).pointer().omit_empty(),
        field("zone", Text("string")).pointer().omit_empty(),
        field("hints", Type::Struct(&ENDPOINT_HINTS)).pointer().omit_empty(),
    ],
);

/// `discovery/v1` `EndpointConditions`.
pub static ENDPOINT_CONDITIONS: Struct = structure(
    PACKAGE,
    "EndpointConditions",
    &[
        field("ready", Bool).pointer().omit_empty(),
        field("serving", Bool).pointer().omit_empty(),
        field("terminating", Bool).pointer().omit_empty(),
    ],
);

/// `discovery/v1` `EndpointHints`.
pub static ENDPOINT_HINTS: Struct = structure(
    PACKAGE,
    "EndpointHints",
    &[
        field("forZones", List(&Type::Struct(&FOR_ZONE), ATOMIC)).omit_empty(),
        field("forNodes", List(&Type::Struct(&FOR_NODE), ATOMIC)).omit_empty(),
    ],
);

/// `discovery/v1` `EndpointPort`.
pub static ENDPOINT_PORT: Struct = structure(
    PACKAGE,
    "EndpointPort",
    &[
        field("name", Text("string")).pointer().omit_empty(),
        field("protocol", Text("v1.Protocol")).pointer().omit_empty(),
        field("port", Int32).pointer().omit_empty(),
        field("appProtocol", Text("string")).pointer().omit_empty(),
    ],
)
.atomic();

/// `discovery/v1` `EndpointSlice`.
pub static ENDPOINT_SLICE: Struct = structure(
    PACKAGE,
    "EndpointSlice",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("addressType", Text("v1.AddressType")).required(),
        field("endpoints", List(&Type::Struct(&ENDPOINT), ATOMIC)),
        field("ports", List(&Type::Struct(&ENDPOINT_PORT), ATOMIC)),
    ],
);

/// `discovery/v1` `ForNode`.
pub static FOR_NODE: Struct =
    structure(PACKAGE, "ForNode", &[field("name", Text("string")).required()]);

/// `discovery/v1` `ForZone`.
pub static FOR_ZONE: Struct =
    structure(PACKAGE, "ForZone", &[field("name", Text("string")).required()]);
