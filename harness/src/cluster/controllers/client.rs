//! A controller's client: no faster than it may ask, and its calls take their time.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Event;
use kubernetes_objects::Status;
use kubernetes_objects::resource::Resource;
use tokio::time::{sleep, sleep_until};

use super::super::delays::{API_ANSWER, API_COMMIT, Limit};
use super::super::object::{Object, Typed, Untyped};
use super::super::token_bucket::TokenBucket;
use super::super::{ApiServer, DeleteOptions};

/// A controller's client. Its event recorder shares its limit.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) api: Arc<ApiServer>,
    /// The controller's name, under which it writes.
    pub(super) name: &'static str,
    bucket: TokenBucket,
}

impl Client {
    pub(super) fn new(api: &Arc<ApiServer>, name: &'static str, limit: Limit) -> Self {
        Self { api: Arc::clone(api), name, bucket: TokenBucket::new(limit) }
    }

    /// Waits for the client's turn and for the call to arrive.
    async fn begin(&self) {
        sleep_until(self.bucket.take()).await;
        sleep(API_COMMIT).await;
    }

    /// Reads an object from the server.
    pub(super) async fn get(
        &self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
    ) -> Option<Object> {
        self.begin().await;
        let answer = self.api.object(resource, namespace, name);
        sleep(API_ANSWER).await;
        answer
    }

    /// Creates an object.
    pub(super) async fn create(
        &self,
        resource: &'static Resource,
        namespace: &str,
        object: Object,
    ) -> Result<Object, Status> {
        self.begin().await;
        let answer = self.api.create_object(resource, namespace, object, self.name);
        sleep(API_ANSWER).await;
        answer
    }

    /// Updates an object, or what is below it.
    pub(super) async fn update(
        &self,
        resource: &'static Resource,
        subresource: &str,
        object: Object,
    ) -> Result<Object, Status> {
        self.begin().await;
        let answer = self.api.update_object(resource, subresource, object, self.name);
        sleep(API_ANSWER).await;
        answer
    }

    /// Updates an object that is kept as JSON.
    pub(super) async fn update_typed<T: Typed>(
        &self,
        resource: &'static Resource,
        subresource: &str,
        object: &T,
    ) -> Result<Object, Status> {
        self.update(resource, subresource, untyped(object)?).await
    }

    /// Deletes an object.
    pub(super) async fn delete(
        &self,
        resource: &'static Resource,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<(), Status> {
        self.begin().await;
        let answer = self.api.delete_object(resource, namespace, name, options);
        sleep(API_ANSWER).await;
        answer
    }

    /// Changes an object as a patch would: what it is now, changed, written back.
    pub(super) async fn patch(
        &self,
        resource: &'static Resource,
        subresource: &str,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Object) + Send,
    ) -> Result<(), Status> {
        self.begin().await;
        let answer = match self.api.object(resource, namespace, name) {
            Some(mut object) => {
                change(&mut object);
                object.metadata_mut().resource_version = None;
                self.api.update_object(resource, subresource, object, self.name).map(drop)
            }
            None => Err(Status::not_found(&resource.qualified(), name)),
        };
        sleep(API_ANSWER).await;
        answer
    }

    /// Writes an event: a new one, or another count of one that is known.
    pub(super) async fn write_event(&self, event: Event, known: bool) {
        let Some(events) = kubernetes_objects::resource::find("", "v1", "events") else { return };
        let namespace = event.metadata.namespace.clone().unwrap_or_default();
        let name = event.metadata.name.clone().unwrap_or_default();
        let fresh = Object::Event(Arc::new(event.clone()));
        // What cannot be recorded is lost, as with a real recorder.
        if known {
            let _ = self.patch(events, "", &namespace, &name, |object| *object = fresh).await;
        } else {
            let _ = self.create(events, &namespace, fresh).await;
        }
    }
}

/// An object of a kind that is kept as JSON.
pub(super) fn untyped<T: Typed>(object: &T) -> Result<Object, Status> {
    Untyped::of(object)
        .map(|object| Object::Other(Arc::new(object)))
        .map_err(|error| Status::bad_request(error.to_string()))
}
