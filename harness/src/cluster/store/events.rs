//! Events: the same one again is counted, and the oldest go first.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use k8s_openapi::api::core::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{INDEXED, Object, ObjectName, Record, Store, name_of};
use crate::cluster::owners::FieldOwners;

/// The most events kept. A real server keeps them for an hour.
const MAX_EVENTS: usize = 100_000;

/// Which events there are.
#[derive(Debug, Default)]
pub(super) struct Index {
    made: u64,
    /// By the order in which they came.
    names: BTreeMap<u64, Arc<ObjectName>>,
    places: HashMap<Arc<ObjectName>, u64>,
    /// Their places by a number of what makes them the same; of two that share it by chance the
    /// newer.
    known: HashMap<u64, u64>,
}

impl Index {
    pub(super) fn in_order(&self) -> impl Iterator<Item = &ObjectName> {
        self.names.values().map(|name| &**name)
    }

    /// The event with this number of what makes it the same as others.
    fn known(&self, number: u64) -> Option<&ObjectName> {
        self.names.get(self.known.get(&number)?).map(|name| &**name)
    }

    pub(super) fn add(&mut self, event: &Event) {
        self.made += 1;
        let name = Arc::new(name_of(&event.metadata));
        self.names.insert(self.made, Arc::clone(&name));
        self.places.insert(name, self.made);
        self.known.insert(number_of(event), self.made);
    }

    pub(super) fn remove(&mut self, event: &Event) {
        let name = name_of(&event.metadata);
        if let Some(place) = self.places.remove(&name) {
            self.names.remove(&place);
            let number = number_of(event);
            if self.known.get(&number) == Some(&place) {
                self.known.remove(&number);
            }
        }
    }
}

impl Store {
    /// Records an event, whose fields `owners` tells the owners of; one that is known is counted
    /// instead.
    pub(in crate::cluster) fn put_event(
        &mut self,
        mut event: Event,
        now: &Time,
        owners: impl FnOnce(&Object) -> FieldOwners,
    ) {
        let known = self
            .events
            .known(number_of(&event))
            .and_then(|name| self.collections[INDEXED.events].get(name))
            .filter(|known| known.object.event().is_some_and(|it| key_of(it) == key_of(&event)))
            .cloned();
        if let Some(mut record) = known
            && let Object::Event(known) = &mut record.object
        {
            let known = Arc::make_mut(known);
            known.count = Some(known.count.unwrap_or(1).saturating_add(event.count.unwrap_or(1)));
            known.last_timestamp = event.last_timestamp;
            self.put_at(INDEXED.events, record);
            return;
        }
        self.complete(&mut event, now);
        let object = Object::Event(Arc::new(event));
        let owners = owners(&object);
        let record = Record { object, owners };
        self.put_at(INDEXED.events, record);
        self.drop_oldest_event();
    }

    /// Names an event as its recorder would: after its object and the time in nanoseconds.
    fn complete(&mut self, event: &mut Event, now: &Time) {
        let about = event.involved_object.namespace.clone().filter(|name| !name.is_empty());
        let namespace = about.unwrap_or_else(|| "default".to_owned());
        let object = event.involved_object.name.clone().unwrap_or_default();
        let mut at = now.0.as_nanosecond();
        let mut name = (namespace, format!("{object}.{at:x}"));
        while self.collections[INDEXED.events].get(&name).is_some() {
            at += 1;
            name.1 = format!("{object}.{at:x}");
        }
        event.metadata.generate_name = None;
        event.metadata.namespace = Some(name.0);
        event.metadata.name = Some(name.1);
        event.metadata.uid = Some(self.next_uid());
        event.metadata.creation_timestamp = Some(now.clone());
        event.count = event.count.or(Some(1));
    }

    fn drop_oldest_event(&mut self) {
        while self.events.names.len() > MAX_EVENTS {
            let Some(name) = self.events.names.values().next().cloned() else { return };
            self.remove_at(INDEXED.events, &name);
        }
    }
}

/// What makes two events the same: about what of whom, type, reason, message, who says it
/// (`getEventKey` of client-go's `tools/record`).
fn key_of(event: &Event) -> impl Hash + Eq + use<'_> {
    let object = &event.involved_object;
    let component = event.source.as_ref().and_then(|source| source.component.as_deref());
    (
        [&object.kind, &object.namespace, &object.name, &object.uid, &object.field_path],
        [&event.type_, &event.reason, &event.message],
        component.or(event.reporting_component.as_deref()),
    )
}

/// A number that equal events share; others may by chance.
fn number_of(event: &Event) -> u64 {
    let mut hasher = DefaultHasher::new();
    key_of(event).hash(&mut hasher);
    hasher.finish()
}
