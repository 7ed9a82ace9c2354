//! A pod's containers of all three kinds.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{
    Container, EnvVar, EphemeralContainer, PodSpec, SecurityContext, VolumeMount,
};

use super::{FieldError, names, one_of, security_context, uses};

const PULL_POLICIES: &[&str] = &["Always", "IfNotPresent", "Never"];
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
    environment: &'a [EnvVar],
    mounts: &'a [VolumeMount],
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
            environment: $container.env.as_deref().unwrap_or_default(),
            mounts: $container.volume_mounts.as_deref().unwrap_or_default(),
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
    let mut names = BTreeSet::new();
    for (index, container) in spec.containers.iter().enumerate() {
        let path = format!("spec.containers[{index}]");
        check_one(&common!(container, Some(container)), spec, &path, errors);
        check_unique(&container.name, &path, &mut names, errors);
    }
    for (index, container) in spec.init_containers.iter().flatten().enumerate() {
        let path = format!("spec.initContainers[{index}]");
        check_one(&common!(container, Some(container)), spec, &path, errors);
        check_unique(&container.name, &path, &mut names, errors);
    }
    let targets = names.clone();
    for (index, container) in spec.ephemeral_containers.iter().flatten().enumerate() {
        let path = format!("spec.ephemeralContainers[{index}]");
        check_one(&common!(container, None), spec, &path, errors);
        check_unique(&container.name, &path, &mut names, errors);
        check_ephemeral(container, &path, &targets, errors);
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
        uses::check_ports(container, path, errors);
    }
    let (environment, mounts) = (container.environment, container.mounts);
    uses::check_environment_and_mounts(environment, mounts, spec, path, errors);
    let policy = container.image_pull_policy;
    one_of(format!("{path}.imagePullPolicy"), policy, PULL_POLICIES, errors);
    if let Some(context) = container.security_context {
        security_context::of_container(context, &format!("{path}.securityContext"), errors);
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
