//! Options that describe components of a cluster: `n1=1.33,containerd-1.7,GATE=false`.

use std::collections::BTreeMap;
use std::str::FromStr;

use kubernetes_objects::names;

use super::serve::named;
use crate::scenario::{ApiServerSpec, KubernetesName, NodeSpec, RuntimeName};

/// A runtime by its name.
pub(super) fn runtime(text: &str) -> Result<RuntimeName, String> {
    text.parse().map_err(|unknown: crate::scenario::UnknownRuntime| unknown.to_string())
}

/// Feature gates: `A=true,B=false`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct GatesOption(pub(super) BTreeMap<String, bool>);

impl FromStr for GatesOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',')
            .filter(|part| !part.is_empty())
            .map(gate)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn gate(text: &str) -> Result<(String, bool), String> {
    let value = text.split_once('=').and_then(|(name, value)| Some((name, value.parse().ok()?)));
    let (name, value) =
        value.ok_or_else(|| format!("{text:?} sets no gate; write GATE=true or GATE=false"))?;
    Ok((name.to_owned(), value))
}

/// The API server: its version and gates.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ApiServerOption(Parts);

impl ApiServerOption {
    pub(super) fn spec(&self) -> ApiServerSpec {
        ApiServerSpec { kubernetes: self.0.kubernetes, feature_gates: self.0.gates.clone() }
    }
}

impl FromStr for ApiServerOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Parts = text.parse()?;
        if parts.runtime.is_some() {
            return Err("an API server has no runtime".to_owned());
        }
        Ok(Self(parts))
    }
}

/// A node: its name, version, runtime and gates.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NodeOption {
    name: String,
    parts: Parts,
}

impl NodeOption {
    pub(super) fn spec(&self) -> NodeSpec {
        NodeSpec {
            kubernetes: self.parts.kubernetes,
            runtime: self.parts.runtime,
            feature_gates: self.parts.gates.clone(),
            ..named(self.name.clone())
        }
    }
}

impl FromStr for NodeOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, parts) = text.split_once('=').unwrap_or((text, ""));
        names::dns_subdomain(name)
            .map_err(|faults| format!("{name:?} cannot name a node: {}", faults.join("; ")))?;
        Ok(Self { name: name.to_owned(), parts: parts.parse()? })
    }
}

/// What is said of a component, each part told by how it looks.
#[derive(Debug, Clone, Default, PartialEq)]
struct Parts {
    kubernetes: Option<KubernetesName>,
    runtime: Option<RuntimeName>,
    gates: Option<BTreeMap<String, bool>>,
}

impl FromStr for Parts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = Self::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let is_version = part.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
            if part.contains('=') {
                let (name, value) = gate(part)?;
                parts.gates.get_or_insert_default().insert(name, value);
            } else if is_version {
                let version = part
                    .parse()
                    .map_err(|error: fake_kubelet::version::VersionError| error.to_string())?;
                parts.kubernetes = Some(KubernetesName(version));
            } else {
                parts.runtime = Some(runtime(part)?);
            }
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nodes_parts_are_told_by_how_they_look() {
        let node: NodeOption =
            "n1=1.33,containerd-1.7,SupplementalGroupsPolicy=false".parse().expect("a node");
        let spec = node.spec();
        assert_eq!(spec.name, "n1");
        assert_eq!(spec.kubernetes.map(|version| version.0.minor()), Some(33));
        assert_eq!(
            spec.runtime.map(|runtime| runtime.to_string()).as_deref(),
            Some("containerd-1.7")
        );
        let gates = spec.feature_gates.expect("gates");
        assert_eq!(gates.get("SupplementalGroupsPolicy"), Some(&false));
        let plain: NodeOption = "n2".parse().expect("a node");
        assert_eq!(plain.spec().kubernetes, None);
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for text in ["N1", "n1=1.99", "n1=dockerd", "n1=A=maybe", ""] {
            assert!(text.parse::<NodeOption>().is_err(), "{text}");
        }
        assert!("1.33,containerd-1.7".parse::<ApiServerOption>().is_err());
        assert!("A".parse::<GatesOption>().is_err());
    }
}
