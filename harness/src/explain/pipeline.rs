//! What becomes of a pod: the API server, the kubelet and the runtime, one after the other.
//!
//! No rules of its own: each stage is the very code that the simulation runs.

use std::collections::BTreeMap;

use fake_cri::identity::{Request, Resolved, Scene, Surroundings, resolve, resolve_sandbox};
use fake_cri::{FileTree, Image, ImageStore, Profile};
use fake_kubelet::KubeletConfig;
use fake_kubelet::admission::{admit, resources::Amounts};
use fake_kubelet::status::node::{RuntimeView, new_node, node_status};
use fake_kubelet::translate::Context;
use fake_kubelet::translate::security::{
    ImageUser, container_context, sandbox_context, verify_run_as_non_root,
};
use fake_kubelet::version::{FeatureGateError, FeatureGates, KubernetesVersion};
use k8s_openapi::api::core::v1::{Container, EphemeralContainer, Node, Pod};
use kubernetes_objects::decode::{self, FieldValidation, Rules};
use kubernetes_objects::release::Release;
use kubernetes_objects::resource;
use kubernetes_objects::status::Status;
use serde_json::Value as Json;

use crate::cluster::{ApiServer, Clock, Place, Writing};
use crate::scenario::DEFAULT_NAMESPACE;

/// What other objects of a cluster decide about, which are not known here.
const OF_OTHER_OBJECTS: &[&str] =
    &["runtimeClassName", "overhead", "priorityClassName", "priority", "preemptionPolicy"];
/// A field that no pod is made with: it comes later, by a request of its own.
const LATER: &str = "ephemeralContainers";

/// The cluster that pods are held against: one API server, one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The version and the gates of API server and kubelet.
    pub gates: FeatureGates,
    /// The runtime.
    pub runtime: &'static Profile,
}

impl Setting {
    /// A cluster of one version, with gates set on API server and kubelet alike.
    ///
    /// # Errors
    /// A gate that the version does not know, or that is locked.
    pub fn new(
        kubernetes: KubernetesVersion,
        gates: &BTreeMap<String, bool>,
        runtime: &'static Profile,
    ) -> Result<Self, FeatureGateError> {
        let gates = gates.iter().map(|(name, value)| (name.as_str(), *value));
        Ok(Self { gates: FeatureGates::new(kubernetes, gates)?, runtime })
    }
}

/// What becomes of a pod before its containers.
#[derive(Debug, Clone, PartialEq)]
pub enum PodFate {
    /// The API server refuses it.
    Refused {
        /// Its message.
        message: String,
    },
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
    /// Its containers are created; this is what the API server has made of it.
    Admitted(Box<Pod>),
}

/// What the API server makes of a manifest, and what it warns of.
#[derive(Debug, Clone, PartialEq)]
pub struct Submitted {
    /// What becomes of the pod.
    pub fate: PodFate,
    /// The API server's warnings, such as of unknown fields.
    pub warnings: Vec<String>,
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

/// The stages of one setting.
pub struct Pipeline {
    api: ApiServer,
    config: KubeletConfig,
    runtime: &'static Profile,
    node: Node,
}

impl Pipeline {
    /// Sets up an API server and a node, as its kubelet registers it.
    #[must_use]
    pub fn new(setting: &Setting) -> Self {
        let api = ApiServer::new(setting.gates, Clock::real(), 0);
        let config = KubeletConfig::new("node", setting.gates);
        let runtime = setting.runtime;
        let view =
            RuntimeView::new(Ok(runtime.version()), Ok(runtime.status()), &RuntimeView::default());
        let mut node = new_node(&config);
        node.status = Some(node_status(&config, &view, None, &api.clock().now()));
        Self { api, config, runtime, node }
    }

    /// The runtime.
    #[must_use]
    pub fn runtime(&self) -> &'static Profile {
        self.runtime
    }

    /// Hands a manifest of kind Pod to the API server, to the kubelet, and to the runtime for a
    /// sandbox.
    #[must_use]
    pub fn submit(&self, manifest: &Json) -> Submitted {
        let mut manifest = manifest.clone();
        let mut later = Json::Null;
        if let Some(spec) = manifest.get_mut("spec").and_then(Json::as_object_mut) {
            for field in OF_OTHER_OBJECTS {
                spec.remove(*field);
            }
            later = spec.remove(LATER).unwrap_or_default();
        }
        let (pod, warnings) = match self.create(&manifest) {
            Ok(made) => made,
            Err(status) => {
                let fate = PodFate::Refused { message: status.message };
                return Submitted { fate, warnings: Vec::new() };
            }
        };
        Submitted { fate: self.fate(pod, later), warnings }
    }

    fn create(&self, manifest: &Json) -> Result<(Pod, Vec<String>), Status> {
        let pods = resource::find("", "v1", "pods").expect("the table has the core resources");
        let release = Release::new(self.api.gates().version().minor());
        let rules = Rules { validation: FieldValidation::Warn, release };
        let checked = decode::checked(manifest, pods, "", rules)?;
        let place =
            Place { resource: pods, namespace: DEFAULT_NAMESPACE, name: "", subresource: "" };
        let writing = Writing { dry_run: true, ..Writing::default() };
        let made = self.api.create(&place, checked.object, &writing)?;
        let pod = serde_json::from_value(made.object)
            .map_err(|error| Status::bad_request(error.to_string()))?;
        Ok((pod, checked.warnings))
    }

    fn fate(&self, mut pod: Pod, later: Json) -> PodFate {
        if let Some(spec) = &mut pod.spec {
            spec.ephemeral_containers =
                serde_json::from_value::<Option<Vec<EphemeralContainer>>>(later)
                    .unwrap_or_default();
        }
        if let Err(rejection) = admit(
            &without_placement(&pod),
            &self.node,
            &self.config.feature_gates,
            &Amounts::default(),
        ) {
            let now = self.api.clock().now();
            let status = rejection.pod_status(&pod, &self.config.feature_gates, now);
            return PodFate::Rejected {
                reason: status.reason.unwrap_or_default(),
                message: status.message.unwrap_or_default(),
            };
        }
        match self.refuse_sandbox(&pod) {
            Some(message) => PodFate::NoSandbox { message },
            None => PodFate::Admitted(Box::new(pod)),
        }
    }

    /// Why the runtime makes no sandbox; none when it makes one.
    fn refuse_sandbox(&self, pod: &Pod) -> Option<String> {
        let security = match sandbox_context(pod, &self.context()) {
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
    pub fn start(&self, pod: &Pod, container: &Container, image: &Image) -> ContainerFate {
        let waits = |reason, message| ContainerFate::Waits { reason, message };
        let user = image_user(image);
        if let Err(message) = verify_run_as_non_root(pod, container, &user) {
            return waits("CreateContainerConfigError", message);
        }
        let security = match container_context(pod, container, user, &self.context()) {
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

    fn context(&self) -> Context<'_> {
        Context { config: &self.config, volumes: &[], pod_ip: "" }
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
