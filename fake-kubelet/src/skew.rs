//! How far apart kubelets and their API server may be.
//!
//! Rule: Kubernetes' version skew policy. A kubelet is never newer than its API server, and at
//! most three minor versions older. (Two before Kubernetes 1.28, which the table of versions does not
//! reach.) No component refuses what breaks it: nobody tests it, so nothing is promised.

use thiserror::Error;

use crate::version::KubernetesVersion;

/// How many minor versions a kubelet may be older than its API server.
pub const MOST_MINORS_BEHIND: u8 = 3;

/// Why a kubelet and an API server do not go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SkewError {
    /// The kubelet is newer.
    #[error(
        "kubelet 1.{} is newer than API server 1.{}, which the version skew policy forbids",
        kubelet.minor(), api_server.minor()
    )]
    KubeletIsNewer {
        /// The API server.
        api_server: KubernetesVersion,
        /// The kubelet.
        kubelet: KubernetesVersion,
    },
    /// The kubelet is too old.
    #[error(
        "kubelet 1.{} is {} minor versions older than API server 1.{}; the version skew policy \
         allows {MOST_MINORS_BEHIND}",
        kubelet.minor(), api_server.minor() - kubelet.minor(), api_server.minor()
    )]
    KubeletIsTooOld {
        /// The API server.
        api_server: KubernetesVersion,
        /// The kubelet.
        kubelet: KubernetesVersion,
    },
}

impl SkewError {
    /// What to do instead.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::KubeletIsNewer { api_server, kubelet } => format!(
                "upgrade the API server to 1.{} first, or leave the kubelet at 1.{} or older",
                kubelet.minor(),
                api_server.minor()
            ),
            Self::KubeletIsTooOld { api_server, kubelet } => format!(
                "take kubelet 1.{} or newer, or an API server of 1.{} or older",
                api_server.minor() - MOST_MINORS_BEHIND,
                kubelet.minor() + MOST_MINORS_BEHIND
            ),
        }
    }
}

/// Checks that a kubelet may belong to an API server.
///
/// # Errors
/// [`SkewError`].
pub fn check(api_server: KubernetesVersion, kubelet: KubernetesVersion) -> Result<(), SkewError> {
    match api_server.minor().checked_sub(kubelet.minor()) {
        None => Err(SkewError::KubeletIsNewer { api_server, kubelet }),
        Some(behind) if behind > MOST_MINORS_BEHIND => {
            Err(SkewError::KubeletIsTooOld { api_server, kubelet })
        }
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(api_server: &str, kubelet: &str) -> Result<(), String> {
        let version = |text: &str| text.parse().expect("a known version");
        check(version(api_server), version(kubelet))
            .map_err(|error| format!("{error}; {}", error.advice()))
    }

    #[test]
    fn a_kubelet_may_be_three_minors_older_whatever_the_patch() {
        for kubelet in ["1.36.0", "1.36.5", "1.35", "1.34", "1.33.13"] {
            assert_eq!(checked("1.36.2", kubelet), Ok(()), "{kubelet}");
        }
        assert_eq!(
            checked("1.36", "1.32"),
            Err("kubelet 1.32 is 4 minor versions older than API server 1.36; the version skew \
                 policy allows 3; take kubelet 1.33 or newer, or an API server of 1.35 or older"
                .to_owned())
        );
    }

    #[test]
    fn a_kubelet_is_never_newer() {
        assert_eq!(
            checked("1.33", "1.34"),
            Err("kubelet 1.34 is newer than API server 1.33, which the version skew policy \
                 forbids; upgrade the API server to 1.34 first, or leave the kubelet at 1.33 or \
                 older"
                .to_owned())
        );
    }
}
