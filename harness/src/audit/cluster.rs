//! What manifests are held against: the nodes of the cluster that was read, or one that is asked
//! for; and which nodes each pod may run on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fake_kubelet::skew;
use fake_kubelet::version::{FeatureGates, KubernetesVersion};
use k8s_openapi::api::core::v1::{Pod, PodSpec};
use serde_json::Value as Json;

use crate::explain::report::ClusterSummary;
use crate::explain::setting::{
    Asked, NodeSetting, Setting, SettingError, check_gates, gates_of, policy_gate,
};
use crate::explain::{ManifestPod, Manifests, POLICY, Reported};
use crate::nodes::{self, ApiServerSigns, Assumptions, Groups, Instead, NodeRecord, NodeState};
use crate::report::first_few;

/// Taints with these prefixes come and go with a node's condition; pods run there before and after.
const PASSING_TAINTS: &[&str] = &["node.kubernetes.io/", "node.cloudprovider.kubernetes.io/"];
/// What a pod asks of a node, in its spec.
const PLACEMENT: &[&str] = &["nodeSelector", "affinity", "tolerations"];

/// What manifests are held against.
#[derive(Debug)]
pub struct Cluster {
    /// The API server's version and gates.
    pub api_server: FeatureGates,
    /// The different nodes.
    pub kinds: Vec<NodeSetting>,
    assumptions: Vec<String>,
    /// Whether it is one that somebody asks for, so that what pods report of theirs says nothing.
    is_asked: bool,
    places: Option<Places>,
}

/// What tells nodes apart: what their parts are, and their architecture.
type Kind = (NodeState, Option<String>);

/// The nodes that were read, and where pods may run.
#[derive(Debug)]
struct Places {
    names: Vec<String>,
    groups: Groups<Kind>,
    /// By pod: its place in `groups.eligible`.
    placements: Vec<usize>,
    by_name: HashMap<String, usize>,
}

impl Cluster {
    /// One node of which nobody knows anything but what is asked for.
    #[must_use]
    pub fn of_setting(setting: Setting, asked: &Asked, manifests: &Manifests) -> Self {
        let is_live = manifests.pods.iter().any(|pod| pod.uid.is_some());
        let nothing_said = "the nodes of the cluster are not among what was read, so its pods are \
                            held against this one; read nodes, too, or say --kubernetes and \
                            --runtime";
        Self {
            api_server: setting.api_server,
            kinds: vec![setting.node],
            assumptions: is_live
                .then(|| nothing_said.to_owned())
                .into_iter()
                .chain(unread_volumes(manifests))
                .collect(),
            is_asked: asked.is_any(),
            places: None,
        }
    }

    /// The nodes that were read, but for what is asked for.
    ///
    /// # Errors
    /// [`SettingError`] for a gate that no component has, and for versions asked for that do not
    /// go together.
    pub fn of_nodes(manifests: &Manifests, asked: &Asked) -> Result<Self, SettingError> {
        let mut records: Vec<NodeRecord> =
            manifests.nodes.iter().map(without_passing_taints).collect();
        if asked.architecture.is_some() {
            records.iter_mut().for_each(|node| node.architecture.clone_from(&asked.architecture));
        }
        let mut assumptions = Assumptions::default();
        let signs = ApiServerSigns {
            given: asked.api_server,
            says: manifests.api_server_version.as_deref(),
            // What objects have now says nothing of another version.
            keeps_policies: asked.api_server.is_none() && keeps_policies(manifests),
        };
        let usual = nodes::usual_version(&records, signs).unwrap_or(KubernetesVersion::NEWEST);
        let instead = Instead { kubelet: asked.kubelet, runtime: asked.runtime };
        let states = nodes::states(&records, usual, &asked.gates, instead, &mut assumptions);
        let api_server = nodes::api_server(signs, &asked.gates, &states, &mut assumptions);
        let mut versions = BTreeSet::from([api_server.version]);
        versions.extend(states.iter().map(|state| state.kubelet.version));
        check_gates(&asked.gates, &versions.into_iter().collect::<Vec<_>>())?;
        if let Some(kubelet) = asked.kubelet {
            skew::check(api_server.version, kubelet)?;
        }
        let places = Places::new(&records, &states, &manifests.pods);
        let kinds = places.groups.states.iter().map(setting_of).collect();
        Ok(Self {
            api_server: gates_of(api_server.version, &api_server.gates),
            kinds,
            assumptions: assumptions
                .iter()
                .map(|(text, nodes)| match nodes {
                    [] => text.to_owned(),
                    nodes => format!("{text} ({})", first_few(nodes)),
                })
                .chain(unread_volumes(manifests))
                .collect(),
            is_asked: asked.is_any(),
            places: Some(places),
        })
    }

    /// The architecture of all nodes, where it is the same and known.
    #[must_use]
    pub fn architecture(&self) -> Option<&str> {
        let mut all = self.kinds.iter().map(|kind| kind.architecture.as_deref());
        let first = all.next()??;
        all.all(|other| other == Some(first)).then_some(first)
    }

    /// For reports.
    #[must_use]
    pub fn summary(&self) -> ClusterSummary {
        let kinds = self.kinds.iter().enumerate();
        ClusterSummary {
            api_server: self.api_server.version().to_string(),
            gate: policy_gate(&self.api_server),
            nodes: kinds.map(|(at, kind)| kind.summary(self.names_of(at))).collect(),
            assumptions: self.assumptions.clone(),
        }
    }

    fn names_of(&self, kind: usize) -> Vec<String> {
        let Some(Places { names, groups, .. }) = &self.places else { return Vec::new() };
        let groups = groups.groups.iter().filter(|group| group.state == kind);
        let mut names: Vec<_> =
            groups.flat_map(|group| &group.nodes).map(|at| names[*at].clone()).collect();
        names.sort();
        names
    }

    /// What was reported of a container on nodes of a kind.
    #[must_use]
    pub fn reported<'a>(
        &self,
        kind: usize,
        pod: &'a ManifestPod,
        container: &str,
    ) -> Option<&'a Reported> {
        let on_kind = |one: &&Reported| {
            self.places.as_ref().is_none_or(|places| places.kind_of(&one.node) == Some(kind))
        };
        let reports = pod.reported.get(container).filter(|_| !self.is_asked)?;
        reports.iter().filter(on_kind).find(|one| one.fits(&pod.manifest, container))
    }

    /// The kinds of nodes that a pod runs on, or may run on; none for one that runs on Windows,
    /// where there are no groups.
    ///
    /// A pod that no node takes today is held against all of them.
    #[must_use]
    pub fn kinds_of(&self, at: usize, pod: &ManifestPod) -> Vec<usize> {
        if pod.is_for_windows() {
            return Vec::new();
        }
        let all = || (0..self.kinds.len()).collect();
        let Some(places) = &self.places else { return all() };
        let known: Vec<usize> =
            pod.nodes.iter().filter_map(|name| places.by_name.get(name).copied()).collect();
        let groups: Vec<usize> = if known.is_empty() {
            places.groups.eligible[places.placements[at]].clone()
        } else {
            let groups: Vec<_> = known.iter().filter_map(|at| places.groups.of_node[*at]).collect();
            if groups.is_empty() {
                // It runs on Windows.
                return Vec::new();
            }
            groups
        };
        if groups.is_empty() {
            return all();
        }
        let kinds: BTreeSet<_> =
            groups.into_iter().map(|group| places.groups.groups[group].state).collect();
        kinds.into_iter().collect()
    }
}

impl Places {
    fn kind_of(&self, node: &str) -> Option<usize> {
        let group = self.groups.of_node[*self.by_name.get(node)?]?;
        Some(self.groups.groups[group].state)
    }

    fn new(records: &[NodeRecord], states: &[NodeState], pods: &[ManifestPod]) -> Self {
        let architectures = records.iter().map(|record| record.architecture.clone());
        let kinds: Vec<Kind> = states.iter().cloned().zip(architectures).collect();
        let mut asked: Vec<Pod> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        let placements = pods.iter().map(|pod| {
            let asks: BTreeMap<_, _> =
                PLACEMENT.iter().map(|field| (*field, &pod.manifest["spec"][*field])).collect();
            let key = serde_json::json!(asks);
            *known.entry(key.to_string()).or_insert_with(|| {
                asked.push(asking(key));
                asked.len() - 1
            })
        });
        let placements = placements.collect();
        let asked: Vec<&Pod> = asked.iter().collect();
        let names: Vec<_> = records.iter().map(|record| record.name.clone()).collect();
        let by_name = names.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect();
        Self { names, groups: Groups::new(records, &kinds, &asked), placements, by_name }
    }
}

/// A pod with nothing but what it asks of nodes; what cannot be read, the API server refuses.
fn asking(mut spec: Json) -> Pod {
    if let Some(fields) = spec.as_object_mut() {
        fields.insert("containers".to_owned(), Json::Array(Vec::new()));
    }
    let spec: Option<PodSpec> = serde_json::from_value(spec).ok();
    Pod { spec, ..Pod::default() }
}

/// What is supposed where volumes may not be listed.
fn unread_volumes(manifests: &Manifests) -> Option<String> {
    let supposed = "no volume demands a group (pv.beta.kubernetes.io/gid): the API server does not \
                    let these credentials list all volumes and claims";
    manifests.has_unread_volumes.then(|| supposed.to_owned())
}

fn setting_of((state, architecture): &Kind) -> NodeSetting {
    NodeSetting {
        kubelet: gates_of(state.kubelet.version, &state.kubelet.gates),
        runtime: state.profile(),
        feature: state.feature,
        architecture: architecture.clone(),
    }
}

fn without_passing_taints(record: &NodeRecord) -> NodeRecord {
    let mut record = record.clone();
    let passes = |key: &str| PASSING_TAINTS.iter().any(|prefix| key.starts_with(prefix));
    record.taints.retain(|taint| !passes(&taint.key));
    record
}

/// Whether objects have what an API server drops where the gate is off.
fn keeps_policies(manifests: &Manifests) -> bool {
    let is_kept = |pod: &ManifestPod| pod.uid.is_some() && pod.manifest.pointer(POLICY).is_some();
    manifests.pods.iter().any(is_kept) || manifests.nodes.iter().any(|node| node.feature.is_some())
}
