//! Kubernetes versions and feature gates, as data.
//!
//! One table says what each gate is in each version; everything that depends
//! on a version or a gate asks here. The same table serves kubelets and API
//! servers.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The oldest minor version in the table.
pub const OLDEST_MINOR: u8 = 30;
/// The newest minor version in the table.
pub const NEWEST_MINOR: u8 = 36;

/// A Kubernetes version between 1.30 and 1.36.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubernetesVersion {
    minor: u8,
    patch: u8,
}

/// Why a text is no version that is known here.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VersionError {
    /// The text does not have the form of a version.
    #[error("{0:?} is not a Kubernetes version; write it as 1.33 or v1.33.2")]
    Malformed(String),
    /// A version outside the table.
    #[error("Kubernetes {0} is not known here; known are 1.{OLDEST_MINOR} to 1.{NEWEST_MINOR}")]
    Unknown(String),
}

impl KubernetesVersion {
    /// The newest version in the table.
    pub const NEWEST: Self = Self { minor: NEWEST_MINOR, patch: 0 };

    /// Version `1.minor.0`.
    ///
    /// # Errors
    /// [`VersionError::Unknown`] outside 1.30 to 1.36.
    pub fn new(minor: u8) -> Result<Self, VersionError> {
        if (OLDEST_MINOR..=NEWEST_MINOR).contains(&minor) {
            Ok(Self { minor, patch: 0 })
        } else {
            Err(VersionError::Unknown(format!("1.{minor}")))
        }
    }

    /// All minor versions in the table, oldest first.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        (OLDEST_MINOR..=NEWEST_MINOR).map(|minor| Self { minor, patch: 0 })
    }

    /// The minor version, 30 to 36.
    #[must_use]
    pub fn minor(self) -> u8 {
        self.minor
    }

    /// The patch release; 0 where none was given.
    #[must_use]
    pub fn patch(self) -> u8 {
        self.patch
    }

    /// Whether this is `1.minor` or newer.
    #[must_use]
    pub fn at_least(self, minor: u8) -> bool {
        self.minor >= minor
    }
}

impl fmt::Display for KubernetesVersion {
    /// As components print their own version: `v1.33.2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1.{}.{}", self.minor, self.patch)
    }
}

impl FromStr for KubernetesVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || VersionError::Malformed(text.to_owned());
        let number = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            if digits { part.parse::<u16>().ok() } else { None }
        };
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let major = parts.next().and_then(number).ok_or_else(malformed)?;
        let minor = parts.next().and_then(number).ok_or_else(malformed)?;
        let patch = parts.next().map_or(Some(0), number).ok_or_else(malformed)?;
        if parts.next().is_some() {
            return Err(malformed());
        }
        let unknown = || VersionError::Unknown(text.to_owned());
        let minor = u8::try_from(minor).map_err(|_| unknown())?;
        let patch = u8::try_from(patch).map_err(|_| unknown())?;
        if major != 1 || !(OLDEST_MINOR..=NEWEST_MINOR).contains(&minor) {
            return Err(unknown());
        }
        Ok(Self { minor, patch })
    }
}

/// A feature gate that matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// KEP-3619, the subject of this project.
    SupplementalGroupsPolicy,
    /// KEP-5067: `status.observedGeneration` of pods and their conditions.
    PodObservedGenerationTracking,
    /// KEP-1287: `resources` and `allocatedResources` in container statuses.
    InPlacePodVerticalScaling,
    /// KEP-2535: pulled images remember credentials; changes the text of `Pulled` events.
    KubeletEnsureSecretPulledImages,
    /// KEP-3857: shown among a node's runtime handlers.
    RecursiveReadOnlyMounts,
    /// KEP-127: shown among a node's runtime handlers.
    UserNamespacesSupport,
    /// KEP-5328: a node says which features its kubelet has.
    NodeDeclaredFeatures,
    /// KEP-5419: `resources` in the status of pods.
    InPlacePodLevelResourcesVerticalScaling,
    /// KEP-4004: the node does not say which version its kube-proxy has.
    DisableNodeKubeProxyVersion,
}

/// How far a feature has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Off unless asked for.
    Alpha,
    /// Usually on.
    Beta,
    /// Generally available.
    Stable,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alpha => "alpha",
            Self::Beta => "beta",
            Self::Stable => "stable",
        })
    }
}

/// What a gate is from one minor version on, until the next entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageSince {
    /// The first minor version.
    pub minor: u8,
    /// The stage.
    pub stage: Stage,
    /// The value where nobody sets one.
    pub default: bool,
    /// Whether another value is refused.
    pub locked: bool,
}

const fn since(minor: u8, stage: Stage, default: bool, locked: bool) -> StageSince {
    StageSince { minor, stage, default, locked }
}

/// One gate's name and history, oldest entry first.
struct GateHistory {
    gate: Gate,
    name: &'static str,
    history: &'static [StageSince],
}

/// The table, from `kube_features.go` of the releases; the first row measured
/// on 1.32.13, 1.33.13 and 1.36.2, the others on 1.36.2 by what its nodes and pods show.
const GATES: &[GateHistory] = &[
    GateHistory {
        gate: Gate::SupplementalGroupsPolicy,
        name: "SupplementalGroupsPolicy",
        history: &[
            since(31, Stage::Alpha, false, false),
            since(33, Stage::Beta, true, false),
            since(35, Stage::Stable, true, true),
        ],
    },
    GateHistory {
        gate: Gate::PodObservedGenerationTracking,
        name: "PodObservedGenerationTracking",
        history: &[
            since(33, Stage::Alpha, false, false),
            since(34, Stage::Beta, true, false),
            since(35, Stage::Stable, true, true),
        ],
    },
    GateHistory {
        gate: Gate::InPlacePodVerticalScaling,
        name: "InPlacePodVerticalScaling",
        history: &[
            since(27, Stage::Alpha, false, false),
            since(33, Stage::Beta, true, false),
            since(35, Stage::Stable, true, true),
        ],
    },
    GateHistory {
        gate: Gate::KubeletEnsureSecretPulledImages,
        name: "KubeletEnsureSecretPulledImages",
        history: &[since(33, Stage::Alpha, false, false), since(35, Stage::Beta, true, false)],
    },
    GateHistory {
        gate: Gate::RecursiveReadOnlyMounts,
        name: "RecursiveReadOnlyMounts",
        history: &[
            since(30, Stage::Alpha, false, false),
            since(31, Stage::Beta, true, false),
            since(33, Stage::Stable, true, true),
        ],
    },
    GateHistory {
        gate: Gate::UserNamespacesSupport,
        name: "UserNamespacesSupport",
        history: &[
            since(25, Stage::Alpha, false, false),
            since(30, Stage::Beta, false, false),
            since(33, Stage::Beta, true, false),
        ],
    },
    GateHistory {
        gate: Gate::NodeDeclaredFeatures,
        name: "NodeDeclaredFeatures",
        history: &[since(35, Stage::Alpha, false, false), since(36, Stage::Beta, true, false)],
    },
    GateHistory {
        gate: Gate::InPlacePodLevelResourcesVerticalScaling,
        name: "InPlacePodLevelResourcesVerticalScaling",
        history: &[since(35, Stage::Alpha, false, false), since(36, Stage::Beta, true, false)],
    },
    GateHistory {
        gate: Gate::DisableNodeKubeProxyVersion,
        name: "DisableNodeKubeProxyVersion",
        history: &[since(29, Stage::Alpha, false, false), since(33, Stage::Beta, true, false)],
    },
];

impl Gate {
    fn row(self) -> &'static GateHistory {
        GATES.iter().find(|row| row.gate == self).expect("every gate has a row in the table")
    }

    /// Every gate in the table.
    pub fn all() -> impl Iterator<Item = Self> {
        GATES.iter().map(|row| row.gate)
    }

    /// The gate with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        GATES.iter().find(|row| row.name == name).map(|row| row.gate)
    }

    /// The gate's name, as in `--feature-gates`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What the gate is in this version; `None` where it does not exist yet.
    #[must_use]
    pub fn in_version(self, version: KubernetesVersion) -> Option<StageSince> {
        self.row().history.iter().rev().find(|entry| version.at_least(entry.minor)).copied()
    }
}

/// Why a component would refuse to start with these feature gates.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FeatureGateError {
    /// This version has no such gate, or it plays no part here.
    #[error("unrecognized feature gate: {name} (Kubernetes {version}; known here: {known})")]
    Unrecognized {
        /// The name given.
        name: String,
        /// The component's version.
        version: KubernetesVersion,
        /// The names that would have been understood.
        known: String,
    },
    /// The feature is stable and cannot be switched any more.
    ///
    /// Measured on kubelet 1.36.2, which exits with this text.
    #[error("cannot set feature gate {name} to {value}, feature is locked to {}", !value)]
    Locked {
        /// The gate's name.
        name: String,
        /// The value asked for.
        value: bool,
    },
}

/// The feature gates of one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureGates {
    version: KubernetesVersion,
    /// A bit for each gate that is on, at the gate's place in [`Gate`].
    enabled: u32,
}

impl FeatureGates {
    /// The gates of a version at their defaults.
    #[must_use]
    pub fn defaults(version: KubernetesVersion) -> Self {
        let mut gates = Self { version, enabled: 0 };
        for gate in Gate::all() {
            gates.set(gate, gate.in_version(version).is_some_and(|since| since.default));
        }
        gates
    }

    /// The gates of a version, some of them set by name.
    ///
    /// # Errors
    /// [`FeatureGateError`] for the first override that the component would
    /// refuse to start with.
    pub fn new<'a>(
        version: KubernetesVersion,
        overrides: impl IntoIterator<Item = (&'a str, bool)>,
    ) -> Result<Self, FeatureGateError> {
        let mut gates = Self::defaults(version);
        for (name, value) in overrides {
            let known = Gate::named(name).and_then(|gate| Some((gate, gate.in_version(version)?)));
            let Some((gate, entry)) = known else {
                let known = Gate::all().filter(|gate| gate.in_version(version).is_some());
                let names: Vec<_> = known.map(Gate::name).collect();
                return Err(FeatureGateError::Unrecognized {
                    name: name.to_owned(),
                    version,
                    known: names.join(", "),
                });
            };
            if entry.locked && value != entry.default {
                return Err(FeatureGateError::Locked { name: name.to_owned(), value });
            }
            gates.set(gate, value);
        }
        Ok(gates)
    }

    fn set(&mut self, gate: Gate, on: bool) {
        let bit = 1 << gate as u32;
        self.enabled = if on { self.enabled | bit } else { self.enabled & !bit };
    }

    /// The component's version.
    #[must_use]
    pub fn version(&self) -> KubernetesVersion {
        self.version
    }

    /// Whether the gate is on; a gate that does not exist yet is off.
    #[must_use]
    pub fn enabled(&self, gate: Gate) -> bool {
        self.enabled & 1 << gate as u32 != 0
    }

    /// The gate's stage; `None` where it does not exist yet.
    #[must_use]
    pub fn stage(&self, gate: Gate) -> Option<Stage> {
        gate.in_version(self.version).map(|entry| entry.stage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> KubernetesVersion {
        text.parse().expect("a known version")
    }

    #[test]
    fn versions_are_read_with_and_without_prefix_and_patch() {
        assert_eq!(version("1.33").to_string(), "v1.33.0");
        assert_eq!(version("v1.33.2").to_string(), "v1.33.2");
        assert_eq!(version("v1.36.2").minor(), 36);
    }

    #[test]
    fn a_version_outside_the_table_names_the_known_range() {
        let error = "1.29".parse::<KubernetesVersion>().expect_err("too old");
        assert_eq!(error.to_string(), "Kubernetes 1.29 is not known here; known are 1.30 to 1.36");
        assert!("2.33".parse::<KubernetesVersion>().is_err());
        assert!("1.300".parse::<KubernetesVersion>().is_err());
        for text in ["", "1", "1.", "one.two", "1.33.2.1", "1.33-rc1", "1.+33", "v", "1.99999999"] {
            assert!(
                matches!(text.parse::<KubernetesVersion>(), Err(VersionError::Malformed(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn the_policy_gate_goes_from_absent_over_alpha_and_beta_to_locked() {
        let gate = Gate::SupplementalGroupsPolicy;
        let seen: Vec<_> = KubernetesVersion::all()
            .map(|version| {
                let gates = FeatureGates::defaults(version);
                (version.minor(), gates.stage(gate), gates.enabled(gate))
            })
            .collect();
        assert_eq!(
            seen,
            [
                (30, None, false),
                (31, Some(Stage::Alpha), false),
                (32, Some(Stage::Alpha), false),
                (33, Some(Stage::Beta), true),
                (34, Some(Stage::Beta), true),
                (35, Some(Stage::Stable), true),
                (36, Some(Stage::Stable), true),
            ]
        );
    }

    #[test]
    fn a_locked_gate_cannot_be_set_to_another_value() {
        let refused = FeatureGates::new(version("1.36"), [("SupplementalGroupsPolicy", false)])
            .expect_err("locked");
        assert_eq!(
            refused.to_string(),
            "cannot set feature gate SupplementalGroupsPolicy to false, feature is locked to true"
        );
        assert!(FeatureGates::new(version("1.36"), [("SupplementalGroupsPolicy", true)]).is_ok());
        assert!(FeatureGates::new(version("1.34"), [("SupplementalGroupsPolicy", false)]).is_ok());
    }

    #[test]
    fn a_gate_that_the_version_does_not_have_is_refused() {
        let refused = FeatureGates::new(version("1.30"), [("SupplementalGroupsPolicy", true)])
            .expect_err("absent in 1.30");
        assert!(
            refused.to_string().starts_with("unrecognized feature gate: SupplementalGroupsPolicy")
        );
        assert!(FeatureGates::new(version("1.33"), [("NoSuchGate", true)]).is_err());
    }
}
