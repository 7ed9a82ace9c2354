//! What a pod worker does about its probes.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::PodWorker;
use super::plan::should_start;
use super::probes::Due;
use super::record::State;
use crate::events::Notice;
use crate::probing::{Finding, Probed, Run};

impl PodWorker {
    /// Whether a record's container that runs counts as started.
    pub(super) fn has_started(&self, index: usize) -> bool {
        let latest = self.records[index].latest.as_ref();
        let probed = latest.zip(self.probes.as_deref());
        probed.is_none_or(|(latest, probes)| probes.has_started(index, &latest.id))
    }

    /// When the next probe is due.
    pub(crate) fn next_probe(&self) -> Option<Instant> {
        self.probes.as_ref()?.wake(&self.records)
    }

    /// The probes to be made now; whoever takes them makes them and tells what they found.
    pub(crate) fn due_probes(&mut self) -> Vec<Run> {
        let Some(probes) = &mut self.probes else { return Vec::new() };
        let due = probes.due(&self.records, Instant::now());
        due.into_iter().filter_map(|due| self.run(due)).collect()
    }

    fn run(&self, due: Due) -> Option<Run> {
        let container = self.records.get(due.record)?.definition(&self.pod)?;
        let probe = due.kind.of(&container)?;
        let own = self.sandbox.as_ref().map(|sandbox| &*sandbox.ip).filter(|ip| !ip.is_empty());
        // On the node's network the pod has the node's address.
        Some(Run::new(due, &container, probe, own.unwrap_or(&self.node.config.node_ip)))
    }

    /// Takes in what a probe has found, and says so if it is not good.
    pub(super) fn take_probed(&mut self, probed: &Probed) {
        let Probed { due, finding } = probed;
        let Some(record) = self.records.get(due.record) else { return };
        let current = record.latest.as_ref().filter(|latest| latest.is_running());
        if current.is_none_or(|latest| latest.id != due.instance) {
            return;
        }
        let (kind, probe) = (record.kind, due.kind.name());
        let notice = match finding {
            Finding::Success => None,
            Finding::Failure(output) => Some(Notice::probe_failed(probe, output)),
            Finding::Error(error) => Some(Notice::probe_errored(probe, error)),
        };
        if let Some(notice) = notice {
            let name = record.name(&self.pod).to_owned();
            self.record(Some((kind, &name)), notice);
        }
        let found = match finding {
            Finding::Success => Some(true),
            Finding::Failure(_) => Some(false),
            Finding::Error(_) => None,
        };
        if let Some(probes) = &mut self.probes {
            probes.take(due, found, Instant::now());
        }
    }

    /// Stops the containers whose probes say that they must be made anew.
    pub(super) async fn replace_unhealthy(&mut self) {
        let unhealthy =
            self.probes.as_ref().map_or_else(Vec::new, |probes| probes.unhealthy(&self.records));
        for (index, probe) in unhealthy {
            let pod = Arc::clone(&self.pod);
            let record = &self.records[index];
            let (Some(container), Some(latest)) = (record.definition(&pod), &record.latest) else {
                continue;
            };
            let own = probe.of(&container).and_then(|probe| probe.termination_grace_period_seconds);
            let own = own.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
            let grace = own.unwrap_or_else(|| self.grace());
            let (kind, id) = (record.kind, Arc::clone(&latest.id));
            let policy = pod.spec.as_ref().and_then(|spec| spec.restart_policy.as_deref());
            let restarts = policy != Some("Never");
            let notice = Notice::unhealthy(&container.name, probe.name(), restarts);
            self.record(Some((kind, &container.name)), notice);
            let cri = Arc::clone(&self.node.cri);
            // If it cannot be stopped it is tried again with the next change.
            let _ = self.patiently(cri.stop_container(&id, grace)).await;
            self.refresh_record(index).await;
            let again = should_start(&self.records[index], &self.pod, self.ready_sandbox());
            if let Some(latest) = &mut self.records[index].latest
                && let State::Exited(ending) = &mut latest.state
            {
                ending.unhealthy = again;
            }
        }
    }
}
