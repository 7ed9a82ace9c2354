//! Empties namespaces that are deleted, and lets them go.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Namespace;
use kubernetes_objects::Status;
use kubernetes_objects::resource::{RESOURCES, Resource};

use super::super::DeleteOptions;
use super::super::store::{ChangeKind, ObjectName};
use super::Kinds;
use super::client::Client;
use super::informer::Told;
use super::queue::{Controller, Queue, enqueue};
use super::view::View;

/// How many namespaces are worked on at once (`--concurrent-namespace-syncs`).
const WORKERS: usize = 10;

/// The namespace controller.
#[derive(Debug)]
pub(super) struct Namespaces {
    kinds: Kinds,
    view: Arc<View>,
    client: Client,
    queue: Queue,
}

impl Namespaces {
    pub(super) fn new(kinds: Kinds, view: &Arc<View>, client: Client) -> Arc<Self> {
        Arc::new(Self { kinds, view: Arc::clone(view), client, queue: Queue::new(WORKERS) })
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(self: &Arc<Self>, told: &Told<'_>) {
        let metadata = told.after.metadata();
        if told.is(self.kinds.namespaces) {
            if metadata.deletion_timestamp.is_some() && told.kind != ChangeKind::Deleted {
                enqueue(self, &told.key());
            }
        } else if told.kind == ChangeKind::Deleted
            && let Some(namespace) = &metadata.namespace
        {
            let key = (String::new(), namespace.clone());
            if self.is_ending(&key) {
                enqueue(self, &key);
            }
        }
    }

    fn is_ending(&self, key: &ObjectName) -> bool {
        let heard = self.view.heard();
        heard
            .object(self.kinds.namespaces, key)
            .is_some_and(|namespace| namespace.metadata().deletion_timestamp.is_some())
    }

    /// The objects that are in a namespace.
    fn contents(&self, namespace: &str) -> Vec<(&'static Resource, String)> {
        let namespaced = RESOURCES.iter().filter(|resource| {
            resource.namespaced
                && resource.verbs.contains(&"delete")
                && resource.group != "events.k8s.io"
        });
        namespaced
            .flat_map(|resource| {
                let names = self.client.api.names_in(resource, namespace);
                names.into_iter().map(move |name| (resource, name))
            })
            .collect()
    }
}

impl Controller for Namespaces {
    fn queue(&self) -> &Queue {
        &self.queue
    }

    async fn sync(self: &Arc<Self>, key: &ObjectName) -> Result<(), Status> {
        if !self.is_ending(key) {
            return Ok(());
        }
        for (resource, name) in self.contents(&key.1) {
            let options = DeleteOptions::default();
            match self.client.delete(resource, &key.1, &name, &options).await {
                Err(status) if status.code != 404 => return Err(status),
                _ => {}
            }
        }
        if !self.contents(&key.1).is_empty() {
            // Their going brings this back.
            return Ok(());
        }
        let object = self.client.api.object(self.kinds.namespaces, "", &key.1);
        let Some(Ok(mut namespace)) =
            object.as_ref().and_then(|object| object.other()).map(|one| one.read::<Namespace>())
        else {
            return Ok(());
        };
        namespace.spec.get_or_insert_default().finalizers = None;
        match self.client.update_typed(self.kinds.namespaces, "finalize", &namespace).await {
            Err(status) if status.code != 404 => Err(status),
            _ => Ok(()),
        }
    }
}
