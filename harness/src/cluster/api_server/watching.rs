//! Watches: what changed, from any revision that is still known.
//!
//! A watch keeps no queue: it reads the resource's history from where it is, so
//! that a client that reads slowly costs nothing, and one that is too far behind
//! is told to list again.

use std::collections::VecDeque;
use std::sync::Arc;

use kubernetes_objects::Status;
use kubernetes_objects::resource::Resource;
use kubernetes_objects::selector::{FieldSelector, LabelSelector};
use serde_json::{Value as Json, json};
use tokio::sync::watch;

use super::ApiServer;
use super::reading::{as_sent, is_wanted};
use super::requests::{Place, WatchOptions};
use crate::cluster::store::{Change, ChangeKind, Expired, Record};

/// The most changes taken from the history at once.
const AT_ONCE: usize = 256;

/// The annotation of the bookmark that ends what there was at the start.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// One event of a watch.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchEvent {
    /// `ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK` or `ERROR`.
    pub kind: &'static str,
    /// The object; of an error the `Status`.
    pub object: Json,
}

/// A watch that goes on until it is dropped, or its history is lost.
#[derive(Debug)]
pub struct Watch {
    server: Arc<ApiServer>,
    resource: &'static Resource,
    namespace: String,
    name: String,
    labels: LabelSelector,
    fields: FieldSelector,
    /// Everything up to this revision has been told.
    revision: u64,
    changes: watch::Receiver<u64>,
    ready: VecDeque<WatchEvent>,
    ended: bool,
}

impl ApiServer {
    /// Watches a resource's objects, or one of them.
    #[must_use]
    pub fn watch(self: &Arc<Self>, place: &Place<'_>, options: WatchOptions) -> Watch {
        let mut watch = Watch {
            server: Arc::clone(self),
            resource: place.resource,
            namespace: place.namespace.to_owned(),
            name: place.name.to_owned(),
            labels: options.labels,
            fields: options.fields,
            revision: 0,
            changes: self.subscribe(),
            ready: VecDeque::new(),
            ended: false,
        };
        match options.from {
            Some(revision) if !options.initial_events => watch.revision = revision,
            _ => watch.begin(options.initial_events),
        }
        watch
    }
}

impl Watch {
    /// The next event; none when the watch has ended with an error.
    pub async fn next(&mut self) -> Option<WatchEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            self.changes.mark_unchanged();
            if !self.collect() && self.changes.changed().await.is_err() {
                return None;
            }
        }
    }

    /// A bookmark: everything up to its revision has been told.
    #[must_use]
    pub fn bookmark(&self) -> WatchEvent {
        self.bookmark_with(json!({}))
    }

    fn bookmark_with(&self, annotations: Json) -> WatchEvent {
        let mut metadata = json!({"resourceVersion": self.revision.to_string()});
        if annotations.as_object().is_some_and(|all| !all.is_empty()) {
            metadata["annotations"] = annotations;
        }
        let mut object = json!({
            "kind": self.resource.kind, "apiVersion": self.resource.api_version(),
            "metadata": metadata,
        });
        kubernetes_objects::encode::complete(&mut object, self.resource);
        WatchEvent { kind: "BOOKMARK", object }
    }

    /// Begins with everything that there is.
    fn begin(&mut self, says_when_done: bool) {
        let state = self.server.state();
        self.revision = state.store.revision();
        let found: Vec<_> = state
            .store
            .collection(self.resource)
            .after(&self.namespace, None)
            .filter(|record| self.is_wanted(record))
            .cloned()
            .collect();
        drop(state);
        self.ready.extend(found.iter().map(|record| event("ADDED", self.resource, record)));
        if says_when_done {
            let bookmark = self.bookmark_with(json!({INITIAL_EVENTS_END: "true"}));
            self.ready.push_back(bookmark);
        }
    }

    /// Takes what the history has after the last revision told; says whether there was any.
    fn collect(&mut self) -> bool {
        let state = self.server.state();
        let newest = state.store.revision();
        let taken: Result<Vec<Change>, Expired> = state
            .store
            .collection(self.resource)
            .history()
            .after(self.revision)
            .map(|changes| changes.take(AT_ONCE).cloned().collect());
        drop(state);
        let changes = match taken {
            Ok(changes) => changes,
            Err(Expired { oldest }) => {
                self.ended = true;
                self.ready.push_back(too_old(self.revision, oldest));
                return true;
            }
        };
        let was = self.revision;
        // Fewer than could be taken: nothing else of this resource has happened.
        self.revision = match changes.last() {
            Some(last) if changes.len() == AT_ONCE => last.revision,
            _ => newest.max(self.revision),
        };
        let events: Vec<_> = changes.iter().filter_map(|change| self.event_of(change)).collect();
        self.ready.extend(events);
        !self.ready.is_empty() || (self.revision != was && changes.len() == AT_ONCE)
    }

    /// What a change is to someone who sees only the objects asked for.
    fn event_of(&self, change: &Change) -> Option<WatchEvent> {
        let before = change.before.as_ref().is_some_and(|before| self.is_wanted(before));
        let after = change.kind != ChangeKind::Deleted && self.is_wanted(&change.record);
        let kind = match (before, after) {
            (false, true) => "ADDED",
            (true, true) => "MODIFIED",
            (true, false) => "DELETED",
            (false, false) => return None,
        };
        if let (false, Some(before)) = (after, &change.before) {
            // It is gone, or out of sight: the client gets what it knew, as of now.
            let mut last = before.clone();
            last.object.metadata_mut().resource_version = Some(change.revision.to_string());
            return Some(event(kind, self.resource, &last));
        }
        Some(event(kind, self.resource, &change.record))
    }

    fn is_wanted(&self, record: &Record) -> bool {
        let metadata = record.object.metadata();
        let is =
            |wanted: &String, known: Option<&String>| wanted.is_empty() || Some(wanted) == known;
        is(&self.namespace, metadata.namespace.as_ref())
            && is(&self.name, metadata.name.as_ref())
            && is_wanted(record, &self.labels, &self.fields)
    }
}

fn event(kind: &'static str, resource: &'static Resource, record: &Record) -> WatchEvent {
    WatchEvent { kind, object: as_sent(resource, record) }
}

fn too_old(revision: u64, oldest: u64) -> WatchEvent {
    let status =
        Status::new(410, "Expired", format!("too old resource version: {revision} ({oldest})"));
    WatchEvent { kind: "ERROR", object: status.to_json() }
}
