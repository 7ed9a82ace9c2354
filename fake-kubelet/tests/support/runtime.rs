//! A runtime that does what its script says.
//!
//! It resolves identities by the few rules that the recorded images need, so
//! that what a test sees depends on what the kubelet sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cri_api::{Cri, CriError, EventStream, LogEntry, LogPage, LogStream, v1};
use futures_util::StreamExt;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

const USER: &str = "user-defined-in-image";

/// How a container of an image behaves.
#[derive(Debug, Clone, Default)]
pub struct Behaviour {
    /// The config's user.
    pub user: String,
    pub create_error: Option<String>,
    pub start_error: Option<String>,
    /// Ends with this code as soon as it is started, as `/bin/id` always does with 0.
    pub exits: Option<i32>,
}

/// One call that made something, with the security context it came with.
#[derive(Debug, Clone)]
pub enum Made {
    Sandbox(Box<v1::PodSandboxConfig>),
    Container(Box<v1::ContainerConfig>),
}

#[derive(Default)]
struct State {
    version: String,
    features: Option<bool>,
    network_ready: bool,
    has_events: bool,
    is_slow_to_stop: bool,
    tells_others: bool,
    images: BTreeMap<String, Behaviour>,
    pullable: BTreeMap<String, Behaviour>,
    sandbox_error: Option<String>,
    sandboxes: BTreeMap<String, (v1::PodSandboxStatus, v1::PodSandboxConfig)>,
    containers: BTreeMap<String, (v1::ContainerStatus, String, Behaviour)>,
    made: Vec<Made>,
    calls: BTreeMap<&'static str, usize>,
    delay: Duration,
    created: usize,
    watchers: Vec<UnboundedSender<v1::ContainerEventResponse>>,
    /// By container id.
    logs: BTreeMap<String, Vec<LogEntry>>,
    logged: Arc<Notify>,
}

/// A runtime without containers, by script.
pub struct ScriptedRuntime {
    state: Mutex<State>,
    start: Instant,
}

impl ScriptedRuntime {
    /// `features`: the runtime's answer for the policy; none sends no message.
    pub fn new(version: &str, features: Option<bool>) -> Self {
        let state = State {
            version: version.to_owned(),
            features,
            network_ready: true,
            has_events: true,
            ..State::default()
        };
        Self { state: Mutex::new(state), start: Instant::now() }
    }

    /// containerd 2.1.9 as recorded.
    pub fn containerd_2_1() -> Self {
        Self::new("2.1.9+unknown", Some(true))
    }

    /// containerd 1.7.24 as recorded.
    pub fn containerd_1_7() -> Self {
        Self::new("1.7.24", None)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds the state")
    }

    /// The runtime is replaced; what runs keeps running.
    pub fn replace(&self, version: &str, features: Option<bool>) {
        let mut state = self.state();
        state.version = version.to_owned();
        state.features = features;
    }

    pub fn without_network(self) -> Self {
        self.state().network_ready = false;
        self
    }

    pub fn without_events(self) -> Self {
        self.state().has_events = false;
        self
    }

    /// Its events go to another listener.
    pub fn telling_others(self) -> Self {
        self.state().tells_others = true;
        self
    }

    /// Sandboxes take this long.
    /// Containers take all of their grace period to end.
    pub fn slow_to_stop(self) -> Self {
        self.state().is_slow_to_stop = true;
        self
    }

    pub fn slow(self, delay: Duration) -> Self {
        self.state().delay = delay;
        self
    }

    pub fn with_image(self, name: &str, behaviour: Behaviour) -> Self {
        self.state().images.insert(name.to_owned(), behaviour);
        self
    }

    pub fn with_pullable(self, name: &str, behaviour: Behaviour) -> Self {
        self.state().pullable.insert(name.to_owned(), behaviour);
        self
    }

    pub fn set_pullable(&self, name: &str, behaviour: Behaviour) {
        self.state().pullable.insert(name.to_owned(), behaviour);
    }

    pub fn fail_sandboxes(&self, error: Option<&str>) {
        self.state().sandbox_error = error.map(str::to_owned);
    }

    pub fn made(&self) -> Vec<Made> {
        self.state().made.clone()
    }

    pub fn calls(&self, name: &str) -> usize {
        self.state().calls.get(name).copied().unwrap_or(0)
    }

    pub fn counts(&self) -> (usize, usize) {
        let state = self.state();
        (state.sandboxes.len(), state.containers.len())
    }

    pub fn running(&self) -> usize {
        let state = self.state();
        let running = v1::ContainerState::ContainerRunning;
        state.containers.values().filter(|(status, ..)| status.state() == running).count()
    }

    /// Ends the running containers of this name.
    pub fn kill(&self, name: &str, exit_code: i32) {
        let now = self.now();
        let mut state = self.state();
        for id in state.running_named(name) {
            state.end(&id, exit_code, now);
        }
    }

    /// Lets the running containers of this name print lines, one a second from now on.
    pub fn log(&self, name: &str, lines: &[&str]) {
        let now = self.now();
        let mut state = self.state();
        for id in state.running_named(name) {
            let log = state.logs.entry(id).or_default();
            for (second, line) in (0..).zip(lines) {
                let text = Bytes::from((*line).to_owned());
                let time = now + second * 1_000_000_000;
                log.push(LogEntry { time, stream: LogStream::Stdout, text });
            }
        }
        state.logged.notify_waiters();
    }

    /// Lets every sandbox die, with what is in it.
    pub fn kill_sandboxes(&self) {
        let now = self.now();
        let mut state = self.state();
        let ids: Vec<String> = state.sandboxes.keys().cloned().collect();
        for id in ids {
            state.end_sandbox(&id, now);
        }
    }

    pub fn identity(&self, container_id: &str) -> Option<v1::LinuxContainerUser> {
        let state = self.state();
        let id = container_id.rsplit('/').next().unwrap_or_default();
        let (status, ..) = state.containers.get(id)?;
        let groups = status.annotations.get("identity")?;
        let mut numbers = groups.split(',').map(|number| number.parse().expect("a number"));
        Some(v1::LinuxContainerUser {
            uid: numbers.next().expect("a uid"),
            gid: numbers.next().expect("a gid"),
            supplemental_groups: numbers.collect(),
        })
    }

    fn now(&self) -> i64 {
        let elapsed = i64::try_from(self.start.elapsed().as_nanos()).expect("tests are short");
        1_767_225_600_000_000_000 + elapsed
    }
}

impl State {
    fn count(&mut self, call: &'static str) {
        *self.calls.entry(call).or_default() += 1;
    }

    fn running_named(&self, name: &str) -> Vec<String> {
        let named = |status: &v1::ContainerStatus| {
            status.metadata.as_ref().is_some_and(|metadata| metadata.name == name)
                && status.state() == v1::ContainerState::ContainerRunning
        };
        let named = self.containers.iter().filter(|(_, (status, ..))| named(status));
        named.map(|(id, _)| id.clone()).collect()
    }

    fn supports(&self) -> bool {
        self.features == Some(true)
    }

    fn end(&mut self, id: &str, exit_code: i32, now: i64) {
        let Some((status, sandbox, _)) = self.containers.get_mut(id) else { return };
        if status.state() == v1::ContainerState::ContainerExited {
            return;
        }
        status.state = v1::ContainerState::ContainerExited.into();
        status.exit_code = exit_code;
        status.reason = if exit_code == 0 { "Completed" } else { "Error" }.to_owned();
        status.finished_at = now;
        let sandbox = sandbox.clone();
        self.logged.notify_waiters();
        self.tell(id, v1::ContainerEventType::ContainerStoppedEvent, &sandbox);
    }

    fn end_sandbox(&mut self, id: &str, now: i64) {
        let inside: Vec<String> = self
            .containers
            .iter()
            .filter(|(_, (_, sandbox, _))| sandbox == id)
            .map(|(container, _)| container.clone())
            .collect();
        for container in inside {
            self.end(&container, 137, now);
        }
        if let Some((status, _)) = self.sandboxes.get_mut(id) {
            status.state = v1::PodSandboxState::SandboxNotready.into();
            self.tell(id, v1::ContainerEventType::ContainerStoppedEvent, id);
        }
    }

    fn tell(&mut self, id: &str, event: v1::ContainerEventType, sandbox: &str) {
        let event = v1::ContainerEventResponse {
            container_id: id.to_owned(),
            container_event_type: event.into(),
            pod_sandbox_status: self.sandboxes.get(sandbox).map(|(status, _)| status.clone()),
            ..v1::ContainerEventResponse::default()
        };
        if self.tells_others {
            return;
        }
        self.watchers.retain(|watcher| watcher.send(event.clone()).is_ok());
    }

    /// uid, primary gid and groups, by the rules that the recorded images need:
    /// one user with one group of its own in `/etc/group`.
    fn identity(&self, context: &v1::LinuxContainerSecurityContext) -> v1::LinuxContainerUser {
        let named = context.run_as_username == USER;
        let uid = context.run_as_user.map_or(if named { 1000 } else { 0 }, |uid| uid.value);
        let known = uid == 1000;
        let passwd_gid = if known { 1000 } else { 0 };
        let gid = context.run_as_group.map_or(passwd_gid, |gid| gid.value);
        let strict = context.supplemental_groups_policy() == v1::SupplementalGroupsPolicy::Strict;
        let merged = known && !(strict && self.supports());
        let mut groups = vec![gid];
        groups.extend(&context.supplemental_groups);
        groups.extend(merged.then_some(50_000));
        groups.sort_unstable();
        groups.dedup();
        v1::LinuxContainerUser { uid, gid, supplemental_groups: groups }
    }
}

fn not_found(what: &str, id: &str) -> CriError {
    CriError::not_found(format!("an error occurred when try to find {what} {id:?}: not found"))
}

#[async_trait]
impl Cri for ScriptedRuntime {
    async fn version(&self) -> Result<v1::VersionResponse, CriError> {
        Ok(v1::VersionResponse {
            version: "0.1.0".to_owned(),
            runtime_name: "containerd".to_owned(),
            runtime_version: self.state().version.clone(),
            runtime_api_version: "v1".to_owned(),
        })
    }

    async fn status(&self) -> Result<v1::StatusResponse, CriError> {
        let mut state = self.state();
        state.count("status");
        let condition =
            |name: &str, status: bool, reason: &str, message: &str| v1::RuntimeCondition {
                r#type: name.to_owned(),
                status,
                reason: reason.to_owned(),
                message: message.to_owned(),
            };
        let network = if state.network_ready {
            condition("NetworkReady", true, "", "")
        } else {
            condition(
                "NetworkReady",
                false,
                "NetworkPluginNotReady",
                "Network plugin returns error: cni plugin not initialized",
            )
        };
        Ok(v1::StatusResponse {
            status: Some(v1::RuntimeStatus {
                conditions: vec![condition("RuntimeReady", true, "", ""), network],
            }),
            features: state.features.map(|supplemental_groups_policy| v1::RuntimeFeatures {
                supplemental_groups_policy,
                ..v1::RuntimeFeatures::default()
            }),
            // Runtimes that send features send their handlers too.
            runtime_handlers: state.features.map_or_else(Vec::new, |_| {
                let features = Some(v1::RuntimeHandlerFeatures {
                    recursive_read_only_mounts: true,
                    user_namespaces: true,
                });
                let named = |name: &str| v1::RuntimeHandler { name: name.to_owned(), features };
                vec![named(""), named("runc")]
            }),
            ..v1::StatusResponse::default()
        })
    }

    async fn run_pod_sandbox(
        &self,
        config: v1::PodSandboxConfig,
        _: &str,
    ) -> Result<String, CriError> {
        let delay = self.state().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let mut state = self.state();
        state.count("run_pod_sandbox");
        state.made.push(Made::Sandbox(Box::new(config.clone())));
        let security = config.linux.as_ref().and_then(|linux| linux.security_context.as_ref());
        if let Some(error) = &state.sandbox_error {
            return Err(CriError::unknown(error.clone()));
        }
        if let Some(security) = security
            && let (None, Some(group)) = (security.run_as_user, security.run_as_group)
        {
            return Err(CriError::unknown(format!(
                "failed to start sandbox \"SANDBOX\": failed to generate sandbox container spec \
                 options: failed to generate user string: user group \"{}\" is specified without \
                 user",
                group.value
            )));
        }
        state.created += 1;
        let id = format!("sandbox{:04}", state.created);
        let status = v1::PodSandboxStatus {
            id: id.clone(),
            metadata: config.metadata.clone(),
            state: v1::PodSandboxState::SandboxReady.into(),
            labels: config.labels.clone(),
            annotations: config.annotations.clone(),
            ..v1::PodSandboxStatus::default()
        };
        state.sandboxes.insert(id.clone(), (status, config));
        Ok(id)
    }

    async fn stop_pod_sandbox(&self, id: &str) -> Result<(), CriError> {
        let now = self.now();
        self.state().end_sandbox(id, now);
        Ok(())
    }

    async fn remove_pod_sandbox(&self, id: &str) -> Result<(), CriError> {
        let mut state = self.state();
        state.sandboxes.remove(id);
        state.containers.retain(|_, (_, sandbox, _)| sandbox != id);
        Ok(())
    }

    async fn pod_sandbox_status(&self, id: &str) -> Result<v1::PodSandboxStatus, CriError> {
        let state = self.state();
        let sandbox = state.sandboxes.get(id).ok_or_else(|| not_found("sandbox", id))?;
        Ok(sandbox.0.clone())
    }

    async fn list_pod_sandboxes(
        &self,
        _: Option<v1::PodSandboxFilter>,
    ) -> Result<Vec<v1::PodSandbox>, CriError> {
        let mut state = self.state();
        state.count("list_pod_sandboxes");
        let sandbox = |(status, _): &(v1::PodSandboxStatus, v1::PodSandboxConfig)| v1::PodSandbox {
            id: status.id.clone(),
            metadata: status.metadata.clone(),
            state: status.state,
            labels: status.labels.clone(),
            annotations: status.annotations.clone(),
            ..v1::PodSandbox::default()
        };
        Ok(state.sandboxes.values().map(sandbox).collect())
    }

    async fn create_container(
        &self,
        sandbox_id: &str,
        config: v1::ContainerConfig,
        _: v1::PodSandboxConfig,
    ) -> Result<String, CriError> {
        let now = self.now();
        let mut state = self.state();
        state.count("create_container");
        state.made.push(Made::Container(Box::new(config.clone())));
        let image = config.image.clone().unwrap_or_default();
        let name = image.image.strip_prefix("sha256:").unwrap_or(&image.image);
        let mut behaviour = state
            .images
            .get(name)
            .cloned()
            .ok_or_else(|| CriError::not_found(format!("image {name:?} not found")))?;
        if config.command == ["/bin/id"] {
            behaviour.exits = Some(0);
        }
        if let Some(error) = &behaviour.create_error {
            return Err(CriError::unknown(error.clone()));
        }
        let security = config.linux.and_then(|linux| linux.security_context).unwrap_or_default();
        let user = state.identity(&security);
        state.created += 1;
        let id = format!("container{:04}", state.created);
        let mut annotations = config.annotations;
        let numbers = [user.uid, user.gid].into_iter().chain(user.supplemental_groups.clone());
        let identity: Vec<String> = numbers.map(|number| number.to_string()).collect();
        annotations.insert("identity".to_owned(), identity.join(","));
        let status = v1::ContainerStatus {
            id: id.clone(),
            metadata: config.metadata,
            state: v1::ContainerState::ContainerCreated.into(),
            created_at: now,
            image: config.image,
            image_ref: format!("sha256:{name}"),
            labels: config.labels,
            annotations,
            user: state.supports().then_some(v1::ContainerUser { linux: Some(user) }),
            ..v1::ContainerStatus::default()
        };
        state.containers.insert(id.clone(), (status, sandbox_id.to_owned(), behaviour));
        Ok(id)
    }

    async fn start_container(&self, id: &str) -> Result<(), CriError> {
        let now = self.now();
        let mut state = self.state();
        state.count("start_container");
        let container = state.containers.get_mut(id).ok_or_else(|| not_found("container", id))?;
        let (status, sandbox, behaviour) = container;
        let (behaviour, sandbox) = (behaviour.clone(), sandbox.clone());
        status.started_at = now;
        if let Some(error) = behaviour.start_error {
            status.state = v1::ContainerState::ContainerExited.into();
            status.exit_code = 128;
            status.reason = "StartError".to_owned();
            status.message.clone_from(&error);
            status.finished_at = now;
            return Err(CriError::unknown(error));
        }
        status.state = v1::ContainerState::ContainerRunning.into();
        state.tell(id, v1::ContainerEventType::ContainerStartedEvent, &sandbox);
        if let Some(code) = behaviour.exits {
            state.end(id, code, now);
        }
        Ok(())
    }

    async fn stop_container(&self, id: &str, grace: Duration) -> Result<(), CriError> {
        if self.state().is_slow_to_stop {
            tokio::time::sleep(grace).await;
        }
        let now = self.now();
        let mut state = self.state();
        state.count("stop_container");
        state.end(id, 143, now);
        Ok(())
    }

    async fn remove_container(&self, id: &str) -> Result<(), CriError> {
        self.state().containers.remove(id);
        Ok(())
    }

    async fn list_containers(
        &self,
        _: Option<v1::ContainerFilter>,
    ) -> Result<Vec<v1::Container>, CriError> {
        let state = self.state();
        let container =
            |(status, sandbox, _): &(v1::ContainerStatus, String, Behaviour)| v1::Container {
                id: status.id.clone(),
                pod_sandbox_id: sandbox.clone(),
                metadata: status.metadata.clone(),
                state: status.state,
                labels: status.labels.clone(),
                annotations: status.annotations.clone(),
                ..v1::Container::default()
            };
        Ok(state.containers.values().map(container).collect())
    }

    async fn container_status(&self, id: &str) -> Result<v1::ContainerStatus, CriError> {
        let state = self.state();
        let container = state.containers.get(id).ok_or_else(|| not_found("container", id))?;
        Ok(container.0.clone())
    }

    async fn exec_sync(
        &self,
        id: &str,
        command: &[String],
        _: Duration,
    ) -> Result<v1::ExecSyncResponse, CriError> {
        let state = self.state();
        state.containers.get(id).ok_or_else(|| not_found("container", id))?;
        Ok(v1::ExecSyncResponse {
            stdout: command.join(" ").into_bytes(),
            ..v1::ExecSyncResponse::default()
        })
    }

    async fn container_log(&self, id: &str, from: u64, wait: bool) -> Result<LogPage, CriError> {
        loop {
            let changed = {
                let state = self.state();
                let (status, ..) =
                    state.containers.get(id).ok_or_else(|| not_found("container", id))?;
                let ended = status.state() == v1::ContainerState::ContainerExited;
                let all = state.logs.get(id).map_or(&[][..], Vec::as_slice);
                let entries = all[usize::try_from(from).expect("few lines")..].to_vec();
                if ended || !wait || !entries.is_empty() {
                    let next = u64::try_from(all.len()).expect("few lines");
                    return Ok(LogPage { entries, next, ended });
                }
                Arc::clone(&state.logged).notified_owned()
            };
            changed.await;
        }
    }

    async fn container_events(&self) -> Result<EventStream, CriError> {
        let mut state = self.state();
        if !state.has_events {
            return Err(CriError::unimplemented("unknown method GetContainerEvents"));
        }
        let (sender, receiver): (_, UnboundedReceiver<_>) = unbounded_channel();
        state.watchers.push(sender);
        let events = futures_util::stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await.map(|event| (Ok(event), receiver))
        });
        Ok(events.boxed())
    }

    async fn list_images(&self) -> Result<Vec<v1::Image>, CriError> {
        let image = |name: &String| v1::Image {
            repo_tags: vec![name.clone()],
            size: u64::try_from(name.len()).expect("names are short"),
            ..v1::Image::default()
        };
        Ok(self.state().images.keys().map(image).collect())
    }

    async fn image_status(&self, image: &v1::ImageSpec) -> Result<Option<v1::Image>, CriError> {
        let state = self.state();
        Ok(state.images.get(&image.image).map(|behaviour| {
            let uid = behaviour.user.parse().ok().map(|value| v1::Int64Value { value });
            v1::Image {
                id: format!("sha256:{}", image.image),
                username: if uid.is_some() { String::new() } else { behaviour.user.clone() },
                uid,
                size: 1234,
                ..v1::Image::default()
            }
        }))
    }

    async fn pull_image(&self, image: &v1::ImageSpec) -> Result<String, CriError> {
        let mut state = self.state();
        state.count("pull_image");
        let name = &image.image;
        let behaviour =
            state.pullable.get(name).cloned().ok_or_else(|| {
                CriError::not_found(format!("failed to resolve {name:?}: not found"))
            })?;
        state.images.insert(name.clone(), behaviour);
        Ok(format!("sha256:{name}"))
    }

    async fn remove_image(&self, image: &v1::ImageSpec) -> Result<(), CriError> {
        self.state().images.remove(&image.image);
        Ok(())
    }
}
