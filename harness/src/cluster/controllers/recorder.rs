//! What controllers say of their objects: events, fewer than there are occasions.
//!
//! The rules are client-go's (`tools/record/events_cache.go`): similar events
//! become one that is counted, and of one object no more than a burst is
//! recorded, then one every five minutes.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kubernetes_objects::resource::Resource;
use tokio::time::Instant;

use super::super::delays::Limit;
use super::super::token_bucket::TokenBucket;
use super::client::Client;

/// Events about one object (`defaultSpamBurst`, `defaultSpamQPS`).
const OF_ONE_OBJECT: Limit = Limit { per_second: 1.0 / 300.0, burst: 25.0 };
/// From this many different messages on, similar events become one (`defaultAggregateMaxEvents`).
const MESSAGES_APART: usize = 10;
/// For how long similar events are remembered (`defaultAggregateIntervalInSeconds`).
const REMEMBERED: Duration = Duration::from_secs(600);
/// The most events that wait to be written; more are lost (`maxQueuedEvents`).
const MOST_WAITING: usize = 1000;
/// The most objects that are remembered (`maxLruCacheEntries`).
const MOST_REMEMBERED: usize = 4096;

/// Records events through a controller's client.
#[derive(Debug)]
pub(super) struct Recorder {
    client: Arc<Client>,
    /// The component that events name as their source.
    component: &'static str,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    allowed: HashMap<String, TokenBucket>,
    similar: HashMap<String, Similar>,
    known: HashMap<String, Event>,
    waiting: VecDeque<(Event, bool)>,
    writes: bool,
    /// The number in the last event's name.
    last_number: i128,
}

#[derive(Debug)]
struct Similar {
    messages: HashSet<String>,
    at: Instant,
}

impl Recorder {
    pub(super) fn new(client: &Arc<Client>, component: &'static str) -> Self {
        Self { client: Arc::clone(client), component, state: Mutex::default() }
    }

    /// Records what happened to an object.
    pub(super) fn record(
        self: &Arc<Self>,
        resource: &Resource,
        metadata: &ObjectMeta,
        type_: &str,
        reason: &str,
        message: &str,
    ) {
        let mut event = self.event(resource, metadata, type_, reason, message);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let number = state.next_number(self.client.api.clock().now().0.as_nanosecond());
        let name = metadata.name.as_deref().unwrap_or_default();
        event.metadata.name = Some(format!("{name}.{number:x}"));
        let Some(correlated) = state.correlate(event) else { return };
        if state.waiting.len() >= MOST_WAITING {
            return;
        }
        state.waiting.push_back(correlated);
        if !std::mem::replace(&mut state.writes, true) {
            let recorder = Arc::clone(self);
            tokio::spawn(async move { recorder.write().await });
        }
    }

    async fn write(&self) {
        loop {
            let next = {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                let next = state.waiting.pop_front();
                state.writes = next.is_some();
                next
            };
            let Some((event, known)) = next else { return };
            self.client.write_event(event, known).await;
        }
    }

    fn event(
        &self,
        resource: &Resource,
        metadata: &ObjectMeta,
        type_: &str,
        reason: &str,
        message: &str,
    ) -> Event {
        let now = self.client.api.clock().now();
        let namespace = metadata.namespace.clone().unwrap_or_else(|| "default".to_owned());
        Event {
            metadata: ObjectMeta { namespace: Some(namespace), ..ObjectMeta::default() },
            involved_object: ObjectReference {
                api_version: Some(resource.api_version()),
                kind: Some(resource.kind.to_owned()),
                name: metadata.name.clone(),
                namespace: metadata.namespace.clone(),
                uid: metadata.uid.clone(),
                resource_version: metadata.resource_version.clone(),
                field_path: None,
            },
            type_: Some(type_.to_owned()),
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
            count: Some(1),
            first_timestamp: Some(now.clone()),
            last_timestamp: Some(now),
            source: Some(EventSource {
                component: Some(self.component.to_owned()),
                ..EventSource::default()
            }),
            reporting_component: Some(self.component.to_owned()),
            ..Event::default()
        }
    }
}

impl State {
    /// The number for an event's name: the time, in which nothing else has happened yet. Virtual
    /// time stands still while several things do.
    fn next_number(&mut self, now: i128) -> i128 {
        self.last_number = now.max(self.last_number.saturating_add(1));
        self.last_number
    }

    /// The event to write and whether it is known, or nothing where there are too many.
    fn correlate(&mut self, mut event: Event) -> Option<(Event, bool)> {
        let now = Instant::now();
        let object = &event.involved_object;
        let about = format!("{:?} {:?} {:?}", object.kind, object.name, object.uid);
        let mut key = format!("{about} {:?} {:?}", event.type_, event.reason);
        let message = event.message.clone().unwrap_or_default();
        if self.similar.len() >= MOST_REMEMBERED {
            self.similar.clear();
        }
        let similar = self
            .similar
            .entry(key.clone())
            .or_insert_with(|| Similar { messages: HashSet::new(), at: now });
        if now.duration_since(similar.at) > REMEMBERED {
            similar.messages.clear();
        }
        similar.at = now;
        let apart = similar.messages.contains(&message) && similar.messages.len() < MESSAGES_APART;
        if !apart && similar.messages.len() + 1 < MESSAGES_APART {
            similar.messages.insert(message.clone());
            key = format!("{key} {message}");
        } else if apart {
            key = format!("{key} {message}");
        } else {
            event.message = Some(format!("(combined from similar events): {message}"));
        }
        let known = self.count(&key, &mut event);
        if self.allowed.len() >= MOST_REMEMBERED {
            self.allowed.clear();
        }
        let allowed = self.allowed.entry(about).or_insert_with(|| TokenBucket::new(OF_ONE_OBJECT));
        allowed.try_take().then_some((event, known))
    }

    /// Makes an event another occasion of the one with this key, if there is one.
    fn count(&mut self, key: &str, event: &mut Event) -> bool {
        if self.known.len() >= MOST_REMEMBERED {
            self.known.clear();
        }
        let Some(known) = self.known.get_mut(key) else {
            self.known.insert(key.to_owned(), event.clone());
            return false;
        };
        known.count = Some(known.count.unwrap_or(1).saturating_add(1));
        known.last_timestamp = event.last_timestamp.take();
        known.message = event.message.take();
        *event = known.clone();
        true
    }
}
