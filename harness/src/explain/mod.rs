//! Who the containers of a manifest would be, and where each of their ids comes from.
//!
//! Each pod goes through the stages of the simulation twice, with Merge and
//! with Strict; what comes out is put side by side. The API server makes a pod
//! once, whatever nodes it may then run on.

pub mod images;
mod manifests;
pub(crate) mod origins;
pub mod pipeline;
pub mod report;
mod reported;
pub mod setting;
pub mod text;
pub(crate) mod volumes;
pub mod warnings;

use fake_kubelet::translate::ephemeral_as_container;
use fake_kubelet::version::FeatureGates;
use k8s_openapi::api::core::v1::{Container, Pod};
use serde_json::{Map, Value as Json};

pub use manifests::{Foreign, ManifestPod, Manifests, Place, PushError};
pub use reported::Reported;

use images::{Images, Source};
use origins::Member;
use pipeline::{ApiServerStage, ContainerFate, Made, NodeAnswer, NodeStage};
use report::{
    ClusterSummary, ContainerKind, ContainerOutcome, ExplainedPod, Explanation, ImageSummary,
    PodFate, PodOutcome, Policy, SCHEMA,
};
use setting::{NodeSetting, Setting, policy_gate};
use volumes::Volumes;
use warnings::Elsewhere;

use crate::nodes::supports;

/// Where a pod says its policy.
pub(crate) const POLICY: &str = "/spec/securityContext/supplementalGroupsPolicy";

/// Explains the pods of manifests.
#[must_use]
pub fn explain(manifests: &Manifests, images: &Images, setting: &Setting) -> Explanation {
    let explainer =
        Explainer::new(setting.api_server, &[&setting.node], images, &manifests.volumes);
    let for_linux = || manifests.pods.iter().filter(|pod| !pod.is_for_windows());
    Explanation {
        schema: SCHEMA.to_owned(),
        cluster: ClusterSummary {
            api_server: setting.api_server.version().to_string(),
            gate: policy_gate(&setting.api_server),
            nodes: vec![setting.node.summary(Vec::new())],
            assumptions: Vec::new(),
        },
        pods: for_linux().flat_map(|pod| explainer.explain(pod, &[0], &|_, _| None)).collect(),
        passed_over: manifests.passed_over + manifests.pods.len() - for_linux().count(),
    }
}

/// An API server and the different nodes of a cluster, with the images that are known.
pub(crate) struct Explainer<'a> {
    images: &'a Images,
    volumes: &'a Volumes,
    api: ApiServerStage,
    nodes: Vec<NodeAndOthers>,
}

struct NodeAndOthers {
    here: NodeStage,
    /// The same node with every other runtime.
    elsewhere: Vec<NodeStage>,
}

/// A pod with one policy, as the API server has made it; its message where it refuses.
type Answer = Result<Made, String>;

impl<'a> Explainer<'a> {
    pub(crate) fn new(
        api_server: FeatureGates,
        nodes: &[&NodeSetting],
        images: &'a Images,
        volumes: &'a Volumes,
    ) -> Self {
        let with_others = |setting: &&NodeSetting| {
            let others = fake_cri::profile::all().iter().filter(|other| *other != setting.runtime);
            let with = |runtime| NodeStage::new(&NodeSetting { runtime, ..(*setting).clone() });
            NodeAndOthers { here: NodeStage::new(setting), elsewhere: others.map(with).collect() }
        };
        let nodes = nodes.iter().map(with_others).collect();
        Self { images, volumes, api: ApiServerStage::new(api_server), nodes }
    }

    /// Says what becomes of a pod on each of some nodes, by their places. What is reported of a
    /// container on a node counts where its image is not known.
    pub(crate) fn explain<'r>(
        &self,
        pod: &ManifestPod,
        nodes: &[usize],
        reported: &dyn Fn(usize, &str) -> Option<&'r Reported>,
    ) -> Vec<ExplainedPod> {
        let written = pod.manifest.pointer(POLICY).filter(|policy| !policy.is_null());
        let of = |policy: Policy| written.is_some_and(|word| word == policy.name());
        let policy = if of(Policy::Strict) { Policy::Strict } else { Policy::Merge };
        // Another word than these two is the API server's to refuse.
        let is_odd = written.is_some() && !of(Policy::Strict) && !of(Policy::Merge);
        let refused = pod.workload.as_ref().and_then(|workload| self.api.refusal(workload));
        let demanded = self.volumes.of(pod);
        let submit = |policy: Policy| {
            let made = match &refused {
                Some(message) => Err(message.clone()),
                None if is_odd => self.api.create(&pod.manifest),
                None => self.api.create(&with_policy(&pod.manifest, policy)),
            };
            made.map(|made| Made { volume_groups: demanded.clone(), ..made })
        };
        let (merge, strict) = (submit(Policy::Merge), submit(Policy::Strict));
        let of_manifest = match policy {
            Policy::Merge => &merge,
            Policy::Strict => &strict,
        };
        let warned = of_manifest.as_ref().map(|made| &*made.warnings).unwrap_or_default();
        let unknown_fields = pod.unknown_fields.as_deref().unwrap_or(warned);
        let on_node = |at: &usize| {
            let node = &self.nodes[*at];
            let mut explained = ExplainedPod {
                kind: pod.kind.clone(),
                namespace: pod.namespace.clone(),
                name: pod.name.clone(),
                file: pod.file.to_string(),
                line: pod.line,
                container_lines: pod.container_lines.clone(),
                policy,
                policy_is_written: written.is_some(),
                unknown_policy: written.filter(|_| is_odd).map(in_words),
                merge: self.outcome(&node.here, &merge, Policy::Merge),
                strict: self.outcome(&node.here, &strict, Policy::Strict),
                warnings: Vec::new(),
            };
            let elsewhere = self.elsewhere(node, of_manifest, &explained);
            if let Ok(made) = of_manifest {
                fill_in(explained.as_written_mut(), &made.pod, |name| reported(*at, name));
            }
            explained.warnings = warnings::warnings(
                &explained,
                node.here.setting(),
                group_without_user(&pod.manifest),
                unknown_fields,
                &elsewhere,
            );
            explained
        };
        nodes.iter().map(on_node).collect()
    }

    fn outcome(&self, node: &NodeStage, answer: &Answer, policy: Policy) -> PodOutcome {
        let mut outcome = PodOutcome {
            fate: PodFate::Admitted,
            reason: None,
            message: None,
            policy_is_kept: true,
            containers: Vec::new(),
        };
        let made = match answer {
            Ok(made) => made,
            Err(message) => {
                outcome.fate = PodFate::Refused;
                outcome.message = Some(message.clone());
                return outcome;
            }
        };
        match node.receive(made) {
            NodeAnswer::Rejected { reason, message } => {
                outcome.fate = PodFate::Rejected;
                outcome.reason = Some(reason);
                outcome.message = Some(message);
            }
            NodeAnswer::NoSandbox { message } => {
                outcome.fate = PodFate::NoSandbox;
                outcome.message = Some(message);
            }
            NodeAnswer::Admitted => {
                let pod = &made.pod;
                let security = pod.spec.as_ref().and_then(|spec| spec.security_context.as_ref());
                let kept = security.and_then(|all| all.supplemental_groups_policy.as_deref());
                outcome.policy_is_kept = kept == Some(policy.name());
                let all = containers(pod);
                outcome.containers =
                    all.iter().map(|found| self.container(node, made, found)).collect();
            }
        }
        outcome
    }

    fn container(&self, node: &NodeStage, made: &Made, found: &Found) -> ContainerOutcome {
        let Found { container, kind, index } = found;
        let reference = container.image.clone().unwrap_or_default();
        let known = self.images.find(&reference);
        let mut outcome = ContainerOutcome {
            name: container.name.clone(),
            kind: *kind,
            image: reference,
            known_image: None,
            unknown_because: None,
            reason: None,
            message: None,
            identity: None,
        };
        let Some(known) = known else {
            let why = self.images.why_unknown(&outcome.image);
            outcome.unknown_because = why.map(str::to_owned);
            return outcome;
        };
        let accounts = &known.accounts;
        if let Some((file, special)) = accounts.special {
            let what = special.words();
            let why = format!("its {file} is {what}, and what runtimes read there nobody knows");
            outcome.unknown_because = Some(why);
            return outcome;
        }
        outcome.known_image = Some(ImageSummary {
            archive: match &known.source {
                Source::Archive(path) => Some(path.display().to_string()),
                Source::Registry | Source::BuiltIn => None,
            },
            is_built_in: known.source == Source::BuiltIn,
            is_stand_in: known.is_stand_in,
            name: known.name().map(str::to_owned),
            user: accounts.image.user.clone(),
            architecture: accounts.architecture.clone(),
        });
        match node.start(made, container, &accounts.image) {
            ContainerFate::Waits { reason, message } => {
                outcome.reason = Some(reason.to_owned());
                outcome.message = Some(message);
            }
            ContainerFate::Runs(resolved) => {
                let place = Member {
                    pod: &made.pod,
                    volume_groups: &made.volume_groups,
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
    fn elsewhere(&self, of: &NodeAndOthers, answer: &Answer, here: &ExplainedPod) -> Elsewhere {
        let outcome = here.as_written();
        let mut ways = Elsewhere::new();
        let Ok(made) = answer else { return ways };
        // Who cannot honour Strict says so, or is said to ignore it.
        let fits = |runtime| here.policy == Policy::Merge || supports(runtime);
        if outcome.fate != PodFate::Admitted || !fits(of.here.runtime()) {
            return ways;
        }
        for node in &of.elsewhere {
            if !fits(node.runtime()) || node.receive(made) != NodeAnswer::Admitted {
                continue;
            }
            for found in containers(&made.pod) {
                let there = self.container(node, made, &found);
                let before = outcome.containers.iter().find(|one| one.name == there.name);
                let Some(before) = before.filter(|one| one.known_image.is_some()) else { continue };
                let (before, there) = (in_short(before), in_short(&there));
                if before != there {
                    let of_container = ways.entry(found.container.name.clone()).or_default();
                    of_container.entry(there).or_default().push(node.runtime().name);
                }
            }
        }
        ways
    }
}

/// What a manifest has in place of a policy.
fn in_words(written: &Json) -> String {
    written.as_str().map_or_else(|| written.to_string(), |word| format!("{word:?}"))
}

/// Says of containers whose images are not known what is reported of them.
fn fill_in<'r>(
    outcome: &mut PodOutcome,
    pod: &Pod,
    reported: impl Fn(&str) -> Option<&'r Reported>,
) {
    let found = containers(pod);
    for container in outcome.containers.iter_mut().filter(|one| one.known_image.is_none()) {
        let found = found.iter().find(|found| found.container.name == container.name);
        if let (Some(found), Some(reported)) = (found, reported(&container.name)) {
            container.identity = Some(origins::of_reported(pod, found, reported));
        }
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
