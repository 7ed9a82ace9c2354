//! What fields are for, in our words: those that decide about identities, and those around them.
//! Others have no description.

/// By type.
const TYPES: &[(&str, &str)] = &[
    ("Pod", "Containers that run together on one node."),
    ("PodSpec", "What should run, and how."),
    ("PodStatus", "What is known of a pod's run; written by the kubelet."),
    ("PodSecurityContext", "Who the processes of all containers in the pod are."),
    (
        "SecurityContext",
        "Who a container's processes are, and what they may do. What is set here counts more than what the pod says.",
    ),
    ("Container", "A process image with what it needs to run."),
    ("ContainerStatus", "What is known of a container's run."),
    ("ContainerUser", "The identity of a container's first process, as the runtime attached it."),
    (
        "LinuxContainerUser",
        "The uid, gid and groups of a container's first process on Linux. A process that is allowed to change them can do so later; this does not follow.",
    ),
    ("Node", "A machine that runs pods."),
    ("NodeStatus", "What is known of a node; written by its kubelet."),
    ("NodeFeatures", "What the container runtime of a node supports."),
    ("ObjectMeta", "What all objects have: a name, labels, owners."),
];

/// By type and field.
const FIELDS: &[(&str, &str, &str)] = &[
    ("Pod", "spec", "What should run, and how."),
    ("Pod", "status", "What is known of the run."),
    ("Pod", "metadata", "Name, labels and owners."),
    ("PodSpec", "securityContext", "Who the processes of all containers in the pod are."),
    ("PodSpec", "containers", "The containers, at least one. Their number cannot change."),
    ("PodSpec", "initContainers", "Containers that run before the others, one after another."),
    ("PodSpec", "ephemeralContainers", "Containers that were added to look into a running pod."),
    (
        "PodSpec",
        "nodeSelector",
        "Labels that a node must have to run the pod. Pods that need Strict can select nodes that support it.",
    ),
    ("PodSpec", "nodeName", "The node that runs the pod. Who sets it passes by the scheduler."),
    (
        "PodSpec",
        "hostUsers",
        "Whether the pod uses the node's user namespace; true unless set to false.",
    ),
    (
        "PodSpec",
        "os",
        "The operating system that the containers need. For windows, fields that only Linux knows must stay unset.",
    ),
    (
        "PodSecurityContext",
        "runAsUser",
        "The uid of the first process, 0 to 2147483647. Without it the image's user counts.",
    ),
    (
        "PodSecurityContext",
        "runAsGroup",
        "The primary gid of the first process, 0 to 2147483647. Without it the runtime looks the user up in the image's /etc/passwd.",
    ),
    (
        "PodSecurityContext",
        "runAsNonRoot",
        "Whether the kubelet refuses to start a container as uid 0.",
    ),
    (
        "PodSecurityContext",
        "supplementalGroups",
        "Groups that the first process gets besides its primary gid and fsGroup. With the policy Merge those that the image's /etc/group lists for its user come on top.",
    ),
    (
        "PodSecurityContext",
        "supplementalGroupsPolicy",
        "How the groups of the first process are computed. Merge, which is also what unset means: those asked for, and those that /etc/group in the image lists for the user. Strict: only those that fsGroup, supplementalGroups or runAsGroup ask for, and the primary gid. A node whose runtime lacks support for Strict rejects such a pod; its status.features says whether it has it.",
    ),
    (
        "PodSecurityContext",
        "fsGroup",
        "A group that owns volumes which support that, and that all processes get.",
    ),
    (
        "PodSecurityContext",
        "fsGroupChangePolicy",
        "When a volume's ownership is changed: whenever it is mounted, or only where its root does not fit.",
    ),
    ("PodSecurityContext", "seLinuxOptions", "The SELinux context of all containers."),
    ("PodSecurityContext", "seccompProfile", "The seccomp profile of all containers."),
    ("PodSecurityContext", "appArmorProfile", "The AppArmor profile of all containers."),
    ("PodSecurityContext", "sysctls", "Kernel parameters of the pod's namespaces."),
    ("PodSecurityContext", "windowsOptions", "What applies to Windows containers."),
    ("PodSecurityContext", "seLinuxChangePolicy", "How volumes get their SELinux label."),
    ("SecurityContext", "runAsUser", "The uid of the first process; counts more than the pod's."),
    (
        "SecurityContext",
        "runAsGroup",
        "The primary gid of the first process; counts more than the pod's.",
    ),
    (
        "SecurityContext",
        "runAsNonRoot",
        "Whether the kubelet refuses to start the container as uid 0; counts more than the pod's.",
    ),
    (
        "SecurityContext",
        "privileged",
        "Whether the container's processes are like those of the node's root.",
    ),
    (
        "SecurityContext",
        "allowPrivilegeEscalation",
        "Whether a process can gain more privileges than its parent, such as by setuid programs.",
    ),
    ("SecurityContext", "capabilities", "Capabilities to add and to drop."),
    (
        "SecurityContext",
        "readOnlyRootFilesystem",
        "Whether the root filesystem cannot be written to.",
    ),
    ("Container", "securityContext", "Who the container's processes are, and what they may do."),
    (
        "Container",
        "image",
        "The image, whose /etc/passwd, /etc/group and user take part in who the process is.",
    ),
    ("Container", "name", "The name, unique in the pod."),
    ("Container", "command", "What is run in place of the image's entrypoint."),
    ("PodStatus", "phase", "Where the pod is in its life."),
    (
        "PodStatus",
        "reason",
        "Why the pod is in its phase, such as SupplementalGroupsPolicyNotSupported.",
    ),
    ("PodStatus", "message", "Why the pod is in its phase, for people."),
    ("PodStatus", "containerStatuses", "What is known of each container."),
    (
        "ContainerStatus",
        "user",
        "Who the container's first process is. Absent where the runtime does not say it.",
    ),
    ("ContainerUser", "linux", "The identity on Linux."),
    ("LinuxContainerUser", "uid", "The uid that was attached to the first process."),
    ("LinuxContainerUser", "gid", "The primary gid that was attached to the first process."),
    (
        "LinuxContainerUser",
        "supplementalGroups",
        "The groups that were attached to the first process, the primary gid among them.",
    ),
    (
        "NodeStatus",
        "features",
        "What the container runtime supports. Absent where it does not say.",
    ),
    (
        "NodeFeatures",
        "supplementalGroupsPolicy",
        "Whether the runtime honours a pod's supplementalGroupsPolicy and reports users. A node without it rejects pods that ask for Strict.",
    ),
];

pub(super) fn of_type(name: &str) -> Option<&'static str> {
    TYPES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

pub(super) fn of_field(structure: &str, field: &str) -> Option<&'static str> {
    FIELDS
        .iter()
        .find(|(known, name, _)| (*known, *name) == (structure, field))
        .map(|(.., text)| *text)
}

#[cfg(test)]
mod tests {
    use crate::schema::Struct;
    use crate::schema::Type;
    use crate::schema::core_v1::{NODE, POD};

    fn reached(of: &Type, found: &mut Vec<&'static Struct>) {
        match of {
            Type::Struct(structure) if !found.iter().any(|known| known.name == structure.name) => {
                found.push(structure);
                structure.fields.iter().for_each(|field| reached(&field.of, found));
            }
            Type::List(of, _) | Type::Map(_, of) => reached(of, found),
            _ => {}
        }
    }

    #[test]
    fn every_description_is_of_a_type_and_a_field_that_exist() {
        let mut types = Vec::new();
        reached(&Type::Struct(&POD), &mut types);
        reached(&Type::Struct(&NODE), &mut types);
        let find = |name: &str| types.iter().find(|one| one.name == name);
        for (name, _) in super::TYPES {
            assert!(find(name).is_some(), "{name}");
        }
        for (name, field, _) in super::FIELDS {
            assert!(find(name).is_some_and(|one| one.field(field).is_some()), "{name}.{field}");
        }
    }
}
