//! Where the ids of a process come from, in the terms of manifests and images.
//!
//! Runtimes see what a kubelet sends; what it sends was written in the
//! manifest, or in the image's config.

use fake_cri::Image;
use fake_cri::identity::{self, GidOrigin, GidProvenance, UidOrigin};
use k8s_openapi::api::core::v1::{Container, Pod, PodSecurityContext};

use super::Found;
use super::report::{ContainerKind, Id, Identity, Layer, Origin};
use super::reported::Reported;
use super::volumes::VolumeGroups;
use crate::oci::archive::LayerOrigin;

/// A container of a pod, and its image.
pub(crate) struct Member<'a> {
    pub(crate) pod: &'a Pod,
    pub(crate) container: &'a Container,
    /// The groups that its volumes demand, where that is known.
    pub(crate) volume_groups: &'a VolumeGroups,
    pub(crate) kind: ContainerKind,
    /// Its place in its list, from 0.
    pub(crate) index: usize,
    pub(crate) image: &'a Image,
    /// The layer that brought `/etc/passwd`, where it is known.
    pub(crate) passwd: Option<&'a LayerOrigin>,
    /// The layer that brought `/etc/group`, where it is known.
    pub(crate) group: Option<&'a LayerOrigin>,
}

impl Member<'_> {
    /// An identity with every id's origins.
    pub(crate) fn explain(&self, resolved: &identity::Resolved) -> Identity {
        let found = &resolved.identity;
        let files = &self.image.files;
        let user = Id {
            id: found.uid,
            name: identity::user_name(files, found.uid),
            origins: vec![self.uid_origin(found.uid_origin)],
        };
        let of = |gid: u32, fits: fn(GidOrigin) -> bool| {
            let mut origins: Vec<Origin> = Vec::new();
            let provenance =
                found.provenance.iter().filter(|one| one.gid == gid && fits(one.origin));
            for origin in provenance.map(|one| self.gid_origin(one)) {
                if !origins.contains(&origin) {
                    origins.push(origin);
                }
            }
            Id { id: gid, name: identity::group_name(files, gid), origins }
        };
        Identity {
            user,
            group: of(found.gid, GidOrigin::is_primary),
            groups: found.groups.iter().map(|gid| of(*gid, |_| true)).collect(),
            is_reported: resolved.is_reported,
        }
    }

    fn uid_origin(&self, origin: UidOrigin) -> Origin {
        match origin {
            // A kubelet names a user either way; only the manifest tells whose word it is.
            UidOrigin::RunAsUser | UidOrigin::RunAsUsername => {
                let own = self.container.security_context.as_ref();
                if own.is_some_and(|own| own.run_as_user.is_some()) {
                    self.of_container("runAsUser")
                } else if self.of_pod().is_some_and(|pod| pod.run_as_user.is_some()) {
                    of_pod("runAsUser")
                } else if self.image.user.is_empty() {
                    Origin::Default
                } else {
                    Origin::ImageUser
                }
            }
            UidOrigin::ImageConfig => Origin::ImageUser,
            UidOrigin::Default => Origin::Default,
        }
    }

    fn gid_origin(&self, provenance: &GidProvenance) -> Origin {
        match provenance.origin {
            GidOrigin::RunAsGroup => {
                let own = self.container.security_context.as_ref();
                if own.is_some_and(|own| own.run_as_group.is_some()) {
                    self.of_container("runAsGroup")
                } else {
                    of_pod("runAsGroup")
                }
            }
            GidOrigin::RunAsUsername | GidOrigin::ImageConfig => Origin::ImageUser,
            GidOrigin::Passwd { line } => image_file("/etc/passwd", line, self.passwd, None),
            GidOrigin::Default => Origin::Default,
            GidOrigin::GroupFile { line } => image_file("/etc/group", line, self.group, None),
            GidOrigin::GroupNamedAsNumber { line, instead_of } => {
                image_file("/etc/group", line, self.group, Some(instead_of))
            }
            GidOrigin::Requested { index } => self.requested(index, provenance.gid),
        }
    }

    /// A kubelet sends `fsGroup` first, then the supplemental groups, then those of volumes.
    fn requested(&self, index: usize, gid: u32) -> Origin {
        let security = self.of_pod();
        let before = usize::from(security.is_some_and(|pod| pod.fs_group.is_some()));
        let own = security.and_then(|pod| pod.supplemental_groups.as_ref()).map_or(0, Vec::len);
        match index.checked_sub(before) {
            None => of_pod("fsGroup"),
            Some(index) if index < own => of_pod(&format!("supplementalGroups[{index}]")),
            Some(_) => {
                let claim = self.volume_groups.claim_of(gid);
                Origin::Volume { claim: claim.map(str::to_owned) }
            }
        }
    }

    fn of_pod(&self) -> Option<&PodSecurityContext> {
        self.pod.spec.as_ref()?.security_context.as_ref()
    }

    fn of_container(&self, field: &str) -> Origin {
        of_container(self.kind, self.index, field)
    }
}

/// An identity that was reported, with what the manifest says of each id.
pub(super) fn of_reported(pod: &Pod, found: &Found, reported: &Reported) -> Identity {
    let of_the_pod = pod.spec.as_ref().and_then(|spec| spec.security_context.as_ref());
    let own = found.container.security_context.as_ref();
    let of = |id: u32, written: Vec<(Option<i64>, Origin)>| {
        let mut origins: Vec<_> = written
            .into_iter()
            .filter(|(asked, _)| *asked == Some(i64::from(id)))
            .map(|(_, origin)| origin)
            .collect();
        if origins.is_empty() {
            origins.push(Origin::Reported);
        }
        Id { id, name: None, origins }
    };
    let either = |field, own: Option<i64>, pod: Option<i64>| match own {
        Some(own) => (Some(own), of_container(found.kind, found.index, field)),
        None => (pod, of_pod(field)),
    };
    let user = either(
        "runAsUser",
        own.and_then(|own| own.run_as_user),
        of_the_pod.and_then(|pod| pod.run_as_user),
    );
    let group = || {
        let own = own.and_then(|own| own.run_as_group);
        either("runAsGroup", own, of_the_pod.and_then(|pod| pod.run_as_group))
    };
    let requested = || {
        let asked = of_the_pod.and_then(|pod| pod.supplemental_groups.as_deref());
        let asked = asked.unwrap_or_default().iter().enumerate();
        let asked =
            asked.map(|(at, gid)| (Some(*gid), of_pod(&format!("supplementalGroups[{at}]"))));
        let fs_group = of_the_pod.and_then(|pod| pod.fs_group);
        asked.chain([(fs_group, of_pod("fsGroup")), group()]).collect()
    };
    Identity {
        user: of(reported.uid, vec![user]),
        group: of(reported.gid, vec![group()]),
        groups: reported.groups.iter().map(|gid| of(*gid, requested())).collect(),
        is_reported: true,
    }
}

fn of_container(kind: ContainerKind, index: usize, field: &str) -> Origin {
    let list = match kind {
        ContainerKind::Init => "initContainers",
        ContainerKind::Regular => "containers",
        ContainerKind::Ephemeral => "ephemeralContainers",
    };
    Origin::Manifest { field: format!("spec.{list}[{index}].securityContext.{field}") }
}

fn of_pod(field: &str) -> Origin {
    Origin::Manifest { field: format!("spec.securityContext.{field}") }
}

fn image_file(
    file: &str,
    line: usize,
    layer: Option<&LayerOrigin>,
    instead_of: Option<u32>,
) -> Origin {
    let layer = layer
        .map(|layer| Layer { digest: layer.digest.clone(), created_by: layer.created_by.clone() });
    Origin::ImageFile { file: file.to_owned(), line, layer, instead_of }
}
