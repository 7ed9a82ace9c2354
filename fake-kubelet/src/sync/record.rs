//! What a pod worker knows of each container of its pod.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use cri_api::v1;
use k8s_openapi::api::core::v1::{Container, Pod};
use tokio::time::Instant;

use crate::admission::resources::is_sidecar;
use crate::metrics::ContainerType;
use crate::translate::{ephemeral_as_container, labels};

/// Which of a pod's lists a container is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Runs to its end before the next.
    Init,
    /// An init container that keeps running.
    Sidecar,
    /// An ordinary container.
    App,
    /// Added to a running pod, never restarted.
    Ephemeral,
}

impl Kind {
    /// The container's field path in events.
    pub(crate) fn field_path(self, name: &str) -> String {
        match self {
            Self::Init | Self::Sidecar => format!("spec.initContainers{{{name}}}"),
            Self::App => format!("spec.containers{{{name}}}"),
            Self::Ephemeral => format!("spec.ephemeralContainers{{{name}}}"),
        }
    }

    pub(crate) fn metric(self) -> ContainerType {
        match self {
            Self::Init | Self::Sidecar => ContainerType::InitContainer,
            Self::App => ContainerType::Container,
            Self::Ephemeral => ContainerType::EphemeralContainer,
        }
    }
}

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ending {
    /// When, in nanoseconds since 1970 by the runtime's clock.
    pub(crate) finished_at: i64,
    pub(crate) exit_code: i32,
    pub(crate) reason: String,
    pub(crate) message: String,
    /// When this kubelet noticed.
    pub(crate) noticed: Instant,
    /// A probe made the kubelet end it.
    pub(crate) unhealthy: bool,
}

/// Where a container is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// Made, not started.
    Created,
    Running,
    Exited(Ending),
}

/// One container on the runtime.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    pub(crate) id: Arc<str>,
    pub(crate) sandbox_id: Arc<str>,
    /// The restart count.
    pub(crate) attempt: u32,
    /// The definition it was made from, see [`labels::definition_hash`].
    pub(crate) hash: String,
    pub(crate) state: State,
    /// Nanoseconds since 1970 by the runtime's clock; 0 before.
    pub(crate) started_at: i64,
    pub(crate) image_ref: String,
    pub(crate) user: Option<v1::LinuxContainerUser>,
}

impl Instance {
    pub(crate) fn ending(&self) -> Option<&Ending> {
        if let State::Exited(ending) = &self.state { Some(ending) } else { None }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.state == State::Running
    }

    /// Takes over what the runtime says now; an ended container stays ended.
    pub(crate) fn update(&mut self, status: v1::ContainerStatus, now: Instant) {
        if self.ending().is_some() {
            return;
        }
        self.state = match status.state() {
            v1::ContainerState::ContainerCreated => State::Created,
            v1::ContainerState::ContainerRunning => State::Running,
            v1::ContainerState::ContainerExited | v1::ContainerState::ContainerUnknown => {
                State::Exited(Ending {
                    finished_at: status.finished_at,
                    exit_code: status.exit_code,
                    reason: status.reason,
                    message: status.message,
                    noticed: now,
                    unhealthy: false,
                })
            }
        };
        self.started_at = status.started_at;
        self.image_ref = status.image_ref;
        self.user = status.user.and_then(|user| user.linux);
    }

    /// The runtime does not know it any more.
    pub(crate) fn lose(&mut self, now: Instant) {
        if self.ending().is_none() {
            self.state = State::Exited(Ending {
                finished_at: 0,
                exit_code: 137,
                reason: "ContainerStatusUnknown".to_owned(),
                message: "The container could not be located when the pod was terminated"
                    .to_owned(),
                noticed: now,
                unhealthy: false,
            });
        }
    }
}

/// Why a container waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
}

/// The last pull of an image, which failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PullTrouble {
    pub(crate) back_off: BackOff,
    pub(crate) failed: Instant,
    pub(crate) error: String,
}

/// A delay that doubles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BackOff {
    pub(crate) delay: Duration,
    updated: Instant,
}

impl BackOff {
    /// The next delay: the first one, or twice the last, at most `longest`.
    /// It starts anew when the trouble came more than twice `longest` after
    /// the last delay began (client-go's `flowcontrol.Backoff`).
    pub(crate) fn next(
        last: Option<Self>,
        trouble: Instant,
        now: Instant,
        initial: Duration,
        longest: Duration,
    ) -> Self {
        let delay = match last {
            Some(last) if !last.expired(trouble, longest) => {
                last.delay.saturating_mul(2).min(longest)
            }
            _ => initial,
        };
        Self { delay, updated: now }
    }

    /// Until when nothing may be tried after `trouble`; `None` if it may now.
    pub(crate) fn holds_until(
        self,
        trouble: Instant,
        now: Instant,
        longest: Duration,
    ) -> Option<Instant> {
        if self.expired(trouble, longest) {
            return None;
        }
        Some(trouble + self.delay).filter(|until| *until > now)
    }

    fn expired(self, trouble: Instant, longest: Duration) -> bool {
        trouble.saturating_duration_since(self.updated) > longest.saturating_mul(2)
    }
}

/// What is known of one container of the pod's spec.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    /// Its place in its list.
    pub(crate) index: usize,
    /// The newest one on the runtime.
    pub(crate) latest: Option<Instance>,
    /// The one before, ended.
    pub(crate) previous: Option<Box<Instance>>,
    pub(crate) failure: Option<Failure>,
    /// Nothing is tried before.
    pub(crate) hold_until: Option<Instant>,
    pub(crate) crash_loop: Option<BackOff>,
    pub(crate) image_pull: Option<Box<PullTrouble>>,
}

impl Record {
    fn new(kind: Kind, index: usize) -> Self {
        Self {
            kind,
            index,
            latest: None,
            previous: None,
            failure: None,
            hold_until: None,
            crash_loop: None,
            image_pull: None,
        }
    }

    /// One record for each container of the pod, init containers first.
    pub(crate) fn all_of(pod: &Pod) -> Vec<Self> {
        let Some(spec) = &pod.spec else { return Vec::new() };
        let init = spec.init_containers.iter().flatten().enumerate().map(|(index, container)| {
            Self::new(if is_sidecar(container) { Kind::Sidecar } else { Kind::Init }, index)
        });
        let apps = (0..spec.containers.len()).map(|index| Self::new(Kind::App, index));
        let ephemeral = spec.ephemeral_containers.as_ref().map_or(0, Vec::len);
        let ephemeral = (0..ephemeral).map(|index| Self::new(Kind::Ephemeral, index));
        let mut records: Vec<_> = init.chain(apps).chain(ephemeral).collect();
        // There are many pods, and few get more containers later.
        records.shrink_to_fit();
        records
    }

    /// Adds records for ephemeral containers that came later.
    pub(crate) fn extend_to(records: &mut Vec<Self>, pod: &Pod) {
        let wanted = pod
            .spec
            .as_ref()
            .and_then(|spec| spec.ephemeral_containers.as_ref())
            .map_or(0, Vec::len);
        let known = records.iter().filter(|record| record.kind == Kind::Ephemeral).count();
        records.extend((known..wanted).map(|index| Self::new(Kind::Ephemeral, index)));
    }

    /// Why a container waits that nothing is known of.
    pub(crate) fn default_waiting_reason(records: &[Self]) -> &'static str {
        let initialises =
            records.iter().any(|record| matches!(record.kind, Kind::Init | Kind::Sidecar));
        if initialises { "PodInitializing" } else { "ContainerCreating" }
    }

    /// The container's definition; `None` if the spec has none at that place.
    pub(crate) fn definition<'a>(&self, pod: &'a Pod) -> Option<Cow<'a, Container>> {
        let spec = pod.spec.as_ref()?;
        match self.kind {
            Kind::Init | Kind::Sidecar => {
                spec.init_containers.as_ref()?.get(self.index).map(Cow::Borrowed)
            }
            Kind::App => spec.containers.get(self.index).map(Cow::Borrowed),
            Kind::Ephemeral => spec
                .ephemeral_containers
                .as_ref()?
                .get(self.index)
                .map(|container| Cow::Owned(ephemeral_as_container(container))),
        }
    }

    /// The container's name; empty if the spec has none at that place.
    pub(crate) fn name<'a>(&self, pod: &'a Pod) -> &'a str {
        let name = pod.spec.as_ref().and_then(|spec| match self.kind {
            Kind::Init | Kind::Sidecar => {
                spec.init_containers.as_ref()?.get(self.index).map(|container| &container.name)
            }
            Kind::App => spec.containers.get(self.index).map(|container| &container.name),
            Kind::Ephemeral => {
                spec.ephemeral_containers.as_ref()?.get(self.index).map(|container| &container.name)
            }
        });
        name.map_or("", String::as_str)
    }

    pub(crate) fn is_running(&self) -> bool {
        self.latest.as_ref().is_some_and(Instance::is_running)
    }

    /// Whether the running container was made from another definition.
    pub(crate) fn is_outdated(&self, pod: &Pod) -> bool {
        self.latest.as_ref().filter(|latest| latest.is_running()).is_some_and(|latest| {
            self.definition(pod)
                .is_some_and(|container| labels::definition_hash(&container) != latest.hash)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_back_off_doubles_up_to_its_longest_and_starts_anew_after_a_long_quiet_time() {
        let (initial, longest) = (Duration::from_secs(10), Duration::from_secs(300));
        let start = Instant::now();
        let mut back_off = BackOff::next(None, start, start, initial, longest);
        let mut delays = Vec::new();
        let mut now = start;
        for _ in 0..7 {
            delays.push(back_off.delay.as_secs());
            now += back_off.delay;
            back_off = BackOff::next(Some(back_off), now, now, initial, longest);
        }
        assert_eq!(delays, [10, 20, 40, 80, 160, 300, 300]);
        let much_later = now + Duration::from_secs(601);
        assert_eq!(back_off.holds_until(much_later, much_later, longest), None);
        let again = BackOff::next(Some(back_off), much_later, much_later, initial, longest);
        assert_eq!(again.delay, initial);
    }
}
