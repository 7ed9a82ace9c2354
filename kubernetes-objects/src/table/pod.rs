//! What tables say of a pod: the STATUS column and its neighbours, by the rules of Kubernetes
//! 1.36 (`pkg/printers/internalversion`).

use jiff::Timestamp;
use serde_json::Value as Json;

use super::age;
use super::object::{list, number, text};

/// A pod in short.
#[derive(Debug, Default)]
pub(super) struct PodSummary {
    /// Containers that are ready, sidecars included.
    pub(super) ready: usize,
    /// All containers that are meant to keep running.
    pub(super) total: usize,
    /// What the STATUS column says.
    pub(super) status: String,
    restarts: i64,
    last_restart: Option<Timestamp>,
}

/// `status.reason` of a pod whose node the control plane has lost.
const NODE_LOST: &str = "NodeLost";

impl PodSummary {
    pub(super) fn of(pod: &Json) -> Self {
        let status = &pod["status"];
        let phase = text(&status["phase"]);
        let mut summary = Self {
            total: list(&pod["spec"]["containers"]).len()
                + list(&pod["spec"]["initContainers"]).iter().filter(|one| is_sidecar(one)).count(),
            status: first_of(text(&status["reason"]), phase).to_owned(),
            ..Self::default()
        };
        if condition(status, "PodScheduled")
            .is_some_and(|condition| text(&condition["reason"]) == "SchedulingGated")
        {
            "SchedulingGated".clone_into(&mut summary.status);
        }
        let is_initializing = summary.add_init_containers(pod);
        if !is_initializing || has_condition(status, "Initialized") {
            summary.add_containers(pod);
        }
        if !pod["metadata"]["deletionTimestamp"].is_null() {
            if text(&status["reason"]) == NODE_LOST {
                "Unknown".clone_into(&mut summary.status);
            } else if !matches!(phase, "Succeeded" | "Failed") {
                "Terminating".clone_into(&mut summary.status);
            }
        }
        summary
    }

    /// What the RESTARTS column says.
    pub(super) fn restarts(&self, now: Timestamp) -> String {
        match self.last_restart {
            Some(last) if self.restarts != 0 => {
                format!("{} ({} ago)", self.restarts, age::between(last, now))
            }
            _ => self.restarts.to_string(),
        }
    }

    /// Looks at the init containers up to the first that is not done; whether there is one.
    fn add_init_containers(&mut self, pod: &Json) -> bool {
        let specs = list(&pod["spec"]["initContainers"]);
        let mut of_sidecars = (0, None);
        let mut is_initializing = false;
        for (index, container) in list(&pod["status"]["initContainerStatuses"]).iter().enumerate() {
            let spec = specs.iter().find(|spec| spec["name"] == container["name"]);
            let is_sidecar = spec.is_some_and(is_sidecar);
            self.add_restarts(container);
            if is_sidecar {
                of_sidecars.0 += number(&container["restartCount"]);
                of_sidecars.1 = of_sidecars.1.max(last_end(container));
            }
            let terminated = &container["state"]["terminated"];
            let waiting = text(&container["state"]["waiting"]["reason"]);
            if terminated.is_object() && number(&terminated["exitCode"]) == 0 {
                continue;
            }
            if is_sidecar && container["started"] == true {
                self.ready += usize::from(container["ready"] == true);
                continue;
            }
            self.status = if terminated.is_object() {
                format!("Init:{}", end_of(terminated))
            } else if !waiting.is_empty() && waiting != "PodInitializing" {
                format!("Init:{waiting}")
            } else {
                format!("Init:{index}/{}", specs.len())
            };
            is_initializing = true;
            break;
        }
        if !is_initializing || has_condition(&pod["status"], "Initialized") {
            // From here on only what still runs counts.
            (self.restarts, self.last_restart) = of_sidecars;
        }
        is_initializing
    }

    fn add_containers(&mut self, pod: &Json) {
        let mut has_running = false;
        for container in list(&pod["status"]["containerStatuses"]).iter().rev() {
            self.add_restarts(container);
            let state = &container["state"];
            let waiting = text(&state["waiting"]["reason"]);
            if !waiting.is_empty() {
                waiting.clone_into(&mut self.status);
            } else if state["terminated"].is_object() {
                self.status = end_of(&state["terminated"]);
            } else if container["ready"] == true && state["running"].is_object() {
                has_running = true;
                self.ready += 1;
            }
        }
        if self.status == "Completed" && has_running {
            let is_ready = has_condition(&pod["status"], "Ready");
            if is_ready { "Running" } else { "NotReady" }.clone_into(&mut self.status);
        }
    }

    fn add_restarts(&mut self, container: &Json) {
        self.restarts += number(&container["restartCount"]);
        self.last_restart = self.last_restart.max(last_end(container));
    }
}

/// How the pod's row is marked: kubectl leaves out completed pods where it is asked to.
pub(super) fn conditions(pod: &Json) -> Option<(&'static str, &'static str)> {
    match text(&pod["status"]["phase"]) {
        "Succeeded" => Some(("Succeeded", "The pod has completed successfully.")),
        "Failed" => Some(("Failed", "The pod failed.")),
        _ => None,
    }
}

/// The pod's first address.
pub(super) fn address(pod: &Json) -> &str {
    text(&pod["status"]["podIPs"][0]["ip"])
}

/// How many of the readiness gates are open.
pub(super) fn readiness_gates(pod: &Json) -> String {
    let gates = list(&pod["spec"]["readinessGates"]);
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let open = gates
        .iter()
        .filter(|gate| has_condition(&pod["status"], text(&gate["conditionType"])))
        .count();
    format!("{open}/{}", gates.len())
}

fn is_sidecar(container: &Json) -> bool {
    container["restartPolicy"] == "Always"
}

fn last_end(container: &Json) -> Option<Timestamp> {
    age::timestamp(&container["lastState"]["terminated"]["finishedAt"])
}

fn end_of(terminated: &Json) -> String {
    let reason = text(&terminated["reason"]);
    let signal = number(&terminated["signal"]);
    if !reason.is_empty() {
        reason.to_owned()
    } else if signal != 0 {
        format!("Signal:{signal}")
    } else {
        format!("ExitCode:{}", number(&terminated["exitCode"]))
    }
}

fn condition<'a>(status: &'a Json, kind: &str) -> Option<&'a Json> {
    list(&status["conditions"]).iter().find(|condition| condition["type"] == kind)
}

fn has_condition(status: &Json, kind: &str) -> bool {
    condition(status, kind).is_some_and(|condition| condition["status"] == "True")
}

fn first_of<'a>(first: &'a str, second: &'a str) -> &'a str {
    if first.is_empty() { second } else { first }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status_of(pod: &Json) -> String {
        PodSummary::of(pod).status
    }

    #[test]
    fn the_reason_of_the_pod_wins_over_its_phase() {
        let rejected = json!({"status": {"phase": "Failed", "reason": "SupplementalGroupsPolicyNotSupported"}});
        assert_eq!(status_of(&rejected), "SupplementalGroupsPolicyNotSupported");
        assert_eq!(status_of(&json!({"status": {"phase": "Pending"}})), "Pending");
    }

    #[test]
    fn the_state_of_a_container_wins_over_the_phase() {
        let pod = |state: Json| json!({"status": {"phase": "Running", "containerStatuses": [{"state": state}]}});
        for (state, says) in [
            (json!({"waiting": {"reason": "CrashLoopBackOff"}}), "CrashLoopBackOff"),
            (json!({"terminated": {"reason": "Error", "exitCode": 1}}), "Error"),
            (json!({"terminated": {"exitCode": 3}}), "ExitCode:3"),
            (json!({"terminated": {"exitCode": 137, "signal": 9}}), "Signal:9"),
            (json!({"running": {}}), "Running"),
        ] {
            assert_eq!(status_of(&pod(state)), says);
        }
    }

    #[test]
    fn a_pod_that_starts_says_how_far_its_init_containers_are() {
        let pod = |state: Json| {
            json!({
                "spec": {"initContainers": [{"name": "a"}, {"name": "b"}]},
                "status": {"phase": "Pending", "initContainerStatuses": [
                    {"name": "a", "state": {"terminated": {"exitCode": 0}}},
                    {"name": "b", "state": state},
                ]},
            })
        };
        for (state, says) in [
            (json!({"running": {}}), "Init:1/2"),
            (json!({"waiting": {"reason": "PodInitializing"}}), "Init:1/2"),
            (json!({"waiting": {"reason": "ImagePullBackOff"}}), "Init:ImagePullBackOff"),
            (json!({"terminated": {"reason": "Error", "exitCode": 1}}), "Init:Error"),
        ] {
            assert_eq!(status_of(&pod(state)), says);
        }
    }

    #[test]
    fn a_pod_that_is_deleted_terminates_unless_it_has_ended() {
        let pod = |phase: &str| {
            json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"},
                "status": {"phase": phase}})
        };
        assert_eq!(status_of(&pod("Running")), "Terminating");
        assert_eq!(status_of(&pod("Failed")), "Failed");
    }

    #[test]
    fn restarts_say_when_the_last_one_was() {
        let summary = PodSummary::of(&json!({"status": {"containerStatuses": [{
            "restartCount": 2, "ready": true, "state": {"running": {}},
            "lastState": {"terminated": {"finishedAt": "2026-01-01T00:00:00Z"}},
        }]}}));
        let now = "2026-01-01T00:00:20Z".parse().expect("it is a time");
        assert_eq!(summary.restarts(now), "2 (20s ago)");
        assert_eq!(summary.ready, 1);
    }
}
