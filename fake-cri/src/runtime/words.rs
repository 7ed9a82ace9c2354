//! The texts of errors that have nothing to do with identity.

use cri_api::{Code, CriError};

use crate::profile::{Profile, UserLookUp};

/// Whether the release speaks as CRI-O does.
fn is_cri_o(profile: &Profile) -> bool {
    profile.rules.user_look_up == UserLookUp::ExecUser
}

pub(super) fn no_such_container(profile: &Profile, id: &str) -> CriError {
    CriError::not_found(if is_cri_o(profile) {
        format!(
            "could not find container \"{id}\": container with ID starting with {id} not found: ID does not exist"
        )
    } else {
        format!("an error occurred when try to find container \"{id}\": not found")
    })
}

pub(super) fn no_such_sandbox(profile: &Profile, id: &str) -> CriError {
    CriError::not_found(if is_cri_o(profile) {
        format!(
            "could not find pod \"{id}\": PodSandbox with ID starting with {id} not found: ID does not exist"
        )
    } else {
        "an error occurred when try to find sandbox: not found".to_owned()
    })
}

pub(super) fn no_sandbox_for_container(profile: &Profile, id: &str) -> CriError {
    CriError::not_found(if is_cri_o(profile) {
        format!(
            "specified sandbox not found: {id}: PodSandbox with ID starting with {id} not found: ID does not exist"
        )
    } else {
        format!("failed to find sandbox id \"{id}\": not found")
    })
}

pub(super) fn sandbox_is_not_ready(profile: &Profile, id: &str) -> CriError {
    CriError::unknown(if is_cri_o(profile) {
        format!("CreateContainer failed as the sandbox was stopped: {id}")
    } else {
        format!(
            "failed to get sandbox container task: no running task found: task {id} not found: not found"
        )
    })
}

pub(super) fn no_such_image(profile: &Profile, name: &str) -> CriError {
    CriError::not_found(if is_cri_o(profile) {
        format!("{name}: image not known")
    } else {
        format!("failed to resolve image \"{name}\": not found")
    })
}

pub(super) fn cannot_pull(profile: &Profile, name: &str) -> CriError {
    CriError::not_found(if is_cri_o(profile) {
        let (repository, tag) = name.rsplit_once(':').unwrap_or((name, "latest"));
        format!(
            "unable to pull image or OCI artifact: pull image err: initializing source docker://{name}: reading manifest {tag} in {repository}: manifest unknown"
        )
    } else {
        format!(
            "failed to pull and unpack image \"{name}\": failed to resolve reference \"{name}\": {name}: not found"
        )
    })
}

pub(super) fn name_is_reserved(what: &str, name: &str, id: &str) -> CriError {
    CriError::unknown(format!(
        "failed to reserve {what} name \"{name}\": name \"{name}\" is reserved for \"{id}\""
    ))
}

pub(super) fn too_many(what: &str, most: usize) -> CriError {
    CriError::new(
        Code::ResourceExhausted,
        format!("this fake runtime holds at most {most} {what}; remove some"),
    )
}

pub(super) fn metadata_is_missing(of: &str) -> CriError {
    CriError::unknown(format!("{of} config must include metadata"))
}

pub(super) fn no_command(profile: &Profile, id: &str) -> CriError {
    CriError::unknown(if is_cri_o(profile) {
        "no command specified".to_owned()
    } else {
        format!(
            "failed to generate container \"{id}\" spec: failed to generate spec: no command specified"
        )
    })
}

/// What the OCI runtime says of a command that is not in the image.
pub(super) fn cannot_execute(profile: &Profile, command: &str, time: &str) -> CriError {
    let failed = format!(
        "runc create failed: unable to start container process: exec: \"{command}\": executable file not found in $PATH"
    );
    CriError::unknown(if is_cri_o(profile) {
        let quoted = failed.replace('"', "\\\"");
        format!("container create failed: time=\"{time}\" level=error msg=\"{quoted}\"\n")
    } else {
        let suffix = if profile.rules.task_errors_end_in_unknown { ": unknown" } else { "" };
        format!(
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: {failed}{suffix}"
        )
    })
}

pub(super) fn cannot_exec(profile: &Profile, exec_id: &str, command: &str) -> CriError {
    let failed = format!(
        "unable to start container process: exec: \"{command}\": executable file not found in $PATH"
    );
    CriError::unknown(if is_cri_o(profile) {
        format!("command error: exec failed: {failed}, stdout: , stderr: , exit code -1")
    } else {
        let suffix = if profile.rules.task_errors_end_in_unknown { ": unknown" } else { "" };
        format!(
            "failed to exec in container: failed to start exec \"{exec_id}\": OCI runtime exec failed: exec failed: {failed}{suffix}"
        )
    })
}

pub(super) fn exec_needs_running(profile: &Profile, id: &str, state: &str) -> CriError {
    CriError::unknown(if is_cri_o(profile) {
        format!("container is not created or running: {id}")
    } else {
        format!("failed to exec in container: container is in {state} state")
    })
}

pub(super) fn attach_needs_running(profile: &Profile, id: &str, state: &str) -> CriError {
    CriError::unknown(if is_cri_o(profile) {
        format!("container is not created or running: {id}")
    } else {
        format!("failed to attach in container: container is in {state} state")
    })
}

pub(super) fn start_needs_created(id: &str, state: &str) -> CriError {
    CriError::unknown(format!(
        "failed to set starting state for container \"{id}\": container is in {state} state"
    ))
}

pub(super) fn exec_timed_out(seconds: u64) -> CriError {
    CriError::new(
        Code::DeadlineExceeded,
        format!(
            "failed to exec in container: timeout {seconds}s exceeded: context deadline exceeded"
        ),
    )
}
