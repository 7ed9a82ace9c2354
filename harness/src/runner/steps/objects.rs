//! Steps on objects: apply, delete, scale, label.

use kubernetes_objects::patch::PatchKind;
use serde_json::{Value as Json, json};

use super::refusals::{Asked, as_expected};
use super::{Stop, namespace};
use crate::check::Difference;
use crate::cluster::{Cluster, DeleteOptions, Place, Propagation, Refusal as ApiRefusal, Writing};
use crate::scenario::{Label, ObjectName, Refusal, Scale};

/// Creates or updates objects; where a refusal or a warning is expected, of each.
pub(super) fn apply(
    manifests: &Json,
    refused: Option<&Refusal>,
    warned: Option<&str>,
    cluster: &Cluster,
) -> Result<(), Stop> {
    let manifests = match manifests {
        Json::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    for manifest in manifests {
        let outcome = cluster.api.apply(manifest).map_err(Stop::from);
        let (outcome, warnings) = match outcome {
            Ok(warnings) => (Ok(()), warnings),
            Err(stop) => (Err(stop), Vec::new()),
        };
        as_expected(refused, Asked::ApiServer, outcome)?;
        if let Some(wanted) = warned
            && !warnings.iter().any(|warning| warning.contains(wanted))
        {
            let seen = if warnings.is_empty() { "none".to_owned() } else { warnings.join("; ") };
            let difference = Difference::new("warning", format!("…{wanted}…"), seen);
            return Err(Stop::Different(vec![difference]));
        }
    }
    Ok(())
}

/// Deletes an object and what it owns.
pub(super) fn delete(name: &ObjectName, cluster: &Cluster) -> Result<(), Stop> {
    let resource = name.kind.resource();
    let namespace = if resource.namespaced { namespace(name.namespace.as_ref()) } else { "" };
    // What an object owns goes after it, as with kubectl.
    let options =
        DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
    Ok(cluster.api.delete_object(resource, namespace, &name.name, &options)?)
}

/// Sets how many replicas a workload has, as `kubectl scale` does.
pub(super) fn scale(scale: &Scale, cluster: &Cluster) -> Result<(), Stop> {
    let place = Place {
        resource: scale.kind.resource(),
        namespace: namespace(scale.namespace.as_ref()),
        name: &scale.name,
        subresource: "scale",
    };
    let patch = json!({"spec": {"replicas": scale.replicas}}).to_string();
    let by = Writing { manager: "gidcheck", ..Writing::default() };
    cluster.api.patch(&place, PatchKind::Merge, patch.as_bytes(), &by)?;
    Ok(())
}

/// Sets and removes labels of a node.
pub(super) fn set_labels(label: &Label, cluster: &Cluster) -> Result<(), ApiRefusal> {
    cluster.api.change_node(&label.node, |node| {
        let labels = node.metadata.labels.get_or_insert_default();
        for (key, value) in &label.labels {
            match value {
                Some(value) => labels.insert(key.clone(), value.clone()),
                None => labels.remove(key),
            };
        }
    })
}
