//! The types of `networking/v1`; written by `schema-table.py`.

use crate::schema::Struct;
use crate::schema::Type::{self, Int32, IntOrString, List, Text};
use crate::schema::core_v1;
use crate::schema::meta_v1;
use crate::schema::row::{API_VERSION, ATOMIC, KIND, field, merged_by, structure};

const PACKAGE: &str = "io.k8s.api.networking.v1";

/// `networking/v1` `HTTPIngressPath`.
pub static HTTP_INGRESS_PATH: Struct = structure(
    PACKAGE,
    "HTTPIngressPath",
    &[
        field("path", Text("string")).omit_empty(),
        field("pathType", Text("v1.PathType")).pointer().required(),
        field("backend", Type::Struct(&INGRESS_BACKEND)).required(),
    ],
);

/// `networking/v1` `HTTPIngressRuleValue`.
pub static HTTP_INGRESS_RULE_VALUE: Struct = structure(
    PACKAGE,
    "HTTPIngressRuleValue",
    &[field("paths", List(&Type::Struct(&HTTP_INGRESS_PATH), ATOMIC)).required()],
);

/// `networking/v1` `IPAddress`.
pub static IP_ADDRESS: Struct = structure(
    PACKAGE,
    "IPAddress",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&IP_ADDRESS_SPEC)).omit_empty(),
    ],
);

/// `networking/v1` `IPAddressSpec`.
pub static IP_ADDRESS_SPEC: Struct = structure(
    PACKAGE,
    "IPAddressSpec",
    &[field("parentRef", Type::Struct(&PARENT_REFERENCE)).pointer().omit_empty()],
);

/// `networking/v1` `IPBlock`.
pub static IP_BLOCK: Struct = structure(
    PACKAGE,
    "IPBlock",
    &[
        field("cidr", Text("string")).go_name("CIDR").required(),
        field("except", List(&Text("string"), ATOMIC)).omit_empty(),
    ],
);

/// `networking/v1` `Ingress`.
pub static INGRESS: Struct = structure(
    PACKAGE,
    "Ingress",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&INGRESS_SPEC)).omit_empty(),
        field("status", Type::Struct(&INGRESS_STATUS)).omit_empty(),
    ],
);

/// `networking/v1` `IngressBackend`.
pub static INGRESS_BACKEND: Struct = structure(
    PACKAGE,
    "IngressBackend",
    &[
        field("service", Type::Struct(&INGRESS_SERVICE_BACKEND)).pointer().omit_empty(),
        field("resource", Type::Struct(&core_v1::TYPED_LOCAL_OBJECT_REFERENCE))
            .pointer()
            .omit_empty(),
    ],
);

/// `networking/v1` `IngressClass`.
pub static INGRESS_CLASS: Struct = structure(
    PACKAGE,
    "IngressClass",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&INGRESS_CLASS_SPEC)).omit_empty(),
    ],
);

/// `networking/v1` `IngressClassParametersReference`.
pub static INGRESS_CLASS_PARAMETERS_REFERENCE: Struct = structure(
    PACKAGE,
    "IngressClassParametersReference",
    &[
        field("apiGroup", Text("string")).go_name("APIGroup").pointer().omit_empty(),
        field("kind", Text("string")).required(),
        field("name", Text("string")).required(),
        field("scope", Text("string")).pointer(),
        field("namespace", Text("string")).pointer().omit_empty(),
    ],
);

/// `networking/v1` `IngressClassSpec`.
pub static INGRESS_CLASS_SPEC: Struct = structure(
    PACKAGE,
    "IngressClassSpec",
    &[
        field("controller", Text("string")).omit_empty(),
        field("parameters", Type::Struct(&INGRESS_CLASS_PARAMETERS_REFERENCE))
            .pointer()
            .omit_empty(),
    ],
);

/// `networking/v1` `IngressLoadBalancerIngress`.
pub static INGRESS_LOAD_BALANCER_INGRESS: Struct = structure(
    PACKAGE,
    "IngressLoadBalancerIngress",
    &[
        field("ip", Text("string")).go_name("IP").omit_empty(),
        field("hostname", Text("string")).omit_empty(),
        field("ports", List(&Type::Struct(&INGRESS_PORT_STATUS), ATOMIC)).omit_empty(),
    ],
);

/// `networking/v1` `IngressLoadBalancerStatus`.
pub static INGRESS_LOAD_BALANCER_STATUS: Struct = structure(
    PACKAGE,
    "IngressLoadBalancerStatus",
    &[field("ingress", List(&Type::Struct(&INGRESS_LOAD_BALANCER_INGRESS), ATOMIC)).omit_empty()],
);

/// `networking/v1` `IngressPortStatus`.
pub static INGRESS_PORT_STATUS: Struct = structure(
    PACKAGE,
    "IngressPortStatus",
    &[
        field("port", Int32).required(),
        field("protocol", Text("v1.Protocol")).required(),
        field("error", Text("string")).pointer().omit_empty(),
    ],
);

/// `networking/v1` `IngressRule`.
pub static INGRESS_RULE: Struct = structure(
    PACKAGE,
    "IngressRule",
    &[
        field("host", Text("string")).omit_empty(),
        field("http", Type::Struct(&HTTP_INGRESS_RULE_VALUE))
            .go_name("HTTP")
            .pointer()
            .omit_empty(),
    ],
);

/// `networking/v1` `IngressServiceBackend`.
pub static INGRESS_SERVICE_BACKEND: Struct = structure(
    PACKAGE,
    "IngressServiceBackend",
    &[
        field("name", Text("string")).required(),
        field("port", Type::Struct(&SERVICE_BACKEND_PORT)).omit_empty(),
    ],
);

/// `networking/v1` `IngressSpec`.
pub static INGRESS_SPEC: Struct = structure(
    PACKAGE,
    "IngressSpec",
    &[
        field("ingressClassName", Text("string")).pointer().omit_empty(),
        field("defaultBackend", Type::Struct(&INGRESS_BACKEND)).pointer().omit_empty(),
        field("tls", List(&Type::Struct(&INGRESS_TLS), ATOMIC)).go_name("TLS").omit_empty(),
        field("rules", List(&Type::Struct(&INGRESS_RULE), ATOMIC)).omit_empty(),
    ],
);

/// `networking/v1` `IngressStatus`.
pub static INGRESS_STATUS: Struct = structure(
    PACKAGE,
    "IngressStatus",
    &[field("loadBalancer", Type::Struct(&INGRESS_LOAD_BALANCER_STATUS)).omit_empty()],
);

/// `networking/v1` `IngressTLS`.
pub static INGRESS_TLS: Struct = structure(
    PACKAGE,
    "IngressTLS",
    &[
        field("hosts", List(&Text("string"), ATOMIC)).omit_empty(),
        field("secretName", Text("string")).omit_empty(),
    ],
);

/// `networking/v1` `NetworkPolicy`.
pub static NETWORK_POLICY: Struct = structure(
    PACKAGE,
    "NetworkPolicy",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&NETWORK_POLICY_SPEC)).omit_empty(),
    ],
);

/// `networking/v1` `NetworkPolicyEgressRule`.
pub static NETWORK_POLICY_EGRESS_RULE: Struct = structure(
    PACKAGE,
    "NetworkPolicyEgressRule",
    &[
        field("ports", List(&Type::Struct(&NETWORK_POLICY_PORT), ATOMIC)).omit_empty(),
        field("to", List(&Type::Struct(&NETWORK_POLICY_PEER), ATOMIC)).omit_empty(),
    ],
);

/// `networking/v1` `NetworkPolicyIngressRule`.
pub static NETWORK_POLICY_INGRESS_RULE: Struct = structure(
    PACKAGE,
    "NetworkPolicyIngressRule",
    &[
        field("ports", List(&Type::Struct(&NETWORK_POLICY_PORT), ATOMIC)).omit_empty(),
        field("from", List(&Type::Struct(&NETWORK_POLICY_PEER), ATOMIC)).omit_empty(),
    ],
);

/// `networking/v1` `NetworkPolicyPeer`.
pub static NETWORK_POLICY_PEER: Struct = structure(
    PACKAGE,
    "NetworkPolicyPeer",
    &[
        field("podSelector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().omit_empty(),
        field("namespaceSelector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().omit_empty(),
        field("ipBlock", Type::Struct(&IP_BLOCK)).go_name("IPBlock").pointer().omit_empty(),
    ],
);

/// `networking/v1` `NetworkPolicyPort`.
pub static NETWORK_POLICY_PORT: Struct = structure(
    PACKAGE,
    "NetworkPolicyPort",
    &[
        field("protocol", Text("v1.Protocol")).pointer().omit_empty(),
        field("port", IntOrString).pointer().omit_empty(),
        field("endPort", Int32).pointer().omit_empty(),
    ],
);

/// `networking/v1` `NetworkPolicySpec`.
pub static NETWORK_POLICY_SPEC: Struct = structure(
    PACKAGE,
    "NetworkPolicySpec",
    &[
        field("podSelector", Type::Struct(&meta_v1::LABEL_SELECTOR)),
        field("ingress", List(&Type::Struct(&NETWORK_POLICY_INGRESS_RULE), ATOMIC)).omit_empty(),
        field("egress", List(&Type::Struct(&NETWORK_POLICY_EGRESS_RULE), ATOMIC)).omit_empty(),
        field("policyTypes", List(&Text("v1.PolicyType"), ATOMIC)).omit_empty(),
    ],
);

/// `networking/v1` `ParentReference`.
pub static PARENT_REFERENCE: Struct = structure(
    PACKAGE,
    "ParentReference",
    &[
        field("group", Text("string")).omit_empty(),
        field("resource", Text("string")).omit_empty(),
        field("namespace", Text("string")).omit_empty(),
        field("name", Text("string")).omit_empty(),
    ],
);

/// `networking/v1` `ServiceBackendPort`.
pub static SERVICE_BACKEND_PORT: Struct = structure(
    PACKAGE,
    "ServiceBackendPort",
    &[field("name", Text("string")).omit_empty(), field("number", Int32).omit_empty()],
)
.atomic();

/// `networking/v1` `ServiceCIDR`.
pub static SERVICE_CIDR: Struct = structure(
    PACKAGE,
    "ServiceCIDR",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&SERVICE_CIDR_SPEC)).omit_empty(),
        field("status", Type::Struct(&SERVICE_CIDR_STATUS)).omit_empty(),
    ],
);

/// `networking/v1` `ServiceCIDRSpec`.
pub static SERVICE_CIDR_SPEC: Struct = structure(
    PACKAGE,
    "ServiceCIDRSpec",
    &[field("cidrs", List(&Text("string"), ATOMIC)).go_name("CIDRs").omit_empty()],
);

/// `networking/v1` `ServiceCIDRStatus`.
pub static SERVICE_CIDR_STATUS: Struct = structure(
    PACKAGE,
    "ServiceCIDRStatus",
    &[field(
        "conditions",
        List(&Type::Struct(&meta_v1::CONDITION), merged_by(&["type"]).patched_by("type")),
    )
    .omit_empty()],
);
