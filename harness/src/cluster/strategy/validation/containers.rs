//! A pod's containers of all three kinds.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{
    Container, EnvFromSource, EnvVar, EphemeralContainer, PodSpec, ResourceRequirements,
    SecurityContext, VolumeMount,
};

use super::{
    FieldError, environment, names, network, one_of, ports, probes, resources, security_context,
    volumes,
};

const PULL_POLICIES: &[&str] = &["Always", "IfNotPresent", "Never"];
/// How a container restarts by itself, whatever its pod does (KEP-5307).
const RESTART_POLICIES: &[&str] = &["Always", "Never", "OnFailure"];
const TERMINATION_MESSAGE_POLICIES: &[&str] = &["File", "FallbackToLogsOnError"];

/// What every kind of container has.
struct Common<'a> {
    name: &'a str,
    image: Option<&'a str>,
    termination_message_policy: Option<&'a str>,
    image_pull_policy: Option<&'a str>,
    security_context: Option<&'a SecurityContext>,
    /// The ports, of which ephemeral containers may have none at all.
    with_ports: Option<&'a Container>,
    variables: &'a [EnvVar],
    variables_from: &'a [EnvFromSource],
    mounts: &'a [VolumeMount],
    resources: Option<&'a ResourceRequirements>,
}

/// The common fields of a container; ephemeral ones are a type of their own.
macro_rules! common {
    ($container:expr, $with_ports:expr) => {
        Common {
            name: &$container.name,
            image: $container.image.as_deref(),
            termination_message_policy: $container.termination_message_policy.as_deref(),
            image_pull_policy: $container.image_pull_policy.as_deref(),
            security_context: $container.security_context.as_ref(),
            with_ports: $with_ports,
            variables: $container.env.as_deref().unwrap_or_default(),
            variables_from: $container.env_from.as_deref().unwrap_or_default(),
            mounts: $container.volume_mounts.as_deref().unwrap_or_default(),
            resources: $container.resources.as_ref(),
        }
    };
}

/// Checks all containers of a pod.
///
/// Names must differ among all of them; the container that comes later in the order of regular,
/// init, ephemeral is the duplicate.
pub(super) fn check(spec: &PodSpec, errors: &mut Vec<FieldError>) {
    if spec.containers.is_empty() {
        errors.push(FieldError::required("spec.containers", ""));
    }
    let grace_period = spec.termination_grace_period_seconds;
    let mut names = BTreeSet::new();
    for (index, container) in spec.containers.iter().enumerate() {
        let path = format!("spec.containers[{index}]");
        check_one(&common!(container, Some(container)), spec, &path, errors);
        check_unique(&container.name, &path, &mut names, errors);
        probes::check(container, grace_period, &path, errors);
        check_restart_policy(container, &path, errors);
    }
    network::check_host_ports(spec.containers.iter().enumerate(), "spec.containers", errors);
    for (index, container) in spec.init_containers.iter().flatten().enumerate() {
        let path = format!("spec.initContainers[{index}]");
        check_one(&common!(container, Some(container)), spec, &path, errors);
        check_restart_policy(container, &path, errors);
        check_unique(&container.name, &path, &mut names, errors);
        // Init containers run one after the other, so that their ports do not collide.
        network::check_host_ports([(index, container)], "spec.initContainers", errors);
        if container.restart_policy.as_deref() == Some("Always") {
            probes::check(container, grace_period, &path, errors);
        } else {
            probes::forbid(container, &path, errors);
        }
    }
    let targets = names.clone();
    for (index, container) in spec.ephemeral_containers.iter().flatten().enumerate() {
        let path = format!("spec.ephemeralContainers[{index}]");
        check_one(&common!(container, None), spec, &path, errors);
        check_image(container.image.as_deref(), &path, errors);
        check_unique(&container.name, &path, &mut names, errors);
        check_ephemeral(container, &path, &targets, errors);
    }
}

/// What holds for the containers of pods and not for those of templates.
pub(super) fn check_for_pod(spec: &PodSpec, errors: &mut Vec<FieldError>) {
    for (index, container) in spec.containers.iter().enumerate() {
        check_image(container.image.as_deref(), &format!("spec.containers[{index}]"), errors);
    }
    for (index, container) in spec.init_containers.iter().flatten().enumerate() {
        check_image(container.image.as_deref(), &format!("spec.initContainers[{index}]"), errors);
    }
}

/// An image's name has no space around it.
pub(super) fn check_image(image: Option<&str>, path: &str, errors: &mut Vec<FieldError>) {
    let image = image.unwrap_or_default();
    if image.trim() != image {
        let detail = "must not have leading or trailing whitespace";
        errors.push(FieldError::invalid_text(format!("{path}.image"), image, detail));
    }
}

fn check_restart_policy(container: &Container, path: &str, errors: &mut Vec<FieldError>) {
    let policy = container.restart_policy.as_deref();
    if let Some(policy) = policy.filter(|policy| !RESTART_POLICIES.contains(policy)) {
        let field = format!("{path}.restartPolicy");
        errors.push(FieldError::unsupported(field, policy, RESTART_POLICIES));
    }
}

fn check_one(container: &Common<'_>, spec: &PodSpec, path: &str, errors: &mut Vec<FieldError>) {
    match container.name {
        "" => errors.push(FieldError::required(format!("{path}.name"), "")),
        name => names::label(&format!("{path}.name"), name, errors),
    }
    if container.image.is_none_or(str::is_empty) {
        errors.push(FieldError::required(format!("{path}.image"), ""));
    }
    one_of(
        format!("{path}.terminationMessagePolicy"),
        container.termination_message_policy,
        TERMINATION_MESSAGE_POLICIES,
        errors,
    );
    if let Some(container) = container.with_ports {
        ports::check(container, path, errors);
    }
    environment::check(container.variables, container.variables_from, path, errors);
    volumes::check_mounts(container.mounts, spec, &format!("{path}.volumeMounts"), errors);
    let policy = container.image_pull_policy;
    one_of(format!("{path}.imagePullPolicy"), policy, PULL_POLICIES, errors);
    if let Some(resources) = container.resources {
        resources::of_container(resources, spec, &format!("{path}.resources"), errors);
    }
    if let Some(context) = container.security_context {
        let path = format!("{path}.securityContext");
        security_context::of_container(context, spec.host_users != Some(false), &path, errors);
    }
}

fn check_unique<'a>(
    name: &'a str,
    path: &str,
    names: &mut BTreeSet<&'a str>,
    errors: &mut Vec<FieldError>,
) {
    if !names.insert(name) {
        errors.push(FieldError::duplicate(format!("{path}.name"), name));
    }
}

/// What an ephemeral container must not have: it comes and goes beside the pod's work.
fn check_ephemeral(
    container: &EphemeralContainer,
    path: &str,
    targets: &BTreeSet<&str>,
    errors: &mut Vec<FieldError>,
) {
    if let Some(target) = container.target_container_name.as_deref()
        && !target.is_empty()
        && !targets.contains(target)
    {
        errors.push(FieldError::not_found(format!("{path}.targetContainerName"), target));
    }
    for (field, is_set) in [
        ("ports", container.ports.as_ref().is_some_and(|ports| !ports.is_empty())),
        ("resources", container.resources.as_ref().is_some_and(|all| *all != Default::default())),
        ("resizePolicy", container.resize_policy.as_ref().is_some_and(|all| !all.is_empty())),
        ("restartPolicy", container.restart_policy.is_some()),
        ("livenessProbe", container.liveness_probe.is_some()),
        ("readinessProbe", container.readiness_probe.is_some()),
        ("startupProbe", container.startup_probe.is_some()),
        ("lifecycle", container.lifecycle.is_some()),
    ] {
        if is_set {
            errors.push(FieldError::forbidden(
                format!("{path}.{field}"),
                "cannot be set for an Ephemeral Container",
            ));
        }
    }
}
