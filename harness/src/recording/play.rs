//! One case, played on a runtime.

use std::collections::BTreeMap;

use cri_api::{Code, Cri, CriError, NO_DEADLINE, v1};
use thiserror::Error;

use super::model::{Call, LinuxUser, Outcome, Request};
use super::normalise::without_state_folder;

/// What prints who a process is.
const ID: &str = "/bin/id";

/// What the containers run meanwhile.
const WAIT: [&str; 2] = ["/bin/sleep", "1000"];

/// Where and as what a case is played.
#[derive(Debug, Clone)]
pub struct Place {
    /// The image, by the reference that the runtime knows.
    pub image: String,
    /// A number that no other case of the run has; it names the sandbox.
    pub number: usize,
    /// The sandbox's labels, by which it is found again.
    pub labels: BTreeMap<String, String>,
}

/// A call failed for a reason that is not the case's: the runtime did not answer.
#[derive(Debug, Error)]
#[error("{call} was not answered")]
pub struct Interrupted {
    /// The call.
    pub call: Call,
    /// What came instead of an answer.
    #[source]
    pub source: CriError,
}

/// Plays a case: a sandbox, a container in it, `id` in that, and its status. The sandbox is
/// removed whatever came of it.
///
/// # Errors
/// [`Interrupted`] when the runtime does not answer; what it refuses is an [`Outcome`].
pub async fn play(request: &Request, cri: &dyn Cri, place: &Place) -> Result<Outcome, Interrupted> {
    let config = sandbox_config(request, place);
    let sandbox = match cri.run_pod_sandbox(config.clone(), "").await {
        Ok(sandbox) => sandbox,
        Err(error) => return refused(Call::RunPodSandbox, error),
    };
    let outcome = in_sandbox(request, cri, place, &sandbox, config).await;
    // A sandbox that stays is found by its label at the end of the run.
    if cri.stop_pod_sandbox(&sandbox).await.is_ok() {
        let _ = cri.remove_pod_sandbox(&sandbox).await;
    }
    outcome
}

async fn in_sandbox(
    request: &Request,
    cri: &dyn Cri,
    place: &Place,
    sandbox: &str,
    sandbox_config: v1::PodSandboxConfig,
) -> Result<Outcome, Interrupted> {
    let config = container_config(request, place);
    let container = match cri.create_container(sandbox, config, sandbox_config).await {
        Ok(container) => container,
        Err(error) => return refused(Call::CreateContainer, error),
    };
    if let Err(error) = cri.start_container(&container).await {
        return refused(Call::StartContainer, error);
    }
    let printed = match cri.exec_sync(&container, &[ID.to_owned()], NO_DEADLINE).await {
        Ok(printed) => printed,
        Err(error) => return refused(Call::ExecSync, error),
    };
    if printed.exit_code != 0 {
        let message = format!(
            "id ended with exit code {}: {}",
            printed.exit_code,
            String::from_utf8_lossy(&printed.stderr).trim_end()
        );
        return refused(Call::ExecSync, CriError::unknown(message));
    }
    let status = match cri.container_status(&container).await {
        Ok(status) => status,
        Err(error) => return refused(Call::ContainerStatus, error),
    };
    let user = status.user.and_then(|user| user.linux).map(|user| LinuxUser {
        uid: user.uid,
        gid: user.gid,
        supplemental_groups: user.supplemental_groups,
    });
    let id_output = String::from_utf8_lossy(&printed.stdout).trim_end().to_owned();
    Ok(Outcome::Ran { id_output, user })
}

fn refused(call: Call, error: CriError) -> Result<Outcome, Interrupted> {
    if is_no_answer(&error) {
        return Err(Interrupted { call, source: error });
    }
    Ok(Outcome::Refused {
        call,
        code: format!("{:?}", error.code),
        message: without_state_folder(&error.message),
    })
}

/// Whether a call failed between us and the runtime rather than in it.
fn is_no_answer(error: &CriError) -> bool {
    matches!(error.code, Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled)
        || (error.code == Code::Unknown && error.message == "transport error")
}

/// The configuration of a sandbox that nobody has a request for.
pub(super) fn bare_sandbox(place: &Place) -> v1::PodSandboxConfig {
    sandbox_config(&Request::default(), place)
}

fn sandbox_config(request: &Request, place: &Place) -> v1::PodSandboxConfig {
    let name = format!("gidcheck-case-{}", place.number);
    let run: String = place.labels.values().map(|value| format!("-{value}")).collect();
    v1::PodSandboxConfig {
        metadata: Some(v1::PodSandboxMetadata {
            uid: format!("{name}{run}"),
            name,
            namespace: "gidcheck".to_owned(),
            attempt: 0,
        }),
        labels: place.labels.clone().into_iter().collect(),
        linux: Some(v1::LinuxPodSandboxConfig {
            security_context: Some(v1::LinuxSandboxSecurityContext {
                namespace_options: Some(namespaces()),
                supplemental_groups: request.sandbox_supplemental_groups.clone(),
                supplemental_groups_policy: request.sandbox_policy.unwrap_or_default(),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn container_config(request: &Request, place: &Place) -> v1::ContainerConfig {
    let number = |value: i64| v1::Int64Value { value };
    v1::ContainerConfig {
        metadata: Some(v1::ContainerMetadata { name: "case".to_owned(), attempt: 0 }),
        image: Some(v1::ImageSpec { image: place.image.clone(), ..Default::default() }),
        command: WAIT.map(str::to_owned).to_vec(),
        linux: Some(v1::LinuxContainerConfig {
            security_context: Some(v1::LinuxContainerSecurityContext {
                namespace_options: Some(namespaces()),
                run_as_user: request.run_as_user.map(number),
                run_as_group: request.run_as_group.map(number),
                run_as_username: request.run_as_username.clone().unwrap_or_default(),
                supplemental_groups: request.supplemental_groups.clone(),
                supplemental_groups_policy: request.policy,
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// The host's network, which needs no plugin; processes of its own, as kubelets ask for.
fn namespaces() -> v1::NamespaceOption {
    v1::NamespaceOption {
        network: v1::NamespaceMode::Node.into(),
        pid: v1::NamespaceMode::Container.into(),
        ..Default::default()
    }
}
