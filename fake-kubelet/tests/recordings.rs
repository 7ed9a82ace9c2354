//! The kubelet held to recordings of real ones (`tests/recordings/`).
//!
//! Each case is played with a runtime that answers as the recorded one did;
//! what the kubelet then writes and sends is compared in full. Requests that
//! the API server refused never reach a kubelet: they are counted, not played.

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cri_api::v1;
use fake_kubelet::version::{FeatureGateError, FeatureGates};
use fake_kubelet::{Kubelet, KubeletConfig};
use k8s_openapi::api::core::v1::Event;
use serde_json::{Value, json};

use support::api::MemoryApi;
use support::runtime::{Behaviour, Made, ScriptedRuntime};
use support::{clock, gates, pass};

/// Long enough for all that happens at once, too short for a retry.
const SETTLED: Duration = Duration::from_millis(500);

const NO_SUCH_USER: &str =
    "failed to create containerd container: mount callback failed on <mount>: no users found";

fn recording(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(name);
    let text = std::fs::read_to_string(path).expect("the recording is part of the repository");
    text.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().expect("the field is a text")
}

/// The recorded runtimes with the images that the cases use.
fn runtime(recorded: &str) -> ScriptedRuntime {
    let runtime = match recorded {
        "containerd 2.1.9" => ScriptedRuntime::containerd_2_1(),
        "containerd 1.7.24" => ScriptedRuntime::containerd_1_7(),
        other => unreachable!("no script for the runtime {other}"),
    };
    let user = |user: &str| Behaviour { user: user.to_owned(), ..Behaviour::default() };
    let unknown = Behaviour { create_error: Some(NO_SUCH_USER.to_owned()), ..user("nobody-here") };
    runtime
        .without_network()
        .with_image("localhost/groups:v1", Behaviour::default())
        .with_image("localhost/user-name:v1", user("user-defined-in-image"))
        .with_image("localhost/user-unknown:v1", unknown)
}

/// Replaces what differs from run to run: temporary mounts and sandbox ids.
fn without_temporary_names(text: &str) -> String {
    let words = text.split_inclusive(' ').map(|word| {
        let quoted = |word: &str| word.len() > 60 && word.starts_with('"') && !word.contains('(');
        if word.contains("/tmpmounts/containerd-mount") {
            "<mount>: ".to_owned()
        } else if quoted(word) {
            "\"SANDBOX\": ".to_owned()
        } else {
            word.to_owned()
        }
    });
    words.collect()
}

/// A security context as the recordings print it: only what is set.
fn context_as_recorded(made: &Made) -> Value {
    let policy = |policy: v1::SupplementalGroupsPolicy| {
        (policy != v1::SupplementalGroupsPolicy::Merge).then(|| policy.as_str_name().to_owned())
    };
    let numbers = |groups: &[i64]| -> Vec<String> { groups.iter().map(i64::to_string).collect() };
    let mut call = json!({});
    let (name, user, username, group, groups, policy) = match made {
        Made::Sandbox(config) => {
            let linux = config.linux.as_ref().expect("a sandbox has a Linux part");
            let context = linux.security_context.as_ref().expect("and a security context");
            (
                "RunPodSandbox",
                context.run_as_user,
                "",
                context.run_as_group,
                numbers(&context.supplemental_groups),
                policy(context.supplemental_groups_policy()),
            )
        }
        Made::Container(config) => {
            let linux = config.linux.as_ref().expect("a container has a Linux part");
            let context = linux.security_context.as_ref().expect("and a security context");
            call["container"] = json!(config.metadata.as_ref().expect("and a name").name);
            (
                "CreateContainer",
                context.run_as_user,
                context.run_as_username.as_str(),
                context.run_as_group,
                numbers(&context.supplemental_groups),
                policy(context.supplemental_groups_policy()),
            )
        }
    };
    let mut context = json!({});
    if let Some(user) = user {
        context["run_as_user"] = json!(user.value.to_string());
    }
    if !username.is_empty() {
        context["run_as_username"] = json!(username);
    }
    if let Some(group) = group {
        context["run_as_group"] = json!(group.value.to_string());
    }
    if !groups.is_empty() {
        context["supplemental_groups"] = json!(groups);
    }
    if let Some(policy) = policy {
        context["supplemental_groups_policy"] = json!(policy);
    }
    call["call"] = json!(name);
    call["security_context"] = context;
    call
}

/// Container statuses without ids and times, which differ from run to run.
fn comparable_statuses(statuses: &Value) -> Value {
    let mut statuses = statuses.clone();
    for status in statuses.as_array_mut().into_iter().flatten() {
        let present = status.get("containerID").is_some();
        status["containerID"] = json!(present);
        let image = status["imageID"].as_str().is_some_and(|id| !id.is_empty());
        status["imageID"] = json!(image);
        if let Some(running) = status["state"].get_mut("running") {
            *running = json!({"startedAt": running["startedAt"].is_string()});
        }
        if let Some(ended) = status["state"].get_mut("terminated") {
            for field in ["startedAt", "finishedAt", "containerID"] {
                ended[field] = json!(ended[field].is_string());
            }
        }
        if let Some(message) = status["state"]["waiting"]["message"].as_str() {
            status["state"]["waiting"]["message"] = json!(without_temporary_names(message));
        }
    }
    statuses
}

/// An event as the recordings print it.
fn event_as_recorded(event: &Event) -> Value {
    let mut object = json!({"apiVersion": "v1", "kind": event.involved_object.kind});
    if let Some(path) = &event.involved_object.field_path {
        object["fieldPath"] = json!(path);
    }
    json!({
        "type": event.type_,
        "reason": event.reason,
        "message": without_temporary_names(event.message.as_deref().unwrap_or_default()),
        "source": event.source,
        "reportingComponent": event.reporting_component,
        "involvedObject": object,
    })
}

/// The recordings hold the first event of each type and reason.
fn first_of_each_reason(events: Vec<Value>) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let first = |event: &Value| seen.insert(format!("{}/{}", event["type"], event["reason"]));
    events.into_iter().filter(first).collect()
}

/// The uid that a recorded message names, so that ours can name the same.
fn recorded_uid(case: &Value) -> String {
    let text = case.to_string();
    let between = text.split_once("_default(").and_then(|(_, rest)| rest.split_once(')'));
    between.map_or("11111111-2222-3333-4444-555555555555", |(uid, _)| uid).to_owned()
}

struct Played {
    api: Arc<MemoryApi>,
    runtime: Arc<ScriptedRuntime>,
    kubelet: Kubelet,
}

impl Played {
    async fn start(node: &str, gates: FeatureGates, runtime: ScriptedRuntime) -> Self {
        let (api, runtime) = (Arc::new(MemoryApi::default()), Arc::new(runtime));
        let config = KubeletConfig::new(node, gates);
        let (seen_api, seen_runtime) = (Arc::clone(&api), Arc::clone(&runtime));
        let kubelet = Kubelet::start(config, seen_api, seen_runtime, clock()).await;
        Self { api, runtime, kubelet: kubelet.expect("the scripted runtime answers") }
    }

    /// `groups=` of the recorded `id` output as numbers, and ours.
    fn compare_id(&self, pod: &str, recorded: &Value, case: &str) {
        let Some(recorded) = recorded.as_str() else { return };
        let status = self.api.status(pod);
        let statuses = status.container_statuses.unwrap_or_default();
        let id = statuses[0].container_id.clone().unwrap_or_default();
        let user = self.runtime.identity(&id).expect("the container was created");
        let groups: Vec<String> = user.supplemental_groups.iter().map(i64::to_string).collect();
        let ours = format!("uid={} gid={} groups={}", user.uid, user.gid, groups.join(","));
        let mut numeric = String::new();
        let mut depth = 0;
        for character in recorded.chars() {
            match character {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ if depth == 0 => numeric.push(character),
                _ => {}
            }
        }
        assert_eq!(ours, numeric, "id in {case}");
    }
}

#[tokio::test(start_paused = true)]
async fn kubelet_1_36_writes_and_sends_what_was_recorded() {
    let (mut played, mut refused) = (0, 0);
    for case in recording("kubelet-1.36.2.jsonl") {
        if case["api_error"].is_string() {
            refused += 1;
            continue;
        }
        let node = text(&case["spec"], "nodeName").to_owned();
        let name = format!("{}-{node}", text(&case, "case"));
        let label = format!("{} on {}", text(&case, "case"), text(&case, "runtime"));
        let play =
            Played::start(&node, gates("1.36.2", &[]), runtime(text(&case, "runtime"))).await;
        let mut pod = support::pod(&name, case["spec"].clone());
        pod.metadata.uid = Some(recorded_uid(&case));
        play.api.create_pod(pod);
        pass(SETTLED).await;

        let status = serde_json::to_value(play.api.status(&name)).expect("a status is JSON");
        for field in ["phase", "reason", "message"] {
            assert_eq!(status[field], case["status"][field], "{field} of {label}");
        }
        let conditions: Vec<Value> = status["conditions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|condition| {
                let fields = ["type", "status", "reason", "message"].into_iter();
                let set = fields.filter(|field| condition[field].is_string());
                set.map(|field| (field.to_owned(), condition[field].clone())).collect()
            })
            .collect();
        let recorded: Vec<Value> = case["conditions"].as_array().cloned().unwrap_or_default();
        assert_eq!(conditions, recorded, "conditions of {label}");
        for field in ["containerStatuses", "initContainerStatuses"] {
            assert_eq!(
                comparable_statuses(&status[field]),
                comparable_statuses(&case[field]),
                "{field} of {label}"
            );
        }

        let events = play.api.event_objects(&name);
        let events = first_of_each_reason(events.iter().map(event_as_recorded).collect());
        let mut recorded = case["events"].as_array().cloned().unwrap_or_default();
        for event in &mut recorded {
            event["message"] = json!(without_temporary_names(text(event, "message")));
        }
        assert_eq!(events, recorded, "events of {label}");

        let calls: Vec<Value> = play.runtime.made().iter().map(context_as_recorded).collect();
        let recorded = case["cri_calls"].as_array().cloned().unwrap_or_default();
        assert_eq!(calls, recorded, "CRI calls of {label}");
        play.compare_id(&name, &case["id"], &label);

        let rejected = case["status"]["reason"] == "SupplementalGroupsPolicyNotSupported";
        let counted =
            play.kubelet.metrics().admission_rejections("SupplementalGroupsPolicyNotSupported");
        assert_eq!(counted, u64::from(rejected), "rejections counted in {label}");
        played += 1;
    }
    assert_eq!((played, refused), (30, 5), "cases played, and refused by the API server");
}

/// The gate as a kubelet is given it: `default` sets none.
fn overrides(gate: &str) -> Vec<(&'static str, bool)> {
    match gate {
        "default" => Vec::new(),
        value => vec![("SupplementalGroupsPolicy", value == "true")],
    }
}

fn user_as_recorded(statuses: &Value, container: &str) -> Value {
    let mut statuses = statuses.as_array().into_iter().flatten();
    let found = statuses.find(|status| status["name"] == container);
    found.map_or(Value::Null, |status| status["user"].clone())
}

#[tokio::test(start_paused = true)]
async fn kubelets_1_32_1_33_and_1_36_with_each_gate_do_what_was_recorded() {
    let (mut played, mut refused_to_start) = (0, 0);
    for case in recording("kubelet-versions.jsonl") {
        let version = text(&case, "kubelet").trim_start_matches("Kubernetes ");
        let gate = overrides(text(&case, "gate"));
        let label = format!(
            "{version}, gate {}, {}: {}",
            text(&case, "gate"),
            text(&case, "runtime"),
            case["case"]
        );
        let gates = FeatureGates::new(version.parse().expect("a known version"), gate);
        if case["exited"].is_number() {
            let error = gates.expect_err("the kubelet refuses to start");
            assert!(matches!(error, FeatureGateError::Locked { .. }));
            assert!(case["log"].to_string().contains(&error.to_string()), "{label}");
            refused_to_start += 1;
            continue;
        }
        let gates = gates.expect("the kubelet starts");
        let play = Played::start("node", gates, runtime(text(&case, "runtime"))).await;
        let image = if text(&case, "case").contains("image-user-name") {
            "localhost/user-name:v1"
        } else {
            "localhost/groups:v1"
        };
        let mut spec = json!({
            "hostNetwork": true,
            "containers": [{"name": "ctr", "image": image, "imagePullPolicy": "Never"}],
            "securityContext": case["securityContext"],
        });
        if text(&case, "case") == "init" {
            spec["initContainers"] = json!([{
                "name": "init",
                "image": image,
                "imagePullPolicy": "Never",
                "command": ["/bin/id"],
            }]);
        }
        play.api.create_pod(support::pod("pod", spec));
        pass(SETTLED).await;

        let node = play.api.node_object("node").expect("the kubelet registered");
        let node = serde_json::to_value(&*node).expect("a node is JSON");
        assert_eq!(node["status"]["features"], case["node_features"], "features: {label}");
        let status = serde_json::to_value(play.api.status("pod")).expect("a status is JSON");
        for field in ["phase", "reason", "message"] {
            assert_eq!(status[field], case[field], "{field}: {label}");
        }
        for (container, user) in case["user"].as_object().expect("users by container") {
            let list =
                if container == "init" { "initContainerStatuses" } else { "containerStatuses" };
            assert_eq!(&user_as_recorded(&status[list], container), user, "user: {label}");
        }
        let warnings: Vec<Value> = play
            .api
            .event_objects("pod")
            .iter()
            .filter(|event| event.type_.as_deref() == Some("Warning"))
            .map(|event| json!([event.reason, event.message]))
            .collect();
        assert_eq!(json!(warnings), case["warnings"], "warnings: {label}");
        play.compare_id("pod", &case["id"], &label);
        played += 1;
    }
    assert_eq!((played, refused_to_start), (60, 2), "cases played, kubelets that did not start");
}

#[tokio::test(start_paused = true)]
async fn a_node_object_goes_through_restarts_as_recorded() {
    let steps = recording("kubelet-sequences.jsonl");
    let names: BTreeSet<&str> = steps.iter().map(|step| text(step, "sequence")).collect();
    for name in &names {
        let steps: Vec<&Value> =
            steps.iter().filter(|step| text(step, "sequence") == *name).collect();
        let mut node = support::TestNode {
            api: Arc::new(MemoryApi::default()),
            runtime: Arc::new(runtime(text(steps[0], "runtime"))),
            kubelet: None,
        };
        for step in steps {
            let label = format!("{name}, step {}", step["step"]);
            match text(step, "runtime") {
                "containerd 2.1.9" => node.runtime.replace("2.1.9+unknown", Some(true)),
                _ => node.runtime.replace("1.7.24", None),
            }
            let gates = gates(text(step, "kubelet"), &overrides(text(step, "gate")));
            node.start_kubelet(KubeletConfig::new("node", gates)).await;
            let pod = format!("{name}-{}", step["step"]);
            node.api.create_pod(support::pod(
                &pod,
                json!({
                    "hostNetwork": true,
                    "containers": [
                        {"name": "ctr", "image": "localhost/groups:v1", "imagePullPolicy": "Never"}
                    ],
                    "securityContext": {
                        "runAsUser": 1000,
                        "runAsGroup": 3000,
                        "supplementalGroups": [4000],
                        "supplementalGroupsPolicy": "Strict",
                    },
                }),
            ));
            pass(SETTLED).await;

            let object = node.api.node_object("node").expect("the kubelet registered");
            let object = serde_json::to_value(&*object).expect("a node is JSON");
            assert_eq!(object["status"]["features"], step["node_features"], "features: {label}");
            assert_eq!(
                object["status"]["nodeInfo"]["containerRuntimeVersion"],
                step["containerRuntimeVersion"],
                "runtime version: {label}"
            );
            let status = serde_json::to_value(node.api.status(&pod)).expect("a status is JSON");
            assert_eq!(status["phase"], step["phase"], "phase: {label}");
            assert_eq!(status["reason"], step["reason"], "reason: {label}");
            let user = user_as_recorded(&status["containerStatuses"], "ctr");
            assert_eq!(user, step["user"], "user: {label}");
            let play = Played {
                api: Arc::clone(&node.api),
                runtime: Arc::clone(&node.runtime),
                kubelet: node.kubelet.take().expect("a kubelet runs"),
            };
            play.compare_id(&pod, &step["id"], &label);
            node.kubelet = Some(play.kubelet);
        }
    }
    assert_eq!(names.len(), 3, "sequences played");
}
