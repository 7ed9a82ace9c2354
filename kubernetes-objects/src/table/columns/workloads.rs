//! What makes pods.

use super::super::object::{labels, number, selector, size, text};
use super::super::{Column, workload};
use super::{AGE, CONTAINERS, IMAGES, NAME, or_none};

/// Replica sets.
pub(super) static REPLICASETS: &[Column] = &[
    NAME,
    Column {
        name: "Desired",
        kind: "integer",
        format: "",
        description: "Replicas is the number of desired pods. This is a pointer to distinguish between explicit zero and unspecified. Defaults to 1. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset",
        priority: 0,
        cell: |row| number(&row.spec()["replicas"]).into(),
    },
    Column {
        name: "Current",
        kind: "integer",
        format: "",
        description: "Replicas is the most recently observed number of non-terminating pods. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset",
        priority: 0,
        cell: |row| number(&row.status()["replicas"]).into(),
    },
    Column {
        name: "Ready",
        kind: "integer",
        format: "",
        description: "The number of non-terminating pods targeted by this ReplicaSet with a Ready Condition.",
        priority: 0,
        cell: |row| number(&row.status()["readyReplicas"]).into(),
    },
    AGE,
    CONTAINERS,
    IMAGES,
    Column {
        name: "Selector",
        kind: "string",
        format: "",
        description: "Selector is a label query over pods that should match the replica count. Label keys and values that must match in order to be controlled by this replica set. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
        priority: 1,
        cell: |row| selector(&row.spec()["selector"]).into(),
    },
];

/// Replication controllers.
pub(super) static REPLICATION_CONTROLLERS: &[Column] = &[
    NAME,
    Column {
        name: "Desired",
        kind: "integer",
        format: "",
        description: "Replicas is the number of desired replicas. This is a pointer to distinguish between explicit zero and unspecified. Defaults to 1. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller#what-is-a-replicationcontroller",
        priority: 0,
        cell: |row| number(&row.spec()["replicas"]).into(),
    },
    Column {
        name: "Current",
        kind: "integer",
        format: "",
        description: "Replicas is the most recently observed number of replicas. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller#what-is-a-replicationcontroller",
        priority: 0,
        cell: |row| number(&row.status()["replicas"]).into(),
    },
    Column {
        name: "Ready",
        kind: "integer",
        format: "",
        description: "The number of ready replicas for this replication controller.",
        priority: 0,
        cell: |row| number(&row.status()["readyReplicas"]).into(),
    },
    AGE,
    CONTAINERS,
    IMAGES,
    Column {
        name: "Selector",
        kind: "string",
        format: "",
        description: "Selector is a label query over pods that should match the Replicas count. If Selector is empty, it is defaulted to the labels present on the Pod template. Label keys and values that must match in order to be controlled by this replication controller, if empty defaulted to labels on Pod template. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
        priority: 1,
        cell: |row| labels(&row.spec()["selector"]).into(),
    },
];

/// Deployments.
pub(super) static DEPLOYMENTS: &[Column] = &[
    NAME,
    Column {
        name: "Ready",
        kind: "string",
        format: "",
        description: "Number of the pod with ready state",
        priority: 0,
        cell: |row| workload::ready_of_desired(row.object).into(),
    },
    Column {
        name: "Up-to-date",
        kind: "string",
        format: "",
        description: "Total number of non-terminating pods targeted by this deployment that have the desired template spec.",
        priority: 0,
        cell: |row| number(&row.status()["updatedReplicas"]).into(),
    },
    Column {
        name: "Available",
        kind: "string",
        format: "",
        description: "Total number of available non-terminating pods (ready for at least minReadySeconds) targeted by this deployment.",
        priority: 0,
        cell: |row| number(&row.status()["availableReplicas"]).into(),
    },
    AGE,
    CONTAINERS,
    IMAGES,
    Column {
        name: "Selector",
        kind: "string",
        format: "",
        description: "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment. It must match the pod template's labels.",
        priority: 1,
        cell: |row| selector(&row.spec()["selector"]).into(),
    },
];

/// Stateful sets.
pub(super) static STATEFULSETS: &[Column] = &[
    NAME,
    Column {
        name: "Ready",
        kind: "string",
        format: "",
        description: "Number of the pod with ready state",
        priority: 0,
        cell: |row| workload::ready_of_desired(row.object).into(),
    },
    AGE,
    CONTAINERS,
    IMAGES,
];

/// Daemon sets.
pub(super) static DAEMONSETS: &[Column] = &[
    NAME,
    Column {
        name: "Desired",
        kind: "integer",
        format: "",
        description: "The total number of nodes that should be running the daemon pod (including nodes correctly running the daemon pod). More info: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/",
        priority: 0,
        cell: |row| number(&row.status()["desiredNumberScheduled"]).into(),
    },
    Column {
        name: "Current",
        kind: "integer",
        format: "",
        description: "The number of nodes that are running at least 1 daemon pod and are supposed to run the daemon pod. More info: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/",
        priority: 0,
        cell: |row| number(&row.status()["currentNumberScheduled"]).into(),
    },
    Column {
        name: "Ready",
        kind: "integer",
        format: "",
        description: "numberReady is the number of nodes that should be running the daemon pod and have one or more of the daemon pod running with a Ready Condition.",
        priority: 0,
        cell: |row| number(&row.status()["numberReady"]).into(),
    },
    Column {
        name: "Up-to-date",
        kind: "integer",
        format: "",
        description: "The total number of nodes that are running updated daemon pod",
        priority: 0,
        cell: |row| number(&row.status()["updatedNumberScheduled"]).into(),
    },
    Column {
        name: "Available",
        kind: "integer",
        format: "",
        description: "The number of nodes that should be running the daemon pod and have one or more of the daemon pod running and available (ready for at least spec.minReadySeconds)",
        priority: 0,
        cell: |row| number(&row.status()["numberAvailable"]).into(),
    },
    Column {
        name: "Node Selector",
        kind: "string",
        format: "",
        description: "NodeSelector is a selector which must be true for the pod to fit on a node. Selector which must match a node's labels for the pod to be scheduled on that node. More info: https://kubernetes.io/docs/concepts/configuration/assign-pod-node/",
        priority: 0,
        cell: |row| labels(&row.template()["nodeSelector"]).into(),
    },
    AGE,
    CONTAINERS,
    IMAGES,
    Column {
        name: "Selector",
        kind: "string",
        format: "",
        description: "A label query over pods that are managed by the daemon set. Must match in order to be controlled. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
        priority: 1,
        cell: |row| selector(&row.spec()["selector"]).into(),
    },
];

/// Jobs.
pub(super) static JOBS: &[Column] = &[
    NAME,
    Column {
        name: "Status",
        kind: "string",
        format: "",
        description: "Status of the job.",
        priority: 0,
        cell: |row| workload::job_status(row.object).into(),
    },
    Column {
        name: "Completions",
        kind: "string",
        format: "",
        description: "The number of pods which reached phase Succeeded. The value increases monotonically for a given spec. However, it may decrease in reaction to scale down of elastic indexed jobs.",
        priority: 0,
        cell: |row| workload::job_completions(row.object).into(),
    },
    Column {
        name: "Duration",
        kind: "string",
        format: "",
        description: "Time required to complete the job.",
        priority: 0,
        cell: |row| workload::job_duration(row.object, row.now).into(),
    },
    AGE,
    CONTAINERS,
    IMAGES,
    Column {
        name: "Selector",
        kind: "string",
        format: "",
        description: "A label query over pods that should match the pod count. Normally, the system sets this field for you. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
        priority: 1,
        cell: |row| selector(&row.spec()["selector"]).into(),
    },
];

/// Cron jobs.
pub(super) static CRONJOBS: &[Column] = &[
    NAME,
    Column {
        name: "Schedule",
        kind: "string",
        format: "",
        description: "The schedule in Cron format, see https://en.wikipedia.org/wiki/Cron.",
        priority: 0,
        cell: |row| text(&row.spec()["schedule"]).into(),
    },
    Column {
        name: "Timezone",
        kind: "string",
        format: "",
        description: "The time zone name for the given schedule, see https://en.wikipedia.org/wiki/List_of_tz_database_time_zones. If not specified, this will default to the time zone of the kube-controller-manager process. The set of valid time zone names and the time zone offset is loaded from the system-wide time zone database by the API server during CronJob validation and the controller manager during execution. If no system-wide time zone database can be found a bundled version of the database is used instead. If the time zone name becomes invalid during the lifetime of a CronJob or due to a change in host configuration, the controller will stop creating new new Jobs and will create a system event with the reason UnknownTimeZone. More information can be found in https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#time-zones",
        priority: 0,
        cell: |row| or_none(text(&row.spec()["timeZone"])),
    },
    Column {
        name: "Suspend",
        kind: "boolean",
        format: "",
        description: "This flag tells the controller to suspend subsequent executions, it does not apply to already started executions.  Defaults to false.",
        priority: 0,
        cell: |row| workload::suspended(row.object).into(),
    },
    Column {
        name: "Active",
        kind: "integer",
        format: "",
        description: "A list of pointers to currently running jobs.",
        priority: 0,
        cell: |row| size(&row.status()["active"]).into(),
    },
    Column {
        name: "Last Schedule",
        kind: "string",
        format: "",
        description: "Information when was the last time the job was successfully scheduled.",
        priority: 0,
        cell: |row| workload::last_schedule(row.object, row.now).into(),
    },
    AGE,
    CONTAINERS,
    IMAGES,
    Column {
        name: "Selector",
        kind: "string",
        format: "",
        description: "A label query over pods that should match the pod count. Normally, the system sets this field for you. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
        priority: 1,
        cell: |row| selector(&row.spec()["jobTemplate"]["spec"]["selector"]).into(),
    },
];

/// Controller revisions.
pub(super) static CONTROLLER_REVISIONS: &[Column] = &[
    NAME,
    Column {
        name: "Controller",
        kind: "string",
        format: "",
        description: "Controller of the object",
        priority: 0,
        cell: |row| workload::controller(row.object).into(),
    },
    Column {
        name: "Revision",
        kind: "string",
        format: "",
        description: "Revision indicates the revision of the state represented by Data.",
        priority: 0,
        cell: |row| number(&row.object["revision"]).into(),
    },
    AGE,
];
