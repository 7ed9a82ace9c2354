//! How fast rejected pods are made again.

use std::sync::Arc;
use std::time::Duration;

use gidcheck::cluster::Cluster;
use gidcheck::scenario::ClusterSpec;
use gidcheck::target::Simulation;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value as Json, json};

use crate::{NEW, OLD, deployment, node, planned};

/// How many pods so many nodes of each runtime reject in ten seconds, when this is asked for.
fn storm(old: usize, new: usize, replicas: u32) -> u64 {
    let items: Vec<_> = (0..old)
        .map(|at| node(&format!("old-{at}"), OLD))
        .chain((0..new).map(|at| node(&format!("new-{at}"), NEW)))
        .chain([deployment(replicas)])
        .collect();
    let (plan, text) = planned(&items, &["--kubernetes", "1.33"]);
    let rate = plan["storms"][0]["rejectedInTenSeconds"].as_u64();
    assert!(rate.is_some(), "{text}");
    rate.unwrap_or(0)
}

#[test]
fn storms_are_as_fast_as_recorded() {
    let recordings: Json = serde_json::from_str(include_str!("../data/workloads.json"))
        .expect("the recording is JSON");
    let first = &recordings[0]["failed_pods_after_s"];
    let second = &recordings[1]["after_s"];
    let between = |early: &Json, late: &Json| {
        late.as_u64().expect("a count") - early.as_u64().expect("a count")
    };
    let rejected = "rejected on n17";
    for (planned, real) in [
        (storm(1, 0, 1), between(&first["10"], &first["20"])),
        (storm(1, 1, 4), between(&second["10"][rejected], &second["20"][rejected])),
    ] {
        assert!(planned.abs_diff(real) * 20 <= real, "{planned}, recorded {real}");
    }
}

#[test]
fn storms_are_as_fast_as_on_the_cluster_itself() {
    for (nodes, replicas) in [(1, 3), (2, 8), (3, 80)] {
        let (planned, real) = (storm(nodes, 0, replicas), rejected_on(nodes, replicas));
        let words = format!("{nodes} nodes, {replicas} replicas: {planned}, really {real}");
        assert!(planned.abs_diff(real) * 20 <= real && real > 120, "{words}");
    }
}

/// How many pods a cluster of old nodes rejects in ten seconds, some time after the start.
fn rejected_on(nodes: usize, replicas: u32) -> u64 {
    let names = (0..nodes).map(|at| json!({"name": format!("old-{at}")}));
    let spec = serde_json::from_value(json!({
        "kubernetes": "1.33", "runtime": "containerd-1.7", "nodes": names.collect::<Vec<_>>(),
    }));
    let spec: ClusterSpec = spec.expect("it is a cluster");
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime starts");
    runtime.block_on(async {
        let images = Arc::new(gidcheck::images::store_of(&[]));
        let cluster = Cluster::start(&spec, &images, &Simulation).await.expect("it starts");
        let mut object = deployment(replicas);
        object["metadata"]["namespace"] = json!("default");
        cluster.api.apply(&object).expect("it is valid");
        let failed = || {
            let pods = cluster.api.pods();
            let phase = |pod: &Pod| pod.status.as_ref().and_then(|status| status.phase.clone());
            pods.iter().filter(|pod| phase(pod).as_deref() == Some("Failed")).count()
        };
        tokio::time::sleep(Duration::from_secs(30)).await;
        let before = failed();
        tokio::time::sleep(Duration::from_secs(10)).await;
        u64::try_from(failed() - before).expect("so many are not there")
    })
}
