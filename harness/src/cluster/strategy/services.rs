//! Services: what is filled in, what an update leaves, what is refused.
//!
//! Rules: `pkg/apis/core/v1/defaults.go`, `pkg/registry/core/service` and
//! `pkg/apis/core/validation` of 1.36, for a cluster with IPv4 alone.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use crate::cluster::object::Untyped;
use crate::cluster::refusal::FieldError;

const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];
const AFFINITIES: &[&str] = &["ClientIP", "None"];
/// How long a client stays with a pod, where it does.
const AFFINITY_SECONDS: u32 = 10_800;

/// A service's spec.
pub(in crate::cluster) fn spec_of(service: &Untyped) -> Option<&Map<String, Json>> {
    service.rest.get("spec")?.as_object()
}

/// A text of a spec; empty where it is left out.
pub(in crate::cluster) fn text<'a>(spec: &'a Map<String, Json>, name: &str) -> &'a str {
    spec.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn is_empty(value: Option<&Json>) -> bool {
    match value {
        None | Some(Json::Null) => true,
        Some(Json::String(text)) => text.is_empty(),
        Some(Json::Array(items)) => items.is_empty(),
        Some(Json::Number(number)) => number.as_u64() == Some(0),
        Some(_) => false,
    }
}

fn fill(spec: &mut Map<String, Json>, name: &str, value: impl Into<Json>) {
    if is_empty(spec.get(name)) {
        spec.insert(name.to_owned(), value.into());
    }
}

/// Fills in a new service and takes away a status that a client gave.
pub(super) fn prepare_for_create(service: &mut Untyped) {
    fill_in(service);
    service.rest.insert("status".to_owned(), json!({"loadBalancer": {}}));
}

/// Fills in an update, and keeps the addresses and ports that it leaves out.
pub(super) fn prepare_for_update(service: &mut Untyped, before: &Untyped) {
    let known = spec_of(before).cloned().unwrap_or_default();
    if let Some(spec) = service.rest.get_mut("spec").and_then(Json::as_object_mut)
        && text(spec, "type") != "ExternalName"
        && text(&known, "type") != "ExternalName"
    {
        for name in ["clusterIP", "clusterIPs"] {
            if let Some(value) = known.get(name) {
                fill(spec, name, value.clone());
            }
        }
        keep_node_ports(spec, &known);
    }
    fill_in(service);
}

fn keep_node_ports(spec: &mut Map<String, Json>, known: &Map<String, Json>) {
    if !has_node_ports(spec) {
        return;
    }
    let known = known.get("ports").and_then(Json::as_array).cloned().unwrap_or_default();
    for port in spec.get_mut("ports").and_then(Json::as_array_mut).into_iter().flatten() {
        let protocol = |port: &Json| port["protocol"].as_str().unwrap_or("TCP").to_owned();
        let same =
            known.iter().find(|one| one["port"] == port["port"] && protocol(one) == protocol(port));
        if let (Some(same), Some(port)) = (same, port.as_object_mut())
            && !is_empty(same.get("nodePort"))
        {
            fill(port, "nodePort", same["nodePort"].clone());
        }
    }
}

/// Whether nodes listen for a service.
pub(in crate::cluster) fn has_node_ports(spec: &Map<String, Json>) -> bool {
    let balanced = text(spec, "type") == "LoadBalancer"
        && spec.get("allocateLoadBalancerNodePorts") != Some(&Json::Bool(false));
    balanced || text(spec, "type") == "NodePort"
}

fn fill_in(service: &mut Untyped) {
    let spec = service.rest.entry("spec").or_insert_with(|| json!({}));
    let Some(spec) = spec.as_object_mut() else { return };
    fill(spec, "sessionAffinity", "None");
    fill(spec, "type", "ClusterIP");
    if text(spec, "sessionAffinity") == "ClientIP" {
        let config = json!({"clientIP": {"timeoutSeconds": AFFINITY_SECONDS}});
        fill(spec, "sessionAffinityConfig", config);
    }
    for port in spec.get_mut("ports").and_then(Json::as_array_mut).into_iter().flatten() {
        let Some(port) = port.as_object_mut() else { continue };
        fill(port, "protocol", "TCP");
        if let Some(number) = port.get("port").cloned() {
            fill(port, "targetPort", number);
        }
    }
    let type_ = text(spec, "type").to_owned();
    if matches!(&*type_, "NodePort" | "LoadBalancer") {
        fill(spec, "externalTrafficPolicy", "Cluster");
    }
    if type_ == "LoadBalancer" {
        fill(spec, "allocateLoadBalancerNodePorts", true);
    }
    if type_ != "ExternalName" {
        fill(spec, "internalTrafficPolicy", "Cluster");
        fill(spec, "ipFamilyPolicy", "SingleStack");
        fill(spec, "ipFamilies", json!(["IPv4"]));
        let address = text(spec, "clusterIP").to_owned();
        if !address.is_empty() {
            fill(spec, "clusterIPs", json!([address]));
        } else if let Some(first) = spec.get("clusterIPs").and_then(|all| all.get(0)).cloned() {
            spec.insert("clusterIP".to_owned(), first);
        }
    }
}

/// Everything that is wrong with a service, in the server's order.
pub(super) fn validate(service: &Untyped, errors: &mut Vec<FieldError>) {
    let Some(spec) = spec_of(service) else { return };
    let type_ = text(spec, "type");
    let ports = spec.get("ports").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let headless = text(spec, "clusterIP") == "None";
    if ports.is_empty() && !headless && type_ != "ExternalName" {
        errors.push(FieldError::required("spec.ports", ""));
    }
    if headless && matches!(type_, "NodePort" | "LoadBalancer") {
        let detail = format!("may not be set to 'None' for {type_} services");
        errors.push(FieldError::invalid("spec.clusterIPs[0]", "\"None\"", &detail));
    }
    if type_ == "ExternalName" && text(spec, "externalName").is_empty() {
        errors.push(FieldError::required("spec.externalName", ""));
    }
    let mut names = BTreeSet::new();
    for (at, port) in ports.iter().enumerate() {
        let path = format!("spec.ports[{at}]");
        check_port(&path, port, ports.len() > 1, &mut names, errors);
    }
    one_of("spec.sessionAffinity", text(spec, "sessionAffinity"), AFFINITIES, errors);
    one_of("spec.type", type_, TYPES, errors);
}

fn one_of(field: &str, value: &str, supported: &[&str], errors: &mut Vec<FieldError>) {
    if !supported.contains(&value) {
        errors.push(FieldError::unsupported(field, value, supported));
    }
}

fn check_port(
    path: &str,
    port: &Json,
    is_one_of_several: bool,
    names: &mut BTreeSet<String>,
    errors: &mut Vec<FieldError>,
) {
    let name = port["name"].as_str().unwrap_or_default();
    if name.is_empty() {
        if is_one_of_several {
            errors.push(FieldError::required(format!("{path}.name"), ""));
        }
    } else if !names.insert(name.to_owned()) {
        errors.push(FieldError::duplicate(format!("{path}.name"), name));
    }
    let in_range = |number: i64| (1..=65_535).contains(&number);
    let detail = "must be between 1 and 65535, inclusive";
    let number = port["port"].as_i64().unwrap_or(0);
    if !in_range(number) {
        errors.push(FieldError::invalid(format!("{path}.port"), number, detail));
    }
    let protocol = port["protocol"].as_str().unwrap_or_default();
    one_of(&format!("{path}.protocol"), protocol, PROTOCOLS, errors);
    if let Some(target) = port["targetPort"].as_i64().filter(|target| !in_range(*target)) {
        errors.push(FieldError::invalid(format!("{path}.targetPort"), target, detail));
    }
}

/// What an update must leave as it was.
pub(super) fn validate_update(service: &Untyped, before: &Untyped, errors: &mut Vec<FieldError>) {
    let (Some(spec), Some(known)) = (spec_of(service), spec_of(before)) else { return };
    let (now, old) = (text(spec, "clusterIP"), text(known, "clusterIP"));
    let external = [spec, known].iter().any(|spec| text(spec, "type") == "ExternalName");
    if !external && !old.is_empty() && now != old {
        let shown = spec.get("clusterIPs").cloned().unwrap_or_default();
        errors.push(FieldError::invalid("spec.clusterIPs[0]", shown, "may not change once set"));
    }
}
