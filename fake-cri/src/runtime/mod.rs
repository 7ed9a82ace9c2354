//! The fake runtime: sandboxes and containers, their states, and what can fail where.
//!
//! It keeps no thread and polls nothing. Processes run inside the calls that start them
//! until they sleep; a timer of tokio's clock wakes them, so paused time works.

mod attach;
mod containers;
mod cri;
mod events;
mod exec;
mod images;
mod kept;
mod log;
mod recent;
mod sandboxes;
mod state;
mod timers;
mod words;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use events::Events;
use state::State;
use timers::Timers;

use crate::hex::{hex_id, mix};
use crate::identity::{Resolved, Scene};
use crate::image::ImageStore;
use crate::process::HostFiles;
use crate::profile::Profile;

/// What a runtime gets from around it.
#[derive(Clone)]
pub struct Options {
    /// The time, in nanoseconds since 1970 (UTC).
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// The node's files, which mounts lead to.
    pub host: HostFiles,
    /// Which node of its cluster it serves: runtimes with different seeds never give the same
    /// identifiers, nor, up to 8,191 of them, the same addresses to pods.
    pub seed: u64,
    /// What it holds at most.
    pub limits: Limits,
}

/// What a runtime holds at most; more is refused with `ResourceExhausted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sandboxes, ready or not.
    pub sandboxes: usize,
    /// Containers, running or not.
    pub containers: usize,
    /// Events that a subscriber may be behind; one that falls further is told so and cut off.
    pub events_behind: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { sandboxes: 16_384, containers: 65_536, events_behind: 65_536 }
    }
}

impl Default for Options {
    /// The system's clock, no files, seed 0.
    fn default() -> Self {
        Self {
            now: Arc::new(system_time),
            host: HostFiles::default(),
            seed: 0,
            limits: Limits::default(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { now: _, host: _, seed, limits } = self;
        f.debug_struct("Options")
            .field("seed", seed)
            .field("limits", limits)
            .finish_non_exhaustive()
    }
}

fn system_time() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// A container runtime without containers, as one release behaves.
///
/// A handle: clones are the same runtime. It implements [`cri_api::Cri`]; calls that start
/// a process that sleeps need a tokio runtime around them.
#[derive(Clone)]
pub struct FakeRuntime {
    inner: Arc<Inner>,
}

struct Inner {
    profile: RwLock<&'static Profile>,
    images: Arc<ImageStore>,
    options: Options,
    counter: AtomicU64,
    state: Mutex<State>,
    events: Events,
    timers: Arc<Timers>,
}

impl FakeRuntime {
    /// A runtime with no sandboxes.
    #[must_use]
    pub fn new(profile: &'static Profile, images: Arc<ImageStore>, options: Options) -> Self {
        let events = Events::new(options.limits.events_behind);
        Self {
            inner: Arc::new(Inner {
                profile: RwLock::new(profile),
                images,
                options,
                counter: AtomicU64::new(0),
                state: Mutex::default(),
                events,
                timers: Arc::default(),
            }),
        }
    }

    /// The release that it behaves as.
    #[must_use]
    pub fn profile(&self) -> &'static Profile {
        self.inner.profile()
    }

    /// Upgrades or rolls back the runtime. What runs keeps running as it is.
    pub fn set_profile(&self, profile: &'static Profile) {
        *self.inner.profile.write().unwrap_or_else(PoisonError::into_inner) = profile;
    }

    /// The images it has.
    #[must_use]
    pub fn images(&self) -> &Arc<ImageStore> {
        &self.inner.images
    }

    /// Who a container's first process is, and where each of its ids comes from; none where there
    /// is no such container.
    #[must_use]
    pub fn resolved(&self, container_id: &str) -> Option<Resolved> {
        let container = self.inner.lock().container(container_id)?;
        Some(container.make.resolved.clone())
    }

    /// The node's files.
    #[must_use]
    pub fn host_files(&self) -> &HostFiles {
        &self.inner.options.host
    }
}

impl fmt::Debug for FakeRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeRuntime").field("profile", &self.profile().name).finish_non_exhaustive()
    }
}

impl Inner {
    fn profile(&self) -> &'static Profile {
        *self.profile.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> i64 {
        (self.options.now)()
    }

    /// The number and id of the next sandbox, container or exec.
    fn next_id(&self) -> (u64, Arc<str>) {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        (number, hex_id(mix(self.options.seed) ^ number).into())
    }

    /// What a refusal's text names besides its reason.
    fn with_scene<T>(&self, sandbox_id: &str, tell: impl FnOnce(&Scene<'_>) -> T) -> T {
        let number = self.counter.load(Ordering::Relaxed);
        let layer_id = hex_id(mix(self.options.seed) ^ !number);
        #[allow(clippy::cast_possible_truncation, reason = "any 32 bits will do")]
        let mount = mix(number) as u32;
        tell(&Scene { sandbox_id, mount, layer_id: &layer_id, now: self.now() })
    }
}
