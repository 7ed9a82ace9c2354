//! The objects of one resource.

use std::collections::BTreeMap;
use std::ops::Bound;

use kubernetes_objects::resource::Resource;
use tokio::sync::mpsc::UnboundedSender;

use super::history::{Change, ChangeKind, History};
use super::{Object, ObjectName, Record, name_of};

/// The objects of one resource, by namespace and name.
#[derive(Debug)]
pub(in crate::cluster) struct Collection {
    resource: &'static Resource,
    records: BTreeMap<ObjectName, Record>,
    pub(super) history: History,
    pub(super) subscribers: Vec<UnboundedSender<Change>>,
}

impl Collection {
    pub(super) fn new(resource: &'static Resource) -> Self {
        Self {
            resource,
            records: BTreeMap::new(),
            history: History::default(),
            subscribers: Vec::new(),
        }
    }

    pub(in crate::cluster) fn get(&self, name: &ObjectName) -> Option<&Record> {
        self.records.get(name)
    }

    /// How many there are.
    pub(in crate::cluster) fn len(&self) -> usize {
        self.records.len()
    }

    /// Every object, by namespace and name.
    pub(in crate::cluster) fn objects(&self) -> impl Iterator<Item = &Object> {
        self.records.values().map(|record| &record.object)
    }

    /// The objects of a namespace, or of all where it is empty, that come after a name.
    pub(in crate::cluster) fn after<'a>(
        &'a self,
        namespace: &'a str,
        last: Option<ObjectName>,
    ) -> impl Iterator<Item = (&'a ObjectName, &'a Record)> {
        let from = match last {
            Some(last) => Bound::Excluded(last),
            None => Bound::Included((namespace.to_owned(), String::new())),
        };
        self.records.range((from, Bound::Unbounded)).take_while(move |((in_namespace, _), _)| {
            namespace.is_empty() || in_namespace == namespace
        })
    }

    /// The changes so far.
    pub(in crate::cluster) fn history(&self) -> &History {
        &self.history
    }

    /// Writes a record; gives the one before.
    pub(super) fn put(&mut self, revision: u64, record: Record) -> Option<Record> {
        let name = name_of(record.object.metadata());
        let before = self.records.insert(name, record.clone());
        let kind = if before.is_some() { ChangeKind::Modified } else { ChangeKind::Added };
        self.tell(Change {
            resource: self.resource,
            kind,
            revision,
            record,
            before: before.clone(),
        });
        before
    }

    pub(super) fn remove(&mut self, revision: u64, name: &ObjectName, last: Record) {
        let before = self.records.remove(name);
        let (resource, kind) = (self.resource, ChangeKind::Deleted);
        self.tell(Change { resource, kind, revision, record: last, before });
    }

    fn tell(&mut self, change: Change) {
        self.subscribers.retain(|subscriber| subscriber.send(change.clone()).is_ok());
        self.history.push(change);
    }
}
