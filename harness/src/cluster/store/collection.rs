//! The objects of one resource.

use std::collections::BTreeMap;
use std::ops::Bound;

use kubernetes_objects::resource::Resource;
use tokio::sync::mpsc::UnboundedSender;

use super::history::{Change, ChangeKind, History};
use super::{Object, ObjectName, Record};

/// The objects of one resource, by namespace and name.
#[derive(Debug)]
pub(in crate::cluster) struct Collection {
    resource: &'static Resource,
    namespaces: BTreeMap<Box<str>, BTreeMap<Box<str>, Record>>,
    count: usize,
    pub(super) history: History,
    pub(super) subscribers: Vec<UnboundedSender<Change>>,
}

impl Collection {
    pub(super) fn new(resource: &'static Resource) -> Self {
        Self {
            resource,
            namespaces: BTreeMap::new(),
            count: 0,
            history: History::default(),
            subscribers: Vec::new(),
        }
    }

    pub(in crate::cluster) fn get(&self, (namespace, name): &ObjectName) -> Option<&Record> {
        self.find(namespace, name)
    }

    /// The object with a name; the namespace is empty where objects have none.
    pub(in crate::cluster) fn find(&self, namespace: &str, name: &str) -> Option<&Record> {
        self.namespaces.get(namespace)?.get(name)
    }

    /// How many there are.
    pub(in crate::cluster) fn len(&self) -> usize {
        self.count
    }

    /// Every object, by namespace and name.
    pub(in crate::cluster) fn objects(&self) -> impl Iterator<Item = &Object> {
        self.namespaces.values().flat_map(BTreeMap::values).map(|record| &record.object)
    }

    /// The objects of a namespace, or of all where it is empty, that come after a name.
    pub(in crate::cluster) fn after<'a>(
        &'a self,
        namespace: &'a str,
        last: Option<ObjectName>,
    ) -> impl Iterator<Item = &'a Record> {
        let first = last.as_ref().map_or(namespace, |(namespace, _)| namespace);
        let from = (Bound::Included(first), Bound::Unbounded);
        self.namespaces
            .range::<str, _>(from)
            .take_while(move |(known, _)| namespace.is_empty() || ***known == *namespace)
            .flat_map(move |(known, records)| {
                let after = match &last {
                    Some((namespace, name)) if **known == **namespace => Bound::Excluded(&**name),
                    _ => Bound::Unbounded,
                };
                records.range::<str, _>((after, Bound::Unbounded))
            })
            .map(|(_, record)| record)
    }

    /// The changes so far.
    pub(in crate::cluster) fn history(&self) -> &History {
        &self.history
    }

    /// Writes a record; gives the one before.
    pub(super) fn put(&mut self, revision: u64, record: Record) -> Option<Record> {
        let before = self.replace(record.clone());
        let kind = if before.is_some() { ChangeKind::Modified } else { ChangeKind::Added };
        let (resource, before_it) = (self.resource, before.clone());
        self.tell(Change { resource, kind, revision, record, before: before_it });
        before
    }

    fn replace(&mut self, record: Record) -> Option<Record> {
        let metadata = record.object.metadata();
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let name = metadata.name.as_deref().unwrap_or_default();
        if !self.namespaces.contains_key(namespace) {
            self.namespaces.insert(namespace.into(), BTreeMap::new());
        }
        let records = self.namespaces.get_mut(namespace).expect("the namespace was made above");
        if let Some(known) = records.get_mut(name) {
            return Some(std::mem::replace(known, record));
        }
        records.insert(name.into(), record);
        self.count += 1;
        None
    }

    /// Takes a record away; gives it as it was.
    pub(super) fn remove(
        &mut self,
        revision: u64,
        (namespace, name): &ObjectName,
    ) -> Option<Record> {
        let records = self.namespaces.get_mut(namespace.as_str())?;
        let last = records.remove(name.as_str())?;
        if records.is_empty() {
            self.namespaces.remove(namespace.as_str());
        }
        self.count -= 1;
        let (resource, kind) = (self.resource, ChangeKind::Deleted);
        let (record, before) = (last.clone(), Some(last.clone()));
        self.tell(Change { resource, kind, revision, record, before });
        Some(last)
    }

    fn tell(&mut self, change: Change) {
        self.subscribers.retain(|subscriber| subscriber.send(change.clone()).is_ok());
        self.history.push(change);
    }
}
