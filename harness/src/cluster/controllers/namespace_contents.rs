//! Gives every new namespace its account and the server's certificate, and gives them back.
//!
//! Rules: `serviceaccounts_controller.go` and `rootcacertpublisher` in
//! `pkg/controller` of 1.36, here one controller for both.

use std::sync::Arc;

use kubernetes_objects::Status;
use kubernetes_objects::resource;

use super::super::namespace_contents::{ACCOUNT, CERTIFICATE, of};
use super::super::object::Object;
use super::super::store::{ChangeKind, ObjectName};
use super::Kinds;
use super::client::Client;
use super::informer::Told;
use super::queue::{Controller, Queue, enqueue};

/// How many namespaces are worked on at once.
const WORKERS: usize = 1;

/// Keeps what every namespace has.
#[derive(Debug)]
pub(super) struct NamespaceContents {
    kinds: Kinds,
    client: Client,
    queue: Queue,
}

impl NamespaceContents {
    pub(super) fn new(kinds: Kinds, client: Client) -> Arc<Self> {
        Arc::new(Self { kinds, client, queue: Queue::new(WORKERS) })
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(self: &Arc<Self>, told: &Told<'_>) {
        if self.client.api.certificate().is_none() {
            return;
        }
        let metadata = told.after.metadata();
        if told.is(self.kinds.namespaces) {
            if told.kind == ChangeKind::Added {
                enqueue(self, &told.key());
            }
        } else if self.is_content(told)
            && told.kind != ChangeKind::Added
            && let Some(namespace) = &metadata.namespace
        {
            enqueue(self, &(String::new(), namespace.clone()));
        }
    }

    fn is_content(&self, told: &Told<'_>) -> bool {
        let name = told.after.metadata().name.as_deref();
        told.resource.group.is_empty()
            && match told.resource.plural {
                "serviceaccounts" => name == Some(ACCOUNT) && told.kind == ChangeKind::Deleted,
                "configmaps" => name == Some(CERTIFICATE),
                _ => false,
            }
    }

    fn is_there(&self, namespace: &str) -> bool {
        let object = self.client.api.object(self.kinds.namespaces, "", namespace);
        object.is_some_and(|namespace| namespace.metadata().deletion_timestamp.is_none())
    }
}

impl Controller for NamespaceContents {
    fn queue(&self) -> &Queue {
        &self.queue
    }

    async fn sync(self: &Arc<Self>, key: &ObjectName) -> Result<(), Status> {
        let Some(certificate) = self.client.api.certificate() else { return Ok(()) };
        for content in of(certificate) {
            if !self.is_there(&key.1) {
                return Ok(());
            }
            let Some(resource) = resource::find("", "v1", content.plural) else { continue };
            let name = content.object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            let data = content.object.get("data").cloned();
            match self.client.api.object(resource, &key.1, &name) {
                None => {
                    let Ok(object) = Object::from_json(resource, content.object) else { continue };
                    match self.client.create(resource, &key.1, object).await {
                        Err(status) if status.reason != "AlreadyExists" => return Err(status),
                        _ => {}
                    }
                }
                Some(known)
                    if known.other().is_some_and(|it| it.rest.get("data") != data.as_ref()) =>
                {
                    self.client
                        .patch(resource, "", &key.1, &name, |object| {
                            if let (Object::Other(object), Some(data)) = (object, data) {
                                Arc::make_mut(object).rest.insert("data".to_owned(), data);
                            }
                        })
                        .await?;
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}
