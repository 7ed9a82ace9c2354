//! What tables say of an event, in the fields of either group.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::age::since;
use super::object::{number, text};

/// The first of several fields that is there.
fn first<'a>(event: &'a Json, fields: &[&str]) -> &'a Json {
    fields.iter().map(|field| &event[*field]).find(|value| !value.is_null()).unwrap_or(&Json::Null)
}

/// The reference to what it is about.
pub(super) fn regarding(event: &Json) -> &Json {
    first(event, &["involvedObject", "regarding"])
}

pub(super) fn object(event: &Json) -> String {
    let about = regarding(event);
    let kind = text(&about["kind"]).to_lowercase();
    match text(&about["name"]) {
        "" => kind,
        name => format!("{kind}/{name}"),
    }
}

pub(super) fn message(event: &Json) -> &str {
    text(first(event, &["message", "note"])).trim()
}

/// Who says it, and where.
pub(super) fn source(event: &Json) -> String {
    let source = first(event, &["source", "deprecatedSource"]);
    let or = |one: &Json, other: &Json| match text(one) {
        "" => text(other).to_owned(),
        one => one.to_owned(),
    };
    let reporting = first(event, &["reportingComponent", "reportingController"]);
    let component = or(&source["component"], reporting);
    let host = or(&source["host"], &event["reportingInstance"]);
    if host.is_empty() { component } else { format!("{component}, {host}") }
}

pub(super) fn first_seen(event: &Json, now: Timestamp) -> String {
    since(first(event, &["firstTimestamp", "deprecatedFirstTimestamp", "eventTime"]), now)
}

pub(super) fn last_seen(event: &Json, now: Timestamp) -> String {
    let series = &event["series"]["lastObservedTime"];
    if !series.is_null() {
        return since(series, now);
    }
    let last = first(event, &["lastTimestamp", "deprecatedLastTimestamp"]);
    if last.is_null() { first_seen(event, now) } else { since(last, now) }
}

pub(super) fn count(event: &Json) -> i64 {
    if event["series"].is_object() {
        return number(&event["series"]["count"]);
    }
    number(first(event, &["count", "deprecatedCount"])).max(1)
}
