//! Who the containers of a manifest would be, and where each of their ids comes from.
//!
//! Each pod goes through the stages of the simulation twice, with Merge and
//! with Strict; what comes out is put side by side.

pub mod images;
mod manifests;
pub(crate) mod origins;
pub mod pipeline;
pub mod report;
pub mod text;
pub mod warnings;

use fake_kubelet::translate::ephemeral_as_container;
use fake_kubelet::version::Gate;
use k8s_openapi::api::core::v1::{Container, Pod};
use serde_json::{Map, Value as Json};

pub use manifests::{Foreign, ManifestPod, Manifests, Place, TooManyPods};

use images::{Images, Source};
use origins::Member;
use pipeline::{ContainerFate, Pipeline, PodFate, Setting, Submitted};
use report::{
    ClusterSummary, ContainerKind, ContainerOutcome, ExplainedPod, Explanation, ImageSummary,
    PodOutcome, Policy, SCHEMA,
};
use warnings::Elsewhere;

/// Where a pod says its policy.
const POLICY: &str = "/spec/securityContext/supplementalGroupsPolicy";

/// Explains the pods of manifests.
#[must_use]
pub fn explain(manifests: &Manifests, images: &Images, setting: &Setting) -> Explanation {
    let explainer = Explainer::new(setting, images);
    Explanation {
        schema: SCHEMA.to_owned(),
        cluster: ClusterSummary {
            kubernetes: setting.gates.version().to_string(),
            runtime: setting.runtime.name.to_owned(),
            gate: setting
                .gates
                .stage(Gate::SupplementalGroupsPolicy)
                .map(|_| setting.gates.enabled(Gate::SupplementalGroupsPolicy)),
        },
        pods: manifests.pods.iter().map(|pod| explainer.explain(pod)).collect(),
        passed_over: manifests.passed_over,
    }
}

struct Explainer<'a> {
    images: &'a Images,
    here: Pipeline,
    /// The same cluster with every other runtime.
    elsewhere: Vec<Pipeline>,
}

impl<'a> Explainer<'a> {
    fn new(setting: &Setting, images: &'a Images) -> Self {
        let others = fake_cri::profile::all().iter().filter(|other| **other != *setting.runtime);
        let elsewhere =
            others.map(|runtime| Pipeline::new(&Setting { runtime, ..setting.clone() })).collect();
        Self { images, here: Pipeline::new(setting), elsewhere }
    }

    fn explain(&self, pod: &ManifestPod) -> ExplainedPod {
        let written = pod.manifest.pointer(POLICY).and_then(Json::as_str);
        let policy = if written == Some("Strict") { Policy::Strict } else { Policy::Merge };
        // Another word than these two is the API server's to refuse.
        let is_odd = written.is_some_and(|word| word != "Strict" && word != "Merge");
        let submit = |policy: Policy| {
            if is_odd {
                self.here.submit(&pod.manifest)
            } else {
                self.submit(&pod.manifest, policy)
            }
        };
        let merge = submit(Policy::Merge);
        let strict = submit(Policy::Strict);
        let of_manifest = match policy {
            Policy::Merge => &merge,
            Policy::Strict => &strict,
        };
        let mut explained = ExplainedPod {
            kind: pod.kind.clone(),
            namespace: pod.namespace.clone(),
            name: pod.name.clone(),
            file: pod.file.to_string(),
            line: pod.line,
            container_lines: pod.container_lines.clone(),
            policy,
            policy_is_written: written.is_some(),
            merge: self.outcome(&merge, Policy::Merge),
            strict: self.outcome(&strict, Policy::Strict),
            warnings: Vec::new(),
        };
        let elsewhere = self.elsewhere(pod, &explained);
        explained.warnings = warnings::warnings(
            &explained,
            group_without_user(&pod.manifest),
            pod.unknown_fields.as_ref().unwrap_or(&of_manifest.warnings),
            &elsewhere,
        );
        explained
    }

    fn submit(&self, manifest: &Json, policy: Policy) -> Submitted {
        self.here.submit(&with_policy(manifest, policy))
    }

    fn outcome(&self, submitted: &Submitted, policy: Policy) -> PodOutcome {
        let mut outcome = PodOutcome {
            fate: report::PodFate::Admitted,
            reason: None,
            message: None,
            policy_is_kept: true,
            containers: Vec::new(),
        };
        match &submitted.fate {
            PodFate::Refused { message } => {
                outcome.fate = report::PodFate::Refused;
                outcome.message = Some(message.clone());
            }
            PodFate::Rejected { reason, message } => {
                outcome.fate = report::PodFate::Rejected;
                outcome.reason = Some(reason.clone());
                outcome.message = Some(message.clone());
            }
            PodFate::NoSandbox { message } => {
                outcome.fate = report::PodFate::NoSandbox;
                outcome.message = Some(message.clone());
            }
            PodFate::Admitted(pod) => {
                let security = pod.spec.as_ref().and_then(|spec| spec.security_context.as_ref());
                let kept = security.and_then(|all| all.supplemental_groups_policy.as_deref());
                outcome.policy_is_kept = kept == Some(policy.name());
                let all = containers(pod);
                outcome.containers =
                    all.iter().map(|found| self.container(&self.here, pod, found)).collect();
            }
        }
        outcome
    }

    fn container(&self, pipeline: &Pipeline, pod: &Pod, found: &Found) -> ContainerOutcome {
        let Found { container, kind, index } = found;
        let reference = container.image.clone().unwrap_or_default();
        let known = self.images.find(&reference);
        let mut outcome = ContainerOutcome {
            name: container.name.clone(),
            kind: *kind,
            image: reference,
            known_image: None,
            reason: None,
            message: None,
            identity: None,
        };
        let Some(known) = known else { return outcome };
        let accounts = &known.accounts;
        outcome.known_image = Some(ImageSummary {
            archive: match &known.source {
                Source::Archive(path) => Some(path.display().to_string()),
                Source::Registry => None,
            },
            user: accounts.image.user.clone(),
            architecture: accounts.architecture.clone(),
        });
        match pipeline.start(pod, container, &accounts.image) {
            ContainerFate::Waits { reason, message } => {
                outcome.reason = Some(reason.to_owned());
                outcome.message = Some(message);
            }
            ContainerFate::Runs(resolved) => {
                let place = Member {
                    pod,
                    container,
                    kind: *kind,
                    index: *index,
                    image: &accounts.image,
                    passwd: accounts.passwd.as_ref(),
                    group: accounts.group.as_ref(),
                };
                outcome.identity = Some(place.explain(&resolved));
            }
        }
        outcome
    }

    /// What other runtimes make of the containers, where that is something else.
    fn elsewhere(&self, pod: &ManifestPod, here: &ExplainedPod) -> Elsewhere {
        let outcome = here.as_written();
        let mut ways = Elsewhere::new();
        if outcome.fate != report::PodFate::Admitted {
            return ways;
        }
        for pipeline in &self.elsewhere {
            // Who cannot honour Strict says so, or is said to ignore it.
            let honours = pipeline.runtime().features.is_some_and(|f| f.supplemental_groups_policy);
            if here.policy == Policy::Strict && !honours {
                continue;
            }
            let submitted = pipeline.submit(&with_policy(&pod.manifest, here.policy));
            let PodFate::Admitted(made) = &submitted.fate else { continue };
            for found in containers(made) {
                let there = self.container(pipeline, made, &found);
                let before = outcome.containers.iter().find(|one| one.name == there.name);
                let Some(before) = before else { continue };
                let (before, there) = (in_short(before), in_short(&there));
                if before != there {
                    let of_container = ways.entry(found.container.name.clone()).or_default();
                    of_container.entry(there).or_default().push(pipeline.runtime().name);
                }
            }
        }
        ways
    }
}

/// What becomes of a container, in one line that can be compared.
fn in_short(container: &ContainerOutcome) -> String {
    match (&container.identity, &container.reason) {
        (Some(identity), _) => {
            let groups: Vec<_> = identity.groups.iter().map(|group| group.id.to_string()).collect();
            let (uid, gid) = (identity.user.id, identity.group.id);
            format!("uid={uid} gid={gid} groups={}", groups.join(","))
        }
        (None, Some(reason)) => reason.clone(),
        (None, None) => String::new(),
    }
}

fn with_policy(manifest: &Json, policy: Policy) -> Json {
    let mut manifest = manifest.clone();
    if let Some(spec) = manifest.get_mut("spec").and_then(Json::as_object_mut) {
        let security = spec.entry("securityContext").or_insert_with(|| Json::Object(Map::new()));
        if security.is_null() {
            *security = Json::Object(Map::new());
        }
        if let Some(security) = security.as_object_mut() {
            security.insert("supplementalGroupsPolicy".to_owned(), policy.name().into());
        }
    }
    manifest
}

/// Whether the pod names a group and no user: its sandbox then gets one without the other.
fn group_without_user(manifest: &Json) -> bool {
    let names = |field: &str| {
        let value = manifest.pointer(&format!("/spec/securityContext/{field}"));
        value.is_some_and(|value| !value.is_null())
    };
    names("runAsGroup") && !names("runAsUser")
}

/// A container of a pod.
pub(crate) struct Found {
    pub(crate) container: Container,
    pub(crate) kind: ContainerKind,
    /// Its place in its list, from 0.
    pub(crate) index: usize,
}

/// A pod's containers, in the order in which they start.
pub(crate) fn containers(pod: &Pod) -> Vec<Found> {
    let Some(spec) = &pod.spec else { return Vec::new() };
    let of = |kind: ContainerKind| {
        move |(index, container): (usize, Container)| Found { container, kind, index }
    };
    let init = spec.init_containers.iter().flatten().cloned().enumerate();
    let regular = spec.containers.iter().cloned().enumerate();
    let ephemeral =
        spec.ephemeral_containers.iter().flatten().map(ephemeral_as_container).enumerate();
    init.map(of(ContainerKind::Init))
        .chain(regular.map(of(ContainerKind::Regular)))
        .chain(ephemeral.map(of(ContainerKind::Ephemeral)))
        .collect()
}

/// Every image that the pods name, as they name it.
#[must_use]
pub fn references(manifests: &Manifests) -> Vec<&str> {
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    let pods = manifests.pods.iter();
    pods.flat_map(|pod| lists.iter().filter_map(|list| pod.manifest["spec"][*list].as_array()))
        .flatten()
        .filter_map(|container| container["image"].as_str())
        .collect()
}

/// Whether something is so grave that it should keep a manifest from a cluster.
#[must_use]
pub fn has_errors(explanation: &Explanation) -> bool {
    let mut warnings = explanation.pods.iter().flat_map(|pod| &pod.warnings);
    warnings.any(|warning| warning.severity == report::Severity::Error)
}
