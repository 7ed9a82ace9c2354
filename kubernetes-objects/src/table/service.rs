//! What tables say of services and their endpoints.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::object::{joined, list, number, text};

/// The most endpoints that are listed.
const SHOWN_ENDPOINTS: usize = 3;

pub(super) fn external_address(service: &Json) -> String {
    let spec = &service["spec"];
    let given = joined(list(&spec["externalIPs"]).iter().map(text), ",");
    match text(&spec["type"]) {
        "ClusterIP" | "NodePort" if given.is_empty() => "<none>".to_owned(),
        "ClusterIP" | "NodePort" => given,
        "LoadBalancer" => {
            let balanced = load_balancer(service);
            let all = joined([&*balanced, &*given].into_iter().filter(|one| !one.is_empty()), ",");
            if all.is_empty() { "<pending>".to_owned() } else { all }
        }
        "ExternalName" => text(&spec["externalName"]).to_owned(),
        _ => "<unknown>".to_owned(),
    }
}

fn load_balancer(service: &Json) -> String {
    let addresses: BTreeSet<_> =
        list(&service["status"]["loadBalancer"]["ingress"])
            .iter()
            .map(|one| {
                if text(&one["ip"]).is_empty() { text(&one["hostname"]) } else { text(&one["ip"]) }
            })
            .filter(|address| !address.is_empty())
            .collect();
    joined(addresses.into_iter(), ",")
}

pub(super) fn ports(service: &Json) -> String {
    let ports: Vec<_> = list(&service["spec"]["ports"])
        .iter()
        .map(|port| {
            let (number_, protocol) = (number(&port["port"]), text(&port["protocol"]));
            match number(&port["nodePort"]) {
                0 => format!("{number_}/{protocol}"),
                node => format!("{number_}:{node}/{protocol}"),
            }
        })
        .collect();
    ports.join(",")
}

pub(super) fn endpoints(endpoints: &Json) -> String {
    let subsets = list(&endpoints["subsets"]);
    if subsets.is_empty() {
        return "<none>".to_owned();
    }
    let mut all = Vec::new();
    for subset in subsets {
        let addresses = list(&subset["addresses"]).iter().map(|one| text(&one["ip"]));
        let ports = list(&subset["ports"]);
        if ports.is_empty() {
            all.extend(addresses.map(str::to_owned));
        } else {
            for port in ports {
                let port = number(&port["port"]);
                all.extend(addresses.clone().map(|address| host_and_port(address, port)));
            }
        }
    }
    let shown = all.iter().take(SHOWN_ENDPOINTS).map(String::as_str);
    let shown = joined(shown, ",");
    match all.len().checked_sub(SHOWN_ENDPOINTS) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} + {more} more..."),
    }
}

fn host_and_port(address: &str, port: i64) -> String {
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

/// What there is none of.
const UNSET: &str = "<unset>";

pub(super) fn slice_ports(slice: &Json) -> String {
    let ports = list(&slice["ports"]);
    let shown = ports.iter().map(|port| match &port["port"] {
        Json::Null => "*".to_owned(),
        port => number(port).to_string(),
    });
    first_of(shown.collect())
}

pub(super) fn slice_endpoints(slice: &Json) -> String {
    let addresses = list(&slice["endpoints"]).iter().flat_map(|one| list(&one["addresses"]));
    first_of(addresses.map(|address| text(address).to_owned()).collect())
}

fn first_of(all: Vec<String>) -> String {
    if all.is_empty() {
        return UNSET.to_owned();
    }
    let shown = joined(all.iter().take(SHOWN_ENDPOINTS).map(String::as_str), ",");
    match all.len().checked_sub(SHOWN_ENDPOINTS) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} + {more} more..."),
    }
}
