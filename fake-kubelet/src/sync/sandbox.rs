//! A pod's volumes and sandbox: made before its containers.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Pod, Volume};
use tokio::time::Instant;

use super::PodWorker;
use super::record::BackOff;
use crate::events::Notice;
use crate::metrics::ContainerType;
use crate::status::pod::Sandbox;
use crate::translate::environment::Sources;
use crate::translate::on_host_network;
use crate::translate::sandbox::sandbox_config;
use crate::volumes::{
    FS_GROUP_MODE, FS_GROUP_READ_ONLY_MODE, MountedVolume, Ownership, VolumeError, contents,
};

/// The mode of a folder that a kubelet makes for a volume.
const VOLUME_MODE: u32 = 0o777;
/// Before a volume is tried again that could not be mounted; it doubles with each failure
/// (`exponentialbackoff` of the volume manager).
const FIRST_MOUNT_BACK_OFF: Duration = Duration::from_millis(500);
/// The longest such wait.
const LONGEST_MOUNT_BACK_OFF: Duration = Duration::from_secs(122);

/// Who owns a volume: the pod's `fsGroup` gets what the kubelet makes itself,
/// never a path of the host.
fn ownership(pod: &Pod, volume: &Volume) -> Ownership {
    let fs_group = pod
        .spec
        .as_ref()
        .and_then(|spec| spec.security_context.as_ref())
        .and_then(|context| context.fs_group)
        .filter(|_| volume.host_path.is_none())
        .and_then(|group| u32::try_from(group).ok());
    let added = match fs_group {
        None => 0,
        Some(_) if is_made_of_objects(volume) => FS_GROUP_READ_ONLY_MODE,
        Some(_) => FS_GROUP_MODE,
    };
    Ownership { group: fs_group, mode: VOLUME_MODE | added }
}

/// Whether the kubelet alone writes into the volume.
fn is_made_of_objects(volume: &Volume) -> bool {
    volume.config_map.is_some()
        || volume.secret.is_some()
        || volume.projected.is_some()
        || volume.downward_api.is_some()
}

/// Volumes that cannot be mounted.
pub(super) struct MountTrouble {
    back_off: BackOff,
    /// Those that could.
    mounted: Vec<(String, MountedVolume)>,
}

impl PodWorker {
    /// Mounts the pod's volumes once; else says when to try again.
    pub(super) fn mount_volumes(&mut self) -> Result<(), Instant> {
        if self.volumes.is_some() {
            return Ok(());
        }
        let trouble = self.mount_trouble.take();
        let last = trouble.as_ref().map(|trouble| trouble.back_off);
        let mut mounted = trouble.map_or_else(Vec::new, |trouble| trouble.mounted);
        let volumes = self.pod.spec.as_ref().and_then(|spec| spec.volumes.as_deref());
        let mut failed = false;
        for volume in volumes.unwrap_or_default() {
            if mounted.iter().any(|(name, _)| *name == volume.name) {
                continue;
            }
            match self.mount(volume) {
                Ok(result) => mounted.push((volume.name.clone(), result)),
                Err(error) => {
                    self.record(None, Notice::mount_failed(&volume.name, &error.0));
                    failed = true;
                }
            }
        }
        if failed {
            let (now, longest) = (Instant::now(), LONGEST_MOUNT_BACK_OFF);
            let back_off = BackOff::next(last, now, now, FIRST_MOUNT_BACK_OFF, longest);
            self.mount_trouble = Some(Box::new(MountTrouble { back_off, mounted }));
            return Err(now + back_off.delay);
        }
        self.volumes = Some(mounted);
        Ok(())
    }

    fn mount(&self, volume: &Volume) -> Result<MountedVolume, VolumeError> {
        let sources = Sources::of(&self.pod, &*self.node.api);
        let files = contents(&self.pod, volume, sources, &self.context())?;
        let (volumes, owner) = (&self.node.config.volumes, ownership(&self.pod, volume));
        volumes.mount(&self.pod, volume, owner, files.as_ref(), &self.node.now())
    }

    /// Makes a sandbox, a new one if the last one died; else says when to try
    /// again.
    pub(super) async fn create_sandbox(&mut self) -> Result<(), Instant> {
        let attempt = self.sandbox.as_ref().map_or(0, |dead| dead.attempt.saturating_add(1));
        if self.sandbox.is_some() {
            self.record(None, Notice::sandbox_changed());
            self.bury_sandbox().await;
        }
        if !self.counted {
            self.counted = true;
            self.node.metrics.start_pod();
        }
        let created = match sandbox_config(&self.pod, attempt, &self.context()) {
            Ok(config) => {
                let cri = Arc::clone(&self.node.cri);
                let handler = self.runtime_handler();
                let answer = cri.run_pod_sandbox(config, &handler);
                self.patiently(answer).await.map_err(|error| error.to_string())
            }
            Err(error) => Err(error),
        };
        match created {
            Ok(id) => {
                self.node.metrics.start_container(ContainerType::PodSandbox);
                let ip = self.address(&id).await;
                self.sandbox = Some(Sandbox { id: Arc::from(id), attempt, ready: true, ip });
                Ok(())
            }
            Err(error) => {
                self.node
                    .metrics
                    .fail_container(ContainerType::PodSandbox, "CreatePodSandboxError");
                self.node.metrics.fail_pod();
                self.record(None, Notice::sandbox_failed(&error));
                Err(Instant::now() + self.node.config.timings.sync_retry)
            }
        }
    }

    /// The handler that the pod's runtime class is named after; none is the default.
    fn runtime_handler(&self) -> String {
        let spec = self.pod.spec.as_ref();
        spec.and_then(|spec| spec.runtime_class_name.clone()).unwrap_or_default()
    }

    /// The pod's address: the node's on the host network, else the runtime's
    /// word, else one made of the pod's uid.
    pub(super) async fn address(&mut self, sandbox: &str) -> String {
        if on_host_network(&self.pod, &self.node.config) {
            return self.node.config.node_ip.clone();
        }
        let cri = Arc::clone(&self.node.cri);
        let answer = self.patiently(cri.pod_sandbox_status(sandbox)).await;
        let reported = answer.ok().and_then(|status| status.network).map(|network| network.ip);
        reported.filter(|ip| !ip.is_empty()).unwrap_or_else(|| derived_address(&self.identity.uid))
    }

    /// Stops what is left of a dead sandbox and keeps it for removal at the end.
    async fn bury_sandbox(&mut self) {
        if let Some(dead) = self.sandbox.take() {
            let cri = Arc::clone(&self.node.cri);
            // It is dead already; what cannot be stopped is removed at the end.
            let _ = self.patiently(cri.stop_pod_sandbox(&dead.id)).await;
            self.old_sandboxes.push(dead.id);
            self.refresh_containers().await;
        }
    }
}

/// An address in 10.0.0.0/8, the same for the same uid.
fn derived_address(uid: &str) -> String {
    let hash = uid
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let [_, a, b, c] = hash.to_be_bytes();
    // The last byte is that of a host, never of a network or a broadcast.
    format!("10.{a}.{b}.{}", c.clamp(1, 254))
}
