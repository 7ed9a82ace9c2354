//! The volumes of pods on a real host: folders that the runtime sees.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use fake_kubelet::volumes::{
    MountedVolume, Ownership, Placed, VolumeError, VolumeFiles, Volumes, layout,
};
use k8s_openapi::api::core::v1::{Pod, Volume};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// Folders below one folder of the run.
#[derive(Debug, Clone)]
pub(super) struct HostVolumes {
    root: PathBuf,
}

impl HostVolumes {
    /// Volumes of a run below a folder; nothing is made before one is needed.
    pub(super) fn new(below: &Path, run: &str) -> Self {
        Self { root: below.join(format!("gidcheck-{run}")) }
    }

    /// Removes the run's folder.
    pub(super) fn remove_all(&self) {
        // It may never have been made.
        let _ = fs::remove_dir_all(&self.root);
    }

    fn folder_of(&self, pod: &Pod) -> PathBuf {
        self.root.join(pod.metadata.uid.as_deref().unwrap_or("pod"))
    }
}

/// A path's last part from a name that came from outside.
fn file_name(name: &str) -> Result<&str, VolumeError> {
    match Path::new(name).file_name() {
        Some(last) if last == name => Ok(name),
        _ => Err(VolumeError(format!("{name:?} cannot be a folder's name"))),
    }
}

impl Volumes for HostVolumes {
    fn mount(
        &self,
        pod: &Pod,
        volume: &Volume,
        ownership: Ownership,
        files: Option<&VolumeFiles>,
        now: &Time,
    ) -> Result<MountedVolume, VolumeError> {
        if let Some(host) = &volume.host_path {
            let host_path = host.path.clone();
            return Ok(MountedVolume { host_path, ..MountedVolume::default() });
        }
        let path = self.folder_of(pod).join(file_name(&volume.name)?);
        let failed = |error: std::io::Error| VolumeError(format!("{}: {error}", path.display()));
        fs::create_dir_all(&path).map_err(failed)?;
        chown(&path, Some(0), ownership.group).map_err(failed)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(ownership.mode)).map_err(failed)?;
        for (name, placed) in files.map(|files| layout(files, ownership, now)).unwrap_or_default() {
            let path = path.join(name);
            let mode = match placed {
                Placed::Link(target) => {
                    symlink(target, &path).map_err(failed)?;
                    continue;
                }
                Placed::Folder(mode) => {
                    fs::create_dir_all(&path).map_err(failed)?;
                    mode
                }
                Placed::File(mode, data) => {
                    fs::write(&path, data).map_err(failed)?;
                    mode
                }
            };
            chown(&path, Some(0), ownership.group).map_err(failed)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(failed)?;
        }
        Ok(MountedVolume::at(path.to_string_lossy().into_owned(), files, now))
    }

    fn unmount_all(&self, pod: &Pod) {
        // The pod may have had none.
        let _ = fs::remove_dir_all(self.folder_of(pod));
    }
}
