//! What pods are configured and reached with, and everything else.

use super::super::object::{labels, number, size, text};
use super::super::{Column, claim, service, workload};
use super::{AGE, NAME, or_none};

/// Namespaces.
pub(super) static NAMESPACES: &[Column] = &[
    NAME,
    Column {
        name: "Status",
        kind: "string",
        format: "",
        description: "The status of the namespace",
        priority: 0,
        cell: |row| text(&row.status()["phase"]).into(),
    },
    AGE,
];

/// Secrets.
pub(super) static SECRETS: &[Column] = &[
    NAME,
    Column {
        name: "Type",
        kind: "string",
        format: "",
        description: "Used to facilitate programmatic handling of secret data. More info: https://kubernetes.io/docs/concepts/configuration/secret/#secret-types",
        priority: 0,
        cell: |row| text(&row.object["type"]).into(),
    },
    Column {
        name: "Data",
        kind: "string",
        format: "",
        description: "Data contains the secret data. Each key must consist of alphanumeric characters, '-', '_' or '.'. The serialized form of the secret data is a base64 encoded string, representing the arbitrary (possibly non-string) data value here. Described in https://tools.ietf.org/html/rfc4648#section-4",
        priority: 0,
        cell: |row| size(&row.object["data"]).into(),
    },
    AGE,
];

/// Config maps.
pub(super) static CONFIGMAPS: &[Column] = &[
    NAME,
    Column {
        name: "Data",
        kind: "string",
        format: "",
        description: "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The keys stored in Data must not overlap with the keys in the BinaryData field, this is enforced during validation process.",
        priority: 0,
        cell: |row| (size(&row.object["data"]) + size(&row.object["binaryData"])).into(),
    },
    AGE,
];

/// Service accounts.
pub(super) static SERVICE_ACCOUNTS: &[Column] = &[
    NAME,
    Column {
        name: "Secrets",
        kind: "string",
        format: "",
        description: "Secrets is a list of the secrets in the same namespace that pods running using this ServiceAccount are allowed to use. Pods are only limited to this list if this service account has a \"kubernetes.io/enforce-mountable-secrets\" annotation set to \"true\". The \"kubernetes.io/enforce-mountable-secrets\" annotation is deprecated since v1.32. Prefer separate namespaces to isolate access to mounted secrets. This field should not be used to find auto-generated service account token secrets for use outside of pods. Instead, tokens can be requested directly using the TokenRequest API, or service account token secrets can be manually created. More info: https://kubernetes.io/docs/concepts/configuration/secret",
        priority: 0,
        cell: |row| size(&row.object["secrets"]).into(),
    },
    AGE,
];

/// Services.
pub(super) static SERVICES: &[Column] = &[
    NAME,
    Column {
        name: "Type",
        kind: "string",
        format: "",
        description: "type determines how the Service is exposed. Defaults to ClusterIP. Valid options are ExternalName, ClusterIP, NodePort, and LoadBalancer. \"ClusterIP\" allocates a cluster-internal IP address for load-balancing to endpoints. Endpoints are determined by the selector or if that is not specified, by manual construction of an Endpoints object or EndpointSlice objects. If clusterIP is \"None\", no virtual IP is allocated and the endpoints are published as a set of endpoints rather than a virtual IP. \"NodePort\" builds on ClusterIP and allocates a port on every node which routes to the same endpoints as the clusterIP. \"LoadBalancer\" builds on NodePort and creates an external load-balancer (if supported in the current cloud) which routes to the same endpoints as the clusterIP. \"ExternalName\" aliases this service to the specified externalName. Several other fields do not apply to ExternalName services. More info: https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types",
        priority: 0,
        cell: |row| text(&row.spec()["type"]).into(),
    },
    Column {
        name: "Cluster-IP",
        kind: "string",
        format: "",
        description: "clusterIP is the IP address of the service and is usually assigned randomly. If an address is specified manually, is in-range (as per system configuration), and is not in use, it will be allocated to the service; otherwise creation of the service will fail. This field may not be changed through updates unless the type field is also being changed to ExternalName (which requires this field to be blank) or the type field is being changed from ExternalName (in which case this field may optionally be specified, as describe above).  Valid values are \"None\", empty string (\"\"), or a valid IP address. Setting this to \"None\" makes a \"headless service\" (no virtual IP), which is useful when direct endpoint connections are preferred and proxying is not required.  Only applies to types ClusterIP, NodePort, and LoadBalancer. If this field is specified when creating a Service of type ExternalName, creation will fail. This field will be wiped when updating a Service to type ExternalName. More info: https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies",
        priority: 0,
        cell: |row| or_none(text(&row.spec()["clusterIPs"][0])),
    },
    Column {
        name: "External-IP",
        kind: "string",
        format: "",
        description: "externalIPs is a list of IP addresses for which nodes in the cluster will also accept traffic for this service.  These IPs are not managed by Kubernetes.  The user is responsible for ensuring that traffic arrives at a node with this IP.  A common example is external load-balancers that are not part of the Kubernetes system.",
        priority: 0,
        cell: |row| service::external_address(row.object).into(),
    },
    Column {
        name: "Port(s)",
        kind: "string",
        format: "",
        description: "The list of ports that are exposed by this service. More info: https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies",
        priority: 0,
        cell: |row| or_none(&service::ports(row.object)),
    },
    AGE,
    Column {
        name: "Selector",
        kind: "string",
        format: "",
        description: "Route service traffic to pods with label keys and values matching this selector. If empty or not present, the service is assumed to have an external process managing its endpoints, which Kubernetes will not modify. Only applies to types ClusterIP, NodePort, and LoadBalancer. Ignored if type is ExternalName. More info: https://kubernetes.io/docs/concepts/services-networking/service/",
        priority: 1,
        cell: |row| labels(&row.spec()["selector"]).into(),
    },
];

/// Endpoints.
pub(super) static ENDPOINTS: &[Column] = &[
    NAME,
    Column {
        name: "Endpoints",
        kind: "string",
        format: "",
        description: "The set of all endpoints is the union of all subsets. Addresses are placed into subsets according to the IPs they share. A single address with multiple ports, some of which are ready and some of which are not (because they come from different containers) will result in the address being displayed in different subsets for the different ports. No address will appear in both Addresses and NotReadyAddresses in the same subset. Sets of addresses and ports that comprise a service.",
        priority: 0,
        cell: |row| service::endpoints(row.object).into(),
    },
    AGE,
];

/// EndpointSlices.
pub(super) static ENDPOINT_SLICES: &[Column] = &[
    NAME,
    Column {
        name: "AddressType",
        kind: "string",
        format: "",
        description: "addressType specifies the type of address carried by this EndpointSlice. All addresses in this slice must be the same type. This field is immutable after creation. The following address types are currently supported: * IPv4: Represents an IPv4 Address. * IPv6: Represents an IPv6 Address. * FQDN: Represents a Fully Qualified Domain Name.",
        priority: 0,
        cell: |row| text(&row.object["addressType"]).into(),
    },
    Column {
        name: "Ports",
        kind: "string",
        format: "",
        description: "ports specifies the list of network ports exposed by each endpoint in this slice. Each port must have a unique name. When ports is empty, it indicates that there are no defined ports. When a port is defined with a nil port value, it indicates \"all ports\". Each slice may include a maximum of 100 ports.",
        priority: 0,
        cell: |row| service::slice_ports(row.object).into(),
    },
    Column {
        name: "Endpoints",
        kind: "string",
        format: "",
        description: "endpoints is a list of unique endpoints in this slice. Each slice may include a maximum of 1000 endpoints.",
        priority: 0,
        cell: |row| service::slice_endpoints(row.object).into(),
    },
    AGE,
];

/// Claims of storage.
pub(super) static PERSISTENT_VOLUME_CLAIMS: &[Column] = &[
    NAME,
    Column {
        name: "Status",
        kind: "string",
        format: "",
        description: "phase represents the current phase of PersistentVolumeClaim.",
        priority: 0,
        cell: |row| claim::status(row.object).into(),
    },
    Column {
        name: "Volume",
        kind: "string",
        format: "",
        description: "volumeName is the binding reference to the PersistentVolume backing this claim.",
        priority: 0,
        cell: |row| text(&row.spec()["volumeName"]).into(),
    },
    Column {
        name: "Capacity",
        kind: "string",
        format: "",
        description: "capacity represents the actual resources of the underlying volume.",
        priority: 0,
        cell: |row| claim::capacity(row.object).into(),
    },
    Column {
        name: "Access Modes",
        kind: "string",
        format: "",
        description: "accessModes contains the actual access modes the volume backing the PVC has. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#access-modes-1",
        priority: 0,
        cell: |row| claim::access_modes(row.object).into(),
    },
    Column {
        name: "StorageClass",
        kind: "string",
        format: "",
        description: "storageClassName is the name of the StorageClass required by the claim. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#class-1",
        priority: 0,
        cell: |row| text(&row.spec()["storageClassName"]).into(),
    },
    Column {
        name: "VolumeAttributesClass",
        kind: "string",
        format: "",
        description: "volumeAttributesClassName may be used to set the VolumeAttributesClass used by this claim. If specified, the CSI driver will create or update the volume with the attributes defined in the corresponding VolumeAttributesClass. This has a different purpose than storageClassName, it can be changed after the claim is created. An empty string or nil value indicates that no VolumeAttributesClass will be applied to the claim. If the claim enters an Infeasible error state, this field can be reset to its previous value (including nil) to cancel the modification. If the resource referred to by volumeAttributesClass does not exist, this PersistentVolumeClaim will be set to a Pending state, as reflected by the modifyVolumeStatus field, until such as a resource exists. More info: https://kubernetes.io/docs/concepts/storage/volume-attributes-classes/",
        priority: 0,
        cell: |row| claim::attributes_class(row.object).into(),
    },
    AGE,
    Column {
        name: "VolumeMode",
        kind: "string",
        format: "",
        description: "volumeMode defines what type of volume is required by the claim. Value of Filesystem is implied when not included in claim spec.",
        priority: 1,
        cell: |row| claim::volume_mode(row.object).into(),
    },
];

/// Leases.
pub(super) static LEASES: &[Column] = &[
    NAME,
    Column {
        name: "Holder",
        kind: "string",
        format: "",
        description: "holderIdentity contains the identity of the holder of a current lease. If Coordinated Leader Election is used, the holder identity must be equal to the elected LeaseCandidate.metadata.name field.",
        priority: 0,
        cell: |row| text(&row.spec()["holderIdentity"]).into(),
    },
    AGE,
];

/// Priority classes.
pub(super) static PRIORITY_CLASSES: &[Column] = &[
    NAME,
    Column {
        name: "Value",
        kind: "integer",
        format: "",
        description: "value represents the integer value of this priority class. This is the actual priority that pods receive when they have the name of this class in their pod spec.",
        priority: 0,
        cell: |row| number(&row.object["value"]).into(),
    },
    Column {
        name: "Global-Default",
        kind: "boolean",
        format: "",
        description: "globalDefault specifies whether this PriorityClass should be considered as the default priority for pods that do not have any priority class. Only one PriorityClass can be marked as `globalDefault`. However, if more than one PriorityClasses exists with their `globalDefault` field set to true, the smallest value of such global default PriorityClasses will be used as the default priority.",
        priority: 0,
        cell: |row| (row.object["globalDefault"] == true).into(),
    },
    AGE,
    Column {
        name: "PreemptionPolicy",
        kind: "string",
        format: "",
        description: "preemptionPolicy is the Policy for preempting pods with lower priority. One of Never, PreemptLowerPriority. Defaults to PreemptLowerPriority if unset.",
        priority: 0,
        cell: |row| text(&row.object["preemptionPolicy"]).into(),
    },
];

/// Pod disruption budgets.
pub(super) static POD_DISRUPTION_BUDGETS: &[Column] = &[
    NAME,
    Column {
        name: "Min Available",
        kind: "string",
        format: "",
        description: "The minimum number of pods that must be available.",
        priority: 0,
        cell: |row| workload::int_or_string(&row.spec()["minAvailable"]).into(),
    },
    Column {
        name: "Max Unavailable",
        kind: "string",
        format: "",
        description: "The maximum number of pods that may be unavailable.",
        priority: 0,
        cell: |row| workload::int_or_string(&row.spec()["maxUnavailable"]).into(),
    },
    Column {
        name: "Allowed Disruptions",
        kind: "integer",
        format: "",
        description: "Calculated number of pods that may be disrupted at this time.",
        priority: 0,
        cell: |row| number(&row.status()["disruptionsAllowed"]).into(),
    },
    AGE,
];

/// Runtime classes.
pub(super) static RUNTIME_CLASSES: &[Column] = &[
    NAME,
    Column {
        name: "Handler",
        kind: "string",
        format: "",
        description: "handler specifies the underlying runtime and configuration that the CRI implementation will use to handle pods of this class. The possible values are specific to the node & CRI configuration.  It is assumed that all handlers are available on every node, and handlers of the same name are equivalent on every node. For example, a handler called \"runc\" might specify that the runc OCI runtime (using native Linux containers) will be used to run the containers in a pod. The Handler must be lowercase, conform to the DNS Label (RFC 1123) requirements, and is immutable.",
        priority: 0,
        cell: |row| text(&row.object["handler"]).into(),
    },
    AGE,
];

/// Everything that has no columns of its own.
pub(super) static GENERIC: &[Column] = &[
    NAME,
    Column {
        name: "Created At",
        kind: "date",
        format: "",
        description: "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
        priority: 0,
        cell: |row| text(&row.object["metadata"]["creationTimestamp"]).into(),
    },
];
