//! The service by which pods reach the server itself: it is there again soon after somebody has
//! deleted it.
//!
//! Rules: `pkg/controlplane/controller/kubernetesservice` and `pkg/controlplane/reconcilers` of
//! 1.36.

use std::sync::Arc;
use std::time::Duration;

use kubernetes_objects::resource::{self, Resource};
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::ApiServer;
use crate::cluster::object::Object;
use crate::cluster::store::ChangeKind;

/// The service and what says where it leads: group and plural.
const OWN_OBJECTS: [(&str, &str); 3] =
    [("", "services"), ("", "endpoints"), ("discovery.k8s.io", "endpointslices")];
/// How often the server looks whether they are there.
const PERIOD: Duration = Duration::from_secs(10);
/// What they are called.
const OWN_NAME: &str = "kubernetes";
/// The server's own address among them.
const OWN_ADDRESS: &str = "10.96.0.1";
/// The port that the server listens on behind its service (kubeadm's default).
const OWN_PORT: u32 = 6443;
/// Where it would listen: clients reach it on loopback, which no endpoint may be.
const OWN_HOST: &str = "203.0.113.1";

/// A resource of the server's own objects.
///
/// # Panics
/// Never for those of [`OWN_OBJECTS`].
fn resource_of(group: &str, plural: &str) -> &'static Resource {
    resource::find(group, "v1", plural).expect("the table has these three")
}

impl ApiServer {
    /// Makes the service by which pods reach the server, and says where that leads, as far as they
    /// are not there.
    pub(in crate::cluster) fn keep_own_service(&self) {
        let port = json!({"name": "https", "port": 443, "protocol": "TCP", "targetPort": OWN_PORT});
        let behind = json!({"name": "https", "port": OWN_PORT, "protocol": "TCP"});
        for (group, plural, object) in [
            (
                "",
                "services",
                json!({
                    "metadata": {
                        "name": OWN_NAME,
                        "labels": {"component": "apiserver", "provider": "kubernetes"},
                    },
                    "spec": {"clusterIP": OWN_ADDRESS, "ports": [port]},
                }),
            ),
            (
                "",
                "endpoints",
                json!({
                    "metadata": {
                        "name": OWN_NAME,
                        "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"},
                    },
                    "subsets": [{"addresses": [{"ip": OWN_HOST}], "ports": [behind]}],
                }),
            ),
            (
                "discovery.k8s.io",
                "endpointslices",
                json!({
                    "metadata": {
                        "name": OWN_NAME,
                        "labels": {"kubernetes.io/service-name": OWN_NAME},
                    },
                    "addressType": "IPv4",
                    "endpoints": [{"addresses": [OWN_HOST], "conditions": {"ready": true}}],
                    "ports": [behind],
                }),
            ),
        ] {
            let resource = resource_of(group, plural);
            if self.object(resource, "default", OWN_NAME).is_some() {
                continue;
            }
            let object = Object::from_json(resource, object).expect("it is well-formed");
            // Its address may be somebody else's for now.
            let _ = self.create_object(resource, "default", object, "kube-apiserver");
        }
    }
}

/// Makes the server's own objects again when they are gone, for ever.
pub(in crate::cluster) async fn keep(api: Arc<ApiServer>) {
    let start = Instant::now();
    let resources = OWN_OBJECTS.iter().map(|(group, plural)| resource_of(group, plural));
    let mut changes = api.changes_of_all(resources);
    while let Some(change) = changes.recv().await {
        let metadata = change.record.object.metadata();
        let is_own = metadata.namespace.as_deref() == Some("default")
            && metadata.name.as_deref() == Some(OWN_NAME);
        if change.kind == ChangeKind::Deleted && is_own {
            let periods = start.elapsed().as_secs() / PERIOD.as_secs() + 1;
            sleep_until(start + PERIOD * u32::try_from(periods).unwrap_or(u32::MAX)).await;
            api.keep_own_service();
        }
    }
}
