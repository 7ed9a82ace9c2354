//! The types of `core/v1`; written by `schema-table.py`.

use crate::schema::FieldPatch::RetainKeys;
use crate::schema::Struct;
use crate::schema::Type::{
    self, Bool, Bytes, Int32, Int64, IntOrString, List, Map, MicroTime, Quantity, Text, Time,
};
use crate::schema::meta_v1;
use crate::schema::row::{API_VERSION, ATOMIC, KIND, SET, field, merged_by, structure};

const PACKAGE: &str = "io.k8s.api.core.v1";

/// `core/v1` `AWSElasticBlockStoreVolumeSource`.
pub static AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "AWSElasticBlockStoreVolumeSource",
    &[
        field("volumeID", Text("string")).required(),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
        field("partition", Int32).omit_empty(),
        field("readOnly", Bool).omit_empty(),
    ],
);

/// `core/v1` `Affinity`.
pub static AFFINITY: Struct = structure(
    PACKAGE,
    "Affinity",
    &[
        field("nodeAffinity", Type::Struct(&NODE_AFFINITY)).pointer().omit_empty(),
        field("podAffinity", Type::Struct(&POD_AFFINITY)).pointer().omit_empty(),
        field("podAntiAffinity", Type::Struct(&POD_ANTI_AFFINITY)).pointer().omit_empty(),
    ],
);

/// `core/v1` `AppArmorProfile`.
pub static APP_ARMOR_PROFILE: Struct = structure(
    PACKAGE,
    "AppArmorProfile",
    &[
        field("type", Text("v1.AppArmorProfileType")).required(),
        field("localhostProfile", Text("string")).pointer().omit_empty(),
    ],
);

/// `core/v1` `AttachedVolume`.
pub static ATTACHED_VOLUME: Struct = structure(
    PACKAGE,
    "AttachedVolume",
    &[
        field("name", Text("v1.UniqueVolumeName")).required(),
        field("devicePath", Text("string")).required(),
    ],
);

/// `core/v1` `AzureDiskVolumeSource`.
pub static AZURE_DISK_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "AzureDiskVolumeSource",
    &[
        field("diskName", Text("string")).required(),
        field("diskURI", Text("string")).go_name("DataDiskURI").required(),
        field("cachingMode", Text("v1.AzureDataDiskCachingMode"))
            .pointer()
            .omit_empty()
            .default_json(r#""ReadWrite""#),
        field("fsType", Text("string"))
            .go_name("FSType")
            .pointer()
            .omit_empty()
            .default_json(r#""ext4""#),
        field("readOnly", Bool).pointer().omit_empty().default_json(r#"false"#),
        field("kind", Text("v1.AzureDataDiskKind"))
            .pointer()
            .omit_empty()
            .default_json(r#""Shared""#),
    ],
);

/// `core/v1` `AzureFilePersistentVolumeSource`.
pub static AZURE_FILE_PERSISTENT_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "AzureFilePersistentVolumeSource",
    &[
        field("secretName", Text("string")).required(),
        field("shareName", Text("string")).required(),
        field("readOnly", Bool).omit_empty(),
        field("secretNamespace", Text("string")).pointer(),
    ],
);

/// `core/v1` `AzureFileVolumeSource`.
pub static AZURE_FILE_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "AzureFileVolumeSource",
    &[
        field("secretName", Text("string")).required(),
        field("shareName", Text("string")).required(),
        field("readOnly", Bool).omit_empty(),
    ],
);

/// `core/v1` `Binding`.
pub static BINDING: Struct = structure(
    PACKAGE,
    "Binding",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("target", Type::Struct(&OBJECT_REFERENCE)).required(),
    ],
);

/// `core/v1` `CSIPersistentVolumeSource`.
pub static CSI_PERSISTENT_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "CSIPersistentVolumeSource",
    &[
        field("driver", Text("string")).required(),
        field("volumeHandle", Text("string")).required(),
        field("readOnly", Bool).omit_empty(),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
        field("volumeAttributes", Map("map[string]string", &Text("string"))).omit_empty(),
        field("controllerPublishSecretRef", Type::Struct(&SECRET_REFERENCE)).pointer().omit_empty(),
        field("nodeStageSecretRef", Type::Struct(&SECRET_REFERENCE)).pointer().omit_empty(),
        field("nodePublishSecretRef", Type::Struct(&SECRET_REFERENCE)).pointer().omit_empty(),
        field("controllerExpandSecretRef", Type::Struct(&SECRET_REFERENCE)).pointer().omit_empty(),
        field("nodeExpandSecretRef", Type::Struct(&SECRET_REFERENCE)).pointer().omit_empty(),
    ],
);

/// `core/v1` `CSIVolumeSource`.
pub static CSI_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "CSIVolumeSource",
    &[
        field("driver", Text("string")).required(),
        field("readOnly", Bool).pointer().omit_empty(),
        field("fsType", Text("string")).go_name("FSType").pointer().omit_empty(),
        field("volumeAttributes", Map("map[string]string", &Text("string"))).omit_empty(),
        field("nodePublishSecretRef", Type::Struct(&LOCAL_OBJECT_REFERENCE)).pointer().omit_empty(),
    ],
);

/// `core/v1` `Capabilities`.
pub static CAPABILITIES: Struct = structure(
    PACKAGE,
    "Capabilities",
    &[
        field("add", List(&Text("v1.Capability"), ATOMIC)).omit_empty(),
        field("drop", List(&Text("v1.Capability"), ATOMIC)).omit_empty(),
    ],
);

/// `core/v1` `CephFSPersistentVolumeSource`.
pub static CEPH_FS_PERSISTENT_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "CephFSPersistentVolumeSource",
    &[
        field("monitors", List(&Text("string"), ATOMIC)).required(),
        field("path", Text("string")).omit_empty(),
        field("user", Text("string")).omit_empty(),
        field("secretFile", Text("string")).omit_empty(),
        field("secretRef", Type::Struct(&SECRET_REFERENCE)).pointer().omit_empty(),
        field("readOnly", Bool).omit_empty(),
    ],
);

/// `core/v1` `CephFSVolumeSource`.
pub static CEPH_FS_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "CephFSVolumeSource",
    &[
        field("monitors", List(&Text("string"), ATOMIC)).required(),
        field("path", Text("string")).omit_empty(),
        field("user", Text("string")).omit_empty(),
        field("secretFile", Text("string")).omit_empty(),
        field("secretRef", Type::Struct(&LOCAL_OBJECT_REFERENCE)).pointer().omit_empty(),
        field("readOnly", Bool).omit_empty(),
    ],
);

/// `core/v1` `CinderPersistentVolumeSource`.
pub static CINDER_PERSISTENT_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "CinderPersistentVolumeSource",
    &[
        field("volumeID", Text("string")).required(),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
        field("readOnly", Bool).omit_empty(),
        field("secretRef", Type::Struct(&SECRET_REFERENCE)).pointer().omit_empty(),
    ],
);

/// `core/v1` `CinderVolumeSource`.
pub static CINDER_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "CinderVolumeSource",
    &[
        field("volumeID", Text("string")).required(),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
        field("readOnly", Bool).omit_empty(),
        field("secretRef", Type::Struct(&LOCAL_OBJECT_REFERENCE)).pointer().omit_empty(),
    ],
);

/// `core/v1` `ClientIPConfig`.
pub static CLIENT_IP_CONFIG: Struct =
    structure(PACKAGE, "ClientIPConfig", &[field("timeoutSeconds", Int32).pointer().omit_empty()]);

/// `core/v1` `ClusterTrustBundleProjection`.
pub static CLUSTER_TRUST_BUNDLE_PROJECTION: Struct = structure(
    PACKAGE,
    "ClusterTrustBundleProjection",
    &[
        field("name", Text("string")).pointer().omit_empty(),
        field("signerName", Text("string")).pointer().omit_empty(),
        field("labelSelector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().omit_empty(),
        field("optional", Bool).pointer().omit_empty(),
        field("path", Text("string")).required(),
    ],
);

/// `core/v1` `ComponentCondition`.
pub static COMPONENT_CONDITION: Struct = structure(
    PACKAGE,
    "ComponentCondition",
    &[
        field("type", Text("v1.ComponentConditionType")).required(),
        field("status", Text("v1.ConditionStatus")).required(),
        field("message", Text("string")).omit_empty(),
        field("error", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `ComponentStatus`.
pub static COMPONENT_STATUS: Struct = structure(
    PACKAGE,
    "ComponentStatus",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field(
            "conditions",
            List(&Type::Struct(&COMPONENT_CONDITION), merged_by(&["type"]).patched_by("type")),
        )
        .omit_empty(),
    ],
);

/// `core/v1` `ConfigMap`.
pub static CONFIG_MAP: Struct = structure(
    PACKAGE,
    "ConfigMap",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("immutable", Bool).pointer().omit_empty(),
        field("data", Map("map[string]string", &Text("string"))).omit_empty(),
        field("binaryData", Map("map[string][]byte", &Bytes)).omit_empty(),
    ],
);

/// `core/v1` `ConfigMapEnvSource`.
pub static CONFIG_MAP_ENV_SOURCE: Struct = structure(
    PACKAGE,
    "ConfigMapEnvSource",
    &[
        field("name", Text("string")).omit_empty().default_json(r#""""#),
        field("optional", Bool).pointer().omit_empty(),
    ],
);

/// `core/v1` `ConfigMapKeySelector`.
pub static CONFIG_MAP_KEY_SELECTOR: Struct = structure(
    PACKAGE,
    "ConfigMapKeySelector",
    &[
        field("name", Text("string")).omit_empty().default_json(r#""""#),
        field("key", Text("string")).required(),
        field("optional", Bool).pointer().omit_empty(),
    ],
)
.atomic();

/// `core/v1` `ConfigMapNodeConfigSource`.
pub static CONFIG_MAP_NODE_CONFIG_SOURCE: Struct = structure(
    PACKAGE,
    "ConfigMapNodeConfigSource",
    &[
        field("namespace", Text("string")).required(),
        field("name", Text("string")).required(),
        field("uid", Text("types.UID")).go_name("UID").omit_empty(),
        field("resourceVersion", Text("string")).omit_empty(),
        field("kubeletConfigKey", Text("string")).required(),
    ],
);

/// `core/v1` `ConfigMapProjection`.
pub static CONFIG_MAP_PROJECTION: Struct = structure(
    PACKAGE,
    "ConfigMapProjection",
    &[
        field("name", Text("string")).omit_empty().default_json(r#""""#),
        field("items", List(&Type::Struct(&KEY_TO_PATH), ATOMIC)).omit_empty(),
        field("optional", Bool).pointer().omit_empty(),
    ],
);

/// `core/v1` `ConfigMapVolumeSource`.
pub static CONFIG_MAP_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "ConfigMapVolumeSource",
    &[
        field("name", Text("string")).omit_empty().default_json(r#""""#),
        field("items", List(&Type::Struct(&KEY_TO_PATH), ATOMIC)).omit_empty(),
        field("defaultMode", Int32).pointer().omit_empty(),
        field("optional", Bool).pointer().omit_empty(),
    ],
);

/// `core/v1` `Container`.
pub static CONTAINER: Struct = structure(
    PACKAGE,
    "Container",
    &[
        field("name", Text("string")).required(),
        field("image", Text("string")).omit_empty(),
        field("command", List(&Text("string"), ATOMIC)).omit_empty(),
        field("args", List(&Text("string"), ATOMIC)).omit_empty(),
        field("workingDir", Text("string")).omit_empty(),
        field(
            "ports",
            List(
                &Type::Struct(&CONTAINER_PORT),
                merged_by(&["containerPort", "protocol"]).patched_by("containerPort"),
            ),
        )
        .omit_empty(),
        field("envFrom", List(&Type::Struct(&ENV_FROM_SOURCE), ATOMIC)).omit_empty(),
        field("env", List(&Type::Struct(&ENV_VAR), merged_by(&["name"]).patched_by("name")))
            .omit_empty(),
        field("resources", Type::Struct(&RESOURCE_REQUIREMENTS)).omit_empty(),
        field("resizePolicy", List(&Type::Struct(&CONTAINER_RESIZE_POLICY), ATOMIC)).omit_empty(),
        field("restartPolicy", Text("v1.ContainerRestartPolicy")).pointer().omit_empty(),
        field("restartPolicyRules", List(&Type::Struct(&CONTAINER_RESTART_RULE), ATOMIC))
            .omit_empty(),
        field(
            "volumeMounts",
            List(&Type::Struct(&VOLUME_MOUNT), merged_by(&["mountPath"]).patched_by("mountPath")),
        )
        .omit_empty(),
        field(
            "volumeDevices",
            List(
                &Type::Struct(&VOLUME_DEVICE),
                merged_by(&["devicePath"]).patched_by("devicePath"),
            ),
        )
        .omit_empty(),
        field("livenessProbe", Type::Struct(&PROBE)).pointer().omit_empty(),
        field("readinessProbe", Type::Struct(&PROBE)).pointer().omit_empty(),
        field("startupProbe", Type::Struct(&PROBE)).pointer().omit_empty(),
        field("lifecycle", Type::Struct(&LIFECYCLE)).pointer().omit_empty(),
        field("terminationMessagePath", Text("string")).omit_empty(),
        field("terminationMessagePolicy", Text("v1.TerminationMessagePolicy")).omit_empty(),
        field("imagePullPolicy", Text("v1.PullPolicy")).omit_empty(),
        field("securityContext", Type::Struct(&SECURITY_CONTEXT)).pointer().omit_empty(),
        field("stdin", Bool).omit_empty(),
        field("stdinOnce", Bool).omit_empty(),
        field("tty", Bool).go_name("TTY").omit_empty(),
    ],
);

/// `core/v1` `ContainerExtendedResourceRequest`.
pub static CONTAINER_EXTENDED_RESOURCE_REQUEST: Struct = structure(
    PACKAGE,
    "ContainerExtendedResourceRequest",
    &[
        field("containerName", Text("string")).required(),
        field("resourceName", Text("string")).required(),
        field("requestName", Text("string")).required(),
    ],
);

/// `core/v1` `ContainerImage`.
pub static CONTAINER_IMAGE: Struct = structure(
    PACKAGE,
    "ContainerImage",
    &[field("names", List(&Text("string"), ATOMIC)), field("sizeBytes", Int64).omit_empty()],
);

/// `core/v1` `ContainerPort`.
pub static CONTAINER_PORT: Struct = structure(
    PACKAGE,
    "ContainerPort",
    &[
        field("name", Text("string")).omit_empty(),
        field("hostPort", Int32).omit_empty(),
        field("containerPort", Int32).required(),
        field("protocol", Text("v1.Protocol")).omit_empty().default_json(r#""TCP""#),
        field("hostIP", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `ContainerResizePolicy`.
pub static CONTAINER_RESIZE_POLICY: Struct = structure(
    PACKAGE,
    "ContainerResizePolicy",
    &[
        field("resourceName", Text("v1.ResourceName")).required(),
        field("restartPolicy", Text("v1.ResourceResizeRestartPolicy")).required(),
    ],
);

/// `core/v1` `ContainerRestartRule`.
pub static CONTAINER_RESTART_RULE: Struct = structure(
    PACKAGE,
    "ContainerRestartRule",
    &[
        field("action", Text("v1.ContainerRestartRuleAction")).omit_empty(),
        field("exitCodes", Type::Struct(&CONTAINER_RESTART_RULE_ON_EXIT_CODES))
            .pointer()
            .omit_empty(),
    ],
);

/// `core/v1` `ContainerRestartRuleOnExitCodes`.
pub static CONTAINER_RESTART_RULE_ON_EXIT_CODES: Struct = structure(
    PACKAGE,
    "ContainerRestartRuleOnExitCodes",
    &[
        field("operator", Text("v1.ContainerRestartRuleOnExitCodesOperator")).omit_empty(),
        field("values", List(&Int32, SET)).omit_empty(),
    ],
);

/// `core/v1` `ContainerState`.
pub static CONTAINER_STATE: Struct = structure(
    PACKAGE,
    "ContainerState",
    &[
        field("waiting", Type::Struct(&CONTAINER_STATE_WAITING)).pointer().omit_empty(),
        field("running", Type::Struct(&CONTAINER_STATE_RUNNING)).pointer().omit_empty(),
        field("terminated", Type::Struct(&CONTAINER_STATE_TERMINATED)).pointer().omit_empty(),
    ],
);

/// `core/v1` `ContainerStateRunning`.
pub static CONTAINER_STATE_RUNNING: Struct =
    structure(PACKAGE, "ContainerStateRunning", &[field("startedAt", Time).omit_empty()]);

/// `core/v1` `ContainerStateTerminated`.
pub static CONTAINER_STATE_TERMINATED: Struct = structure(
    PACKAGE,
    "ContainerStateTerminated",
    &[
        field("exitCode", Int32).required(),
        field("signal", Int32).omit_empty(),
        field("reason", Text("string")).omit_empty(),
        field("message", Text("string")).omit_empty(),
        field("startedAt", Time).omit_empty(),
        field("finishedAt", Time).omit_empty(),
        field("containerID", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `ContainerStateWaiting`.
pub static CONTAINER_STATE_WAITING: Struct = structure(
    PACKAGE,
    "ContainerStateWaiting",
    &[field("reason", Text("string")).omit_empty(), field("message", Text("string")).omit_empty()],
);

/// `core/v1` `ContainerStatus`.
pub static CONTAINER_STATUS: Struct = structure(
    PACKAGE,
    "ContainerStatus",
    &[
        field("name", Text("string")).required(),
        field("state", Type::Struct(&CONTAINER_STATE)).omit_empty(),
        field("lastState", Type::Struct(&CONTAINER_STATE))
            .go_name("LastTerminationState")
            .omit_empty(),
        field("ready", Bool).required(),
        field("restartCount", Int32).required(),
        field("image", Text("string")).required(),
        field("imageID", Text("string")).required(),
        field("containerID", Text("string")).omit_empty(),
        field("started", Bool).pointer().omit_empty(),
        field("allocatedResources", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field("resources", Type::Struct(&RESOURCE_REQUIREMENTS)).pointer().omit_empty(),
        field(
            "volumeMounts",
            List(
                &Type::Struct(&VOLUME_MOUNT_STATUS),
                merged_by(&["mountPath"]).patched_by("mountPath"),
            ),
        )
        .omit_empty(),
        field("user", Type::Struct(&CONTAINER_USER)).pointer().omit_empty(),
        field(
            "allocatedResourcesStatus",
            List(&Type::Struct(&RESOURCE_STATUS), merged_by(&["name"]).patched_by("name")),
        )
        .omit_empty(),
        field("stopSignal", Text("v1.Signal")).pointer().omit_empty(),
    ],
);

/// `core/v1` `ContainerUser`.
pub static CONTAINER_USER: Struct = structure(
    PACKAGE,
    "ContainerUser",
    &[field("linux", Type::Struct(&LINUX_CONTAINER_USER)).pointer().omit_empty()],
);

/// `core/v1` `DaemonEndpoint`.
pub static DAEMON_ENDPOINT: Struct =
    structure(PACKAGE, "DaemonEndpoint", &[field("Port", Int32).required()]);

/// `core/v1` `DownwardAPIProjection`.
pub static DOWNWARD_API_PROJECTION: Struct = structure(
    PACKAGE,
    "DownwardAPIProjection",
    &[field("items", List(&Type::Struct(&DOWNWARD_API_VOLUME_FILE), ATOMIC)).omit_empty()],
);

/// `core/v1` `DownwardAPIVolumeFile`.
pub static DOWNWARD_API_VOLUME_FILE: Struct = structure(
    PACKAGE,
    "DownwardAPIVolumeFile",
    &[
        field("path", Text("string")).required(),
        field("fieldRef", Type::Struct(&OBJECT_FIELD_SELECTOR)).pointer().omit_empty(),
        field("resourceFieldRef", Type::Struct(&RESOURCE_FIELD_SELECTOR)).pointer().omit_empty(),
        field("mode", Int32).pointer().omit_empty(),
    ],
);

/// `core/v1` `DownwardAPIVolumeSource`.
pub static DOWNWARD_API_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "DownwardAPIVolumeSource",
    &[
        field("items", List(&Type::Struct(&DOWNWARD_API_VOLUME_FILE), ATOMIC)).omit_empty(),
        field("defaultMode", Int32).pointer().omit_empty(),
    ],
);

/// `core/v1` `EmptyDirVolumeSource`.
pub static EMPTY_DIR_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "EmptyDirVolumeSource",
    &[
        field("medium", Text("v1.StorageMedium")).omit_empty(),
        field("sizeLimit", Quantity).pointer().omit_empty(),
    ],
);

/// `core/v1` `EndpointAddress`.
pub static ENDPOINT_ADDRESS: Struct = structure(
    PACKAGE,
    "EndpointAddress",
    &[
        field("ip", Text("string")).go_name("IP").required(),
        field("hostname", Text("string")).omit_empty(),
        field("nodeName", Text("string")).pointer().omit_empty(),
        field("targetRef", Type::Struct(&OBJECT_REFERENCE)).pointer().omit_empty(),
    ],
)
.atomic();

/// `core/v1` `EndpointPort`.
pub static ENDPOINT_PORT: Struct = structure(
    PACKAGE,
    "EndpointPort",
    &[
        field("name", Text("string")).omit_empty(),
        field("port", Int32).required(),
        field("protocol", Text("v1.Protocol")).omit_empty(),
        field("appProtocol", Text("string")).pointer().omit_empty(),
    ],
)
.atomic();

/// `core/v1` `EndpointSubset`.
pub static ENDPOINT_SUBSET: Struct = structure(
    PACKAGE,
    "EndpointSubset",
    &[
        field("addresses", List(&Type::Struct(&ENDPOINT_ADDRESS), ATOMIC)).omit_empty(),
        field("notReadyAddresses", List(&Type::Struct(&ENDPOINT_ADDRESS), ATOMIC)).omit_empty(),
        field("ports", List(&Type::Struct(&ENDPOINT_PORT), ATOMIC)).omit_empty(),
    ],
);

/// `core/v1` `Endpoints`.
pub static ENDPOINTS: Struct = structure(
    PACKAGE,
    "Endpoints",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("subsets", List(&Type::Struct(&ENDPOINT_SUBSET), ATOMIC)).omit_empty(),
    ],
);

/// `core/v1` `EnvFromSource`.
pub static ENV_FROM_SOURCE: Struct = structure(
    PACKAGE,
    "EnvFromSource",
    &[
        field("prefix", Text("string")).omit_empty(),
        field("configMapRef", Type::Struct(&CONFIG_MAP_ENV_SOURCE)).pointer().omit_empty(),
        field("secretRef", Type::Struct(&SECRET_ENV_SOURCE)).pointer().omit_empty(),
    ],
);

/// `core/v1` `EnvVar`.
pub static ENV_VAR: Struct = structure(
    PACKAGE,
    "EnvVar",
    &[
        field("name", Text("string")).required(),
        field("value", Text("string")).omit_empty(),
        field("valueFrom", Type::Struct(&ENV_VAR_SOURCE)).pointer().omit_empty(),
    ],
);

/// `core/v1` `EnvVarSource`.
pub static ENV_VAR_SOURCE: Struct = structure(
    PACKAGE,
    "EnvVarSource",
    &[
        field("fieldRef", Type::Struct(&OBJECT_FIELD_SELECTOR)).pointer().omit_empty(),
        field("resourceFieldRef", Type::Struct(&RESOURCE_FIELD_SELECTOR)).pointer().omit_empty(),
        field("configMapKeyRef", Type::Struct(&CONFIG_MAP_KEY_SELECTOR)).pointer().omit_empty(),
        field("secretKeyRef", Type::Struct(&SECRET_KEY_SELECTOR)).pointer().omit_empty(),
        field("fileKeyRef", Type::Struct(&FILE_KEY_SELECTOR)).pointer().omit_empty(),
    ],
);

/// `core/v1` `EphemeralContainer`.
pub static EPHEMERAL_CONTAINER: Struct = structure(
    PACKAGE,
    "EphemeralContainer",
    &[
        field("name", Text("string")).required(),
        field("image", Text("string")).omit_empty(),
        field("command", List(&Text("string"), ATOMIC)).omit_empty(),
        field("args", List(&Text("string"), ATOMIC)).omit_empty(),
        field("workingDir", Text("string")).omit_empty(),
        field(
            "ports",
            List(
                &Type::Struct(&CONTAINER_PORT),
                merged_by(&["containerPort", "protocol"]).patched_by("containerPort"),
            ),
        )
        .omit_empty(),
        field("envFrom", List(&Type::Struct(&ENV_FROM_SOURCE), ATOMIC)).omit_empty(),
        field("env", List(&Type::Struct(&ENV_VAR), merged_by(&["name"]).patched_by("name")))
            .omit_empty(),
        field("resources", Type::Struct(&RESOURCE_REQUIREMENTS)).omit_empty(),
        field("resizePolicy", List(&Type::Struct(&CONTAINER_RESIZE_POLICY), ATOMIC)).omit_empty(),
        field("restartPolicy", Text("v1.ContainerRestartPolicy")).pointer().omit_empty(),
        field("restartPolicyRules", List(&Type::Struct(&CONTAINER_RESTART_RULE), ATOMIC))
            .omit_empty(),
        field(
            "volumeMounts",
            List(&Type::Struct(&VOLUME_MOUNT), merged_by(&["mountPath"]).patched_by("mountPath")),
        )
        .omit_empty(),
        field(
            "volumeDevices",
            List(
                &Type::Struct(&VOLUME_DEVICE),
                merged_by(&["devicePath"]).patched_by("devicePath"),
            ),
        )
        .omit_empty(),
        field("livenessProbe", Type::Struct(&PROBE)).pointer().omit_empty(),
        field("readinessProbe", Type::Struct(&PROBE)).pointer().omit_empty(),
        field("startupProbe", Type::Struct(&PROBE)).pointer().omit_empty(),
        field("lifecycle", Type::Struct(&LIFECYCLE)).pointer().omit_empty(),
        field("terminationMessagePath", Text("string")).omit_empty(),
        field("terminationMessagePolicy", Text("v1.TerminationMessagePolicy")).omit_empty(),
        field("imagePullPolicy", Text("v1.PullPolicy")).omit_empty(),
        field("securityContext", Type::Struct(&SECURITY_CONTEXT)).pointer().omit_empty(),
        field("stdin", Bool).omit_empty(),
        field("stdinOnce", Bool).omit_empty(),
        field("tty", Bool).go_name("TTY").omit_empty(),
        field("targetContainerName", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `EphemeralVolumeSource`.
pub static EPHEMERAL_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "EphemeralVolumeSource",
    &[field("volumeClaimTemplate", Type::Struct(&PERSISTENT_VOLUME_CLAIM_TEMPLATE))
        .pointer()
        .omit_empty()],
);

/// `core/v1` `Event`.
pub static EVENT: Struct = structure(
    PACKAGE,
    "Event",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").required(),
        field("involvedObject", Type::Struct(&OBJECT_REFERENCE)).required(),
        field("reason", Text("string")).omit_empty(),
        field("message", Text("string")).omit_empty(),
        field("source", Type::Struct(&EVENT_SOURCE)).omit_empty(),
        field("firstTimestamp", Time).omit_empty(),
        field("lastTimestamp", Time).omit_empty(),
        field("count", Int32).omit_empty(),
        field("type", Text("string")).omit_empty(),
        field("eventTime", MicroTime).omit_empty(),
        field("series", Type::Struct(&EVENT_SERIES)).pointer().omit_empty(),
        field("action", Text("string")).omit_empty(),
        field("related", Type::Struct(&OBJECT_REFERENCE)).pointer().omit_empty(),
        field("reportingComponent", Text("string")).go_name("ReportingController"),
        field("reportingInstance", Text("string")),
    ],
);

/// `core/v1` `EventSeries`.
pub static EVENT_SERIES: Struct = structure(
    PACKAGE,
    "EventSeries",
    &[field("count", Int32).omit_empty(), field("lastObservedTime", MicroTime).omit_empty()],
);

/// `core/v1` `EventSource`.
pub static EVENT_SOURCE: Struct = structure(
    PACKAGE,
    "EventSource",
    &[field("component", Text("string")).omit_empty(), field("host", Text("string")).omit_empty()],
);

/// `core/v1` `ExecAction`.
pub static EXEC_ACTION: Struct = structure(
    PACKAGE,
    "ExecAction",
    &[field("command", List(&Text("string"), ATOMIC)).omit_empty()],
);

/// `core/v1` `FCVolumeSource`.
pub static FC_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "FCVolumeSource",
    &[
        field("targetWWNs", List(&Text("string"), ATOMIC)).omit_empty(),
        field("lun", Int32).pointer().omit_empty(),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
        field("readOnly", Bool).omit_empty(),
        field("wwids", List(&Text("string"), ATOMIC)).go_name("WWIDs").omit_empty(),
    ],
);

/// `core/v1` `FileKeySelector`.
pub static FILE_KEY_SELECTOR: Struct = structure(
    PACKAGE,
    "FileKeySelector",
    &[
        field("volumeName", Text("string")).required(),
        field("path", Text("string")).required(),
        field("key", Text("string")).required(),
        field("optional", Bool).pointer().omit_empty().default_json(r#"false"#),
    ],
)
.atomic();

/// `core/v1` `FlexPersistentVolumeSource`.
pub static FLEX_PERSISTENT_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "FlexPersistentVolumeSource",
    &[
        field("driver", Text("string")).required(),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
        field("secretRef", Type::Struct(&SECRET_REFERENCE)).pointer().omit_empty(),
        field("readOnly", Bool).omit_empty(),
        field("options", Map("map[string]string", &Text("string"))).omit_empty(),
    ],
);

/// `core/v1` `FlexVolumeSource`.
pub static FLEX_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "FlexVolumeSource",
    &[
        field("driver", Text("string")).required(),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
        field("secretRef", Type::Struct(&LOCAL_OBJECT_REFERENCE)).pointer().omit_empty(),
        field("readOnly", Bool).omit_empty(),
        field("options", Map("map[string]string", &Text("string"))).omit_empty(),
    ],
);

/// `core/v1` `FlockerVolumeSource`.
pub static FLOCKER_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "FlockerVolumeSource",
    &[
        field("datasetName", Text("string")).omit_empty(),
        field("datasetUUID", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `GCEPersistentDiskVolumeSource`.
pub static GCE_PERSISTENT_DISK_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "GCEPersistentDiskVolumeSource",
    &[
        field("pdName", Text("string")).go_name("PDName").required(),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
        field("partition", Int32).omit_empty(),
        field("readOnly", Bool).omit_empty(),
    ],
);

/// `core/v1` `GRPCAction`.
pub static GRPC_ACTION: Struct = structure(
    PACKAGE,
    "GRPCAction",
    &[
        field("port", Int32).required(),
        field("service", Text("string")).pointer().default_json(r#""""#),
    ],
);

/// `core/v1` `GitRepoVolumeSource`.
pub static GIT_REPO_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "GitRepoVolumeSource",
    &[
        field("repository", Text("string")).required(),
        field("revision", Text("string")).omit_empty(),
        field("directory", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `GlusterfsPersistentVolumeSource`.
pub static GLUSTERFS_PERSISTENT_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "GlusterfsPersistentVolumeSource",
    &[
        field("endpoints", Text("string")).go_name("EndpointsName").required(),
        field("path", Text("string")).required(),
        field("readOnly", Bool).omit_empty(),
        field("endpointsNamespace", Text("string")).pointer().omit_empty(),
    ],
);

/// `core/v1` `GlusterfsVolumeSource`.
pub static GLUSTERFS_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "GlusterfsVolumeSource",
    &[
        field("endpoints", Text("string")).go_name("EndpointsName").required(),
        field("path", Text("string")).required(),
        field("readOnly", Bool).omit_empty(),
    ],
);

/// `core/v1` `HTTPGetAction`.
pub static HTTP_GET_ACTION: Struct = structure(
    PACKAGE,
    "HTTPGetAction",
    &[
        field("path", Text("string")).omit_empty(),
        field("port", IntOrString).required(),
        field("host", Text("string")).omit_empty(),
        field("scheme", Text("v1.URIScheme")).omit_empty(),
        field("httpHeaders", List(&Type::Struct(&HTTP_HEADER), ATOMIC))
            .go_name("HTTPHeaders")
            .omit_empty(),
    ],
);

/// `core/v1` `HTTPHeader`.
pub static HTTP_HEADER: Struct = structure(
    PACKAGE,
    "HTTPHeader",
    &[field("name", Text("string")).required(), field("value", Text("string")).required()],
);

/// `core/v1` `HostAlias`.
pub static HOST_ALIAS: Struct = structure(
    PACKAGE,
    "HostAlias",
    &[
        field("ip", Text("string")).go_name("IP").required(),
        field("hostnames", List(&Text("string"), ATOMIC)).omit_empty(),
    ],
);

/// `core/v1` `HostIP`.
pub static HOST_IP: Struct =
    structure(PACKAGE, "HostIP", &[field("ip", Text("string")).go_name("IP").required()]);

/// `core/v1` `HostPathVolumeSource`.
pub static HOST_PATH_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "HostPathVolumeSource",
    &[
        field("path", Text("string")).required(),
        field("type", Text("v1.HostPathType")).pointer().omit_empty(),
    ],
);

/// `core/v1` `ISCSIPersistentVolumeSource`.
pub static ISCSI_PERSISTENT_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "ISCSIPersistentVolumeSource",
    &[
        field("targetPortal", Text("string")).required(),
        field("iqn", Text("string")).go_name("IQN").required(),
        field("lun", Int32).required(),
        field("iscsiInterface", Text("string"))
            .go_name("ISCSIInterface")
            .omit_empty()
            .default_json(r#""default""#),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
        field("readOnly", Bool).omit_empty(),
        field("portals", List(&Text("string"), ATOMIC)).omit_empty(),
        field("chapAuthDiscovery", Bool).go_name("DiscoveryCHAPAuth").omit_empty(),
        field("chapAuthSession", Bool).go_name("SessionCHAPAuth").omit_empty(),
        field("secretRef", Type::Struct(&SECRET_REFERENCE)).pointer().omit_empty(),
        field("initiatorName", Text("string")).pointer().omit_empty(),
    ],
);

/// `core/v1` `ISCSIVolumeSource`.
pub static ISCSI_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "ISCSIVolumeSource",
    &[
        field("targetPortal", Text("string")).required(),
        field("iqn", Text("string")).go_name("IQN").required(),
        field("lun", Int32).required(),
        field("iscsiInterface", Text("string"))
            .go_name("ISCSIInterface")
            .omit_empty()
            .default_json(r#""default""#),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
        field("readOnly", Bool).omit_empty(),
        field("portals", List(&Text("string"), ATOMIC)).omit_empty(),
        field("chapAuthDiscovery", Bool).go_name("DiscoveryCHAPAuth").omit_empty(),
        field("chapAuthSession", Bool).go_name("SessionCHAPAuth").omit_empty(),
        field("secretRef", Type::Struct(&LOCAL_OBJECT_REFERENCE)).pointer().omit_empty(),
        field("initiatorName", Text("string")).pointer().omit_empty(),
    ],
);

/// `core/v1` `ImageVolumeSource`.
pub static IMAGE_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "ImageVolumeSource",
    &[
        field("reference", Text("string")).omit_empty(),
        field("pullPolicy", Text("v1.PullPolicy")).omit_empty(),
    ],
);

/// `core/v1` `ImageVolumeStatus`.
pub static IMAGE_VOLUME_STATUS: Struct =
    structure(PACKAGE, "ImageVolumeStatus", &[field("imageRef", Text("string")).omit_empty()]);

/// `core/v1` `KeyToPath`.
pub static KEY_TO_PATH: Struct = structure(
    PACKAGE,
    "KeyToPath",
    &[
        field("key", Text("string")).required(),
        field("path", Text("string")).required(),
        field("mode", Int32).pointer().omit_empty(),
    ],
);

/// `core/v1` `Lifecycle`.
pub static LIFECYCLE: Struct = structure(
    PACKAGE,
    "Lifecycle",
    &[
        field("postStart", Type::Struct(&LIFECYCLE_HANDLER)).pointer().omit_empty(),
        field("preStop", Type::Struct(&LIFECYCLE_HANDLER)).pointer().omit_empty(),
        field("stopSignal", Text("v1.Signal")).pointer().omit_empty(),
    ],
);

/// `core/v1` `LifecycleHandler`.
pub static LIFECYCLE_HANDLER: Struct = structure(
    PACKAGE,
    "LifecycleHandler",
    &[
        field("exec", Type::Struct(&EXEC_ACTION)).pointer().omit_empty(),
        field("httpGet", Type::Struct(&HTTP_GET_ACTION)).go_name("HTTPGet").pointer().omit_empty(),
        field("tcpSocket", Type::Struct(&TCP_SOCKET_ACTION))
            .go_name("TCPSocket")
            .pointer()
            .omit_empty(),
        field("sleep", Type::Struct(&SLEEP_ACTION)).pointer().omit_empty(),
    ],
);

/// `core/v1` `LimitRange`.
pub static LIMIT_RANGE: Struct = structure(
    PACKAGE,
    "LimitRange",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&LIMIT_RANGE_SPEC)).omit_empty(),
    ],
);

/// `core/v1` `LimitRangeItem`.
pub static LIMIT_RANGE_ITEM: Struct = structure(
    PACKAGE,
    "LimitRangeItem",
    &[
        field("type", Text("v1.LimitType")).required(),
        field("max", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field("min", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field("default", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field("defaultRequest", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field("maxLimitRequestRatio", Map("v1.ResourceList", &Quantity)).omit_empty(),
    ],
);

/// `core/v1` `LimitRangeSpec`.
pub static LIMIT_RANGE_SPEC: Struct = structure(
    PACKAGE,
    "LimitRangeSpec",
    &[field("limits", List(&Type::Struct(&LIMIT_RANGE_ITEM), ATOMIC)).required()],
);

/// `core/v1` `LinuxContainerUser`.
pub static LINUX_CONTAINER_USER: Struct = structure(
    PACKAGE,
    "LinuxContainerUser",
    &[
        field("uid", Int64).go_name("UID").required(),
        field("gid", Int64).go_name("GID").required(),
        field("supplementalGroups", List(&Int64, ATOMIC)).omit_empty(),
    ],
);

/// `core/v1` `LoadBalancerIngress`.
pub static LOAD_BALANCER_INGRESS: Struct = structure(
    PACKAGE,
    "LoadBalancerIngress",
    &[
        field("ip", Text("string")).go_name("IP").omit_empty(),
        field("hostname", Text("string")).omit_empty(),
        field("ipMode", Text("v1.LoadBalancerIPMode")).go_name("IPMode").pointer().omit_empty(),
        field("ports", List(&Type::Struct(&PORT_STATUS), ATOMIC)).omit_empty(),
    ],
);

/// `core/v1` `LoadBalancerStatus`.
pub static LOAD_BALANCER_STATUS: Struct = structure(
    PACKAGE,
    "LoadBalancerStatus",
    &[field("ingress", List(&Type::Struct(&LOAD_BALANCER_INGRESS), ATOMIC)).omit_empty()],
);

/// `core/v1` `LocalObjectReference`.
pub static LOCAL_OBJECT_REFERENCE: Struct = structure(
    PACKAGE,
    "LocalObjectReference",
    &[field("name", Text("string")).omit_empty().default_json(r#""""#)],
)
.atomic();

/// `core/v1` `LocalVolumeSource`.
pub static LOCAL_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "LocalVolumeSource",
    &[
        field("path", Text("string")).required(),
        field("fsType", Text("string")).go_name("FSType").pointer().omit_empty(),
    ],
);

/// `core/v1` `ModifyVolumeStatus`.
pub static MODIFY_VOLUME_STATUS: Struct = structure(
    PACKAGE,
    "ModifyVolumeStatus",
    &[
        field("targetVolumeAttributesClassName", Text("string")).omit_empty(),
        field("status", Text("v1.PersistentVolumeClaimModifyVolumeStatus")).required(),
    ],
);

/// `core/v1` `NFSVolumeSource`.
pub static NFS_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "NFSVolumeSource",
    &[
        field("server", Text("string")).required(),
        field("path", Text("string")).required(),
        field("readOnly", Bool).omit_empty(),
    ],
);

/// `core/v1` `Namespace`.
pub static NAMESPACE: Struct = structure(
    PACKAGE,
    "Namespace",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&NAMESPACE_SPEC)).omit_empty(),
        field("status", Type::Struct(&NAMESPACE_STATUS)).omit_empty(),
    ],
);

/// `core/v1` `NamespaceCondition`.
pub static NAMESPACE_CONDITION: Struct = structure(
    PACKAGE,
    "NamespaceCondition",
    &[
        field("type", Text("v1.NamespaceConditionType")).required(),
        field("status", Text("v1.ConditionStatus")).required(),
        field("lastTransitionTime", Time).omit_empty(),
        field("reason", Text("string")).omit_empty(),
        field("message", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `NamespaceSpec`.
pub static NAMESPACE_SPEC: Struct = structure(
    PACKAGE,
    "NamespaceSpec",
    &[field("finalizers", List(&Text("v1.FinalizerName"), ATOMIC)).omit_empty()],
);

/// `core/v1` `NamespaceStatus`.
pub static NAMESPACE_STATUS: Struct = structure(
    PACKAGE,
    "NamespaceStatus",
    &[
        field("phase", Text("v1.NamespacePhase")).omit_empty(),
        field(
            "conditions",
            List(&Type::Struct(&NAMESPACE_CONDITION), merged_by(&["type"]).patched_by("type")),
        )
        .omit_empty(),
    ],
);

/// `core/v1` `Node`.
pub static NODE: Struct = structure(
    PACKAGE,
    "Node",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&NODE_SPEC)).omit_empty(),
        field("status", Type::Struct(&NODE_STATUS)).omit_empty(),
    ],
);

/// `core/v1` `NodeAddress`.
pub static NODE_ADDRESS: Struct = structure(
    PACKAGE,
    "NodeAddress",
    &[
        field("type", Text("v1.NodeAddressType")).required(),
        field("address", Text("string")).required(),
    ],
);

/// `core/v1` `NodeAffinity`.
pub static NODE_AFFINITY: Struct = structure(
    PACKAGE,
    "NodeAffinity",
    &[
        field("requiredDuringSchedulingIgnoredDuringExecution", Type::Struct(&NODE_SELECTOR))
            .pointer()
            .omit_empty(),
        field(
            "preferredDuringSchedulingIgnoredDuringExecution",
            List(&Type::Struct(&PREFERRED_SCHEDULING_TERM), ATOMIC),
        )
        .omit_empty(),
    ],
);

/// `core/v1` `NodeAllocatableResourceClaimStatus`.
pub static NODE_ALLOCATABLE_RESOURCE_CLAIM_STATUS: Struct = structure(
    PACKAGE,
    "NodeAllocatableResourceClaimStatus",
    &[
        field("resourceClaimName", Text("string")).required(),
        field("containers", List(&Text("string"), SET)).omit_empty(),
        field("resources", Map("map[v1.ResourceName]resource.Quantity", &Quantity)).required(),
    ],
);

/// `core/v1` `NodeCondition`.
pub static NODE_CONDITION: Struct = structure(
    PACKAGE,
    "NodeCondition",
    &[
        field("type", Text("v1.NodeConditionType")).required(),
        field("status", Text("v1.ConditionStatus")).required(),
        field("lastHeartbeatTime", Time).omit_empty(),
        field("lastTransitionTime", Time).omit_empty(),
        field("reason", Text("string")).omit_empty(),
        field("message", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `NodeConfigSource`.
pub static NODE_CONFIG_SOURCE: Struct = structure(
    PACKAGE,
    "NodeConfigSource",
    &[field("configMap", Type::Struct(&CONFIG_MAP_NODE_CONFIG_SOURCE)).pointer().omit_empty()],
);

/// `core/v1` `NodeConfigStatus`.
pub static NODE_CONFIG_STATUS: Struct = structure(
    PACKAGE,
    "NodeConfigStatus",
    &[
        field("assigned", Type::Struct(&NODE_CONFIG_SOURCE)).pointer().omit_empty(),
        field("active", Type::Struct(&NODE_CONFIG_SOURCE)).pointer().omit_empty(),
        field("lastKnownGood", Type::Struct(&NODE_CONFIG_SOURCE)).pointer().omit_empty(),
        field("error", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `NodeDaemonEndpoints`.
pub static NODE_DAEMON_ENDPOINTS: Struct = structure(
    PACKAGE,
    "NodeDaemonEndpoints",
    &[field("kubeletEndpoint", Type::Struct(&DAEMON_ENDPOINT)).omit_empty()],
);

/// `core/v1` `NodeFeatures`.
pub static NODE_FEATURES: Struct = structure(
    PACKAGE,
    "NodeFeatures",
    &[field("supplementalGroupsPolicy", Bool).pointer().omit_empty()],
);

/// `core/v1` `NodeProxyOptions`.
pub static NODE_PROXY_OPTIONS: Struct = structure(
    PACKAGE,
    "NodeProxyOptions",
    &[KIND, API_VERSION, field("path", Text("string")).omit_empty()],
);

/// `core/v1` `NodeRuntimeHandler`.
pub static NODE_RUNTIME_HANDLER: Struct = structure(
    PACKAGE,
    "NodeRuntimeHandler",
    &[
        field("name", Text("string")),
        field("features", Type::Struct(&NODE_RUNTIME_HANDLER_FEATURES)).pointer().omit_empty(),
    ],
);

/// `core/v1` `NodeRuntimeHandlerFeatures`.
pub static NODE_RUNTIME_HANDLER_FEATURES: Struct = structure(
    PACKAGE,
    "NodeRuntimeHandlerFeatures",
    &[
        field("recursiveReadOnlyMounts", Bool).pointer().omit_empty(),
        field("userNamespaces", Bool).pointer().omit_empty(),
    ],
);

/// `core/v1` `NodeSelector`.
pub static NODE_SELECTOR: Struct = structure(
    PACKAGE,
    "NodeSelector",
    &[field("nodeSelectorTerms", List(&Type::Struct(&NODE_SELECTOR_TERM), ATOMIC)).required()],
)
.atomic();

/// `core/v1` `NodeSelectorRequirement`.
pub static NODE_SELECTOR_REQUIREMENT: Struct = structure(
    PACKAGE,
    "NodeSelectorRequirement",
    &[
        field("key", Text("string")).required(),
        field("operator", Text("v1.NodeSelectorOperator")).required(),
        field("values", List(&Text("string"), ATOMIC)).omit_empty(),
    ],
);

/// `core/v1` `NodeSelectorTerm`.
pub static NODE_SELECTOR_TERM: Struct = structure(
    PACKAGE,
    "NodeSelectorTerm",
    &[
        field("matchExpressions", List(&Type::Struct(&NODE_SELECTOR_REQUIREMENT), ATOMIC))
            .omit_empty(),
        field("matchFields", List(&Type::Struct(&NODE_SELECTOR_REQUIREMENT), ATOMIC)).omit_empty(),
    ],
)
.atomic();

/// `core/v1` `NodeSpec`.
pub static NODE_SPEC: Struct = structure(
    PACKAGE,
    "NodeSpec",
    &[
        field("podCIDR", Text("string")).omit_empty(),
        field("podCIDRs", List(&Text("string"), SET.patched_by(""))).omit_empty(),
        field("providerID", Text("string")).omit_empty(),
        field("unschedulable", Bool).omit_empty(),
        field("taints", List(&Type::Struct(&TAINT), ATOMIC)).omit_empty(),
        field("configSource", Type::Struct(&NODE_CONFIG_SOURCE)).pointer().omit_empty(),
        field("externalID", Text("string")).go_name("DoNotUseExternalID").omit_empty(),
    ],
);

/// `core/v1` `NodeStatus`.
pub static NODE_STATUS: Struct = structure(
    PACKAGE,
    "NodeStatus",
    &[
        field("capacity", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field("allocatable", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field("phase", Text("v1.NodePhase")).omit_empty(),
        field(
            "conditions",
            List(&Type::Struct(&NODE_CONDITION), merged_by(&["type"]).patched_by("type")),
        )
        .omit_empty(),
        field(
            "addresses",
            List(&Type::Struct(&NODE_ADDRESS), merged_by(&["type"]).patched_by("type")),
        )
        .omit_empty(),
        field("daemonEndpoints", Type::Struct(&NODE_DAEMON_ENDPOINTS)).omit_empty(),
        field("nodeInfo", Type::Struct(&NODE_SYSTEM_INFO)).omit_empty(),
        field("images", List(&Type::Struct(&CONTAINER_IMAGE), ATOMIC)).omit_empty(),
        field("volumesInUse", List(&Text("v1.UniqueVolumeName"), ATOMIC)).omit_empty(),
        field("volumesAttached", List(&Type::Struct(&ATTACHED_VOLUME), ATOMIC)).omit_empty(),
        field("config", Type::Struct(&NODE_CONFIG_STATUS)).pointer().omit_empty(),
        field("runtimeHandlers", List(&Type::Struct(&NODE_RUNTIME_HANDLER), ATOMIC)).omit_empty(),
        field("features", Type::Struct(&NODE_FEATURES)).pointer().omit_empty(),
        field("declaredFeatures", List(&Text("string"), ATOMIC)).omit_empty(),
    ],
);

/// `core/v1` `NodeSwapStatus`.
pub static NODE_SWAP_STATUS: Struct =
    structure(PACKAGE, "NodeSwapStatus", &[field("capacity", Int64).pointer().omit_empty()]);

/// `core/v1` `NodeSystemInfo`.
pub static NODE_SYSTEM_INFO: Struct = structure(
    PACKAGE,
    "NodeSystemInfo",
    &[
        field("machineID", Text("string")).required(),
        field("systemUUID", Text("string")).required(),
        field("bootID", Text("string")).required(),
        field("kernelVersion", Text("string")).required(),
        field("osImage", Text("string")).go_name("OSImage").required(),
        field("containerRuntimeVersion", Text("string")).required(),
        field("kubeletVersion", Text("string")).required(),
        field("kubeProxyVersion", Text("string")).required(),
        field("operatingSystem", Text("string")).required(),
        field("architecture", Text("string")).required(),
        field("swap", Type::Struct(&NODE_SWAP_STATUS)).pointer().omit_empty(),
    ],
);

/// `core/v1` `ObjectFieldSelector`.
pub static OBJECT_FIELD_SELECTOR: Struct = structure(
    PACKAGE,
    "ObjectFieldSelector",
    &[
        field("apiVersion", Text("string")).go_name("APIVersion").omit_empty(),
        field("fieldPath", Text("string")).required(),
    ],
)
.atomic();

/// `core/v1` `ObjectReference`.
pub static OBJECT_REFERENCE: Struct = structure(
    PACKAGE,
    "ObjectReference",
    &[
        field("kind", Text("string")).omit_empty(),
        field("namespace", Text("string")).omit_empty(),
        field("name", Text("string")).omit_empty(),
        field("uid", Text("types.UID")).go_name("UID").omit_empty(),
        field("apiVersion", Text("string")).go_name("APIVersion").omit_empty(),
        field("resourceVersion", Text("string")).omit_empty(),
        field("fieldPath", Text("string")).omit_empty(),
    ],
)
.atomic();

/// `core/v1` `PersistentVolume`.
pub static PERSISTENT_VOLUME: Struct = structure(
    PACKAGE,
    "PersistentVolume",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&PERSISTENT_VOLUME_SPEC)).omit_empty(),
        field("status", Type::Struct(&PERSISTENT_VOLUME_STATUS)).omit_empty(),
    ],
);

/// `core/v1` `PersistentVolumeClaim`.
pub static PERSISTENT_VOLUME_CLAIM: Struct = structure(
    PACKAGE,
    "PersistentVolumeClaim",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&PERSISTENT_VOLUME_CLAIM_SPEC)).omit_empty(),
        field("status", Type::Struct(&PERSISTENT_VOLUME_CLAIM_STATUS)).omit_empty(),
    ],
);

/// `core/v1` `PersistentVolumeClaimCondition`.
pub static PERSISTENT_VOLUME_CLAIM_CONDITION: Struct = structure(
    PACKAGE,
    "PersistentVolumeClaimCondition",
    &[
        field("type", Text("v1.PersistentVolumeClaimConditionType")).required(),
        field("status", Text("v1.ConditionStatus")).required(),
        field("lastProbeTime", Time).omit_empty(),
        field("lastTransitionTime", Time).omit_empty(),
        field("reason", Text("string")).omit_empty(),
        field("message", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `PersistentVolumeClaimSpec`.
pub static PERSISTENT_VOLUME_CLAIM_SPEC: Struct = structure(
    PACKAGE,
    "PersistentVolumeClaimSpec",
    &[
        field("accessModes", List(&Text("v1.PersistentVolumeAccessMode"), ATOMIC)).omit_empty(),
        field("selector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().omit_empty(),
        field("resources", Type::Struct(&VOLUME_RESOURCE_REQUIREMENTS)).omit_empty(),
        field("volumeName", Text("string")).omit_empty(),
        field("storageClassName", Text("string")).pointer().omit_empty(),
        field("volumeMode", Text("v1.PersistentVolumeMode")).pointer().omit_empty(),
        field("dataSource", Type::Struct(&TYPED_LOCAL_OBJECT_REFERENCE)).pointer().omit_empty(),
        field("dataSourceRef", Type::Struct(&TYPED_OBJECT_REFERENCE)).pointer().omit_empty(),
        field("volumeAttributesClassName", Text("string")).pointer().omit_empty(),
    ],
);

/// `core/v1` `PersistentVolumeClaimStatus`.
pub static PERSISTENT_VOLUME_CLAIM_STATUS: Struct = structure(
    PACKAGE,
    "PersistentVolumeClaimStatus",
    &[
        field("phase", Text("v1.PersistentVolumeClaimPhase")).omit_empty(),
        field("accessModes", List(&Text("v1.PersistentVolumeAccessMode"), ATOMIC)).omit_empty(),
        field("capacity", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field(
            "conditions",
            List(
                &Type::Struct(&PERSISTENT_VOLUME_CLAIM_CONDITION),
                merged_by(&["type"]).patched_by("type"),
            ),
        )
        .omit_empty(),
        field("allocatedResources", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field(
            "allocatedResourceStatuses",
            Map("map[v1.ResourceName]v1.ClaimResourceStatus", &Text("v1.ClaimResourceStatus")),
        )
        .omit_empty(),
        field("currentVolumeAttributesClassName", Text("string")).pointer().omit_empty(),
        field("modifyVolumeStatus", Type::Struct(&MODIFY_VOLUME_STATUS)).pointer().omit_empty(),
    ],
);

/// `core/v1` `PersistentVolumeClaimTemplate`.
pub static PERSISTENT_VOLUME_CLAIM_TEMPLATE: Struct = structure(
    PACKAGE,
    "PersistentVolumeClaimTemplate",
    &[
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&PERSISTENT_VOLUME_CLAIM_SPEC)).required(),
    ],
);

/// `core/v1` `PersistentVolumeClaimVolumeSource`.
pub static PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "PersistentVolumeClaimVolumeSource",
    &[field("claimName", Text("string")).required(), field("readOnly", Bool).omit_empty()],
);

/// `core/v1` `PersistentVolumeSpec`.
pub static PERSISTENT_VOLUME_SPEC: Struct = structure(
    PACKAGE,
    "PersistentVolumeSpec",
    &[
        field("capacity", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field("gcePersistentDisk", Type::Struct(&GCE_PERSISTENT_DISK_VOLUME_SOURCE))
            .go_name("GCEPersistentDisk")
            .pointer()
            .omit_empty(),
        field("awsElasticBlockStore", Type::Struct(&AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE))
            .go_name("AWSElasticBlockStore")
            .pointer()
            .omit_empty(),
        field("hostPath", Type::Struct(&HOST_PATH_VOLUME_SOURCE)).pointer().omit_empty(),
        field("glusterfs", Type::Struct(&GLUSTERFS_PERSISTENT_VOLUME_SOURCE))
            .pointer()
            .omit_empty(),
        field("nfs", Type::Struct(&NFS_VOLUME_SOURCE)).go_name("NFS").pointer().omit_empty(),
        field("rbd", Type::Struct(&RBD_PERSISTENT_VOLUME_SOURCE))
            .go_name("RBD")
            .pointer()
            .omit_empty(),
        field("iscsi", Type::Struct(&ISCSI_PERSISTENT_VOLUME_SOURCE))
            .go_name("ISCSI")
            .pointer()
            .omit_empty(),
        field("cinder", Type::Struct(&CINDER_PERSISTENT_VOLUME_SOURCE)).pointer().omit_empty(),
        field("cephfs", Type::Struct(&CEPH_FS_PERSISTENT_VOLUME_SOURCE))
            .go_name("CephFS")
            .pointer()
            .omit_empty(),
        field("fc", Type::Struct(&FC_VOLUME_SOURCE)).go_name("FC").pointer().omit_empty(),
        field("flocker", Type::Struct(&FLOCKER_VOLUME_SOURCE)).pointer().omit_empty(),
        field("flexVolume", Type::Struct(&FLEX_PERSISTENT_VOLUME_SOURCE)).pointer().omit_empty(),
        field("azureFile", Type::Struct(&AZURE_FILE_PERSISTENT_VOLUME_SOURCE))
            .pointer()
            .omit_empty(),
        field("vsphereVolume", Type::Struct(&VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE))
            .pointer()
            .omit_empty(),
        field("quobyte", Type::Struct(&QUOBYTE_VOLUME_SOURCE)).pointer().omit_empty(),
        field("azureDisk", Type::Struct(&AZURE_DISK_VOLUME_SOURCE)).pointer().omit_empty(),
        field("photonPersistentDisk", Type::Struct(&PHOTON_PERSISTENT_DISK_VOLUME_SOURCE))
            .pointer()
            .omit_empty(),
        field("portworxVolume", Type::Struct(&PORTWORX_VOLUME_SOURCE)).pointer().omit_empty(),
        field("scaleIO", Type::Struct(&SCALE_IO_PERSISTENT_VOLUME_SOURCE)).pointer().omit_empty(),
        field("local", Type::Struct(&LOCAL_VOLUME_SOURCE)).pointer().omit_empty(),
        field("storageos", Type::Struct(&STORAGE_OS_PERSISTENT_VOLUME_SOURCE))
            .go_name("StorageOS")
            .pointer()
            .omit_empty(),
        field("csi", Type::Struct(&CSI_PERSISTENT_VOLUME_SOURCE))
            .go_name("CSI")
            .pointer()
            .omit_empty(),
        field("accessModes", List(&Text("v1.PersistentVolumeAccessMode"), ATOMIC)).omit_empty(),
        field("claimRef", Type::Struct(&OBJECT_REFERENCE)).pointer().omit_empty(),
        field("persistentVolumeReclaimPolicy", Text("v1.PersistentVolumeReclaimPolicy"))
            .omit_empty(),
        field("storageClassName", Text("string")).omit_empty(),
        field("mountOptions", List(&Text("string"), ATOMIC)).omit_empty(),
        field("volumeMode", Text("v1.PersistentVolumeMode")).pointer().omit_empty(),
        field("nodeAffinity", Type::Struct(&VOLUME_NODE_AFFINITY)).pointer().omit_empty(),
        field("volumeAttributesClassName", Text("string")).pointer().omit_empty(),
    ],
);

/// `core/v1` `PersistentVolumeStatus`.
pub static PERSISTENT_VOLUME_STATUS: Struct = structure(
    PACKAGE,
    "PersistentVolumeStatus",
    &[
        field("phase", Text("v1.PersistentVolumePhase")).omit_empty(),
        field("message", Text("string")).omit_empty(),
        field("reason", Text("string")).omit_empty(),
        field("lastPhaseTransitionTime", Time).pointer().omit_empty(),
    ],
);

/// `core/v1` `PhotonPersistentDiskVolumeSource`.
pub static PHOTON_PERSISTENT_DISK_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "PhotonPersistentDiskVolumeSource",
    &[
        field("pdID", Text("string")).required(),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
    ],
);

/// `core/v1` `Pod`.
pub static POD: Struct = structure(
    PACKAGE,
    "Pod",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&POD_SPEC)).omit_empty(),
        field("status", Type::Struct(&POD_STATUS)).omit_empty(),
    ],
);

/// `core/v1` `PodAffinity`.
pub static POD_AFFINITY: Struct = structure(
    PACKAGE,
    "PodAffinity",
    &[
        field(
            "requiredDuringSchedulingIgnoredDuringExecution",
            List(&Type::Struct(&POD_AFFINITY_TERM), ATOMIC),
        )
        .omit_empty(),
        field(
            "preferredDuringSchedulingIgnoredDuringExecution",
            List(&Type::Struct(&WEIGHTED_POD_AFFINITY_TERM), ATOMIC),
        )
        .omit_empty(),
    ],
);

/// `core/v1` `PodAffinityTerm`.
pub static POD_AFFINITY_TERM: Struct = structure(
    PACKAGE,
    "PodAffinityTerm",
    &[
        field("labelSelector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().omit_empty(),
        field("namespaces", List(&Text("string"), ATOMIC)).omit_empty(),
        field("topologyKey", Text("string")).required(),
        field("namespaceSelector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().omit_empty(),
        field("matchLabelKeys", List(&Text("string"), ATOMIC)).omit_empty(),
        field("mismatchLabelKeys", List(&Text("string"), ATOMIC)).omit_empty(),
    ],
);

/// `core/v1` `PodAntiAffinity`.
pub static POD_ANTI_AFFINITY: Struct = structure(
    PACKAGE,
    "PodAntiAffinity",
    &[
        field(
            "requiredDuringSchedulingIgnoredDuringExecution",
            List(&Type::Struct(&POD_AFFINITY_TERM), ATOMIC),
        )
        .omit_empty(),
        field(
            "preferredDuringSchedulingIgnoredDuringExecution",
            List(&Type::Struct(&WEIGHTED_POD_AFFINITY_TERM), ATOMIC),
        )
        .omit_empty(),
    ],
);

/// `core/v1` `PodAttachOptions`.
pub static POD_ATTACH_OPTIONS: Struct = structure(
    PACKAGE,
    "PodAttachOptions",
    &[
        KIND,
        API_VERSION,
        field("stdin", Bool).omit_empty(),
        field("stdout", Bool).omit_empty(),
        field("stderr", Bool).omit_empty(),
        field("tty", Bool).go_name("TTY").omit_empty(),
        field("container", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `PodCertificateProjection`.
pub static POD_CERTIFICATE_PROJECTION: Struct = structure(
    PACKAGE,
    "PodCertificateProjection",
    &[
        field("signerName", Text("string")).omit_empty(),
        field("keyType", Text("string")).omit_empty(),
        field("maxExpirationSeconds", Int32).pointer().omit_empty(),
        field("credentialBundlePath", Text("string")).omit_empty(),
        field("keyPath", Text("string")).omit_empty(),
        field("certificateChainPath", Text("string")).omit_empty(),
        field("userAnnotations", Map("map[string]string", &Text("string"))).omit_empty(),
    ],
);

/// `core/v1` `PodCondition`.
pub static POD_CONDITION: Struct = structure(
    PACKAGE,
    "PodCondition",
    &[
        field("type", Text("v1.PodConditionType")).required(),
        field("observedGeneration", Int64).omit_empty(),
        field("status", Text("v1.ConditionStatus")).required(),
        field("lastProbeTime", Time).omit_empty(),
        field("lastTransitionTime", Time).omit_empty(),
        field("reason", Text("string")).omit_empty(),
        field("message", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `PodDNSConfig`.
pub static POD_DNS_CONFIG: Struct = structure(
    PACKAGE,
    "PodDNSConfig",
    &[
        field("nameservers", List(&Text("string"), ATOMIC)).omit_empty(),
        field("searches", List(&Text("string"), ATOMIC)).omit_empty(),
        field("options", List(&Type::Struct(&POD_DNS_CONFIG_OPTION), ATOMIC)).omit_empty(),
    ],
);

/// `core/v1` `PodDNSConfigOption`.
pub static POD_DNS_CONFIG_OPTION: Struct = structure(
    PACKAGE,
    "PodDNSConfigOption",
    &[
        field("name", Text("string")).omit_empty(),
        field("value", Text("string")).pointer().omit_empty(),
    ],
);

/// `core/v1` `PodExecOptions`.
pub static POD_EXEC_OPTIONS: Struct = structure(
    PACKAGE,
    "PodExecOptions",
    &[
        KIND,
        API_VERSION,
        field("stdin", Bool).omit_empty(),
        field("stdout", Bool).omit_empty(),
        field("stderr", Bool).omit_empty(),
        field("tty", Bool).go_name("TTY").omit_empty(),
        field("container", Text("string")).omit_empty(),
        field("command", List(&Text("string"), ATOMIC)).required(),
    ],
);

/// `core/v1` `PodExtendedResourceClaimStatus`.
pub static POD_EXTENDED_RESOURCE_CLAIM_STATUS: Struct = structure(
    PACKAGE,
    "PodExtendedResourceClaimStatus",
    &[
        field("requestMappings", List(&Type::Struct(&CONTAINER_EXTENDED_RESOURCE_REQUEST), ATOMIC))
            .required(),
        field("resourceClaimName", Text("string")).required(),
    ],
);

/// `core/v1` `PodIP`.
pub static POD_IP: Struct =
    structure(PACKAGE, "PodIP", &[field("ip", Text("string")).go_name("IP").required()]);

/// `core/v1` `PodLogOptions`.
pub static POD_LOG_OPTIONS: Struct = structure(
    PACKAGE,
    "PodLogOptions",
    &[
        KIND,
        API_VERSION,
        field("container", Text("string")).omit_empty(),
        field("follow", Bool).omit_empty(),
        field("previous", Bool).omit_empty(),
        field("sinceSeconds", Int64).pointer().omit_empty(),
        field("sinceTime", Time).pointer().omit_empty(),
        field("timestamps", Bool).omit_empty(),
        field("tailLines", Int64).pointer().omit_empty(),
        field("limitBytes", Int64).pointer().omit_empty(),
        field("insecureSkipTLSVerifyBackend", Bool).omit_empty(),
        field("stream", Text("string")).pointer().omit_empty(),
    ],
);

/// `core/v1` `PodOS`.
pub static POD_OS: Struct =
    structure(PACKAGE, "PodOS", &[field("name", Text("v1.OSName")).required()]);

/// `core/v1` `PodPortForwardOptions`.
pub static POD_PORT_FORWARD_OPTIONS: Struct = structure(
    PACKAGE,
    "PodPortForwardOptions",
    &[KIND, API_VERSION, field("ports", List(&Int32, ATOMIC)).omit_empty()],
);

/// `core/v1` `PodProxyOptions`.
pub static POD_PROXY_OPTIONS: Struct = structure(
    PACKAGE,
    "PodProxyOptions",
    &[KIND, API_VERSION, field("path", Text("string")).omit_empty()],
);

/// `core/v1` `PodReadinessGate`.
pub static POD_READINESS_GATE: Struct = structure(
    PACKAGE,
    "PodReadinessGate",
    &[field("conditionType", Text("v1.PodConditionType")).required()],
);

/// `core/v1` `PodResourceClaim`.
pub static POD_RESOURCE_CLAIM: Struct = structure(
    PACKAGE,
    "PodResourceClaim",
    &[
        field("name", Text("string")).required(),
        field("resourceClaimName", Text("string")).pointer().omit_empty(),
        field("resourceClaimTemplateName", Text("string")).pointer().omit_empty(),
    ],
);

/// `core/v1` `PodResourceClaimStatus`.
pub static POD_RESOURCE_CLAIM_STATUS: Struct = structure(
    PACKAGE,
    "PodResourceClaimStatus",
    &[
        field("name", Text("string")).required(),
        field("resourceClaimName", Text("string")).pointer().omit_empty(),
    ],
);

/// `core/v1` `PodSchedulingGate`.
pub static POD_SCHEDULING_GATE: Struct =
    structure(PACKAGE, "PodSchedulingGate", &[field("name", Text("string")).required()]);

/// `core/v1` `PodSchedulingGroup`.
pub static POD_SCHEDULING_GROUP: Struct = structure(
    PACKAGE,
    "PodSchedulingGroup",
    &[field("podGroupName", Text("string")).pointer().omit_empty()],
);

/// `core/v1` `PodSecurityContext`.
pub static POD_SECURITY_CONTEXT: Struct = structure(
    PACKAGE,
    "PodSecurityContext",
    &[
        field("seLinuxOptions", Type::Struct(&SE_LINUX_OPTIONS))
            .go_name("SELinuxOptions")
            .pointer()
            .omit_empty(),
        field("windowsOptions", Type::Struct(&WINDOWS_SECURITY_CONTEXT_OPTIONS))
            .pointer()
            .omit_empty(),
        field("runAsUser", Int64).pointer().omit_empty(),
        field("runAsGroup", Int64).pointer().omit_empty(),
        field("runAsNonRoot", Bool).pointer().omit_empty(),
        field("supplementalGroups", List(&Int64, ATOMIC)).omit_empty(),
        field("supplementalGroupsPolicy", Text("v1.SupplementalGroupsPolicy"))
            .pointer()
            .omit_empty(),
        field("fsGroup", Int64).go_name("FSGroup").pointer().omit_empty(),
        field("sysctls", List(&Type::Struct(&SYSCTL), ATOMIC)).omit_empty(),
        field("fsGroupChangePolicy", Text("v1.PodFSGroupChangePolicy"))
            .go_name("FSGroupChangePolicy")
            .pointer()
            .omit_empty(),
        field("seccompProfile", Type::Struct(&SECCOMP_PROFILE)).pointer().omit_empty(),
        field("appArmorProfile", Type::Struct(&APP_ARMOR_PROFILE)).pointer().omit_empty(),
        field("seLinuxChangePolicy", Text("v1.PodSELinuxChangePolicy"))
            .go_name("SELinuxChangePolicy")
            .pointer()
            .omit_empty(),
    ],
);

/// `core/v1` `PodSpec`.
pub static POD_SPEC: Struct = structure(
    PACKAGE,
    "PodSpec",
    &[
        field("volumes", List(&Type::Struct(&VOLUME), merged_by(&["name"]).patched_by("name")))
            .omit_empty()
            .patched_by(RetainKeys),
        field(
            "initContainers",
            List(&Type::Struct(&CONTAINER), merged_by(&["name"]).patched_by("name")),
        )
        .omit_empty(),
        field(
            "containers",
            List(&Type::Struct(&CONTAINER), merged_by(&["name"]).patched_by("name")),
        )
        .required(),
        field(
            "ephemeralContainers",
            List(&Type::Struct(&EPHEMERAL_CONTAINER), merged_by(&["name"]).patched_by("name")),
        )
        .omit_empty(),
        field("restartPolicy", Text("v1.RestartPolicy")).omit_empty(),
        field("terminationGracePeriodSeconds", Int64).pointer().omit_empty(),
        field("activeDeadlineSeconds", Int64).pointer().omit_empty(),
        field("dnsPolicy", Text("v1.DNSPolicy")).go_name("DNSPolicy").omit_empty(),
        field("nodeSelector", Map("map[string]string", &Text("string"))).omit_empty().atomic(),
        field("serviceAccountName", Text("string")).omit_empty(),
        field("serviceAccount", Text("string")).go_name("DeprecatedServiceAccount").omit_empty(),
        field("automountServiceAccountToken", Bool).pointer().omit_empty(),
        field("nodeName", Text("string")).omit_empty(),
        field("hostNetwork", Bool).omit_empty(),
        field("hostPID", Bool).omit_empty(),
        field("hostIPC", Bool).omit_empty(),
        field("shareProcessNamespace", Bool).pointer().omit_empty(),
        field("securityContext", Type::Struct(&POD_SECURITY_CONTEXT)).pointer().omit_empty(),
        field(
            "imagePullSecrets",
            List(&Type::Struct(&LOCAL_OBJECT_REFERENCE), merged_by(&["name"]).patched_by("name")),
        )
        .omit_empty(),
        field("hostname", Text("string")).omit_empty(),
        field("subdomain", Text("string")).omit_empty(),
        field("affinity", Type::Struct(&AFFINITY)).pointer().omit_empty(),
        field("schedulerName", Text("string")).omit_empty(),
        field("tolerations", List(&Type::Struct(&TOLERATION), ATOMIC)).omit_empty(),
        field("hostAliases", List(&Type::Struct(&HOST_ALIAS), merged_by(&["ip"]).patched_by("ip")))
            .omit_empty(),
        field("priorityClassName", Text("string")).omit_empty(),
        field("priority", Int32).pointer().omit_empty(),
        field("dnsConfig", Type::Struct(&POD_DNS_CONFIG))
            .go_name("DNSConfig")
            .pointer()
            .omit_empty(),
        field("readinessGates", List(&Type::Struct(&POD_READINESS_GATE), ATOMIC)).omit_empty(),
        field("runtimeClassName", Text("string")).pointer().omit_empty(),
        field("enableServiceLinks", Bool).pointer().omit_empty(),
        field("preemptionPolicy", Text("v1.PreemptionPolicy")).pointer().omit_empty(),
        field("overhead", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field(
            "topologySpreadConstraints",
            List(
                &Type::Struct(&TOPOLOGY_SPREAD_CONSTRAINT),
                merged_by(&["topologyKey", "whenUnsatisfiable"]).patched_by("topologyKey"),
            ),
        )
        .omit_empty(),
        field("setHostnameAsFQDN", Bool).pointer().omit_empty(),
        field("os", Type::Struct(&POD_OS)).go_name("OS").pointer().omit_empty(),
        field("hostUsers", Bool).pointer().omit_empty(),
        field(
            "schedulingGates",
            List(&Type::Struct(&POD_SCHEDULING_GATE), merged_by(&["name"]).patched_by("name")),
        )
        .omit_empty(),
        field(
            "resourceClaims",
            List(&Type::Struct(&POD_RESOURCE_CLAIM), merged_by(&["name"]).patched_by("name")),
        )
        .omit_empty()
        .patched_by(RetainKeys),
        field("resources", Type::Struct(&RESOURCE_REQUIREMENTS)).pointer().omit_empty(),
        field("hostnameOverride", Text("string")).pointer().omit_empty(),
        field("schedulingGroup", Type::Struct(&POD_SCHEDULING_GROUP)).pointer().omit_empty(),
    ],
);

/// `core/v1` `PodStatus`.
pub static POD_STATUS: Struct = structure(
    PACKAGE,
    "PodStatus",
    &[
        field("observedGeneration", Int64).omit_empty(),
        field("phase", Text("v1.PodPhase")).omit_empty(),
        field(
            "conditions",
            List(&Type::Struct(&POD_CONDITION), merged_by(&["type"]).patched_by("type")),
        )
        .omit_empty(),
        field("message", Text("string")).omit_empty(),
        field("reason", Text("string")).omit_empty(),
        field("nominatedNodeName", Text("string")).omit_empty(),
        field("hostIP", Text("string")).omit_empty(),
        field("hostIPs", List(&Type::Struct(&HOST_IP), ATOMIC.patched_by("ip"))).omit_empty(),
        field("podIP", Text("string")).omit_empty(),
        field("podIPs", List(&Type::Struct(&POD_IP), merged_by(&["ip"]).patched_by("ip")))
            .omit_empty(),
        field("startTime", Time).pointer().omit_empty(),
        field("initContainerStatuses", List(&Type::Struct(&CONTAINER_STATUS), ATOMIC)).omit_empty(),
        field("containerStatuses", List(&Type::Struct(&CONTAINER_STATUS), ATOMIC)).omit_empty(),
        field("qosClass", Text("v1.PodQOSClass")).go_name("QOSClass").omit_empty(),
        field("ephemeralContainerStatuses", List(&Type::Struct(&CONTAINER_STATUS), ATOMIC))
            .omit_empty(),
        field("resize", Text("v1.PodResizeStatus")).omit_empty(),
        field(
            "resourceClaimStatuses",
            List(
                &Type::Struct(&POD_RESOURCE_CLAIM_STATUS),
                merged_by(&["name"]).patched_by("name"),
            ),
        )
        .omit_empty()
        .patched_by(RetainKeys),
        field("extendedResourceClaimStatus", Type::Struct(&POD_EXTENDED_RESOURCE_CLAIM_STATUS))
            .pointer()
            .omit_empty(),
        field("allocatedResources", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field("resources", Type::Struct(&RESOURCE_REQUIREMENTS)).pointer().omit_empty(),
        field(
            "nodeAllocatableResourceClaimStatuses",
            List(&Type::Struct(&NODE_ALLOCATABLE_RESOURCE_CLAIM_STATUS), ATOMIC),
        )
        .omit_empty(),
    ],
);

/// `core/v1` `PodStatusResult`.
pub static POD_STATUS_RESULT: Struct = structure(
    PACKAGE,
    "PodStatusResult",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("status", Type::Struct(&POD_STATUS)).omit_empty(),
    ],
);

/// `core/v1` `PodTemplate`.
pub static POD_TEMPLATE: Struct = structure(
    PACKAGE,
    "PodTemplate",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("template", Type::Struct(&POD_TEMPLATE_SPEC)).omit_empty(),
    ],
);

/// `core/v1` `PodTemplateSpec`.
pub static POD_TEMPLATE_SPEC: Struct = structure(
    PACKAGE,
    "PodTemplateSpec",
    &[
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&POD_SPEC)).omit_empty(),
    ],
);

/// `core/v1` `PortStatus`.
pub static PORT_STATUS: Struct = structure(
    PACKAGE,
    "PortStatus",
    &[
        field("port", Int32).required(),
        field("protocol", Text("v1.Protocol")).required(),
        field("error", Text("string")).pointer().omit_empty(),
    ],
);

/// `core/v1` `PortworxVolumeSource`.
pub static PORTWORX_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "PortworxVolumeSource",
    &[
        field("volumeID", Text("string")).required(),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
        field("readOnly", Bool).omit_empty(),
    ],
);

/// `core/v1` `PreferredSchedulingTerm`.
pub static PREFERRED_SCHEDULING_TERM: Struct = structure(
    PACKAGE,
    "PreferredSchedulingTerm",
    &[
        field("weight", Int32).required(),
        field("preference", Type::Struct(&NODE_SELECTOR_TERM)).required(),
    ],
);

/// `core/v1` `Probe`.
pub static PROBE: Struct = structure(
    PACKAGE,
    "Probe",
    &[
        field("exec", Type::Struct(&EXEC_ACTION)).pointer().omit_empty(),
        field("httpGet", Type::Struct(&HTTP_GET_ACTION)).go_name("HTTPGet").pointer().omit_empty(),
        field("tcpSocket", Type::Struct(&TCP_SOCKET_ACTION))
            .go_name("TCPSocket")
            .pointer()
            .omit_empty(),
        field("grpc", Type::Struct(&GRPC_ACTION)).go_name("GRPC").pointer().omit_empty(),
        field("initialDelaySeconds", Int32).omit_empty(),
        field("timeoutSeconds", Int32).omit_empty(),
        field("periodSeconds", Int32).omit_empty(),
        field("successThreshold", Int32).omit_empty(),
        field("failureThreshold", Int32).omit_empty(),
        field("terminationGracePeriodSeconds", Int64).pointer().omit_empty(),
    ],
);

/// `core/v1` `ProjectedVolumeSource`.
pub static PROJECTED_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "ProjectedVolumeSource",
    &[
        field("sources", List(&Type::Struct(&VOLUME_PROJECTION), ATOMIC)),
        field("defaultMode", Int32).pointer().omit_empty(),
    ],
);

/// `core/v1` `QuobyteVolumeSource`.
pub static QUOBYTE_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "QuobyteVolumeSource",
    &[
        field("registry", Text("string")).required(),
        field("volume", Text("string")).required(),
        field("readOnly", Bool).omit_empty(),
        field("user", Text("string")).omit_empty(),
        field("group", Text("string")).omit_empty(),
        field("tenant", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `RBDPersistentVolumeSource`.
pub static RBD_PERSISTENT_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "RBDPersistentVolumeSource",
    &[
        field("monitors", List(&Text("string"), ATOMIC)).go_name("CephMonitors").required(),
        field("image", Text("string")).go_name("RBDImage").required(),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
        field("pool", Text("string")).go_name("RBDPool").omit_empty().default_json(r#""rbd""#),
        field("user", Text("string")).go_name("RadosUser").omit_empty().default_json(r#""admin""#),
        field("keyring", Text("string")).omit_empty().default_json(r#""/etc/ceph/keyring""#),
        field("secretRef", Type::Struct(&SECRET_REFERENCE)).pointer().omit_empty(),
        field("readOnly", Bool).omit_empty(),
    ],
);

/// `core/v1` `RBDVolumeSource`.
pub static RBD_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "RBDVolumeSource",
    &[
        field("monitors", List(&Text("string"), ATOMIC)).go_name("CephMonitors").required(),
        field("image", Text("string")).go_name("RBDImage").required(),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
        field("pool", Text("string")).go_name("RBDPool").omit_empty().default_json(r#""rbd""#),
        field("user", Text("string")).go_name("RadosUser").omit_empty().default_json(r#""admin""#),
        field("keyring", Text("string")).omit_empty().default_json(r#""/etc/ceph/keyring""#),
        field("secretRef", Type::Struct(&LOCAL_OBJECT_REFERENCE)).pointer().omit_empty(),
        field("readOnly", Bool).omit_empty(),
    ],
);

/// `core/v1` `RangeAllocation`.
pub static RANGE_ALLOCATION: Struct = structure(
    PACKAGE,
    "RangeAllocation",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("range", Text("string")).required(),
        field("data", Bytes).required(),
    ],
);

/// `core/v1` `ReplicationController`.
pub static REPLICATION_CONTROLLER: Struct = structure(
    PACKAGE,
    "ReplicationController",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&REPLICATION_CONTROLLER_SPEC)).omit_empty(),
        field("status", Type::Struct(&REPLICATION_CONTROLLER_STATUS)).omit_empty(),
    ],
);

/// `core/v1` `ReplicationControllerCondition`.
pub static REPLICATION_CONTROLLER_CONDITION: Struct = structure(
    PACKAGE,
    "ReplicationControllerCondition",
    &[
        field("type", Text("v1.ReplicationControllerConditionType")).required(),
        field("status", Text("v1.ConditionStatus")).required(),
        field("lastTransitionTime", Time).omit_empty(),
        field("reason", Text("string")).omit_empty(),
        field("message", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `ReplicationControllerSpec`.
pub static REPLICATION_CONTROLLER_SPEC: Struct = structure(
    PACKAGE,
    "ReplicationControllerSpec",
    &[
        field("replicas", Int32).pointer().omit_empty().default_json(r#"1"#),
        field("minReadySeconds", Int32).omit_empty().default_json(r#"0"#),
        field("selector", Map("map[string]string", &Text("string"))).omit_empty().atomic(),
        field("template", Type::Struct(&POD_TEMPLATE_SPEC)).pointer().omit_empty(),
    ],
);

/// `core/v1` `ReplicationControllerStatus`.
pub static REPLICATION_CONTROLLER_STATUS: Struct = structure(
    PACKAGE,
    "ReplicationControllerStatus",
    &[
        field("replicas", Int32).required(),
        field("fullyLabeledReplicas", Int32).omit_empty(),
        field("readyReplicas", Int32).omit_empty(),
        field("availableReplicas", Int32).omit_empty(),
        field("observedGeneration", Int64).omit_empty(),
        field(
            "conditions",
            List(
                &Type::Struct(&REPLICATION_CONTROLLER_CONDITION),
                merged_by(&["type"]).patched_by("type"),
            ),
        )
        .omit_empty(),
    ],
);

/// `core/v1` `ResourceClaim`.
pub static RESOURCE_CLAIM: Struct = structure(
    PACKAGE,
    "ResourceClaim",
    &[field("name", Text("string")).required(), field("request", Text("string")).omit_empty()],
);

/// `core/v1` `ResourceFieldSelector`.
pub static RESOURCE_FIELD_SELECTOR: Struct = structure(
    PACKAGE,
    "ResourceFieldSelector",
    &[
        field("containerName", Text("string")).omit_empty(),
        field("resource", Text("string")).required(),
        field("divisor", Quantity).omit_empty(),
    ],
)
.atomic();

/// `core/v1` `ResourceHealth`.
pub static RESOURCE_HEALTH: Struct = structure(
    PACKAGE,
    "ResourceHealth",
    &[
        field("resourceID", Text("v1.ResourceID")).required(),
        field("health", Text("v1.ResourceHealthStatus")).omit_empty(),
        field("message", Text("string")).pointer().omit_empty(),
    ],
);

/// `core/v1` `ResourceQuota`.
pub static RESOURCE_QUOTA: Struct = structure(
    PACKAGE,
    "ResourceQuota",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&RESOURCE_QUOTA_SPEC)).omit_empty(),
        field("status", Type::Struct(&RESOURCE_QUOTA_STATUS)).omit_empty(),
    ],
);

/// `core/v1` `ResourceQuotaSpec`.
pub static RESOURCE_QUOTA_SPEC: Struct = structure(
    PACKAGE,
    "ResourceQuotaSpec",
    &[
        field("hard", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field("scopes", List(&Text("v1.ResourceQuotaScope"), ATOMIC)).omit_empty(),
        field("scopeSelector", Type::Struct(&SCOPE_SELECTOR)).pointer().omit_empty(),
    ],
);

/// `core/v1` `ResourceQuotaStatus`.
pub static RESOURCE_QUOTA_STATUS: Struct = structure(
    PACKAGE,
    "ResourceQuotaStatus",
    &[
        field("hard", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field("used", Map("v1.ResourceList", &Quantity)).omit_empty(),
    ],
);

/// `core/v1` `ResourceRequirements`.
pub static RESOURCE_REQUIREMENTS: Struct = structure(
    PACKAGE,
    "ResourceRequirements",
    &[
        field("limits", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field("requests", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field("claims", List(&Type::Struct(&RESOURCE_CLAIM), merged_by(&["name"]))).omit_empty(),
    ],
);

/// `core/v1` `ResourceStatus`.
pub static RESOURCE_STATUS: Struct = structure(
    PACKAGE,
    "ResourceStatus",
    &[
        field("name", Text("v1.ResourceName")).required(),
        field("resources", List(&Type::Struct(&RESOURCE_HEALTH), merged_by(&["resourceID"])))
            .omit_empty(),
    ],
);

/// `core/v1` `SELinuxOptions`.
pub static SE_LINUX_OPTIONS: Struct = structure(
    PACKAGE,
    "SELinuxOptions",
    &[
        field("user", Text("string")).omit_empty(),
        field("role", Text("string")).omit_empty(),
        field("type", Text("string")).omit_empty(),
        field("level", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `ScaleIOPersistentVolumeSource`.
pub static SCALE_IO_PERSISTENT_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "ScaleIOPersistentVolumeSource",
    &[
        field("gateway", Text("string")).required(),
        field("system", Text("string")).required(),
        field("secretRef", Type::Struct(&SECRET_REFERENCE)).pointer().required(),
        field("sslEnabled", Bool).go_name("SSLEnabled").omit_empty(),
        field("protectionDomain", Text("string")).omit_empty(),
        field("storagePool", Text("string")).omit_empty(),
        field("storageMode", Text("string")).omit_empty().default_json(r#""ThinProvisioned""#),
        field("volumeName", Text("string")).omit_empty(),
        field("fsType", Text("string")).go_name("FSType").omit_empty().default_json(r#""xfs""#),
        field("readOnly", Bool).omit_empty(),
    ],
);

/// `core/v1` `ScaleIOVolumeSource`.
pub static SCALE_IO_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "ScaleIOVolumeSource",
    &[
        field("gateway", Text("string")).required(),
        field("system", Text("string")).required(),
        field("secretRef", Type::Struct(&LOCAL_OBJECT_REFERENCE)).pointer().required(),
        field("sslEnabled", Bool).go_name("SSLEnabled").omit_empty(),
        field("protectionDomain", Text("string")).omit_empty(),
        field("storagePool", Text("string")).omit_empty(),
        field("storageMode", Text("string")).omit_empty().default_json(r#""ThinProvisioned""#),
        field("volumeName", Text("string")).omit_empty(),
        field("fsType", Text("string")).go_name("FSType").omit_empty().default_json(r#""xfs""#),
        field("readOnly", Bool).omit_empty(),
    ],
);

/// `core/v1` `ScopeSelector`.
pub static SCOPE_SELECTOR: Struct = structure(
    PACKAGE,
    "ScopeSelector",
    &[field(
        "matchExpressions",
        List(&Type::Struct(&SCOPED_RESOURCE_SELECTOR_REQUIREMENT), ATOMIC),
    )
    .omit_empty()],
)
.atomic();

/// `core/v1` `ScopedResourceSelectorRequirement`.
pub static SCOPED_RESOURCE_SELECTOR_REQUIREMENT: Struct = structure(
    PACKAGE,
    "ScopedResourceSelectorRequirement",
    &[
        field("scopeName", Text("v1.ResourceQuotaScope")).required(),
        field("operator", Text("v1.ScopeSelectorOperator")).required(),
        field("values", List(&Text("string"), ATOMIC)).omit_empty(),
    ],
);

/// `core/v1` `SeccompProfile`.
pub static SECCOMP_PROFILE: Struct = structure(
    PACKAGE,
    "SeccompProfile",
    &[
        field("type", Text("v1.SeccompProfileType")).required(),
        field("localhostProfile", Text("string")).pointer().omit_empty(),
    ],
);

/// `core/v1` `Secret`.
pub static SECRET: Struct = structure(
    PACKAGE,
    "Secret",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("immutable", Bool).pointer().omit_empty(),
        field("data", Map("map[string][]byte", &Bytes)).omit_empty(),
        field("stringData", Map("map[string]string", &Text("string"))).omit_empty(),
        field("type", Text("v1.SecretType")).omit_empty(),
    ],
);

/// `core/v1` `SecretEnvSource`.
pub static SECRET_ENV_SOURCE: Struct = structure(
    PACKAGE,
    "SecretEnvSource",
    &[
        field("name", Text("string")).omit_empty().default_json(r#""""#),
        field("optional", Bool).pointer().omit_empty(),
    ],
);

/// `core/v1` `SecretKeySelector`.
pub static SECRET_KEY_SELECTOR: Struct = structure(
    PACKAGE,
    "SecretKeySelector",
    &[
        field("name", Text("string")).omit_empty().default_json(r#""""#),
        field("key", Text("string")).required(),
        field("optional", Bool).pointer().omit_empty(),
    ],
)
.atomic();

/// `core/v1` `SecretProjection`.
pub static SECRET_PROJECTION: Struct = structure(
    PACKAGE,
    "SecretProjection",
    &[
        field("name", Text("string")).omit_empty().default_json(r#""""#),
        field("items", List(&Type::Struct(&KEY_TO_PATH), ATOMIC)).omit_empty(),
        field("optional", Bool).pointer().omit_empty(),
    ],
);

/// `core/v1` `SecretReference`.
pub static SECRET_REFERENCE: Struct = structure(
    PACKAGE,
    "SecretReference",
    &[field("name", Text("string")).omit_empty(), field("namespace", Text("string")).omit_empty()],
)
.atomic();

/// `core/v1` `SecretVolumeSource`.
pub static SECRET_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "SecretVolumeSource",
    &[
        field("secretName", Text("string")).omit_empty(),
        field("items", List(&Type::Struct(&KEY_TO_PATH), ATOMIC)).omit_empty(),
        field("defaultMode", Int32).pointer().omit_empty(),
        field("optional", Bool).pointer().omit_empty(),
    ],
);

/// `core/v1` `SecurityContext`.
pub static SECURITY_CONTEXT: Struct = structure(
    PACKAGE,
    "SecurityContext",
    &[
        field("capabilities", Type::Struct(&CAPABILITIES)).pointer().omit_empty(),
        field("privileged", Bool).pointer().omit_empty(),
        field("seLinuxOptions", Type::Struct(&SE_LINUX_OPTIONS))
            .go_name("SELinuxOptions")
            .pointer()
            .omit_empty(),
        field("windowsOptions", Type::Struct(&WINDOWS_SECURITY_CONTEXT_OPTIONS))
            .pointer()
            .omit_empty(),
        field("runAsUser", Int64).pointer().omit_empty(),
        field("runAsGroup", Int64).pointer().omit_empty(),
        field("runAsNonRoot", Bool).pointer().omit_empty(),
        field("readOnlyRootFilesystem", Bool).pointer().omit_empty(),
        field("allowPrivilegeEscalation", Bool).pointer().omit_empty(),
        field("procMount", Text("v1.ProcMountType")).pointer().omit_empty(),
        field("seccompProfile", Type::Struct(&SECCOMP_PROFILE)).pointer().omit_empty(),
        field("appArmorProfile", Type::Struct(&APP_ARMOR_PROFILE)).pointer().omit_empty(),
    ],
);

/// `core/v1` `SerializedReference`.
pub static SERIALIZED_REFERENCE: Struct = structure(
    PACKAGE,
    "SerializedReference",
    &[KIND, API_VERSION, field("reference", Type::Struct(&OBJECT_REFERENCE)).omit_empty()],
);

/// `core/v1` `Service`.
pub static SERVICE: Struct = structure(
    PACKAGE,
    "Service",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&SERVICE_SPEC)).omit_empty(),
        field("status", Type::Struct(&SERVICE_STATUS)).omit_empty(),
    ],
);

/// `core/v1` `ServiceAccount`.
pub static SERVICE_ACCOUNT: Struct = structure(
    PACKAGE,
    "ServiceAccount",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field(
            "secrets",
            List(&Type::Struct(&OBJECT_REFERENCE), merged_by(&["name"]).patched_by("name")),
        )
        .omit_empty(),
        field("imagePullSecrets", List(&Type::Struct(&LOCAL_OBJECT_REFERENCE), ATOMIC))
            .omit_empty(),
        field("automountServiceAccountToken", Bool).pointer().omit_empty(),
    ],
);

/// `core/v1` `ServiceAccountTokenProjection`.
pub static SERVICE_ACCOUNT_TOKEN_PROJECTION: Struct = structure(
    PACKAGE,
    "ServiceAccountTokenProjection",
    &[
        field("audience", Text("string")).omit_empty(),
        field("expirationSeconds", Int64).pointer().omit_empty(),
        field("path", Text("string")).required(),
    ],
);

/// `core/v1` `ServicePort`.
pub static SERVICE_PORT: Struct = structure(
    PACKAGE,
    "ServicePort",
    &[
        field("name", Text("string")).omit_empty(),
        field("protocol", Text("v1.Protocol")).omit_empty().default_json(r#""TCP""#),
        field("appProtocol", Text("string")).pointer().omit_empty(),
        field("port", Int32).required(),
        field("targetPort", IntOrString).omit_empty(),
        field("nodePort", Int32).omit_empty(),
    ],
);

/// `core/v1` `ServiceProxyOptions`.
pub static SERVICE_PROXY_OPTIONS: Struct = structure(
    PACKAGE,
    "ServiceProxyOptions",
    &[KIND, API_VERSION, field("path", Text("string")).omit_empty()],
);

/// `core/v1` `ServiceSpec`.
pub static SERVICE_SPEC: Struct = structure(
    PACKAGE,
    "ServiceSpec",
    &[
        field(
            "ports",
            List(&Type::Struct(&SERVICE_PORT), merged_by(&["port", "protocol"]).patched_by("port")),
        )
        .omit_empty(),
        field("selector", Map("map[string]string", &Text("string"))).omit_empty().atomic(),
        field("clusterIP", Text("string")).omit_empty(),
        field("clusterIPs", List(&Text("string"), ATOMIC)).omit_empty(),
        field("type", Text("v1.ServiceType")).omit_empty(),
        field("externalIPs", List(&Text("string"), ATOMIC)).omit_empty(),
        field("sessionAffinity", Text("v1.ServiceAffinity")).omit_empty(),
        field("loadBalancerIP", Text("string")).omit_empty(),
        field("loadBalancerSourceRanges", List(&Text("string"), ATOMIC)).omit_empty(),
        field("externalName", Text("string")).omit_empty(),
        field("externalTrafficPolicy", Text("v1.ServiceExternalTrafficPolicy")).omit_empty(),
        field("healthCheckNodePort", Int32).omit_empty(),
        field("publishNotReadyAddresses", Bool).omit_empty(),
        field("sessionAffinityConfig", Type::Struct(&SESSION_AFFINITY_CONFIG))
            .pointer()
            .omit_empty(),
        field("ipFamilies", List(&Text("v1.IPFamily"), ATOMIC)).go_name("IPFamilies").omit_empty(),
        field("ipFamilyPolicy", Text("v1.IPFamilyPolicy"))
            .go_name("IPFamilyPolicy")
            .pointer()
            .omit_empty(),
        field("allocateLoadBalancerNodePorts", Bool).pointer().omit_empty(),
        field("loadBalancerClass", Text("string")).pointer().omit_empty(),
        field("internalTrafficPolicy", Text("v1.ServiceInternalTrafficPolicy"))
            .pointer()
            .omit_empty(),
        field("trafficDistribution", Text("string")).pointer().omit_empty(),
    ],
);

/// `core/v1` `ServiceStatus`.
pub static SERVICE_STATUS: Struct = structure(
    PACKAGE,
    "ServiceStatus",
    &[
        field("loadBalancer", Type::Struct(&LOAD_BALANCER_STATUS)).omit_empty(),
        field(
            "conditions",
            List(&Type::Struct(&meta_v1::CONDITION), merged_by(&["type"]).patched_by("type")),
        )
        .omit_empty(),
    ],
);

/// `core/v1` `SessionAffinityConfig`.
pub static SESSION_AFFINITY_CONFIG: Struct = structure(
    PACKAGE,
    "SessionAffinityConfig",
    &[field("clientIP", Type::Struct(&CLIENT_IP_CONFIG)).pointer().omit_empty()],
);

/// `core/v1` `SleepAction`.
pub static SLEEP_ACTION: Struct =
    structure(PACKAGE, "SleepAction", &[field("seconds", Int64).required()]);

/// `core/v1` `StorageOSPersistentVolumeSource`.
pub static STORAGE_OS_PERSISTENT_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "StorageOSPersistentVolumeSource",
    &[
        field("volumeName", Text("string")).omit_empty(),
        field("volumeNamespace", Text("string")).omit_empty(),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
        field("readOnly", Bool).omit_empty(),
        field("secretRef", Type::Struct(&OBJECT_REFERENCE)).pointer().omit_empty(),
    ],
);

/// `core/v1` `StorageOSVolumeSource`.
pub static STORAGE_OS_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "StorageOSVolumeSource",
    &[
        field("volumeName", Text("string")).omit_empty(),
        field("volumeNamespace", Text("string")).omit_empty(),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
        field("readOnly", Bool).omit_empty(),
        field("secretRef", Type::Struct(&LOCAL_OBJECT_REFERENCE)).pointer().omit_empty(),
    ],
);

/// `core/v1` `Sysctl`.
pub static SYSCTL: Struct = structure(
    PACKAGE,
    "Sysctl",
    &[field("name", Text("string")).required(), field("value", Text("string")).required()],
);

/// `core/v1` `TCPSocketAction`.
pub static TCP_SOCKET_ACTION: Struct = structure(
    PACKAGE,
    "TCPSocketAction",
    &[field("port", IntOrString).required(), field("host", Text("string")).omit_empty()],
);

/// `core/v1` `Taint`.
pub static TAINT: Struct = structure(
    PACKAGE,
    "Taint",
    &[
        field("key", Text("string")).required(),
        field("value", Text("string")).omit_empty(),
        field("effect", Text("v1.TaintEffect")).required(),
        field("timeAdded", Time).pointer().omit_empty(),
    ],
);

/// `core/v1` `Toleration`.
pub static TOLERATION: Struct = structure(
    PACKAGE,
    "Toleration",
    &[
        field("key", Text("string")).omit_empty(),
        field("operator", Text("v1.TolerationOperator")).omit_empty(),
        field("value", Text("string")).omit_empty(),
        field("effect", Text("v1.TaintEffect")).omit_empty(),
        field("tolerationSeconds", Int64).pointer().omit_empty(),
    ],
);

/// `core/v1` `TopologySelectorLabelRequirement`.
pub static TOPOLOGY_SELECTOR_LABEL_REQUIREMENT: Struct = structure(
    PACKAGE,
    "TopologySelectorLabelRequirement",
    &[
        field("key", Text("string")).required(),
        field("values", List(&Text("string"), ATOMIC)).required(),
    ],
);

/// `core/v1` `TopologySelectorTerm`.
pub static TOPOLOGY_SELECTOR_TERM: Struct = structure(
    PACKAGE,
    "TopologySelectorTerm",
    &[field(
        "matchLabelExpressions",
        List(&Type::Struct(&TOPOLOGY_SELECTOR_LABEL_REQUIREMENT), ATOMIC),
    )
    .omit_empty()],
)
.atomic();

/// `core/v1` `TopologySpreadConstraint`.
pub static TOPOLOGY_SPREAD_CONSTRAINT: Struct = structure(
    PACKAGE,
    "TopologySpreadConstraint",
    &[
        field("maxSkew", Int32).required(),
        field("topologyKey", Text("string")).required(),
        field("whenUnsatisfiable", Text("v1.UnsatisfiableConstraintAction")).required(),
        field("labelSelector", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().omit_empty(),
        field("minDomains", Int32).pointer().omit_empty(),
        field("nodeAffinityPolicy", Text("v1.NodeInclusionPolicy")).pointer().omit_empty(),
        field("nodeTaintsPolicy", Text("v1.NodeInclusionPolicy")).pointer().omit_empty(),
        field("matchLabelKeys", List(&Text("string"), ATOMIC)).omit_empty(),
    ],
);

/// `core/v1` `TypedLocalObjectReference`.
pub static TYPED_LOCAL_OBJECT_REFERENCE: Struct = structure(
    PACKAGE,
    "TypedLocalObjectReference",
    &[
        field("apiGroup", Text("string")).go_name("APIGroup").pointer(),
        field("kind", Text("string")).required(),
        field("name", Text("string")).required(),
    ],
)
.atomic();

/// `core/v1` `TypedObjectReference`.
pub static TYPED_OBJECT_REFERENCE: Struct = structure(
    PACKAGE,
    "TypedObjectReference",
    &[
        field("apiGroup", Text("string")).go_name("APIGroup").pointer(),
        field("kind", Text("string")).required(),
        field("name", Text("string")).required(),
        field("namespace", Text("string")).pointer().omit_empty(),
    ],
);

/// `core/v1` `Volume`.
pub static VOLUME: Struct = structure(
    PACKAGE,
    "Volume",
    &[
        field("name", Text("string")).required(),
        field("hostPath", Type::Struct(&HOST_PATH_VOLUME_SOURCE)).pointer().omit_empty(),
        field("emptyDir", Type::Struct(&EMPTY_DIR_VOLUME_SOURCE)).pointer().omit_empty(),
        field("gcePersistentDisk", Type::Struct(&GCE_PERSISTENT_DISK_VOLUME_SOURCE))
            .go_name("GCEPersistentDisk")
            .pointer()
            .omit_empty(),
        field("awsElasticBlockStore", Type::Struct(&AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE))
            .go_name("AWSElasticBlockStore")
            .pointer()
            .omit_empty(),
        field("gitRepo", Type::Struct(&GIT_REPO_VOLUME_SOURCE)).pointer().omit_empty(),
        field("secret", Type::Struct(&SECRET_VOLUME_SOURCE)).pointer().omit_empty(),
        field("nfs", Type::Struct(&NFS_VOLUME_SOURCE)).go_name("NFS").pointer().omit_empty(),
        field("iscsi", Type::Struct(&ISCSI_VOLUME_SOURCE)).go_name("ISCSI").pointer().omit_empty(),
        field("glusterfs", Type::Struct(&GLUSTERFS_VOLUME_SOURCE)).pointer().omit_empty(),
        field("persistentVolumeClaim", Type::Struct(&PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE))
            .pointer()
            .omit_empty(),
        field("rbd", Type::Struct(&RBD_VOLUME_SOURCE)).go_name("RBD").pointer().omit_empty(),
        field("flexVolume", Type::Struct(&FLEX_VOLUME_SOURCE)).pointer().omit_empty(),
        field("cinder", Type::Struct(&CINDER_VOLUME_SOURCE)).pointer().omit_empty(),
        field("cephfs", Type::Struct(&CEPH_FS_VOLUME_SOURCE))
            .go_name("CephFS")
            .pointer()
            .omit_empty(),
        field("flocker", Type::Struct(&FLOCKER_VOLUME_SOURCE)).pointer().omit_empty(),
        field("downwardAPI", Type::Struct(&DOWNWARD_API_VOLUME_SOURCE)).pointer().omit_empty(),
        field("fc", Type::Struct(&FC_VOLUME_SOURCE)).go_name("FC").pointer().omit_empty(),
        field("azureFile", Type::Struct(&AZURE_FILE_VOLUME_SOURCE)).pointer().omit_empty(),
        field("configMap", Type::Struct(&CONFIG_MAP_VOLUME_SOURCE)).pointer().omit_empty(),
        field("vsphereVolume", Type::Struct(&VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE))
            .pointer()
            .omit_empty(),
        field("quobyte", Type::Struct(&QUOBYTE_VOLUME_SOURCE)).pointer().omit_empty(),
        field("azureDisk", Type::Struct(&AZURE_DISK_VOLUME_SOURCE)).pointer().omit_empty(),
        field("photonPersistentDisk", Type::Struct(&PHOTON_PERSISTENT_DISK_VOLUME_SOURCE))
            .pointer()
            .omit_empty(),
        field("projected", Type::Struct(&PROJECTED_VOLUME_SOURCE)).pointer().omit_empty(),
        field("portworxVolume", Type::Struct(&PORTWORX_VOLUME_SOURCE)).pointer().omit_empty(),
        field("scaleIO", Type::Struct(&SCALE_IO_VOLUME_SOURCE)).pointer().omit_empty(),
        field("storageos", Type::Struct(&STORAGE_OS_VOLUME_SOURCE))
            .go_name("StorageOS")
            .pointer()
            .omit_empty(),
        field("csi", Type::Struct(&CSI_VOLUME_SOURCE)).go_name("CSI").pointer().omit_empty(),
        field("ephemeral", Type::Struct(&EPHEMERAL_VOLUME_SOURCE)).pointer().omit_empty(),
        field("image", Type::Struct(&IMAGE_VOLUME_SOURCE)).pointer().omit_empty(),
    ],
);

/// `core/v1` `VolumeDevice`.
pub static VOLUME_DEVICE: Struct = structure(
    PACKAGE,
    "VolumeDevice",
    &[field("name", Text("string")).required(), field("devicePath", Text("string")).required()],
);

/// `core/v1` `VolumeMount`.
pub static VOLUME_MOUNT: Struct = structure(
    PACKAGE,
    "VolumeMount",
    &[
        field("name", Text("string")).required(),
        field("readOnly", Bool).omit_empty(),
        field("recursiveReadOnly", Text("v1.RecursiveReadOnlyMode")).pointer().omit_empty(),
        field("mountPath", Text("string")).required(),
        field("subPath", Text("string")).omit_empty(),
        field("mountPropagation", Text("v1.MountPropagationMode")).pointer().omit_empty(),
        field("subPathExpr", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `VolumeMountStatus`.
pub static VOLUME_MOUNT_STATUS: Struct = structure(
    PACKAGE,
    "VolumeMountStatus",
    &[
        field("name", Text("string")).required(),
        field("mountPath", Text("string")).required(),
        field("readOnly", Bool).omit_empty(),
        field("recursiveReadOnly", Text("v1.RecursiveReadOnlyMode")).pointer().omit_empty(),
        field("volumeStatus", Type::Struct(&VOLUME_STATUS)).pointer().omit_empty(),
    ],
);

/// `core/v1` `VolumeNodeAffinity`.
pub static VOLUME_NODE_AFFINITY: Struct = structure(
    PACKAGE,
    "VolumeNodeAffinity",
    &[field("required", Type::Struct(&NODE_SELECTOR)).pointer().omit_empty()],
);

/// `core/v1` `VolumeProjection`.
pub static VOLUME_PROJECTION: Struct = structure(
    PACKAGE,
    "VolumeProjection",
    &[
        field("secret", Type::Struct(&SECRET_PROJECTION)).pointer().omit_empty(),
        field("downwardAPI", Type::Struct(&DOWNWARD_API_PROJECTION)).pointer().omit_empty(),
        field("configMap", Type::Struct(&CONFIG_MAP_PROJECTION)).pointer().omit_empty(),
        field("serviceAccountToken", Type::Struct(&SERVICE_ACCOUNT_TOKEN_PROJECTION))
            .pointer()
            .omit_empty(),
        field("clusterTrustBundle", Type::Struct(&CLUSTER_TRUST_BUNDLE_PROJECTION))
            .pointer()
            .omit_empty(),
        field("podCertificate", Type::Struct(&POD_CERTIFICATE_PROJECTION)).pointer().omit_empty(),
    ],
);

/// `core/v1` `VolumeResourceRequirements`.
pub static VOLUME_RESOURCE_REQUIREMENTS: Struct = structure(
    PACKAGE,
    "VolumeResourceRequirements",
    &[
        field("limits", Map("v1.ResourceList", &Quantity)).omit_empty(),
        field("requests", Map("v1.ResourceList", &Quantity)).omit_empty(),
    ],
);

/// `core/v1` `VolumeStatus`.
pub static VOLUME_STATUS: Struct = structure(
    PACKAGE,
    "VolumeStatus",
    &[field("image", Type::Struct(&IMAGE_VOLUME_STATUS)).pointer().omit_empty()],
);

/// `core/v1` `VsphereVirtualDiskVolumeSource`.
pub static VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE: Struct = structure(
    PACKAGE,
    "VsphereVirtualDiskVolumeSource",
    &[
        field("volumePath", Text("string")).required(),
        field("fsType", Text("string")).go_name("FSType").omit_empty(),
        field("storagePolicyName", Text("string")).omit_empty(),
        field("storagePolicyID", Text("string")).omit_empty(),
    ],
);

/// `core/v1` `WeightedPodAffinityTerm`.
pub static WEIGHTED_POD_AFFINITY_TERM: Struct = structure(
    PACKAGE,
    "WeightedPodAffinityTerm",
    &[
        field("weight", Int32).required(),
        field("podAffinityTerm", Type::Struct(&POD_AFFINITY_TERM)).required(),
    ],
);

/// `core/v1` `WindowsSecurityContextOptions`.
pub static WINDOWS_SECURITY_CONTEXT_OPTIONS: Struct = structure(
    PACKAGE,
    "WindowsSecurityContextOptions",
    &[
        field("gmsaCredentialSpecName", Text("string"))
            .go_name("GMSACredentialSpecName")
            .pointer()
            .omit_empty(),
        field("gmsaCredentialSpec", Text("string"))
            .go_name("GMSACredentialSpec")
            .pointer()
            .omit_empty(),
        field("runAsUserName", Text("string")).pointer().omit_empty(),
        field("hostProcess", Bool).pointer().omit_empty(),
    ],
);
