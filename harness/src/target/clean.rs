//! What dead runs left on a runtime, found by their label and removed.
//!
//! Only sandboxes with a run's label are touched, and of those only the ones
//! whose run is dead: a living run holds a lock.

use std::collections::BTreeMap;
use std::path::Path;

use cri_api::{Cri, CriError, v1};

use super::lock;
use super::runtime::RUN_LABEL;
use super::volumes::HostVolumes;

/// What was found and what became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Sandboxes of dead runs that were removed.
    pub removed: usize,
    /// Sandboxes of dead runs that could not be removed.
    pub failed: usize,
    /// Sandboxes of runs that are alive.
    pub alive: usize,
    /// Images of dead runs that were removed.
    pub images: usize,
}

/// Removes everything that dead runs left.
///
/// # Errors
/// [`CriError`] when the runtime does not list its sandboxes or images.
pub async fn remove_leftovers(cri: &dyn Cri, volume_root: &Path) -> Result<Cleaned, CriError> {
    let mut cleaned = Cleaned::default();
    let mut dead: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for sandbox in cri.list_pod_sandboxes(None).await? {
        let Some(run) = sandbox.labels.get(RUN_LABEL).filter(|run| lock::is_run_id(run)) else {
            continue;
        };
        if lock::is_alive(run) {
            cleaned.alive += 1;
        } else {
            dead.entry(run.clone()).or_default().push(sandbox.id);
        }
    }
    for (run, sandboxes) in dead {
        let mut all_gone = true;
        for id in sandboxes {
            let gone = remove(cri, &id).await.is_ok();
            all_gone &= gone;
            if gone {
                cleaned.removed += 1;
            } else {
                cleaned.failed += 1;
            }
        }
        if all_gone {
            HostVolumes::new(volume_root, &run).remove_all();
        }
    }
    lock::forget_dead();
    cleaned.images = remove_images(cri, cleaned.alive > 0).await?;
    Ok(cleaned)
}

async fn remove(cri: &dyn Cri, id: &str) -> Result<(), CriError> {
    cri.stop_pod_sandbox(id).await?;
    cri.remove_pod_sandbox(id).await
}

/// Removes the images that only a loopback registry of a run can have served, unless a run is
/// alive that may use them. Images carry no labels; their names are ours alone.
async fn remove_images(cri: &dyn Cri, a_run_is_alive: bool) -> Result<usize, CriError> {
    if a_run_is_alive {
        return Ok(0);
    }
    let mut removed = 0;
    for image in cri.list_images().await? {
        for reference in image.repo_tags.iter().filter(|reference| is_ours(reference)) {
            let image = v1::ImageSpec { image: reference.clone(), ..v1::ImageSpec::default() };
            if cri.remove_image(&image).await.is_ok() {
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// `127.0.0.1:PORT/gidcheck/NAME:TAG`
fn is_ours(reference: &str) -> bool {
    let rest = reference.strip_prefix("127.0.0.1:").unwrap_or_default();
    rest.split_once('/')
        .is_some_and(|(port, name)| port.parse::<u16>().is_ok() && name.starts_with("gidcheck/"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fake_cri::{FakeRuntime, ImageStore};

    use super::*;
    use crate::target::lock::RunLock;

    async fn sandbox(runtime: &FakeRuntime, name: &str, run: Option<&str>) -> String {
        let metadata = v1::PodSandboxMetadata {
            name: name.to_owned(),
            uid: name.to_owned(),
            namespace: "default".to_owned(),
            attempt: 0,
        };
        let labels = run.map(|run| (RUN_LABEL.to_owned(), run.to_owned())).into_iter().collect();
        let config = v1::PodSandboxConfig {
            metadata: Some(metadata),
            labels,
            ..v1::PodSandboxConfig::default()
        };
        runtime.run_pod_sandbox(config, "").await.expect("nothing stands in the way")
    }

    #[tokio::test]
    async fn only_what_dead_runs_made_is_removed() {
        let profile = fake_cri::profile::find("containerd-2.1").expect("it is in the table");
        let store = Arc::new(ImageStore::new());
        let runtime = FakeRuntime::new(profile, store, fake_cri::Options::default());
        let living = format!("bbbb-{:x}", std::process::id());
        let _lock = RunLock::take(&living).expect("the folder for temporary files can be written");
        let foreign = sandbox(&runtime, "foreign", None).await;
        let odd = sandbox(&runtime, "odd", Some("../../etc")).await;
        let alive = sandbox(&runtime, "alive", Some(&living)).await;
        sandbox(&runtime, "dead", Some("dead-1")).await;

        let folder = tempfile::tempdir().expect("there is a folder for temporary files");
        let cleaned = remove_leftovers(&runtime, folder.path()).await.expect("it lists");

        assert_eq!(cleaned, Cleaned { removed: 1, failed: 0, alive: 1, images: 0 });
        let left = runtime.list_pod_sandboxes(None).await.expect("it lists");
        let mut left: Vec<_> = left.into_iter().map(|sandbox| sandbox.id).collect();
        let mut expected = vec![foreign, odd, alive];
        left.sort();
        expected.sort();
        assert_eq!(left, expected);
    }

    #[test]
    fn only_images_from_a_loopback_registry_of_ours_are_ours() {
        assert!(is_ours("127.0.0.1:35145/gidcheck/agnhost:00"));
        for other in
            ["127.0.0.1:5000/app:1", "registry.k8s.io/gidcheck/x:1", "127.0.0.1:x/gidcheck/a:1"]
        {
            assert!(!is_ours(other), "{other}");
        }
    }
}
