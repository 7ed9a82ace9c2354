//! Groups that volumes demand: a persistent volume's annotation `pv.beta.kubernetes.io/gid`, which
//! kubelets add to every container of a pod that mounts it (`GetExtraSupplementalGroupsForPod` in
//! `pkg/kubelet/volumemanager` of 1.36).

use std::collections::BTreeMap;

use fake_kubelet::volumes::MountedVolume;
use serde_json::Value as Json;

use super::ManifestPod;
use crate::scenario::DEFAULT_NAMESPACE;

const GROUP: &str = "/metadata/annotations/pv.beta.kubernetes.io~1gid";

/// The persistent volumes that were read, and the claims that are bound to them.
#[derive(Debug, Default)]
pub struct Volumes {
    /// By volume: the group that it demands.
    groups: BTreeMap<String, i64>,
    /// By namespace and claim: its volume.
    claims: BTreeMap<(String, String), String>,
}

/// A group that a volume demands of a pod's containers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct VolumeGroup {
    /// The claim that leads to the volume.
    claim: String,
    group: i64,
}

/// All groups that a pod's volumes demand.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct VolumeGroups {
    demanded: Vec<VolumeGroup>,
    mounted: Vec<(String, MountedVolume)>,
}

impl VolumeGroups {
    fn new(demanded: Vec<VolumeGroup>) -> Self {
        let mount = |one: &VolumeGroup| {
            let supplemental_group = Some(one.group);
            (one.claim.clone(), MountedVolume { supplemental_group, ..MountedVolume::default() })
        };
        Self { mounted: demanded.iter().map(mount).collect(), demanded }
    }

    /// The claim that leads to a group.
    pub(crate) fn claim_of(&self, group: u32) -> Option<&str> {
        let mut demanded = self.demanded.iter();
        demanded.find(|one| one.group == i64::from(group)).map(|one| one.claim.as_str())
    }

    /// The volumes as a kubelet has mounted them, as far as they say something of groups.
    pub(super) fn mounted(&self) -> &[(String, MountedVolume)] {
        &self.mounted
    }
}

impl Volumes {
    /// Adds a volume or a claim; other kinds say nothing of either.
    pub(super) fn add(&mut self, kind: &str, object: &Json) {
        let text = |path: &str| object.pointer(path).and_then(Json::as_str).map(str::to_owned);
        let Some(name) = text("/metadata/name") else { return };
        match kind {
            "PersistentVolume" => {
                // What is no number, kubelets pass over.
                if let Some(group) = text(GROUP).and_then(|group| group.parse().ok()) {
                    self.groups.insert(name.clone(), group);
                }
                let claim = text("/spec/claimRef/namespace").zip(text("/spec/claimRef/name"));
                self.claims.extend(claim.map(|claim| (claim, name)));
            }
            "PersistentVolumeClaim" => {
                let namespace = text("/metadata/namespace");
                let namespace = namespace.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned());
                let volume = text("/spec/volumeName").filter(|volume| !volume.is_empty());
                self.claims.extend(volume.map(|volume| ((namespace, name), volume)));
            }
            _ => {}
        }
    }

    /// How many are known.
    pub(super) fn len(&self) -> usize {
        self.groups.len() + self.claims.len()
    }

    /// What the volumes of a pod demand.
    pub(super) fn of(&self, pod: &ManifestPod) -> VolumeGroups {
        if self.groups.is_empty() {
            return VolumeGroups::default();
        }
        let namespace =
            if pod.namespace.is_empty() { DEFAULT_NAMESPACE } else { pod.namespace.as_str() };
        let mounts = |claim: &str| {
            let volumes = pod.manifest["spec"]["volumes"].as_array();
            let named = volumes.into_iter().flatten().any(|volume| {
                volume["persistentVolumeClaim"]["claimName"] == claim
                    // The claim of a generic ephemeral volume is named after pod and volume.
                    || volume["ephemeral"].is_object()
                        && volume["name"].as_str().is_some_and(|volume| {
                            claim.strip_prefix(&pod.name).and_then(|rest| rest.strip_prefix('-'))
                                == Some(volume)
                        })
            });
            named || pod.claim_templates.iter().any(|template| is_of(claim, template, &pod.name))
        };
        let of_namespace = self.claims.iter().filter(|((of, _), _)| of == namespace);
        let demanded = of_namespace.filter(|((_, claim), _)| mounts(claim)).filter_map(
            |((_, claim), volume)| {
                Some(VolumeGroup { claim: claim.clone(), group: *self.groups.get(volume)? })
            },
        );
        VolumeGroups::new(demanded.collect())
    }
}

/// Whether a claim is one that a `StatefulSet` makes of a template: `TEMPLATE-SET-0`.
fn is_of(claim: &str, template: &str, set: &str) -> bool {
    let rest = claim.strip_prefix(template).and_then(|rest| rest.strip_prefix('-'));
    let number = rest.and_then(|rest| rest.strip_prefix(set)?.strip_prefix('-'));
    number.is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}
