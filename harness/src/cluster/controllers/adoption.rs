//! Pods that have lost their controller, or never had one, and whoever selects them.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use kubernetes_objects::Status;
use kubernetes_objects::resource::{self, Resource};

use super::super::object::Object;
use super::super::selection::selects;
use super::super::store::{ObjectName, has_ended};
use super::client::Client;
use super::pods::{controlled_by, controller_of};
use super::view::View;

/// The objects of a resource whose selector a pod fits.
pub(super) fn candidates(view: &View, resource: &'static Resource, pod: &Pod) -> Vec<ObjectName> {
    let Some(labels) = pod.metadata.labels.as_ref() else { return Vec::new() };
    let namespace = pod.metadata.namespace.as_deref().unwrap_or_default();
    let heard = view.heard();
    heard
        .objects_in(resource, namespace)
        .filter(|(_, object)| {
            selector_of(object).is_some_and(|selector| selects(&selector, Some(labels)))
        })
        .map(|(key, _)| key.clone())
        .collect()
}

fn selector_of(object: &Object) -> Option<LabelSelector> {
    let selector = object.other()?.rest.get("spec")?.get("selector")?;
    serde_json::from_value(selector.clone()).ok()
}

/// Takes in the pods without a controller that fit and may be taken in, and lets those go that
/// fit no more
/// (`PodControllerRefManager`).
pub(super) async fn claim(
    client: &Client,
    view: &View,
    resource: &'static Resource,
    owner: &ObjectMeta,
    fits: impl Fn(&BTreeMap<String, String>) -> bool,
    may_adopt: impl Fn(&Pod) -> bool,
) -> Result<(), Status> {
    let Some(pods) = resource::find("", "v1", "pods") else { return Ok(()) };
    if owner.deletion_timestamp.is_some() {
        return Ok(());
    }
    let (adopted, released) = matching(view, owner, &fits);
    for pod in adopted.into_iter().filter(|pod| may_adopt(pod)) {
        let reference = controlled_by(resource, owner);
        edit(client, pods, &pod, |metadata| {
            metadata.owner_references.get_or_insert_default().push(reference);
        })
        .await?;
    }
    for pod in released {
        let uid = owner.uid.clone().unwrap_or_default();
        edit(client, pods, &pod, |metadata| {
            if let Some(owners) = metadata.owner_references.as_mut() {
                owners.retain(|one| one.uid != uid);
            }
        })
        .await?;
    }
    Ok(())
}

fn matching(
    view: &View,
    owner: &ObjectMeta,
    fits: &impl Fn(&BTreeMap<String, String>) -> bool,
) -> (Vec<Arc<Pod>>, Vec<Arc<Pod>>) {
    let namespace = owner.namespace.clone().unwrap_or_default();
    let uid = owner.uid.as_deref().unwrap_or_default();
    let empty = BTreeMap::new();
    let selected = |pod: &Arc<Pod>| fits(pod.metadata.labels.as_ref().unwrap_or(&empty));
    let heard = view.heard();
    let adopted = heard
        .orphans
        .range((namespace.clone(), String::new())..)
        .take_while(|((known, _), _)| *known == namespace)
        .map(|(_, pod)| pod)
        .filter(|pod| !has_ended(pod) && pod.metadata.deletion_timestamp.is_none())
        .filter(|pod| selected(pod))
        .cloned()
        .collect();
    let released = match heard.owned(uid) {
        Some(owned) if owned.with_labels(|labels| !fits(labels)) > 0 => {
            owned.active().into_iter().filter(|pod| !selected(pod)).collect()
        }
        _ => Vec::new(),
    };
    (adopted, released)
}

async fn edit(
    client: &Client,
    pods: &'static Resource,
    pod: &Pod,
    change: impl FnOnce(&mut ObjectMeta) + Send,
) -> Result<(), Status> {
    let namespace = pod.metadata.namespace.clone().unwrap_or_default();
    let name = pod.metadata.name.clone().unwrap_or_default();
    let controlled = controller_of(&pod.metadata).is_some();
    let outcome = client
        .patch(pods, "", &namespace, &name, |object| {
            // Somebody else may have been faster.
            if controller_of(object.metadata()).is_some() == controlled {
                change(object.metadata_mut());
            }
        })
        .await;
    match outcome {
        Err(status) if status.code == 404 => Ok(()),
        outcome => outcome,
    }
}
