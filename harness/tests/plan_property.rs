//! A plan's verdict against the same change made step by step on the whole cluster.
//!
//! The plan runs one pod of each class on one node of each class. Here every
//! node and every pod of a random cluster is built, the change is made node by
//! node, every pod is made again on its node, and what became of it is compared.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use gidcheck::check::parse_process_status;
use gidcheck::cluster::Cluster;
use gidcheck::plan::change::{Change, RuntimeChange};
use gidcheck::plan::input::read_text;
use gidcheck::plan::report::Effect;
use gidcheck::plan::{Known, compute};
use gidcheck::scenario::{ClusterSpec, RuntimeName};
use gidcheck::target::Simulation;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const IMAGE: &str = "registry.k8s.io/e2e-test-images/agnhost:2.45";
/// The group that only the image grants.
const IMAGE_GROUP: i64 = 50_000;
const SETTLE: Duration = Duration::from_secs(20);

/// A runtime's profile and how its nodes name it.
const RUNTIMES: [(&str, &str); 4] = [
    ("containerd-1.7", "containerd://1.7.24"),
    ("containerd-2.1", "containerd://2.1.9"),
    ("cri-o-1.30", "cri-o://1.30.14"),
    ("cri-o-1.31", "cri-o://1.31.13"),
];

/// Before and after: the minor version, and each node's runtime.
#[derive(Debug, Clone)]
struct Random {
    before: u8,
    after: u8,
    nodes: Vec<(usize, Option<usize>)>,
    pods: Vec<(Option<&'static str>, usize)>,
}

fn random() -> impl Strategy<Value = Random> {
    let node = (0..RUNTIMES.len(), proptest::option::of(0..RUNTIMES.len()));
    let policy = prop_oneof![Just(None), Just(Some("Merge")), Just(Some("Strict"))];
    (
        30_u8..=36,
        30_u8..=36,
        proptest::collection::vec(node, 1..4),
        proptest::collection::vec((policy, 0_usize..4), 1..6),
    )
        .prop_map(|(before, after, nodes, pods)| {
            let pods = pods.into_iter().map(|(policy, at)| (policy, at % nodes.len())).collect();
            Random { before, after, nodes, pods }
        })
}

fn context(policy: Option<&str>) -> Json {
    let mut context = json!({"runAsUser": 1000, "runAsGroup": 3000, "supplementalGroups": [4000]});
    if let Some(policy) = policy {
        context["supplementalGroupsPolicy"] = json!(policy);
    }
    context
}

/// What becomes of a pod: the reason of its rejection, or whether it has the image's group.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Became {
    Rejected,
    Runs { with_image_group: bool },
}

async fn made(cluster: &Cluster, name: &str, policy: Option<&str>, node: usize) -> Became {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {
            "nodeName": format!("n{node}"),
            "securityContext": context(policy),
            "containers": [{"name": "ctr", "image": IMAGE, "command": ["sleep", "1h"]}],
        },
    });
    cluster.api.apply(&pod).expect("the pod is valid");
    tokio::time::sleep(SETTLE).await;
    let pod = cluster.api.pod("default", name).expect("it was made");
    let phase = pod.status.as_ref().and_then(|status| status.phase.clone());
    if phase.as_deref() == Some("Failed") {
        return Became::Rejected;
    }
    let command = ["cat".to_owned(), "/proc/1/status".to_owned()];
    let answer = cluster.exec(&pod, None, &command, SETTLE).await.expect("it runs");
    let identity = parse_process_status(&String::from_utf8_lossy(&answer.stdout));
    let groups = identity.expect("the status of a process").groups;
    Became::Runs { with_image_group: groups.iter().any(|group| group.id == IMAGE_GROUP) }
}

/// Makes the change step by step; gives what each pod was and is, and the dump from before.
async fn step_by_step(random: &Random) -> (Vec<(Became, Became)>, Json) {
    let nodes: Vec<Json> = random
        .nodes
        .iter()
        .enumerate()
        .map(
            |(at, (runtime, _))| json!({"name": format!("n{at}"), "runtime": RUNTIMES[*runtime].0}),
        )
        .collect();
    let spec = json!({"kubernetes": format!("1.{}", random.before), "nodes": nodes});
    let spec: ClusterSpec = serde_json::from_value(spec).expect("a cluster");
    let images = std::sync::Arc::new(gidcheck::images::store_of(&[]));
    let mut cluster =
        Cluster::start(&spec, &images, &Simulation).await.expect("the cluster starts");
    let mut before = Vec::new();
    for (at, (policy, node)) in random.pods.iter().enumerate() {
        before.push(made(&cluster, &format!("before-{at}"), *policy, *node).await);
    }
    let dump = dump(random, &cluster);
    let version = format!("1.{}", random.after).parse().expect("a known version");
    cluster.restart_api_server(version, &BTreeMap::new()).expect("defaults are never refused");
    for (at, (_, runtime)) in random.nodes.iter().enumerate() {
        let name = format!("n{at}");
        if let Some(runtime) = runtime {
            let profile = fake_cri::profile::find(RUNTIMES[*runtime].0).expect("a known profile");
            let node = cluster.node(&name).expect("it was made");
            node.runtime.change(RuntimeName::Release(profile)).expect("it is simulated");
        }
        cluster.restart_kubelet(&name, version, &BTreeMap::new()).await.expect("it starts");
    }
    let mut after = Vec::new();
    for (at, (_, node)) in random.pods.iter().enumerate() {
        let policy = kept(&dump["items"][random.nodes.len() + at]);
        after.push(made(&cluster, &format!("after-{at}"), policy, *node).await);
    }
    cluster.stop().await;
    (before.into_iter().zip(after).collect(), dump)
}

/// The policy that the API server kept of what was asked: pods are made again from what is stored,
/// and an older server stored none.
fn kept(pod: &Json) -> Option<&str> {
    pod.pointer("/spec/securityContext/supplementalGroupsPolicy").and_then(Json::as_str)
}

/// The cluster as kubectl would print it. Each pod belongs to a controller that is not in the
/// dump, and can be on its own node only.
fn dump(random: &Random, cluster: &Cluster) -> Json {
    let mut items = Vec::new();
    for (at, (runtime, _)) in random.nodes.iter().enumerate() {
        let name = format!("n{at}");
        let node =
            cluster.api.nodes().into_iter().find(|node| node.metadata.name.as_ref() == Some(&name));
        let status = node.expect("it joined").status.clone().unwrap_or_default();
        items.push(json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {"at": name}},
            "status": {
                "features": status.features,
                "nodeInfo": {
                    "kubeletVersion": format!("v1.{}.0", random.before),
                    "containerRuntimeVersion": RUNTIMES[*runtime].1,
                },
            },
        }));
    }
    for (at, (_, node)) in random.pods.iter().enumerate() {
        let pod = cluster.api.pod("default", &format!("before-{at}")).expect("it was made");
        let mut pod = serde_json::to_value(&*pod).expect("an object is JSON");
        pod["apiVersion"] = json!("v1");
        pod["kind"] = json!("Pod");
        pod["status"]["phase"] = json!("Running");
        pod["spec"]["nodeSelector"] = json!({"at": format!("n{node}")});
        pod["metadata"]["ownerReferences"] = json!([
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("set-{at}"), "uid": "u",
             "controller": true}
        ]);
        items.push(pod);
    }
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

/// What the plan says of each pod, by its controller.
fn planned(random: &Random, dump: &Json) -> BTreeMap<String, BTreeSet<Effect>> {
    let snapshot = read_text("dump", dump.to_string().as_bytes()).expect("a dump");
    let version = format!("1.{}", random.after).parse().expect("a known version");
    let mut change = Change { kubernetes: Some(version), ..Change::default() };
    for (at, (_, runtime)) in random.nodes.iter().enumerate() {
        if let Some(runtime) = runtime {
            let text = format!("at=n{at}={}", RUNTIMES[*runtime].0);
            let change_of_node: RuntimeChange = text.parse().expect("a known runtime");
            change.runtimes.push(change_of_node);
        }
    }
    let plan = compute(&snapshot, &change, &Known::default()).expect("a plan");
    let mut effects: BTreeMap<String, BTreeSet<Effect>> = BTreeMap::new();
    for finding in plan.findings {
        effects.entry(finding.name).or_default().insert(finding.effect);
    }
    effects
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn a_plan_says_what_the_change_does_step_by_step(random in random()) {
        let tokio = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let (became, dump) = tokio.block_on(step_by_step(&random));
        drop(tokio);
        let planned = planned(&random, &dump);
        for (at, (before, after)) in became.iter().enumerate() {
            let effects = planned.get(&format!("set-{at}")).cloned().unwrap_or_default();
            let newly_rejected = *after == Became::Rejected && *before != Became::Rejected;
            prop_assert_eq!(effects.contains(&Effect::Rejected), newly_rejected, "pod {}", at);
            let strict = kept(&dump["items"][random.nodes.len() + at]) == Some("Strict");
            let merged = |became: &Became| {
                strict && *became == Became::Runs { with_image_group: true }
            };
            prop_assert_eq!(
                effects.contains(&Effect::StrictMergedSilently),
                merged(after) && !merged(before),
                "pod {}", at
            );
        }
    }
}
