//! The events a kubelet records: reasons and wording, by version.

use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use crate::version::{FeatureGates, Gate};

/// The component that kubelets' events name as their source.
pub const COMPONENT: &str = "kubelet";

/// The reason of a pod that ran for longer than it may, in its status and its event.
pub const DEADLINE_EXCEEDED: &str = "DeadlineExceeded";

/// What is said of it (`pkg/kubelet/active_deadline.go`).
pub const DEADLINE_EXCEEDED_MESSAGE: &str =
    "Pod was active on the node longer than the specified deadline";

/// How serious an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// All is well.
    Normal,
    /// Somebody should look.
    Warning,
}

impl Severity {
    fn name(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

/// What happened, in the API's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How serious.
    pub severity: Severity,
    /// The reason, one CamelCase word.
    pub reason: String,
    /// The text.
    pub message: String,
}

fn normal(reason: &str, message: String) -> Notice {
    Notice { severity: Severity::Normal, reason: reason.to_owned(), message }
}

fn warning(reason: &str, message: String) -> Notice {
    Notice { severity: Severity::Warning, reason: reason.to_owned(), message }
}

impl Notice {
    /// The pod was refused at admission.
    #[must_use]
    pub fn rejected(reason: &str, message: &str) -> Self {
        warning(reason, message.to_owned())
    }

    /// The image was there already; the second half of the text came with
    /// KEP-2535 (measured on 1.36.2).
    #[must_use]
    pub fn image_present(gates: &FeatureGates, image: &str) -> Self {
        let accessible = if gates.enabled(Gate::KubeletEnsureSecretPulledImages) {
            " and can be accessed by the pod"
        } else {
            ""
        };
        normal(
            "Pulled",
            format!("Container image {image:?} already present on machine{accessible}"),
        )
    }

    /// A pull begins.
    #[must_use]
    pub fn pulling(image: &str) -> Self {
        normal("Pulling", format!("Pulling image {image:?}"))
    }

    /// A pull ended well, after `took` (as Go prints durations).
    #[must_use]
    pub fn pulled(image: &str, took: &str, bytes: u64) -> Self {
        normal(
            "Pulled",
            format!(
                "Successfully pulled image {image:?} in {took} ({took} including waiting). \
                 Image size: {bytes} bytes."
            ),
        )
    }

    /// A pull failed.
    #[must_use]
    pub fn pull_failed(image: &str, error: &str) -> Self {
        warning("Failed", format!("Failed to pull image {image:?}: {error}"))
    }

    /// A pull is not tried again yet.
    #[must_use]
    pub fn pull_back_off(image: &str) -> Self {
        normal("BackOff", format!("Back-off pulling image {image:?}"))
    }

    /// The image is missing and may not be pulled.
    #[must_use]
    pub fn never_pull(message: &str) -> Self {
        warning("ErrImageNeverPull", message.to_owned())
    }

    /// The image could not be looked at, or its reference not be read.
    #[must_use]
    pub fn inspect_failed(message: &str) -> Self {
        warning("InspectFailed", message.to_owned())
    }

    /// A container was not created or not started.
    #[must_use]
    pub fn container_failed(error: &str) -> Self {
        warning("Failed", format!("Error: {error}"))
    }

    /// A container was created; without its name since 1.35, with a colon since 1.32.
    #[must_use]
    pub fn created(gates: &FeatureGates, container: &str) -> Self {
        let version = gates.version();
        let message = if version.at_least(35) {
            "Container created".to_owned()
        } else if version.at_least(32) {
            format!("Created container: {container}")
        } else {
            format!("Created container {container}")
        };
        normal("Created", message)
    }

    /// A container was started; without its name since 1.35.
    #[must_use]
    pub fn started(gates: &FeatureGates, container: &str) -> Self {
        let message = if gates.version().at_least(35) {
            "Container started".to_owned()
        } else {
            format!("Started container {container}")
        };
        normal("Started", message)
    }

    /// A container is not started again yet.
    #[must_use]
    pub fn crash_loop(container: &str, pod_format: &str) -> Self {
        warning(
            "BackOff",
            format!("Back-off restarting failed container {container} in pod {pod_format}"),
        )
    }

    /// A container is being stopped.
    #[must_use]
    pub fn killing(container: &str) -> Self {
        normal("Killing", format!("Stopping container {container}"))
    }

    /// A container's definition changed while it ran.
    #[must_use]
    pub fn definition_changed(container: &str) -> Self {
        normal("Killing", format!("Container {container} definition changed, will be restarted"))
    }

    /// A probe failed; `probe` is `Startup`, `Readiness` or `Liveness`.
    #[must_use]
    pub fn probe_failed(probe: &str, output: &str) -> Self {
        warning("Unhealthy", format!("{probe} probe failed: {output}"))
    }

    /// A probe could not be made.
    #[must_use]
    pub fn probe_errored(probe: &str, error: &str) -> Self {
        let message = format!("{probe} probe errored and resulted in unknown state: {error}");
        warning("Unhealthy", message)
    }

    /// A container is stopped because of a probe, and made anew if its pod wants that.
    #[must_use]
    pub fn unhealthy(container: &str, probe: &str, restarts: bool) -> Self {
        let anew = if restarts { ", will be restarted" } else { "" };
        let probe = probe.to_ascii_lowercase();
        normal("Killing", format!("Container {container} failed {probe} probe{anew}"))
    }

    /// What was to run after a container's start failed.
    #[must_use]
    pub fn post_start_failed() -> Self {
        warning("FailedPostStartHook", "PostStartHook failed".to_owned())
    }

    /// A container is stopped because what was to run after its start failed.
    #[must_use]
    pub fn stopped_after_hook() -> Self {
        normal("Killing", "FailedPostStartHook".to_owned())
    }

    /// What was to run before a container's end failed.
    #[must_use]
    pub fn pre_stop_failed() -> Self {
        warning("FailedPreStopHook", "PreStopHook failed".to_owned())
    }

    /// The pod ran for longer than it may.
    #[must_use]
    pub fn deadline_exceeded() -> Self {
        normal(DEADLINE_EXCEEDED, DEADLINE_EXCEEDED_MESSAGE.to_owned())
    }

    /// The sandbox was not created.
    #[must_use]
    pub fn sandbox_failed(error: &str) -> Self {
        warning("FailedCreatePodSandBox", format!("Failed to create pod sandbox: {error}"))
    }

    /// The sandbox died.
    #[must_use]
    pub fn sandbox_changed() -> Self {
        normal(
            "SandboxChanged",
            "Pod sandbox changed, it will be killed and re-created.".to_owned(),
        )
    }

    /// The pod network is not there yet (measured on 1.36.2).
    #[must_use]
    pub fn network_not_ready(error: &str) -> Self {
        warning("NetworkNotReady", format!("network is not ready: {error}"))
    }

    /// A volume was not made.
    #[must_use]
    pub fn mount_failed(volume: &str, error: &str) -> Self {
        warning("FailedMount", format!("MountVolume.SetUp failed for volume {volume:?} : {error}"))
    }

    /// The event's object, about a pod or (with a field path) one of its containers.
    ///
    /// It has no name yet, only a prefix for one: names are the API side's, as
    /// is counting.
    #[must_use]
    pub fn into_event(
        self,
        pod: &Pod,
        field_path: Option<String>,
        node_name: &str,
        now: &Time,
    ) -> Event {
        let metadata = &pod.metadata;
        Event {
            metadata: ObjectMeta {
                generate_name: metadata.name.as_ref().map(|name| format!("{name}.")),
                namespace: metadata.namespace.clone(),
                ..ObjectMeta::default()
            },
            involved_object: ObjectReference {
                api_version: Some("v1".to_owned()),
                field_path,
                kind: Some("Pod".to_owned()),
                name: metadata.name.clone(),
                namespace: metadata.namespace.clone(),
                resource_version: metadata.resource_version.clone(),
                uid: metadata.uid.clone(),
            },
            type_: Some(self.severity.name().to_owned()),
            reason: Some(self.reason),
            message: Some(self.message),
            count: Some(1),
            first_timestamp: Some(now.clone()),
            last_timestamp: Some(now.clone()),
            source: Some(EventSource {
                component: Some(COMPONENT.to_owned()),
                host: Some(node_name.to_owned()),
            }),
            reporting_component: Some(COMPONENT.to_owned()),
            reporting_instance: Some(node_name.to_owned()),
            ..Event::default()
        }
    }
}
