//! The types of `storage/v1`; written by `schema-table.py`.

use crate::schema::Struct;
use crate::schema::Type::{self, Bool, Int32, Int64, List, Map, Quantity, Text, Time};
use crate::schema::core_v1;
use crate::schema::meta_v1;
use crate::schema::row::{API_VERSION, ATOMIC, KIND, SET, field, merged_by, structure};

const PACKAGE: &str = "io.k8s.api.storage.v1";

/// `storage/v1` `CSIDriver`.
pub static CSI_DRIVER: Struct = structure(
    PACKAGE,
    "CSIDriver",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&CSI_DRIVER_SPEC)).required(),
    ],
);

/// `storage/v1` `CSIDriverSpec`.
pub static CSI_DRIVER_SPEC: Struct = structure(
    PACKAGE,
    "CSIDriverSpec",
    &[
        field("attachRequired", Bool).pointer().omit_empty(),
        field("podInfoOnMount", Bool).pointer().omit_empty(),
        field("volumeLifecycleModes", List(&Text("v1.VolumeLifecycleMode"), SET)).omit_empty(),
        field("storageCapacity", Bool).pointer().omit_empty(),
        field("fsGroupPolicy", Text("v1.FSGroupPolicy"))
            .go_name("FSGroupPolicy")
            .pointer()
            .omit_empty(),
        field("tokenRequests", List(&Type::Struct(&TOKEN_REQUEST), ATOMIC)).omit_empty(),
        field("requiresRepublish", Bool).pointer().omit_empty(),
        field("seLinuxMount", Bool).go_name("SELinuxMount").pointer().omit_empty(),
        field("nodeAllocatableUpdatePeriodSeconds", Int64).pointer().omit_empty(),
        field("serviceAccountTokenInSecrets", Bool).pointer().omit_empty(),
        field("preventPodSchedulingIfMissing", Bool).pointer().omit_empty(),
    ],
);

/// `storage/v1` `CSINode`.
pub static CSI_NODE: Struct = structure(
    PACKAGE,
    "CSINode",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&CSI_NODE_SPEC)).required(),
    ],
);

/// `storage/v1` `CSINodeDriver`.
pub static CSI_NODE_DRIVER: Struct = structure(
    PACKAGE,
    "CSINodeDriver",
    &[
        field("name", Text("string")).required(),
        field("nodeID", Text("string")).required(),
        field("topologyKeys", List(&Text("string"), ATOMIC)),
        field("allocatable", Type::Struct(&VOLUME_NODE_RESOURCES)).pointer().omit_empty(),
    ],
);

/// `storage/v1` `CSINodeSpec`.
pub static CSI_NODE_SPEC: Struct = structure(
    PACKAGE,
    "CSINodeSpec",
    &[field(
        "drivers",
        List(&Type::Struct(&CSI_NODE_DRIVER), merged_by(&["name"]).patched_by("name")),
    )
    .required()],
);

/// `storage/v1` `CSIStorageCapacity`.
pub static CSI_STORAGE_CAPACITY: Struct = structure(
    PACKAGE,
    "CSIStorageCapacity",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("nodeTopology", Type::Struct(&meta_v1::LABEL_SELECTOR)).pointer().omit_empty(),
        field("storageClassName", Text("string")).required(),
        field("capacity", Quantity).pointer().omit_empty(),
        field("maximumVolumeSize", Quantity).pointer().omit_empty(),
    ],
);

/// `storage/v1` `StorageClass`.
pub static STORAGE_CLASS: Struct = structure(
    PACKAGE,
    "StorageClass",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("provisioner", Text("string")).required(),
        field("parameters", Map("map[string]string", &Text("string"))).omit_empty(),
        field("reclaimPolicy", Text("v1.PersistentVolumeReclaimPolicy")).pointer().omit_empty(),
        field("mountOptions", List(&Text("string"), ATOMIC)).omit_empty(),
        field("allowVolumeExpansion", Bool).pointer().omit_empty(),
        field("volumeBindingMode", Text("v1.VolumeBindingMode")).pointer().omit_empty(),
        field("allowedTopologies", List(&Type::Struct(&core_v1::TOPOLOGY_SELECTOR_TERM), ATOMIC))
            .omit_empty(),
    ],
);

/// `storage/v1` `TokenRequest`.
pub static TOKEN_REQUEST: Struct = structure(
    PACKAGE,
    "TokenRequest",
    &[
        field("audience", Text("string")).required(),
        field("expirationSeconds", Int64).pointer().omit_empty(),
    ],
);

/// `storage/v1` `VolumeAttachment`.
pub static VOLUME_ATTACHMENT: Struct = structure(
    PACKAGE,
    "VolumeAttachment",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("spec", Type::Struct(&VOLUME_ATTACHMENT_SPEC)).required(),
        field("status", Type::Struct(&VOLUME_ATTACHMENT_STATUS)).omit_empty(),
    ],
);

/// `storage/v1` `VolumeAttachmentSource`.
pub static VOLUME_ATTACHMENT_SOURCE: Struct = structure(
    PACKAGE,
    "VolumeAttachmentSource",
    &[
        field("persistentVolumeName", Text("string")).pointer().omit_empty(),
        field("inlineVolumeSpec", Type::Struct(&core_v1::PERSISTENT_VOLUME_SPEC))
            .pointer()
            .omit_empty(),
    ],
);

/// `storage/v1` `VolumeAttachmentSpec`.
pub static VOLUME_ATTACHMENT_SPEC: Struct = structure(
    PACKAGE,
    "VolumeAttachmentSpec",
    &[
        field("attacher", Text("string")).required(),
        field("source", Type::Struct(&VOLUME_ATTACHMENT_SOURCE)).required(),
        field("nodeName", Text("string")).required(),
    ],
);

/// `storage/v1` `VolumeAttachmentStatus`.
pub static VOLUME_ATTACHMENT_STATUS: Struct = structure(
    PACKAGE,
    "VolumeAttachmentStatus",
    &[
        field("attached", Bool).required(),
        field("attachmentMetadata", Map("map[string]string", &Text("string"))).omit_empty(),
        field("attachError", Type::Struct(&VOLUME_ERROR)).pointer().omit_empty(),
        field("detachError", Type::Struct(&VOLUME_ERROR)).pointer().omit_empty(),
    ],
);

/// `storage/v1` `VolumeAttributesClass`.
pub static VOLUME_ATTRIBUTES_CLASS: Struct = structure(
    PACKAGE,
    "VolumeAttributesClass",
    &[
        KIND,
        API_VERSION,
        field("metadata", Type::Struct(&meta_v1::OBJECT_META)).go_name("ObjectMeta").omit_empty(),
        field("driverName", Text("string")).required(),
        field("parameters", Map("map[string]string", &Text("string"))).omit_empty(),
    ],
);

/// `storage/v1` `VolumeError`.
pub static VOLUME_ERROR: Struct = structure(
    PACKAGE,
    "VolumeError",
    &[
        field("time", Time).omit_empty(),
        field("message", Text("string")).omit_empty(),
        field("errorCode", Int32).pointer().omit_empty(),
    ],
);

/// `storage/v1` `VolumeNodeResources`.
pub static VOLUME_NODE_RESOURCES: Struct =
    structure(PACKAGE, "VolumeNodeResources", &[field("count", Int32).pointer().omit_empty()]);
