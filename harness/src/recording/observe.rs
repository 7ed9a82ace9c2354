//! All cases of a suite, asked of one runtime.

use std::collections::BTreeMap;
use std::sync::Arc;

use cri_api::{Cri, CriError, v1};
use fake_cri::ImageStore;
use thiserror::Error;
use tokio::task::{JoinError, JoinSet};

use super::model::{ImageUser, Outcome, Runtime};
use super::play::{Interrupted, Place, bare_sandbox, play};
use super::suite::Suite;
use crate::cluster::Clock;
use crate::scenario::RuntimeName;
use crate::target::{NodeRequest, NodeRuntime, Target, TargetError};

/// What a runtime answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// What it says of itself.
    pub runtime: Runtime,
    /// What came of each case, in the suite's order.
    pub outcomes: Vec<Outcome>,
}

/// Why a runtime could not be asked.
#[derive(Debug, Error)]
pub enum ObserveError {
    /// The target has no such runtime, or cannot serve the images to it.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A case needs an image that is not in the suite.
    #[error(
        "case {case:?} needs image {image:?}, which is not at hand; say what is in it with --images"
    )]
    NoSuchImage {
        /// The case.
        case: String,
        /// The image's name.
        image: String,
    },
    /// The runtime does not describe itself.
    #[error("the runtime does not answer {call}")]
    NoAnswer {
        /// The call.
        call: &'static str,
        /// What it said.
        #[source]
        source: CriError,
    },
    /// An image cannot be pulled.
    #[error("the runtime cannot pull image {image:?} as {reference}")]
    Pull {
        /// The image's name.
        image: String,
        /// Where it was to be had.
        reference: String,
        /// What the runtime said.
        #[source]
        source: CriError,
    },
    /// No sandbox can be made, whatever is asked.
    #[error("the runtime makes no sandbox, not even one without any request")]
    NoSandbox(#[source] CriError),
    /// The runtime stopped answering.
    #[error("case {case:?} could not be played")]
    Interrupted {
        /// The case.
        case: String,
        /// What happened.
        #[source]
        source: Interrupted,
    },
    /// The runtime is another one than at the start.
    #[error("the runtime said {before:?} at the start and {after:?} at the end; nothing is kept")]
    Changed {
        /// Name and version at the start.
        before: String,
        /// Name and version at the end.
        after: String,
    },
    /// A task of ours ended early.
    #[error("playing a case ended before its time")]
    Task(#[from] JoinError),
}

/// Plays every case of a suite on a target's runtime, `jobs` at a time; `played` is called after
/// each.
///
/// Sandboxes carry the target's labels and are gone when this returns, whatever it returns.
///
/// # Errors
/// [`ObserveError`] when the runtime cannot be asked; what it refuses is an outcome.
pub async fn observe(
    suite: &Suite,
    target: &dyn Target,
    runtime: Option<RuntimeName>,
    jobs: usize,
    played: &(dyn Fn() + Sync),
) -> Result<Observed, ObserveError> {
    for request in &suite.requests {
        if suite.images.get(&request.image).is_none() {
            let (case, image) = (request.id.clone(), request.image.clone());
            return Err(ObserveError::NoSuchImage { case, image });
        }
    }
    let images = Arc::new(ImageStore::new());
    for (_, image) in suite.images.iter() {
        images.add(Arc::clone(image));
    }
    let clock = if target.has_virtual_time() { Clock::simulated() } else { Clock::real() };
    let request = NodeRequest { node: "recorded", number: 0, runtime, images: &images, clock };
    let node = target.node(request).await?;
    let observed = on_node(suite, &node, jobs, played).await;
    node.remove_everything().await;
    observed
}

async fn on_node(
    suite: &Suite,
    node: &NodeRuntime,
    jobs: usize,
    played: &(dyn Fn() + Sync),
) -> Result<Observed, ObserveError> {
    let cri = node.cri();
    let mut runtime = describe(&*cri).await?;
    probe(node).await?;
    let mut references = BTreeMap::new();
    for (name, image) in suite.images.iter() {
        let mapped = node.image_mapping.as_ref().map(|mapping| mapping(&image.reference));
        let reference = mapped.unwrap_or_else(|| image.reference.clone());
        let user = pull(&*cri, name, &reference).await?;
        runtime.image_status_user.insert(name.to_owned(), user);
        references.insert(name.to_owned(), reference);
    }
    let outcomes = play_all(suite, node, &references, jobs, played).await?;
    let after = describe(&*cri).await?;
    if (&after.name, &after.version) != (&runtime.name, &runtime.version) {
        return Err(ObserveError::Changed {
            before: format!("{} {}", runtime.name, runtime.version),
            after: format!("{} {}", after.name, after.version),
        });
    }
    Ok(Observed { runtime, outcomes })
}

async fn describe(cri: &dyn Cri) -> Result<Runtime, ObserveError> {
    let failed = |call| move |source| ObserveError::NoAnswer { call, source };
    let version = cri.version().await.map_err(failed("Version"))?;
    let status = cri.status().await.map_err(failed("Status"))?;
    let features = status.features.map(|sent| {
        let mut features = BTreeMap::from([(
            "supplemental_groups_policy".to_owned(),
            sent.supplemental_groups_policy,
        )]);
        if sent.user_namespaces_host_network {
            features.insert("user_namespaces_host_network".to_owned(), true);
        }
        features
    });
    Ok(Runtime {
        name: version.runtime_name,
        version: release(&version.runtime_version).to_owned(),
        features,
        image_status_user: BTreeMap::new(),
    })
}

/// The release in a version such as `v2.1.4` or `2.1.9+unknown`.
fn release(version: &str) -> &str {
    let version = version.strip_prefix('v').unwrap_or(version);
    version.split(['+', '~']).next().unwrap_or_default()
}

/// A runtime that makes no sandbox at all would refuse every case for reasons of its own.
async fn probe(node: &NodeRuntime) -> Result<(), ObserveError> {
    let cri = node.cri();
    let labels = node.sandbox_labels.clone();
    let place = Place { image: String::new(), number: 0, labels };
    let sandbox =
        cri.run_pod_sandbox(bare_sandbox(&place), "").await.map_err(ObserveError::NoSandbox)?;
    // A sandbox that stays is found by its label at the end of the run.
    if cri.stop_pod_sandbox(&sandbox).await.is_ok() {
        let _ = cri.remove_pod_sandbox(&sandbox).await;
    }
    Ok(())
}

/// Pulls an image; gives the user that the runtime reads in it.
async fn pull(cri: &dyn Cri, name: &str, reference: &str) -> Result<ImageUser, ObserveError> {
    let failed = |source| ObserveError::Pull {
        image: name.to_owned(),
        reference: reference.to_owned(),
        source,
    };
    let spec = v1::ImageSpec { image: reference.to_owned(), ..Default::default() };
    cri.pull_image(&spec).await.map_err(failed)?;
    let image = cri
        .image_status(&spec)
        .await
        .and_then(|image| image.ok_or_else(|| CriError::not_found("it is not there after a pull")))
        .map_err(failed)?;
    Ok(ImageUser { uid: image.uid.map(|uid| uid.value), username: image.username })
}

async fn play_all(
    suite: &Suite,
    node: &NodeRuntime,
    references: &BTreeMap<String, String>,
    jobs: usize,
    played: &(dyn Fn() + Sync),
) -> Result<Vec<Outcome>, ObserveError> {
    let mut outcomes: Vec<Option<Outcome>> = suite.requests.iter().map(|_| None).collect();
    let mut waiting = suite.requests.iter().enumerate();
    let mut running = JoinSet::new();
    let mut failure = None;
    loop {
        while failure.is_none() && running.len() < jobs.max(1) {
            let Some((index, request)) = waiting.next() else { break };
            let image = references.get(&request.image).cloned().unwrap_or_default();
            let place = Place { image, number: index + 1, labels: node.sandbox_labels.clone() };
            let (request, cri) = (request.clone(), node.cri());
            running.spawn(async move { (index, play(&request, &*cri, &place).await) });
        }
        let Some(ended) = running.join_next().await else { break };
        // Those under way are waited for, so that they remove their sandboxes.
        match ended {
            Ok((index, Ok(outcome))) => outcomes[index] = Some(outcome),
            Ok((index, Err(source))) => {
                let case = suite.requests[index].id.clone();
                failure.get_or_insert(ObserveError::Interrupted { case, source });
            }
            Err(error) => {
                failure.get_or_insert(error.into());
            }
        }
        played();
    }
    match failure {
        Some(failure) => Err(failure),
        None => Ok(outcomes.into_iter().flatten().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::release;

    #[test]
    fn a_release_is_a_version_without_marks_of_the_build() {
        for (version, expected) in
            [("2.1.9+unknown", "2.1.9"), ("v2.1.4", "2.1.4"), ("1.6.20~ds1", "1.6.20"), ("", "")]
        {
            assert_eq!(release(version), expected);
        }
    }
}
