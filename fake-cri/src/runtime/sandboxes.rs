//! Sandboxes: run, stop, remove, describe.

use std::sync::Arc;

use cri_api::{CriError, EventStream, v1};

use super::events::Happened;
use super::kept::KeptSandbox;
use super::state::Sandbox;
use super::{Inner, words};
use crate::identity::{self, Identity, Request, Surroundings};
use crate::image::FileTree;
use crate::process::{Capabilities, Credentials, Hostname};

/// How many addresses a node has for its pods; the oldest are given again.
const HOSTS_OF_A_NODE: u64 = (1 << 11) - 2;

impl Inner {
    pub(super) fn run_pod_sandbox(
        &self,
        config: v1::PodSandboxConfig,
        runtime_handler: &str,
    ) -> Result<String, CriError> {
        let metadata =
            config.metadata.as_ref().ok_or_else(|| words::metadata_is_missing("sandbox"))?;
        let v1::PodSandboxMetadata { name, uid, namespace, attempt } = metadata;
        let name: Arc<str> = format!("{name}_{namespace}_{uid}_{attempt}").into();
        let (number, id) = self.next_id();
        let context = config.linux.as_ref().and_then(|linux| linux.security_context.as_ref());
        let request = context.map_or_else(Request::default, |context| Request {
            run_as_user: context.run_as_user.map(|user| user.value),
            run_as_group: context.run_as_group.map(|group| group.value),
            supplemental_groups: &context.supplemental_groups,
            supplemental_groups_policy: context.supplemental_groups_policy,
            run_as_username: "",
        });
        // The pause image has no user files and names no user.
        let files = FileTree::default();
        let profile = self.profile();
        let identity =
            identity::resolve_sandbox(profile, &request, &Surroundings::of_image(&files, ""))
                .map_err(|refusal| {
                    self.with_scene(&id, |scene| refusal.to_error(profile, scene))
                })?;
        let on_host_network = on_host_network(&config);
        // The rest is never asked for again.
        let config = KeptSandbox {
            metadata: config.metadata,
            labels: config.labels.into(),
            annotations: config.annotations.into(),
            hostname: Hostname::new(&config.hostname),
        };
        let mut state = self.lock();
        if let Some(other) = state.names.get(&name) {
            return Err(words::name_is_reserved("sandbox", &name, other));
        }
        if state.sandboxes.len() >= self.options.limits.sandboxes {
            return Err(words::too_many("sandboxes", self.options.limits.sandboxes));
        }
        state.names.insert(Arc::clone(&name), Arc::clone(&id));
        let identity = state.identities.share(identity);
        let sandbox = Sandbox {
            number,
            network: self.options.seed,
            name,
            config: Arc::new(config),
            on_host_network,
            runtime_handler: runtime_handler.into(),
            state: v1::PodSandboxState::SandboxReady,
            created_at: self.now(),
            containers: Vec::new(),
            identity,
        };
        state.sandboxes.insert(Arc::clone(&id), sandbox);
        drop(state);
        self.tell_of_sandbox(&id, v1::ContainerEventType::ContainerCreatedEvent);
        self.tell_of_sandbox(&id, v1::ContainerEventType::ContainerStartedEvent);
        Ok(id.to_string())
    }

    pub(super) fn stop_pod_sandbox(self: &Arc<Self>, id: &str) {
        let Some((id, containers)) = self.containers_of(id) else { return };
        for container in containers {
            self.kill(&container);
        }
        let mut state = self.lock();
        let Some(sandbox) = state.sandboxes.get_mut(&id) else { return };
        let was_ready = sandbox.state == v1::PodSandboxState::SandboxReady;
        sandbox.state = v1::PodSandboxState::SandboxNotready;
        drop(state);
        if was_ready {
            self.tell_of_sandbox(&id, v1::ContainerEventType::ContainerStoppedEvent);
        }
    }

    pub(super) fn remove_pod_sandbox(self: &Arc<Self>, id: &str) {
        self.stop_pod_sandbox(id);
        let Some((id, containers)) = self.containers_of(id) else { return };
        for container in containers {
            self.remove_container(&container.id);
        }
        let mut state = self.lock();
        if let Some(sandbox) = state.sandboxes.remove(&id) {
            state.names.remove(&sandbox.name);
            drop(state);
            self.tell_of_sandbox(&id, v1::ContainerEventType::ContainerDeletedEvent);
        }
    }

    pub(super) fn pod_sandbox_status(&self, id: &str) -> Result<v1::PodSandboxStatus, CriError> {
        let state = self.lock();
        let found =
            state.sandbox_id(id).and_then(|id| Some((id.clone(), state.sandboxes.get(&id)?)));
        let (id, sandbox) = found.ok_or_else(|| words::no_such_sandbox(self.profile(), id))?;
        Ok(sandbox.status(&id))
    }

    pub(super) fn list_pod_sandboxes(
        &self,
        filter: Option<v1::PodSandboxFilter>,
    ) -> Vec<v1::PodSandbox> {
        let filter = filter.unwrap_or_default();
        let wanted = filter.state.map(|state| state.state);
        let state = self.lock();
        let mut fitting: Vec<_> = state
            .sandboxes
            .iter()
            .filter(|(id, sandbox)| {
                id.starts_with(&filter.id)
                    && wanted.is_none_or(|wanted| wanted == i32::from(sandbox.state))
                    && sandbox.config.labels.have(&filter.label_selector)
            })
            .collect();
        fitting.sort_unstable_by_key(|(_, sandbox)| sandbox.number);
        fitting.into_iter().map(|(id, sandbox)| sandbox.list_entry(id)).collect()
    }

    pub(super) fn tell_of_sandbox(&self, id: &Arc<str>, kind: v1::ContainerEventType) {
        let (id, sandbox_id, created_at) = (Arc::clone(id), Arc::clone(id), self.now());
        self.events.send(&Happened { id, sandbox_id, kind, created_at });
    }

    /// The events from now on, all or those of one kind; they end with the runtime.
    pub(super) fn subscribe(self: &Arc<Self>, kind: Option<v1::ContainerEventType>) -> EventStream {
        let inner = Arc::downgrade(self);
        self.events.subscribe(kind, move |happened| match inner.upgrade() {
            Some(inner) => inner.event(&happened),
            None => v1::ContainerEventResponse::default(),
        })
    }

    /// An event with the state of the whole pod.
    fn event(&self, happened: &Happened) -> v1::ContainerEventResponse {
        let Happened { id, sandbox_id, kind, created_at } = happened;
        let containers = self.containers_of(sandbox_id).map(|(_, containers)| containers);
        let statuses = containers.unwrap_or_default();
        v1::ContainerEventResponse {
            container_id: id.to_string(),
            container_event_type: (*kind).into(),
            created_at: *created_at,
            pod_sandbox_status: self.pod_sandbox_status(sandbox_id).ok(),
            containers_statuses: statuses
                .iter()
                .map(|container| self.describe(container))
                .collect(),
        }
    }

    fn containers_of(&self, id: &str) -> Option<(Arc<str>, Vec<Arc<super::state::Container>>)> {
        let state = self.lock();
        let id = state.sandbox_id(id)?;
        let sandbox = state.sandboxes.get(&id)?;
        let containers =
            sandbox.containers.iter().filter_map(|id| state.containers.get(id).cloned()).collect();
        Some((id, containers))
    }
}

impl Sandbox {
    /// The process that keeps the sandbox open.
    pub(super) fn pause(&self) -> Credentials {
        let Identity { uid, gid, ref groups, .. } = *self.identity;
        let none = Capabilities::default();
        Credentials::new(uid, gid, groups.clone(), none, none)
    }

    fn status(&self, id: &str) -> v1::PodSandboxStatus {
        v1::PodSandboxStatus {
            id: id.to_owned(),
            metadata: self.config.metadata.clone(),
            state: self.state.into(),
            created_at: self.created_at,
            network: Some(v1::PodSandboxNetworkStatus {
                ip: self.address(),
                additional_ips: Vec::new(),
            }),
            labels: self.config.labels.to_map(),
            annotations: self.config.annotations.to_map(),
            runtime_handler: self.runtime_handler.to_string(),
        }
    }

    /// An address of its own, in the part of 10.0.0.0/8 that is the node's; none on the host's
    /// network.
    fn address(&self) -> String {
        if self.on_host_network {
            return String::new();
        }
        let place = self.network << 11 | (self.number % HOSTS_OF_A_NODE + 1);
        format!("10.{}.{}.{}", (place >> 16) & 0xff, (place >> 8) & 0xff, place & 0xff)
    }

    fn list_entry(&self, id: &str) -> v1::PodSandbox {
        v1::PodSandbox {
            id: id.to_owned(),
            metadata: self.config.metadata.clone(),
            state: self.state.into(),
            created_at: self.created_at,
            labels: self.config.labels.to_map(),
            annotations: self.config.annotations.to_map(),
            runtime_handler: self.runtime_handler.to_string(),
        }
    }
}

fn on_host_network(config: &v1::PodSandboxConfig) -> bool {
    let context = config.linux.as_ref().and_then(|linux| linux.security_context.as_ref());
    let options = context.and_then(|context| context.namespace_options.as_ref());
    options.is_some_and(|options| options.network() == v1::NamespaceMode::Node)
}
