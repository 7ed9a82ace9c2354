//! Which fields a release has: an API server knows no field that is newer than it is.

use crate::schema::Struct;

/// A minor release of Kubernetes, of which the schema has the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    minor: u8,
}

/// The release whose fields the schema has, 1.36.
const SCHEMA: u8 = 36;

/// Fields that came after 1.30, with their structure and the minor release that brought them
/// (`staging/src/k8s.io/api`). What is below them is as new.
const NEWER: &[(&str, &str, u8)] = &[
    ("PodSecurityContext", "supplementalGroupsPolicy", 31),
    ("ContainerStatus", "user", 31),
    ("ContainerStatus", "allocatedResourcesStatus", 31),
    ("NodeStatus", "features", 31),
    ("NodeRuntimeHandlerFeatures", "userNamespaces", 31),
    ("Volume", "image", 31),
    ("ResourceClaim", "request", 31),
    ("PodSpec", "resources", 32),
    ("PodSecurityContext", "seLinuxChangePolicy", 32),
    ("PodStatus", "observedGeneration", 33),
    ("PodCondition", "observedGeneration", 33),
    ("Lifecycle", "stopSignal", 33),
    ("ContainerStatus", "stopSignal", 33),
    ("NodeSystemInfo", "swap", 33),
    ("ReplicaSetStatus", "terminatingReplicas", 33),
    ("DeploymentStatus", "terminatingReplicas", 33),
    ("Container", "restartPolicyRules", 34),
    ("EphemeralContainer", "restartPolicyRules", 34),
    ("EnvVarSource", "fileKeyRef", 34),
    ("VolumeProjection", "podCertificate", 34),
    ("PodSpec", "hostnameOverride", 34),
    ("PodStatus", "extendedResourceClaimStatus", 34),
    ("PodStatus", "allocatedResources", 35),
    ("PodStatus", "resources", 35),
    ("NodeStatus", "declaredFeatures", 35),
    ("PodSpec", "schedulingGroup", 36),
];

impl Release {
    /// The release whose fields the schema has.
    pub const NEWEST: Self = Self { minor: SCHEMA };

    /// Release `1.minor`.
    #[must_use]
    pub const fn new(minor: u8) -> Self {
        Self { minor }
    }

    /// Whether a structure had a field of the schema then.
    #[must_use]
    pub fn has(self, structure: &Struct, field: &str) -> bool {
        self.minor >= SCHEMA
            || NEWER.iter().all(|(of, name, since)| {
                *of != structure.name || *name != field || *since <= self.minor
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Type, core_v1};

    /// The structures that can be reached from one, itself included.
    fn reached(from: &'static Struct, seen: &mut Vec<&'static Struct>) {
        if seen.iter().any(|one| std::ptr::eq(*one, from)) {
            return;
        }
        seen.push(from);
        for field in from.fields {
            let mut of = &field.of;
            while let Type::List(inner, _) | Type::Map(_, inner) = of {
                of = inner;
            }
            if let Type::Struct(structure) = of {
                reached(structure, seen);
            }
        }
    }

    #[test]
    fn every_newer_field_is_one_of_the_schema() {
        let mut known = Vec::new();
        for resource in crate::resource::RESOURCES {
            reached(resource.schema, &mut known);
        }
        for (structure, field, _) in NEWER {
            let found =
                known.iter().any(|one| one.name == *structure && one.field(field).is_some());
            assert!(found, "{structure} has no {field}");
        }
    }

    #[test]
    fn a_field_is_there_from_its_release_on() {
        let context = &core_v1::POD_SECURITY_CONTEXT;
        assert!(!Release::new(30).has(context, "supplementalGroupsPolicy"));
        assert!(Release::new(31).has(context, "supplementalGroupsPolicy"));
        assert!(Release::new(30).has(context, "supplementalGroups"));
    }
}
