//! A service's Endpoints: one object with all addresses, in subsets of equal ports.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    EndpointAddress, EndpointPort, EndpointSubset, Endpoints, ObjectReference, Pod, Service,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kubernetes_objects::Status;

use super::super::super::DeleteOptions;
use super::super::super::store::{ObjectName, node_of};
use super::super::client::untyped;
use super::super::pods::is_ready;
use super::members::{self, Port};
use super::{EndpointsOf, TRIGGERED};

/// Who keeps the object (since 1.33).
const MANAGED_BY: (&str, &str) = ("endpoints.kubernetes.io/managed-by", "endpoint-controller");
/// The version since which it says who keeps it.
const MANAGED_SINCE: u8 = 33;

/// A pod's place among the sorted pods, and whether it is ready.
type Member = (usize, bool);

impl EndpointsOf {
    /// Deletes the Endpoints of a service that is gone.
    pub(super) async fn forget(&self, key: &ObjectName) -> Result<(), Status> {
        let resource = self.kinds.endpoints;
        if self.view.object(resource, key).is_none() {
            return Ok(());
        }
        let options = DeleteOptions::default();
        match self.client.delete(resource, &key.0, &key.1, &options).await {
            Err(status) if status.code != 404 => Err(status),
            _ => Ok(()),
        }
    }

    /// Writes the Endpoints of a service, where they are to change.
    pub(super) async fn write_object(
        &self,
        key: &ObjectName,
        service: &Service,
        pods: &[Arc<Pod>],
    ) -> Result<(), Status> {
        let resource = self.kinds.endpoints;
        let subsets = subsets(service, pods);
        let known: Option<Endpoints> = self.view.get(resource, key);
        let mut labels = members::labels(service);
        if self.client.api.gates().version().at_least(MANAGED_SINCE) {
            labels.insert(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned());
        }
        let labels = (!labels.is_empty()).then_some(labels);
        let is_new = known.is_none();
        let known = known.unwrap_or_default();
        let unchanged =
            known.subsets.clone().unwrap_or_default() == subsets && known.metadata.labels == labels;
        if unchanged && !is_new {
            return Ok(());
        }
        let mut annotations = known.metadata.annotations.clone().unwrap_or_default();
        let now = self.client.api.clock().now().0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        annotations.insert(TRIGGERED.to_owned(), now);
        let endpoints = Endpoints {
            metadata: ObjectMeta {
                name: Some(key.1.clone()),
                namespace: Some(key.0.clone()),
                labels,
                annotations: Some(annotations),
                ..known.metadata
            },
            subsets: (!subsets.is_empty()).then_some(subsets),
        };
        if is_new {
            self.client.create(resource, &key.0, untyped(&endpoints)?).await?;
        } else {
            self.client.update_typed(resource, "", &endpoints).await?;
        }
        Ok(())
    }
}

/// The subsets: ports that the same pods have are together.
fn subsets(service: &Service, pods: &[Arc<Pod>]) -> Vec<EndpointSubset> {
    let all = members::leads_to_all(service);
    let mut by_port: BTreeMap<Option<Port>, BTreeSet<Member>> = BTreeMap::new();
    for (at, pod) in pods.iter().enumerate().filter(|(_, pod)| members::is_member(pod)) {
        if pod.metadata.deletion_timestamp.is_some() && !all {
            continue;
        }
        let member = (at, all || is_ready(pod));
        let ports = members::ports(service, pod);
        let has_ports = service
            .spec
            .as_ref()
            .is_some_and(|spec| spec.ports.as_ref().is_some_and(|ports| !ports.is_empty()));
        if !has_ports && members::is_headless(service) {
            by_port.entry(None).or_default().insert(member);
        }
        for port in ports {
            by_port.entry(Some(port)).or_default().insert(member);
        }
    }
    let mut by_members: BTreeMap<BTreeSet<Member>, Vec<Port>> = BTreeMap::new();
    for (port, members) in by_port {
        by_members.entry(members).or_default().extend(port);
    }
    by_members
        .into_iter()
        .map(|(members, ports)| {
            let addresses = |ready: bool| {
                let own = members.iter().filter(|(_, is_ready)| *is_ready == ready);
                let mut found: Vec<_> =
                    own.filter_map(|(at, _)| address(service, &pods[*at])).collect();
                found.sort_by(|a, b| a.ip.cmp(&b.ip));
                (!found.is_empty()).then_some(found)
            };
            EndpointSubset {
                addresses: addresses(true),
                not_ready_addresses: addresses(false),
                ports: (!ports.is_empty()).then(|| ports.into_iter().map(port).collect()),
            }
        })
        .collect()
}

fn port(port: Port) -> EndpointPort {
    EndpointPort {
        name: Some(port.name).filter(|name| !name.is_empty()),
        port: port.number,
        protocol: Some(port.protocol),
        app_protocol: port.app_protocol,
    }
}

fn address(service: &Service, pod: &Pod) -> Option<EndpointAddress> {
    Some(EndpointAddress {
        ip: members::address(pod)?.to_owned(),
        hostname: hostname(service, pod),
        node_name: node_of(pod).map(str::to_owned),
        target_ref: Some(reference(pod)),
    })
}

/// The name by which a pod is found below its service's.
pub(super) fn hostname(service: &Service, pod: &Pod) -> Option<String> {
    let spec = pod.spec.as_ref()?;
    let hostname = spec.hostname.clone().filter(|name| !name.is_empty())?;
    (spec.subdomain == service.metadata.name).then_some(hostname)
}

/// What an endpoint says of its pod.
pub(super) fn reference(pod: &Pod) -> ObjectReference {
    ObjectReference {
        kind: Some("Pod".to_owned()),
        namespace: pod.metadata.namespace.clone(),
        name: pod.metadata.name.clone(),
        uid: pod.metadata.uid.clone(),
        ..ObjectReference::default()
    }
}
