//! Who containers are as their kubelets report it: `status.containerStatuses[].user`, which kubelets
//! write since 1.31 (KEP-3619, "ContainerStatus.User").
//!
//! Where an image cannot be looked at, this is all that there is to know.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value as Json;

use super::manifests::CONTAINER_LISTS;

/// The lists of a pod's status that say who containers are.
const STATUSES: &[&str] =
    &["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
/// The most groups that are kept of a container; the kernel lets a process have that many.
const MOST_GROUPS: usize = 65_536;

/// Who a container was when it started, on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// The uid.
    pub uid: u32,
    /// The primary gid.
    pub gid: u32,
    /// All groups, ascending.
    pub groups: Vec<u32>,
    /// The node.
    pub node: String,
    /// What the container was asked to be, as a number.
    asked: u64,
}

impl Reported {
    /// Whether a container of a manifest is asked to be the same: its image, and whatever says who
    /// it is to be.
    #[must_use]
    pub fn fits(&self, manifest: &Json, container: &str) -> bool {
        asked(manifest, container) == Some(self.asked)
    }
}

/// What a pod of a cluster reports of its containers, by their names.
pub(super) fn reported(pod: &Json) -> BTreeMap<String, Reported> {
    let node = pod.pointer("/spec/nodeName").and_then(Json::as_str).unwrap_or_default();
    let statuses = STATUSES.iter().filter_map(|list| pod["status"][*list].as_array()).flatten();
    statuses
        .filter_map(|status| {
            let name = status["name"].as_str()?;
            let user = status.pointer("/user/linux")?;
            let number = |field: &str| u32::try_from(user[field].as_u64()?).ok();
            let groups = user["supplementalGroups"].as_array().map(Vec::as_slice);
            let groups = groups.unwrap_or_default().iter().take(MOST_GROUPS);
            let mut groups: Vec<u32> =
                groups.filter_map(|group| u32::try_from(group.as_u64()?).ok()).collect();
            groups.sort_unstable();
            groups.dedup();
            let reported = Reported {
                uid: number("uid")?,
                gid: number("gid")?,
                groups,
                node: node.to_owned(),
                asked: asked(pod, name)?,
            };
            Some((name.to_owned(), reported))
        })
        .collect()
}

fn asked(manifest: &Json, container: &str) -> Option<u64> {
    let spec = &manifest["spec"];
    let lists = CONTAINER_LISTS.iter().filter_map(|list| spec[*list].as_array()).flatten();
    let container = lists.into_iter().find(|one| one["name"] == container)?;
    let mut hasher = DefaultHasher::new();
    let securities = [&spec["securityContext"], &container["securityContext"]];
    // The API server writes an empty one where there is none.
    let securities =
        securities.map(|one| if one.is_null() { "{}".to_owned() } else { one.to_string() });
    securities.hash(&mut hasher);
    container["image"].as_str().hash(&mut hasher);
    Some(hasher.finish())
}
