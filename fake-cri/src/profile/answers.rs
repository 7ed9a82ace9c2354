//! What a release says of itself: its answers to CRI `Version` and `Status`.

use cri_api::v1;

use super::{Handler, Profile};

/// The version of the CRI that runtimes report.
const CRI_VERSION: &str = "v1";

/// The version of the kubelet's runtime API.
const KUBELET_API_VERSION: &str = "0.1.0";

impl Profile {
    /// The answer to CRI `Version`.
    #[must_use]
    pub fn version(&self) -> v1::VersionResponse {
        v1::VersionResponse {
            version: KUBELET_API_VERSION.to_owned(),
            runtime_name: self.runtime_name.to_owned(),
            runtime_version: self.runtime_version.to_owned(),
            runtime_api_version: CRI_VERSION.to_owned(),
        }
    }

    /// The answer to CRI `Status` when all is well.
    #[must_use]
    pub fn status(&self) -> v1::StatusResponse {
        let condition = |name: &str| v1::RuntimeCondition {
            r#type: name.to_owned(),
            status: true,
            ..Default::default()
        };
        let features = self.features.map(|sent| v1::RuntimeFeatures {
            supplemental_groups_policy: sent.supplemental_groups_policy,
            user_namespaces_host_network: sent.user_namespaces_host_network,
        });
        v1::StatusResponse {
            status: Some(v1::RuntimeStatus {
                conditions: vec![condition("RuntimeReady"), condition("NetworkReady")],
            }),
            features,
            runtime_handlers: self.handlers.iter().map(handler).collect(),
            ..Default::default()
        }
    }
}

fn handler(handler: &Handler) -> v1::RuntimeHandler {
    let Handler { name, recursive_read_only_mounts, user_namespaces } = *handler;
    v1::RuntimeHandler {
        name: name.to_owned(),
        features: Some(v1::RuntimeHandlerFeatures { recursive_read_only_mounts, user_namespaces }),
    }
}
