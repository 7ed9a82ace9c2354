//! The table of resources: of the core group and `apps` all that an API server 1.36 serves
//! (recorded, `api-1.36.2.json`), of other groups what clients of this feature ask for.

use super::{Resource, Subresource};
use crate::schema::{
    Struct, admissionregistration_v1, apps_v1, authentication_v1, authorization_v1, autoscaling_v1,
    batch_v1, coordination_v1, core_v1, discovery_v1, events_v1, networking_v1, node_v1, policy_v1,
    rbac_v1, scheduling_v1, storage_v1,
};

const ALL_VERBS: &[&str] =
    &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const STATUS_VERBS: &[&str] = &["get", "patch", "update"];
const PROXY_VERBS: &[&str] = &["create", "delete", "get", "patch", "update"];
const CONNECT_VERBS: &[&str] = &["create", "get"];
const CREATE_VERBS: &[&str] = &["create"];

const SCALE: Subresource =
    subresource("scale", "Scale", &autoscaling_v1::SCALE, STATUS_VERBS).of("autoscaling", "v1");

/// A group and its version.
type Group = (&'static str, &'static str);

const CORE: Group = ("", "v1");
const APPS: Group = ("apps", "v1");
const EVENTS: Group = ("events.k8s.io", "v1");
const AUTHENTICATION: Group = ("authentication.k8s.io", "v1");
const AUTHORIZATION: Group = ("authorization.k8s.io", "v1");
const BATCH: Group = ("batch", "v1");
const NETWORKING: Group = ("networking.k8s.io", "v1");
const POLICY: Group = ("policy", "v1");
const RBAC: Group = ("rbac.authorization.k8s.io", "v1");
const STORAGE: Group = ("storage.k8s.io", "v1");
const ADMISSION: Group = ("admissionregistration.k8s.io", "v1");
const SCHEDULING: Group = ("scheduling.k8s.io", "v1");
const COORDINATION: Group = ("coordination.k8s.io", "v1");
const NODE: Group = ("node.k8s.io", "v1");
const DISCOVERY: Group = ("discovery.k8s.io", "v1");

/// All resources, in discovery's order: by group as `/apis` has them, then by name.
pub static RESOURCES: &[Resource] = &[
    namespaced(CORE, "bindings", "binding", "Binding", &core_v1::BINDING).verbs(CREATE_VERBS),
    cluster(
        CORE,
        "componentstatuses",
        "componentstatus",
        "ComponentStatus",
        &core_v1::COMPONENT_STATUS,
    )
    .verbs(&["get", "list"])
    .short_names(&["cs"]),
    namespaced(CORE, "configmaps", "configmap", "ConfigMap", &core_v1::CONFIG_MAP)
        .short_names(&["cm"]),
    namespaced(CORE, "endpoints", "endpoints", "Endpoints", &core_v1::ENDPOINTS)
        .short_names(&["ep"]),
    namespaced(CORE, "events", "event", "Event", &core_v1::EVENT).short_names(&["ev"]),
    namespaced(CORE, "limitranges", "limitrange", "LimitRange", &core_v1::LIMIT_RANGE)
        .short_names(&["limits"]),
    cluster(CORE, "namespaces", "namespace", "Namespace", &core_v1::NAMESPACE)
        .verbs(&["create", "delete", "get", "list", "patch", "update", "watch"])
        .short_names(&["ns"])
        .subresources(&[
            subresource("finalize", "Namespace", &core_v1::NAMESPACE, &["update"]),
            status("Namespace", &core_v1::NAMESPACE),
        ]),
    cluster(CORE, "nodes", "node", "Node", &core_v1::NODE).short_names(&["no"]).subresources(&[
        subresource("proxy", "NodeProxyOptions", &core_v1::NODE_PROXY_OPTIONS, PROXY_VERBS),
        status("Node", &core_v1::NODE),
    ]),
    namespaced(
        CORE,
        "persistentvolumeclaims",
        "persistentvolumeclaim",
        "PersistentVolumeClaim",
        &core_v1::PERSISTENT_VOLUME_CLAIM,
    )
    .short_names(&["pvc"])
    .subresources(&[status("PersistentVolumeClaim", &core_v1::PERSISTENT_VOLUME_CLAIM)]),
    cluster(
        CORE,
        "persistentvolumes",
        "persistentvolume",
        "PersistentVolume",
        &core_v1::PERSISTENT_VOLUME,
    )
    .short_names(&["pv"])
    .subresources(&[status("PersistentVolume", &core_v1::PERSISTENT_VOLUME)]),
    namespaced(CORE, "pods", "pod", "Pod", &core_v1::POD)
        .short_names(&["po"])
        .categories(&["all"])
        .subresources(&[
            subresource("attach", "PodAttachOptions", &core_v1::POD_ATTACH_OPTIONS, CONNECT_VERBS),
            subresource("binding", "Binding", &core_v1::BINDING, CREATE_VERBS),
            subresource("ephemeralcontainers", "Pod", &core_v1::POD, STATUS_VERBS),
            subresource("eviction", "Eviction", &policy_v1::EVICTION, CREATE_VERBS)
                .of("policy", "v1"),
            subresource("exec", "PodExecOptions", &core_v1::POD_EXEC_OPTIONS, CONNECT_VERBS),
            subresource("log", "Pod", &core_v1::POD, &["get"]),
            subresource(
                "portforward",
                "PodPortForwardOptions",
                &core_v1::POD_PORT_FORWARD_OPTIONS,
                CONNECT_VERBS,
            ),
            subresource("proxy", "PodProxyOptions", &core_v1::POD_PROXY_OPTIONS, PROXY_VERBS),
            subresource("resize", "Pod", &core_v1::POD, STATUS_VERBS),
            status("Pod", &core_v1::POD),
        ]),
    namespaced(CORE, "podtemplates", "podtemplate", "PodTemplate", &core_v1::POD_TEMPLATE),
    namespaced(
        CORE,
        "replicationcontrollers",
        "replicationcontroller",
        "ReplicationController",
        &core_v1::REPLICATION_CONTROLLER,
    )
    .short_names(&["rc"])
    .categories(&["all"])
    .subresources(&[SCALE, status("ReplicationController", &core_v1::REPLICATION_CONTROLLER)]),
    namespaced(CORE, "resourcequotas", "resourcequota", "ResourceQuota", &core_v1::RESOURCE_QUOTA)
        .short_names(&["quota"])
        .subresources(&[status("ResourceQuota", &core_v1::RESOURCE_QUOTA)]),
    namespaced(CORE, "secrets", "secret", "Secret", &core_v1::SECRET),
    namespaced(
        CORE,
        "serviceaccounts",
        "serviceaccount",
        "ServiceAccount",
        &core_v1::SERVICE_ACCOUNT,
    )
    .short_names(&["sa"])
    .subresources(&[subresource(
        "token",
        "TokenRequest",
        &authentication_v1::TOKEN_REQUEST,
        CREATE_VERBS,
    )
    .of("authentication.k8s.io", "v1")]),
    namespaced(CORE, "services", "service", "Service", &core_v1::SERVICE)
        .short_names(&["svc"])
        .categories(&["all"])
        .subresources(&[
            subresource(
                "proxy",
                "ServiceProxyOptions",
                &core_v1::SERVICE_PROXY_OPTIONS,
                PROXY_VERBS,
            ),
            status("Service", &core_v1::SERVICE),
        ]),
    namespaced(
        APPS,
        "controllerrevisions",
        "controllerrevision",
        "ControllerRevision",
        &apps_v1::CONTROLLER_REVISION,
    ),
    namespaced(APPS, "daemonsets", "daemonset", "DaemonSet", &apps_v1::DAEMON_SET)
        .short_names(&["ds"])
        .categories(&["all"])
        .subresources(&[status("DaemonSet", &apps_v1::DAEMON_SET)]),
    namespaced(APPS, "deployments", "deployment", "Deployment", &apps_v1::DEPLOYMENT)
        .short_names(&["deploy"])
        .categories(&["all"])
        .subresources(&[SCALE, status("Deployment", &apps_v1::DEPLOYMENT)]),
    namespaced(APPS, "replicasets", "replicaset", "ReplicaSet", &apps_v1::REPLICA_SET)
        .short_names(&["rs"])
        .categories(&["all"])
        .subresources(&[SCALE, status("ReplicaSet", &apps_v1::REPLICA_SET)]),
    namespaced(APPS, "statefulsets", "statefulset", "StatefulSet", &apps_v1::STATEFUL_SET)
        .short_names(&["sts"])
        .categories(&["all"])
        .subresources(&[SCALE, status("StatefulSet", &apps_v1::STATEFUL_SET)]),
    namespaced(EVENTS, "events", "event", "Event", &events_v1::EVENT).short_names(&["ev"]),
    cluster(
        AUTHENTICATION,
        "selfsubjectreviews",
        "selfsubjectreview",
        "SelfSubjectReview",
        &authentication_v1::SELF_SUBJECT_REVIEW,
    )
    .verbs(CREATE_VERBS),
    cluster(
        AUTHORIZATION,
        "selfsubjectaccessreviews",
        "selfsubjectaccessreview",
        "SelfSubjectAccessReview",
        &authorization_v1::SELF_SUBJECT_ACCESS_REVIEW,
    )
    .verbs(CREATE_VERBS),
    cluster(
        AUTHORIZATION,
        "selfsubjectrulesreviews",
        "selfsubjectrulesreview",
        "SelfSubjectRulesReview",
        &authorization_v1::SELF_SUBJECT_RULES_REVIEW,
    )
    .verbs(CREATE_VERBS),
    namespaced(BATCH, "cronjobs", "cronjob", "CronJob", &batch_v1::CRON_JOB)
        .short_names(&["cj"])
        .categories(&["all"])
        .subresources(&[status("CronJob", &batch_v1::CRON_JOB)]),
    namespaced(BATCH, "jobs", "job", "Job", &batch_v1::JOB)
        .categories(&["all"])
        .subresources(&[status("Job", &batch_v1::JOB)]),
    cluster(
        NETWORKING,
        "ingressclasses",
        "ingressclass",
        "IngressClass",
        &networking_v1::INGRESS_CLASS,
    ),
    namespaced(NETWORKING, "ingresses", "ingress", "Ingress", &networking_v1::INGRESS)
        .short_names(&["ing"])
        .subresources(&[status("Ingress", &networking_v1::INGRESS)]),
    namespaced(
        NETWORKING,
        "networkpolicies",
        "networkpolicy",
        "NetworkPolicy",
        &networking_v1::NETWORK_POLICY,
    )
    .short_names(&["netpol"]),
    namespaced(
        POLICY,
        "poddisruptionbudgets",
        "poddisruptionbudget",
        "PodDisruptionBudget",
        &policy_v1::POD_DISRUPTION_BUDGET,
    )
    .short_names(&["pdb"])
    .subresources(&[status("PodDisruptionBudget", &policy_v1::POD_DISRUPTION_BUDGET)]),
    cluster(
        RBAC,
        "clusterrolebindings",
        "clusterrolebinding",
        "ClusterRoleBinding",
        &rbac_v1::CLUSTER_ROLE_BINDING,
    ),
    cluster(RBAC, "clusterroles", "clusterrole", "ClusterRole", &rbac_v1::CLUSTER_ROLE),
    namespaced(RBAC, "rolebindings", "rolebinding", "RoleBinding", &rbac_v1::ROLE_BINDING),
    namespaced(RBAC, "roles", "role", "Role", &rbac_v1::ROLE),
    cluster(STORAGE, "csidrivers", "csidriver", "CSIDriver", &storage_v1::CSI_DRIVER),
    cluster(STORAGE, "csinodes", "csinode", "CSINode", &storage_v1::CSI_NODE),
    namespaced(
        STORAGE,
        "csistoragecapacities",
        "csistoragecapacity",
        "CSIStorageCapacity",
        &storage_v1::CSI_STORAGE_CAPACITY,
    ),
    cluster(STORAGE, "storageclasses", "storageclass", "StorageClass", &storage_v1::STORAGE_CLASS)
        .short_names(&["sc"]),
    cluster(
        STORAGE,
        "volumeattachments",
        "volumeattachment",
        "VolumeAttachment",
        &storage_v1::VOLUME_ATTACHMENT,
    )
    .subresources(&[status("VolumeAttachment", &storage_v1::VOLUME_ATTACHMENT)]),
    cluster(
        ADMISSION,
        "validatingadmissionpolicies",
        "validatingadmissionpolicy",
        "ValidatingAdmissionPolicy",
        &admissionregistration_v1::VALIDATING_ADMISSION_POLICY,
    )
    .categories(&["api-extensions"])
    .subresources(&[status(
        "ValidatingAdmissionPolicy",
        &admissionregistration_v1::VALIDATING_ADMISSION_POLICY,
    )]),
    cluster(
        ADMISSION,
        "validatingadmissionpolicybindings",
        "validatingadmissionpolicybinding",
        "ValidatingAdmissionPolicyBinding",
        &admissionregistration_v1::VALIDATING_ADMISSION_POLICY_BINDING,
    )
    .categories(&["api-extensions"]),
    cluster(
        SCHEDULING,
        "priorityclasses",
        "priorityclass",
        "PriorityClass",
        &scheduling_v1::PRIORITY_CLASS,
    )
    .short_names(&["pc"]),
    namespaced(COORDINATION, "leases", "lease", "Lease", &coordination_v1::LEASE),
    cluster(NODE, "runtimeclasses", "runtimeclass", "RuntimeClass", &node_v1::RUNTIME_CLASS),
    namespaced(
        DISCOVERY,
        "endpointslices",
        "endpointslice",
        "EndpointSlice",
        &discovery_v1::ENDPOINT_SLICE,
    ),
];

const fn namespaced(
    group: Group,
    plural: &'static str,
    singular: &'static str,
    kind: &'static str,
    schema: &'static Struct,
) -> Resource {
    Resource {
        group: group.0,
        version: group.1,
        plural,
        singular,
        kind,
        namespaced: true,
        verbs: ALL_VERBS,
        short_names: &[],
        categories: &[],
        subresources: &[],
        schema,
    }
}

const fn cluster(
    group: Group,
    plural: &'static str,
    singular: &'static str,
    kind: &'static str,
    schema: &'static Struct,
) -> Resource {
    Resource { namespaced: false, ..namespaced(group, plural, singular, kind, schema) }
}

const fn subresource(
    name: &'static str,
    kind: &'static str,
    schema: &'static Struct,
    verbs: &'static [&'static str],
) -> Subresource {
    Subresource { name, group_version: None, kind, schema, verbs }
}

const fn status(kind: &'static str, schema: &'static Struct) -> Subresource {
    subresource("status", kind, schema, STATUS_VERBS)
}

impl Subresource {
    const fn of(self, group: &'static str, version: &'static str) -> Self {
        Self { group_version: Some((group, version)), ..self }
    }
}

impl Resource {
    const fn verbs(self, verbs: &'static [&'static str]) -> Self {
        Self { verbs, ..self }
    }

    const fn short_names(self, short_names: &'static [&'static str]) -> Self {
        Self { short_names, ..self }
    }

    const fn categories(self, categories: &'static [&'static str]) -> Self {
        Self { categories, ..self }
    }

    const fn subresources(self, subresources: &'static [Subresource]) -> Self {
        Self { subresources, ..self }
    }
}
