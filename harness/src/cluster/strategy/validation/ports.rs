//! The ports of containers (`validateContainerPorts` of `pkg/apis/core/validation`, 1.36).

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Container;

use super::numbers::{PORT_RANGE, PORTS};
use super::{FieldError, names, one_of};

const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

/// Checks a container's ports.
pub(super) fn check(container: &Container, path: &str, errors: &mut Vec<FieldError>) {
    let mut known = BTreeSet::new();
    for (index, port) in container.ports.iter().flatten().enumerate() {
        let path = format!("{path}.ports[{index}]");
        if let Some(name) = port.name.as_ref().filter(|name| !name.is_empty()) {
            let field = format!("{path}.name");
            let faults = names::port_faults(name);
            if faults.is_empty() && !known.insert(name) {
                errors.push(FieldError::duplicate(&field, name));
            }
            names::refuse(&field, name, faults, errors);
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
