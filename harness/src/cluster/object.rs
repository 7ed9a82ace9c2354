//! An object of a cluster, whatever its kind.
//!
//! The kinds that every pod passes through are kept as their types, which is
//! small and fast; all others as JSON beside their metadata.

use std::sync::Arc;

use k8s_openapi::Metadata;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Event, Node, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kubernetes_objects::resource::Resource;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

/// An object; cloning shares it.
#[derive(Debug, Clone)]
pub enum Object {
    /// A pod.
    Pod(Arc<Pod>),
    /// A node.
    Node(Arc<Node>),
    /// An event of the core group, which is also what `events.k8s.io` shows.
    Event(Arc<Event>),
    /// A lease, which every node renews every ten seconds.
    Lease(Arc<Lease>),
    /// Any other kind.
    Other(Arc<Untyped>),
}

/// A type of objects.
pub trait Typed: Serialize + DeserializeOwned + Metadata<Ty = ObjectMeta> {}

impl<T: Serialize + DeserializeOwned + Metadata<Ty = ObjectMeta>> Typed for T {}

/// An object whose kind the store does not know: its metadata, and the rest as JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Untyped {
    /// The metadata, without field owners.
    pub metadata: ObjectMeta,
    /// Everything besides `apiVersion`, `kind` and `metadata`.
    pub rest: Map<String, Json>,
}

impl Untyped {
    /// Reads it as its type.
    ///
    /// # Errors
    /// What does not fit the type.
    pub fn read<T: Typed>(&self) -> Result<T, serde_json::Error> {
        let mut object = T::deserialize(&self.rest)?;
        object.metadata_mut().clone_from(&self.metadata);
        Ok(object)
    }

    /// Makes it of its type.
    ///
    /// # Errors
    /// What cannot be written as JSON.
    pub fn of<T: Typed>(object: &T) -> Result<Self, serde_json::Error> {
        let Json::Object(mut rest) = serde_json::to_value(object)? else {
            return Ok(Self::default());
        };
        for place in ["apiVersion", "kind", "metadata"] {
            rest.remove(place);
        }
        Ok(Self { metadata: object.metadata().clone(), rest })
    }

    fn from_json(json: Json) -> Result<Self, serde_json::Error> {
        let Json::Object(mut rest) = json else { return Ok(Self::default()) };
        rest.remove("apiVersion");
        rest.remove("kind");
        let metadata =
            rest.remove("metadata").map_or(Ok(ObjectMeta::default()), serde_json::from_value)?;
        Ok(Self { metadata, rest })
    }
}

impl Default for Untyped {
    fn default() -> Self {
        Self { metadata: ObjectMeta::default(), rest: Map::new() }
    }
}

impl Object {
    /// Reads the JSON of an object of this resource. Owners of fields are left out.
    ///
    /// # Errors
    /// What does not fit the type.
    pub fn from_json(resource: &Resource, json: Json) -> Result<Self, serde_json::Error> {
        let mut object = match (resource.group, resource.kind) {
            ("", "Pod") => Self::Pod(Arc::new(serde_json::from_value(json)?)),
            ("", "Node") => Self::Node(Arc::new(serde_json::from_value(json)?)),
            ("", "Event") => Self::Event(Arc::new(serde_json::from_value(json)?)),
            ("coordination.k8s.io", "Lease") => {
                Self::Lease(Arc::new(serde_json::from_value(json)?))
            }
            _ => Self::Other(Arc::new(Untyped::from_json(json)?)),
        };
        object.metadata_mut().managed_fields = None;
        Ok(object)
    }

    /// The object as JSON, without `apiVersion` and `kind`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Pod(pod) => json(&**pod),
            Self::Node(node) => json(&**node),
            Self::Event(event) => json(&**event),
            Self::Lease(lease) => json(&**lease),
            Self::Other(other) => {
                let mut object = Map::new();
                object.insert("metadata".to_owned(), json(&other.metadata));
                object.extend(other.rest.iter().map(|(name, value)| (name.clone(), value.clone())));
                Json::Object(object)
            }
        }
    }

    /// The object as clients get it, but for the owners of its fields.
    #[must_use]
    pub fn as_json_of(&self, resource: &'static Resource) -> Json {
        let mut object = self.to_json();
        // Whoever wrote it may have left out what its place says.
        object["kind"] = resource.kind.into();
        object["apiVersion"] = resource.api_version().into();
        kubernetes_objects::encode::complete(&mut object, resource);
        object
    }

    /// Its metadata.
    #[must_use]
    pub fn metadata(&self) -> &ObjectMeta {
        match self {
            Self::Pod(pod) => &pod.metadata,
            Self::Node(node) => &node.metadata,
            Self::Event(event) => &event.metadata,
            Self::Lease(lease) => &lease.metadata,
            Self::Other(other) => &other.metadata,
        }
    }

    /// Its metadata, to change; an object that is shared is copied.
    pub fn metadata_mut(&mut self) -> &mut ObjectMeta {
        match self {
            Self::Pod(pod) => &mut Arc::make_mut(pod).metadata,
            Self::Node(node) => &mut Arc::make_mut(node).metadata,
            Self::Event(event) => &mut Arc::make_mut(event).metadata,
            Self::Lease(lease) => &mut Arc::make_mut(lease).metadata,
            Self::Other(other) => &mut Arc::make_mut(other).metadata,
        }
    }

    /// The pod, if it is one.
    #[must_use]
    pub fn pod(&self) -> Option<&Arc<Pod>> {
        if let Self::Pod(pod) = self { Some(pod) } else { None }
    }

    /// The node, if it is one.
    #[must_use]
    pub fn node(&self) -> Option<&Arc<Node>> {
        if let Self::Node(node) = self { Some(node) } else { None }
    }

    /// The event, if it is one.
    #[must_use]
    pub fn event(&self) -> Option<&Arc<Event>> {
        if let Self::Event(event) = self { Some(event) } else { None }
    }

    /// The lease, if it is one.
    #[must_use]
    pub fn lease(&self) -> Option<&Arc<Lease>> {
        if let Self::Lease(lease) = self { Some(lease) } else { None }
    }

    /// An object of any other kind.
    #[must_use]
    pub fn other(&self) -> Option<&Arc<Untyped>> {
        if let Self::Other(other) = self { Some(other) } else { None }
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Pod(a), Self::Pod(b)) => a == b,
            (Self::Node(a), Self::Node(b)) => a == b,
            (Self::Event(a), Self::Event(b)) => a == b,
            (Self::Lease(a), Self::Lease(b)) => a == b,
            (Self::Other(a), Self::Other(b)) => a == b,
            _ => false,
        }
    }
}

fn json<T: Serialize>(object: &T) -> Json {
    serde_json::to_value(object).expect("Kubernetes objects are always valid JSON")
}
