//! What becomes of a pod: the API server first, then a kubelet and its runtime.
//!
//! No rules of its own: each stage is the very code that the simulation runs.

use fake_cri::identity::{Request, Resolved, Scene, Surroundings, resolve, resolve_sandbox};
use fake_cri::{FileTree, Image, ImageStore, Profile};
use fake_kubelet::KubeletConfig;
use fake_kubelet::admission::{admit, resources::Amounts};
use fake_kubelet::status::node::{RuntimeView, new_node, node_status};
use fake_kubelet::translate::Context;
use fake_kubelet::translate::security::{
    ImageUser, container_context, sandbox_context, verify_run_as_non_root,
};
use fake_kubelet::version::FeatureGates;
use k8s_openapi::api::core::v1::{
    Container, EphemeralContainer, Node, NodeFeatures, NodeStatus, Pod,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kubernetes_objects::decode::{self, FieldValidation, Rules};
use kubernetes_objects::release::Release;
use kubernetes_objects::resource;
use kubernetes_objects::status::Status;
use serde_json::Value as Json;

use super::setting::NodeSetting;
use super::volumes::VolumeGroups;
use crate::cluster::{ApiServer, Clock, Place, Writing};
use crate::scenario::DEFAULT_NAMESPACE;

/// What other objects of a cluster decide about, which are not known here.
const OF_OTHER_OBJECTS: &[&str] =
    &["runtimeClassName", "overhead", "priorityClassName", "priority", "preemptionPolicy"];
/// A field that no pod is made with: it comes later, by a request of its own.
const LATER: &str = "ephemeralContainers";

/// What the API server makes of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// The pod.
    pub pod: Pod,
    /// What it warns of, such as unknown fields.
    pub warnings: Vec<String>,
    /// The groups that its volumes demand.
    pub(super) volume_groups: VolumeGroups,
}

/// What becomes of a pod on a node, before its containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeAnswer {
    /// The kubelet rejects it: it fails at once, and a controller makes the next one.
    Rejected {
        /// `status.reason`.
        reason: String,
        /// `status.message`.
        message: String,
    },
    /// The runtime makes no sandbox for it, so that it waits for ever.
    NoSandbox {
        /// The runtime's message.
        message: String,
    },
    /// Its containers are created.
    Admitted,
}

/// What becomes of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerFate {
    /// It does not start, and is tried again for ever.
    Waits {
        /// The reason in the container's status.
        reason: &'static str,
        /// The message.
        message: String,
    },
    /// It runs.
    Runs(Box<Resolved>),
}

/// The first stage: an API server.
pub struct ApiServerStage {
    api: ApiServer,
}

impl ApiServerStage {
    /// Sets up an API server.
    #[must_use]
    pub fn new(gates: FeatureGates) -> Self {
        Self { api: ApiServer::new(gates, Clock::real(), 0) }
    }

    /// Hands it a manifest of kind Pod.
    ///
    /// # Errors
    /// Its message, where it refuses the pod.
    pub fn create(&self, manifest: &Json) -> Result<Made, String> {
        let mut manifest = manifest.clone();
        let mut later = Json::Null;
        if let Some(spec) = manifest.get_mut("spec").and_then(Json::as_object_mut) {
            for field in OF_OTHER_OBJECTS {
                spec.remove(*field);
            }
            later = spec.remove(LATER).unwrap_or_default();
        }
        let mut made = self.write(&manifest).map_err(|status| status.message)?;
        if let Some(spec) = &mut made.pod.spec {
            spec.ephemeral_containers =
                serde_json::from_value::<Option<Vec<EphemeralContainer>>>(later)
                    .unwrap_or_default();
        }
        Ok(made)
    }

    fn write(&self, manifest: &Json) -> Result<Made, Status> {
        let pods = resource::find("", "v1", "pods").expect("the table has the core resources");
        let (object, warnings) = self.dry_run(pods, manifest)?;
        let pod = serde_json::from_value(object)
            .map_err(|error| Status::bad_request(error.to_string()))?;
        Ok(Made { pod, warnings, volume_groups: VolumeGroups::default() })
    }

    /// Hands it what makes pods, and gives its message where it refuses that; none for kinds of
    /// others.
    #[must_use]
    pub fn refusal(&self, workload: &Json) -> Option<String> {
        let text = |field: &str| workload.get(field).and_then(Json::as_str).unwrap_or_default();
        let (version, kind) = (text("apiVersion"), text("kind"));
        let Some(resource) = resource::of_kind(version, kind) else {
            let group = |version: &str| version.split_once('/').map(|(group, _)| group.to_owned());
            let same = |known: &&resource::Resource| {
                known.kind == kind && group(&known.api_version()) == group(version)
            };
            // kubectl's words, which asks the API server what it has.
            return resource::RESOURCES
                .iter()
                .find(same)
                .map(|_| format!("no matches for kind {kind:?} in version {version:?}"));
        };
        self.dry_run(resource, workload).err().map(|status| status.message)
    }

    fn dry_run(
        &self,
        resource: &'static resource::Resource,
        manifest: &Json,
    ) -> Result<(Json, Vec<String>), Status> {
        let release = Release::new(self.api.gates().version().minor());
        let rules = Rules { validation: FieldValidation::Warn, release };
        let checked = decode::checked(manifest, resource, "", rules)?;
        let place = Place { resource, namespace: DEFAULT_NAMESPACE, name: "", subresource: "" };
        let writing = Writing { dry_run: true, ..Writing::default() };
        let made = self.api.create(&place, checked.object, &writing)?;
        Ok((made.object, checked.warnings))
    }
}

/// The second stage: a node with its kubelet and its runtime.
pub struct NodeStage {
    config: KubeletConfig,
    runtime: &'static Profile,
    node: Node,
    now: Time,
    setting: NodeSetting,
}

impl NodeStage {
    /// Sets up a node, as its kubelet writes it.
    #[must_use]
    pub fn new(setting: &NodeSetting) -> Self {
        let config = KubeletConfig::new("node", setting.kubelet);
        let runtime = setting.runtime;
        let now = Clock::real().now();
        let view =
            RuntimeView::new(Ok(runtime.version()), Ok(runtime.status()), &RuntimeView::default());
        let before = setting.feature.map(|value| NodeStatus {
            features: Some(NodeFeatures { supplemental_groups_policy: Some(value) }),
            ..NodeStatus::default()
        });
        let mut node = new_node(&config);
        node.status = Some(node_status(&config, &view, before.as_ref(), &now));
        Self { config, runtime, node, now, setting: setting.clone() }
    }

    /// What the node is.
    #[must_use]
    pub fn setting(&self) -> &NodeSetting {
        &self.setting
    }

    /// The runtime.
    #[must_use]
    pub fn runtime(&self) -> &'static Profile {
        self.runtime
    }

    /// Hands a pod to the kubelet, and to the runtime for a sandbox.
    #[must_use]
    pub fn receive(&self, made: &Made) -> NodeAnswer {
        let pod = &made.pod;
        let gates = &self.config.feature_gates;
        let admitted = admit(&without_placement(pod), &self.node, gates, &Amounts::default());
        if let Err(rejection) = admitted {
            let status = rejection.pod_status(pod, gates, self.now.clone());
            return NodeAnswer::Rejected {
                reason: status.reason.unwrap_or_default(),
                message: status.message.unwrap_or_default(),
            };
        }
        match self.refuse_sandbox(made) {
            Some(message) => NodeAnswer::NoSandbox { message },
            None => NodeAnswer::Admitted,
        }
    }

    /// Why the runtime makes no sandbox; none when it makes one.
    fn refuse_sandbox(&self, made: &Made) -> Option<String> {
        let security = match sandbox_context(&made.pod, &self.context(made)) {
            Ok(security) => security,
            Err(message) => return Some(message),
        };
        let request = Request {
            run_as_user: security.run_as_user.map(|user| user.value),
            run_as_username: "",
            run_as_group: security.run_as_group.map(|group| group.value),
            supplemental_groups: &security.supplemental_groups,
            supplemental_groups_policy: security.supplemental_groups_policy,
        };
        // The pause image has no user files and names no user.
        let files = FileTree::default();
        let refusal =
            resolve_sandbox(self.runtime, &request, &Surroundings::of_image(&files, "")).err()?;
        Some(refusal.to_error(self.runtime, &scene()).to_string())
    }

    /// Creates a container of an admitted pod from an image, and starts it.
    #[must_use]
    pub fn start(&self, made: &Made, container: &Container, image: &Image) -> ContainerFate {
        let pod = &made.pod;
        let waits = |reason, message| ContainerFate::Waits { reason, message };
        let user = image_user(image);
        if let Err(message) = verify_run_as_non_root(pod, container, &user) {
            return waits("CreateContainerConfigError", message);
        }
        let security = match container_context(pod, container, user, &self.context(made)) {
            Ok(security) => security,
            Err(message) => return waits("CreateContainerConfigError", message),
        };
        let request = Request {
            run_as_user: security.run_as_user.map(|user| user.value),
            run_as_username: &security.run_as_username,
            run_as_group: security.run_as_group.map(|group| group.value),
            supplemental_groups: &security.supplemental_groups,
            supplemental_groups_policy: security.supplemental_groups_policy,
        };
        let surroundings = Surroundings {
            passwd_is_mounted: is_covered(container, "/etc/passwd"),
            group_is_mounted: is_covered(container, "/etc/group"),
            ..Surroundings::of_image(&image.files, &image.user)
        };
        let (reason, refusal) = match resolve(self.runtime, &request, &surroundings) {
            Ok(resolved) => match resolved.refused_at_start {
                None => return ContainerFate::Runs(Box::new(resolved)),
                Some(refusal) => ("RunContainerError", refusal),
            },
            Err(refusal) => ("CreateContainerError", refusal),
        };
        waits(reason, refusal.to_error(self.runtime, &scene()).to_string())
    }

    fn context<'a>(&'a self, made: &'a Made) -> Context<'a> {
        Context { config: &self.config, volumes: made.volume_groups.mounted(), pod_ip: "" }
    }
}

/// Ids and times in messages, where no container ever was.
fn scene() -> Scene<'static> {
    const NO_ID: &str = "0000000000000000000000000000000000000000000000000000000000000000";
    Scene { sandbox_id: NO_ID, mount: 0, layer_id: NO_ID, now: 0 }
}

/// The pod as any node would take it that is large enough: where it may run is not the question.
fn without_placement(pod: &Pod) -> Pod {
    let mut pod = pod.clone();
    if let Some(spec) = &mut pod.spec {
        spec.node_selector = None;
        spec.affinity = None;
        spec.resources = None;
        for container in spec.containers.iter_mut().chain(spec.init_containers.iter_mut().flatten())
        {
            container.resources = None;
            container.ports = None;
        }
    }
    pod
}

/// Whether a mount lies over a file or over `/etc`.
pub(super) fn is_covered(container: &Container, path: &str) -> bool {
    container.volume_mounts.iter().flatten().any(|mount| {
        let mounted = mount.mount_path.trim_end_matches('/');
        mounted == path || mounted == "/etc"
    })
}

fn image_user(image: &Image) -> ImageUser {
    let store = ImageStore::new();
    let user = Image { user: image.user.clone(), ..Image::default() };
    ImageUser::of(&store.add(user).to_cri())
}
