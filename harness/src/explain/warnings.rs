//! What to know about a pod: one table of rules, and what each looks at.
//!
//! Nothing is decided here that the simulation does not say; rules read
//! outcomes and put them into words.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::report::{
    ContainerOutcome, ExplainedPod, Id, ImageSummary, Origin, PodFate, PodOutcome, Policy,
    Severity, Warning,
};
use super::setting::{NodeSetting, policy_gate};
use crate::nodes::supports;

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The API server refuses the pod.
    Refused,
    /// A kubelet rejects the pod because it asks for Strict.
    StrictRejected,
    /// A kubelet rejects the pod because it asks for Strict and the gate is off.
    GateOff,
    /// A kubelet rejects the pod for another reason.
    Rejected,
    /// `runAsGroup` without `runAsUser`, which runtimes refuse.
    GroupWithoutUser,
    /// The runtime makes no sandbox for the pod for another reason.
    NoSandbox,
    /// The API server drops Strict without a word.
    StrictDropped,
    /// The API server drops a policy that does not exist, where others refuse the pod.
    UnknownPolicy,
    /// Strict is asked for, and the image's groups are merged all the same.
    StrictIgnored,
    /// Strict is asked for and merged all the same, for the node claims what it cannot do.
    StaleFeature,
    /// A container does not start.
    DoesNotStart,
    /// A process has groups that no manifest names.
    ImplicitGroups,
    /// A process has groups that volumes demand and no manifest names.
    VolumeGroups,
    /// A process that is not root has root's group.
    RootGroup,
    /// A process of root has a group that the manifest names, because nobody names a user.
    RootWithGroup,
    /// Runtimes make different processes of the same container.
    RuntimesDiffer,
    /// The image could not be looked at.
    UnknownImage,
    /// Another image was looked at than the manifest names.
    StandIn,
    /// The image is for another architecture than nodes usually have.
    OtherArchitecture,
    /// The manifest has fields that the API server does not know.
    UnknownField,
    /// A process has a primary group that the image chooses.
    ImplicitPrimaryGroup,
}

/// What there is to say of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The rule.
    pub rule: Rule,
    /// Its name in reports.
    pub name: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// What it means, in one sentence.
    pub means: &'static str,
    /// What to do.
    pub help: &'static str,
}

const fn about(
    rule: Rule,
    name: &'static str,
    severity: Severity,
    means: &'static str,
    help: &'static str,
) -> About {
    About { rule, name, severity, means, help }
}

/// All rules, the gravest first.
pub const RULES: &[About] = &[
    about(
        Rule::Refused,
        "refused",
        Severity::Error,
        "The API server refuses the pod.",
        "Mend what its message names.",
    ),
    about(
        Rule::StrictRejected,
        "strict-rejected",
        Severity::Error,
        "The kubelet rejects pods that ask for Strict, because the runtime cannot do it.",
        "Upgrade the runtime (containerd 2.0, CRI-O 1.31), or keep such pods off such nodes.",
    ),
    about(
        Rule::GateOff,
        "gate-off",
        Severity::Error,
        "The kubelet rejects pods that ask for Strict, because its gate is off.",
        "Turn the kubelet's feature gate SupplementalGroupsPolicy on.",
    ),
    about(
        Rule::Rejected,
        "rejected",
        Severity::Error,
        "The kubelet rejects the pod.",
        "Mend what its message names.",
    ),
    about(
        Rule::GroupWithoutUser,
        "group-without-user",
        Severity::Error,
        "The pod sets runAsGroup and no runAsUser, which containerd refuses.",
        "Set runAsUser beside runAsGroup in the pod's securityContext.",
    ),
    about(
        Rule::NoSandbox,
        "no-sandbox",
        Severity::Error,
        "The runtime makes no sandbox for the pod, which waits in ContainerCreating.",
        "Mend what its message names.",
    ),
    about(
        Rule::StrictDropped,
        "strict-dropped",
        Severity::Error,
        "The API server drops supplementalGroupsPolicy without a word; the image's groups are \
         merged.",
        "Upgrade the API server, or turn the feature gate SupplementalGroupsPolicy on.",
    ),
    about(
        Rule::UnknownPolicy,
        "unknown-policy",
        Severity::Error,
        "The API server drops a supplementalGroupsPolicy that does not exist; others refuse the pod.",
        "Write Strict or Merge.",
    ),
    about(
        Rule::StrictIgnored,
        "strict-ignored",
        Severity::Error,
        "The pod asks for Strict, runs, and has the image's groups all the same.",
        "Upgrade the kubelet to 1.33 and the runtime to one that honours the policy.",
    ),
    about(
        Rule::StaleFeature,
        "stale-feature",
        Severity::Error,
        "The pod asks for Strict and has the image's groups all the same, for its node claims what \
         its runtime cannot do.",
        "Delete the node object and restart its kubelet, which then rejects such pods; upgrade the \
         runtime, so that they run.",
    ),
    about(
        Rule::DoesNotStart,
        "does-not-start",
        Severity::Error,
        "A container does not start; it is tried again without end.",
        "Mend what its message names.",
    ),
    about(
        Rule::ImplicitGroups,
        "implicit-groups",
        Severity::Warning,
        "A process has groups from the image's /etc/group that no manifest names.",
        "Set supplementalGroupsPolicy: Strict, and name in supplementalGroups what is needed.",
    ),
    about(
        Rule::VolumeGroups,
        "volume-groups",
        Severity::Warning,
        "A process has groups that persistent volumes demand (pv.beta.kubernetes.io/gid) and no \
         manifest of the pod names; Strict leaves them.",
        "Name them in supplementalGroups, or take the annotation from the volume.",
    ),
    about(
        Rule::RootGroup,
        "root-group",
        Severity::Warning,
        "A process that is not root has gid 0, because neither manifest nor image names another.",
        "Set runAsGroup.",
    ),
    about(
        Rule::RootWithGroup,
        "root-with-group",
        Severity::Warning,
        "The manifest sets runAsGroup, and as neither it nor the image names a user, it is root's.",
        "Set runAsUser beside runAsGroup.",
    ),
    about(
        Rule::RuntimesDiffer,
        "runtimes-differ",
        Severity::Warning,
        "Other runtimes make another process of the same container.",
        "Write user and groups so that no image decides, and within 0 to 2147483647.",
    ),
    about(
        Rule::UnknownImage,
        "unknown-image",
        Severity::Warning,
        "The image could not be looked at; it may add groups that nobody named.",
        "Give the image with --image-archive, or let it be pulled.",
    ),
    about(
        Rule::StandIn,
        "stand-in",
        Severity::Note,
        "Another image was looked at than the one that the manifest names.",
        "If that is not the image that you mean, say where it is: --image NAME=FILE.",
    ),
    about(
        Rule::OtherArchitecture,
        "other-architecture",
        Severity::Note,
        "The image that was looked at is for another architecture than the nodes are.",
        "Look at the image for your nodes, with --architecture.",
    ),
    about(
        Rule::UnknownField,
        "unknown-field",
        Severity::Warning,
        "The API server does not know a field of the manifest and leaves it out.",
        "Correct the field's name or place, or use a version that has it.",
    ),
    about(
        Rule::ImplicitPrimaryGroup,
        "implicit-primary-group",
        Severity::Note,
        "The image chooses the primary group of a process; Strict leaves it.",
        "Set runAsGroup.",
    ),
];

impl Rule {
    /// What there is to say of it.
    #[must_use]
    pub fn about(self) -> &'static About {
        RULES.iter().find(|about| about.rule == self).expect("the table has every rule")
    }

    fn warn(self, container: Option<&str>, text: String) -> Warning {
        Warning {
            rule: self,
            severity: self.about().severity,
            container: container.map(str::to_owned),
            text,
        }
    }
}

/// What other runtimes make of each container, as the pod is written: by container, by what
/// becomes of it, the runtimes.
pub(super) type Elsewhere = BTreeMap<String, BTreeMap<String, Vec<&'static str>>>;

/// Everything to know about a pod, the gravest first.
pub(super) fn warnings(
    pod: &ExplainedPod,
    node: &NodeSetting,
    group_without_user: bool,
    unknown_fields: &[String],
    elsewhere: &Elsewhere,
) -> Vec<Warning> {
    let outcome = pod.as_written();
    let mut warnings = of_pod(pod, node, outcome, group_without_user);
    warnings.extend(unknown_fields.iter().map(|text| Rule::UnknownField.warn(None, text.clone())));
    for container in &outcome.containers {
        of_container(pod, node, container, &mut warnings);
        if let Some(ways) = elsewhere.get(&container.name) {
            let ways = ways.iter().map(|(way, runtimes)| format!("{}: {way}", runtimes.join(", ")));
            let text = format!("other runtimes differ: {}", ways.collect::<Vec<_>>().join("; "));
            warnings.push(Rule::RuntimesDiffer.warn(Some(&container.name), text));
        }
    }
    warnings.sort_by_key(|warning| (warning.severity, warning.rule));
    warnings
}

fn of_pod(
    pod: &ExplainedPod,
    node: &NodeSetting,
    outcome: &PodOutcome,
    group_without_user: bool,
) -> Vec<Warning> {
    let strict = pod.policy == Policy::Strict;
    let message = outcome.message.clone().unwrap_or_default();
    let reason = outcome.reason.clone().unwrap_or_default();
    match outcome.fate {
        PodFate::Refused => vec![Rule::Refused.warn(None, with_hint(message))],
        PodFate::Rejected if strict && pod.merge.fate == PodFate::Admitted => {
            let is_off = policy_gate(&node.kubelet) == Some(false);
            let rule = if is_off { Rule::GateOff } else { Rule::StrictRejected };
            vec![rule.warn(None, format!("{reason}: {message}"))]
        }
        PodFate::Rejected => vec![Rule::Rejected.warn(None, format!("{reason}: {message}"))],
        PodFate::NoSandbox if group_without_user => {
            vec![Rule::GroupWithoutUser.warn(None, message)]
        }
        PodFate::NoSandbox => vec![Rule::NoSandbox.warn(None, message)],
        PodFate::Admitted => {
            let mut warnings = Vec::new();
            if strict && !outcome.policy_is_kept {
                let text = "the API server drops supplementalGroupsPolicy: Strict".to_owned();
                warnings.push(Rule::StrictDropped.warn(None, text));
            }
            if let Some(unknown) = &pod.unknown_policy {
                let text = format!(
                    "the API server drops supplementalGroupsPolicy: {unknown}; one that knows the \
                     field refuses it"
                );
                warnings.push(Rule::UnknownPolicy.warn(None, text));
            }
            if group_without_user {
                let text = "it runs here, but containerd refuses such pods".to_owned();
                warnings.push(Warning {
                    severity: Severity::Warning,
                    ..Rule::GroupWithoutUser.warn(None, text)
                });
            }
            warnings
        }
    }
}

/// A refusal; where it is known what leads to it, with what to do.
fn with_hint(mut message: String) -> String {
    if message.contains("cannot unmarshal bool into") {
        message
            .push_str("; in YAML y, n, yes, no, on and off are booleans: put a text into quotes");
    } else if message.contains("cannot unmarshal number into") && message.contains("of type string")
    {
        message.push_str("; put a text that looks like a number into quotes");
    } else if ["spec.selector: Required value", ".image: Required value"]
        .iter()
        .any(|missing| message.contains(missing))
    {
        message.push_str("; if this is a patch, give what `kubectl kustomize` makes of it");
    }
    message
}

fn of_container(
    pod: &ExplainedPod,
    node: &NodeSetting,
    container: &ContainerOutcome,
    warnings: &mut Vec<Warning>,
) {
    let name = Some(container.name.as_str());
    match &container.known_image {
        Some(image) => of_image(node, container, image, warnings),
        // What its kubelet reports is as good as the image.
        None if container.identity.is_some() => {}
        None => {
            let mut text = format!("image {} could not be looked at", container.image);
            if let Some(why) = &container.unknown_because {
                text.push_str(": ");
                text.push_str(why);
            }
            warnings.push(Rule::UnknownImage.warn(name, text));
            return;
        }
    }
    let Some(identity) = &container.identity else {
        let reason = container.reason.clone().unwrap_or_default();
        let message = container.message.clone().unwrap_or_default();
        warnings.push(Rule::DoesNotStart.warn(name, format!("{reason}: {message}")));
        return;
    };
    let implicit = implicit_groups(container);
    if !implicit.is_empty() {
        let mut groups = implicit.iter().map(|group| words(group)).collect::<Vec<_>>().join(", ");
        if container.known_image.is_none() {
            groups.push_str(", as its kubelet reports,");
        }
        if pod.policy == Policy::Strict && pod.as_written().policy_is_kept {
            let text = format!("it asks for Strict and gets {groups} from its image");
            let claims = node.feature == Some(true) && !supports(node.runtime);
            let rule = if claims { Rule::StaleFeature } else { Rule::StrictIgnored };
            warnings.push(rule.warn(name, text));
        } else {
            let mut text = format!("it gets {groups} from its image; the manifest does not say so");
            let strict = pod.strict.containers.iter().find(|other| other.name == container.name);
            if strict.is_some_and(|strict| !implicit_groups(strict).is_empty()) {
                text.push_str(", and in this cluster Strict would not keep them out");
            }
            warnings.push(Rule::ImplicitGroups.warn(name, text));
        }
    }
    let of_volumes = groups_of_volumes(container);
    if !of_volumes.is_empty() {
        let groups = of_volumes.iter().map(|group| words(group)).collect::<Vec<_>>().join(", ");
        let text = format!("it gets {groups} from its volumes; no manifest of the pod says so");
        warnings.push(Rule::VolumeGroups.warn(name, text));
    }
    if identity.group.is_written() {
        // Of a pod that names a group and no user, more is said.
        let is_said = warnings.iter().any(|warning| warning.rule == Rule::GroupWithoutUser);
        let is_root = identity.user.origins == [Origin::Default];
        if is_root && identity.group.id != 0 && !is_said {
            let group = words(&identity.group);
            let text = format!("nobody names a user, so it runs as root with the group {group}");
            warnings.push(Rule::RootWithGroup.warn(name, text));
        }
        return;
    }
    let (uid, gid) = (identity.user.id, identity.group.id);
    if gid == 0 && uid != 0 {
        let text = format!("uid {uid} runs with the primary group 0, which nobody wrote down");
        warnings.push(Rule::RootGroup.warn(name, text));
    } else if gid != 0 {
        let text = format!("the image makes {} its primary group", words(&identity.group));
        warnings.push(Rule::ImplicitPrimaryGroup.warn(name, text));
    }
}

fn of_image(
    node: &NodeSetting,
    container: &ContainerOutcome,
    image: &ImageSummary,
    warnings: &mut Vec<Warning>,
) {
    let name = Some(container.name.as_str());
    if image.is_stand_in {
        let text = format!("for image {}, {} was looked at", container.image, image.words());
        warnings.push(Rule::StandIn.warn(name, text));
    }
    let nodes_are = node.architecture.as_deref();
    if let Some(architecture) = &image.architecture
        && architecture != nodes_are.unwrap_or(toolbox::ARCHITECTURE)
    {
        let mut text = format!("image {} is for {architecture}", container.image);
        let mut severity = Severity::Note;
        if let Some(nodes_are) = nodes_are {
            text.push_str(&format!(
                ", and the nodes are {nodes_are}: there, its users and groups may be others"
            ));
            // What runs there was not looked at.
            severity = Severity::Warning;
        }
        warnings.push(Warning { severity, ..Rule::OtherArchitecture.warn(name, text) });
    }
}

/// The groups of a container that its image adds and no manifest names; the primary group is not
/// among them.
#[must_use]
pub fn implicit_groups(container: &ContainerOutcome) -> Vec<&Id> {
    let Some(identity) = &container.identity else { return Vec::new() };
    let from_image = |id: &&Id| {
        let of_file = |origin: &Origin| match origin {
            Origin::ImageFile { file, .. } => file == "/etc/group",
            Origin::Reported => true,
            _ => false,
        };
        id.id != identity.group.id && !id.is_written() && id.origins.iter().any(of_file)
    };
    identity.groups.iter().filter(from_image).collect()
}

/// The groups of a container that its volumes add and no manifest names.
#[must_use]
pub fn groups_of_volumes(container: &ContainerOutcome) -> Vec<&Id> {
    let Some(identity) = &container.identity else { return Vec::new() };
    let of_volume = |origin: &Origin| matches!(origin, Origin::Volume { .. });
    let from_volumes = |id: &&Id| !id.is_written() && id.origins.iter().any(of_volume);
    identity.groups.iter().filter(from_volumes).collect()
}

/// `50000 (group-defined-in-image)`.
#[must_use]
pub fn words(id: &Id) -> String {
    match &id.name {
        Some(name) => format!("{} ({name})", id.id),
        None => id.id.to_string(),
    }
}
