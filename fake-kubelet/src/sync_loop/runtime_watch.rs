//! Hearing of containers that end: by the runtime's events, or where it has
//! none, or not all of them can be relied on, by listing.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use cri_api::{Code, Cri, CriError, EventStream, v1};
use futures_util::StreamExt;
use tokio::time::{Instant, sleep_until};

use super::until;
use crate::node::Node;
use crate::sync::Adopted;
use crate::translate::labels;

/// What was on the runtime at one time.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) sandboxes: HashMap<String, v1::PodSandboxState>,
    pub(super) containers: HashMap<String, v1::ContainerState>,
}

/// What was heard of the runtime.
pub(super) enum Heard {
    /// Nothing that anybody needs to act on.
    Nothing,
    /// Something in this pod stopped.
    Stopped { uid: String },
    /// It is time to list what there is.
    ListingDue,
}

enum Source {
    /// Events, and when to list all the same, if ever.
    Events(EventStream, Option<Instant>),
    /// The runtime has no events: list at that time.
    Listing(Instant),
    /// The stream broke: subscribe again at that time.
    Broken(Instant),
}

/// The kubelet's ear at the runtime.
pub(super) struct RuntimeWatch {
    source: Source,
}

impl RuntimeWatch {
    pub(super) async fn subscribe(node: &Node) -> Self {
        Self { source: Self::source(node).await }
    }

    async fn source(node: &Node) -> Source {
        let later = next_list(node);
        match node.cri.container_ends().await {
            Ok(events) => Source::Events(events, list_beside_events(node)),
            Err(error) if error.code == Code::Unimplemented => Source::Listing(later),
            Err(_) => Source::Broken(later),
        }
    }

    /// The next that is heard. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self, node: &Node) -> Heard {
        match &mut self.source {
            Source::Events(events, list_at) => tokio::select! {
                biased;
                event = events.next() => match event {
                    Some(Ok(event)) => heard(event),
                    // A runtime may say only in the stream that it has no events.
                    Some(Err(error)) if error.code == Code::Unimplemented => {
                        self.source = Source::Listing(Instant::now());
                        Heard::Nothing
                    }
                    Some(Err(_)) | None => {
                        self.source = Source::Broken(next_list(node));
                        Heard::Nothing
                    }
                },
                () = until(*list_at) => Heard::ListingDue,
            },
            Source::Listing(at) | Source::Broken(at) => {
                sleep_until(*at).await;
                Heard::ListingDue
            }
        }
    }

    /// Lists what there is, after subscribing again if the stream broke.
    pub(super) async fn list(&mut self, node: &Node) -> Option<Listing> {
        match &mut self.source {
            Source::Events(_, at) => *at = list_beside_events(node),
            Source::Listing(at) => *at = next_list(node),
            Source::Broken(_) => self.source = Self::source(node).await,
        }
        listed(&*node.cri).await
    }
}

/// The shortest time between two lists.
const SHORTEST_PERIOD: Duration = Duration::from_millis(1);

fn next_list(node: &Node) -> Instant {
    Instant::now() + node.config.timings.relist_period.max(SHORTEST_PERIOD)
}

fn list_beside_events(node: &Node) -> Option<Instant> {
    (!node.config.timings.events_are_complete).then(|| next_list(node))
}

/// Only ends are listened to: what was created and started the pod worker did itself.
fn heard(event: v1::ContainerEventResponse) -> Heard {
    let of_sandbox = event.pod_sandbox_status.and_then(|status| status.metadata);
    let of_containers = || {
        event
            .containers_statuses
            .into_iter()
            .find_map(|mut status| status.labels.remove(labels::POD_UID))
    };
    match of_sandbox.map(|metadata| metadata.uid).or_else(of_containers) {
        Some(uid) => Heard::Stopped { uid },
        None => Heard::Nothing,
    }
}

/// A failed list tells nothing; the next one is not far.
async fn listed(cri: &dyn Cri) -> Option<Listing> {
    let sandboxes = cri.list_pod_sandboxes(None).await.ok()?;
    let containers = cri.list_containers(None).await.ok()?;
    let state = |sandbox: v1::PodSandbox| {
        let state = sandbox.state();
        (sandbox.id, state)
    };
    let container_state = |container: v1::Container| {
        let state = container.state();
        (container.id, state)
    };
    Some(Listing {
        sandboxes: sandboxes.into_iter().map(state).collect(),
        containers: containers.into_iter().map(container_state).collect(),
    })
}

/// What kubelets of this node have made on the runtime, by the uid of the pod.
///
/// A real kubelet has its runtime to itself; this one may share it. What does not carry the
/// node's own labels was made by someone else and is left alone.
pub(super) async fn list_adoptable(
    cri: &dyn Cri,
    own: &BTreeMap<String, String>,
) -> Result<HashMap<String, Adopted>, CriError> {
    let filter = v1::PodSandboxFilter {
        label_selector: own.clone().into_iter().collect(),
        ..v1::PodSandboxFilter::default()
    };
    let mut sandboxes = cri.list_pod_sandboxes(Some(filter)).await?;
    sandboxes.retain(|sandbox| labels::carries(sandbox, own));
    if sandboxes.is_empty() {
        return Ok(HashMap::new());
    }
    let containers = cri.list_containers(None).await?;
    let mut adoptable: HashMap<String, Adopted> = HashMap::new();
    for sandbox in sandboxes {
        if let Some(uid) = sandbox.labels.get(labels::POD_UID) {
            adoptable.entry(uid.clone()).or_default().sandboxes.push(sandbox);
        }
    }
    for container in containers {
        let uid = container.labels.get(labels::POD_UID);
        let own = |pod: &&mut Adopted| {
            pod.sandboxes.iter().any(|sandbox| sandbox.id == container.pod_sandbox_id)
        };
        if let Some(pod) = uid.and_then(|uid| adoptable.get_mut(uid)).filter(own) {
            pod.containers.push(container);
        }
    }
    Ok(adoptable)
}
