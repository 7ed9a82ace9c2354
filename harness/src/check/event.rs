//! Expectations about events.

use k8s_openapi::api::core::v1::Event;

use super::Difference;
use crate::cluster::Cluster;
use crate::scenario::{EventPattern, EventType};

/// How many similar events a difference shows.
const SHOWN: usize = 5;

/// Looks for an event.
pub(super) fn check(
    pattern: &EventPattern,
    namespace: &str,
    cluster: &Cluster,
    differences: &mut Vec<Difference>,
) {
    let events = cluster.api.events();
    let about = |event: &&std::sync::Arc<Event>| {
        let object = &event.involved_object;
        pattern.pod.as_ref().is_none_or(|pod| {
            object.kind.as_deref() == Some("Pod")
                && object.name.as_ref() == Some(pod)
                && object.namespace.as_deref().unwrap_or(namespace) == namespace
        })
    };
    let count: i32 = events
        .iter()
        .filter(about)
        .filter(|event| fits(pattern, event))
        .map(|event| event.count.unwrap_or(1))
        .sum();
    let holds = pattern.count.map_or(count > 0, |wanted| count == wanted);
    if holds {
        return;
    }
    let seen: Vec<_> = events.iter().filter(about).rev().take(SHOWN).map(|e| describe(e)).collect();
    let observed = match (count, seen.is_empty()) {
        (0, true) => "no event".to_owned(),
        (0, false) => format!("none; the newest are {}", seen.join("; ")),
        (count, _) => format!("{count} times"),
    };
    differences.push(Difference::new("event", wanted(pattern), observed));
}

fn fits(pattern: &EventPattern, event: &Event) -> bool {
    let type_ = pattern.type_.map(|type_| match type_ {
        EventType::Normal => "Normal",
        EventType::Warning => "Warning",
    });
    let component = event
        .source
        .as_ref()
        .and_then(|source| source.component.as_ref())
        .or(event.reporting_component.as_ref());
    type_.is_none_or(|type_| event.type_.as_deref() == Some(type_))
        && pattern.reason.as_ref().is_none_or(|reason| event.reason.as_ref() == Some(reason))
        && pattern.message.as_ref().is_none_or(|text| event.message.as_ref() == Some(text))
        && pattern.component.as_ref().is_none_or(|wanted| component == Some(wanted))
        && pattern
            .contains
            .as_ref()
            .is_none_or(|part| event.message.as_ref().is_some_and(|text| text.contains(part)))
}

/// An event in one line, as `kubectl get events` orders it.
fn describe(event: &Event) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let count = event.count.filter(|count| *count > 1).map(|count| format!(" ({count} times)"));
    format!(
        "{} {} {}: {}{}",
        text(&event.type_),
        text(&event.reason),
        text(&event.involved_object.name),
        text(&event.message),
        count.unwrap_or_default()
    )
}

fn wanted(pattern: &EventPattern) -> String {
    let mut words = Vec::new();
    if let Some(type_) = pattern.type_ {
        words.push(format!("{type_:?}"));
    }
    words.extend(pattern.reason.clone());
    words.extend(pattern.pod.iter().map(|pod| format!("about pod {pod}")));
    words.extend(pattern.component.iter().map(|component| format!("from {component}")));
    words.extend(pattern.message.iter().map(|text| format!("saying {text:?}")));
    words.extend(pattern.contains.iter().map(|text| format!("saying …{text}…")));
    words.extend(pattern.count.map(|count| format!("{count} times")));
    words.join(" ")
}
