//! What the API server writes into a pod that leaves it out.
//!
//! `supplementalGroupsPolicy` is not among it: unset stays unset (measured on
//! API server 1.36.2).

use k8s_openapi::api::core::v1::{Container, Pod, PodSpec};

/// Fills in the defaults that kubelets rely on.
pub(super) fn apply(pod: &mut Pod) {
    let Some(spec) = pod.spec.as_mut() else { return };
    default_spec(spec);
    let init = spec.init_containers.iter_mut().flatten();
    for container in spec.containers.iter_mut().chain(init) {
        default_container(container);
    }
    let ephemeral = spec.ephemeral_containers.iter_mut().flatten();
    for container in ephemeral {
        let image = container.image.as_deref().unwrap_or_default();
        container.image_pull_policy.get_or_insert_with(|| pull_policy(image).to_owned());
    }
}

/// Keeps what was filled in when the pod was created: clients patch what a manifest says, and a
/// new tag does not change the pull policy that the old one led to.
pub(super) fn keep(pod: &mut Pod, before: &Pod) {
    let (Some(spec), Some(before)) = (pod.spec.as_mut(), before.spec.as_ref()) else { return };
    let known = before.containers.iter().chain(before.init_containers.iter().flatten());
    let init = spec.init_containers.iter_mut().flatten();
    for container in spec.containers.iter_mut().chain(init) {
        if let Some(known) = known.clone().find(|known| known.name == container.name) {
            let policy = &known.image_pull_policy;
            container.image_pull_policy = container.image_pull_policy.take().or(policy.clone());
        }
    }
}

fn default_spec(spec: &mut PodSpec) {
    let text = |field: &mut Option<String>, value: &str| {
        field.get_or_insert_with(|| value.to_owned());
    };
    text(&mut spec.restart_policy, "Always");
    text(&mut spec.dns_policy, "ClusterFirst");
    text(&mut spec.scheduler_name, "default-scheduler");
    text(&mut spec.service_account_name, "default");
    spec.termination_grace_period_seconds.get_or_insert(30);
    spec.enable_service_links.get_or_insert(true);
    spec.security_context.get_or_insert_with(Default::default);
}

fn default_container(container: &mut Container) {
    let image = container.image.as_deref().unwrap_or_default();
    let policy = pull_policy(image);
    container.image_pull_policy.get_or_insert_with(|| policy.to_owned());
    container.termination_message_path.get_or_insert_with(|| "/dev/termination-log".to_owned());
    container.termination_message_policy.get_or_insert_with(|| "File".to_owned());
}

/// `Always` for an image without a tag or with `latest`, else `IfNotPresent`.
fn pull_policy(image: &str) -> &'static str {
    if image.contains('@') {
        return "IfNotPresent";
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    match name.split_once(':') {
        Some((_, tag)) if tag != "latest" => "IfNotPresent",
        _ => "Always",
    }
}
