//! A pod's place in the network: names, name resolution, ports of the host.
//!
//! Rules and words: `validatePodDNSConfig`, `ValidateHostAliases`, `checkHostPortConflicts` and
//! `validatePodHostNetworkDeps` of `pkg/apis/core/validation`, 1.36.

use std::collections::BTreeSet;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::{Container, PodDNSConfig, PodSpec};

use super::{FieldError, names};

const MOST_SERVERS: usize = 3;
const MOST_SEARCHES: usize = 32;
const LONGEST_SEARCHES: usize = 2048;
const ADDRESS: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

/// Refuses ports of the host that several containers want.
pub(super) fn check_host_ports<'a>(
    containers: impl IntoIterator<Item = (usize, &'a Container)>,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let mut known = BTreeSet::new();
    for (index, container) in containers {
        for (at, port) in container.ports.iter().flatten().enumerate() {
            let Some(number) = port.host_port.filter(|number| *number != 0) else { continue };
            let protocol = port.protocol.as_deref().unwrap_or_default();
            let address = port.host_ip.as_deref().unwrap_or_default();
            let shown = format!("{protocol}/{address}/{number}");
            if known.contains(&shown) {
                let field = format!("{path}[{index}].ports[{at}].hostPort");
                errors.push(FieldError::duplicate(field, &shown));
            }
            known.insert(shown);
        }
    }
}

/// In the host's network a port is the same inside and outside. A template may leave the outside
/// to its pods.
pub(super) fn check_host_network(spec: &PodSpec, is_pod: bool, errors: &mut Vec<FieldError>) {
    if spec.host_network != Some(true) {
        return;
    }
    for (index, container) in spec.containers.iter().enumerate() {
        for (at, port) in container.ports.iter().flatten().enumerate() {
            let outside = port.host_port.unwrap_or(0);
            if (is_pod || outside != 0) && outside != port.container_port {
                let field = format!("spec.containers[{index}].ports[{at}].hostPort");
                let detail = "must match `containerPort` when `hostNetwork` is true";
                errors.push(FieldError::invalid(field, outside, detail));
            }
        }
    }
}

/// Checks how a pod resolves names.
pub(super) fn check_resolution(spec: &PodSpec, errors: &mut Vec<FieldError>) {
    const PATH: &str = "spec.dnsConfig";
    let is_none = spec.dns_policy.as_deref() == Some("None");
    let Some(config) = &spec.dns_config else {
        if is_none {
            let detail = "must provide `dnsConfig` when `dnsPolicy` is None";
            errors.push(FieldError::required(PATH, detail));
        }
        return;
    };
    if is_none && config.nameservers.as_ref().is_none_or(Vec::is_empty) {
        let detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
        errors.push(FieldError::required(format!("{PATH}.nameservers"), detail));
        return;
    }
    check_config(config, PATH, errors);
}

fn check_config(config: &PodDNSConfig, path: &str, errors: &mut Vec<FieldError>) {
    let servers = config.nameservers.as_deref().unwrap_or_default();
    let searches = config.searches.as_deref().unwrap_or_default();
    let json = |texts: &[String]| serde_json::Value::from(texts);
    if servers.len() > MOST_SERVERS {
        let detail = format!("must not have more than {MOST_SERVERS} nameservers");
        errors.push(FieldError::invalid(format!("{path}.nameservers"), json(servers), &detail));
    }
    for (index, server) in servers.iter().enumerate() {
        check_address(server, &format!("{path}.nameservers[{index}]"), errors);
    }
    let field = format!("{path}.searches");
    if searches.len() > MOST_SEARCHES {
        let detail = format!("must not have more than {MOST_SEARCHES} search paths");
        errors.push(FieldError::invalid(&field, json(searches), &detail));
    }
    if searches.join(" ").len() > LONGEST_SEARCHES {
        let detail = format!(
            "must not have more than {LONGEST_SEARCHES} characters (including spaces) in the search list"
        );
        errors.push(FieldError::invalid(&field, json(searches), &detail));
    }
    for (index, search) in searches.iter().enumerate().filter(|(_, search)| *search != ".") {
        let search = search.strip_suffix('.').unwrap_or(search);
        let faults = names::search_faults(search);
        names::refuse(&format!("{path}.searches[{index}]"), search, faults, errors);
    }
    for (index, option) in config.options.iter().flatten().enumerate() {
        if option.name.as_ref().is_none_or(String::is_empty) {
            let field = format!("{path}.options[{index}]");
            errors.push(FieldError::required(field, "must not be empty"));
        }
    }
}

/// Refuses what is no address (`IsValidIP`).
pub(in crate::cluster::strategy) fn check_address(
    address: &str,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    if address.parse::<IpAddr>().is_err() {
        errors.push(FieldError::invalid_text(path, address, ADDRESS));
    }
}

/// Checks the names that a pod has, and those that it knows of others.
pub(super) fn check_host_names(spec: &PodSpec, errors: &mut Vec<FieldError>) {
    for (field, name) in [("hostname", &spec.hostname), ("subdomain", &spec.subdomain)] {
        if let Some(name) = name.as_deref().filter(|name| !name.is_empty()) {
            names::label(&format!("spec.{field}"), name, errors);
        }
    }
}

/// Checks the entries that a pod adds to `/etc/hosts`.
pub(super) fn check_host_aliases(spec: &PodSpec, errors: &mut Vec<FieldError>) {
    for (index, alias) in spec.host_aliases.iter().flatten().enumerate() {
        let path = format!("spec.hostAliases[{index}]");
        check_address(&alias.ip, &format!("{path}.ip"), errors);
        for (at, name) in alias.hostnames.iter().flatten().enumerate() {
            names::subdomain(&format!("{path}.hostnames[{at}]"), name, errors);
        }
    }
}
