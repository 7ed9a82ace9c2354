//! The change that a plan is about.

use std::collections::BTreeMap;
use std::str::FromStr;

use fake_cri::Profile;
use fake_kubelet::version::{FeatureGateError, FeatureGates, Gate, KubernetesVersion};
use kubernetes_objects::selector::LabelSelector;
use thiserror::Error;

use super::snapshot::Snapshot;
use crate::nodes::{Assumptions, Component, NodeState, known_gates};

/// What is to be changed; nothing of it is something too.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// The version of the API server and of all kubelets.
    pub kubernetes: Option<KubernetesVersion>,
    /// Runtimes; of several that are about one node the last counts.
    pub runtimes: Vec<RuntimeChange>,
    /// Gates of the API server and of all kubelets.
    pub feature_gates: BTreeMap<String, bool>,
}

/// A runtime for some nodes.
#[derive(Debug, Clone)]
pub struct RuntimeChange {
    /// Which nodes, by labels; none for all.
    pub nodes: Option<NodeSelector>,
    /// The runtime.
    pub profile: &'static Profile,
}

/// A label selector and its text.
#[derive(Debug, Clone)]
pub struct NodeSelector {
    /// As it was given.
    pub text: String,
    /// What it means.
    pub selector: LabelSelector,
}

impl NodeSelector {
    fn select(&self, labels: &BTreeMap<String, String>) -> bool {
        let requirements = &self.selector.requirements;
        requirements.iter().all(|one| one.matches(labels.get(&one.key).map(String::as_str)))
    }
}

/// Why a change makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChangeError {
    /// No such runtime.
    #[error("no runtime is called {name:?}; known are {known}")]
    UnknownRuntime {
        /// As it was given.
        name: String,
        /// Those that are known.
        known: String,
    },
    /// The part before the last `=` is no label selector.
    #[error("{text:?} is no label selector: {why}; write --runtime pool=gpu=containerd-2.1")]
    Selector {
        /// As it was given.
        text: String,
        /// Why.
        why: String,
    },
    /// No node has these labels.
    #[error("no node has the labels {0:?}; look at `kubectl get nodes --show-labels`")]
    NoNode(String),
    /// A gate has no value.
    #[error("{0:?} is no feature gate; write it as SupplementalGroupsPolicy=true")]
    Gate(String),
    /// A component refuses a gate.
    #[error("{component} would not start: {source}")]
    Refused {
        /// Which.
        component: String,
        /// Its words.
        source: FeatureGateError,
    },
    /// Nothing is to change.
    #[error(
        "nothing is to change; say what with --kubernetes 1.33, --runtime containerd-2.1 or \
         --feature-gate SupplementalGroupsPolicy=true"
    )]
    Nothing,
}

impl FromStr for RuntimeChange {
    type Err = ChangeError;

    /// Reads `containerd-2.1`, or `pool=gpu=containerd-2.1` with a label selector before it.
    fn from_str(text: &str) -> Result<Self, ChangeError> {
        let (selector, name) = match text.rsplit_once('=') {
            Some((selector, name)) => (Some(selector), name),
            None => (None, text),
        };
        let profile = fake_cri::profile::find(name).ok_or_else(|| {
            let known: Vec<_> =
                fake_cri::profile::all().iter().map(|profile| profile.name).collect();
            ChangeError::UnknownRuntime { name: name.to_owned(), known: known.join(", ") }
        })?;
        let nodes = selector
            .map(|text| {
                let selector = text.parse().map_err(|why| ChangeError::Selector {
                    text: text.to_owned(),
                    why: format!("{why}"),
                })?;
                Ok(NodeSelector { text: text.to_owned(), selector })
            })
            .transpose()?;
        Ok(Self { nodes, profile })
    }
}

/// Reads `NAME=true`.
///
/// # Errors
/// [`ChangeError::Gate`].
pub fn parse_gate(text: &str) -> Result<(String, bool), ChangeError> {
    text.split_once('=')
        .and_then(|(name, value)| Some((name.trim().to_owned(), value.trim().parse().ok()?)))
        .ok_or_else(|| ChangeError::Gate(text.to_owned()))
}

impl Change {
    /// What every node is after the change.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub fn nodes(
        &self,
        snapshot: &Snapshot,
        before: &[NodeState],
        assumptions: &mut Assumptions,
    ) -> Result<Vec<NodeState>, ChangeError> {
        let mut after = before.to_vec();
        for change in &self.runtimes {
            let mut found = false;
            for (node, state) in snapshot.nodes.iter().zip(&mut after) {
                let selected = change.nodes.as_ref().is_none_or(|nodes| nodes.select(&node.labels));
                if selected && !node.is_windows {
                    found = true;
                    state.runtime = change.profile.name;
                }
            }
            if !found && let Some(nodes) = &change.nodes {
                return Err(ChangeError::NoNode(nodes.text.clone()));
            }
        }
        for state in &mut after {
            state.kubelet = self.component("a kubelet", &state.kubelet, assumptions)?;
        }
        Ok(after)
    }

    /// What a component is after the change.
    ///
    /// # Errors
    /// [`ChangeError::Refused`] for a gate that was asked for; one that was set before and that
    /// the new version refuses is an assumption, for it must go.
    pub fn component(
        &self,
        what: &str,
        before: &Component,
        assumptions: &mut Assumptions,
    ) -> Result<Component, ChangeError> {
        // 1.33 asks for no other patch release than the one that is there.
        let asked = self
            .kubernetes
            .filter(|asked| asked.patch() != 0 || asked.minor() != before.version.minor());
        let version = asked.unwrap_or(before.version);
        let mut gates = known_gates(version, &before.gates);
        let dropped = before.gates.keys().find(|name| !gates.contains_key(*name));
        if let Some(dropped) = dropped.filter(|name| !self.feature_gates.contains_key(*name))
            && Gate::named(dropped).and_then(|gate| gate.in_version(version)).is_some()
        {
            assumptions.add(format!(
                "The setting of the gate {dropped} is taken away before 1.{} starts, which \
                 refuses it: there the gate is locked",
                version.minor()
            ));
        }
        gates.extend(self.feature_gates.iter().map(|(name, value)| (name.clone(), *value)));
        let refused = |source| ChangeError::Refused {
            component: format!("{what} of 1.{}", version.minor()),
            source,
        };
        let component = Component { version, gates };
        let _: FeatureGates = component.feature_gates().map_err(refused)?;
        Ok(component)
    }
}
