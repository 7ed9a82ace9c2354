//! `nodes/proxy`: what a kubelet answers over its own port, passed on by the API server.

use std::sync::Arc;

use hyper::StatusCode;
use k8s_openapi::api::core::v1::Node;
use kubernetes_objects::{Status, resource};
use serde_json::json;

use super::answer::{self, Answer};
use super::path::Target;
use super::request::{Context, Head, ended};
use crate::cluster::{Cluster, Object};

/// The port that a kubelet listens on.
const PORT: u16 = 10250;

/// Asks a node's kubelet.
///
/// # Errors
/// [`Status`] when there is no such node, or its kubelet does not run.
pub(super) async fn pass_on(
    context: &Arc<Context>,
    target: &Target,
    head: &Head,
) -> Result<Answer, Status> {
    if head.method != hyper::Method::GET {
        return Ok(answer::not_allowed("GET"));
    }
    let name = name_of(&target.name);
    let nodes = resource::find("", "v1", "nodes").expect("the table has the core resources");
    let known = context.cluster.api.object(nodes, "", name);
    let node = known.and_then(|node| node.node().cloned());
    let node = node.ok_or_else(|| Status::not_found("nodes", name))?;
    let asked = name.to_owned();
    let metrics = context.cluster.look(move |cluster: &Cluster| {
        let kubelet = cluster.node(&asked).ok().and_then(|node| node.kubelet());
        let metrics = kubelet.map(|kubelet| kubelet.metrics().render());
        Box::pin(std::future::ready(metrics))
    });
    let Some(metrics) = metrics.await.map_err(|_| ended())? else {
        return Err(unreachable(&node));
    };
    Ok(match target.path_there.as_str() {
        "metrics" => answer::metrics(metrics),
        "healthz" => answer::text(StatusCode::OK, "ok".to_owned()),
        "pods" => {
            let pods = context.cluster.api.pods_on(name);
            let pods: Vec<_> = pods.into_iter().map(|pod| Object::Pod(pod).to_json()).collect();
            let list =
                json!({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": pods});
            answer::json(&list)
        }
        _ => answer::text(StatusCode::NOT_FOUND, "404 page not found\n".to_owned()),
    })
}

/// The node in `NAME`, `NAME:PORT` and `SCHEME:NAME:PORT`.
fn name_of(text: &str) -> &str {
    match *text.split(':').collect::<Vec<_>>() {
        [_, name, _] | [name, _] => name,
        _ => text,
    }
}

/// The refusal where nobody listens (`pkg/util/proxy/transport.go` of apimachinery).
fn unreachable(node: &Node) -> Status {
    let addresses = node.status.iter().flat_map(|status| status.addresses.iter().flatten());
    let address = addresses.into_iter().find(|one| one.type_ == "InternalIP");
    let address = address.map_or("", |one| one.address.as_str());
    let message = format!(
        "error trying to reach service: dial tcp {address}:{PORT}: connect: connection refused"
    );
    Status::new(503, "ServiceUnavailable", message)
}
