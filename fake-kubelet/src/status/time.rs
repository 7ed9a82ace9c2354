//! CRI's nanoseconds as the API's timestamps.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

const NANOSECONDS: i64 = 1_000_000_000;

/// The API's timestamp, whole seconds; 1970 for what lies out of range.
pub(crate) fn from_nanoseconds(nanoseconds: i64) -> Time {
    Time(Timestamp::from_second(nanoseconds.div_euclid(NANOSECONDS)).unwrap_or_default())
}
