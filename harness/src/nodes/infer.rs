//! What components are: from what objects say to versions, gates and runtimes that the simulation
//! knows.
//!
//! An API shows neither gates nor what a runtime can do, so some of it is
//! inferred; every inference is an assumption that reports show.

use std::collections::BTreeMap;

use fake_cri::Profile;
use fake_kubelet::version::{
    FeatureGates, Gate, KubernetesVersion, NEWEST_MINOR, OLDEST_MINOR, VersionError,
};

use super::record::NodeRecord;
use crate::report::shown_line;
use crate::scenario::RuntimeName;

/// What the input does not say and had to be supposed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assumptions {
    /// The nodes that each is about; none for what is about the whole cluster.
    texts: BTreeMap<String, Vec<String>>,
}

impl Assumptions {
    /// Notes one that is about the cluster.
    pub fn add(&mut self, text: impl Into<String>) {
        self.texts.entry(text.into()).or_default();
    }

    /// Notes one that is about a node.
    pub fn add_for_node(&mut self, node: &NodeRecord, text: impl Into<String>) {
        self.texts.entry(text.into()).or_default().push(shown_line(&node.name));
    }

    /// Each, with the nodes that it is about.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.texts.iter().map(|(text, nodes)| (text.as_str(), nodes.as_slice()))
    }
}

/// A component's version and the gates set on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Component {
    /// Its version.
    pub version: KubernetesVersion,
    /// The gates that are set; every other has its default.
    pub gates: BTreeMap<String, bool>,
}

impl Component {
    /// The gates in effect.
    ///
    /// # Errors
    /// A gate that the version refuses.
    pub fn feature_gates(&self) -> Result<FeatureGates, fake_kubelet::version::FeatureGateError> {
        FeatureGates::new(self.version, self.gates.iter().map(|(name, on)| (name.as_str(), *on)))
    }
}

/// A kubelet on a runtime; nodes of one class behave alike towards any pod that may run there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeState {
    /// The kubelet.
    pub kubelet: Component,
    /// The runtime's profile.
    pub runtime: &'static str,
    /// What the node object says of the feature before the kubelet says anything.
    pub feature: Option<bool>,
}

impl NodeState {
    /// The runtime's profile.
    #[must_use]
    pub fn profile(&self) -> &'static Profile {
        fake_cri::profile::find(self.runtime).unwrap_or_else(|| RuntimeName::default().profile())
    }
}

/// Whether a runtime honours the policy.
#[must_use]
pub fn supports(profile: &Profile) -> bool {
    profile.features.is_some_and(|sent| sent.supplemental_groups_policy)
}

/// What nodes are to be, whatever they say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Instead {
    /// The version of their kubelets.
    pub kubelet: Option<KubernetesVersion>,
    /// Their runtime.
    pub runtime: Option<&'static Profile>,
}

/// What every node is, in their order; `gates` are set on all of them. One that does not say its
/// kubelet's version is taken for a `usual` one.
#[must_use]
pub fn states(
    nodes: &[NodeRecord],
    usual: KubernetesVersion,
    gates: &BTreeMap<String, bool>,
    instead: Instead,
    assumptions: &mut Assumptions,
) -> Vec<NodeState> {
    let mut of_windows = Assumptions::default();
    let state = |node: &NodeRecord| {
        // Of nodes where there are no groups nothing is said, and so nothing is supposed.
        let assumptions = if node.is_windows { &mut of_windows } else { &mut *assumptions };
        NodeState {
            kubelet: match instead.kubelet {
                Some(version) => Component { version, gates: known_gates(version, gates) },
                None => kubelet(node, usual, gates, assumptions),
            },
            runtime: match instead.runtime {
                Some(profile) => profile.name,
                None => runtime(node, assumptions).name,
            },
            feature: node.feature,
        }
    };
    nodes.iter().map(state).collect()
}

/// What is known of an API server.
#[derive(Debug, Clone, Copy, Default)]
pub struct ApiServerSigns<'a> {
    /// Its version as the user gives it, which outweighs all else.
    pub given: Option<KubernetesVersion>,
    /// Its version as it says itself.
    pub says: Option<&'a str>,
    /// Whether objects have fields that it drops where the gate `SupplementalGroupsPolicy` is off.
    pub keeps_policies: bool,
}

/// The version that most nodes have, else the API server's; none where nobody says one.
#[must_use]
pub fn usual_version(
    nodes: &[NodeRecord],
    api_server: ApiServerSigns<'_>,
) -> Option<KubernetesVersion> {
    let mut counts: BTreeMap<KubernetesVersion, usize> = BTreeMap::new();
    for node in nodes {
        if let Some((version, _)) = node.kubelet_version.as_deref().and_then(parse_version) {
            *counts.entry(version).or_default() += 1;
        }
    }
    let usual = counts.into_iter().max_by_key(|(version, count)| (*count, *version));
    let says = || Some(parse_version(api_server.says?)?.0);
    usual.map(|(version, _)| version).or(api_server.given).or_else(says)
}

/// A node's kubelet as far as its object tells.
fn kubelet(
    node: &NodeRecord,
    usual: KubernetesVersion,
    gates: &BTreeMap<String, bool>,
    assumptions: &mut Assumptions,
) -> Component {
    let version = kubelet_version(node, usual, assumptions);
    let mut gates = known_gates(version, gates);
    let name = Gate::SupplementalGroupsPolicy.name();
    if let Some(stage) = Gate::SupplementalGroupsPolicy.in_version(version)
        && !stage.locked
        && !gates.contains_key(name)
    {
        if node.feature.is_some() && !stage.default {
            gates.insert(name.to_owned(), true);
            assumptions.add_for_node(
                node,
                format!(
                    "The gate {name} is on in the kubelet, though 1.{} has it off by default: the \
                 node reports features",
                    version.minor()
                ),
            );
        } else if node.feature.is_none() && stage.default && supports(known_runtime(node)) {
            gates.insert(name.to_owned(), false);
            assumptions.add_for_node(
                node,
                format!(
                    "The gate {name} is off in the kubelet, though 1.{} has it on by default: the \
                 runtime honours the policy and the node does not report it",
                    version.minor()
                ),
            );
        }
    }
    Component { version, gates }
}

/// A node's runtime, whatever has to be supposed for that.
fn known_runtime(node: &NodeRecord) -> &'static Profile {
    runtime(node, &mut Assumptions::default())
}

/// Those of the gates that this version lets one set.
pub(crate) fn known_gates(
    version: KubernetesVersion,
    gates: &BTreeMap<String, bool>,
) -> BTreeMap<String, bool> {
    let allowed = |name: &str, value: bool| {
        Gate::named(name)
            .and_then(|gate| gate.in_version(version))
            .is_some_and(|stage| !stage.locked || stage.default == value)
    };
    let set = gates.iter().filter(|(name, value)| allowed(name, **value));
    set.map(|(name, value)| (name.clone(), *value)).collect()
}

/// The version of a component as somebody names it who has `kubectl version` before them.
///
/// # Errors
/// What is wrong with the text, in words.
pub fn given_version(text: &str) -> Result<KubernetesVersion, String> {
    let plain = text.trim().split(['-', '+']).next().unwrap_or_default();
    plain.parse().map_err(|error: VersionError| match error {
        VersionError::Malformed(_) => VersionError::Malformed(shown_line(text)).to_string(),
        error @ VersionError::Unknown(_) => error.to_string(),
    })
}

/// The version in a text such as `v1.33.2-gke.100` or `v1.32.1+k3s1`.
fn parse_version(text: &str) -> Option<(KubernetesVersion, Option<String>)> {
    let plain = text.split(['-', '+']).next().unwrap_or_default();
    if let Ok(version) = plain.parse() {
        return Some((version, None));
    }
    let mut parts = plain.strip_prefix('v').unwrap_or(plain).split('.');
    let major: u32 = parts.next()?.parse().ok()?;
    let minor: u32 = parts.next()?.parse().ok()?;
    if major != 1 {
        return None;
    }
    if let Some(known) = u8::try_from(minor).ok().and_then(|it| KubernetesVersion::new(it).ok()) {
        return Some((known, None));
    }
    let nearest = if minor < u32::from(OLDEST_MINOR) { OLDEST_MINOR } else { NEWEST_MINOR };
    let version = KubernetesVersion::new(nearest).ok()?;
    let why = format!("Kubernetes 1.{minor} is not known here and is taken for 1.{nearest}");
    Some((version, Some(why)))
}

fn kubelet_version(
    node: &NodeRecord,
    usual: KubernetesVersion,
    assumptions: &mut Assumptions,
) -> KubernetesVersion {
    let text = node.kubelet_version.as_deref().unwrap_or_default();
    if let Some((version, why)) = parse_version(text) {
        if let Some(why) = why {
            assumptions.add_for_node(node, why);
        }
        return version;
    }
    let says = if text.is_empty() {
        "The node does not say its kubelet's version".to_owned()
    } else {
        format!("The node says {:?}, which is no Kubernetes version", shown_line(text))
    };
    let minor = usual.minor();
    assumptions.add_for_node(
        node,
        format!("{says}; its kubelet is taken for 1.{minor}, and what is said of it is a guess"),
    );
    usual
}

fn runtime(node: &NodeRecord, assumptions: &mut Assumptions) -> &'static Profile {
    let text = node.runtime_version.as_deref().unwrap_or_default();
    if let Some((profile, exact)) = nearest_profile(text) {
        if !exact {
            assumptions.add_for_node(
                node,
                format!(
                    "{} is taken for {}, the nearest release that was recorded",
                    shown_line(text),
                    profile.name
                ),
            );
        }
        return profile;
    }
    let class = if node.feature == Some(true) {
        RuntimeName::Supporting
    } else {
        RuntimeName::Unsupporting
    };
    let profile = class.profile();
    let what =
        if text.is_empty() { "A runtime that is not named".to_owned() } else { shown_line(text) };
    let says = if node.feature == Some(true) { "says" } else { "does not say" };
    assumptions.add_for_node(
        node,
        format!(
            "{what} is taken for {}: it is not known here, and the node {says} that it honours the \
         policy",
            profile.name
        ),
    );
    profile
}

/// The numbers of `1.7` in `1.7.24-k3s1`.
fn release(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    let major = parts.next()?.trim_start_matches('v').parse().ok()?;
    let minor: String = parts.next()?.chars().take_while(char::is_ascii_digit).collect();
    Some((major, minor.parse().ok()?))
}

/// The profile for a text such as `containerd://1.7.24`, and whether it is that very release.
fn nearest_profile(text: &str) -> Option<(&'static Profile, bool)> {
    let (name, version) = text.split_once("://")?;
    let wanted = release(version)?;
    let mut releases: Vec<_> = fake_cri::profile::all()
        .iter()
        .filter(|profile| profile.runtime_name == name)
        .filter_map(|profile| Some((release(profile.name.rsplit('-').next()?)?, profile)))
        .collect();
    releases.sort_by_key(|(release, _)| *release);
    let at_most = releases.iter().rfind(|(release, _)| *release <= wanted);
    let (found, profile) = at_most.or_else(|| releases.first())?;
    Some((profile, *found == wanted))
}

/// What the API server is: as it says or as was said, else the newest kubelet's version.
#[must_use]
pub fn api_server(
    signs: ApiServerSigns<'_>,
    gates: &BTreeMap<String, bool>,
    states: &[NodeState],
    assumptions: &mut Assumptions,
) -> Component {
    let version = signs.given.or_else(|| {
        let (version, why) = signs.says.and_then(parse_version)?;
        if let Some(why) = why {
            assumptions.add(why);
        }
        Some(version)
    });
    let version = version.unwrap_or_else(|| {
        let newest = states.iter().map(|state| state.kubelet.version).max();
        let newest = newest.unwrap_or(KubernetesVersion::NEWEST);
        assumptions.add(format!(
            "The API server is 1.{}, as the newest kubelet; say otherwise with --api-server",
            newest.minor()
        ));
        newest
    });
    let mut gates = known_gates(version, gates);
    let name = Gate::SupplementalGroupsPolicy.name();
    if let Some(stage) = Gate::SupplementalGroupsPolicy.in_version(version)
        && !stage.default
        && signs.keeps_policies
        && !gates.contains_key(name)
    {
        gates.insert(name.to_owned(), true);
        assumptions.add(format!(
            "The gate {name} is on in the API server, though 1.{} has it off by default: objects \
             carry its fields",
            version.minor()
        ));
    }
    Component { version, gates }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_release_of_the_same_runtime_is_taken() {
        let named = |text| nearest_profile(text).map(|(profile, exact)| (profile.name, exact));
        assert_eq!(named("containerd://1.7.24"), Some(("containerd-1.7", true)));
        assert_eq!(named("containerd://2.0.5-k3s1.32"), Some(("containerd-2.0", true)));
        assert_eq!(named("containerd://2.9.0"), Some(("containerd-2.3", false)));
        assert_eq!(named("containerd://1.5.11"), Some(("containerd-1.6", false)));
        assert_eq!(named("cri-o://1.29.1"), Some(("cri-o-1.30", false)));
        assert_eq!(named("docker://27.0.3"), None);
        assert_eq!(named("containerd"), None);
    }

    #[test]
    fn distributions_name_versions_in_their_own_way() {
        let minor =
            |text| parse_version(text).map(|(version, why)| (version.minor(), why.is_some()));
        assert_eq!(minor("v1.33.2-gke.100"), Some((33, false)));
        assert_eq!(minor("v1.32.1+k3s1"), Some((32, false)));
        assert_eq!(minor("v1.28.9-eks-036c24b"), Some((30, true)));
        assert_eq!(minor("v1.33.4-eks-1-2-3"), Some((33, false)));
        assert_eq!(minor("1.35.0-rc.0"), Some((35, false)));
        assert_eq!(minor("v1.33.5-gke.100"), Some((33, false)));
        assert_eq!(minor("v1.34.1.2"), Some((34, false)));
        assert_eq!(minor("v1.34"), Some((34, false)));
        assert_eq!(minor("v1.40.0"), Some((36, true)));
        assert_eq!(minor("v2.0.0"), None);
        assert_eq!(minor("newest"), None);
        assert_eq!(minor(""), None);
    }

    #[test]
    fn versions_may_be_given_as_kubectl_prints_them() {
        assert_eq!(given_version("v1.34.1+k3s1").map(KubernetesVersion::minor), Ok(34));
        assert_eq!(given_version("1.35.0-rc.0").map(KubernetesVersion::minor), Ok(35));
        assert!(given_version("weird").is_err_and(|why| why.contains("\"weird\"")));
        assert!(given_version("1.29").is_err_and(|why| why.contains("known are 1.30")));
    }
}
