//! The simulation: fake runtimes in this process, on virtual time.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use fake_cri::{FakeRuntime, FileNode, HostFiles};
use fake_kubelet::volumes::{
    MountedVolume, Ownership, Placed, SimulatedVolumes, VolumeError, VolumeFiles, Volumes, layout,
};
use k8s_openapi::api::core::v1::{Pod, Volume};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{ChangeRuntime, NodeRequest, NodeRuntime, Target, TargetError};
use crate::cluster::Clock;
use crate::scenario::{Case, RuntimeName};

/// Everything in this process; needs nothing and lacks nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Simulation;

#[async_trait]
impl Target for Simulation {
    fn name(&self) -> String {
        "simulation".to_owned()
    }

    fn lacks(&self, _: &Case) -> Option<String> {
        None
    }

    fn has_virtual_time(&self) -> bool {
        true
    }

    async fn node(&self, request: NodeRequest<'_>) -> Result<NodeRuntime, TargetError> {
        let name = request.runtime.unwrap_or_default();
        let host = HostFiles::default();
        let options = fake_cri::Options {
            now: nanoseconds(request.clock),
            host: host.clone(),
            seed: request.number.into(),
            ..Default::default()
        };
        let runtime =
            Arc::new(FakeRuntime::new(name.profile(), Arc::clone(request.images), options));
        let simulated = Simulated { runtime: Arc::clone(&runtime), name: Mutex::new(name) };
        let handle = FakeRuntime::clone(&runtime);
        let mut node = NodeRuntime::new(runtime, Arc::new(SimulatedHost(host)));
        node.change = Some(Arc::new(simulated));
        node.simulated = Some(handle);
        Ok(node)
    }
}

#[derive(Debug)]
struct Simulated {
    runtime: Arc<FakeRuntime>,
    name: Mutex<RuntimeName>,
}

impl ChangeRuntime for Simulated {
    fn change(&self, runtime: RuntimeName) {
        self.runtime.set_profile(runtime.profile());
        *self.name.lock().unwrap_or_else(PoisonError::into_inner) = runtime;
    }

    fn current(&self) -> RuntimeName {
        *self.name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The node's volumes, as folders that its simulated containers see.
#[derive(Debug)]
struct SimulatedHost(HostFiles);

impl Volumes for SimulatedHost {
    fn mount(
        &self,
        pod: &Pod,
        volume: &Volume,
        ownership: Ownership,
        files: Option<&VolumeFiles>,
        now: &Time,
    ) -> Result<MountedVolume, VolumeError> {
        let mounted = SimulatedVolumes.mount(pod, volume, ownership, files, now)?;
        let folder = &mounted.host_path;
        let gid = ownership.group.unwrap_or(0);
        if self.0.get(folder).is_none() {
            self.0.insert(folder, FileNode { mode: ownership.mode, gid, ..FileNode::directory() });
        }
        let placed = files.map(|files| layout(files, ownership, now)).unwrap_or_default();
        for (path, placed) in placed {
            let node = match placed {
                Placed::Folder(mode) => FileNode { mode, gid, ..FileNode::directory() },
                Placed::File(mode, data) => FileNode { mode, gid, ..FileNode::file(data) },
                Placed::Link(target) => FileNode { gid, ..FileNode::symlink(target) },
            };
            self.0.insert(&format!("{folder}/{path}"), node);
        }
        Ok(mounted)
    }

    fn unmount_all(&self, pod: &Pod) {
        if let Some(uid) = &pod.metadata.uid {
            self.0.remove(&SimulatedVolumes::folder_of(uid));
        }
    }
}

/// The clock as the runtime reads it: nanoseconds since 1970.
fn nanoseconds(clock: Clock) -> Arc<dyn Fn() -> i64 + Send + Sync> {
    Arc::new(move || i64::try_from(clock.now().0.as_nanosecond()).unwrap_or(i64::MAX))
}
