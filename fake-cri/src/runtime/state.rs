//! What a runtime knows: its sandboxes and containers by id.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cri_api::v1;
use tokio::sync::Notify;

use super::attach::Attached;
use super::kept::{KeptContainer, KeptSandbox, Make};
use super::log::Log;
use super::recent::Recent;
use super::timers::Wake;
use crate::identity::Identity;
use crate::process::{ContainerFiles, Environment, Process, ProcessTable};

/// Everything that a call may change, behind one short lock.
#[derive(Default)]
pub(super) struct State {
    pub(super) sandboxes: BTreeMap<Arc<str>, Sandbox>,
    pub(super) containers: BTreeMap<Arc<str>, Arc<Container>>,
    /// Names in use: sandboxes and containers each have one of their own.
    pub(super) names: HashMap<Arc<str>, Arc<str>>,
    /// What containers were made of last.
    pub(super) makes: Recent<Make>,
    /// Who the last sandboxes' processes are.
    pub(super) identities: Recent<Identity>,
}

/// A sandbox.
pub(super) struct Sandbox {
    pub(super) number: u64,
    /// Which node's addresses its own is one of.
    pub(super) network: u64,
    pub(super) name: Arc<str>,
    pub(super) config: Arc<KeptSandbox>,
    pub(super) on_host_network: bool,
    pub(super) runtime_handler: Box<str>,
    pub(super) state: v1::PodSandboxState,
    /// Nanoseconds since 1970.
    pub(super) created_at: i64,
    pub(super) containers: Vec<Arc<str>>,
    /// Who its own process is.
    pub(super) identity: Arc<Identity>,
}

/// A container. What changes has a lock of its own.
pub(super) struct Container {
    pub(super) number: u64,
    pub(super) id: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) sandbox_id: Arc<str>,
    pub(super) config: KeptContainer,
    pub(super) make: Arc<Make>,
    pub(super) environment: Environment,
    pub(super) created_at: i64,
    pub(super) files: Mutex<ContainerFiles>,
    pub(super) processes: ProcessTable,
    pub(super) life: Mutex<Life>,
    /// Told when the first process ends.
    pub(super) ended: Notify,
}

/// The part of a container that changes.
pub(super) struct Life {
    pub(super) phase: Phase,
    pub(super) next_pid: u32,
    /// Made when there is something in it, or somebody waits for that.
    pub(super) log: Option<Box<Log>>,
    /// Made when there is a terminal, or somebody attaches.
    pub(super) attached: Option<Box<Attached>>,
}

/// How far a container's first process is.
pub(super) enum Phase {
    Created,
    Running { started_at: i64, process: Box<Process>, waits: Waits },
    Exited(Exit),
}

impl Phase {
    /// The CRI's name of a state in which nothing can be run or heard; none while it runs.
    pub(super) fn not_running(&self) -> Option<&'static str> {
        match self {
            Self::Created => Some("CONTAINER_CREATED"),
            Self::Exited(_) => Some("CONTAINER_EXITED"),
            Self::Running { .. } => None,
        }
    }
}

/// What a first process waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    /// A signal.
    Signal,
    Time(Wake),
    /// Something to read.
    Input,
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exit {
    /// 0 when it never started.
    pub(super) started_at: i64,
    pub(super) finished_at: i64,
    pub(super) code: i32,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl State {
    /// The sandbox with this id or unambiguous beginning of one.
    pub(super) fn sandbox_id(&self, id: &str) -> Option<Arc<str>> {
        find(&self.sandboxes, id)
    }

    /// The container with this id or unambiguous beginning of one.
    pub(super) fn container(&self, id: &str) -> Option<Arc<Container>> {
        let id = find(&self.containers, id)?;
        self.containers.get(&id).cloned()
    }
}

fn find<T>(by_id: &BTreeMap<Arc<str>, T>, id: &str) -> Option<Arc<str>> {
    if id.is_empty() {
        return None;
    }
    let from = (Bound::Included(id), Bound::Unbounded);
    let mut fitting =
        by_id.range::<str, _>(from).map(|(key, _)| key).take_while(|key| key.starts_with(id));
    let first = fitting.next()?;
    (first.len() == id.len() || fitting.next().is_none()).then(|| Arc::clone(first))
}

impl Container {
    pub(super) fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> v1::ContainerState {
        match self.life().phase {
            Phase::Created => v1::ContainerState::ContainerCreated,
            Phase::Running { .. } => v1::ContainerState::ContainerRunning,
            Phase::Exited(_) => v1::ContainerState::ContainerExited,
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.state() == v1::ContainerState::ContainerRunning
    }
}
