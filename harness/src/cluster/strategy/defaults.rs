//! What the API server writes into pods and pod templates that leave it out.
//!
//! `supplementalGroupsPolicy` is not among it: unset stays unset (measured on
//! API server 1.36.2).

use k8s_openapi::api::core::v1::{
    Container, EmptyDirVolumeSource, EnvVar, HTTPGetAction, Pod, PodSpec, Probe,
    ResourceRequirements, Toleration, Volume,
};

/// Permissions of files that a volume is made of.
const FILE_MODE: i32 = 0o644;

/// How long the token of a service account is good for.
const TOKEN_SECONDS: i64 = 3600;

/// How long a pod stays on a node that is gone (admission plugin `DefaultTolerationSeconds`).
const TOLERATED_SECONDS: i64 = 300;

/// Fills in a pod: what its template would get, and what only pods get.
pub(super) fn pod(pod: &mut Pod) {
    let Some(spec) = pod.spec.as_mut() else { return };
    self::spec(spec);
    spec.enable_service_links.get_or_insert(true);
    let host_network = spec.host_network == Some(true);
    let init = spec.init_containers.iter_mut().flatten();
    for container in spec.containers.iter_mut().chain(init) {
        let ports = container.ports.iter_mut().flatten();
        for port in ports.filter(|_| host_network) {
            port.host_port.get_or_insert(port.container_port);
        }
        if let Some(resources) = container.resources.as_mut() {
            request_limits(resources);
        }
    }
    if let Some(resources) = spec.resources.as_mut() {
        request_limits(resources);
    }
}

/// What is limited and not asked for is asked for up to its limit.
fn request_limits(resources: &mut ResourceRequirements) {
    let limits = resources.limits.clone().unwrap_or_default();
    for (name, limit) in limits {
        resources.requests.get_or_insert_default().entry(name).or_insert(limit);
    }
}

/// Fills in what admission plugins add to new pods.
pub(super) fn admitted(pod: &mut Pod) {
    let Some(spec) = pod.spec.as_mut() else { return };
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerations = spec.tolerations.get_or_insert_default();
        let tolerated = tolerations.iter().any(|known| {
            let effect = known.effect.as_deref().unwrap_or_default();
            let this = known.key.as_deref().is_none_or(|known| known.is_empty() || known == key);
            this && matches!(effect, "" | "NoExecute")
        });
        if !tolerated {
            tolerations.push(Toleration {
                key: Some(key.to_owned()),
                operator: Some("Exists".to_owned()),
                effect: Some("NoExecute".to_owned()),
                toleration_seconds: Some(TOLERATED_SECONDS),
                ..Toleration::default()
            });
        }
    }
    spec.priority.get_or_insert(0);
    text(&mut spec.preemption_policy, "PreemptLowerPriority");
}

/// Keeps what was filled in when the pod was created: clients patch what a manifest says, and a
/// new tag does not change the pull policy that the old one led to.
pub(in crate::cluster) fn keep(pod: &mut Pod, before: &Pod) {
    let (Some(spec), Some(before)) = (pod.spec.as_mut(), before.spec.as_ref()) else { return };
    let known = before.containers.iter().chain(before.init_containers.iter().flatten());
    let init = spec.init_containers.iter_mut().flatten();
    for container in spec.containers.iter_mut().chain(init) {
        if let Some(known) = known.clone().find(|known| known.name == container.name) {
            let policy = &known.image_pull_policy;
            container.image_pull_policy = container.image_pull_policy.take().or(policy.clone());
        }
    }
    spec.tolerations = spec.tolerations.take().or(before.tolerations.clone());
    spec.priority = spec.priority.or(before.priority);
    spec.preemption_policy = spec.preemption_policy.take().or(before.preemption_policy.clone());
}

/// Fills in the spec of a pod or of a template for pods.
pub(super) fn spec(spec: &mut PodSpec) {
    let init = spec.init_containers.iter_mut().flatten();
    for container in spec.containers.iter_mut().chain(init) {
        self::container(container);
    }
    for container in spec.ephemeral_containers.iter_mut().flatten() {
        let image = container.image.as_deref().unwrap_or_default();
        let policy = pull_policy(image);
        text(&mut container.image_pull_policy, policy);
        text(&mut container.termination_message_path, "/dev/termination-log");
        text(&mut container.termination_message_policy, "File");
        container.env.iter_mut().flatten().for_each(environment);
    }
    spec.volumes.iter_mut().flatten().for_each(volume);
    text(&mut spec.restart_policy, "Always");
    text(&mut spec.dns_policy, "ClusterFirst");
    text(&mut spec.scheduler_name, "default-scheduler");
    if let Some(account) = spec.service_account_name.clone().or(spec.service_account.clone()) {
        // The old name of the field is kept in step.
        spec.service_account = Some(account.clone());
        spec.service_account_name = Some(account);
    }
    spec.termination_grace_period_seconds.get_or_insert(30);
    spec.security_context.get_or_insert_with(Default::default);
}

fn text(field: &mut Option<String>, value: &str) {
    if field.as_ref().is_none_or(String::is_empty) {
        *field = Some(value.to_owned());
    }
}

fn container(container: &mut Container) {
    let policy = pull_policy(container.image.as_deref().unwrap_or_default());
    text(&mut container.image_pull_policy, policy);
    text(&mut container.termination_message_path, "/dev/termination-log");
    text(&mut container.termination_message_policy, "File");
    for port in container.ports.iter_mut().flatten() {
        text(&mut port.protocol, "TCP");
    }
    container.env.iter_mut().flatten().for_each(environment);
    for probe in [
        &mut container.liveness_probe,
        &mut container.readiness_probe,
        &mut container.startup_probe,
    ] {
        probe.iter_mut().for_each(self::probe);
    }
    if let Some(lifecycle) = container.lifecycle.as_mut() {
        for hook in [&mut lifecycle.post_start, &mut lifecycle.pre_stop] {
            hook.iter_mut().filter_map(|hook| hook.http_get.as_mut()).for_each(http_get);
        }
    }
}

fn environment(variable: &mut EnvVar) {
    let source = variable.value_from.as_mut().and_then(|from| from.field_ref.as_mut());
    if let Some(field) = source {
        text(&mut field.api_version, "v1");
    }
}

fn probe(probe: &mut Probe) {
    for (field, value) in [
        (&mut probe.timeout_seconds, 1),
        (&mut probe.period_seconds, 10),
        (&mut probe.success_threshold, 1),
        (&mut probe.failure_threshold, 3),
    ] {
        if field.is_none_or(|known| known == 0) {
            *field = Some(value);
        }
    }
    probe.http_get.iter_mut().for_each(http_get);
    if let Some(call) = probe.grpc.as_mut() {
        call.service.get_or_insert_default();
    }
}

fn http_get(get: &mut HTTPGetAction) {
    text(&mut get.scheme, "HTTP");
    text(&mut get.path, "/");
}

fn volume(volume: &mut Volume) {
    if let Some(source) = volume.secret.as_mut() {
        source.default_mode.get_or_insert(FILE_MODE);
    } else if let Some(source) = volume.config_map.as_mut() {
        source.default_mode.get_or_insert(FILE_MODE);
    } else if let Some(source) = volume.downward_api.as_mut() {
        source.default_mode.get_or_insert(FILE_MODE);
    } else if let Some(source) = volume.projected.as_mut() {
        source.default_mode.get_or_insert(FILE_MODE);
        let tokens = source.sources.iter_mut().flatten();
        for token in tokens.filter_map(|source| source.service_account_token.as_mut()) {
            token.expiration_seconds.get_or_insert(TOKEN_SECONDS);
        }
    } else if let Some(source) = volume.host_path.as_mut() {
        source.type_.get_or_insert_default();
    } else if *volume == (Volume { name: volume.name.clone(), ..Volume::default() }) {
        volume.empty_dir = Some(EmptyDirVolumeSource::default());
    }
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
