//! Containers: create, start, run, stop, remove, describe.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cri_api::{CriError, LogPage, v1};
use tokio::sync::Notify;
use toolbox::{Step, Stream};

use super::events::Happened;
use super::kept::{KeptSandbox, Make};
use super::state::{Container, Exit, Life, Phase, Waits};
use super::{Inner, words};
use crate::identity::{self, AddedEntries, Request, Surroundings};
use crate::image::{FileNode, FileTree, Image, Links, StoredImage, normalise};
use crate::process::{
    Capabilities, Confinement, Console, ContainerFiles, Credentials, Environment, Mount,
    NoSuchCommand, Process, ProcessTable, Terminal, variables,
};
use crate::time::rfc3339_seconds;

/// The exit code of a process that SIGKILL ends.
pub(super) const KILLED: i32 = 137;

/// The exit code of a process that SIGTERM ends.
const TERMINATED: i32 = 143;

/// The exit code of a container that could not be started.
const CANNOT_START: i32 = 128;

/// The number of a container's first process, as it sees itself.
const INIT: u32 = 1;

/// The command that waits for signals and so handles them.
const PAUSE: &str = "pause";

/// Its number where pause is process 1.
const FIRST_SHARED_PID: u32 = 7;

/// The first number for processes beside the first one.
const FIRST_EXEC_PID: u32 = 13;

impl Inner {
    pub(super) fn create_container(
        &self,
        sandbox_id: &str,
        config: v1::ContainerConfig,
    ) -> Result<String, CriError> {
        let profile = self.profile();
        let (sandbox_id, sandbox_config, pause) = {
            let state = self.lock();
            let found = state.sandbox_id(sandbox_id);
            let sandbox = found.and_then(|id| Some((id.clone(), state.sandboxes.get(&id)?)));
            let (id, sandbox) =
                sandbox.ok_or_else(|| words::no_sandbox_for_container(profile, sandbox_id))?;
            if sandbox.state != v1::PodSandboxState::SandboxReady {
                return Err(words::sandbox_is_not_ready(profile, &id));
            }
            (id, Arc::clone(&sandbox.config), sandbox.pause())
        };
        let name = container_name(&config, &sandbox_config)?;
        let wanted = config.image.as_ref().map(|image| image.image.as_str()).unwrap_or_default();
        let stored =
            self.images.find(wanted).ok_or_else(|| words::no_such_image(profile, wanted))?;
        let (number, id) = self.next_id();
        let pause = shares_processes(&config).then_some(pause);
        let container =
            self.prepare(number, &id, name, (&sandbox_id, &sandbox_config), config, &stored)?;
        let container = Arc::new(container);
        if let Some(pause) = pause {
            container.processes.share_with(&pause);
        }
        let mut state = self.lock();
        if let Some(other) = state.names.get(&container.name) {
            return Err(words::name_is_reserved("container", &container.name, other));
        }
        if state.containers.len() >= self.options.limits.containers {
            return Err(words::too_many("containers", self.options.limits.containers));
        }
        let Some(sandbox) = state.sandboxes.get_mut(&sandbox_id) else {
            return Err(words::no_sandbox_for_container(profile, &sandbox_id));
        };
        sandbox.containers.push(Arc::clone(&id));
        state.names.insert(Arc::clone(&container.name), Arc::clone(&id));
        state.containers.insert(Arc::clone(&id), Arc::clone(&container));
        drop(state);
        self.tell(&container, v1::ContainerEventType::ContainerCreatedEvent);
        Ok(id.to_string())
    }

    fn prepare(
        &self,
        number: u64,
        id: &Arc<str>,
        name: String,
        (sandbox_id, sandbox): (&Arc<str>, &KeptSandbox),
        mut config: v1::ContainerConfig,
        stored: &StoredImage,
    ) -> Result<Container, CriError> {
        let profile = self.profile();
        let image = &stored.image;
        let arguments: Arc<[String]> = arguments(&config, image).into();
        if arguments.is_empty() {
            return Err(words::no_command(profile, id));
        }
        let context = config.linux.as_ref().and_then(|linux| linux.security_context.as_ref());
        let request = context.map_or_else(Request::default, |context| Request {
            run_as_user: context.run_as_user.map(|user| user.value),
            run_as_username: &context.run_as_username,
            run_as_group: context.run_as_group.map(|group| group.value),
            supplemental_groups: &context.supplemental_groups,
            supplemental_groups_policy: context.supplemental_groups_policy,
        });
        let mounts = mounts(&config);
        let working_directory: Arc<str> = Arc::from(working_directory(&config, image));
        let covers = |path: &str| {
            mounts
                .iter()
                .any(|mount| mount.container_path == path || mount.container_path == "/etc")
        };
        let surroundings = Surroundings {
            files: &image.files,
            image_user: &image.user,
            home: home(&config, image).unwrap_or(&working_directory),
            passwd_is_mounted: covers("/etc/passwd"),
            group_is_mounted: covers("/etc/group"),
        };
        let resolved = identity::resolve(profile, &request, &surroundings).map_err(|refusal| {
            self.with_scene(sandbox_id, |scene| refusal.to_error(profile, scene))
        })?;
        let own = config.envs.iter().map(|variable| (variable.key.as_str(), &*variable.value));
        let variables = variables(&image.env, own);
        let environment = Environment::new(Arc::clone(&variables), sandbox.hostname.clone());
        let program = arguments.first().map(String::as_str).unwrap_or_default();
        let waits = image.has_program(program, &variables);
        let bounding = Capabilities::of_container(profile.rules.default_capabilities, context);
        let ambient = Capabilities::ambient(context);
        if profile.rules.oci_runtime_runs_at_creation
            && let Err(NoSuchCommand(command)) = Process::new(
                1,
                Arc::clone(&arguments),
                Arc::clone(&working_directory),
                environment.clone(),
                Credentials::new(0, 0, Vec::new(), bounding, ambient),
            )
            && !waits
        {
            let time = rfc3339_seconds(self.now());
            return Err(words::cannot_execute(profile, &command, &time));
        }
        for mount in &mounts {
            self.options.host.ensure_directory(&mount.host_path);
        }
        let readonly = context.is_some_and(|context| context.readonly_rootfs);
        let upper = upper(&resolved.added_entries, image);
        let host = self.options.host.clone();
        let files = ContainerFiles::new(Arc::clone(image), upper, mounts, host, readonly);
        let make = Make {
            image: config.image.take(),
            image_id: stored.id.clone(),
            image_ignores_sigterm: image.ignores_sigterm,
            resolved,
            bounding,
            ambient,
            confinement: Confinement::of_container(context),
            arguments,
            working_directory,
            variables,
            waits,
        };
        let make = self.lock().makes.share(make);
        Ok(Container {
            number,
            id: Arc::clone(id),
            name: name.into(),
            sandbox_id: Arc::clone(sandbox_id),
            environment: Environment::new(Arc::clone(&make.variables), sandbox.hostname.clone()),
            make,
            created_at: self.now(),
            files: Mutex::new(files),
            processes: ProcessTable::default(),
            life: Mutex::new(Life {
                phase: Phase::Created,
                next_pid: FIRST_EXEC_PID,
                log: None,
                attached: None,
            }),
            ended: Notify::new(),
            config: config.into(),
        })
    }

    pub(super) fn start_container(self: &Arc<Self>, id: &str) -> Result<(), CriError> {
        let profile = self.profile();
        let container = self.container(id)?;
        let mut life = container.life();
        if !matches!(life.phase, Phase::Created) {
            let state = if matches!(life.phase, Phase::Exited(_)) {
                "CONTAINER_EXITED"
            } else {
                "CONTAINER_RUNNING"
            };
            return Err(words::start_needs_created(&container.id, state));
        }
        let now = self.now();
        let pid = if container.processes.is_shared() { FIRST_SHARED_PID } else { INIT };
        let started =
            match &container.make.resolved.refused_at_start {
                Some(refusal) => Err(self
                    .with_scene(&container.sandbox_id, |scene| refusal.to_error(profile, scene))),
                None => container.first_process(pid).map_err(|NoSuchCommand(command)| {
                    words::cannot_execute(profile, &command, &rfc3339_seconds(now))
                }),
            };
        let mut process = match started {
            Ok(process) => process,
            Err(error) => {
                life.phase = Phase::Exited(Exit {
                    started_at: 0,
                    finished_at: now,
                    code: CANNOT_START,
                    reason: "StartError",
                    message: error.message.clone(),
                });
                drop(life);
                self.tell(&container, v1::ContainerEventType::ContainerStoppedEvent);
                return Err(error);
            }
        };
        container.processes.set_own(Some(&process));
        if container.config.stdin || container.config.tty {
            process.console = Some(Box::new(Console::new(container.config.tty)));
        }
        life.attached = container.config.tty.then(Box::default);
        let process = Box::new(process);
        life.phase = Phase::Running { started_at: now, process, waits: Waits::Signal };
        drop(life);
        self.tell(&container, v1::ContainerEventType::ContainerStartedEvent);
        self.advance(&container);
        Ok(())
    }

    /// Steps the first process and sets a timer for when it wakes.
    pub(super) fn advance(self: &Arc<Self>, container: &Arc<Container>) {
        let mut life = container.life();
        let Phase::Running { process, waits, .. } = &mut life.phase else { return };
        let step = process.step(&container.files, &container.processes);
        container.processes.set_own(Some(process));
        *waits = match step {
            Step::Exit(_) | Step::Pause => Waits::Signal,
            Step::Input => Waits::Input,
            Step::Sleep(duration) => Waits::Time(self.wake_after(duration, container)),
        };
        let mut printed = process.printed.take();
        if container.config.tty {
            for (stream, bytes) in &mut printed {
                *stream = Stream::Output;
                *bytes = Terminal::shown(bytes);
            }
        }
        self.show(&mut life, printed);
        if let Step::Exit(code) = step {
            drop(life);
            self.end(container, i32::from(code));
        }
    }

    /// Ends the first process with an exit code, once.
    fn end(self: &Arc<Self>, container: &Arc<Container>, code: i32) {
        let mut life = container.life();
        let Phase::Running { started_at, waits, .. } = &mut life.phase else { return };
        if let Waits::Time(wake) = *waits {
            self.timers.cancel(wake);
        }
        let started_at = *started_at;
        life.phase = Phase::Exited(Exit {
            started_at,
            finished_at: self.now(),
            code,
            reason: if code == 0 { "Completed" } else { "Error" },
            message: String::new(),
        });
        if let Some(log) = &mut life.log {
            log.end(self.now());
        }
        life.attached = None;
        drop(life);
        container.processes.set_own(None);
        container.ended.notify_waiters();
        self.tell(container, v1::ContainerEventType::ContainerStoppedEvent);
    }

    /// SIGKILL. A container that never started is left as it is.
    pub(super) fn kill(self: &Arc<Self>, container: &Arc<Container>) {
        self.end(container, KILLED);
    }

    /// SIGTERM, then SIGKILL when the grace period is over; a container that is gone, or whose
    /// process has ended, is stopped.
    pub(super) async fn stop_container(self: &Arc<Self>, id: &str, grace: Duration) {
        let Some(container) = self.lock().container(id) else { return };
        if grace.is_zero() {
            return self.kill(&container);
        }
        let ended = container.ended.notified();
        let ignores = match &container.life().phase {
            Phase::Running { process, .. } => container.ignores_sigterm(process),
            Phase::Created | Phase::Exited(_) => return,
        };
        if !ignores {
            return self.end(&container, TERMINATED);
        }
        if tokio::time::timeout(grace, ended).await.is_err() {
            self.kill(&container);
        }
    }

    pub(super) fn remove_container(self: &Arc<Self>, id: &str) {
        let Some(container) = self.lock().container(id) else { return };
        self.kill(&container);
        let mut state = self.lock();
        if state.containers.remove(&container.id).is_none() {
            return;
        }
        state.names.remove(&container.name);
        if let Some(sandbox) = state.sandboxes.get_mut(&container.sandbox_id) {
            sandbox.containers.retain(|id| *id != container.id);
        }
        drop(state);
        self.tell(&container, v1::ContainerEventType::ContainerDeletedEvent);
    }

    pub(super) fn list_containers(
        &self,
        filter: Option<v1::ContainerFilter>,
    ) -> Vec<v1::Container> {
        let filter = filter.unwrap_or_default();
        let wanted = filter.state.map(|state| state.state);
        let state = self.lock();
        let mut fitting: Vec<&Arc<Container>> = state
            .containers
            .values()
            .filter(|container| {
                container.id.starts_with(&filter.id)
                    && container.sandbox_id.starts_with(&filter.pod_sandbox_id)
                    && wanted.is_none_or(|wanted| wanted == i32::from(container.state()))
                    && container.config.labels.have(&filter.label_selector)
            })
            .collect();
        fitting.sort_unstable_by_key(|container| container.number);
        fitting.into_iter().map(|container| container.list_entry()).collect()
    }

    pub(super) fn container_status(&self, id: &str) -> Result<v1::ContainerStatus, CriError> {
        Ok(self.describe(&*self.container(id)?))
    }

    /// The container as it is; its identity is the one first attached, whatever its process
    /// has made of itself since.
    pub(super) fn describe(&self, container: &Container) -> v1::ContainerStatus {
        let life = container.life();
        let (started_at, exit) = match &life.phase {
            Phase::Created => (0, None),
            Phase::Running { started_at, .. } => (*started_at, None),
            Phase::Exited(exit) => (exit.started_at, Some(exit.clone())),
        };
        drop(life);
        let exit = exit.as_ref();
        let reports_user = self.profile().rules.reported_order.is_some();
        let (config, make) = (&container.config, &container.make);
        v1::ContainerStatus {
            id: container.id.to_string(),
            metadata: config.metadata.clone(),
            state: container.state().into(),
            created_at: container.created_at,
            started_at,
            finished_at: exit.map_or(0, |exit| exit.finished_at),
            exit_code: exit.map_or(0, |exit| exit.code),
            image: make.image.clone(),
            image_ref: make.image_id.clone(),
            reason: exit.map_or_else(String::new, |exit| exit.reason.to_owned()),
            message: exit.map_or_else(String::new, |exit| exit.message.clone()),
            labels: config.labels.to_map(),
            annotations: config.annotations.to_map(),
            mounts: config.mounts.to_vec(),
            log_path: config.log_path.to_string(),
            image_id: make.image_id.clone(),
            user: reports_user.then(|| container.user()),
        }
    }

    /// The log from entry `from` on; if asked to wait, when there is something, or the end.
    pub(super) async fn container_log(
        &self,
        id: &str,
        from: u64,
        wait: bool,
    ) -> Result<LogPage, CriError> {
        let container = self.container(id)?;
        loop {
            let changed = {
                let mut life = container.life();
                let ended = matches!(life.phase, Phase::Exited(_));
                let log = life.log.get_or_insert_default();
                let page = log.page(from, ended);
                if !wait || ended || !page.entries.is_empty() {
                    return Ok(page);
                }
                Arc::clone(&log.changed).notified_owned()
            };
            changed.await;
        }
    }

    pub(super) fn container(&self, id: &str) -> Result<Arc<Container>, CriError> {
        let found = self.lock().container(id);
        found.ok_or_else(|| words::no_such_container(self.profile(), id))
    }

    fn tell(&self, container: &Container, kind: v1::ContainerEventType) {
        let (id, sandbox_id) = (Arc::clone(&container.id), Arc::clone(&container.sandbox_id));
        self.events.send(&Happened { id, sandbox_id, kind, created_at: self.now() });
    }
}

impl Container {
    /// Its first process; one that is not simulated waits, if the image has such a program.
    fn first_process(&self, pid: u32) -> Result<Process, NoSuchCommand> {
        let arguments = Arc::clone(&self.make.arguments);
        let process = self.process(pid, Arc::clone(&arguments));
        if process.is_ok() || !self.make.waits {
            return process;
        }
        let directory = Arc::clone(&self.make.working_directory);
        let environment = self.environment.clone();
        Ok(Process::waiting(pid, arguments, directory, environment, self.credentials()))
    }

    /// A process with the identity that the runtime attaches.
    pub(super) fn process(
        &self,
        pid: u32,
        arguments: Arc<[String]>,
    ) -> Result<Process, NoSuchCommand> {
        let directory = Arc::clone(&self.make.working_directory);
        Process::new(pid, arguments, directory, self.environment.clone(), self.credentials())
    }

    fn credentials(&self) -> Credentials {
        let Make { resolved, bounding, ambient, confinement, .. } = &*self.make;
        let identity = &resolved.identity;
        let groups = identity.groups.clone();
        Credentials::new(identity.uid, identity.gid, groups, *bounding, *ambient)
            .confined(*confinement)
    }

    /// Whether SIGTERM does nothing to the first process.
    ///
    /// For process 1 of a namespace the kernel has no default action (`pid_namespaces(7)`); what
    /// the image's programs handle themselves, the image says.
    pub(super) fn ignores_sigterm(&self, process: &Process) -> bool {
        self.make.image_ignores_sigterm && process.pid == INIT && process.name != PAUSE
    }

    fn user(&self) -> v1::ContainerUser {
        let identity = &self.make.resolved.identity;
        v1::ContainerUser {
            linux: Some(v1::LinuxContainerUser {
                uid: identity.uid.into(),
                gid: identity.gid.into(),
                supplemental_groups: identity.listed_groups.iter().map(|&gid| gid.into()).collect(),
            }),
        }
    }

    fn list_entry(&self) -> v1::Container {
        v1::Container {
            id: self.id.to_string(),
            pod_sandbox_id: self.sandbox_id.to_string(),
            metadata: self.config.metadata.clone(),
            image: self.make.image.clone(),
            image_ref: self.make.image_id.clone(),
            state: self.state().into(),
            created_at: self.created_at,
            labels: self.config.labels.to_map(),
            annotations: self.config.annotations.to_map(),
            image_id: self.make.image_id.clone(),
        }
    }
}

/// Whether the container sees the sandbox's processes, of which pause is the first; so it
/// is unless a kubelet says otherwise.
fn shares_processes(config: &v1::ContainerConfig) -> bool {
    let context = config.linux.as_ref().and_then(|linux| linux.security_context.as_ref());
    let options = context.and_then(|context| context.namespace_options.as_ref());
    options.is_none_or(|options| options.pid() == v1::NamespaceMode::Pod)
}

fn container_name(config: &v1::ContainerConfig, sandbox: &KeptSandbox) -> Result<String, CriError> {
    let missing = || words::metadata_is_missing("container");
    let v1::ContainerMetadata { name, attempt } = config.metadata.as_ref().ok_or_else(missing)?;
    let pod = sandbox.metadata.as_ref().ok_or_else(missing)?;
    Ok(format!("{name}_{}_{}_{}_{attempt}", pod.name, pod.namespace, pod.uid))
}

/// The command line: the request's command replaces the image's entrypoint, its arguments
/// the image's command; a command without arguments drops the image's command.
fn arguments(config: &v1::ContainerConfig, image: &Image) -> Vec<String> {
    let (command, arguments) = match (config.command.is_empty(), config.args.is_empty()) {
        (false, _) => (&config.command, &config.args),
        (true, false) => (&image.entrypoint, &config.args),
        (true, true) => (&image.entrypoint, &image.cmd),
    };
    command.iter().chain(arguments).cloned().collect()
}

fn working_directory<'a>(config: &'a v1::ContainerConfig, image: &'a Image) -> &'a str {
    [config.working_dir.as_str(), &image.working_dir]
        .into_iter()
        .find(|directory| !directory.is_empty())
        .unwrap_or("/")
}

fn home<'a>(config: &'a v1::ContainerConfig, image: &'a Image) -> Option<&'a str> {
    let set = config.envs.iter().rev().find(|variable| variable.key == "HOME");
    set.and_then(|variable| std::str::from_utf8(&variable.value).ok())
        .or_else(|| image.env.iter().rev().find_map(|variable| variable.strip_prefix("HOME=")))
}

fn mounts(config: &v1::ContainerConfig) -> Vec<Mount> {
    config
        .mounts
        .iter()
        .map(|mount| Mount {
            container_path: normalise(&mount.container_path),
            host_path: normalise(&mount.host_path),
            readonly: mount.readonly,
        })
        .collect()
}

/// What the runtime puts over the image: its own user files, where links lead to them.
fn upper(added: &AddedEntries, image: &Image) -> FileTree {
    let mut upper = FileTree::default();
    for (path, content) in [("/etc/passwd", &added.passwd), ("/etc/group", &added.group)] {
        if let Some(content) = content
            && let Ok(located) = image.files.locate(path, Links::StayWithin)
        {
            upper.insert(&located.path, FileNode::file(Arc::clone(content)));
        }
    }
    upper
}
