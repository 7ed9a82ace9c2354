//! Where a pod's volumes are on the host.
//!
//! The kubelet decides who owns them; the node's [`Volumes`] makes them: real
//! folders before a real runtime, simulated ones in the simulation.

mod contents;
mod layout;

use std::fmt;

use k8s_openapi::api::core::v1::{Pod, Volume};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use thiserror::Error;

pub(crate) use contents::contents;
pub use contents::{VolumeFile, VolumeFiles};
pub use layout::{Placed, layout};

/// What `fsGroup` adds to the mode of a folder that containers may write into: read, write and
/// search for the group, and set-group-ID, so that new files belong to the group.
pub(crate) const FS_GROUP_MODE: u32 = 0o2770;

/// What it adds where the kubelet alone writes.
pub(crate) const FS_GROUP_READ_ONLY_MODE: u32 = 0o2550;

/// The owner that a volume's folder must have.
///
/// Kubelets give a pod's `fsGroup` to the volumes they make themselves: the
/// group, the set-group-ID bit, and read, write and search for the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ownership {
    /// The group, 0 to 2147483647; `None` leaves it at the node's own, 0.
    pub group: Option<u32>,
    /// The mode bits, with set-group-ID where `fsGroup` asks for it.
    pub mode: u32,
}

/// A volume that containers can be given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MountedVolume {
    /// Its path on the host, as the runtime sees it.
    pub host_path: String,
    /// A group that the volume demands of every container (a persistent
    /// volume's `pv.beta.kubernetes.io/gid`).
    pub supplemental_group: Option<i64>,
    /// The folder in it that its files are really in, where links lead there: a part of the
    /// volume is mounted from there.
    pub files_in: Option<String>,
}

/// Why a volume could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct VolumeError(pub String);

/// Makes and removes the volumes of pods.
pub trait Volumes: Send + Sync + fmt::Debug {
    /// Makes a volume, with these files where it is made of API objects, laid out as [`layout`]
    /// says; repeatable. A path of the host is left as it is.
    ///
    /// # Errors
    /// [`VolumeError`] says what stood in the way; it becomes a `FailedMount` event.
    fn mount(
        &self,
        pod: &Pod,
        volume: &Volume,
        ownership: Ownership,
        files: Option<&VolumeFiles>,
        now: &Time,
    ) -> Result<MountedVolume, VolumeError>;

    /// Removes what was made for a pod; repeatable.
    fn unmount_all(&self, pod: &Pod);
}

/// Volumes that exist by path only.
#[derive(Debug, Clone, Copy, Default)]
pub struct SimulatedVolumes;

/// The plugin's folder name for a volume, as kubelets lay them out.
fn plugin_folder(volume: &Volume) -> &'static str {
    if volume.config_map.is_some() {
        "kubernetes.io~configmap"
    } else if volume.secret.is_some() {
        "kubernetes.io~secret"
    } else if volume.projected.is_some() {
        "kubernetes.io~projected"
    } else if volume.downward_api.is_some() {
        "kubernetes.io~downward-api"
    } else if volume.persistent_volume_claim.is_some() {
        "kubernetes.io~local-volume"
    } else {
        "kubernetes.io~empty-dir"
    }
}

impl SimulatedVolumes {
    /// The folder that holds everything of the pod with this uid.
    #[must_use]
    pub fn folder_of(uid: &str) -> String {
        format!("/var/lib/kubelet/pods/{uid}")
    }
}

impl Volumes for SimulatedVolumes {
    fn mount(
        &self,
        pod: &Pod,
        volume: &Volume,
        _: Ownership,
        files: Option<&VolumeFiles>,
        now: &Time,
    ) -> Result<MountedVolume, VolumeError> {
        let host_path = volume.host_path.as_ref().map_or_else(
            || {
                let uid = pod.metadata.uid.as_deref().unwrap_or_default();
                let plugin = plugin_folder(volume);
                format!("{}/volumes/{plugin}/{}", Self::folder_of(uid), volume.name)
            },
            |source| source.path.clone(),
        );
        Ok(MountedVolume::at(host_path, files, now))
    }

    fn unmount_all(&self, _: &Pod) {}
}
