//! What runs in a container after its start and before its end (`lifecycle`).
//!
//! Commands and `sleep` are run; nothing listens in the containers here, so that HTTP handlers are
//! refused.

use std::sync::Arc;
use std::time::Duration;

use cri_api::{Cri, NO_DEADLINE};
use k8s_openapi::api::core::v1::{Container, LifecycleHandler};
use tokio::time::{Instant, sleep, timeout};

use super::PodWorker;
use super::record::{Failure, Kind, Record};
use crate::events::Notice;
use crate::translate::pod_format;

/// The shortest time that a container gets to end after its hook.
const SHORTEST_GRACE: Duration = Duration::from_secs(1);

/// What runs before a container's end, and whose it is.
pub(super) struct PreStop {
    handler: LifecycleHandler,
    kind: Kind,
    name: String,
}

impl PodWorker {
    /// Runs what is to run after a container's start; if that fails the container is stopped.
    ///
    /// It is given up when the pod is to go, as it may never end.
    pub(super) async fn post_start(
        &mut self,
        index: usize,
        container: &Container,
    ) -> Result<(), Failure> {
        let hook = container.lifecycle.as_ref().and_then(|hooks| hooks.post_start.as_ref());
        let (Some(hook), Some(latest)) = (hook, &self.records[index].latest) else {
            return Ok(());
        };
        let (cri, id) = (Arc::clone(&self.node.cri), Arc::clone(&latest.id));
        let leaving = self.node.leaving(&self.uid);
        let hooked = self.patiently(async {
            tokio::select! {
                biased;
                done = run(&*cri, &id, hook) => done,
                () = leaving.notified() => {
                    // The hooks after this one are to see it too.
                    leaving.notify_one();
                    Ok(())
                }
            }
        });
        let Err(error) = hooked.await else { return Ok(()) };
        let (kind, name) = (self.records[index].kind, container.name.as_str());
        self.record(Some((kind, name)), Notice::post_start_failed());
        self.record(Some((kind, name)), Notice::stopped_after_hook());
        let grace = self.grace();
        // What cannot be stopped now is stopped with the sandbox.
        let _ = self.patiently(cri.stop_container(&id, grace)).await;
        self.refresh_record(index).await;
        let command = hook.exec.as_ref().and_then(|exec| exec.command.as_deref());
        let message = match command {
            Some(command) => format!(
                "Exec lifecycle hook ([{}]) for Container {name:?} in Pod {:?} failed - error: \
                 {error}",
                command.join(" "),
                pod_format(&self.pod),
            ),
            None => error,
        };
        Err(Failure { reason: "PostStartHookError", message })
    }

    /// What is to run before the end of a record's container.
    pub(super) fn pre_stop(&self, record: &Record) -> Option<PreStop> {
        let container = record.definition(&self.pod)?;
        let handler = container.lifecycle.as_ref()?.pre_stop.clone()?;
        Some(PreStop { handler, kind: record.kind, name: container.name.clone() })
    }

    /// Records an event for each hook that failed.
    pub(super) fn complain_of_hooks(&self, failed: Vec<Option<PreStop>>) {
        for PreStop { kind, name, .. } in failed.into_iter().flatten() {
            self.record(Some((kind, &name)), Notice::pre_stop_failed());
        }
    }
}

/// Stops a container after its hook, which takes from the grace period; gives a hook that failed.
pub(super) async fn stop(
    cri: &dyn Cri,
    id: Arc<str>,
    hook: Option<PreStop>,
    grace: Duration,
) -> Option<PreStop> {
    let begun = Instant::now();
    let failed = match hook {
        Some(hook) => match timeout(grace, run(cri, &id, &hook.handler)).await {
            Ok(Err(_)) => Some(hook),
            // A hook that does not end is left behind.
            Ok(Ok(())) | Err(_) => None,
        },
        None => None,
    };
    let left = grace.saturating_sub(begun.elapsed()).max(SHORTEST_GRACE);
    // A container that cannot be stopped is stopped with the sandbox.
    let _ = cri.stop_container(&id, left).await;
    failed
}

/// Runs a handler to its end; why it failed, in the kubelet's words.
async fn run(cri: &dyn Cri, id: &str, handler: &LifecycleHandler) -> Result<(), String> {
    if let Some(exec) = &handler.exec {
        let command = exec.command.as_deref().unwrap_or_default();
        let answer = cri
            .exec_sync(id, command, NO_DEADLINE)
            .await
            .map_err(|error| format!("{error}, message: \"\""))?;
        if answer.exit_code == 0 {
            return Ok(());
        }
        let words = command.join(" ");
        let output = [&*answer.stdout, &answer.stderr].concat();
        let error = String::from_utf8_lossy(&answer.stderr);
        let code = answer.exit_code;
        let all = String::from_utf8_lossy(&output);
        return Err(format!("command '{words}' exited with {code}: {error}, message: {all:?}"));
    }
    if let Some(nap) = &handler.sleep {
        sleep(Duration::from_secs(u64::try_from(nap.seconds).unwrap_or(0))).await;
        return Ok(());
    }
    Err("connect: connection refused".to_owned())
}
