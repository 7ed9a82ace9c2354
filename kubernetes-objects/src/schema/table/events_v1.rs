//! The types of `events/v1`; written by `schema-table.py`.

use crate::schema::Struct;
use crate::schema::Type::{self, Int32, MicroTime, Text, Time};
use crate::schema::core_v1;
use crate::schema::meta_v1;
use crate::schema::row::{API_VERSION, KIND, field, structure};

const PACKAGE: &str = "io.k8s.api.events.v1";

/// `events/v1` `Event`.
pub static EVENT: Struct = structure(
    PACKAGE,
    "Event",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta"),
        field("eventTime", MicroTime).required(),
        field("series", Type::Struct(&EVENT_SERIES)).pointer().omit_empty(),
        field("reportingController", Text("string")).omit_empty(),
        field("reportingInstance", Text("string")).omit_empty(),
        field("action", Text("string")).omit_empty(),
        field("reason", Text("string")).omit_empty(),
        field("regarding", Type::Struct(&core_v1::OBJECT_REFERENCE)).omit_empty(),
        field("related", Type::Struct(&core_v1::OBJECT_REFERENCE)).pointer().omit_empty(),
        field("note", Text("string")).omit_empty(),
        field("type", Text("string")).omit_empty(),
        field("deprecatedSource", Type::Struct(&core_v1::EVENT_SOURCE)).omit_empty(),
        field("deprecatedFirstTimestamp", Time).omit_empty(),
        field("deprecatedLastTimestamp", Time).omit_empty(),
        field("deprecatedCount", Int32).omit_empty(),
    ],
);

/// `events/v1` `EventSeries`.
pub static EVENT_SERIES: Struct = structure(
    PACKAGE,
    "EventSeries",
    &[field("count", Int32).required(), field("lastObservedTime", MicroTime).required()],
);
