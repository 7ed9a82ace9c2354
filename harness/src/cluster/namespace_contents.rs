//! What every namespace has from the start: an account for its pods, and the certificate by which
//! they know the server. Clusters that are reached by nobody have neither.

use serde_json::{Value as Json, json};

/// The account of pods that name none.
pub(super) const ACCOUNT: &str = "default";
/// The config map with the certificate.
pub(super) const CERTIFICATE: &str = "kube-root-ca.crt";

/// What the config map says of itself (`DescriptionAnnotation` in
/// `pkg/controller/certificates/rootcacertpublisher` of 1.36).
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when \
                           using internal endpoints such as the internal service IP or \
                           kubernetes.default.svc. No other usage is guaranteed across \
                           distributions of Kubernetes clusters.";

/// An object of a namespace: where it is kept, who makes it, and what it is.
pub(super) struct Content {
    pub(super) plural: &'static str,
    pub(super) maker: &'static str,
    pub(super) object: Json,
}

/// The objects of every namespace, for a server with this certificate (PEM).
pub(super) fn of(certificate: &str) -> [Content; 2] {
    [
        Content {
            plural: "serviceaccounts",
            maker: "service-account-controller",
            object: json!({"metadata": {"name": ACCOUNT}}),
        },
        Content {
            plural: "configmaps",
            maker: "root-ca-certificate-publisher",
            object: json!({
                "metadata": {
                    "name": CERTIFICATE,
                    "annotations": {"kubernetes.io/description": DESCRIPTION},
                },
                "data": {"ca.crt": certificate},
            }),
        },
    ]
}
