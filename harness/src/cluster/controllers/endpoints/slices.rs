//! A service's EndpointSlices: so many endpoints in each, all with the same ports.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointConditions, EndpointPort, EndpointSlice};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kubernetes_objects::Status;

use super::super::super::DeleteOptions;
use super::super::super::object::Object;
use super::super::super::store::{ObjectName, node_of};
use super::super::client::untyped;
use super::super::pods::{controlled_by, controller_of, is_ready};
use super::members::{self, Port};
use super::object::{hostname, reference};
use super::{EndpointsOf, TRIGGERED};

/// The label that names a slice's service.
const SERVICE: &str = "kubernetes.io/service-name";
/// The label and value that say who keeps a slice.
const MANAGED_BY: (&str, &str) =
    ("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io");
/// The most endpoints of one slice (`--max-endpoints-per-slice`).
const MOST_ENDPOINTS: usize = 100;
/// The label that names a node's zone.
const ZONE: &str = "topology.kubernetes.io/zone";

/// Endpoints by their ports.
type Wanted = BTreeMap<Vec<Port>, Vec<Endpoint>>;

/// What is to be done with a service's slices.
#[derive(Debug, Default)]
struct Arranged {
    create: Vec<(Vec<Port>, Vec<Endpoint>)>,
    update: Vec<EndpointSlice>,
    delete: Vec<EndpointSlice>,
}

impl EndpointsOf {
    /// Writes the slices of a service, where they are to change.
    pub(super) async fn write_slices(
        &self,
        key: &ObjectName,
        service: &Service,
        pods: &[Arc<Pod>],
    ) -> Result<(), Status> {
        let labels = labels(service);
        let known = self.known_slices(key, service);
        let arranged = arrange(known, self.wanted(service, pods), &labels);
        let resource = self.kinds.slices;
        for (ports, endpoints) in arranged.create {
            let mut slice = EndpointSlice {
                metadata: ObjectMeta {
                    generate_name: Some(format!("{}-", key.1)),
                    namespace: Some(key.0.clone()),
                    labels: Some(labels.clone()),
                    owner_references: Some(vec![controlled_by(
                        self.kinds.services,
                        &service.metadata,
                    )]),
                    ..ObjectMeta::default()
                },
                address_type: "IPv4".to_owned(),
                endpoints: Some(endpoints),
                ports: (!ports.is_empty()).then(|| ports.into_iter().map(port).collect()),
            };
            self.mark(&mut slice.metadata);
            self.client.create(resource, &key.0, untyped(&slice)?).await?;
        }
        for mut slice in arranged.update {
            self.mark(&mut slice.metadata);
            self.client.update_typed(resource, "", &slice).await?;
        }
        for slice in arranged.delete {
            let name = slice.metadata.name.as_deref().unwrap_or_default();
            let options = DeleteOptions::default();
            match self.client.delete(resource, &key.0, name, &options).await {
                Err(status) if status.code != 404 => return Err(status),
                _ => {}
            }
        }
        Ok(())
    }

    /// The slices that this controller keeps for a service, as the server has them: what was made
    /// a moment ago is not made again.
    fn known_slices(&self, key: &ObjectName, service: &Service) -> Vec<EndpointSlice> {
        let slices = self.client.api.objects(self.kinds.slices);
        let is_own = |object: &&Object| {
            let metadata = object.metadata();
            let label = |name: &str| metadata.labels.as_ref().and_then(|all| all.get(name));
            metadata.namespace.as_deref() == Some(&*key.0)
                && label(MANAGED_BY.0).map(String::as_str) == Some(MANAGED_BY.1)
                && controller_of(metadata).map(|owner| &owner.uid) == service.metadata.uid.as_ref()
        };
        slices.iter().filter(is_own).filter_map(|object| object.other()?.read().ok()).collect()
    }

    fn wanted(&self, service: &Service, pods: &[Arc<Pod>]) -> Wanted {
        let mut wanted = Wanted::new();
        for pod in pods.iter().filter(|pod| members::is_member(pod)) {
            if let Some(endpoint) = self.endpoint(service, pod) {
                wanted.entry(members::ports(service, pod)).or_default().push(endpoint);
            }
        }
        wanted
    }

    fn endpoint(&self, service: &Service, pod: &Pod) -> Option<Endpoint> {
        let (ready, leaves) = (is_ready(pod), pod.metadata.deletion_timestamp.is_some());
        let node = node_of(pod).map(str::to_owned);
        let zone = node.as_ref().and_then(|node| {
            let node = self.view.object(self.kinds.nodes, &(String::new(), node.clone()))?;
            node.metadata().labels.as_ref()?.get(ZONE).cloned()
        });
        Some(Endpoint {
            addresses: vec![members::address(pod)?.to_owned()],
            conditions: Some(EndpointConditions {
                ready: Some(members::leads_to_all(service) || (ready && !leaves)),
                serving: Some(ready),
                terminating: Some(leaves),
            }),
            hostname: hostname(service, pod),
            node_name: node,
            target_ref: Some(reference(pod)),
            zone,
            ..Endpoint::default()
        })
    }

    /// Notes when the change was made.
    fn mark(&self, metadata: &mut ObjectMeta) {
        let now = self.client.api.clock().now().0.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        metadata.annotations.get_or_insert_default().insert(TRIGGERED.to_owned(), now);
    }
}

fn labels(service: &Service) -> BTreeMap<String, String> {
    let mut labels = members::labels(service);
    labels.insert(SERVICE.to_owned(), service.metadata.name.clone().unwrap_or_default());
    labels.insert(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned());
    labels
}

fn port(port: Port) -> EndpointPort {
    EndpointPort {
        name: Some(port.name),
        port: Some(port.number),
        protocol: Some(port.protocol),
        app_protocol: port.app_protocol,
    }
}

fn uid_of(endpoint: &Endpoint) -> Option<&String> {
    endpoint.target_ref.as_ref()?.uid.as_ref()
}

/// Puts endpoints where they are already, then where there is room, then into new slices.
fn arrange(
    known: Vec<EndpointSlice>,
    wanted: Wanted,
    labels: &BTreeMap<String, String>,
) -> Arranged {
    let mut arranged = Arranged::default();
    let mut left = known;
    let mut some_stay = false;
    for (ports, mut endpoints) in wanted {
        let shown: Vec<_> = ports.iter().cloned().map(port).collect();
        let mut own: Vec<(EndpointSlice, Vec<Endpoint>)> = Vec::new();
        for slice in std::mem::take(&mut left) {
            if slice.ports.clone().unwrap_or_default() != shown {
                left.push(slice);
                continue;
            }
            let is_here = |endpoint: &Endpoint| {
                slice.endpoints.iter().flatten().any(|known| uid_of(known) == uid_of(endpoint))
            };
            let (here, others) = endpoints.into_iter().partition(is_here);
            endpoints = others;
            own.push((slice, here));
        }
        for (slice, mut here) in own {
            let free = MOST_ENDPOINTS.saturating_sub(here.len()).min(endpoints.len());
            here.extend(endpoints.drain(..free));
            if here.is_empty() {
                left.push(slice);
                continue;
            }
            some_stay = true;
            if slice.endpoints.as_ref() != Some(&here)
                || slice.metadata.labels.as_ref() != Some(labels)
            {
                let mut slice = slice;
                slice.endpoints = Some(here);
                slice.metadata.labels = Some(labels.clone());
                arranged.update.push(slice);
            }
        }
        for chunk in endpoints.chunks(MOST_ENDPOINTS) {
            arranged.create.push((ports.clone(), chunk.to_vec()));
        }
    }
    if !some_stay && arranged.create.is_empty() {
        // A slice without endpoints and ports says that there are none.
        let is_empty = |slice: &EndpointSlice| {
            slice.ports.as_ref().is_none_or(Vec::is_empty)
                && slice.endpoints.as_ref().is_none_or(Vec::is_empty)
        };
        match left.iter().position(is_empty) {
            Some(at) => drop(left.remove(at)),
            None => arranged.create.push((Vec::new(), Vec::new())),
        }
    }
    arranged.delete = left;
    arranged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(uid: usize) -> Endpoint {
        let reference = k8s_openapi::api::core::v1::ObjectReference {
            uid: Some(uid.to_string()),
            ..Default::default()
        };
        Endpoint { target_ref: Some(reference), ..Endpoint::default() }
    }

    fn web() -> Vec<Port> {
        vec![Port {
            name: String::new(),
            number: 80,
            protocol: "TCP".to_owned(),
            app_protocol: None,
        }]
    }

    fn slice(uids: impl IntoIterator<Item = usize>) -> EndpointSlice {
        EndpointSlice {
            metadata: ObjectMeta { labels: Some(BTreeMap::new()), ..ObjectMeta::default() },
            endpoints: Some(uids.into_iter().map(endpoint).collect()),
            ports: Some(web().into_iter().map(port).collect()),
            ..EndpointSlice::default()
        }
    }

    fn of(known: Vec<EndpointSlice>, uids: impl IntoIterator<Item = usize>) -> Arranged {
        let endpoints: Vec<_> = uids.into_iter().map(endpoint).collect();
        let wanted =
            if endpoints.is_empty() { Wanted::new() } else { Wanted::from([(web(), endpoints)]) };
        arrange(known, wanted, &BTreeMap::new())
    }

    #[test]
    fn slices_hold_a_hundred_endpoints_and_are_filled_before_others_are_made() {
        let sizes = |arranged: &Arranged| -> Vec<usize> {
            arranged.create.iter().map(|(_, endpoints)| endpoints.len()).collect()
        };
        assert_eq!(sizes(&of(Vec::new(), 0..250)), [100, 100, 50]);
        let more = of(vec![slice(0..100), slice(100..150)], 0..210);
        assert_eq!((sizes(&more), more.update.len()), (vec![10], 1));
        let fewer = of(vec![slice(0..100), slice(100..150)], 0..100);
        assert_eq!((sizes(&fewer), fewer.update.len(), fewer.delete.len()), (vec![], 0, 1));
    }

    #[test]
    fn one_empty_slice_says_that_there_is_nothing() {
        let made = of(Vec::new(), []);
        assert_eq!(made.create, [(Vec::new(), Vec::new())]);
        let mut empty = slice([]);
        empty.ports = None;
        let kept = of(vec![empty.clone()], []);
        assert!(kept.create.is_empty() && kept.delete.is_empty());
        let filled = of(vec![empty], [1]);
        assert_eq!((filled.create.len(), filled.delete.len()), (1, 1));
    }
}
