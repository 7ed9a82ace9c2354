//! The kubelet's main loop: hears of pods, containers and time, and calls the
//! pod workers.

mod pods;
mod runtime_watch;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use k8s_openapi::api::core::v1::Node as NodeObject;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::api::{ApiError, PodChange};
use crate::kubelet::StartError;
use crate::node::Node;
use crate::status::node::{RuntimeView, differs, new_node, node_lease, node_status};
use crate::sync::{Adopted, Call};
use pods::Pods;
use runtime_watch::{Heard, RuntimeWatch, list_adoptable};

/// What a running kubelet can be asked.
#[derive(Debug)]
pub(crate) enum Command {
    /// Look at the runtime and write the node's status, then answer.
    SyncNodeStatus(oneshot::Sender<()>),
}

/// The state of the loop.
pub(crate) struct SyncLoop {
    node: Arc<Node>,
    commands: mpsc::UnboundedReceiver<Command>,
    adoptable: HashMap<String, Adopted>,
    images_listed: Instant,
    /// When this kubelet wrote the node's status last.
    reported: Option<Instant>,
    /// The node object after that, and the view of the runtime that it shows.
    written: Option<(Arc<NodeObject>, Arc<RuntimeView>)>,
}

impl SyncLoop {
    /// Reaches runtime and API once, so that a kubelet that cannot work does
    /// not start.
    pub(crate) async fn start(
        node: Arc<Node>,
        commands: mpsc::UnboundedReceiver<Command>,
    ) -> Result<Self, StartError> {
        let failed = |source| StartError::Runtime { node: node.config.node_name.clone(), source };
        let version = node.cri.version().await.map_err(failed)?;
        let status = node.cri.status().await.map_err(failed)?;
        let view = RuntimeView::new(Ok(version), Ok(status), &RuntimeView::default());
        // Without a list the node shows no images until the next.
        let images = node.cri.list_images().await.unwrap_or_default();
        node.set_runtime(view.with_images(images));
        let adoptable =
            list_adoptable(&*node.cri, &node.config.extra_labels).await.map_err(failed)?;
        let now = Instant::now();
        let mut this =
            Self { node, commands, adoptable, images_listed: now, reported: None, written: None };
        this.register().and_then(|()| this.write_node_status()).map_err(|source| {
            StartError::Register { node: this.node.config.node_name.clone(), source }
        })?;
        this.renew_lease();
        Ok(this)
    }

    /// Registers the node if there is none.
    ///
    /// Only a kubelet that starts does so: one whose node object is deleted
    /// later does not notice (kubernetes/kubernetes#71398).
    fn register(&self) -> Result<(), ApiError> {
        let node = &self.node;
        if node.api.node(&node.config.node_name).is_some() {
            return Ok(());
        }
        node.api.create_node(new_node(&node.config))
    }

    /// Writes the node's status if it changed, or if it has long not been written.
    fn write_node_status(&mut self) -> Result<(), ApiError> {
        let node = &self.node;
        let name = &node.config.node_name;
        let Some(object) = node.api.node(name) else { return Ok(()) };
        let runtime = node.runtime();
        let period = node.config.timings.node_report_period;
        let due = self.reported.is_none_or(|reported| reported.elapsed() >= period);
        let same = self.written.as_ref().is_some_and(|(written, of)| {
            Arc::ptr_eq(written, &object) && Arc::ptr_eq(of, &runtime)
        });
        if same && !due {
            return Ok(());
        }
        let previous = object.status.as_ref();
        let status = node_status(&node.config, &runtime, previous, &node.now());
        if due || differs(&status, previous) {
            node.api.update_node_status(name, status)?;
            self.reported = Some(Instant::now());
        }
        self.written = node.api.node(name).map(|object| (object, runtime));
        Ok(())
    }

    fn renew_lease(&self) {
        let node = &self.node;
        let name = &node.config.node_name;
        let Some(object) = node.api.node(name) else { return };
        let now = node.now();
        if !node.api.renew_node_lease(name, MicroTime(now.0)) {
            node.api.create_node_lease(node_lease(&object, &now));
        }
    }

    async fn sync_node_status(&mut self) {
        let node = &self.node;
        let previous = node.runtime();
        let version = node.cri.version().await;
        let status = node.cri.status().await;
        let mut view = RuntimeView::new(version, status, &previous);
        if self.images_listed.elapsed() >= node.config.timings.image_list_period {
            self.images_listed = Instant::now();
            if let Ok(images) = node.cri.list_images().await {
                view = view.with_images(images);
            }
        }
        if view != *previous {
            node.set_runtime(view);
        }
        // A node object deleted in between needs no status.
        let _ = self.write_node_status();
    }

    pub(crate) async fn run(mut self) {
        let period = self.node.config.timings.node_status_period;
        let next_look = || (!period.is_zero()).then(|| Instant::now() + period);
        let mut look = next_look();
        let mut changes = self.node.api.watch_pods(&self.node.config.node_name);
        let mut runtime = RuntimeWatch::subscribe(&self.node).await;
        let adoptable = std::mem::take(&mut self.adoptable);
        let mut pods = Pods::new(Arc::clone(&self.node), adoptable);
        let mut first: Vec<PodChange> = std::iter::from_fn(|| changes.try_recv().ok()).collect();
        // The oldest pod is admitted first, as in `HandlePodAdditions`.
        first.sort_by_key(|change| {
            subject(change).metadata.creation_timestamp.as_ref().map(|created| created.0)
        });
        for change in first {
            pods.change(change).await;
        }
        pods.remove_orphans();
        let delay = self.node.config.timings.change_delay;
        let mut arriving: VecDeque<(Instant, PodChange)> = VecDeque::new();
        loop {
            let wake = pods.next_wake();
            let arrival = arriving.front().map(|(at, _)| *at);
            tokio::select! {
                // In this order whenever several are due, so that runs repeat exactly.
                biased;
                command = self.commands.recv() => match command {
                    Some(Command::SyncNodeStatus(done)) => {
                        self.sync_node_status().await;
                        // Whoever asked may have gone.
                        let _ = done.send(());
                    }
                    None => return,
                },
                change = changes.recv() => match change {
                    Some(change) if delay.is_zero() => pods.change(change).await,
                    Some(change) => arriving.push_back((Instant::now() + delay, change)),
                    // The API is gone; what runs keeps running.
                    None => return,
                },
                () = until(arrival) => {
                    while arriving.front().is_some_and(|(at, _)| *at <= Instant::now()) {
                        if let Some((_, change)) = arriving.pop_front() {
                            pods.change(change).await;
                        }
                    }
                }
                () = pods.task_done() => {}
                heard = runtime.next(&self.node) => self.hear(&mut pods, &mut runtime, heard).await,
                () = until(wake) => pods.wake().await,
                () = until(look) => {
                    self.renew_lease();
                    self.sync_node_status().await;
                    look = next_look();
                }
            }
        }
    }

    async fn hear(&self, pods: &mut Pods, runtime: &mut RuntimeWatch, heard: Heard) {
        match heard {
            Heard::Nothing => {}
            Heard::Stopped { uid } => {
                pods.call(&uid, Call { observe: true, ..Call::default() }).await;
            }
            Heard::ListingDue => {
                let Some(listing) = runtime.list(&self.node).await else { return };
                for uid in pods.changed_since(&listing) {
                    pods.call(&uid, Call { observe: true, ..Call::default() }).await;
                }
            }
        }
    }
}

/// Waits until then; without a time, for ever.
async fn until(wake: Option<Instant>) {
    match wake {
        Some(wake) => sleep_until(wake).await,
        None => std::future::pending().await,
    }
}

/// The pod a change is about.
fn subject(change: &PodChange) -> &Arc<k8s_openapi::api::core::v1::Pod> {
    match change {
        PodChange::Applied(pod) | PodChange::Deleted(pod) => pod,
    }
}
