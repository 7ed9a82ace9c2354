//! Real runtimes: the fake kubelet on CRI sockets.
//!
//! The images that scenarios spell out are served from a registry on loopback.
//! Everything made carries the run's id, and only that is ever removed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use cri_api::client::{ConnectError, CriClient, RuntimeEndpoint};
use cri_api::{Cri, CriError, v1};
use fake_cri::Image;
use thiserror::Error;

use super::lock::{self, RunLock};
use super::making::Making;
use super::persist::until_done;
use super::volumes::HostVolumes;
use super::{Implementation, NodeRequest, NodeRuntime, Target, TargetError, clean, requirements};
use crate::oci::{OciError, OciImage, Registry};
use crate::scenario::{Case, RuntimeName};

/// The label of every sandbox that carries the id of the run that made it.
pub const RUN_LABEL: &str = "gidcheck.dev/run";
/// The label that tells the cases and nodes of a run apart.
const NODE_LABEL: &str = "gidcheck.dev/node";

/// How long one CRI call may take when nothing is said.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// How long one case may take when nothing is said.
pub const CASE_TIMEOUT: Duration = Duration::from_secs(180);
/// How long an interrupted run waits for sandboxes that are being made.
const STOP_PATIENCE: Duration = Duration::from_secs(20);
/// How long an interrupted run may take to end.
const STOP_LIMIT: Duration = Duration::from_secs(120);

/// Why real runtimes cannot be used.
#[derive(Debug, Error)]
pub enum RuntimeTargetError {
    /// No tokio runtime could be made.
    #[error("no tokio runtime can be made")]
    Runtime(#[from] std::io::Error),
    /// Nothing answers on a socket.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Something answers that is no ready CRI runtime.
    #[error("{endpoint} does not answer as a CRI v1 runtime: {source}")]
    NotCri {
        /// The endpoint.
        endpoint: RuntimeEndpoint,
        /// What it answered.
        source: CriError,
    },
    /// The registry could not be started.
    #[error(transparent)]
    Registry(#[from] OciError),
    /// This program's images are of another architecture than the machine.
    #[error(
        "this gidcheck is built for {built} and makes images for it, but this machine is {machine}; \
         use a gidcheck that is built for {machine}"
    )]
    Architecture {
        /// What it is built for, as OCI calls it.
        built: &'static str,
        /// The machine, as the kernel calls it.
        machine: String,
    },
}

/// How real runtimes are used.
#[derive(Debug, Clone)]
pub struct RuntimeOptions {
    /// How long one CRI call may take.
    pub call_timeout: Duration,
    /// How long one case may take.
    pub case_timeout: Duration,
    /// Where the pods' volumes are made; the runtime must see this folder under the same path.
    pub volume_root: PathBuf,
    /// Where the runtime finds the suite's images, such as `registry.example/mirror`; they are
    /// served on loopback when left out.
    pub image_prefix: Option<String>,
}

impl Default for RuntimeOptions {
    fn default() -> Self {
        Self {
            call_timeout: CALL_TIMEOUT,
            case_timeout: CASE_TIMEOUT,
            volume_root: std::env::temp_dir(),
            image_prefix: None,
        }
    }
}

/// A runtime behind a socket, and what it says of itself.
#[derive(Debug, Clone)]
struct RealRuntime {
    client: CriClient,
    implementation: Implementation,
}

impl RealRuntime {
    async fn connect(
        endpoint: &RuntimeEndpoint,
        call_timeout: Duration,
    ) -> Result<Self, RuntimeTargetError> {
        let client = CriClient::connect(endpoint, call_timeout).await?;
        let failed = |source| RuntimeTargetError::NotCri { endpoint: endpoint.clone(), source };
        let version = client.version().await.map_err(failed)?;
        let status = client.status().await.map_err(failed)?;
        Ok(Self {
            client,
            implementation: Implementation {
                name: version.runtime_name,
                version: version.runtime_version,
                supplemental_groups_policy: status
                    .features
                    .is_some_and(|sent| sent.supplemental_groups_policy),
            },
        })
    }
}

/// Real runtimes behind sockets.
#[derive(Debug)]
pub struct RuntimeTarget {
    runtimes: Vec<RealRuntime>,
    registry: Registry,
    run: String,
    nodes: AtomicU64,
    clusters: AtomicU32,
    /// What the registry served, by the reference that the runtimes know.
    served: Arc<Mutex<BTreeSet<String>>>,
    volumes: HostVolumes,
    making: Arc<Making>,
    options: RuntimeOptions,
    _lock: RunLock,
    // Last, so that connections and registry are dropped before what drives them.
    tokio: tokio::runtime::Runtime,
}

impl RuntimeTarget {
    /// Connects to runtimes, removes what dead runs left on them, and starts the registry.
    ///
    /// # Errors
    /// [`RuntimeTargetError`].
    pub fn connect(
        endpoints: &[RuntimeEndpoint],
        options: RuntimeOptions,
    ) -> Result<Self, RuntimeTargetError> {
        check_architecture()?;
        let tokio =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let (runtimes, registry) = tokio.block_on(async {
            let mut runtimes = Vec::new();
            for endpoint in endpoints {
                runtimes.push(RealRuntime::connect(endpoint, options.call_timeout).await?);
            }
            Ok::<_, RuntimeTargetError>((runtimes, Registry::start().await?))
        })?;
        let run = new_run_id();
        let lock = RunLock::take(&run)?;
        let volumes = HostVolumes::new(&options.volume_root, &run);
        let target = Self {
            runtimes,
            registry,
            run,
            nodes: AtomicU64::new(0),
            clusters: AtomicU32::new(first_cluster_id()),
            served: Arc::default(),
            volumes,
            making: Arc::default(),
            options,
            _lock: lock,
            tokio,
        };
        target.clean_up_on_signals();
        target.tokio.block_on(async {
            for runtime in &target.runtimes {
                // What cannot be removed now is found again by the next run.
                let _ = clean::remove_leftovers(&runtime.client, &target.options.volume_root).await;
            }
        });
        Ok(target)
    }

    /// On SIGINT and SIGTERM: removes what the run made, then ends the process.
    fn clean_up_on_signals(&self) {
        use tokio::signal::unix::{SignalKind, signal};
        for (kind, number) in [(SignalKind::interrupt(), 2), (SignalKind::terminate(), 15)] {
            let clients: Vec<_> = self.runtimes.iter().map(|one| one.client.clone()).collect();
            let labels = BTreeMap::from([(RUN_LABEL.to_owned(), self.run.clone())]);
            let volumes = self.volumes.clone();
            let (making, run) = (Arc::clone(&self.making), self.run.clone());
            let served = Arc::clone(&self.served);
            self.tokio.spawn(async move {
                let Ok(mut signal) = signal(kind) else { return };
                if signal.recv().await.is_none() {
                    return;
                }
                anstream::eprintln!("gidcheck: interrupted; removing what this run made");
                making.stop(STOP_PATIENCE).await;
                let served = std::mem::take(&mut *locked(&served));
                for client in &clients {
                    remove_labelled(client, &labels).await;
                    remove_images(client, &served).await;
                }
                volumes.remove_all();
                lock::forget(&run);
                std::process::exit(128 + number);
            });
        }
    }

    /// The runtime for a node: the first that is what the scenario asks for.
    fn runtime_for(&self, wanted: Option<RuntimeName>) -> Option<&RealRuntime> {
        self.runtimes.iter().find(|runtime| runtime.implementation.is(wanted))
    }

    fn names(&self) -> String {
        let name = |one: &RealRuntime| {
            format!("{} {}", one.implementation.name, one.implementation.version)
        };
        self.runtimes.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// Makes the images of a case available; the reference to pull for each.
    fn serve(&self, request: &NodeRequest<'_>) -> Result<HashMap<String, String>, TargetError> {
        let mut references = HashMap::new();
        for stored in request.images.list() {
            let image = &stored.image;
            let served = self.reference_of(image).map_err(|source| TargetError::Image {
                reference: image.reference.clone(),
                source: Box::new(source),
            })?;
            // Below a prefix they are somebody else's, who may have imported them for many runs.
            if self.options.image_prefix.is_none() {
                locked(&self.served).insert(served.clone());
            }
            references.insert(image.reference.clone(), served);
        }
        Ok(references)
    }
}

impl RuntimeTarget {
    /// The reference by which the runtimes find an image.
    fn reference_of(&self, image: &Image) -> Result<String, OciError> {
        match &self.options.image_prefix {
            None => self.registry.publish(image),
            Some(prefix) => Ok(OciImage::assemble(image)?.name().at(prefix)),
        }
    }

    /// The runtimes, as they name themselves.
    #[must_use]
    pub fn implementations(&self) -> Vec<Implementation> {
        self.runtimes.iter().map(|runtime| runtime.implementation.clone()).collect()
    }
}

/// Images are of the architecture that this program is built for; so must be the machine.
fn check_architecture() -> Result<(), RuntimeTargetError> {
    let machine = rustix::system::uname().machine().to_string_lossy().into_owned();
    let oci = match machine.as_str() {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    if oci == toolbox::ARCHITECTURE {
        return Ok(());
    }
    Err(RuntimeTargetError::Architecture { built: toolbox::ARCHITECTURE, machine })
}

#[async_trait]
impl Target for RuntimeTarget {
    fn name(&self) -> String {
        self.names()
    }

    fn lacks(&self, case: &Case) -> Option<String> {
        let implementations = self.runtimes.iter().map(|runtime| &runtime.implementation);
        requirements::lacks(case, implementations)
    }

    fn implementation(&self, case: &Case) -> Option<Implementation> {
        let wanted = case.runtimes().next().flatten();
        self.runtime_for(wanted).map(|runtime| runtime.implementation.clone())
    }

    fn has_virtual_time(&self) -> bool {
        false
    }

    fn case_limit(&self) -> Option<Duration> {
        Some(self.options.case_timeout)
    }

    fn new_cluster_id(&self) -> u32 {
        self.clusters.fetch_add(1, Ordering::Relaxed)
    }

    async fn node(&self, request: NodeRequest<'_>) -> Result<NodeRuntime, TargetError> {
        let runtime =
            self.runtime_for(request.runtime).ok_or_else(|| TargetError::NoSuchRuntime {
                node: request.node.to_owned(),
                wanted: request.runtime.map(|name| name.to_string()).unwrap_or_default(),
            })?;
        let references = self.serve(&request)?;
        let number = self.nodes.fetch_add(1, Ordering::Relaxed);
        let mut node = NodeRuntime::of_run(
            Arc::new(runtime.client.clone()),
            Arc::new(self.volumes.clone()),
            Arc::clone(&self.making),
        );
        node.image_mapping = Some(Arc::new(move |reference: &str| {
            references.get(reference).cloned().unwrap_or_else(|| reference.to_owned())
        }));
        node.host_network = true;
        node.is_shared = true;
        node.sandbox_labels = BTreeMap::from([
            (RUN_LABEL.to_owned(), self.run.clone()),
            (NODE_LABEL.to_owned(), number.to_string()),
        ]);
        Ok(node)
    }

    fn finish(&self) {
        if self.making.is_stopped() {
            // An interrupted run is ended by who stops it, once nothing is left.
            std::thread::sleep(STOP_LIMIT);
        }
        let served = std::mem::take(&mut *locked(&self.served));
        self.tokio.block_on(async {
            for runtime in &self.runtimes {
                remove_images(&runtime.client, &served).await;
            }
        });
        self.volumes.remove_all();
    }
}

/// Where a run starts to count clusters: past those of a run before it, whose pods may be left.
fn first_cluster_id() -> u32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let milliseconds = now.as_millis() & u128::from(u32::MAX);
    u32::try_from(milliseconds).unwrap_or(0)
}

/// An id that no other run has.
fn new_run_id() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}", now.as_nanos(), std::process::id())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes images; some were never pulled, and removing is repeatable.
async fn remove_images(cri: &dyn Cri, images: &BTreeSet<String>) {
    for image in images {
        let image = v1::ImageSpec { image: image.clone(), ..v1::ImageSpec::default() };
        let _ = cri.remove_image(&image).await;
    }
}

/// Stops and removes every sandbox that carries these labels.
///
/// A runtime may refuse while a container of a sandbox is being started, so there are some
/// attempts. What cannot be removed even so is found by its label in a later run.
pub(super) async fn remove_labelled(cri: &dyn Cri, labels: &BTreeMap<String, String>) {
    let filter = v1::PodSandboxFilter {
        label_selector: labels.clone().into_iter().collect(),
        ..v1::PodSandboxFilter::default()
    };
    until_done(|| async {
        // Listed anew each time: a call under way may have made one more.
        let Ok(sandboxes) = cri.list_pod_sandboxes(Some(filter.clone())).await else {
            return false;
        };
        let mut all_gone = true;
        for sandbox in sandboxes {
            let ours = labels.iter().all(|(key, value)| sandbox.labels.get(key) == Some(value));
            if ours {
                all_gone &= clean::remove(cri, &sandbox.id).await.is_ok();
            }
        }
        all_gone
    })
    .await;
}
