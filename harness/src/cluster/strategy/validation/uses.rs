//! What a container uses: ports, variables, volumes.
//!
//! Rules and words: `validateContainerPorts`, `ValidateEnv`, `ValidateVolumeMounts` and
//! `ValidateVolumes` of `pkg/apis/core/validation`, 1.36.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, EnvVar, PodSpec, VolumeMount};

use super::{FieldError, names, one_of};

const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const PORTS: std::ops::RangeInclusive<i32> = 1..=65_535;
const PORT_RANGE: &str = "must be between 1 and 65535, inclusive";

/// Checks a pod's volumes, which containers then mount by name.
pub(super) fn check_volumes(spec: &PodSpec, errors: &mut Vec<FieldError>) {
    let mut known = BTreeSet::new();
    for (index, volume) in spec.volumes.iter().flatten().enumerate() {
        let path = format!("spec.volumes[{index}].name");
        if volume.name.is_empty() {
            errors.push(FieldError::required(path, ""));
        } else {
            names::label(&path, &volume.name, errors);
            if !known.insert(&volume.name) {
                errors.push(FieldError::duplicate(path, &volume.name));
            }
        }
    }
}

/// Checks a container's ports.
pub(super) fn check_ports(container: &Container, path: &str, errors: &mut Vec<FieldError>) {
    let mut known = BTreeSet::new();
    for (index, port) in container.ports.iter().flatten().enumerate() {
        let path = format!("{path}.ports[{index}]");
        if let Some(name) = port.name.as_ref().filter(|name| !name.is_empty())
            && !known.insert(name)
        {
            errors.push(FieldError::duplicate(format!("{path}.name"), name));
        }
        if port.container_port == 0 {
            errors.push(FieldError::required(format!("{path}.containerPort"), ""));
        } else if !PORTS.contains(&port.container_port) {
            let field = format!("{path}.containerPort");
            errors.push(FieldError::invalid(field, port.container_port, PORT_RANGE));
        }
        let host_port = port.host_port.filter(|port| *port != 0 && !PORTS.contains(port));
        if let Some(host_port) = host_port {
            errors.push(FieldError::invalid(format!("{path}.hostPort"), host_port, PORT_RANGE));
        }
        one_of(format!("{path}.protocol"), port.protocol.as_deref(), PROTOCOLS, errors);
    }
}

/// Checks the variables and mounts of a container of any kind.
pub(super) fn check_environment_and_mounts(
    environment: &[EnvVar],
    mounts: &[VolumeMount],
    spec: &PodSpec,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    for (index, _) in environment.iter().enumerate().filter(|(_, one)| one.name.is_empty()) {
        errors.push(FieldError::required(format!("{path}.env[{index}].name"), ""));
    }
    let volumes: BTreeSet<_> = spec.volumes.iter().flatten().map(|volume| &volume.name).collect();
    let mut places = BTreeSet::new();
    for (index, mount) in mounts.iter().enumerate() {
        let path = format!("{path}.volumeMounts[{index}]");
        if mount.name.is_empty() {
            errors.push(FieldError::required(format!("{path}.name"), ""));
        } else if !volumes.contains(&mount.name) {
            errors.push(FieldError::not_found(format!("{path}.name"), &mount.name));
        }
        let field = format!("{path}.mountPath");
        if mount.mount_path.is_empty() {
            errors.push(FieldError::required(field, ""));
        } else if !places.insert(&mount.mount_path) {
            let value = format!("{:?}", mount.mount_path);
            errors.push(FieldError::invalid(field, value, "must be unique"));
        }
    }
}
