//! `ExecSync`: a process beside a container's first one.

use std::sync::Arc;
use std::time::Duration;

use cri_api::{CriError, NO_DEADLINE, v1};
use toolbox::Step;

use super::containers::KILLED;
use super::state::{Container, Phase};
use super::{Inner, words};
use crate::process::{NoSuchCommand, Output, Process};

impl Inner {
    pub(super) async fn exec_sync(
        &self,
        id: &str,
        command: &[String],
        timeout: Duration,
    ) -> Result<v1::ExecSyncResponse, CriError> {
        let profile = self.profile();
        let container = self.container(id)?;
        let pid = {
            let mut life = container.life();
            let state = match life.phase {
                Phase::Created => "CONTAINER_CREATED",
                Phase::Exited(_) => "CONTAINER_EXITED",
                Phase::Running { .. } => "",
            };
            if !state.is_empty() {
                return Err(words::exec_needs_running(profile, &container.id, state));
            }
            life.next_pid = life.next_pid.wrapping_add(1);
            life.next_pid
        };
        let process = container.process(pid, command).map_err(|NoSuchCommand(command)| {
            let (_, exec_id) = self.next_id();
            words::cannot_exec(profile, &exec_id, &command)
        })?;
        let run = run(&container, process);
        let (code, output) = if timeout == NO_DEADLINE {
            run.await
        } else {
            tokio::time::timeout(timeout, run)
                .await
                .map_err(|_| words::exec_timed_out(timeout.as_secs()))?
        };
        let Output { stdout, stderr } = output;
        Ok(v1::ExecSyncResponse { stdout, stderr, exit_code: code })
    }
}

/// Runs a process to its end, or to its container's.
async fn run(container: &Arc<Container>, mut process: Process) -> (i32, Output) {
    loop {
        let ended = container.ended.notified();
        if !container.is_running() {
            return (KILLED, process.output);
        }
        match process.step(&container.files, &container.processes) {
            Step::Exit(code) => return (i32::from(code), process.output),
            Step::Pause => ended.await,
            Step::Sleep(duration) => {
                if tokio::time::timeout(duration, ended).await.is_ok() {
                    return (KILLED, process.output);
                }
            }
        }
    }
}
