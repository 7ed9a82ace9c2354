//! Names that tables elsewhere define: Kubernetes versions and runtimes.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use fake_kubelet::version::KubernetesVersion;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use thiserror::Error;

/// A Kubernetes version that is known here, such as `1.33`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KubernetesName(pub KubernetesVersion);

/// A runtime, by release or by what it can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuntimeName {
    /// Exactly this release.
    Release(&'static fake_cri::Profile),
    /// Any runtime that honours the policy.
    Supporting,
    /// Any runtime that does not.
    Unsupporting,
}

const SUPPORTING: &str = "supporting";
const UNSUPPORTING: &str = "unsupporting";

/// A name that no runtime has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no runtime is called {0:?}")]
pub struct UnknownRuntime(pub String);

impl FromStr for RuntimeName {
    type Err = UnknownRuntime;

    fn from_str(text: &str) -> Result<Self, UnknownRuntime> {
        match text {
            SUPPORTING => Ok(Self::Supporting),
            UNSUPPORTING => Ok(Self::Unsupporting),
            _ => fake_cri::profile::find(text)
                .map(Self::Release)
                .ok_or_else(|| UnknownRuntime(text.to_owned())),
        }
    }
}

impl RuntimeName {
    /// The profile that stands for this runtime in the simulation: for a class the newest
    /// containerd of it.
    #[must_use]
    pub fn profile(self) -> &'static fake_cri::Profile {
        let newest = |supports: bool| {
            fake_cri::profile::all()
                .iter()
                .rfind(|profile| {
                    profile.name.starts_with("containerd-")
                        && profile.features.is_some_and(|sent| sent.supplemental_groups_policy)
                            == supports
                })
                .expect("the table has containerd releases of both classes")
        };
        match self {
            Self::Release(profile) => profile,
            Self::Supporting => newest(true),
            Self::Unsupporting => newest(false),
        }
    }
}

impl Default for RuntimeName {
    fn default() -> Self {
        Self::Release(Self::Supporting.profile())
    }
}

impl fmt::Display for RuntimeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Release(profile) => profile.name,
            Self::Supporting => SUPPORTING,
            Self::Unsupporting => UNSUPPORTING,
        })
    }
}

impl Default for KubernetesName {
    fn default() -> Self {
        Self(KubernetesVersion::NEWEST)
    }
}

impl<'de> Deserialize<'de> for KubernetesName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for RuntimeName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for KubernetesName {
    fn schema_name() -> Cow<'static, str> {
        "KubernetesVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let known: Vec<_> =
            KubernetesVersion::all().map(|version| format!("1.{}", version.minor())).collect();
        json_schema!({
            "type": "string",
            "enum": known,
            "description": "A Kubernetes minor version.",
        })
    }
}

impl JsonSchema for RuntimeName {
    fn schema_name() -> Cow<'static, str> {
        "Runtime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut known = vec![SUPPORTING, UNSUPPORTING];
        known.extend(fake_cri::profile::all().iter().map(|profile| profile.name));
        json_schema!({
            "type": "string",
            "enum": known,
            "description": "A runtime release, or any that does or does not honour the policy.",
        })
    }
}
