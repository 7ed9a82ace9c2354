//! Addresses and ports that the server gives to services.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use kubernetes_objects::Status;
use kubernetes_objects::resource::Resource;
use serde_json::{Map, Value as Json, json};

use super::{State, core};
use crate::cluster::object::{Object, Untyped};
use crate::cluster::refusal::{FieldError, invalid};
use crate::cluster::strategy::services::{has_node_ports, spec_of, text};

/// Where services have their addresses (kubeadm's default `--service-cluster-ip-range`).
const NETWORK: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 0);
/// The bits that all of them share.
const PREFIX: u32 = 12;
/// How many addresses there are, with the network's own and the one for all.
const ADDRESSES: u32 = 1 << (32 - PREFIX);
/// The first and the last port on which nodes listen (`--service-node-port-range`).
const NODE_PORTS: (u32, u32) = (30_000, 32_767);

impl State {
    /// Gives a service what it needs and does not name; refuses what another one has.
    pub(super) fn allocate(
        &self,
        resource: &'static Resource,
        object: &mut Object,
    ) -> Result<(), Status> {
        if !std::ptr::eq(resource, core("services")) {
            return Ok(());
        }
        let Object::Other(service) = object else { return Ok(()) };
        let service = std::sync::Arc::make_mut(service);
        let name = service.metadata.name.clone().unwrap_or_default();
        let uid = service.metadata.uid.clone().unwrap_or_default();
        let others: Vec<_> = self
            .store
            .collection(resource)
            .objects()
            .filter_map(Object::other)
            .filter(|one| one.metadata.uid.as_ref() != Some(&uid))
            .cloned()
            .collect();
        let others: Vec<&Map<String, Json>> =
            others.iter().filter_map(|one| spec_of(one)).collect();
        allocate(service, mixed(&uid), &others)
            .map_err(|error| invalid(&resource.qualified_kind(), &name, &[error]))
    }
}

/// A number that is the same for the same uid.
fn mixed(uid: &str) -> u32 {
    // FNV-1a.
    uid.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn allocate(
    service: &mut Untyped,
    seed: u32,
    others: &[&Map<String, Json>],
) -> Result<(), FieldError> {
    let Some(spec) = service.rest.get_mut("spec").and_then(Json::as_object_mut) else {
        return Ok(());
    };
    if text(spec, "type") == "ExternalName" {
        return Ok(());
    }
    let taken: BTreeSet<&str> = others.iter().map(|spec| text(spec, "clusterIP")).collect();
    let given = text(spec, "clusterIP").to_owned();
    if given.is_empty() {
        let free = (0..ADDRESSES).map(|step| address(seed.wrapping_add(step)));
        let free = free.flatten().find(|address| !taken.contains(address.as_str()));
        let Some(free) = free else {
            return Err(FieldError::invalid("spec.clusterIPs", "[]", "range is full"));
        };
        spec.insert("clusterIPs".to_owned(), json!([free]));
        spec.insert("clusterIP".to_owned(), free.into());
    } else if given != "None" {
        let why = if !is_in_range(&given) {
            format!(
                "the provided network does not match the current range. The range of valid IPs \
                 is {NETWORK}/{PREFIX}"
            )
        } else if taken.contains(given.as_str()) {
            "provided IP is already allocated".to_owned()
        } else {
            String::new()
        };
        if !why.is_empty() {
            let detail = format!("failed to allocate IP {given}: {why}");
            return Err(FieldError::invalid("spec.clusterIPs", json!([given]), &detail));
        }
    }
    allocate_node_ports(spec, seed, others)
}

/// One of the addresses; the network's own, the first, which is the server's, and the last are
/// nobody's.
fn address(number: u32) -> Option<String> {
    let within = number % ADDRESSES;
    let usable = within > 1 && within < ADDRESSES - 1;
    usable.then(|| Ipv4Addr::from(u32::from(NETWORK) | within).to_string())
}

fn is_in_range(address: &str) -> bool {
    address
        .parse::<Ipv4Addr>()
        .is_ok_and(|address| u32::from(address) & !(ADDRESSES - 1) == u32::from(NETWORK))
}

fn allocate_node_ports(
    spec: &mut Map<String, Json>,
    seed: u32,
    others: &[&Map<String, Json>],
) -> Result<(), FieldError> {
    let needs = has_node_ports(spec);
    let ports = |spec: &Map<String, Json>| {
        spec.get("ports").and_then(Json::as_array).cloned().unwrap_or_default()
    };
    let of_others = others.iter().flat_map(|spec| ports(spec));
    let mut taken: BTreeSet<u64> = of_others.filter_map(|port| port["nodePort"].as_u64()).collect();
    let (first, last) = NODE_PORTS;
    let count = last - first + 1;
    let listed = spec.get_mut("ports").and_then(Json::as_array_mut).into_iter().flatten();
    for (at, port) in listed.enumerate() {
        let Some(port) = port.as_object_mut() else { continue };
        let given = port.get("nodePort").and_then(Json::as_u64).filter(|given| *given != 0);
        let why = |detail: &str| {
            let field = format!("spec.ports[{at}].nodePort");
            FieldError::invalid(field, given.unwrap_or(0), detail)
        };
        match given {
            None if needs => {
                let candidates = (0..count).map(|step| first + seed.wrapping_add(step) % count);
                let free = candidates.map(u64::from).find(|port| !taken.contains(port));
                let free = free.ok_or_else(|| why("range is full"))?;
                taken.insert(free);
                port.insert("nodePort".to_owned(), free.into());
            }
            None => {}
            Some(_) if !needs => {
                port.remove("nodePort");
            }
            Some(given) if !(u64::from(first)..=u64::from(last)).contains(&given) => {
                return Err(why(&format!(
                    "provided port is not in the valid range. The range of valid ports is {first}-{last}"
                )));
            }
            Some(given) if !taken.insert(given) => {
                return Err(why("provided port is already allocated"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_within_the_range_and_none_is_reserved() {
        assert_eq!(address(0), None);
        assert_eq!(address(1), None, "the server's own");
        assert_eq!(address(2).as_deref(), Some("10.96.0.2"));
        assert_eq!(address(ADDRESSES - 2).as_deref(), Some("10.111.255.254"));
        assert_eq!(address(ADDRESSES - 1), None);
        assert!(is_in_range("10.111.255.254") && !is_in_range("10.112.0.0") && !is_in_range("x"));
    }
}
