//! Who the containers of a pod are to be, and who they are as far as it is reported.

use super::fields::{Container, ContainerStatus, Metadata, PodSpec, PodStatus};
use crate::plan::snapshot::{ContainerClass, IdentityClass, Phase, Reported};

pub(super) fn phase(status: &PodStatus) -> Phase {
    match (status.phase.as_deref(), status.reason.as_deref()) {
        (Some("Failed"), Some("SupplementalGroupsPolicyNotSupported")) => Phase::Rejected,
        (Some("Failed" | "Succeeded"), _) => Phase::Ended,
        (Some("Pending"), _) => Phase::Pending,
        _ => Phase::Running,
    }
}

pub(super) fn identity_of(metadata: &Metadata, spec: &PodSpec) -> Result<IdentityClass, String> {
    let class = |container: &Container, is_init: bool| {
        let context = container.security_context.as_ref();
        ContainerClass {
            name: container.name.clone(),
            image: container.image.clone().unwrap_or_default(),
            run_as_user: context.and_then(|context| context.run_as_user),
            run_as_group: context.and_then(|context| context.run_as_group),
            run_as_non_root: context.and_then(|context| context.run_as_non_root),
            is_init,
        }
    };
    let main = spec.containers.iter().flatten().map(|container| class(container, false));
    let init = spec.init_containers.iter().flatten().map(|container| class(container, true));
    let containers: Vec<_> = main.chain(init).collect();
    if containers.is_empty() {
        return Err("it has no containers".to_owned());
    }
    let context = spec.security_context.as_ref();
    let labels = metadata.labels.as_ref();
    Ok(IdentityClass {
        policy: context.and_then(|context| context.supplemental_groups_policy.clone()),
        run_as_user: context.and_then(|context| context.run_as_user),
        run_as_group: context.and_then(|context| context.run_as_group),
        run_as_non_root: context.and_then(|context| context.run_as_non_root),
        fs_group: context.and_then(|context| context.fs_group),
        supplemental_groups: context
            .and_then(|context| context.supplemental_groups.clone())
            .unwrap_or_default(),
        os: spec.os.as_ref().map(|os| os.name.clone()),
        os_label: labels.and_then(|labels| labels.get("kubernetes.io/os").cloned()),
        containers,
    })
}

/// Who the containers are, in the class's order; nothing where none is reported.
pub(super) fn reported(identity: &IdentityClass, status: &PodStatus) -> Vec<Option<Reported>> {
    let of = |statuses: &Option<Vec<ContainerStatus>>, name: &str| {
        let found = statuses.iter().flatten().find(|status| status.name == name)?;
        let user = found.user.as_ref()?.linux.as_ref()?;
        let mut groups = user.supplemental_groups.clone().unwrap_or_default();
        groups.sort_unstable();
        groups.dedup();
        Some(Reported { uid: user.uid, gid: user.gid, groups })
    };
    let all: Vec<_> = identity
        .containers
        .iter()
        .map(|container| {
            let statuses = if container.is_init {
                &status.init_container_statuses
            } else {
                &status.container_statuses
            };
            of(statuses, &container.name)
        })
        .collect();
    if all.iter().all(Option::is_none) { Vec::new() } else { all }
}
