//! Namespaces: they are there until everything in them is gone.

use std::sync::Arc;

use kubernetes_objects::resource::Resource;
use serde_json::json;

use crate::cluster::object::{Object, Untyped};

/// The label by which a namespace can be selected.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// Makes a new namespace active, held by the finalizer that empties it.
pub(super) fn prepare_for_create(namespace: &mut Untyped) {
    namespace.rest.insert("spec".to_owned(), json!({"finalizers": ["kubernetes"]}));
    namespace.rest.insert("status".to_owned(), json!({"phase": "Active"}));
    label(namespace);
}

/// Keeps the finalizers, which only `finalize` changes.
pub(super) fn prepare_for_update(namespace: &mut Untyped, before: &Untyped, subresource: &str) {
    if subresource != "finalize"
        && let Some(spec) = before.rest.get("spec")
    {
        namespace.rest.insert("spec".to_owned(), spec.clone());
    }
    label(namespace);
}

fn label(namespace: &mut Untyped) {
    let name = namespace.metadata.name.clone().unwrap_or_default();
    namespace.metadata.labels.get_or_insert_default().insert(NAME_LABEL.to_owned(), name);
}

/// Marks a namespace as ending.
pub(in crate::cluster) fn terminate(object: &mut Object) {
    if let Object::Other(namespace) = object {
        let namespace = Arc::make_mut(namespace);
        namespace.rest.insert("status".to_owned(), json!({"phase": "Terminating"}));
    }
}

/// Whether an object is a namespace that is not empty yet.
pub(in crate::cluster) fn is_held(resource: &'static Resource, object: &Object) -> bool {
    let finalizers = |namespace: &Untyped| {
        let finalizers = namespace.rest.get("spec")?.get("finalizers")?;
        finalizers.as_array().map(|all| !all.is_empty())
    };
    resource.plural == "namespaces"
        && object.other().and_then(|namespace| finalizers(namespace)).unwrap_or(false)
}
