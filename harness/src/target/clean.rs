//! What dead runs left on a runtime, found by their label and removed.
//!
//! Only sandboxes with a run's label are touched, and of those only the ones
//! whose run is dead: a living run holds a lock. A run of which nothing is
//! known here may be alive elsewhere; its sandboxes are left until they are old.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cri_api::{Cri, CriError, v1};

use super::lock::{self, Life};
use super::persist::until_done;
use super::runtime::RUN_LABEL;
use super::volumes::HostVolumes;

/// Longer than any run takes.
const LONGEST_RUN: Duration = Duration::from_secs(6 * 3600);

/// The first port that Linux gives to who asks for any, as our registry does.
const FIRST_FREE_PORT: u16 = 32_768;

/// What was found and what became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Sandboxes of dead runs that were removed.
    pub removed: usize,
    /// Sandboxes of dead runs that could not be removed.
    pub failed: usize,
    /// Sandboxes of runs that are alive, or may be.
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
        let is_dead = match lock::life_of(run) {
            Life::Alive => false,
            Life::Dead => true,
            Life::Unknown => is_old(&sandbox),
        };
        if is_dead {
            dead.entry(run.clone()).or_default().push(sandbox.id);
        } else {
            cleaned.alive += 1;
        }
    }
    for (run, sandboxes) in dead {
        let mut all_gone = true;
        for id in sandboxes {
            // A runtime may still be busy with the calls of the run that was killed.
            let gone = until_done(|| async { remove(cri, &id).await.is_ok() }).await;
            all_gone &= gone;
            if gone {
                cleaned.removed += 1;
            } else {
                cleaned.failed += 1;
            }
        }
        if all_gone {
            HostVolumes::new(volume_root, &run).remove_all();
            lock::forget(&run);
        }
    }
    lock::forget_dead(LONGEST_RUN);
    if cleaned.alive == 0 {
        cleaned.images = remove_images(cri).await?;
    }
    Ok(cleaned)
}

/// Whether a sandbox is older than any run.
fn is_old(sandbox: &v1::PodSandbox) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let created = Duration::from_nanos(u64::try_from(sandbox.created_at).unwrap_or(0));
    now.saturating_sub(created) > LONGEST_RUN
}

pub(super) async fn remove(cri: &dyn Cri, id: &str) -> Result<(), CriError> {
    cri.stop_pod_sandbox(id).await?;
    cri.remove_pod_sandbox(id).await
}

/// Removes the images that only a loopback registry of a run can have served, and whose registry
/// is gone. Images carry no labels; their names are ours alone.
async fn remove_images(cri: &dyn Cri) -> Result<usize, CriError> {
    let mut removed = 0;
    for image in cri.list_images().await? {
        for reference in &image.repo_tags {
            if registry_port(reference).is_none_or(is_served) {
                continue;
            }
            let image = v1::ImageSpec { image: reference.clone(), ..v1::ImageSpec::default() };
            if cri.remove_image(&image).await.is_ok() {
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// The port in `127.0.0.1:PORT/gidcheck/NAME:TAG`; nothing for images of others, such as those
/// of a mirror that somebody keeps at a port of his choice.
fn registry_port(reference: &str) -> Option<u16> {
    let (port, name) = reference.strip_prefix("127.0.0.1:")?.split_once('/')?;
    let port = port.parse().ok().filter(|port| *port >= FIRST_FREE_PORT);
    port.filter(|_| name.starts_with("gidcheck/"))
}

/// Whether anybody listens on a port of loopback.
fn is_served(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
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
        let unknown = sandbox(&runtime, "unknown", Some("cccc-1")).await;
        let dead = format!("dead-{:x}", std::process::id());
        let abandoned = std::env::temp_dir().join(format!("gidcheck-{dead}.lock"));
        std::fs::write(abandoned, "").expect("the folder for temporary files can be written");
        sandbox(&runtime, "dead", Some(&dead)).await;

        let folder = tempfile::tempdir().expect("there is a folder for temporary files");
        let cleaned = remove_leftovers(&runtime, folder.path()).await.expect("it lists");

        assert_eq!(cleaned, Cleaned { removed: 1, failed: 0, alive: 2, images: 0 });
        let left = runtime.list_pod_sandboxes(None).await.expect("it lists");
        let mut left: Vec<_> = left.into_iter().map(|sandbox| sandbox.id).collect();
        let mut expected = vec![foreign, odd, alive, unknown];
        left.sort();
        expected.sort();
        assert_eq!(left, expected);
    }

    #[test]
    fn only_images_from_a_loopback_registry_of_ours_are_ours() {
        assert_eq!(registry_port("127.0.0.1:35145/gidcheck/agnhost:00"), Some(35145));
        for other in [
            "127.0.0.1:5000/gidcheck/app:1",
            "registry.k8s.io/gidcheck/x:1",
            "127.0.0.1:x/gidcheck/a:1",
        ] {
            assert_eq!(registry_port(other), None, "{other}");
        }
    }
}
