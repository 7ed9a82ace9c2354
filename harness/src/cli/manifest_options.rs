//! Options of the commands that hold manifests against a cluster.

use clap::Args;
use fake_kubelet::version::KubernetesVersion;

use super::{CommandError, profile};
use crate::explain::setting::{Asked, Setting};
use crate::nodes::given_version;
use crate::plan::change::parse_gate;

/// The runtime where nobody says which.
const USUAL_RUNTIME: &str = "containerd-2.1";

/// The cluster that manifests are held against.
#[derive(Debug, Args)]
pub(super) struct SettingOptions {
    /// The version of API server and kubelet, 1.30 to 1.36; 1.36 when left out and no cluster says
    /// its own.
    #[arg(long, value_name = "VERSION", value_parser = given_version)]
    kubernetes: Option<KubernetesVersion>,
    /// The API server's version, where it is another.
    #[arg(long, value_name = "VERSION", value_parser = given_version)]
    api_server: Option<KubernetesVersion>,
    /// The kubelet's version, where it is another.
    #[arg(long, value_name = "VERSION", value_parser = given_version)]
    kubelet: Option<KubernetesVersion>,
    /// A feature gate of API server and kubelet; repeatable.
    #[arg(long, value_name = "NAME=BOOL", value_parser = parse_gate)]
    feature_gate: Vec<(String, bool)>,
    /// The runtime, such as containerd-1.7; containerd-2.1 when left out and no cluster says its
    /// own.
    #[arg(long, value_name = "NAME")]
    runtime: Option<String>,
    /// The nodes' architecture, such as arm64, for images that there are for several; this
    /// machine's when left out and no cluster says its own.
    #[arg(long, value_name = "NAME")]
    architecture: Option<String>,
}

impl SettingOptions {
    /// A cluster that is all that is asked for, and usual in everything else.
    ///
    /// # Errors
    /// [`CommandError::Usage`] for an unknown runtime or gate, and for versions that do not go
    /// together.
    pub(super) fn setting(&self) -> Result<Setting, CommandError> {
        let asked = self.asked()?;
        let api_server = asked.api_server.or(asked.kubelet).unwrap_or(KubernetesVersion::NEWEST);
        let kubelet = asked.kubelet.unwrap_or(api_server);
        let runtime = asked.runtime.map_or_else(|| profile(USUAL_RUNTIME), Ok)?;
        let mut setting = Setting::new(api_server, kubelet, &asked.gates, runtime)
            .map_err(|error| CommandError::Usage(error.to_string()))?;
        setting.node.architecture = asked.architecture;
        Ok(setting)
    }

    /// What is asked for.
    ///
    /// # Errors
    /// [`CommandError::Usage`] for an unknown runtime.
    pub(super) fn asked(&self) -> Result<Asked, CommandError> {
        Ok(Asked {
            api_server: self.api_server.or(self.kubernetes),
            kubelet: self.kubelet.or(self.kubernetes),
            gates: self.feature_gate.iter().cloned().collect(),
            runtime: self.runtime.as_deref().map(profile).transpose()?,
            architecture: self.architecture.clone(),
        })
    }
}
