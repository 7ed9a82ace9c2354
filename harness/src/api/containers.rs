//! Which container of a pod a request means, and where its kubelet is.

use std::sync::Arc;

use fake_kubelet::api::PodIdentity;
use k8s_openapi::api::core::v1::Pod;
use kubernetes_objects::Status;

use super::path::Target;
use super::request::Context;

/// A container of a pod on a node.
#[derive(Debug, Clone)]
pub(super) struct ContainerPlace {
    pub(super) node: String,
    pub(super) pod: PodIdentity,
    pub(super) container: String,
}

/// Finds the container that a request names, or the only one.
///
/// # Errors
/// [`Status`] when there is no such pod or container, or the name is missing.
pub(super) fn find(
    context: &Context,
    target: &Target,
    container: &str,
) -> Result<ContainerPlace, Status> {
    let (namespace, name) = (&target.namespace, &target.name);
    let pod = context.cluster.api.pod(namespace, name);
    let pod = pod.ok_or_else(|| Status::not_found(&target.resource.qualified(), name))?;
    let container = named(&pod, name, container)?;
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone()).unwrap_or_default();
    Ok(ContainerPlace { node, container, pod: identity(&pod) })
}

fn identity(pod: &Arc<Pod>) -> PodIdentity {
    PodIdentity {
        namespace: pod.metadata.namespace.clone().unwrap_or_default(),
        name: pod.metadata.name.clone().unwrap_or_default(),
        uid: pod.metadata.uid.clone().unwrap_or_default(),
    }
}

/// The container by its name, or the pod's only one; in kube-apiserver's words otherwise.
fn named(pod: &Pod, name: &str, container: &str) -> Result<String, Status> {
    let spec = pod.spec.as_ref();
    let plain: Vec<&str> =
        spec.into_iter().flat_map(|spec| &spec.containers).map(|one| one.name.as_str()).collect();
    let init: Vec<&str> = spec
        .and_then(|spec| spec.init_containers.as_deref())
        .unwrap_or_default()
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    let ephemeral: Vec<&str> = spec
        .and_then(|spec| spec.ephemeral_containers.as_deref())
        .unwrap_or_default()
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    if !container.is_empty() {
        return if plain.iter().chain(&init).chain(&ephemeral).any(|known| *known == container) {
            Ok(container.to_owned())
        } else {
            Err(Status::bad_request(format!("container {container} is not valid for pod {name}")))
        };
    }
    match *plain {
        [only] => Ok(only.to_owned()),
        [] => {
            Err(Status::bad_request(format!("a container name must be specified for pod {name}")))
        }
        _ => {
            let mut message = format!(
                "a container name must be specified for pod {name}, choose one of: [{}]",
                plain.join(" ")
            );
            for (kind, names) in [("init", &init), ("ephemeral", &ephemeral)] {
                if !names.is_empty() {
                    let names = names.join(" ");
                    message.push_str(&format!(" or one of the {kind} containers: [{names}]"));
                }
            }
            Err(Status::bad_request(message))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(spec: serde_json::Value) -> Pod {
        serde_json::from_value(json!({"spec": spec})).expect("the pod is well-formed")
    }

    #[test]
    fn the_only_container_needs_no_name() {
        let one = pod(json!({"containers": [{"name": "a"}], "initContainers": [{"name": "i"}]}));
        assert_eq!(named(&one, "x", "").expect("there is one"), "a");
        assert_eq!(named(&one, "x", "i").expect("it is named"), "i");
        let error = named(&one, "x", "b").expect_err("there is no b");
        assert_eq!(error.message, "container b is not valid for pod x");
    }

    #[test]
    fn of_several_one_must_be_named() {
        let two = pod(json!({
            "containers": [{"name": "a"}, {"name": "b"}], "initContainers": [{"name": "i"}],
        }));
        let error = named(&two, "x", "").expect_err("there are two");
        assert_eq!(
            error.message,
            "a container name must be specified for pod x, choose one of: [a b] or one of the \
             init containers: [i]"
        );
        assert_eq!(error.code, 400);
    }
}
