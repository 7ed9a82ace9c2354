//! The pod worker: brings a pod's containers to where its object wants them.
//!
//! A worker acts when its pod changes, when a container of it ends, or when a
//! wait is over; in between it rests. It owns all that is known of the pod,
//! so that nothing is looked up twice.

mod container;
mod deadline;
mod health;
mod hooks;
mod image;
mod observe;
pub(crate) mod plan;
pub(crate) mod probes;
pub(crate) mod record;
mod sandbox;
mod terminate;

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use cri_api::v1;
use k8s_openapi::api::core::v1::{Pod, PodStatus};
use tokio::time::Instant;

use crate::api::PodIdentity;
use crate::events::Notice;
use crate::node::{KnownContainer, KnownState, Node};
use crate::probing::Probed;
use crate::status::phase::ended;
use crate::status::pod::{PodView, Sandbox, Terminal, pod_status};
use crate::translate::{Context, on_host_network};
use crate::volumes::MountedVolume;
use plan::{plan, should_start};
use probes::Probes;
use record::{Failure, Instance, Kind, Record, State};
use sandbox::MountTrouble;

pub(crate) use observe::Adopted;

/// Rounds of starting containers within one sync; ones that end at once are
/// taken up again in the next, so that no pod keeps the others waiting.
const ROUNDS: usize = 8;

/// What is done about a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Its containers are kept as its object wants them.
    Running,
    /// Nothing of it will run any more.
    Finished,
}

/// What a sync leaves to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Rest until something happens, at the latest until then.
    Rest(Option<Instant>),
    /// The pod has come to its end; it stays until its object goes.
    Finished,
    /// The pod is gone; so is the worker's task.
    Gone,
}

/// Why a worker is called.
#[derive(Debug, Default)]
pub(crate) struct Call {
    /// Containers may have ended: ask the runtime.
    pub(crate) observe: bool,
    /// The object is gone from the API.
    pub(crate) removed: bool,
    /// Probes that were made.
    pub(crate) probed: Vec<Probed>,
}

impl Call {
    /// Adds what another call is for.
    pub(crate) fn merge(&mut self, other: Self) {
        self.observe |= other.observe;
        self.removed |= other.removed;
        self.probed.extend(other.probed);
    }
}

/// A pod and all that is known of it.
pub(crate) struct PodWorker {
    node: Arc<Node>,
    identity: PodIdentity,
    uid: Arc<str>,
    pod: Arc<Pod>,
    stage: Stage,
    sandbox: Option<Sandbox>,
    /// Dead sandboxes that are still on the runtime.
    old_sandboxes: Vec<Arc<str>>,
    records: Vec<Record>,
    volumes: Option<Vec<(String, MountedVolume)>>,
    /// While a volume cannot be mounted.
    mount_trouble: Option<Box<MountTrouble>>,
    /// The status written last, until the API shows it.
    published: Option<Box<PodStatus>>,
    counted: bool,
    /// Most pods have none.
    probes: Option<Box<Probes>>,
}

impl PodWorker {
    pub(crate) fn new(node: Arc<Node>, identity: PodIdentity, pod: Arc<Pod>) -> Self {
        let records = Record::all_of(&pod);
        let probes = Probes::of(&pod, &records, Instant::now());
        Self {
            node,
            uid: Arc::from(identity.uid.as_str()),
            identity,
            pod,
            stage: Stage::Running,
            sandbox: None,
            old_sandboxes: Vec::new(),
            records,
            volumes: None,
            mount_trouble: None,
            published: None,
            counted: false,
            probes,
        }
    }

    pub(crate) fn pod(&self) -> &Arc<Pod> {
        &self.pod
    }

    /// Takes over a newer object of the same pod.
    ///
    /// Once the API shows what was written last, that need not be kept twice.
    pub(crate) fn update(&mut self, pod: Arc<Pod>) {
        self.pod = pod;
        if self.published.as_deref() == self.pod.status.as_ref() {
            self.published = None;
        }
        Record::extend_to(&mut self.records, &self.pod);
    }

    /// Keeps the worker from starting anything: the pod has ended.
    pub(crate) fn retire(&mut self) {
        self.stage = Stage::Finished;
        self.publish_containers();
    }

    /// Whether the runtime says something else of sandbox or containers.
    pub(crate) fn differs(
        &self,
        sandboxes: &HashMap<String, v1::PodSandboxState>,
        containers: &HashMap<String, v1::ContainerState>,
    ) -> bool {
        let sandbox_differs = self
            .ready_sandbox()
            .is_some_and(|id| sandboxes.get(id) != Some(&v1::PodSandboxState::SandboxReady));
        sandbox_differs
            || self.running().any(|(_, instance)| {
                containers.get(&*instance.id) != Some(&v1::ContainerState::ContainerRunning)
            })
    }

    /// Brings the pod a step further, as far as it goes without waiting for
    /// something to happen.
    pub(crate) async fn sync(&mut self, call: Call) -> Next {
        let delay = self.node.config.timings.worker_delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if call.observe {
            self.refresh().await;
        }
        for probed in call.probed {
            self.take_probed(&probed);
        }
        if call.removed || self.pod.metadata.deletion_timestamp.is_some() {
            self.terminate(call.removed).await;
            return Next::Gone;
        }
        if self.stage == Stage::Finished {
            return Next::Finished;
        }
        if ended(self.pod.status.as_ref()).is_some() {
            self.finish().await;
            return Next::Finished;
        }
        let deadline = self.deadline();
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            self.exceed_deadline().await;
            return Next::Finished;
        }
        self.replace_outdated().await;
        self.replace_unhealthy().await;
        for _ in 0..ROUNDS {
            let started = |index: usize| self.has_started(index);
            let sandbox = self.ready_sandbox();
            let plan = plan(&self.pod, &self.records, sandbox, started, Instant::now());
            if plan.finished {
                self.finish().await;
                return Next::Finished;
            }
            if plan.start.is_empty() {
                self.publish(None);
                return Next::Rest(plan.wake.into_iter().chain(deadline).min());
            }
            if let Err(retry) = self.prepare().await {
                self.publish(None);
                return Next::Rest(Some(retry));
            }
            for index in plan.start {
                self.start_container(index).await;
            }
        }
        self.publish(None);
        Next::Rest(Some(Instant::now()))
    }

    /// Volumes and sandbox, before a container can be started; else when to
    /// try again.
    async fn prepare(&mut self) -> Result<(), Instant> {
        let has_sandbox = self.ready_sandbox().is_some();
        if !has_sandbox
            && !on_host_network(&self.pod, &self.node.config)
            && let Some(error) = self.node.runtime().network_error()
        {
            self.record(None, Notice::network_not_ready(&error));
            return Err(Instant::now() + self.node.config.timings.network_retry);
        }
        self.mount_volumes()?;
        if has_sandbox { Ok(()) } else { self.create_sandbox().await }
    }

    /// The id of the pod's sandbox, if it is ready.
    fn ready_sandbox(&self) -> Option<&str> {
        self.sandbox.as_ref().filter(|sandbox| sandbox.ready).map(|sandbox| &*sandbox.id)
    }

    /// What translation needs besides the pod.
    fn context(&self) -> Context<'_> {
        Context {
            config: &self.node.config,
            volumes: self.volumes.as_deref().unwrap_or_default(),
            pod_ip: self.sandbox.as_ref().map_or("", |sandbox| &sandbox.ip),
        }
    }

    /// Records an event about the pod or one of its containers.
    fn record(&self, container: Option<(Kind, &str)>, notice: Notice) {
        let field_path = container.map(|(kind, name)| kind.field_path(name));
        self.node.record(&self.pod, field_path, notice);
    }

    /// Writes the pod's status if it changed.
    ///
    /// A status that the API does not take any more is dropped: the pod is
    /// gone, and the worker is told so by the watch.
    fn publish(&mut self, terminal: Option<Terminal>) {
        let now = self.node.now();
        let runtime = self.node.runtime();
        let view = PodView {
            pod: &self.pod,
            config: &self.node.config,
            runtime_name: &runtime.name,
            records: &self.records,
            sandbox: self.sandbox.as_ref(),
            terminal,
            published: self.published.as_deref(),
            probes: self.probes.as_deref(),
            now: &now,
        };
        let status = pod_status(&view);
        if self.published.as_deref().or(self.pod.status.as_ref()) != Some(&status) {
            let _ = self.node.api.update_pod_status(&self.identity, status.clone());
            self.published = Some(Box::new(status));
            self.publish_containers();
        }
    }

    /// Tells who reaches into containers, or reads their logs, what there is.
    fn publish_containers(&self) {
        let known = self.records.iter().map(|record| {
            let waits = self.waits(record);
            let current = record.latest.as_ref().filter(|latest| latest.state != State::Created);
            let last = record.previous.as_deref();
            let (current, last) =
                if waits.is_some() { (None, current.or(last)) } else { (current, last) };
            let state = match (waits, current) {
                (Some(failure), _) => KnownState::Waiting(failure.reason),
                (None, Some(current)) if current.is_running() => KnownState::Running,
                (None, Some(_)) => KnownState::Ended,
                (None, None) if self.stage == Stage::Finished => KnownState::Never,
                (None, None) => KnownState::Waiting(Record::default_waiting_reason(&self.records)),
            };
            let id = |instance: &Instance| Arc::clone(&instance.id);
            KnownContainer {
                name: Box::from(record.name(&self.pod)),
                state,
                current: current.map(id),
                last: last.map(id),
            }
        });
        self.node.set_known(&self.uid, known.collect());
    }

    /// Why a container waits that is to be started (again).
    fn waits<'a>(&self, record: &'a Record) -> Option<&'a Failure> {
        let ended = self.stage == Stage::Finished;
        let starts = || should_start(record, &self.pod, self.ready_sandbox());
        record.failure.as_ref().filter(|_| !ended && starts())
    }

    /// Waits for the runtime; if it does not answer at once, people see
    /// meanwhile how far the pod is.
    async fn patiently<T>(&mut self, answer: impl Future<Output = T>) -> T {
        let mut answer = pin!(answer);
        let at_once = std::future::poll_fn(|context| {
            Poll::Ready(match answer.as_mut().poll(context) {
                Poll::Ready(answer) => Some(answer),
                Poll::Pending => None,
            })
        });
        match at_once.await {
            Some(answer) => answer,
            None => {
                self.publish(None);
                answer.await
            }
        }
    }

    fn running(&self) -> impl Iterator<Item = (&Record, &Instance)> {
        self.records.iter().filter_map(|record| {
            record
                .latest
                .as_ref()
                .filter(|latest| latest.is_running())
                .map(|latest| (record, latest))
        })
    }
}
